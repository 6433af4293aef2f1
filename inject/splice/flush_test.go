package splice

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// A site that renders on the server and flushes as it goes: every part has to reach
// the reader when the site flushes it, not later.
func TestWhatTheSiteFlushesComesOutAtOnce(t *testing.T) {
	random := orders(100_000)
	parts := [][]byte{
		[]byte("<!doctype html>\n"),
		[]byte("<html lang=\"en\">\n"),
		[]byte("<head>\n<meta charset=\"utf-8\"><title>Orders</title>"),
		[]byte("</head><body><div id=\"root\">"),
		random[:2000],
		[]byte("a"),
		random[2000:60_000],
		[]byte("b"),
		random[60_000:60_500],
		[]byte(strings.Repeat("c", 70_000)),
		random[60_500:],
		[]byte("</div></body></html>"),
	}
	before := bytes.Join(parts[:2], nil)
	for _, wr := range append(klauspost, wrappings...) {
		for _, level := range []int{-2, 0, 1, 6} {
			for _, piece := range []int{7, whole} {
				var upstream, out bytes.Buffer
				c, err := wr.writer(&upstream, level)
				if err != nil {
					t.Fatal(err)
				}
				w := NewWriter(&out, wr.format, new(headFinder), func() []byte { return snippet })
				var text []byte
				for i, part := range parts {
					if _, err := c.Write(part); err != nil {
						t.Fatal(err)
					}
					if err := c.Flush(); err != nil {
						t.Fatal(err)
					}
					writeInPieces(t, w, upstream.Bytes(), piece)
					upstream.Reset()
					if err := w.Flush(); err != nil {
						t.Fatal(err)
					}
					text = append(text, part...)
					want := text
					if i >= 2 {
						want = withInsertion(text, int64(len(before)+len("<head>")), snippet)
					}
					if got, _ := wr.decompress(out.Bytes()); !bytes.Equal(got, want) {
						t.Errorf("%s, level %d, pieces of %d: after flush %d the reader has %d bytes, want %d",
							wr.name, level, piece, i, len(got), len(want))
					}
				}
				if err := c.Close(); err != nil {
					t.Fatal(err)
				}
				writeInPieces(t, w, upstream.Bytes(), piece)
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				got, err := wr.decompress(out.Bytes())
				if want := withInsertion(text, int64(len(before)+len("<head>")), snippet); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s, level %d, pieces of %d: wrong text (%v)", wr.name, level, piece, err)
				}
			}
		}
	}
}

func writeInPieces(t *testing.T, w io.Writer, p []byte, piece int) {
	t.Helper()
	for len(p) > 0 {
		n := min(piece, len(p))
		if _, err := w.Write(p[:n]); err != nil {
			t.Fatal(err)
		}
		p = p[n:]
	}
}

// A block goes out whole, so a tag that a flush cuts in two keeps back its block.
func TestAFlushInTheMiddleOfATagHoldsOneBlockOnly(t *testing.T) {
	var upstream, out bytes.Buffer
	c, err := inGzip.writer(&upstream, 6)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWriter(&out, Gzip, new(headFinder), func() []byte { return snippet })
	for _, step := range []struct{ part, want string }{
		{"<!doctype html>", "<!doctype html>"},
		{"<!-- of one -->\n<he", "<!doctype html>"},
		{"ad><title>", "<!doctype html><!-- of one -->\n<head>" + string(snippet) + "<title>"},
	} {
		if _, err := c.Write([]byte(step.part)); err != nil {
			t.Fatal(err)
		}
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		writeInPieces(t, w, upstream.Bytes(), whole)
		upstream.Reset()
		if got, _ := inGzip.decompress(out.Bytes()); string(got) != step.want {
			t.Errorf("after %q the reader has %q, want %q", step.part, got, step.want)
		}
	}
}
