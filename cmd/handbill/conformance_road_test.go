package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// road is what the browsers' requests take to the edge: a proxy that writes down what crossed it, and that can be in trouble.
type road struct {
	*httptest.Server
	lock  sync.Mutex
	wires map[string]*wireRecord // by host
}

// wireRecord is what crossed the wire in one run.
type wireRecord struct {
	lock      sync.Mutex
	crossings []*crossing
	// trouble, where it is set, may delay a request, or answer it with a status in place of the edge.
	trouble func(*http.Request) (status int)
}

// crossing is a request with its answer.
type crossing struct {
	method, path, query, body string
	request                   http.Header
	// status is 0 as long as there is no answer.
	status int
	answer http.Header
	// said is the beginning of the answer's body.
	said []byte
	// broken: the answer came from the road's trouble.
	broken bool
}

func newRoad(edge string) *road {
	r := &road{wires: map[string]*wireRecord{}}
	target := &url.URL{Scheme: "http", Host: edge}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host
		},
		FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, request *http.Request, err error) {
			if request.Context().Err() == nil && !errors.Is(err, context.Canceled) {
				w.WriteHeader(http.StatusBadGateway)
			}
		},
	}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		wire := r.wire(request.Host)
		body, _ := io.ReadAll(request.Body) // a page that is left may break it off
		request.Body = io.NopCloser(bytes.NewReader(body))
		noted := &crossing{method: request.Method, path: request.URL.Path, query: request.URL.RawQuery, body: string(body), request: request.Header.Clone()}
		trouble := wire.note(noted)
		if trouble != nil {
			if status := trouble(request); status != 0 {
				wire.end(noted, status, http.Header{}, true)
				w.WriteHeader(status)
				return
			}
		}
		proxy.ServeHTTP(&notingWriter{ResponseWriter: w, wire: wire, noted: noted}, request)
	}))
	return r
}

// wire is the record of a host.
func (r *road) wire(host string) *wireRecord {
	host, _, _ = strings.Cut(host, ":")
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.wires[host] == nil {
		r.wires[host] = &wireRecord{}
	}
	return r.wires[host]
}

// address is where a host is reached over the road.
func (r *road) address(host string) string {
	_, port, _ := strings.Cut(r.Listener.Addr().String(), ":")
	return "http://" + host + ":" + port
}

func (w *wireRecord) note(e *crossing) (trouble func(*http.Request) int) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.crossings = append(w.crossings, e)
	return w.trouble
}

func (w *wireRecord) end(e *crossing, status int, answer http.Header, broken bool) {
	w.lock.Lock()
	defer w.lock.Unlock()
	e.status, e.answer, e.broken = status, answer, broken
}

// suffer puts trouble on the road; nil ends it.
func (w *wireRecord) suffer(trouble func(*http.Request) int) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.trouble = trouble
}

// all are the crossings so far.
func (w *wireRecord) all() []crossing {
	w.lock.Lock()
	defer w.lock.Unlock()
	copied := make([]crossing, len(w.crossings))
	for i, e := range w.crossings {
		copied[i] = *e
	}
	return copied
}

// matching are the crossings of a method whose path fits a pattern and whose body holds all the words.
func (w *wireRecord) matching(method, path string, words ...string) []crossing {
	pattern := regexp.MustCompile("^(?:" + path + ")$")
	var found []crossing
	for _, e := range w.all() {
		if e.method == method && pattern.MatchString(e.path) && containsAll(e.body, words) {
			found = append(found, e)
		}
	}
	return found
}

func containsAll(text string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// answeredPolls is how many polls have their answer from the edge.
func (w *wireRecord) answeredPolls() int {
	n := 0
	for _, e := range w.matching(http.MethodPost, ".*/api/v4/users") {
		if e.status != 0 && !e.broken {
			n++
		}
	}
	return n
}

// notingWriter writes down an answer while it is written.
type notingWriter struct {
	http.ResponseWriter
	wire  *wireRecord
	noted *crossing
}

// maxSaid is how much is kept of an answer.
const maxSaid = 16 << 10

func (w *notingWriter) WriteHeader(status int) {
	if status >= 200 {
		w.wire.end(w.noted, status, w.Header().Clone(), false)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *notingWriter) Write(data []byte) (int, error) {
	w.wire.lock.Lock()
	w.noted.said = append(w.noted.said, data[:min(len(data), max(0, maxSaid-len(w.noted.said)))]...)
	w.wire.lock.Unlock()
	return w.ResponseWriter.Write(data)
}

func (w *notingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// delayed is trouble that makes some requests wait.
func delayed(by time.Duration, fragment string) func(*http.Request) int {
	return func(r *http.Request) int {
		if strings.Contains(r.URL.Path, fragment) {
			select {
			case <-time.After(by):
			case <-r.Context().Done():
			}
		}
		return 0
	}
}

// failing is trouble that answers requests in place of the edge.
func failing(status int, fragment string) func(*http.Request) int {
	return func(r *http.Request) int {
		if strings.Contains(r.URL.Path, fragment) {
			return status
		}
		return 0
	}
}

// hold makes POST requests from now on wait until they are released; after pass, others overtake them. What is held
// arrives also when its page was left meanwhile: it has left the browser.
func (w *wireRecord) hold(t *testing.T, fragment string) (held *atomic.Int64, pass, release func()) {
	held, over := new(atomic.Int64), make(chan struct{})
	release = sync.OnceFunc(func() { close(over) })
	t.Cleanup(release)
	w.suffer(func(r *http.Request) int {
		if r.Method == http.MethodPost && strings.Contains(r.URL.Path, fragment) {
			*r = *r.WithContext(context.WithoutCancel(r.Context()))
			held.Add(1)
			<-over
		}
		return 0
	})
	return held, func() { w.suffer(nil) }, release
}
