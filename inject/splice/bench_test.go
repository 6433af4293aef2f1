package splice

import (
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"
)

var benchmarkPages = []struct{ name, file string }{
	{"10KB", pythonPages + "download.html"},
	{"100KB", pythonPages + "library/errno.html"},
	{"1.7MB", pythonPages + "genindex-all.html"},
}

// discard counts nothing and keeps nothing.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// writePieces writes as a proxy does that reads 32 KiB at once.
func writePieces(b *testing.B, w io.Writer, body []byte) {
	for len(body) > 0 {
		n := min(len(body), 32<<10)
		if _, err := w.Write(body[:n]); err != nil {
			b.Fatal(err)
		}
		body = body[n:]
	}
}

func BenchmarkSplice(b *testing.B) {
	for _, p := range benchmarkPages {
		text := documentation(b, p.file)
		for _, wr := range wrappings {
			body := wr.compress(b, 6, text)
			b.Run(wr.name+"/"+p.name, func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				insertion := func() []byte { return snippet }
				find := new(headFinder)
				var w Writer
				for b.Loop() {
					find.text = find.text[:0]
					w.Reset(discard{}, wr.format, find, insertion)
					writePieces(b, &w, body)
					if err := w.Close(); err != nil || w.Outcome() != Inserted {
						b.Fatal(err, w.Outcome())
					}
				}
			})
		}
	}
}

// BenchmarkTranscode is what splicing replaces: decoding, inserting and encoding.
func BenchmarkTranscode(b *testing.B) {
	for _, p := range benchmarkPages {
		text := documentation(b, p.file)
		body := wrappings[0].compress(b, 6, text)
		b.Run(p.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			r := new(gzip.Reader)
			w, err := gzip.NewWriterLevel(discard{}, 5)
			if err != nil {
				b.Fatal(err)
			}
			buffer := make([]byte, 32<<10)
			for b.Loop() {
				if err := r.Reset(bytes.NewReader(body)); err != nil {
					b.Fatal(err)
				}
				w.Reset(discard{})
				if _, err := w.Write(snippet); err != nil {
					b.Fatal(err)
				}
				if _, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, buffer); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
