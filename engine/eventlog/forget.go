package eventlog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Events are forgotten where they stand: the event of a frame is overwritten with zeros, the frame keeps its place and its
// length. So nothing that points into the log has to move, and who reads it meanwhile reads on. What is about to be
// overwritten is written down before, so that a crash in the middle leaves nothing half-done:
//
//	HBHOLES 1 | number of the segment (8 bytes) | offsets of frames (8 each) | checksum of all before (4)
//
// with little-endian numbers and CRC-32C.
const (
	intentName   = "forgetting"
	intentHeader = "HBHOLES\x01"
	intentHead   = len(intentHeader) + 8
	intentSum    = 4
)

// Forget removes the events that a question is answered with yes for. They are gone from the disk when it returns. Others
// keep their places. When it fails in between, some may be removed; calling it again goes on.
func (l *Log) Forget(ctx context.Context, of func(Event) bool) (removed int, err error) {
	l.forgetting.Lock()
	defer l.forgetting.Unlock()
	if l.isClosed() {
		return 0, ErrClosed
	}
	dir := l.segments.dir
	if err := finishForgetting(dir); err != nil {
		return 0, err
	}
	all, err := listSegments(dir)
	if err != nil {
		return 0, err
	}
	for _, one := range all {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		offsets, err := find(one.path, of)
		if err == nil && len(offsets) > 0 {
			err = forgetIn(dir, one, offsets)
		}
		if err != nil {
			return removed, fmt.Errorf("removing events from the log: %w; some may be left: try again", err)
		}
		removed += len(offsets)
	}
	for _, remove := range l.alsoForget {
		n, err := remove(dir, of)
		if removed += n; err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// AlsoForget lets [Log.Forget] remove events from elsewhere, too: from what was made of the log and lies beside it.
func (l *Log) AlsoForget(remove func(dir string, of func(Event) bool) (removed int, err error)) {
	l.forgetting.Lock()
	defer l.forgetting.Unlock()
	l.alsoForget = append(l.alsoForget, remove)
}

// find are the places of the events in a segment that are to be forgotten.
func find(path string, of func(Event) bool) (offsets []int64, err error) {
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil // removed meanwhile, because the log was too large
	case err != nil:
		return nil, err
	case !strings.HasPrefix(string(data), header):
		return nil, nil
	}
	for at := len(header); at < len(data); {
		body, length, whole := frameAt(data[at:])
		if !whole {
			skip := nextFrame(data[at:])
			if skip < 0 {
				break
			}
			at += skip
			continue
		}
		if !isHole(body) {
			if event, err := decodeEvent(body); err == nil && of(event) {
				offsets = append(offsets, int64(at))
			}
		}
		at += length
	}
	return offsets, nil
}

// forgetIn writes down what is to be overwritten in a segment, and overwrites it.
func forgetIn(dir string, in segment, offsets []int64) error {
	intent := binary.LittleEndian.AppendUint64([]byte(intentHeader), in.number)
	for _, offset := range offsets {
		intent = binary.LittleEndian.AppendUint64(intent, uint64(offset))
	}
	intent = binary.LittleEndian.AppendUint32(intent, crc32.Checksum(intent, castagnoli))
	path := filepath.Join(dir, intentName)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(intent)
	if err = errors.Join(err, f.Sync(), f.Close(), syncFolder(dir)); err != nil {
		return errors.Join(err, os.Remove(path)) // nothing was overwritten yet
	}
	if err := makeHoles(in.path, offsets); err != nil {
		return err // what was written down is done by the next one
	}
	return os.Remove(path)
}

// finishForgetting brings to its end what a crash has interrupted.
func finishForgetting(dir string) error {
	path := filepath.Join(dir, intentName)
	intent, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("reading what is to be removed from the event log: %w; let this user read %s", err, path)
	}
	if number, offsets, whole := parseIntent(intent); whole { // else the crash came before anything was overwritten
		if err := makeHoles(segmentPath(dir, number), offsets); err != nil {
			return fmt.Errorf("removing events from the log: %w; check the disk's space and health", err)
		}
	}
	return os.Remove(path)
}

func parseIntent(intent []byte) (number uint64, offsets []int64, whole bool) {
	if len(intent) < intentHead+intentSum || !strings.HasPrefix(string(intent), intentHeader) {
		return 0, nil, false
	}
	said, sum := intent[:len(intent)-intentSum], intent[len(intent)-intentSum:]
	if crc32.Checksum(said, castagnoli) != binary.LittleEndian.Uint32(sum) || (len(said)-intentHead)%8 != 0 {
		return 0, nil, false
	}
	for rest := said[intentHead:]; len(rest) > 0; rest = rest[8:] {
		offsets = append(offsets, int64(binary.LittleEndian.Uint64(rest)))
	}
	return binary.LittleEndian.Uint64(said[len(intentHeader):]), offsets, true
}

// makeHoles overwrites the events of some frames. The segment keeps its time: it says when its last event was written.
func makeHoles(path string, offsets []int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // removed meanwhile, with all that was in it
	case err != nil:
		return err
	}
	defer func() { _ = f.Close() }() // what matters is whether it was synchronised
	info, err := f.Stat()
	if err != nil {
		return err
	}
	const lengthAt, sumAt = 2, 6 // in a frame
	var hole []byte
	for _, offset := range offsets {
		head := make([]byte, frameHead)
		if _, err := f.ReadAt(head, offset); err != nil {
			return err
		}
		size := binary.LittleEndian.Uint32(head[lengthAt:sumAt])
		if !strings.HasPrefix(string(head), string(mark)) || size > MaxEventSize {
			return fmt.Errorf("%w: %s has no event at byte %d", ErrDamaged, path, offset)
		}
		hole = append(hole[:0], make([]byte, frameHead-sumAt+int(size))...)
		binary.LittleEndian.PutUint32(hole, checksum(head[lengthAt:sumAt], hole[frameHead-sumAt:]))
		if _, err := f.WriteAt(hole, offset+sumAt); err != nil {
			return err
		}
	}
	return errors.Join(f.Sync(), os.Chtimes(path, time.Time{}, info.ModTime()))
}
