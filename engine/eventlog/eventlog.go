// Package eventlog keeps reports and tracked events in a durable, append-only log: a folder of segments, each a file of
// frames with a checksum.
//
// [Log.Append] returns when its events are on disk; appends that arrive together share one synchronisation. A segment that
// has reached its size is followed by another, and when all of them are larger than the log may be, the oldest is removed.
// What a crash left half-written at the end is cut off when the log is opened; none of it had been acknowledged. [Read]
// gives the events back in their order; [Log.Tail] follows them from a position on, for sinks. [Log.Forget] removes those of
// somebody who is to be forgotten, [Log.Sweep] those of long ago.
package eventlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Event is something that happened to or was done by a visitor.
type Event struct {
	// ID is the event's own id, as its sender made it; an event that was sent twice is in the log twice.
	ID string
	// Type is "report", or the kind of the analytics call: "track", "identify", "page" …
	Type string
	// Workspace and Visitor say whose event it is.
	Workspace, Visitor string
	// Message and Delivery are what a report is about.
	Message, Delivery string
	// Name is the event's name, a page's name, or what a report says happened.
	Name string
	// Value is what the event carries besides its properties.
	Value string
	// Properties are values as JSON has them.
	Properties map[string]any
	// At is when it happened, with milliseconds, in UTC.
	At time.Time
}

// Options say how large a log becomes. The zero value is a good choice.
type Options struct {
	// SegmentSize is the size in bytes at which a segment is followed by another; 0 means [DefaultSegmentSize].
	SegmentSize int64
	// TotalSize is the size in bytes above which the oldest segment is removed; 0 means [DefaultTotalSize].
	TotalSize int64
	// Logger receives what an operator should know: what was cut off, set aside or removed. Nil: slog.Default().
	Logger *slog.Logger

	// create makes a segment's file; tests make it fail.
	create func(path string) (file, error)
}

// Defaults and bounds.
const (
	DefaultSegmentSize = 16 << 20
	DefaultTotalSize   = 1 << 30
	// MaxEventSize is how large one event may be when written, in bytes.
	MaxEventSize = 1 << 20
)

// Errors of [Open] and [Log.Append], wrapped with where and what to do.
var (
	// ErrClosed: the log was closed.
	ErrClosed = errors.New("the event log is closed")
	// ErrLocked: another process has the log open.
	ErrLocked = errors.New("another process has the event log open")
	// ErrEvent: an event cannot be written. Appending it again does not help.
	ErrEvent = errors.New("event refused")
)

// lockTimeout is how long opening waits for another process, or an older generation of this one, to let go of the log.
const lockTimeout = 800 * time.Millisecond

// queueLength is how many appends may wait for the writer before callers wait to be accepted.
const queueLength = 4096

// Log is a log of events in a folder. It is safe for concurrent use; one process can have it open.
type Log struct {
	segments *segments
	lock     *flock.Flock
	queue    chan *batch
	stopped  chan struct{}

	gate    sync.RWMutex // held for reading while something is put into the queue
	closed  bool
	closing sync.Once
	last    error // of Close

	forgetting sync.Mutex // held while events are removed
	alsoForget []func(dir string, of func(Event) bool) (int, error)
	growth     growth
}

// batch is what one Append writes, or something else that is to be done to the segments.
type batch struct {
	frames  []byte
	events  int
	segment uint64 // the one that holds them, once they are written
	do      func(*segments) error
	answer  chan error
}

// Open opens the log in a folder, and makes the folder when there is none. It fails within about a second when another
// process has the log open.
func Open(dir string, options Options) (*Log, error) {
	if options.SegmentSize <= 0 {
		options.SegmentSize = DefaultSegmentSize
	}
	if options.TotalSize <= 0 {
		options.TotalSize = DefaultTotalSize
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	if options.create == nil {
		options.create = createFile
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the event log %s: %w; make it, or let this user write there", dir, err)
	}
	lock, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	var segments *segments
	if err = finishForgetting(dir); err == nil {
		segments, err = openSegments(dir, options)
	}
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	l := &Log{segments: segments, lock: lock, queue: make(chan *batch, queueLength), stopped: make(chan struct{})}
	l.growth.end = segments.position()
	go l.run()
	return l, nil
}

func takeLock(dir string) (*flock.Flock, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	lock := flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600))
	locked, err := lock.TryLockContext(ctx, 50*time.Millisecond)
	switch {
	case locked:
		return lock, nil
	case err == nil, errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("%w: %s; stop the other one, or give this one a folder of its own", ErrLocked, dir)
	}
	return nil, fmt.Errorf("locking the event log %s: %w; let this user write there", dir, err)
}

// Append writes events, in their order and next to each other. They are durable when it returns. When ctx ends while it
// waits, they are written all the same. An event that cannot be written is an error that wraps [ErrEvent]; none of the
// call's events is written then.
func (l *Log) Append(ctx context.Context, events ...Event) error {
	_, err := l.AppendPlaced(ctx, events...)
	return err
}

// AppendPlaced writes events as [Log.Append] does, and says which segment holds them.
func (l *Log) AppendPlaced(ctx context.Context, events ...Event) (segment uint64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if len(events) == 0 {
		return 0, nil
	}
	b := &batch{answer: make(chan error, 1), events: len(events)}
	for i, event := range events {
		if b.frames, err = appendFrame(b.frames, event); err != nil {
			return 0, fmt.Errorf("%w: event %d (%.40q): %w", ErrEvent, i, event.ID, err)
		}
	}
	if err := l.ask(ctx, b); err != nil {
		return 0, err
	}
	return b.segment, nil
}

// ask gives the writer something to do and waits until it is done.
func (l *Log) ask(ctx context.Context, b *batch) error {
	if err := l.accept(ctx, b); err != nil {
		return err
	}
	select {
	case err := <-b.answer:
		return err
	case <-ctx.Done():
		return fmt.Errorf("nobody waited until the events were written: %w", ctx.Err())
	}
}

func (l *Log) accept(ctx context.Context, b *batch) error {
	l.gate.RLock()
	defer l.gate.RUnlock()
	if l.closed {
		return ErrClosed
	}
	select {
	case l.queue <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Log) isClosed() bool {
	l.gate.RLock()
	defer l.gate.RUnlock()
	return l.closed
}

// Close writes what waits and lets go of the folder.
func (l *Log) Close() error {
	l.closing.Do(func() {
		l.gate.Lock()
		l.closed = true
		l.gate.Unlock()
		close(l.queue)
		<-l.stopped
		l.forgetting.Lock()
		defer l.forgetting.Unlock()
		l.last = errors.Join(l.segments.close(), l.lock.Close())
	})
	return l.last
}

// run writes what is appended. What arrives while a batch is being synchronised to disk shares the next
// synchronisation.
func (l *Log) run() {
	defer close(l.stopped)
	var together []*batch
	var frames []byte
	for first := range l.queue {
		// Those whose events have just become durable run first: what they append next shares the synchronisation.
		runtime.Gosched()
		var then *batch
		together, frames, then = l.gather(first, together[:0], frames[:0])
		if len(together) > 0 {
			err := l.segments.write(frames)
			if err == nil {
				l.growth.grow(l.segments.position(), together)
			}
			for _, b := range together {
				if err == nil {
					b.segment = l.segments.last()
				}
				b.answer <- err
			}
			clear(together) // let go of what was written
		}
		if then != nil {
			err := then.do(l.segments)
			l.growth.grow(l.segments.position(), nil)
			then.answer <- err
		}
	}
}

// gather takes what waits. What is not to be written but done ends it: it is done then.
func (l *Log) gather(first *batch, together []*batch, frames []byte) (all []*batch, data []byte, then *batch) {
	const most = 4 << 20 // bytes in one synchronisation
	if first.do != nil {
		return together, frames, first
	}
	together, frames = append(together, first), append(frames, first.frames...)
	for len(frames) < most {
		select {
		case b, open := <-l.queue:
			switch {
			case !open:
				return together, frames, nil
			case b.do != nil:
				return together, frames, b
			}
			together, frames = append(together, b), append(frames, b.frames...)
		default:
			return together, frames, nil
		}
	}
	return together, frames, nil
}
