package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Browsers load the pages of one site over one connection, several at once.
const (
	http2Connections = 8
	http2Streams     = pageConnections / http2Connections
)

// stream is a visitor over HTTP/2; several share a connection.
type stream struct {
	transport *http.Transport
	request   *http.Request
}

func (s *stream) exchange() (int, error) {
	answer, err := s.transport.RoundTrip(s.request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if answer.ProtoMajor != 2 {
		return 0, fmt.Errorf("%s answers over %s", s.request.URL, answer.Proto)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}

func (s *stream) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// overHTTP2 connects all visitors who open a page.
func overHTTP2(s *server, path string) []dialer {
	var dialers []dialer
	for range http2Connections {
		var transport *http.Transport
		for i := range http2Streams {
			dialers = append(dialers, func(ctx context.Context) (visitor, error) {
				if i == 0 { // each load has connections of its own
					transport = &http.Transport{TLSClientConfig: ownAuthority.Clone(), ForceAttemptHTTP2: true, DisableCompression: true}
				}
				request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url()+path, http.NoBody)
				if err != nil {
					return nil, err
				}
				for line := range strings.SplitSeq(strings.TrimSpace(navigation), "\r\n") {
					name, value, _ := strings.Cut(line, ": ")
					request.Header.Set(name, value)
				}
				return &stream{transport, request}, nil
			})
		}
	}
	return dialers
}

// measureHTTP2 is measurePages over HTTP/2 with TLS.
func measureHTTP2(ctx context.Context, servers launcher, upstream string, rounds int) ([]pageResult, error) {
	p, err := startProxies(ctx, servers.startEncrypted, servers.folder, upstream)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	return p.measure(ctx, rounds, func(s *server, size int) contender {
		return contender{server: s, status: http.StatusOK, visitors: overHTTP2(s, "/page/"+strconv.Itoa(size))}
	})
}
