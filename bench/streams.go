package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// benchStreams is how many connections are held open at once. Each takes two file descriptors of the machine.
const benchStreams = 3000

// settleTime is how long the servers rest before their memory is read: what connecting has left behind is collected, and
// given back to the system, by then.
const settleTime = 150 * time.Second

// streamsResult is what idle connections cost.
type streamsResult struct {
	name string
	// perConnection are bytes of resident memory, idle is the processor time of all connections in a minute, both of the server.
	perConnection float64
	idle          time.Duration
}

// measureStreams compares an idle stream with an idle keep-alive connection of the same server without Handbill, over TLS.
func measureStreams(ctx context.Context, servers launcher) ([]streamsResult, error) {
	workspace, err := writeWorkspace(servers.folder)
	if err != nil {
		return nil, err
	}
	global := "handbill " + workspace + " {\n\t\tstore memory\n\t\tstream on " + strconv.Itoa(20*benchStreams) + "\n\t}"
	var results []streamsResult
	for _, kind := range []struct {
		name, global, site string
		hold               func(ctx context.Context, s *server, protocol string) (io.Closer, error)
		protocol           string
	}{
		{"keep-alive, HTTP/1.1, without Handbill", "", "\trespond OK", holdIdle, "http/1.1"},
		{"stream, HTTP/1.1", global, "\thandbill\n\trespond OK", holdStream, "http/1.1"},
		{"keep-alive, HTTP/2, without Handbill", "", "\trespond OK", holdIdle, "h2"},
		{"stream, HTTP/2", global, "\thandbill\n\trespond OK", holdStream, "h2"},
	} {
		edge, err := servers.startEncrypted(ctx, kind.global, kind.site)
		if err != nil {
			return nil, err
		}
		result, err := measureHeld(ctx, edge, func() (io.Closer, error) { return kind.hold(ctx, edge, kind.protocol) })
		edge.stop()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind.name, err)
		}
		result.name = kind.name
		results = append(results, result)
	}
	return results, nil
}

// measureHeld opens the connections and reads what the server takes before and with them.
func measureHeld(ctx context.Context, s *server, hold func() (io.Closer, error)) (streamsResult, error) {
	warm, err := hold() // whatever is made once is there before
	if err != nil {
		return streamsResult{}, err
	}
	defer warm.Close()
	before, err := s.resident()
	if err != nil {
		return streamsResult{}, err
	}
	held, err := holdAll(hold)
	defer func() {
		for _, c := range held {
			_ = c.Close()
		}
	}()
	if err != nil {
		return streamsResult{}, err
	}
	if err := rest(ctx, settleTime-time.Minute); err != nil {
		return streamsResult{}, err
	}
	start, err := s.usage()
	if err != nil {
		return streamsResult{}, err
	}
	if err := rest(ctx, time.Minute); err != nil {
		return streamsResult{}, err
	}
	end, err := s.usage()
	if err != nil {
		return streamsResult{}, err
	}
	after, err := s.resident()
	return streamsResult{perConnection: float64(after-before) / benchStreams, idle: end.processor - start.processor}, err
}

func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// holdAll opens all connections, a few at a time.
func holdAll(hold func() (io.Closer, error)) (held []io.Closer, err error) {
	var mu sync.Mutex
	var group sync.WaitGroup
	places := make(chan struct{}, 16)
	for range benchStreams {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			c, failed := hold()
			mu.Lock()
			defer mu.Unlock()
			if failed != nil {
				err = errors.Join(err, failed)
				return
			}
			held = append(held, c)
		})
	}
	group.Wait()
	return held, err
}

// client is a browser with one connection of its own.
func (s *server) client(protocol string) *http.Client {
	config := ownAuthority.Clone()
	config.NextProtos = []string{protocol}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: protocol == "h2", ReadBufferSize: 1024, WriteBufferSize: 1024}
	if protocol != "h2" {
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	return &http.Client{Transport: transport}
}

// idleConnection is a connection that waits for its next request.
type idleConnection struct{ *http.Client }

// Close closes it.
func (c idleConnection) Close() error {
	c.CloseIdleConnections()
	return nil
}

func holdIdle(ctx context.Context, s *server, protocol string) (io.Closer, error) {
	client := s.client(protocol)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url()+"/", nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return idleConnection{client}, err
}

// holdStream polls as a new visitor does, and opens the stream that is offered.
func holdStream(ctx context.Context, s *server, protocol string) (io.Closer, error) {
	client := s.client(protocol)
	body := `{"page":{"url":"` + s.url() + `/"},"tab":"tab","view":"view"}`
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url()+"/_handbill/api/v4/users?sessionId=visit", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	ticket := answer.Header.Get("Handbill-Stream")
	if ticket == "" {
		return nil, fmt.Errorf("no stream is offered: %s", answer.Status)
	}
	if request, err = http.NewRequestWithContext(ctx, http.MethodGet, s.url()+"/_handbill/api/v3/sse?ticket="+ticket, nil); err != nil {
		return nil, err
	}
	if answer, err = client.Do(request); err != nil {
		return nil, err
	}
	line, err := bufio.NewReaderSize(answer.Body, 64).ReadString('\n')
	if err == nil && line != "event: connected\n" {
		err = fmt.Errorf("the stream begins with %s %q", answer.Status, line)
	}
	return answer.Body, err
}

// resident is the server's resident memory in bytes, VmRSS of proc_pid_status(5).
func (s *server) resident() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, errors.New("/proc tells no resident memory of the server")
}

// streamsTable writes the figures.
func streamsTable(results []streamsResult) string {
	var b strings.Builder
	b.WriteString("| connection | memory each | CPU of all in a minute |\n|---|--:|--:|\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %.1f KiB | %s |\n", r.name, r.perConnection/1024, r.idle)
	}
	return b.String()
}
