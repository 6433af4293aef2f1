package eventlog

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strings"
)

// ErrDamaged is wrapped by the errors of [Read] that tell of events which cannot be read.
var ErrDamaged = errors.New("the event log is damaged")

// Read gives the events of the log in a folder, in the order in which they were written. It may be read while it is
// written to. An error that wraps [ErrDamaged] stands for what cannot be read, and the events behind it follow; after any
// other error, reading ends. A half-written end is not an error.
func Read(dir string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		readSegments(dir, func(_ uint64, e Event, err error) bool { return yield(e, err) })
	}
}

// readSegments gives the events of all segments in a folder, each with its segment's number.
func readSegments(dir string, yield func(segment uint64, e Event, err error) bool) {
	all, err := listSegments(dir)
	if err != nil {
		yield(0, Event{}, err)
		return
	}
	for i, one := range all {
		data, err := os.ReadFile(one.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // removed meanwhile, because the log was too large
		case err != nil:
			yield(one.number, Event{}, fmt.Errorf("reading the event log: %w", err))
			return
		}
		if !readSegment(one.path, data, i == len(all)-1, func(e Event, err error) bool { return yield(one.number, e, err) }) {
			return
		}
	}
}

// All gives the events of the log, as [Read] does.
func (l *Log) All() iter.Seq2[Event, error] { return Read(l.segments.dir) }

// readSegment gives the events of one segment; false when nobody wants more.
func readSegment(path string, data []byte, last bool, yield func(Event, error) bool) bool {
	if !strings.HasPrefix(string(data), header) {
		if last && strings.HasPrefix(header, string(data)) {
			return true
		}
		return yield(Event{}, fmt.Errorf("%w: %s has a format that this program does not know", ErrDamaged, path))
	}
	at := len(header)
	for at < len(data) {
		body, length, whole := frameAt(data[at:])
		if !whole {
			skip := nextFrame(data[at:])
			if skip < 0 && last {
				return true
			}
			if !yield(Event{}, fmt.Errorf("%w: %s, from byte %d", ErrDamaged, path, at)) {
				return false
			}
			if skip < 0 {
				return true
			}
			at += skip
			continue
		}
		if isHole(body) {
			at += length
			continue
		}
		event, err := decodeEvent(body)
		if err != nil {
			err = fmt.Errorf("%w: %s, the event at byte %d: %w", ErrDamaged, path, at, err)
		}
		if !yield(event, err) {
			return false
		}
		at += length
	}
	return true
}
