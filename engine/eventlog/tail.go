package eventlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Tail reads a log from a position on, while it is written to. It holds no file open and nothing in memory between two
// reads, so segments may be removed, and records in them rewritten, behind its back: what is not there any more is passed
// over. One goroutine may use it.
type Tail struct {
	log *Log
	at  Position
}

// Kept is an event and its place in the log.
type Kept struct {
	Event
	// Start and Next are where the event begins, and where the one behind it does.
	Start, Next Position
	// Passed is how many events of its piece are passed with this one.
	Passed int
}

// Piece is what one read of a [Tail] gives.
type Piece struct {
	Events []Kept
	// Passed is how many events were passed, also those that cannot be read.
	Passed int
	// Damages tell of what cannot be read. They wrap [ErrDamaged].
	Damages []error
	// Gone is true where the segment that was to be read is not there any more, and reading goes on with the oldest
	// behind it.
	Gone bool
}

// pieceSize is how many bytes of a segment are read at once, unless one event has more.
const pieceSize = 256 << 10

// Tail returns a reader that begins at a position.
func (l *Log) Tail(from Position) *Tail { return &Tail{log: l, at: from} }

// At is the position behind what was read.
func (t *Tail) At() Position { return t.at }

// Gone says whether the segment that is to be read is not there any more.
func (t *Tail) Gone() bool {
	_, err := os.Stat(segmentPath(t.log.segments.dir, t.at.Segment))
	return t.at.Segment > 0 && errors.Is(err, fs.ErrNotExist)
}

// Read gives the next events, at most so many. It does not wait: at the log's end the piece is empty.
func (t *Tail) Read(most int) (Piece, error) {
	var piece Piece
	end := t.log.End()
	for t.at.Before(end) {
		if err := t.read(&piece, end, most, true); err != nil {
			return piece, err
		}
		if piece.Passed > 0 || piece.Gone || len(piece.Damages) > 0 {
			break
		}
	}
	return piece, nil
}

// Count says how many events lie behind the position, and how many of them had been appended since the log was opened
// when that was counted: the sum of both grows with [Log.Appended]. It reads all of them.
func (t *Tail) Count() (behind, appended int, err error) {
	t.log.growth.mu.Lock()
	end, appended := t.log.growth.end, t.log.growth.appended
	t.log.growth.mu.Unlock()
	counting := &Tail{log: t.log, at: t.at}
	for counting.at.Before(end) {
		var piece Piece
		if err := counting.read(&piece, end, 1<<30, false); err != nil {
			return 0, 0, err
		}
		behind += piece.Passed
	}
	return behind, appended, nil
}

// read takes one bite of the segment at the position, or goes on to the next segment.
func (t *Tail) read(piece *Piece, end Position, most int, decode bool) error {
	path := segmentPath(t.log.segments.dir, t.at.Segment)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		piece.Gone = t.at.Segment > 0
		return t.skipSegment(end)
	}
	if err != nil {
		return fmt.Errorf("reading the event log: %w; let this user read it", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("reading the event log: %w", err)
	}
	limit := info.Size()
	if t.at.Segment == end.Segment {
		limit = min(limit, end.Offset) // what is behind it is not durable yet
	}
	if t.at.Offset < int64(len(header)) {
		begin := make([]byte, len(header))
		if _, err := file.ReadAt(begin, 0); err != nil || string(begin) != header {
			piece.Damages = append(piece.Damages, fmt.Errorf("%w: %s has a format that this program does not know", ErrDamaged, path))
			return t.skipTo(limit, end)
		}
		t.at.Offset = int64(len(header))
	}
	if t.at.Offset >= limit {
		return t.skipTo(limit, end)
	}
	if err := t.biteOff(piece, file, limit, most, decode); err != nil || piece.Passed > 0 {
		return err
	}
	// What looks damaged may be an event that is being removed at this moment.
	t.log.forgetting.Lock()
	defer t.log.forgetting.Unlock()
	if err := t.biteOff(piece, file, limit, most, decode); err != nil || piece.Passed > 0 {
		return err
	}
	return t.passDamage(piece, file, path, limit)
}

// biteOff takes the events at the position, where there are whole ones.
func (t *Tail) biteOff(piece *Piece, file *os.File, limit int64, most int, decode bool) error {
	data, err := bite(file, t.at.Offset, limit)
	if err != nil {
		return fmt.Errorf("reading the event log: %w", err)
	}
	t.take(piece, file.Name(), data, most, decode)
	return nil
}

// bite reads some frames from an offset on, at least one when a whole one stands there.
func bite(file io.ReaderAt, offset, limit int64) ([]byte, error) {
	data := make([]byte, min(pieceSize, limit-offset))
	n, err := file.ReadAt(data, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	data = data[:n]
	if len(data) < frameHead {
		return data, nil
	}
	whole := int64(binary.LittleEndian.Uint32(data[2:6])) + frameHead
	if whole <= int64(n) || whole > MaxEventSize+frameHead || whole > limit-offset {
		return data, nil
	}
	data = make([]byte, whole)
	n, err = file.ReadAt(data, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return data[:n], nil
}

// take gives the whole frames at the start of data.
func (t *Tail) take(piece *Piece, path string, data []byte, most int, decode bool) {
	for at := 0; piece.Passed < most; {
		body, length, whole := frameAt(data[at:])
		if !whole {
			return
		}
		kept := Kept{Start: t.at}
		at += length
		t.at.Offset += int64(length)
		piece.Passed++
		if !decode || isHole(body) {
			continue
		}
		var err error
		if kept.Event, err = decodeEvent(body); err != nil {
			piece.Damages = append(piece.Damages, fmt.Errorf("%w: %s, the event at byte %d: %w", ErrDamaged, path, kept.Start.Offset, err))
			continue
		}
		kept.Next, kept.Passed = t.at, piece.Passed
		piece.Events = append(piece.Events, kept)
	}
}

// passDamage goes on to the next whole frame of a segment, or to its end.
func (t *Tail) passDamage(piece *Piece, file io.ReaderAt, path string, limit int64) error {
	rest := make([]byte, limit-t.at.Offset)
	n, err := file.ReadAt(rest, t.at.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the event log: %w", err)
	}
	piece.Damages = append(piece.Damages, fmt.Errorf("%w: %s, from byte %d", ErrDamaged, path, t.at.Offset))
	if skip := nextFrame(rest[:n]); skip >= 0 {
		t.at.Offset += int64(skip)
	} else {
		t.at.Offset = limit
	}
	return nil
}

// skipTo ends with a segment that has nothing more to read: at its end when it is the last, in the next when it is not.
func (t *Tail) skipTo(limit int64, end Position) error {
	if t.at.Segment == end.Segment {
		t.at.Offset = max(limit, end.Offset)
		return nil
	}
	return t.skipSegment(end)
}

// skipSegment goes on to the oldest segment behind the one at the position.
func (t *Tail) skipSegment(end Position) error {
	all, err := listSegments(t.log.segments.dir)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.number > t.at.Segment && one.number <= end.Segment {
			t.at = Position{Segment: one.number}
			return nil
		}
	}
	t.at = end
	return nil
}
