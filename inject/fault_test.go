package inject

import (
	"bytes"
	"compress/gzip"
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
