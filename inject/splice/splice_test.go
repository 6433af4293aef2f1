package splice

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// offsetFinder finds the point at an offset that is known beforehand, once it has
// seen so many bytes more.
type offsetFinder struct {
	at, lookahead int64
	seen          int64
	absent        bool
}

func (f *offsetFinder) Find(text []byte) (Verdict, int64) {
	f.seen += int64(len(text))
	switch {
	case f.seen < f.at+f.lookahead:
		return Undecided, max(0, min(f.at, f.seen-f.lookahead))
	case f.absent:
		return Absent, 0
	}
	return Found, f.at
}

var snippet = []byte(`<script async src="/_handbill/client.js" data-anonymous-in-app></script>`)

// wrapping is what DEFLATE data comes in.
type wrapping struct {
	name   string
	format Format
	reader func(io.Reader) (io.Reader, error)
	writer func(io.Writer, int) (compressor, error)
}

type compressor interface {
	io.WriteCloser
	Flush() error
}

var wrappings = []wrapping{
	{"gzip", Gzip, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		func(w io.Writer, level int) (compressor, error) { return gzip.NewWriterLevel(w, level) }},
	{"zlib", Deflate, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
		func(w io.Writer, level int) (compressor, error) { return zlib.NewWriterLevel(w, level) }},
	{"raw deflate", Deflate, func(r io.Reader) (io.Reader, error) { return flate.NewReader(r), nil },
		func(w io.Writer, level int) (compressor, error) { return flate.NewWriter(w, level) }},
}

func (wr wrapping) compress(t testing.TB, level int, text []byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	c, err := wr.writer(&buffer, level)
	if err == nil {
		_, err = c.Write(text)
	}
	if err == nil {
		err = c.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func (wr wrapping) decompress(body []byte) ([]byte, error) {
	r, err := wr.reader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// spliceIn splices a body written in pieces of the given sizes, the last one again
// and again.
func spliceIn(t testing.TB, format Format, body []byte, find Finder, sizes ...int) ([]byte, *Writer) {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, format, find, func() []byte { return snippet })
	for i := 0; len(body) > 0; i++ {
		n := min(sizes[min(i, len(sizes)-1)], len(body))
		if _, err := w.Write(body[:n]); err != nil {
			t.Fatal(err)
		}
		body = body[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), w
}

func inserted(text []byte, at int64) []byte {
	return bytes.Join([][]byte{text[:at], text[at:]}, snippet)
}

func page(size int) []byte {
	random := rand.New(rand.NewPCG(1, uint64(size)))
	var b bytes.Buffer
	b.WriteString("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Delivery</title>\n</head>\n<body>\n")
	for b.Len() < size {
		fmt.Fprintf(&b, "<li class=\"item item-%d\"><a href=\"/orders/%d\">Order %x</a></li>\n", random.IntN(9), random.IntN(10000), random.IntN(1<<30))
	}
	return b.Bytes()[:size]
}

func TestInsertsAtThePoint(t *testing.T) {
	for _, wr := range wrappings {
		for _, size := range []int{200, 3000, 40_000, 200_000} {
			text := page(size)
			for level := -2; level <= 9; level++ {
				body := wr.compress(t, level, text)
				for _, at := range []int64{0, 1, 40, 199} {
					for _, pieces := range []int{1, 7, 1000, 4096, 32768, 1 << 20} {
						name := fmt.Sprintf("%s level %d size %d at %d in %d", wr.name, level, size, at, pieces)
						out, w := spliceIn(t, wr.format, body, &offsetFinder{at: at, lookahead: 1}, pieces)
						if w.Outcome() != Inserted {
							t.Fatalf("%s: outcome %v", name, w.Outcome())
						}
						got, err := wr.decompress(out)
						if err != nil {
							t.Fatalf("%s: %v", name, err)
						}
						if !bytes.Equal(got, inserted(text, at)) {
							t.Fatalf("%s: wrong text", name)
						}
						if growth, known := w.Growth(); !known || growth != int64(len(out)-len(body)) {
							t.Fatalf("%s: growth %d %v, want %d", name, growth, known, len(out)-len(body))
						}
					}
				}
			}
		}
	}
}
