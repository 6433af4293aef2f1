package inject_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
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

// passedOn is a page as a proxy passes it on: in pieces of 32 KiB, each of which it flushes where no length is known. A real
// proxy's pieces are as the network divides them, which differs from time to time.
func passedOn(text, coding string, known bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		html(w)
		if coding != "" {
			w.Header().Set("Content-Encoding", coding)
		}
		if known {
			w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		}
		for rest := text; rest != ""; {
			piece := rest[:min(len(rest), 32<<10)]
			rest = rest[len(piece):]
			io.WriteString(w, piece)
			if !known {
				_ = http.NewResponseController(w).Flush()
			}
		}
	})
}

// load requests a page of a server in the way of a browser, and returns how many bytes it has.
func load(t *testing.T, server *httptest.Server, transport *http.Transport) int64 {
	t.Helper()
	request, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL, nil)
	request.Header.Set("Accept", navigation)
	request.Header.Set("Accept-Encoding", "gzip")
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	size, err := io.Copy(io.Discard, response.Body)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return size
}

// writesOf is how many writes to the browser's connection a page takes.
func writesOf(t *testing.T, handler http.Handler) (writes, size int64) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	listener := &countingListener{Listener: server.Listener}
	server.Listener = listener
	server.Start()
	defer server.Close()
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	size = load(t, server, transport)
	return listener.writes.Load(), size
}

// callsWriter counts the calls that send something of a page.
type callsWriter struct {
	http.ResponseWriter
	calls *int64
}

func (w callsWriter) Write(p []byte) (int, error) {
	*w.calls++
	return w.ResponseWriter.Write(p)
}

func (w callsWriter) FlushError() error {
	*w.calls++
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w callsWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// callsOf is how many calls to the server's writer a page takes over HTTP/2. How the server puts the frames that come of them
// into writes depends on when they meet; which frames they are does not.
func callsOf(t *testing.T, handler http.Handler) (calls, size int64) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("the page was asked for by %s", r.Proto)
		}
		handler.ServeHTTP(callsWriter{w, &calls}, r)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	transport := &http.Transport{DisableCompression: true, ForceAttemptHTTP2: true}
	transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	size = load(t, server, transport)
	transport.CloseIdleConnections()
	server.Close() // after the handler has returned
	return calls, size
}

// expectNoMoreWrites compares the writes of a page with a middleware and without.
func expectNoMoreWrites(t *testing.T, page http.Handler, middleware func(http.Handler) http.Handler, count func(*testing.T, http.Handler) (writes, size int64)) {
	t.Helper()
	without, plain := count(t, page)
	with, injected := count(t, middleware(page))
	if with > without || without == 0 {
		t.Errorf("%d writes, and %d without an injector", with, without)
	}
	if injected == plain {
		t.Error("the page was not injected")
	}
}

func TestInjectionCostsNoWriteOfItsOwn(t *testing.T) {
	for _, size := range []int{1 << 10, 3500, 3900, 10 << 10, 20_000, 40_000, 100 << 10, 300_000} {
		t.Run(fmt.Sprintf("%d bytes", size), func(t *testing.T) {
			page := passedOn(plainPage+strings.Repeat("x", size-len(plainPage)), "", true)
			options, _ := newOptions()
			expectNoMoreWrites(t, page, inject.New(options).Handler, writesOf)
			expectNoMoreWrites(t, page, inject.New(options).Handler, callsOf)
		})
	}
}

func TestInjectionInACompressedPageCostsNoWriteOfItsOwn(t *testing.T) {
	for _, size := range []int{10_000, 50_000, 100_000, 400_000, 1_700_000} {
		_, body := gzipPage(size)
		for _, known := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d bytes, length %v", len(body), known), func(t *testing.T) {
				page := passedOn(string(body), "gzip", known)
				options, _ := newOptions()
				expectNoMoreWrites(t, page, inject.New(options).Handler, writesOf)
			})
		}
	}
}
