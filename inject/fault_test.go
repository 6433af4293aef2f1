package inject

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"handbill/inject/splice"
)

// reasons is a Recorder that keeps the reasons.
type reasons struct{ skipped []Reason }

func (*reasons) Injected()          {}
func (r *reasons) Skipped(s Reason) { r.skipped = append(r.skipped, s) }

// TestAFaultOfOursYieldsTheSitesBytes puts what reads the page in states that it can
// never be in, so that it panics.
func TestAFaultOfOursYieldsTheSitesBytes(t *testing.T) {
	const text = "<!doctype html><html><head><title>Shop</title></head><body>Hello</body></html>"
	var compressed bytes.Buffer
	compressor := gzip.NewWriter(&compressed)
	io.WriteString(compressor, text)
	compressor.Close()

	breakScanner := func(rw *rewrite) {
		rw.document.pastMark = true
		rw.document.scanner.state, rw.document.scanner.nameLen = stateDoctypeWord, 100
	}
	for name, test := range map[string]struct {
		coding string
		body   string
		fault  func(*rewrite)
	}{
		"the scanner":                          {"", text, breakScanner},
		"the scanner, in the splicer":          {"gzip", compressed.String(), breakScanner},
		"the splicer":                          {"gzip", compressed.String(), func(rw *rewrite) { rw.splicer = new(splice.Writer) }},
		"the insertion, called by the splicer": {"gzip", compressed.String(), func(rw *rewrite) { rw.nonce, rw.insertion.NonceAt = "x", 1<<20 }},
	} {
		for _, pieces := range []int{1, 3} {
			counts := &reasons{}
			injector := New(Options{
				Insertion: func(*http.Request, int, http.Header) (Insertion, bool) {
					return Insertion{Bytes: []byte(marker), NonceAt: -1, Version: "v1"}, true
				},
				Recorder: counts,
				Logger:   slog.New(slog.DiscardHandler),
			})
			for range 2 { // a second page must not suffer from the first
				below := httptest.NewRecorder()
				err := injector.ServeHTTP(below, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter, _ *http.Request) error {
					w.Header().Set("Content-Type", "text/html")
					w.Header().Set("Etag", `"abc"`)
					if test.coding != "" {
						w.Header().Set("Content-Encoding", test.coding)
					}
					w.WriteHeader(http.StatusOK)
					test.fault(w.(*responseWriter).rewrite)
					for i := range pieces {
						io.WriteString(w, test.body[i*len(test.body)/pieces:(i+1)*len(test.body)/pieces])
					}
					return nil
				})
				if err != nil || below.Body.String() != test.body || below.Header().Get("Etag") != `"abc"` {
					t.Errorf("%s, in %d: %v, %v, %q", name, pieces, err, below.Header(), below.Body)
				}
			}
			if len(counts.skipped) != 2 || counts.skipped[0] != ReasonInternalError {
				t.Errorf("%s, in %d: recorded %v", name, pieces, counts.skipped)
			}
		}
	}
}

func TestAFaultBehindTheHeaderYieldsTheRestOfTheBytes(t *testing.T) {
	const text = "<!doctype html><html><head><title>Shop</title></head>"
	injector := New(Options{
		Insertion: func(*http.Request, int, http.Header) (Insertion, bool) {
			return Insertion{Bytes: []byte(marker), NonceAt: -1}, true
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	below := httptest.NewRecorder()
	_ = injector.ServeHTTP(below, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, text[:24])
		w.(http.Flusher).Flush()
		rw := w.(*responseWriter).rewrite
		rw.document.scanner.state, rw.document.scanner.nameLen = stateDoctypeWord, 100
		io.WriteString(w, text[24:])
		return nil
	})
	if below.Body.String() != text {
		t.Errorf("got %q, want %q", below.Body, text)
	}
}

func TestAFaultInADecoderIsTheBodys(t *testing.T) {
	d := &decoder{next: func() ([]byte, bool) { panic("in a library") }}
	if more, err := d.push([]byte("x"), func([]byte) error { return nil }); more || err != nil || !strings.Contains(d.err.Error(), "in a library") {
		t.Errorf("more %v, %v, %v", more, err, d.err)
	}
}

func gzipOf(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// noise is text that hardly compresses.
func noise(size int) string {
	random := rand.New(rand.NewPCG(3, 1))
	b := make([]byte, size)
	for i := range b {
		b[i] = 'A' + byte(random.IntN(58))
	}
	return string(b)
}

// panicking is a Recorder, a log handler and more, of which one panics.
type panicking struct{ at string }

func (p panicking) maybe(at string) {
	if p.at == at {
		panic("fault in " + at)
	}
}

func (p panicking) Injected()                                  { p.maybe("what counts pages") }
func (p panicking) Skipped(Reason)                             { p.maybe("what counts skipped responses") }
func (p panicking) Enabled(context.Context, slog.Level) bool   { p.maybe("the logger"); return true }
func (p panicking) Handle(context.Context, slog.Record) error  { p.maybe("the logger"); return nil }
func (p panicking) WithAttrs([]slog.Attr) slog.Handler         { return p }
func (p panicking) WithGroup(string) slog.Handler              { return p }
func (p panicking) match(*http.Request, int, http.Header) bool { p.maybe("the matcher"); return true }
func (p panicking) defersHeaders(http.ResponseWriter) bool {
	p.maybe("what looks for late headers")
	return false
}
func (p panicking) insertion(*http.Request, int, http.Header) (Insertion, bool) {
	p.maybe("the source")
	return Insertion{Bytes: []byte(marker), NonceAt: -1, Version: "v1"}, true
}

// TestFaultsOfWhatTheOptionsCallHarmNoPage lets each of them panic in turn, for a page, for what is none, and for a
// request that has a copy.
func TestFaultsOfWhatTheOptionsCallHarmNoPage(t *testing.T) {
	const text = "<!doctype html><html><head><title>Shop</title></head><body>Hello</body></html>"
	for at, injected := range map[string]bool{
		"the source": false, "the matcher": false,
		"what looks for late headers": true, "what counts pages": true, "what counts skipped responses": true, "the logger": true,
	} {
		for _, mediaType := range []string{"text/html; charset=utf-8", "text/plain"} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				p := panicking{at}
				injector := New(Options{Insertion: p.insertion, Match: p.match, DefersHeaders: p.defersHeaders, Recorder: p, Logger: slog.New(p)})
				request := httptest.NewRequest(method, "/", nil)
				request.Header.Set("Accept", "text/html")
				request.Header.Set("If-None-Match", `W/"abc-hbs-v0"`)
				below := httptest.NewRecorder()
				injector.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", mediaType)
					w.Header().Set("Etag", `"abc"`)
					io.WriteString(w, text)
				})).ServeHTTP(below, request)
				want, tag := text, `"abc"`
				if injected && mediaType != "text/plain" && method == http.MethodGet {
					want, tag = strings.Replace(text, "<head>", "<head>"+marker, 1), `W/"abc-hbs-v1"`
				}
				if got := below.Body.String(); got != want || below.Header().Get("Etag") != tag {
					t.Errorf("%s, %s %s: got %q with %v", at, method, mediaType, got, below.Header())
				}
			}
		}
	}
}

// TestAFaultInTheMiddleOfACompressedPageAborts: what went out cannot be taken back, and must not look complete.
func TestAFaultInTheMiddleOfACompressedPageAborts(t *testing.T) {
	var body bytes.Buffer
	compressor := gzip.NewWriter(&body)
	io.WriteString(compressor, "<!doctype html><html><head><title>Shop</title></head>"+strings.Repeat("<p>Hello</p>", 100))
	compressor.Close()
	p := panicking{}
	injector := New(Options{Insertion: p.insertion, Logger: slog.New(slog.DiscardHandler)})
	below := httptest.NewRecorder()
	defer func() {
		if fault, _ := recover().(error); !errors.Is(fault, http.ErrAbortHandler) {
			t.Errorf("the panic is %v", fault)
		}
	}()
	injector.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(body.Bytes()[:60])
		w.(http.Flusher).Flush()
		w.(*responseWriter).rewrite.splicer = new(splice.Writer) // of which nobody has made anything
		w.Write(body.Bytes()[60:])
		t.Error("the site's handler goes on")
	})).ServeHTTP(below, httptest.NewRequest(http.MethodGet, "/", nil))
}
