package inject_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"handbill/inject"
)

// The contract of the writer that a site's handler gets: whatever it calls, in whatever order, it and the browser see
// what they would see without us.

// call is something that a handler does with its writer; text is what it has left to write.
type call struct {
	name string
	do   func(w http.ResponseWriter, text *strings.Reader)
}

func writing(n int64) func(http.ResponseWriter, *strings.Reader) {
	return func(w http.ResponseWriter, text *strings.Reader) {
		piece, _ := io.ReadAll(io.LimitReader(text, n))
		w.Write(piece)
	}
}

func setting(name string) func(http.ResponseWriter, *strings.Reader) {
	return func(w http.ResponseWriter, _ *strings.Reader) { w.Header().Add(name, "set") }
}

func announcing(status int) func(http.ResponseWriter, *strings.Reader) {
	return func(w http.ResponseWriter, _ *strings.Reader) { w.WriteHeader(status) }
}

var calls = []call{
	{"sets a field", setting("X-Order")},
	{"adds a cookie", setting("Set-Cookie")},
	{"sets the announced trailer", setting("X-Announced")},
	{"sets a trailer by its prefix", setting(http.TrailerPrefix + "X-Late")},
	{"WriteHeader(200)", announcing(http.StatusOK)},
	{"WriteHeader(404)", announcing(http.StatusNotFound)},
	{"WriteHeader(204)", announcing(http.StatusNoContent)},
	{"WriteHeader(304)", announcing(http.StatusNotModified)},
	{"WriteHeader(103)", announcing(http.StatusEarlyHints)},
	{"Write(nil)", writing(0)},
	{"writes a byte", writing(1)},
	{"writes 10 bytes", writing(10)},
	{"writes 30 bytes", writing(30)},
	{"WriteString", func(w http.ResponseWriter, text *strings.Reader) {
		piece, _ := io.ReadAll(io.LimitReader(text, 20))
		io.WriteString(w, string(piece)) //nolint:staticcheck // WriteString is what is called here
	}},
	{"Flush", func(w http.ResponseWriter, _ *strings.Reader) { w.(http.Flusher).Flush() }},
	{"a controller's Flush", func(w http.ResponseWriter, _ *strings.Reader) { _ = http.NewResponseController(w).Flush() }},
	{"ReadFrom 40 bytes", func(w http.ResponseWriter, text *strings.Reader) {
		_, _ = w.(io.ReaderFrom).ReadFrom(onlyReader{io.LimitReader(text, 40)})
	}},
	{"ReadFrom nothing", func(w http.ResponseWriter, _ *strings.Reader) {
		_, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader(""))
	}},
	{"ReadFrom what fails", func(w http.ResponseWriter, _ *strings.Reader) {
		_, _ = w.(io.ReaderFrom).ReadFrom(failing{})
	}},
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

// sequence is what a handler does with one response.
type sequence struct {
	mediaType, text  string
	length, trailer  bool // both announced
	calls            []call
	rest, abort, old bool // writes the rest, aborts, is asked by HTTP/1.0
}

func (s sequence) String() string {
	names := make([]string, len(s.calls))
	for i, c := range s.calls {
		names[i] = c.name
	}
	return fmt.Sprintf("%s, length %v, trailer %v, rest %v, abort %v, HTTP/1.0 %v: %s", s.mediaType, s.length, s.trailer, s.rest, s.abort, s.old, strings.Join(names, ", "))
}

func (s sequence) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", s.mediaType)
	if s.length {
		w.Header().Set("Content-Length", fmt.Sprint(len(s.text)))
	}
	if s.trailer {
		w.Header().Set("Trailer", "X-Announced")
	}
	text := strings.NewReader(s.text)
	for _, c := range s.calls {
		c.do(w, text)
	}
	switch {
	case s.abort:
		panic(http.ErrAbortHandler)
	case s.rest:
		writing(1<<20)(w, text)
	}
}

func randomSequence(random *rand.Rand) sequence {
	pick := func(of int) bool { return random.IntN(of) == 0 }
	s := sequence{mediaType: "text/html", text: plainPage, length: pick(2), trailer: pick(4), rest: pick(2), abort: pick(10), old: pick(3)}
	switch random.IntN(5) {
	case 0:
		s.text = "<!doctype html><!-- a page without a place -->"
	case 1:
		s.text = "<p>A part of a page, and more of it</p>"
	case 2:
		s.mediaType = "text/plain"
	}
	s.rest = s.rest || s.length
	for range 1 + random.IntN(6) {
		s.calls = append(s.calls, calls[random.IntN(len(calls))])
	}
	return s
}

func TestAnySequenceOfCallsIsAnsweredAsWithoutUs(t *testing.T) {
	var now atomic.Value
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { now.Load().(sequence).ServeHTTP(w, r) })
	options, _ := newOptions()
	with, without := quiet(inject.New(options).Handler(handler)), quiet(handler)
	defer with.Close()
	defer without.Close()
	random := rand.New(rand.NewPCG(3, 7))
	for range 1500 {
		s := randomSequence(random)
		now.Store(s)
		got, want := converse(t, with, s.old), converse(t, without, s.old)
		if s.mediaType == "text/plain" {
			if got.raw != want.raw {
				t.Errorf("%s\ngot     %q\nwithout %q", s, got.raw, want.raw)
			}
			continue
		}
		got.body = strings.Replace(got.body, markup, "", 1)
		sameBody := got.body == want.body || s.abort && (strings.HasPrefix(got.body, want.body) || strings.HasPrefix(want.body, got.body))
		if !slices.Equal(got.statuses, want.statuses) || !maps.Equal(got.fields, want.fields) || !sameBody || want.broken && !got.broken && !s.old {
			t.Errorf("%s\ngot     %q\nwithout %q", s, got.raw, want.raw)
		}
	}
}

// quiet is a server that does not log what its handler does wrong.
func quiet(handler http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	return s
}

// answer is what a browser sees of a response.
type answer struct {
	raw      string
	statuses []int
	fields   map[string]string // of the last header
	body     string
	broken   bool // it does not look complete
}

var date = regexp.MustCompile(`Date: [^\r]*\r\n`)

func converse(t *testing.T, server *httptest.Server, old bool) (a answer) {
	t.Helper()
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(time.Minute))
	version := "HTTP/1.1"
	if old {
		version = "HTTP/1.0"
	}
	fmt.Fprintf(connection, "GET / %s\r\nHost: shop.example.com\r\nConnection: close\r\n\r\n", version)
	raw, err := io.ReadAll(connection)
	if err != nil {
		t.Fatal(err)
	}
	a.raw = date.ReplaceAllString(string(raw), "")
	reader := bufio.NewReader(strings.NewReader(a.raw))
	request, _ := http.NewRequest(http.MethodGet, "/", http.NoBody)
	for len(a.statuses) == 0 || a.statuses[len(a.statuses)-1] < 200 {
		response, err := http.ReadResponse(reader, request)
		if err != nil {
			a.broken = true
			return a
		}
		a.statuses = append(a.statuses, response.StatusCode)
		body, err := io.ReadAll(response.Body)
		a.body, a.broken = string(body), err != nil
		a.fields = map[string]string{}
		for name, values := range response.Header {
			a.fields[name] = strings.Join(values, ", ")
		}
		// How a body is framed is ours to choose, and with it whether trailers can follow.
		for _, name := range []string{"Content-Length", "Trailer", "Handbill"} {
			delete(a.fields, name)
		}
	}
	return a
}

func TestEveryInterfaceOfTheServersWriterIsThere(t *testing.T) {
	var pushed string
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for name, there := range map[string]bool{
			"http.Flusher":       is[http.Flusher](w),
			"FlushError":         is[interface{ FlushError() error }](w),
			"io.ReaderFrom":      is[io.ReaderFrom](w),
			"io.StringWriter":    is[io.StringWriter](w),
			"http.Pusher":        is[http.Pusher](w),
			"Unwrap":             is[interface{ Unwrap() http.ResponseWriter }](w),
			"no http.Hijacker":   !is[http.Hijacker](w), // it would take a page's connection past us; a controller finds it
			"no SetReadDeadline": !is[interface{ SetReadDeadline(time.Time) error }](w),
		} {
			if !there {
				t.Errorf("not as it should be: %s", name)
			}
		}
		controller := http.NewResponseController(w)
		if err := errors.Join(controller.SetReadDeadline(time.Time{}), controller.SetWriteDeadline(time.Time{}), controller.EnableFullDuplex(), controller.Flush()); err != nil {
			t.Error(err)
		}
		if err := w.(http.Pusher).Push("/site.css", nil); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("a push over HTTP/1.1: %v", err)
		}
	})
	s.get(t)
	runOver(t, wrapper{pusher{newJournal(), &pushed}}, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter) {
		if err := w.(http.Pusher).Push("/site.css", nil); err != nil || pushed != "/site.css" {
			t.Errorf("pushed %q, %v", pushed, err)
		}
	})
}

func is[Interface any](w http.ResponseWriter) bool {
	_, ok := w.(Interface)
	return ok
}

type pusher struct {
	http.ResponseWriter
	pushed *string
}

func (p pusher) Push(target string, _ *http.PushOptions) error {
	*p.pushed = target
	return nil
}

func TestMisuseOfTheWriterIsAnsweredAsWithoutUs(t *testing.T) {
	tests := []struct {
		name    string
		handler func(w http.ResponseWriter) error
	}{
		{"a body with a status that has none", func(w http.ResponseWriter) error {
			w.WriteHeader(http.StatusNoContent)
			_, err := io.WriteString(w, plainPage)
			return err
		}},
		{"a body after a hijack", func(w http.ResponseWriter) error {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return err
			}
			defer connection.Close()
			_, err = w.Write([]byte("late"))
			return err
		}},
		{"a second hijack", func(w http.ResponseWriter) error {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return err
			}
			defer connection.Close()
			_, _, err = http.NewResponseController(w).Hijack()
			return err
		}},
		{"a deadline in the past", func(w http.ResponseWriter) error {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(-time.Second))
			_, err := io.WriteString(w, plainPage)
			return errors.Join(err, http.NewResponseController(w).Flush())
		}},
		{"a reader that fails in the middle", func(w http.ResponseWriter) error {
			_, err := io.Copy(w, io.MultiReader(onlyReader{strings.NewReader(plainPage[:40])}, failing{}))
			return err
		}},
		{"an invalid status", func(w http.ResponseWriter) (err error) {
			defer func() { err = fmt.Errorf("a panic: %v", recover()) }()
			w.WriteHeader(42)
			return nil
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var told [2]string
			options, _ := newOptions()
			for i, wrap := range []func(http.Handler) http.Handler{inject.New(options).Handler, func(h http.Handler) http.Handler { return h }} {
				done := make(chan struct{})
				server := quiet(wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					defer close(done)
					html(w)
					told[i] = fmt.Sprint(test.handler(w))
				})))
				converse(t, server, false)
				<-done
				server.Close()
				told[i] = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(told[i], "ADDRESS")
			}
			if told[0] != told[1] {
				t.Errorf("the handler is told %q, and without us %q", told[0], told[1])
			}
		})
	}
}
