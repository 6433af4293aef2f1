package inject_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"handbill/inject"
)

const (
	plainPage    = "<!doctype html><html><head><title>Shop</title></head><body><p>Hello</p></body></html>"
	injectedPage = "<!doctype html><html><head>" + markup + "<title>Shop</title></head><body><p>Hello</p></body></html>"
)

func compress(t testing.TB, coding, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "deflate":
		w = zlib.NewWriter(&out)
	case "raw deflate":
		w, _ = flate.NewWriter(&out, 6)
	case "br":
		w = brotli.NewWriter(&out)
	case "zstd":
		w, _ = zstd.NewWriter(&out)
	default:
		return []byte(text)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// decompress reads a response's body by its Content-Encoding.
func decompress(t testing.TB, response *http.Response, body string) string {
	t.Helper()
	if response.Header.Get("Content-Encoding") != "gzip" {
		return body
	}
	r, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestCompressedPagesAreInjected(t *testing.T) {
	for _, coding := range []string{"gzip", "deflate", "raw deflate", "br", "zstd"} {
		t.Run(coding, func(t *testing.T) {
			body := compress(t, coding, plainPage+strings.Repeat("<p>and more</p>", 10_000))
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.Header().Set("Content-Encoding", strings.TrimPrefix(coding, "raw "))
				w.Header().Set("Content-Length", strconv.Itoa(len(body)))
				w.Write(body)
			})
			response, got := s.get(t, "Accept-Encoding", "gzip, br")
			if got := decompress(t, response, got); got != injectedPage+strings.Repeat("<p>and more</p>", 10_000) {
				t.Errorf("got %.200q", got)
			}
			if vary := response.Header.Get("Vary"); vary != "Accept-Encoding" {
				t.Errorf("Vary is %q", vary)
			}
		})
	}
}

func TestFilesAreInjectedThroughReadFrom(t *testing.T) {
	name := filepath.Join(t.TempDir(), "index.html")
	if err := os.WriteFile(name, []byte(plainPage+strings.Repeat("x", 100_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) })
	response, body := s.get(t)
	want := injectedPage + strings.Repeat("x", 100_000)
	if body != want {
		t.Errorf("got %.200q", body)
	}
	if response.ContentLength != int64(len(want)) {
		t.Errorf("Content-Length is %d, want %d", response.ContentLength, len(want))
	}
}

func TestWhatIsNoPagePassesUntouched(t *testing.T) {
	for name, header := range map[string]http.Header{
		"JSON":                          {"Content-Type": {"application/json"}},
		"a download":                    {"Content-Type": {"text/html"}, "Content-Disposition": {`attachment; filename="a.html"`}},
		"a page with no-transform":      {"Content-Type": {"text/html"}, "Cache-Control": {"public, no-transform"}},
		"a page with an unknown coding": {"Content-Type": {"text/html"}, "Content-Encoding": {"compress"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				for name, values := range header {
					w.Header()[name] = values
				}
				w.Header().Set("Etag", `"abc"`)
				io.WriteString(w, plainPage)
			})
			response, body := s.get(t)
			if body != plainPage || response.Header.Get("Etag") != `"abc"` {
				t.Errorf("got %q with %v", body, response.Header)
			}
			if s.counts.only(t) == inject.ReasonNone {
				t.Error("no reason recorded")
			}
		})
	}
}
