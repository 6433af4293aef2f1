package store

import (
	"context"
	"fmt"
	"time"

	"handbill/engine/visitor"
)

// lastReader reads what is known here of visitors.
type lastReader struct{ j *Journaled }

func (j *Journaled) lastKnown() lastReader { return lastReader{j} }

// record implements reader.
func (l lastReader) record(key Key) (*visitor.Record, error) {
	record, _ := l.j.Last(key)
	return record, nil
}

// Load implements [Store]. It sees what waits. While Redis cannot be reached it fails also then: who has just taken a lease must
// not go by what was known before, which is for [Journaled.Last] to say.
func (j *Journaled) Load(ctx context.Context, key Key) (*visitor.Record, error) {
	if !j.queue.holds(key) {
		return j.Redis.Load(ctx, key)
	}
	if err := j.usable(ctx); err != nil {
		return nil, err
	}
	// What waits is looked at before the record: what is written in between is then seen twice, which changes nothing.
	notes, over := j.notes.of(key), j.queue.look(key)
	record, err := j.stored(ctx, key)
	if err != nil {
		return nil, err
	}
	return withWaiting(over(record, j.other), key, changesOf(notes)), nil
}

// other is what is known of a visitor who is joined into another.
func (j *Journaled) other(key Key) *visitor.Record {
	entries := j.queue.of(key)
	record, _ := j.Redis.Last(key)
	return overAll(entries, key, record)
}

// Peek implements [Peeker].
func (j *Journaled) Peek(workspace string, identity visitor.Identity) (key Key, record *visitor.Record, ok bool) {
	key, record, ok = j.Redis.Peek(workspace, identity)
	if ok && j.queue.holds(key) {
		return Key{}, nil, false
	}
	return key, record, ok
}

// Last implements [Remote].
func (j *Journaled) Last(key Key) (record *visitor.Record, ok bool) {
	if !j.queue.holds(key) {
		return j.Redis.Last(key)
	}
	notes, over := j.notes.of(key), j.queue.look(key)
	found, ok := j.known.last(key)
	return withWaiting(over(found.record, j.other), key, changesOf(notes)), ok
}

// Trouble implements [Remote].
func (j *Journaled) Trouble() error {
	bytes, oldest := j.queue.size()
	waiting := j.queue.waiting.Load()
	trouble := j.Redis.Trouble()
	if waiting == 0 {
		return trouble
	}
	waits := fmt.Errorf("%d changes of visitors wait in the journal of this edge, the oldest since %s; it has %d of %d bytes",
		waiting, oldest.UTC().Format(time.RFC3339), bytes, j.limit)
	if trouble == nil {
		return waits
	}
	return fmt.Errorf("%w; %w", trouble, waits)
}

// Waiting implements [Waiter].
func (j *Journaled) Waiting(key Key) []visitor.Change {
	var changes []visitor.Change
	for _, e := range j.queue.of(key) {
		mutations, err := e.mutations()
		if err != nil {
			continue
		}
		for _, m := range mutations {
			if m.Key == key {
				changes = append(changes, m.Change)
			}
		}
	}
	return changes
}

// Journal implements [Waiter].
func (j *Journaled) Journal() JournalState {
	bytes, oldest := j.queue.size()
	return JournalState{
		Waiting: int(j.queue.waiting.Load()), Bytes: bytes, Limit: j.limit, Oldest: oldest,
		Taken: j.taken.Load(), Written: j.written.Load(), Refused: j.refused.Load(), Lost: j.lost.Load(),
	}
}
