package store

import (
	"context"

	"handbill/engine/eventlog"
)

// ForgetWaiting implements [Waiter].
func (j *Journaled) ForgetWaiting(ctx context.Context, key Key) (int, error) {
	if err := key.check(); err != nil {
		return 0, err
	}
	j.draining.Lock()
	defer j.draining.Unlock()
	defer j.appending.hold([]Key{key})()
	waiting := len(j.queue.of(key))
	if waiting == 0 {
		return 0, nil
	}
	// First it is said that what stands before it concerns nobody any more, then what concerns the visitor alone is
	// overwritten; the rest goes with its segment.
	if err := j.append(written{kind: entryForget, mutations: []Mutation{{Key: key}}}); err != nil {
		return 0, err
	}
	_, err := j.log.Forget(ctx, func(event eventlog.Event) bool {
		if event.Type != entryApply && event.Type != entryMerge {
			return false
		}
		e, err := decodeEntry(eventlog.Placed{Event: event})
		return err == nil && len(e.keys) == 1 && e.keys[0] == key
	})
	return waiting, err
}

// Forget implements [Store].
func (j *Journaled) Forget(ctx context.Context, keys []Key, messages []string) (removed int, err error) {
	if err := checkKeys(keys); err != nil {
		return 0, err
	}
	if err := j.usable(ctx, keys...); err != nil {
		return 0, err // what waits is still the person's, who is told that they are not forgotten
	}
	for _, key := range keys {
		if _, err := j.ForgetWaiting(ctx, key); err != nil {
			return 0, err
		}
	}
	return j.Redis.Forget(ctx, keys, messages)
}

// forgetSoon takes away what waits of a visitor whom another edge has forgotten. Nobody waits for it.
func (j *Journaled) forgetSoon(key Key) {
	if !j.queue.holds(key) || j.ending.Err() != nil {
		return
	}
	j.later.Go(func() {
		if _, err := j.ForgetWaiting(j.ending, key); err != nil && j.ending.Err() == nil {
			j.logger.Error("what waits in the journal of a visitor who is to be forgotten could not be removed; it is not written to Redis all the same", "store", j.place, "error", err)
		}
	})
}
