package splice

import (
	"bytes"
	"testing"
)

// FuzzSplice compresses any text at any level, flushed anywhere, and splices it at any
// point in pieces of any size.
func FuzzSplice(f *testing.F) {
	page := orders(3000)
	f.Add(page, []byte("<script>"), uint16(38), uint8(6), uint8(6), uint16(0), uint16(1))
	f.Add(page, []byte("0"), uint16(0), uint8(0), uint8(0), uint16(20), uint16(7))
	f.Add(page, bytes.Repeat([]byte("ab"), 1000), uint16(1000), uint8(255), uint8(3), uint16(999), uint16(0xFFFF))
	f.Add(bytes.Repeat([]byte("abc"), 20_000), []byte("x"), uint16(7), uint8(9), uint8(1), uint16(30_000), uint16(100))
	f.Add([]byte{}, []byte("x"), uint16(0), uint8(1), uint8(0), uint16(0), uint16(1))
	f.Fuzz(func(t *testing.T, text, insertion []byte, at uint16, level, lookahead uint8, flush, piece uint16) {
		point := min(int64(at), int64(len(text)))
		flushed := min(int(flush), len(text))
		for _, wr := range wrappings {
			body := wr.compress(t, int(level)%12-2, text[:flushed], text[flushed:])
			find := &offsetFinder{at: point, lookahead: min(int64(lookahead), int64(len(text))-point)}
			out, w := splicing{wr.format, find, insertion, int(piece) + 1}.run(t, body)
			if w.Outcome() != Inserted {
				if !bytes.Equal(out, body) {
					t.Errorf("%s: outcome %v, but the body changed", wr.name, w.Outcome())
				}
				if len(insertion) > 0 && len(text) > 0 && len(text) < MaxHeld/2 {
					t.Errorf("%s: outcome %v", wr.name, w.Outcome())
				}
				continue
			}
			got, err := wr.decompress(out)
			if err != nil {
				t.Fatalf("%s: %v", wr.name, err)
			}
			if !bytes.Equal(got, withInsertion(text, point, insertion)) {
				t.Errorf("%s: wrong text", wr.name)
			}
			if growth, known := w.Growth(); !known || growth != int64(len(out)-len(body)) {
				t.Errorf("%s: growth %d (%v), want %d", wr.name, growth, known, len(out)-len(body))
			}
		}
	})
}

// FuzzDamaged splices what is mostly no compressed body at all. It must come through
// as it is, or with the insertion at the point and every error in place.
func FuzzDamaged(f *testing.F) {
	page := orders(1500)
	for _, wr := range wrappings {
		for _, level := range []int{0, 1, 6, -2} {
			f.Add(wr.compress(f, level, page), uint16(38), uint16(100))
			f.Add(wr.compress(f, level, page[:30], page[30:700], page[700:]), uint16(38), uint16(3))
		}
	}
	f.Add(append(inGzip.compress(f, 6, page), inGzip.compress(f, 6, page)...), uint16(38), uint16(50))
	f.Fuzz(func(t *testing.T, body []byte, at, piece uint16) {
		for _, wr := range wrappings {
			find := &offsetFinder{at: int64(at)}
			out, w := splicing{wr.format, find, snippet, int(piece) + 1}.run(t, body)
			if w.Outcome() != Inserted {
				if !bytes.Equal(out, body) {
					t.Errorf("%s: outcome %v, but the body changed", wr.name, w.Outcome())
				}
				continue
			}
			before, errBefore := wr.decompress(body)
			after, errAfter := wr.decompress(out)
			if wr.format == Deflate && isZlibHeader(body[0], body[1]) != (wr.name == "zlib") {
				continue // the other kind of body
			}
			if (errBefore == nil) != (errAfter == nil) {
				t.Errorf("%s: the reader's error was %v, is %v", wr.name, errBefore, errAfter)
			}
			if errBefore == nil && !bytes.Equal(after, withInsertion(before, int64(at), snippet)) {
				t.Errorf("%s: wrong text", wr.name)
			}
		}
	})
}
