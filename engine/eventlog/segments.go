package eventlog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// file is what a segment needs of its file.
type file interface {
	io.Writer
	Sync() error
	Truncate(size int64) error
	Close() error
}

// segment is one file of the log.
type segment struct {
	path   string
	number uint64
	size   int64
}

// segments are the files of a log, and the open end of the last one. One goroutine uses them.
type segments struct {
	dir     string
	options Options
	all     []segment // oldest first
	end     file      // of the last segment; nil: the next write begins a new one
	began   time.Time // when the last segment was begun
}

// segmentSuffix ends the name of a segment; before it stands its number.
const segmentSuffix = ".events"

// openSegments finds the segments of a log and makes its end ready to be written to.
func openSegments(dir string, options Options) (*segments, error) {
	all, err := listSegments(dir)
	if err != nil {
		return nil, err
	}
	s := &segments{dir: dir, options: options, all: all}
	if err := s.recover(); err != nil {
		return nil, err
	}
	s.bound()
	return s, nil
}

// listSegments finds the segments in a folder, the oldest first.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the event log %s: %w", dir, err)
	}
	var all []segment
	for _, entry := range entries {
		name, isSegment := strings.CutSuffix(entry.Name(), segmentSuffix)
		number, err := strconv.ParseUint(name, 10, 64)
		if !isSegment || err != nil {
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("reading the event log %s: %w", dir, err)
		}
		all = append(all, segment{path: filepath.Join(dir, entry.Name()), number: number, size: info.Size()})
	}
	slices.SortFunc(all, func(a, b segment) int {
		if a.number < b.number {
			return -1
		}
		return 1
	})
	return all, nil
}

// recover makes the last segment's end ready. What a crash left half-written is cut off. A segment that is damaged before
// its end, or that another version wrote, is left as it is, and a new one begun behind it.
func (s *segments) recover() error {
	if len(s.all) == 0 {
		return nil
	}
	last := &s.all[len(s.all)-1]
	data, err := os.ReadFile(last.path)
	if err != nil {
		return fmt.Errorf("reading the end of the event log: %w; let this user read and write it", err)
	}
	if !strings.HasPrefix(string(data), header) {
		if strings.HasPrefix(header, string(data)) { // a crash in the middle of beginning it
			s.all = s.all[:len(s.all)-1]
			return os.Remove(last.path)
		}
		s.options.Logger.Error("the end of the event log has a format that this program does not know; it is left as it is, and a new segment begins", "segment", last.path)
		return nil
	}
	frames := data[len(header):]
	whole := wholeFrames(frames)
	torn := len(frames) - whole
	if torn > 0 && nextFrame(frames[whole:]) >= 0 {
		s.options.Logger.Error("the end of the event log is damaged; it is left as it is, and a new segment begins",
			"segment", last.path, "offset", len(header)+whole)
		return nil
	}
	end, err := s.options.create(last.path)
	if err != nil {
		return fmt.Errorf("opening the end of the event log: %w; let this user read and write it", err)
	}
	if torn > 0 {
		last.size = int64(len(header) + whole)
		if err := errors.Join(end.Truncate(last.size), end.Sync()); err != nil {
			return errors.Join(fmt.Errorf("cutting off what a crash left half-written in %s: %w", last.path, err), end.Close())
		}
		s.options.Logger.Warn("a crash left something half-written at the end of the event log; it was cut off, and none of it had been acknowledged",
			"segment", last.path, "bytes", torn)
	}
	s.end, s.began = end, beginning(data)
	return nil
}

// beginning is when a segment was begun, as its first event has it.
func beginning(data []byte) time.Time {
	now := time.Now()
	if body, _, whole := frameAt(data[len(header):]); whole && !isHole(body) {
		if first, err := decodeEvent(body); err == nil && first.At.Before(now) {
			return first.At
		}
	}
	return now
}

// write makes frames durable. When it fails, none of them is to be relied on, and the next write starts afresh.
func (s *segments) write(frames []byte) error {
	if s.end != nil && s.all[len(s.all)-1].size >= s.options.SegmentSize {
		s.abandon()
	}
	if s.end == nil {
		if err := s.begin(); err != nil {
			return s.failed(err)
		}
		s.bound()
	}
	last := &s.all[len(s.all)-1]
	if _, err := s.end.Write(frames); err != nil {
		// Without the part that was written, the segment is as good as before.
		if errors.Join(s.end.Truncate(last.size), s.end.Sync()) != nil {
			s.abandon()
		}
		return s.failed(err)
	}
	if err := s.end.Sync(); err != nil {
		// Once this has failed, nobody can tell what is on disk: nothing more goes into this segment.
		s.abandon()
		return s.failed(err)
	}
	last.size += int64(len(frames))
	return nil
}

// last is the number of the segment that was written to last.
func (s *segments) last() uint64 { return s.all[len(s.all)-1].number }

func (s *segments) failed(err error) error {
	return fmt.Errorf("writing to the event log %s: %w; check the disk's space and health", s.dir, err)
}

// begin makes the next segment.
func (s *segments) begin() error {
	number := uint64(1)
	if len(s.all) > 0 {
		number = s.all[len(s.all)-1].number + 1
	}
	path := segmentPath(s.dir, number)
	end, err := s.options.create(path)
	if err != nil {
		return err
	}
	_, err = io.WriteString(end, header)
	if err = errors.Join(err, end.Sync(), syncFolder(s.dir)); err != nil {
		return errors.Join(err, end.Close(), os.Remove(path))
	}
	s.all = append(s.all, segment{path: path, number: number, size: int64(len(header))})
	s.end, s.began = end, time.Now()
	return nil
}

func segmentPath(dir string, number uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", number, segmentSuffix))
}

// abandon closes the last segment, so that the next write begins a new one.
func (s *segments) abandon() {
	if err := s.end.Close(); err != nil {
		s.options.Logger.Warn("a segment of the event log could not be closed", "segment", s.all[len(s.all)-1].path, "error", err)
	}
	s.end = nil
}

// bound removes the oldest segments when all together are larger than the log may be. The last one stays.
func (s *segments) bound() {
	total := int64(0)
	for _, one := range s.all {
		total += one.size
	}
	for len(s.all) > 1 && total > s.options.TotalSize {
		oldest := s.all[0]
		if err := os.Remove(oldest.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.options.Logger.Error("the event log is larger than it may be, and its oldest segment could not be removed", "segment", oldest.path, "error", err)
			return
		}
		s.options.Logger.Info("the event log is as large as it may be; its oldest segment was removed", "segment", oldest.path)
		total -= oldest.size
		s.all = s.all[1:]
	}
}

// position is where the log ends.
func (s *segments) position() Position {
	if len(s.all) == 0 {
		return Position{}
	}
	last := s.all[len(s.all)-1]
	return Position{Segment: last.number, Offset: last.size}
}

func (s *segments) close() error {
	if s.end == nil {
		return nil
	}
	return s.end.Close()
}

// createFile opens a segment's file for writing at its end, and makes it when there is none.
func createFile(path string) (file, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

// syncFolder makes a new file's name durable.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // a folder cannot be synchronised there; NTFS journals names by itself
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
