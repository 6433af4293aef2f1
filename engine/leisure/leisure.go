// Package leisure does long work for which nobody waits in short pieces, with a rest after each, so that polls that come
// meanwhile find a processor. It matters most while the garbage collector works: its workers and that work would keep two
// processors for ten milliseconds at a time.
package leisure

import "time"

// Work goes on for workTime and rests for restTime, in which what else the process has to do goes first.
const (
	workTime = time.Millisecond
	restTime = 200 * time.Microsecond
	// blockSize is how much of a text is worked on between two looks at the clock.
	blockSize = 64 << 10
)

// Work is long work; it belongs to one goroutine. A nil Work is one for which somebody waits: it never rests.
type Work struct {
	since time.Time
	rests int
}

// Begin begins work.
func Begin() *Work { return &Work{since: time.Now()} }

// Rest rests if the work has gone on for long enough. It is called often: a look at the clock takes some 50 ns.
func (w *Work) Rest() {
	if w == nil || time.Since(w.since) < workTime {
		return
	}
	time.Sleep(restTime)
	w.since = time.Now()
	w.rests++
}

// Rests is how often the work has rested.
func (w *Work) Rests() int {
	if w == nil {
		return 0
	}
	return w.rests
}

// Blocks works on a text block by block, until one fails. The blocks overlap by some bytes, so that what is no longer than one
// more lies in one of them as a whole.
func (w *Work) Blocks(text []byte, overlap int, do func(block []byte) error) error {
	for len(text) > 0 {
		size := min(blockSize, len(text))
		if err := do(text[:size]); err != nil {
			return err
		}
		if size == len(text) {
			return nil
		}
		text = text[size-overlap:]
		w.Rest()
	}
	return nil
}
