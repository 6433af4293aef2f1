package inject_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const (
	plainPage    = "<!doctype html><html><head><title>Shop</title></head><body><p>Hello</p></body></html>"
	injectedPage = "<!doctype html><html><head>" + markup + "<title>Shop</title></head><body><p>Hello</p></body></html>"
)

func compress(coding, text string) []byte {
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
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// decompress reads a response's body by its Content-Encoding.
func decompress(t testing.TB, response *http.Response, body string) string {
	t.Helper()
	response.Body = io.NopCloser(strings.NewReader(body))
	text, err := io.ReadAll(decodingReader(t, response))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// decodingReader reads a response's body by its Content-Encoding, with Go's own
// decoders.
func decodingReader(t testing.TB, response *http.Response) io.Reader {
	t.Helper()
	switch coding := response.Header.Get("Content-Encoding"); coding {
	case "gzip":
		r, err := gzip.NewReader(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r
	case "deflate":
		buffered := bufio.NewReader(response.Body)
		if head, _ := buffered.Peek(1); len(head) == 1 && head[0]&0x0f == 8 {
			r, err := zlib.NewReader(buffered)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		return flate.NewReader(buffered)
	case "":
		return response.Body
	default:
		t.Fatalf("the page is left in %s", coding)
		return nil
	}
}

// flushingCompressor compresses what a handler writes, as a site does that
// streams.
type flushingCompressor struct {
	io.Writer
	flush func() error
	close func() error
}

func newFlushingCompressor(w http.ResponseWriter, coding string) flushingCompressor {
	none := func() error { return nil }
	if coding == "identity" {
		return flushingCompressor{w, none, none}
	}
	w.Header().Set("Content-Encoding", coding)
	switch coding {
	case "gzip":
		c := gzip.NewWriter(w)
		return flushingCompressor{c, c.Flush, c.Close}
	case "br":
		c := brotli.NewWriter(w)
		return flushingCompressor{c, c.Flush, c.Close}
	default:
		c, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		if err != nil {
			panic(err)
		}
		return flushingCompressor{c, c.Flush, c.Close}
	}
}

func (c flushingCompressor) write(text string) {
	io.WriteString(c, text)
	c.flush()
}

func TestCompressedPagesAreInjected(t *testing.T) {
	for _, coding := range []string{"gzip", "deflate", "raw deflate", "br", "zstd"} {
		t.Run(coding, func(t *testing.T) {
			body := compress(coding, plainPage+strings.Repeat("<p>and more</p>", 10_000))
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
			decoded := response.Header.Get("Content-Encoding") == ""
			if wantDecoded := coding == "br" || coding == "zstd"; decoded != wantDecoded {
				t.Errorf("decoded %v, want %v", decoded, wantDecoded)
			}
			if vary := response.Header.Get("Vary"); decoded && vary != "Accept-Encoding" {
				t.Errorf("Vary is %q", vary)
			}
		})
	}
}
