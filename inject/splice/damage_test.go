package splice

import (
	"bytes"
	"fmt"
	"testing"
)

// damagedBody is a body to damage, and the text it had.
type damagedBody struct {
	name       string
	text, body []byte
}

func bodiesToDamage(t *testing.T, wr wrapping) []damagedBody {
	small, big := orders(600), orders(60_000)
	return []damagedBody{
		{"small", small, wr.compress(t, 6, small)},
		{"small, stored", small, wr.compress(t, 0, small)},
		{"small, flushed", small, wr.compress(t, 6, small[:20], small[20:50], small[50:300], small[300:])},
		{"big", big, wr.compress(t, 6, big)},
	}
}

// check compares what a reader gets of a damaged body with and without an insertion.
func (d damagedBody) check(t *testing.T, wr wrapping, damaged []byte, name string) {
	t.Helper()
	before, errBefore := wr.decompress(damaged)
	good := before[:commonPrefix(before, d.text)]
	for _, piece := range []int{999, whole} {
		name := fmt.Sprintf("%s, %s, %s, pieces of %d", wr.name, d.name, name, piece)
		out, w := splicing{wr.format, new(headFinder), snippet, piece}.run(t, damaged)
		if w.Outcome() != Inserted {
			if !bytes.Equal(out, damaged) {
				t.Errorf("%s: outcome %v, but the body changed", name, w.Outcome())
			}
			continue
		}
		after, errAfter := wr.decompress(out)
		if (errBefore == nil) != (errAfter == nil) {
			t.Errorf("%s: the reader's error was %v, is %v", name, errBefore, errAfter)
		}
		head := bytes.Index(before, []byte("<head>"))
		if head < 0 {
			continue // the reader had decoded no text yet
		}
		at := int64(head + len("<head>"))
		if errBefore == nil && !bytes.Equal(after, withInsertion(before, at, snippet)) {
			t.Errorf("%s: wrong text", name)
		}
		// How much of the text a reader has when it meets the damage may differ, but not
		// the text itself.
		if at <= int64(len(good)) {
			want := withInsertion(good, at, snippet)
			if n := min(len(want), len(after)); !bytes.Equal(after[:n], want[:n]) {
				t.Errorf("%s: wrong text before the damage", name)
			}
		}
	}
}

func commonPrefix(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func TestABodyThatIsCutOffStaysCutOff(t *testing.T) {
	for _, wr := range wrappings {
		for _, d := range bodiesToDamage(t, wr) {
			step := 1 + len(d.body)/800
			for end := 0; end < len(d.body); end += step {
				d.check(t, wr, d.body[:end], fmt.Sprintf("cut at %d of %d", end, len(d.body)))
			}
		}
	}
}

func TestAChangedBitIsSeenByTheReaderAsBefore(t *testing.T) {
	for _, wr := range wrappings {
		for _, d := range bodiesToDamage(t, wr) {
			step := 1
			if len(d.body) > 2000 {
				step = 151
			}
			for bit := 0; bit < len(d.body)*8; bit += step {
				damaged := bytes.Clone(d.body)
				damaged[bit>>3] ^= 1 << (bit & 7)
				d.check(t, wr, damaged, fmt.Sprintf("bit %d of %d", bit, len(damaged)*8))
			}
		}
	}
}
