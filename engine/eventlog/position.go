package eventlog

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Position is a place between two events of a log: a segment's number, and a byte of it. The zero value is before every
// event.
type Position struct {
	Segment uint64 `json:"segment"`
	Offset  int64  `json:"offset"`
}

// Before says whether p lies before another position.
func (p Position) Before(other Position) bool {
	return p.Segment < other.Segment || p.Segment == other.Segment && p.Offset < other.Offset
}

// growth is what those who follow a log know of it. The writer never waits for them.
type growth struct {
	mu       sync.Mutex
	end      Position // everything before it is durable
	appended int      // events since the log was opened
	waiting  chan struct{}
}

// grow notes what has become durable, and wakes whoever waits for it.
func (g *growth) grow(end Position, batches []*batch) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.end = end
	for _, b := range batches {
		g.appended += b.events
	}
	if g.waiting != nil {
		close(g.waiting)
		g.waiting = nil
	}
}

// End is where the log ends now: everything before it is durable.
func (l *Log) End() Position {
	l.growth.mu.Lock()
	defer l.growth.mu.Unlock()
	return l.growth.end
}

// Appended is how many events were appended since the log was opened.
func (l *Log) Appended() int {
	l.growth.mu.Lock()
	defer l.growth.mu.Unlock()
	return l.growth.appended
}

// grown is closed at once when there are events behind a position, and otherwise when there are.
var grown = func() chan struct{} {
	closed := make(chan struct{})
	close(closed)
	return closed
}()

// Grown returns a channel that is closed as soon as the log has events behind a position.
func (l *Log) Grown(from Position) <-chan struct{} {
	l.growth.mu.Lock()
	defer l.growth.mu.Unlock()
	if from.Before(l.growth.end) {
		return grown
	}
	if l.growth.waiting == nil {
		l.growth.waiting = make(chan struct{})
	}
	return l.growth.waiting
}

// Dir is the folder of the log.
func (l *Log) Dir() string { return l.segments.dir }

// ID is a name that no other log has. It is made when it is first asked for, and stays with the folder.
func (l *Log) ID() (string, error) {
	l.growth.mu.Lock()
	defer l.growth.mu.Unlock()
	path := filepath.Join(l.segments.dir, "id")
	text, err := os.ReadFile(path)
	if id := strings.TrimSpace(string(text)); err == nil && id != "" {
		return id, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("reading the event log's id: %w; let this user read it", err)
	}
	id := strings.ToLower(rand.Text()[:12])
	if err := WriteFile(path, []byte(id+"\n")); err != nil {
		return "", fmt.Errorf("keeping the event log's id: %w; check the disk's space and health", err)
	}
	return id, nil
}

// WriteFile puts a small file in place whole: after a crash it is there as before, or as it is now.
func WriteFile(path string, data []byte) error {
	next, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp") // only this user may read it
	if err != nil {
		return err
	}
	_, err = next.Write(data)
	if err = errors.Join(err, next.Sync(), next.Close()); err == nil {
		if err = os.Rename(next.Name(), path); err == nil {
			return syncFolder(filepath.Dir(path))
		}
	}
	return errors.Join(err, os.Remove(next.Name()))
}
