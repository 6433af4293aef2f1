package splice

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	kflate "github.com/klauspost/compress/flate"
	kgzip "github.com/klauspost/compress/gzip"
	kzlib "github.com/klauspost/compress/zlib"
)

var snippet = []byte(`<script async src="/_handbill/client.js" data-anonymous-in-app></script>`)

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

// headFinder finds the end of the head tag.
type headFinder struct{ text []byte }

func (f *headFinder) Find(text []byte) (Verdict, int64) {
	const tag = "<head>"
	f.text = append(f.text, text...)
	if i := bytes.Index(f.text, []byte(tag)); i >= 0 {
		return Found, int64(i + len(tag))
	}
	// Only a tag that is not whole yet can become the one.
	if i := bytes.LastIndexByte(f.text, '<'); i > bytes.LastIndexByte(f.text, '>') {
		return Undecided, int64(i)
	}
	return Undecided, int64(len(f.text))
}

// neverFinder waits for a point that does not come.
type neverFinder struct{ seen int64 }

func (f *neverFinder) Find(text []byte) (Verdict, int64) {
	f.seen += int64(len(text))
	return Undecided, f.seen
}

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

var (
	inGzip = wrapping{"gzip", Gzip,
		func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		func(w io.Writer, level int) (compressor, error) { return gzip.NewWriterLevel(w, level) }}
	inZlib = wrapping{"zlib", Deflate,
		func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
		func(w io.Writer, level int) (compressor, error) { return zlib.NewWriterLevel(w, level) }}
	raw = wrapping{"raw", Deflate,
		func(r io.Reader) (io.Reader, error) { return flate.NewReader(r), nil },
		func(w io.Writer, level int) (compressor, error) { return flate.NewWriter(w, level) }}

	wrappings = []wrapping{inGzip, inZlib, raw}

	// klauspost is what many Go servers compress with.
	klauspost = []wrapping{
		{"gzip", Gzip, inGzip.reader,
			func(w io.Writer, level int) (compressor, error) { return kgzip.NewWriterLevel(w, level) }},
		{"zlib", Deflate, inZlib.reader,
			func(w io.Writer, level int) (compressor, error) { return kzlib.NewWriterLevel(w, level) }},
		{"raw", Deflate, raw.reader,
			func(w io.Writer, level int) (compressor, error) { return kflate.NewWriter(w, level) }},
	}
)

// compress compresses the parts, with a sync flush between them.
func (wr wrapping) compress(t testing.TB, level int, parts ...[]byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	c, err := wr.writer(&buffer, level)
	for i, part := range parts {
		if err == nil && i > 0 {
			err = c.Flush()
		}
		if err == nil {
			_, err = c.Write(part)
		}
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

// splicing is a body spliced in a test, written in pieces of a size.
type splicing struct {
	format    Format
	find      Finder
	insertion []byte
	piece     int
}

func (s splicing) run(t testing.TB, body []byte) ([]byte, *Writer) {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, s.format, s.find, func() []byte { return s.insertion })
	for len(body) > 0 {
		n := min(s.piece, len(body))
		written, err := w.Write(body[:n])
		if err != nil || written != n {
			t.Fatalf("Write = %d, %v", written, err)
		}
		body = body[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), w
}

// withInsertion is what the text has to become.
func withInsertion(text []byte, at int64, insertion []byte) []byte {
	return bytes.Join([][]byte{text[:at], text[at:]}, insertion)
}

const (
	whole   = 1 << 30
	headEnd = int64(len("<!doctype html>\n<html lang=\"en\">\n<head>"))
)

// orders is a page of about so many bytes, with much that repeats.
func orders(size int) []byte {
	random := rand.New(rand.NewPCG(1, uint64(size)))
	var b bytes.Buffer
	b.WriteString("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Orders</title>\n</head>\n<body>\n<ul>\n")
	for b.Len() < size {
		fmt.Fprintf(&b, "<li class=\"order order-%d\"><a href=\"/orders/%d\">Order %x</a></li>\n",
			random.IntN(9), random.IntN(10000), random.IntN(1<<30))
	}
	b.WriteString("</ul>\n</body>\n</html>\n")
	return b.Bytes()
}

const pythonPages = "python3-doc/usr/share/doc/python3.11/html/"

// documentation reads a real page.
func documentation(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../bin/documentation", name))
	if err != nil {
		t.Fatalf("%v\nRun scripts/install-test-tools.sh first: it unpacks the pages.", err)
	}
	return text
}
