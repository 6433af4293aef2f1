package inject_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"handbill/inject"
)

// markup is what the tests insert.
const markup = `<script async src="/_handbill/client.js"></script>`

// site is an injector in front of a handler, on a real server.
type site struct {
	*httptest.Server
	counts *counts
}

// counts is a Recorder that keeps what it is told.
type counts struct {
	mu       sync.Mutex
	injected int
	skipped  []inject.Reason
}

func (c *counts) Injected() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.injected++
}

func (c *counts) Skipped(r inject.Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skipped = append(c.skipped, r)
}

// only returns the one reason recorded; ReasonNone for one injected page.
func (c *counts) only(t *testing.T) inject.Reason {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.injected == 1 && len(c.skipped) == 0:
		return inject.ReasonNone
	case c.injected == 0 && len(c.skipped) == 1:
		return c.skipped[0]
	}
	t.Errorf("recorded %d injected and %v skipped, want one of either", c.injected, c.skipped)
	return inject.ReasonNone
}

// always is a Source that inserts markup in every page.
func always(*http.Request, int, http.Header) (inject.Insertion, bool) {
	return inject.Insertion{Bytes: []byte(markup), NonceAt: len("<script"), Version: "v1"}, true
}

func newOptions() (inject.Options, *counts) {
	c := &counts{}
	return inject.Options{
		Insertion:  always,
		ErrorPages: true,
		Recorder:   c,
		Logger:     slog.New(slog.DiscardHandler),
	}, c
}

// serve starts a server for handler behind an injector.
func serve(t *testing.T, handler http.HandlerFunc, change ...func(*inject.Options)) site {
	t.Helper()
	options, c := newOptions()
	for _, change := range change {
		change(&options)
	}
	server := httptest.NewServer(inject.New(options).Handler(handler))
	t.Cleanup(server.Close)
	return site{server, c}
}

// get fetches / as it is, without decoding; headers are pairs of name and value.
func (s site) get(t *testing.T, headers ...string) (*http.Response, string) {
	t.Helper()
	return s.do(t, http.MethodGet, headers...)
}

func (s site) do(t *testing.T, method string, headers ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	client := http.Client{
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("reading the body: %v after %q", err, body)
	}
	return response, string(body)
}

// page answers with a page of type text/html.
func page(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, body)
	}
}

func TestInjectsAfterTheHeadTag(t *testing.T) {
	s := serve(t, page("<!doctype html><html><head><title>Shop</title></head><body>Hello</body></html>"))
	response, body := s.get(t)
	want := "<!doctype html><html><head>" + markup + "<title>Shop</title></head><body>Hello</body></html>"
	if body != want {
		t.Errorf("got %q, want %q", body, want)
	}
	if response.StatusCode != http.StatusOK || response.ContentLength != int64(len(want)) {
		t.Errorf("status %d, length %d, want 200 and %d", response.StatusCode, response.ContentLength, len(want))
	}
	if reason := s.counts.only(t); reason != inject.ReasonNone {
		t.Errorf("recorded %v", reason)
	}
}
