package splice

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestInsertsAtThePointOfEveryKindOfBody(t *testing.T) {
	for _, wr := range wrappings {
		for _, size := range []int{200, 3000, 40_000, 200_000} {
			text := orders(size)
			for _, level := range []int{-2, 0, 1, 6, 9} {
				body := wr.compress(t, level, text)
				for _, at := range []int64{0, 1, headEnd, 199} {
					for _, piece := range []int{1 + len(body)/2000, 7 + len(body)/1000, 4096, 32768, whole} {
						name := fmt.Sprintf("%s, level %d, %d bytes, at %d, in pieces of %d", wr.name, level, size, at, piece)
						out, w := splicing{wr.format, &offsetFinder{at: at, lookahead: 6}, snippet, piece}.run(t, body)
						if w.Outcome() != Inserted {
							t.Fatalf("%s: outcome %v", name, w.Outcome())
						}
						got, err := wr.decompress(out)
						if err != nil {
							t.Fatalf("%s: %v", name, err)
						}
						if !bytes.Equal(got, withInsertion(text, at, snippet)) {
							t.Fatalf("%s: wrong text", name)
						}
						if growth, known := w.Growth(); !known || growth != int64(len(out)-len(body)) {
							t.Fatalf("%s: growth %d (%v), want %d", name, growth, known, len(out)-len(body))
						}
					}
				}
			}
		}
	}
}

func TestInsertsAnywhereInThePrologue(t *testing.T) {
	text := append(bytes.Repeat([]byte("<!-- licence: all of it, in words that come again -->\n"), 600), orders(60_000)...)
	end := int64(len(text))
	for _, wr := range wrappings {
		for _, level := range []int{0, 1, 6, -2} {
			for _, body := range [][]byte{
				wr.compress(t, level, text),
				wr.compress(t, level, text[:10], text[10:500], text[500:1500], text[1500:5000], text[5000:40000], text[40000:]),
			} {
				for _, at := range []int64{9, 10, 11, 257, 499, 500, 600, 1499, 1500, 1501, 4000, 6000} {
					for _, lookahead := range []int64{0, 1, 300, MaxLookback} {
						out, w := splicing{wr.format, &offsetFinder{at: at, lookahead: lookahead}, snippet, 1000}.run(t, body)
						got, err := wr.decompress(out)
						if err != nil || !bytes.Equal(got, withInsertion(text, at, snippet)) {
							t.Errorf("%s, level %d, at %d, lookahead %d: wrong text (%v, %v)", wr.name, level, at, lookahead, w.Outcome(), err)
						}
					}
				}
				if level == 0 || level == -2 {
					continue // the text is more than MaxHeld
				}
				for _, at := range []int64{20_000, 40_000, 50_000, end} {
					out, w := splicing{wr.format, &offsetFinder{at: at}, snippet, 1000}.run(t, body)
					got, err := wr.decompress(out)
					if err != nil || w.Outcome() == Inserted && !bytes.Equal(got, withInsertion(text, at, snippet)) {
						t.Errorf("%s, level %d, at %d: wrong text (%v)", wr.name, level, at, err)
					}
					if at <= 40_000 && w.Outcome() != Inserted {
						t.Errorf("%s, level %d, at %d: %v", wr.name, level, at, w.Outcome())
					}
				}
			}
		}
	}
}

func TestInsertsAtTheEndOfTheText(t *testing.T) {
	text := []byte("<!doctype html><head>")
	for _, wr := range wrappings {
		for _, level := range []int{0, 1, 6, -2} {
			for _, body := range [][]byte{wr.compress(t, level, text), wr.compress(t, level, text[:9], text[9:], nil)} {
				for _, piece := range []int{1, whole} {
					out, w := splicing{wr.format, &offsetFinder{at: int64(len(text))}, snippet, piece}.run(t, body)
					got, err := wr.decompress(out)
					if err != nil || !bytes.Equal(got, withInsertion(text, int64(len(text)), snippet)) {
						t.Errorf("%s, level %d, pieces of %d: %q (%v, %v)", wr.name, level, piece, got, w.Outcome(), err)
					}
				}
			}
		}
	}
}

func TestInsertsAnyNumberOfBytes(t *testing.T) {
	text := orders(100_000)
	for _, size := range []int{1, 2, 59, 258, 2048, 32_767, 32_768, 65_535, 65_536, 200_000} {
		insertion := bytes.Repeat([]byte("a"), size)
		for _, wr := range wrappings {
			for _, level := range []int{0, 1, 9} {
				body := wr.compress(t, level, text)
				out, _ := splicing{wr.format, &offsetFinder{at: headEnd}, insertion, 5000}.run(t, body)
				got, err := wr.decompress(out)
				if err != nil || !bytes.Equal(got, withInsertion(text, headEnd, insertion)) {
					t.Errorf("%d bytes, %s, level %d: wrong text (%v)", size, wr.name, level, err)
				}
			}
		}
	}
}

func TestEverySplitGivesTheSameText(t *testing.T) {
	text := orders(700)
	want := withInsertion(text, headEnd, snippet)
	for _, wr := range wrappings {
		for _, level := range []int{0, 1, 6, -2} {
			for _, body := range [][]byte{wr.compress(t, level, text), wr.compress(t, level, text[:20], text[20:50], text[50:])} {
				for split := range body {
					var out bytes.Buffer
					w := NewWriter(&out, wr.format, &offsetFinder{at: headEnd, lookahead: 6}, func() []byte { return snippet })
					for _, p := range [][]byte{body[:split], body[split:]} {
						if _, err := w.Write(p); err != nil {
							t.Fatal(err)
						}
						if err := w.Flush(); err != nil {
							t.Fatal(err)
						}
					}
					if err := w.Close(); err != nil {
						t.Fatal(err)
					}
					if got, err := wr.decompress(out.Bytes()); err != nil || !bytes.Equal(got, want) {
						t.Fatalf("%s, level %d, split at %d: wrong text (%v)", wr.name, level, split, err)
					}
				}
			}
		}
	}
}

func TestWithoutInsertionTheBodyStaysAsItIs(t *testing.T) {
	text := orders(100_000)
	tests := []struct {
		name      string
		find      func() Finder
		insertion []byte
		want      Outcome
	}{
		{"the Finder refuses at once", func() Finder { return &offsetFinder{absent: true} }, snippet, Nothing},
		{"the Finder refuses later", func() Finder { return &offsetFinder{at: 3000, absent: true} }, snippet, Nothing},
		{"the Finder waits to the end", func() Finder { return new(neverFinder) }, snippet, Nothing},
		{"there are no bytes to insert", func() Finder { return new(headFinder) }, nil, Nothing},
		{"the Finder names a point too far back", func() Finder { return finderFunc(func(text []byte) (Verdict, int64) { return Found, -1 }) }, snippet, Nothing},
		{"the Finder names a point ahead", func() Finder { return finderFunc(func(text []byte) (Verdict, int64) { return Found, 1 << 20 }) }, snippet, Nothing},
	}
	for _, test := range tests {
		for _, wr := range wrappings {
			for _, level := range []int{0, 1, 6, -2} {
				body := wr.compress(t, level, text[:1000], text[1000:9000], text[9000:])
				for _, piece := range []int{1, 1000, whole} {
					out, w := splicing{wr.format, test.find(), test.insertion, piece}.run(t, body)
					if !bytes.Equal(out, body) {
						t.Errorf("%s: %s, level %d, pieces of %d: the body changed", test.name, wr.name, level, piece)
					}
					// Bigger blocks than are held back end the search.
					if w.Outcome() != test.want && (w.Outcome() != TooLong || test.name != "the Finder waits to the end") {
						t.Errorf("%s: outcome %v", test.name, w.Outcome())
					}
					if growth, known := w.Growth(); growth != 0 || !known {
						t.Errorf("%s: growth %d (%v)", test.name, growth, known)
					}
				}
			}
		}
	}
}

type finderFunc func(text []byte) (Verdict, int64)

func (f finderFunc) Find(text []byte) (Verdict, int64) { return f(text) }

func TestWritesOnceForEachPiece(t *testing.T) {
	body := inGzip.compress(t, 6, documentation(t, pythonPages+"library/os.html"))
	for _, piece := range []int{4 << 10, 16 << 10, 32 << 10} {
		var out countingWriter
		w := NewWriter(&out, Gzip, new(headFinder), func() []byte { return snippet })
		pieces := 0
		for rest := body; len(rest) > 0; pieces++ {
			n := min(piece, len(rest))
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			if out.writes > pieces+1 {
				t.Fatalf("%d writes for %d pieces of %d", out.writes, pieces+1, piece)
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if out.writes != pieces+1 {
			t.Errorf("pieces of %d: %d writes for %d pieces and the trailer", piece, out.writes, pieces)
		}
	}
}

type countingWriter struct{ writes int }

func (w *countingWriter) Write(p []byte) (int, error) {
	w.writes++
	return len(p), nil
}

func TestReportsErrorsOfTheDestination(t *testing.T) {
	errGone := errors.New("the client is gone")
	body := inGzip.compress(t, 6, orders(200_000))
	for limit := range 40 {
		limit *= 1000
		for _, tooShort := range []bool{false, true} {
			want := errGone
			if tooShort {
				want = io.ErrShortWrite
			}
			dst := &limitedWriter{left: limit, err: errGone}
			if tooShort {
				dst.err = nil
			}
			w := NewWriter(dst, Gzip, new(headFinder), func() []byte { return snippet })
			var err error
			for rest := body; len(rest) > 0 && err == nil; {
				n := min(1000, len(rest))
				_, err = w.Write(rest[:n])
				rest = rest[n:]
			}
			if closeErr := w.Close(); err == nil {
				err = closeErr
			}
			if limit < len(body) && !errors.Is(err, want) {
				t.Errorf("room for %d bytes: error %v, want %v", limit, err, want)
			}
		}
	}
}

type limitedWriter struct {
	left int
	err  error
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return w.left, w.err
	}
	w.left -= len(p)
	return len(p), nil
}

func TestAClosedWriterRefuses(t *testing.T) {
	w := NewWriter(io.Discard, Gzip, new(headFinder), func() []byte { return snippet })
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("a")); err == nil {
		t.Error("Write after Close succeeds")
	}
	if err := w.Flush(); err == nil {
		t.Error("Flush after Close succeeds")
	}
	if err := w.Close(); err == nil {
		t.Error("a second Close succeeds")
	}
}

func TestResetMakesAWriterAsNew(t *testing.T) {
	text := orders(50_000)
	var w Writer
	for _, wr := range append(wrappings, wrappings...) {
		body := wr.compress(t, 6, text)
		// A body that is left in the middle must not show in the next one.
		w.Reset(io.Discard, wr.format, new(headFinder), func() []byte { return snippet })
		if _, err := w.Write(body[:len(body)/2]); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w.Reset(&out, wr.format, new(headFinder), func() []byte { return snippet })
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := wr.decompress(out.Bytes()); err != nil || !bytes.Equal(got, withInsertion(text, headEnd, snippet)) {
			t.Errorf("%s: wrong text (%v)", wr.name, err)
		}
	}
}
