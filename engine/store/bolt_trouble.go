package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// writing is how writing to a file goes.
type writing struct {
	path   string
	logger *slog.Logger

	mu sync.Mutex
	// since is since when nothing could be written; zero while all is well.
	since time.Time
	// last is when it was tried last, reason what came of it.
	last   time.Time
	reason error
}

// failed notes that something could not be written. The log tells it once, until it can be again.
func (w *writing) failed(reason error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, w.reason = time.Now(), reason
	if w.since.IsZero() {
		w.since = w.last
		w.logger.Error("the store cannot be written to; what visitors do is refused, and browsers send it again; counts and visits wait in memory", "store", w.path, "error", reason)
	}
}

// worked notes that something was written.
func (w *writing) worked() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.since.IsZero() {
		w.logger.Info("the store can be written to again", "store", w.path, "since_not", w.since.UTC().Format(time.RFC3339))
		w.since, w.reason = time.Time{}, nil
	}
}

// trouble says what is wrong; nil when all is well.
func (w *writing) trouble() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.IsZero() {
		return nil
	}
	return fmt.Errorf("the store cannot be written to since %s, so what visitors do is refused, and browsers send it again; it was tried last at %s: %w",
		w.since.UTC().Format(time.RFC3339), w.last.UTC().Format(time.RFC3339), w.reason)
}

// Trouble implements [Troubled].
func (b *Bolt) Trouble() error {
	if trouble := b.writer.writing.trouble(); trouble != nil {
		return trouble
	}
	return b.writer.place.check() // also where nobody has written anything since
}

// errGone: the file that is open is not the one in its place any more.
var errGone = errors.New("it is not the file that was opened")

// place is where a file was opened. What is written to a file that somebody has taken away is lost when it is closed: it
// may not be acknowledged.
type place struct {
	path   string
	opened os.FileInfo // nil where the system cannot tell
}

func placeOf(path string) place {
	opened, err := os.Stat(path)
	if err != nil {
		opened = nil
	}
	return place{path, opened}
}

// check says whether the file is there still. What it cannot know it takes for well.
func (p place) check() error {
	if p.opened == nil {
		return nil
	}
	what := "replaced by another one"
	switch now, err := os.Stat(p.path); {
	case errors.Is(err, fs.ErrNotExist):
		what = "removed or moved"
	case err != nil, os.SameFile(p.opened, now):
		return nil
	}
	return fmt.Errorf("the store %s was %s while it was in use (%w); put the file back, or restart Caddy to go on with what is there now", p.path, what, errGone)
}

// Trouble implements [Troubled].
func (c *Cache) Trouble() error {
	if troubled, ok := c.Store.(Troubled); ok {
		return troubled.Trouble()
	}
	return nil
}
