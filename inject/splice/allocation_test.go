//go:build !race

package splice

import (
	"io"
	"testing"
)

// With the race detector, a sync.Pool forgets things on purpose.
func TestAResponseTakesNoMemoryOfItsOwn(t *testing.T) {
	text := documentation(t, pythonPages+"library/os.html")
	for _, wr := range wrappings {
		body := wr.compress(t, 6, text)
		var w Writer
		find := new(headFinder)
		insertion := func() []byte { return snippet }
		allocated := testing.AllocsPerRun(50, func() {
			find.text = find.text[:0]
			w.Reset(io.Discard, wr.format, find, insertion)
			for rest := body; len(rest) > 0; {
				n := min(1000, len(rest))
				if _, err := w.Write(rest[:n]); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		})
		// A garbage collection meanwhile empties the pool.
		if allocated > 1 {
			t.Errorf("%s: %v allocations for a response", wr.name, allocated)
		}
	}
}
