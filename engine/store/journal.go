package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/visitor"
)

// Journaled is a store in Redis with a journal on this edge's disk. What visitors do while Redis cannot be reached waits
// there: it is acknowledged when it is on the disk, this edge sees it at once, and it is written to Redis when that is back,
// in order, and once, also when the edge is killed meanwhile. The journal is bounded; when it is full, writes fail with
// [ErrUnavailable], as they do without it.
//
// What an operator does, such as sending a message to somebody, does not wait: who sends is told to send it again.
type Journaled struct {
	*Redis
	log    *eventlog.Log
	limit  int64
	logger *slog.Logger
	queue  *journalQueue
	// run names this run of the journal, and number the entry that was made last in it.
	run, number atomic.Uint64
	// appending are held while entries of visitors are made, so that their order on disk and in the queue is the same.
	appending stripes
	// emptying is held for reading while an entry is made: what is empty may go then and stay so.
	emptying sync.RWMutex
	// draining is held while entries are written.
	draining sync.Mutex

	// gone are, while entries are written, the times when visitors were forgotten, by workspace; wrote is since when what was
	// written since this was asked had waited, by visitor.
	gone    goneTimes
	wrote   map[Key]time.Time
	forgets func(Key)
	later   sync.WaitGroup // what is forgotten because another edge says so

	wake    chan struct{} // has an element when entries may be written
	ending  context.Context
	end     context.CancelFunc
	stopped chan struct{}
	closing sync.Once
	last    error // of Close

	taken, written, refused, lost atomic.Uint64
	full                          atomic.Bool            // it was said that the journal takes nothing
	complained                    atomic.Pointer[string] // why nothing can be written, which was said
}

var (
	_ Store     = (*Journaled)(nil)
	_ Peeker    = (*Journaled)(nil)
	_ Announcer = (*Journaled)(nil)
	_ Remote    = (*Journaled)(nil)
	_ Waiter    = (*Journaled)(nil)
)

// Waiter is a store in which changes may wait until they can be written where others see them.
type Waiter interface {
	// Waiting are the changes of a visitor that wait, oldest first.
	Waiting(key Key) []visitor.Change
	// ForgetWaiting takes away what waits of a visitor, also from the disk, and says how many entries that were.
	ForgetWaiting(ctx context.Context, key Key) (int, error)
	// Journal says how much waits.
	Journal() JournalState
}

// JournalState is how much waits in a journal.
type JournalState struct {
	// Waiting is how many entries wait, Bytes how much the journal has on disk, Limit how much it may have.
	Waiting      int
	Bytes, Limit int64
	// Oldest is since when the oldest waits; zero: nothing does.
	Oldest time.Time
	// Taken is how many entries came in since the journal was opened, Written how many of all are in Redis now, Refused how
	// many writes found no room or no disk, Lost how many could not be made in Redis, though they could when they came in.
	Taken, Written, Refused, Lost uint64
}

// JournalOptions say where a journal is, and how large it becomes.
type JournalOptions struct {
	// Folder is where it is; it belongs to one process.
	Folder string
	// Limit is the most that it may have on disk, in bytes; 0 means [DefaultJournal]. In memory it takes about three times that
	// when it is full.
	Limit int64
}

// Bounds of a journal's size.
const (
	DefaultJournal = 32 << 20
	LeastJournal   = 64 << 10
)

// journalParts is of how many segments a full journal consists.
const journalParts = 16

// journalPatience is how long a change waits for Redis where it can wait in a journal.
const journalPatience = 500 * time.Millisecond

// WithJournal gives a store in Redis a journal. What an earlier run left in it is seen at once, and written when Redis can be
// reached. Closing the result closes both.
func WithJournal(inner *Redis, options JournalOptions) (*Journaled, error) {
	limit := options.Limit
	if limit == 0 {
		limit = DefaultJournal
	}
	if limit < LeastJournal {
		return nil, fmt.Errorf("the journal may have %d bytes, which is too few; give it at least %d", limit, LeastJournal)
	}
	log, err := eventlog.Open(options.Folder, eventlog.Options{SegmentSize: limit / journalParts, TotalSize: eventlog.Unbounded, Logger: inner.logger})
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	j := &Journaled{
		Redis: inner, log: log, limit: limit, logger: inner.logger, queue: newJournalQueue(),
		appending: newStripes(), wrote: map[Key]time.Time{}, wake: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
	var run [8]byte
	_, _ = rand.Read(run[:]) // it never fails: crypto/rand ends the program rather than return weak bytes
	j.run.Store(binary.LittleEndian.Uint64(run[:]))
	j.forgets = j.forgetSoon
	j.ending, j.end = context.WithCancel(context.Background())
	if err := j.recall(options.Folder); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	inner.patience, inner.hasty = journalPatience, true
	inner.lazy.useJournal(j)
	inner.alsoForget.Store(&j.forgets)
	inner.reach.onBack(j.soon)
	go j.drain()
	j.soon()
	return j, nil
}

// recall reads what an earlier run left.
func (j *Journaled) recall(folder string) error {
	for event, err := range eventlog.ReadPlaced(folder) {
		var e *entry
		if err == nil {
			e, err = decodeEntry(event)
		}
		switch {
		case err == nil:
			j.queue.add(e)
		case errors.Is(err, eventlog.ErrDamaged), errors.Is(err, visitor.ErrDamaged), errors.Is(err, visitor.ErrVersion):
			j.lost.Add(1)
			j.logger.Error("something in the journal cannot be read; what stands around it is written", "journal", folder, "error", err)
		default:
			return fmt.Errorf("reading the journal: %w", err)
		}
	}
	if n := j.queue.waiting.Load(); n > 0 {
		j.logger.Info("changes of visitors wait in the journal from before, and are written to Redis now", "journal", folder, "entries", n)
	}
	return nil
}

// Apply implements [Store].
func (j *Journaled) Apply(ctx context.Context, mutations []Mutation) ([]Outcome, error) {
	if err := checkAll(mutations); err != nil {
		return nil, err
	}
	keys := keysOf(mutations)
	if !j.queue.holds(keys...) || !canWait(ctx, mutations) {
		outcomes, err := j.Redis.Apply(ctx, mutations)
		if !errors.Is(err, ErrUnavailable) || !canWait(ctx, mutations) {
			return outcomes, err
		}
	}
	var outcomes []Outcome
	err := j.put(keys, written{kind: entryApply, mutations: mutations}, func() (err error) {
		outcomes, err = changesOn(j.lastKnown()).apply(mutations)
		return err
	})
	return outcomes, err
}

// Merge implements [Store].
func (j *Journaled) Merge(ctx context.Context, workspace, from, into string, change visitor.Change) (*visitor.Record, error) {
	fromKey, intoKey := Key{workspace, from}, Key{workspace, into}
	if err := checkMerge(fromKey, intoKey); err != nil {
		return nil, err
	}
	keys := []Key{intoKey}
	if from != "" && from != into {
		keys = append(keys, fromKey)
	}
	mutations := []Mutation{{Key: intoKey, Change: change}}
	if !j.queue.holds(keys...) || !canWait(ctx, mutations) {
		record, err := j.Redis.Merge(ctx, workspace, from, into, change)
		if !errors.Is(err, ErrUnavailable) || !canWait(ctx, mutations) {
			return record, err
		}
	}
	var merged *visitor.Record
	err := j.put(keys, written{kind: entryMerge, mutations: mutations, from: from}, func() (err error) {
		merged, err = changesOn(j.lastKnown()).merge(fromKey, intoKey, change)
		return err
	})
	return merged, err
}

// canWait says whether changes may wait in the journal. What an operator does may not. Nor may what a poll would change: it
// has said how long it waits, and the next poll comes to the same.
func canWait(ctx context.Context, mutations []Mutation) bool {
	if _, hasty := ctx.Deadline(); hasty || ctx.Err() != nil {
		return false
	}
	for _, m := range mutations {
		switch m.Change.Kind {
		case visitor.Queued, visitor.Cancelled, visitor.TestQueued:
			return false
		}
	}
	return true
}

func keysOf(mutations []Mutation) []Key {
	keys := make([]Key, 0, len(mutations))
	known := map[Key]bool{}
	for _, m := range mutations {
		if !known[m.Key] {
			known[m.Key], keys = true, append(keys, m.Key)
		}
	}
	return keys
}

// put makes something durable in the journal. try says what comes of it, as far as is known here; where it fails, nothing is
// kept.
func (j *Journaled) put(keys []Key, w written, try func() error) error {
	defer j.appending.hold(keys)()
	if err := try(); err != nil {
		return err
	}
	return j.append(w)
}

// append makes an entry, if there is room.
func (j *Journaled) append(w written) error {
	j.emptying.RLock()
	defer j.emptying.RUnlock()
	if w.at.IsZero() {
		w.at = time.Now()
	}
	event, e, err := w.encode(j.run.Load(), j.number.Add(1))
	if err != nil {
		return err
	}
	if bytes, _ := j.queue.size(); bytes+e.size > j.limit && w.kind != entryForget {
		return j.refuse("it is full")
	}
	e.segment, err = j.log.AppendPlaced(context.Background(), event)
	switch {
	case errors.Is(err, eventlog.ErrClosed):
		return ErrClosed
	case err != nil:
		return j.refuse(err.Error())
	}
	j.full.Store(false)
	j.taken.Add(1)
	j.queue.add(e)
	j.soon()
	return nil
}

// refuse says that the journal takes nothing now.
func (j *Journaled) refuse(why string) error {
	j.refused.Add(1)
	if !j.full.Swap(true) {
		j.logger.Error("Redis cannot be reached and the journal takes nothing more; reports are asked for again later", "store", j.place, "reason", why)
	}
	return fmt.Errorf("%w: %s, and the journal takes nothing: %s", ErrUnavailable, j.place, why)
}

// Release implements [Store]. A lease is not given back while what it was taken for waits in the journal: other edges would
// not know of it. It lapses.
func (j *Journaled) Release(ctx context.Context, key Key, message string) error {
	if j.queue.holds(key) {
		return nil
	}
	return j.Redis.Release(ctx, key, message)
}

// Close implements [Store]. What still waits stays on disk for the next run.
func (j *Journaled) Close() error {
	j.closing.Do(func() {
		j.end()
		<-j.stopped
		j.last = j.Redis.Close()
		j.later.Wait()
		j.last = errors.Join(j.last, j.log.Close())
	})
	return j.last
}

// Claim implements [Store]. After a long outage no lease is taken for a moment: other edges may hold, in their journals, what
// was shown meanwhile.
func (j *Journaled) Claim(ctx context.Context, claim Claim) (granted, fresh bool, err error) {
	if j.settling(claim.Key) {
		return false, false, fmt.Errorf("%w: %s was gone for long, and leases are taken again in a moment", ErrUnavailable, j.place)
	}
	return j.Redis.Claim(ctx, claim)
}
