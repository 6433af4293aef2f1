package source

import (
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"handbill/engine/workspace"
)

// configuration is a server that has a workspace at /shop.toml.
type configuration struct {
	*httptest.Server
	mutex   sync.Mutex
	answer  http.HandlerFunc
	asked   atomic.Int64
	headers []http.Header
}

// serve answers with a handler that can be exchanged.
func serve(t *testing.T, answer http.HandlerFunc) *configuration {
	t.Helper()
	c := &configuration{answer: answer}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *configuration) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mutex.Lock()
	c.headers = append(c.headers, r.Header.Clone())
	answer := c.answer
	c.mutex.Unlock()
	c.asked.Add(1)
	answer(w, r)
}

func (c *configuration) set(answer http.HandlerFunc) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.answer = answer
}

func (c *configuration) url() string { return c.URL + "/shop.toml" }

// text answers with a text, and its revision as the ETag.
func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		etag := fmt.Sprintf("%q", Revision([]workspace.File{{Data: []byte(body)}}))
		w.Header().Set("ETag", etag)
		w.Header().Set("Content-Type", "application/toml")
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, body)
	}
}

func status(code int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}
}

// quick is a URL that is asked again at once, and that may take its time.
func quick(t *testing.T, url string, options HTTPOptions) *remote {
	t.Helper()
	if options.Interval == 0 {
		options.Interval = 10 * time.Millisecond
	}
	if options.Timeout == 0 {
		options.Timeout = time.Minute
	}
	h := HTTP(url, options).(*remote)
	t.Cleanup(h.Close)
	return h
}

// loaded is the text of the one file that a source loads.
func loaded(t *testing.T, source Source) string {
	t.Helper()
	files, err := source.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(files[0].Data)
}

func TestAURLIsAskedWhetherItIsStillTheSame(t *testing.T) {
	server := serve(t, text(sale))
	f := follow(t, quick(t, server.url(), HTTPOptions{}))
	f.eventuallyShows(t, "spring-sale")
	eventually(t, "it was asked again", func() bool { return server.asked.Load() > 3 })
	server.set(text(tour))
	f.eventuallyShows(t, "billing-tour")
	if len(f.applied) != 2 {
		t.Errorf("applied %d times", len(f.applied))
	}
	if state := f.State(); state.Revision != Revision([]workspace.File{{Data: []byte(tour)}}) || len(state.Problems) > 0 {
		t.Errorf("the state is %+v", state)
	}
}

func TestAnAnswerWithoutAnETagIsKnownByItsDate(t *testing.T) {
	const monday, tuesday = "Mon, 23 Nov 2026 09:30:00 GMT", "Tue, 24 Nov 2026 09:30:00 GMT"
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Last-Modified", monday)
		if r.Header.Get("If-Modified-Since") == monday {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, sale)
	})
	h := quick(t, server.url(), HTTPOptions{})
	for range 2 {
		if got := loaded(t, h); got != sale {
			t.Errorf("loaded %q", got)
		}
	}
	server.set(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Last-Modified", tuesday)
		_, _ = io.WriteString(w, tour)
	})
	if got := loaded(t, h); got != tour {
		t.Errorf("then loaded %q", got)
	}
}

// Servers that know when a file was written to a second, and call it after that, say that it is the same when it was written
// twice in one.
func TestAFileThatWasWrittenTwiceInOneSecondIsNoticed(t *testing.T) {
	var now time.Time // of the first question
	server := serve(t, nil)
	body := sale
	server.set(func(w http.ResponseWriter, r *http.Request) {
		if now.IsZero() {
			now = time.Now()
		}
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, now.Unix()))
		http.ServeContent(w, r, "shop.toml", now, strings.NewReader(body))
	})
	h := quick(t, server.url(), HTTPOptions{})
	if got := loaded(t, h); got != sale {
		t.Errorf("loaded %q", got)
	}
	body = tour
	if got := loaded(t, h); got != tour {
		t.Errorf("then loaded %q", got)
	}
}

func TestWhatIsOnDiskIsNotSentAgainAfterARestart(t *testing.T) {
	server, k := serve(t, text(sale)), keeper(t)
	f := followKeeping(t, quick(t, server.url(), HTTPOptions{}), k)
	f.Stop()
	server.set(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == "" {
			t.Error("the whole workspace is asked for again")
		}
		text(sale)(w, r)
	})
	f = followKeeping(t, quick(t, server.url(), HTTPOptions{}), k)
	eventually(t, "it is the source's", func() bool { return f.State().Revision != "" && !f.State().Kept })
	f.eventuallyShows(t, "spring-sale")
	f.Stop()
	// What was not signed does not become signed by being the same.
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	server.set(text(sale))
	signed := quick(t, server.url(), HTTPOptions{PublicKeys: []ed25519.PublicKey{public}})
	kept, err := k.Last()
	if err != nil {
		t.Fatal(err)
	}
	signed.Resume(kept.Files, kept.Tag)
	if _, err := signed.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "it is not signed") {
		t.Errorf("what was kept without a signature is believed: %v", err)
	}
}

func TestGzipIsAskedForAndBounded(t *testing.T) {
	zipped := func(body io.Reader) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "gzip" {
				t.Errorf("Accept-Encoding is %q", r.Header.Get("Accept-Encoding"))
			}
			w.Header().Set("Content-Encoding", "gzip")
			out := gzip.NewWriter(w)
			_, _ = io.Copy(out, body)
			_ = out.Close()
		}
	}
	server := serve(t, zipped(strings.NewReader(sale)))
	h := quick(t, server.url(), HTTPOptions{})
	if got := loaded(t, h); got != sale {
		t.Errorf("loaded %q", got)
	}
	server.set(zipped(io.LimitReader(blanks{}, 1<<30))) // a megabyte on the way
	if _, err := h.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "more than the 10 MiB") {
		t.Errorf("the error is %v", err)
	}
}

// blanks is a text of blanks without an end.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestHeadersGoToTheURLsOwnHostAlone(t *testing.T) {
	secret := http.Header{"Authorization": {"Bearer quarterly"}, "X-Config-Token": {"quarterly"}}
	elsewhere := serve(t, text(tour))
	server := serve(t, nil)
	server.set(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/shop.toml":
			http.Redirect(w, r, server.URL+"/moved.toml", http.StatusFound)
		case "/moved.toml":
			http.Redirect(w, r, elsewhere.url(), http.StatusFound)
		}
	})
	h := quick(t, server.url()+"?token=quarterly", HTTPOptions{Header: secret})
	if got := loaded(t, h); got != tour {
		t.Errorf("loaded %q", got)
	}
	for _, header := range server.headers {
		if header.Get("Authorization") != "Bearer quarterly" || header.Get("X-Config-Token") != "quarterly" {
			t.Errorf("the own host was not sent the headers: %v", header)
		}
	}
	for _, header := range elsewhere.headers {
		if said := fmt.Sprint(header); strings.Contains(said, "quarterly") {
			t.Errorf("another host was sent %s", said)
		}
	}
	if strings.Contains(h.String(), "quarterly") || !strings.HasSuffix(h.String(), "/shop.toml?…") {
		t.Errorf("it is called %s", h)
	}
}

func TestRedirectsAreBounded(t *testing.T) {
	server := serve(t, nil)
	server.set(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) })
	for _, test := range []struct{ name, url, want string }{
		{"to itself", server.url(), "it redirects more than 5 times"},
	} {
		if _, err := quick(t, test.url, HTTPOptions{}).Load(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if asked := server.asked.Load(); asked != 6 {
		t.Errorf("asked %d times", asked)
	}
}

// trusting is a URL of a server whose certificate is trusted.
func trusting(t *testing.T, server *httptest.Server, options HTTPOptions) *remote {
	t.Helper()
	h := quick(t, server.URL+"/shop.toml", options)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	h.transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return h
}

func TestTLSIsVerifiedAndNotLeft(t *testing.T) {
	plain := serve(t, text(tour))
	server := httptest.NewUnstartedServer(text(sale))
	server.Config.ErrorLog = quietLog
	server.StartTLS()
	defer server.Close()
	if _, err := quick(t, server.URL, HTTPOptions{}).Load(t.Context()); err == nil || !strings.Contains(err.Error(), "its certificate is not trusted") {
		t.Errorf("a certificate of nobody: %v", err)
	}
	if got := loaded(t, trusting(t, server, HTTPOptions{})); got != sale {
		t.Errorf("loaded %q", got)
	}
	server.Config.Handler = http.RedirectHandler(plain.url(), http.StatusFound)
	if _, err := trusting(t, server, HTTPOptions{}).Load(t.Context()); err == nil || !strings.Contains(err.Error(), "which is not encrypted") {
		t.Errorf("a redirect to what is not encrypted: %v", err)
	}
	if _, err := quick(t, "https"+strings.TrimPrefix(plain.url(), "http"), HTTPOptions{}).Load(t.Context()); err == nil || !strings.Contains(err.Error(), "it does not speak TLS; write http://") {
		t.Errorf("a server without TLS: %v", err)
	}
}

func TestASourceThatFailsIsAskedLessAndLess(t *testing.T) {
	p := newPace(30 * time.Second)
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		p.failed(0)
		if got := <-p.next; got < want*time.Second*8/10 || got > want*time.Second*12/10 {
			t.Errorf("it waits %s, want about %d s", got, want)
		}
	}
	for _, test := range []struct {
		wish      string
		atLeast   time.Duration
		atMost    time.Duration
		succeeded bool
	}{
		{wish: "300", atLeast: 300 * time.Second, atMost: 300 * time.Second},
		{wish: "864000", atLeast: time.Hour, atMost: time.Hour},
		{wish: time.Now().Add(10 * time.Minute).UTC().Format(http.TimeFormat), atLeast: 9 * time.Minute, atMost: 10 * time.Minute},
		{wish: "soon", atLeast: 48 * time.Second, atMost: 72 * time.Second},
		{succeeded: true, atLeast: 27 * time.Second, atMost: 33 * time.Second},
	} {
		if test.succeeded {
			p.succeeded()
		} else {
			p.failed(retryAfter(test.wish))
		}
		if got := <-p.next; got < test.atLeast || got > test.atMost {
			t.Errorf("after %q it waits %s", test.wish, got)
		}
	}
	slow := newPace(5 * time.Minute)
	for range 20 {
		slow.failed(0)
	}
	if got := <-slow.next; got < 4*time.Minute || got > 6*time.Minute {
		t.Errorf("a source that is asked each 5 minutes waits %s", got)
	}
}

func TestEdgesThatStartTogetherDoNotAskTogether(t *testing.T) {
	shortest, longest := time.Hour, time.Duration(0)
	for range 1000 {
		wait := around(30*time.Second, 0.1)
		shortest, longest = min(shortest, wait), max(longest, wait)
	}
	if shortest < 27*time.Second || longest > 33*time.Second || longest-shortest < 5*time.Second {
		t.Errorf("they wait %s to %s", shortest, longest)
	}
}

func TestALoadOfAURLEndsWithItsContext(t *testing.T) {
	release := make(chan struct{})
	server := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := quick(t, server.url(), HTTPOptions{}).Load(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestListsBesideAURLAreRefusedInPlainWords(t *testing.T) {
	server := serve(t, text(vips))
	f := follow(t, quick(t, server.url(), HTTPOptions{}))
	if problems := f.State().Problems; len(problems) != 1 || !strings.Contains(problems[0].Text, "has no files beside it") || problems[0].Line == 0 {
		t.Errorf("the problems are %v", problems)
	}
}

func TestWhatIsWrongWithAURLIsSaid(t *testing.T) {
	for _, test := range []struct{ url, want string }{
		{"config.example.net/shop.toml", `"config.example.net/shop.toml" is not a URL of http or https; write it as https://config.example.net/messages.toml`},
		{"ftp://config.example.net/shop.toml", "is not a URL of http or https"},
		{"https:///shop.toml", "is not a URL of http or https"},
		{"https://config.example.net/shop.toml#top", "has a fragment"},
		{"https://config.example.net/%zz", "cannot be read"},
		{"ftp://ada:quarterly@config.example.net/", "ada:xxxxx@"},
	} {
		if err := CheckURL(test.url); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.url, err)
		}
	}
	if err := CheckURL("https://config.example.net/shop.toml?version=2"); err != nil {
		t.Error(err)
	}
}
