package splice

import (
	"bytes"
	"io"
	"testing"
	"unsafe"
)

func TestABombIsNotDecompressed(t *testing.T) {
	zeros := make([]byte, 1<<20)
	for _, wr := range wrappings {
		var body bytes.Buffer
		c, err := wr.writer(&body, 9)
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			if _, err := c.Write(zeros); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		for _, piece := range []int{1, 1000, whole} {
			find := new(neverFinder)
			out, w := splicing{wr.format, find, snippet, piece}.run(t, body.Bytes())
			if !bytes.Equal(out, body.Bytes()) {
				t.Errorf("%s: the body changed", wr.name)
			}
			if w.Outcome() != TooLong {
				t.Errorf("%s: outcome %v", wr.name, w.Outcome())
			}
			if find.seen < MaxSearch || find.seen > MaxSearch+maxMatch {
				t.Errorf("%s, pieces of %d: %d bytes of text were decoded", wr.name, piece, find.seen)
			}
		}
	}
}

func TestAnEndlessRowOfEmptyBlocksIsNotSearched(t *testing.T) {
	var body bytes.Buffer
	w := bitWriter{dst: &body, buffer: make([]byte, 100)}
	for range 3 * maxSearchedBlocks {
		putEmptyDynamic(&w)
	}
	putEmptyFixed(&w, true)
	w.align()
	w.flush()
	for _, piece := range []int{1, 1000, whole} {
		out, spliced := splicing{Deflate, new(neverFinder), snippet, piece}.run(t, body.Bytes())
		if !bytes.Equal(out, body.Bytes()) || spliced.Outcome() != TooLong {
			t.Errorf("pieces of %d: outcome %v", piece, spliced.Outcome())
		}
	}
}

func TestWhereTheSearchEndsDoesNotDependOnThePieces(t *testing.T) {
	noise := make([]byte, 3*MaxHeld)
	for i := range noise {
		noise[i] = byte(i * i >> 3)
	}
	for _, wr := range wrappings {
		for _, level := range []int{0, -2} {
			body := wr.compress(t, level, noise[:100], noise)
			var want int64
			for _, piece := range []int{whole, 1, 2, 999, 1000, 1023, 1024, 1025, 8192} {
				find := new(neverFinder)
				_, w := splicing{wr.format, find, snippet, piece}.run(t, body)
				if w.Outcome() != TooLong {
					t.Errorf("%s, level %d, pieces of %d: outcome %v", wr.name, level, piece, w.Outcome())
				}
				if piece == whole {
					want = find.seen
				}
				if find.seen != want {
					t.Errorf("%s, level %d, pieces of %d: %d bytes were searched, want %d", wr.name, level, piece, find.seen, want)
				}
			}
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	// The package inject holds 22 KiB more at most, while a page's length is unknown.
	const limit = (96 - 22) << 10
	if size := unsafe.Sizeof(Writer{}) + unsafe.Sizeof(workbench{}); size > limit {
		t.Errorf("a response takes %d bytes, more than %d", size, limit)
	}
}

func TestAWriterThatWaitsForMoreToCopyHasNoWorkbench(t *testing.T) {
	text := orders(400_000)
	for _, format := range []wrapping{inGzip, raw} {
		body := format.compress(t, 6, text)
		w := NewWriter(io.Discard, format.format, new(headFinder), func() []byte { return snippet })
		if _, err := w.Write(body[:len(body)-1000]); err != nil {
			t.Fatal(err)
		}
		if w.bench != nil {
			t.Errorf("%s: after the rewriting it still has one", format.name)
		}
	}
}
