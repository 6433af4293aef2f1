package sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// file is the target of a sink that writes lines of JSON.
type file struct {
	path string
	mode os.FileMode
	open *os.File
	pipe bool // or a terminal: there is nothing to be synchronised
}

// File returns a target that appends each record as a line of JSON to a file. It makes the file and its folder when they
// are not there, also after somebody has moved the file away.
func File(path string, mode os.FileMode) Target { return &file{path: path, mode: mode} }

// String is the path.
func (f *file) String() string { return "file " + f.path }

// Bounds are such that a batch is written at once, and the disk is not synchronised for every event.
func (f *file) Bounds() Bounds {
	return Bounds{Events: 5000, Bytes: 4 << 20, Wait: 100 * time.Millisecond}
}

// Encode writes a record as a line.
func (f *file) Encode(r Record) ([]byte, error) {
	line, err := encode(r)
	return append(line, '\n'), err
}

// Send appends a batch. It is on disk when Send returns.
func (f *file) Send(_ context.Context, batch Batch) error {
	if err := f.reopen(); err != nil {
		return fmt.Errorf("opening %s: %w; let this user write there", f.path, err)
	}
	size, err := endOfLines(f.open)
	if err != nil {
		return fmt.Errorf("reading the end of %s: %w", f.path, err)
	}
	var lines []byte
	for _, one := range batch.Items {
		lines = append(lines, one.Encoded...)
	}
	if _, err = f.open.Write(lines); err == nil && !f.pipe {
		err = f.open.Sync()
	}
	if err != nil && f.pipe {
		return errors.Join(fmt.Errorf("writing %s: %w", f.path, err), f.Close())
	}
	if err != nil {
		// Without a part of a batch, the file is as good as before. After a failed synchronisation nothing is known of it.
		err = errors.Join(fmt.Errorf("writing %s: %w; check the disk's space and health", f.path, err), f.open.Truncate(size), f.Close())
	}
	return err
}

// reopen opens the file where it is not open, or is not that of the path any more.
func (f *file) reopen() error {
	if f.open != nil {
		ours, err := f.open.Stat()
		if err != nil {
			return errors.Join(err, f.Close())
		}
		if theirs, err := os.Stat(f.path); err == nil && os.SameFile(ours, theirs) {
			return nil
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o750); err != nil {
		return err
	}
	if info, err := os.Stat(f.path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		f.pipe = true
		f.open, err = os.OpenFile(f.path, os.O_WRONLY, 0)
		return err
	}
	f.pipe = false
	var err error
	f.open, err = os.OpenFile(f.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, f.mode)
	return err
}

// Close closes the file.
func (f *file) Close() error {
	if f.open == nil {
		return nil
	}
	err := f.open.Close()
	f.open = nil
	return err
}

// endOfLines is the size of a file of lines. What a crash left of a line of ours is cut off: it is written again whole. The
// end of any other text becomes a line of its own.
func endOfLines(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 || !info.Mode().IsRegular() {
		return 0, err
	}
	size := info.Size()
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, size-1); err != nil || last[0] == '\n' {
		return size, err
	}
	begin := max(size-(4<<20), 0)
	end := make([]byte, size-begin)
	if _, err := file.ReadAt(end, begin); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	at := bytes.LastIndexByte(end, '\n') + 1
	if half := end[at:]; bytes.HasPrefix(half, []byte(`{"key":"`)) || bytes.HasPrefix(half, []byte(`{"deadAt":"`)) || len(half) < 8 {
		size = begin + int64(at)
		return size, file.Truncate(size)
	}
	if _, err := file.Write([]byte("\n")); err != nil {
		return 0, err
	}
	return size + 1, nil
}
