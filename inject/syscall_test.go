package inject_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"handbill/inject"
)

// countingListener counts the writes to its connections.
type countingListener struct {
	net.Listener
	writes atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return &countingConn{conn, l}, err
}

type countingConn struct {
	net.Conn
	listener *countingListener
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.listener.writes.Add(1)
	return c.Conn.Write(p)
}

// fewestWrites proxies a page several times and returns the least number of writes
// to the browser's connection: how a page is divided on its way varies.
func fewestWrites(t *testing.T, upstream *httptest.Server, middleware func(http.Handler) http.Handler, http2 bool) int64 {
	t.Helper()
	target, _ := url.Parse(upstream.URL)
	server := httptest.NewUnstartedServer(middleware(httputil.NewSingleHostReverseProxy(target)))
	listener := &countingListener{Listener: server.Listener}
	server.Listener = listener
	transport := &http.Transport{DisableCompression: true}
	if http2 {
		server.EnableHTTP2 = true
		server.StartTLS()
		transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		transport.ForceAttemptHTTP2 = true
	} else {
		server.Start()
	}
	defer server.Close()
	defer transport.CloseIdleConnections()

	fewest := int64(1 << 30)
	for i := range 30 {
		before := listener.writes.Load()
		request, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL, nil)
		request.Header.Set("Accept", navigation)
		request.Header.Set("Accept-Encoding", "gzip")
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if writes := listener.writes.Load() - before; i >= 5 && writes < fewest {
			fewest = writes
		}
	}
	return fewest
}

// expectNoMoreWrites compares the writes with a middleware and without. A machine under load divides pages as it likes:
// then both are counted again.
func expectNoMoreWrites(t *testing.T, upstream *httptest.Server, middleware func(http.Handler) http.Handler, http2 bool) {
	t.Helper()
	with, without := int64(1<<30), int64(1<<30)
	for range 15 {
		without = min(without, fewestWrites(t, upstream, func(h http.Handler) http.Handler { return h }, http2))
		with = min(with, fewestWrites(t, upstream, middleware, http2))
		if with <= without {
			t.Logf("%d writes, %d without", with, without)
			return
		}
	}
	t.Errorf("%d writes, and %d without an injector", with, without)
}

func TestInjectionCostsNoWriteOfItsOwn(t *testing.T) {
	for _, size := range []int{1 << 10, 3500, 3900, 10 << 10, 20_000, 40_000, 100 << 10, 300_000} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d bytes, HTTP/2 %v", size, http2), func(t *testing.T) {
				text := plainPage + strings.Repeat("x", size-len(plainPage))
				upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					html(w)
					w.Header().Set("Content-Length", strconv.Itoa(len(text)))
					io.WriteString(w, text)
				}))
				defer upstream.Close()
				options, _ := newOptions()
				expectNoMoreWrites(t, upstream, inject.New(options).Handler, http2)
			})
		}
	}
}

func TestInjectionInACompressedPageCostsNoWriteOfItsOwn(t *testing.T) {
	for _, size := range []int{10_000, 50_000, 100_000, 400_000, 1_700_000} {
		_, body := gzipPage(size)
		for _, known := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d bytes, length %v", len(body), known), func(t *testing.T) {
				upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					html(w)
					w.Header().Set("Content-Encoding", "gzip")
					if known {
						w.Header().Set("Content-Length", strconv.Itoa(len(body)))
					}
					w.Write(body)
				}))
				defer upstream.Close()
				options, _ := newOptions()
				expectNoMoreWrites(t, upstream, inject.New(options).Handler, false)
			})
		}
	}
}
