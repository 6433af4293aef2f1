package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"os"
	"slices"
)

// Unbounded is the total size of a log of which nothing is removed but by [Log.Remove].
const Unbounded = math.MaxInt64

// Placed is an event and the number of the segment that holds it.
type Placed struct {
	Event
	Segment uint64
}

// ReadPlaced gives the events of the log in a folder as [Read] does, with the segments that hold them. An error has the
// segment that it speaks of, where there is one.
func ReadPlaced(dir string) iter.Seq2[Placed, error] {
	return func(yield func(Placed, error) bool) {
		readSegments(dir, func(segment uint64, e Event, err error) bool { return yield(Placed{e, segment}, err) })
	}
}

// Remove removes a segment of whose events nobody needs any more. One that events are being written to is followed by
// another first. Removing what is not there does nothing.
func (l *Log) Remove(ctx context.Context, segment uint64) error {
	return l.ask(ctx, &batch{do: func(s *segments) error { return s.remove(segment) }, answer: make(chan error, 1)})
}

// remove removes one segment.
func (s *segments) remove(number uint64) error {
	at := slices.IndexFunc(s.all, func(one segment) bool { return one.number == number })
	if at < 0 {
		return nil
	}
	if at == len(s.all)-1 {
		// The next segment has a number of its own, also after a restart: it is begun before this one goes.
		if s.end != nil {
			s.abandon()
		}
		if err := s.begin(); err != nil {
			return s.failed(err)
		}
	}
	if err := os.Remove(s.all[at].path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing a segment of the event log: %w; let this user write there", err)
	}
	s.all = slices.Delete(s.all, at, at+1)
	return nil
}
