package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"handbill/engine/eventlog"
	"handbill/engine/visitor"
)

const (
	// drainers is how many groups of visitors are written at once, drainWindow how many entries are looked at together.
	drainers    = 32
	drainWindow = 4096
	// drainTogether is how many changes of one visitor become one write.
	drainTogether = 128
	// drainPause is how long passes until what could not be written is tried again.
	drainPause = 250 * time.Millisecond
	// markTime is how long Redis remembers which entries of a journal it has: an edge that was killed before it noted that
	// they are written must come back within it.
	markTime = 7 * 24 * time.Hour
)

// soon has entries written, if they can be.
func (j *Journaled) soon() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// drain writes entries to Redis whenever it can be reached.
func (j *Journaled) drain() {
	defer close(j.stopped)
	for {
		select {
		case <-j.ending.Done():
			return
		case <-j.wake:
		}
		for j.queue.waiting.Load() > 0 || j.mayTakeBack() {
			if j.drainSome() > 0 {
				continue
			}
			select {
			case <-j.ending.Done():
				return
			case <-time.After(drainPause):
			}
		}
		j.removeSpare()
	}
}

// drainSome writes the entries that wait longest, and says how many it did.
func (j *Journaled) drainSome() (did int) {
	j.draining.Lock()
	defer j.draining.Unlock()
	if !j.takeBack() {
		return 0
	}
	next := j.queue.next(drainWindow, j.isReachable)
	if !j.learnWhoIsGone(next) {
		return 0
	}
	if did = j.drainAll(next); did > 0 {
		j.complained.Store(nil)
	}
	j.written.Add(uint64(did))
	j.removeSpare()
	j.takeBack()
	return did
}

// drainAll writes groups of entries, several at once, and says how many entries it did.
func (j *Journaled) drainAll(next [][]*entry) (did int) {
	groups := make(chan []*entry, len(next))
	for _, group := range next {
		groups <- group
	}
	close(groups)
	var all sync.WaitGroup
	var mu sync.Mutex
	for range min(drainers, len(next)) {
		all.Go(func() {
			for group := range groups {
				done := j.drainGroup(group)
				j.queue.finish(done)
				mu.Lock()
				did += len(done)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return did
}

// isReachable says whether an entry can be written now, as far as is known.
func (j *Journaled) isReachable(e *entry) bool {
	if e.kind == entryCounts {
		return j.Redis.Trouble() == nil
	}
	return j.reachable(e.all()...) == nil
}

// removeSpare removes the parts of the journal of which nothing waits any more.
func (j *Journaled) removeSpare() {
	j.emptying.Lock()
	defer j.emptying.Unlock()
	for _, segment := range j.queue.spare() {
		if err := j.log.Remove(context.Background(), segment); err != nil {
			if !errors.Is(err, eventlog.ErrClosed) {
				j.logger.Error("a part of the journal that was written to Redis could not be removed; it is tried again", "error", err)
			}
			return
		}
		j.queue.removed(segment)
	}
}

// drainGroup writes entries that share visitors, in their order, as far as it can.
func (j *Journaled) drainGroup(group []*entry) (done []*entry) {
	for len(group) > 0 && j.ending.Err() == nil {
		together := alike(group)
		switch err := j.drainTogether(together); {
		case err == nil:
		case errors.Is(err, visitor.ErrDamaged), errors.Is(err, visitor.ErrVersion), errors.Is(err, visitor.ErrTraits):
			j.leaveOut(err)
		default:
			j.complain(err)
			return done
		}
		done, group = append(done, together...), group[len(together):]
	}
	return done
}

// leaveOut tells of a change that cannot be made, however often that is tried.
func (j *Journaled) leaveOut(why error) {
	j.lost.Add(1)
	j.logger.Error("a change that waited in the journal cannot be made; it is left out, and stands in the log of reports", "store", j.place, "error", why)
}

// complain tells of what keeps the journal from being written, unless Redis is gone, of which is told already.
func (j *Journaled) complain(why error) {
	if errors.Is(why, ErrUnavailable) || errors.Is(why, ErrClosed) || errors.Is(why, context.Canceled) {
		return
	}
	if text := why.Error(); j.complained.Swap(&text) == nil {
		j.logger.Error("what waits in the journal could not be written; it is kept and tried again", "store", j.place, "error", why)
	}
}

// alike are the first entries of a group that can become one write: changes of the same visitor.
func alike(group []*entry) []*entry {
	first := group[0]
	n := 1
	if first.kind == entryApply && len(first.keys) == 1 {
		for n < len(group) && n < drainTogether && group[n].kind == entryApply && len(group[n].keys) == 1 && group[n].keys[0] == first.keys[0] && group[n].journal == first.journal {
			n++
		}
	}
	return group[:n]
}

// drainTogether writes entries that are alike.
func (j *Journaled) drainTogether(entries []*entry) error {
	first, last := entries[0], entries[len(entries)-1]
	if first.kind == entryCounts {
		batch, err := first.batch()
		if err != nil {
			return err
		}
		return j.lazy.writeBatch(j.ending, batch, markTime)
	}
	var all []Mutation
	numbers := map[int]uint64{}
	for _, e := range entries {
		mutations, err := e.mutations()
		if err != nil {
			return err
		}
		for _, m := range mutations {
			if !e.changes(m.Key) || j.isGone(e, m.Key) {
				continue // the visitor was to be forgotten
			}
			numbers[len(all)] = e.number
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		return nil
	}
	if first.kind == entryMerge {
		return j.drainMerge(first, all[0])
	}
	for _, part := range j.parts(all) {
		var misfits []error
		of := &markOf{key: markKey(part.keys[0], first.journal), last: last.number}
		err := j.updateMarked(j.ending, part.keys, nil, of, func(c *changes) error {
			misfits = nil
			for i, m := range part.mutations {
				if numbers[part.places[i]] > of.seen {
					misfits = append(misfits, makeOne(c, m))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, misfit := range misfits {
			if misfit != nil {
				j.leaveOut(misfit)
			}
		}
	}
	return nil
}

// makeOne makes a change by itself: one that does not fit any more, because other edges have changed the visitor meanwhile,
// keeps no other from being made.
func makeOne(c *changes, m Mutation) error {
	own := changesOn(c)
	if _, err := own.apply([]Mutation{m}); err != nil {
		return err
	}
	c.absorb(own)
	return nil
}

// drainMerge writes the joining of two visitors.
func (j *Journaled) drainMerge(e *entry, m Mutation) error {
	from := Key{m.Key.Workspace, e.from}
	var others []Key
	if e.from != "" && from != m.Key {
		others = []Key{from}
		if len(j.notes.of(from)) > 0 {
			if err := j.update(j.ending, others, nil, func(*changes) error { return nil }); err != nil {
				return err
			}
		}
	}
	of := &markOf{key: markKey(m.Key, e.journal), last: e.number}
	return j.updateMarked(j.ending, []Key{m.Key}, others, of, func(c *changes) error {
		if of.seen >= e.number {
			return nil
		}
		_, err := c.merge(from, m.Key, m.Change)
		return err
	})
}

// changes says whether an entry still changes a visitor.
func (e *entry) changes(key Key) bool {
	for _, known := range e.keys {
		if known == key {
			return true
		}
	}
	return false
}

// markOf is by which key Redis remembers how far a run of a journal is written of a visitor: entries up to seen are there, and
// with this write those up to last.
type markOf struct {
	key        string
	seen, last uint64
}

// markKey is beside the visitor's record, so that one script writes both.
func markKey(key Key, journal uint64) string {
	return bucketKey("journal", key.Workspace, bucketOf(key.Visitor)) + ":" + strconv.FormatUint(journal, 36) + ":" + key.Visitor
}

// readMark reads how far it is. It is read after the record: a write that is only just arriving is then noticed by one or the
// other.
func (r *Redis) readMark(ctx context.Context, mark *markOf, of Key) error {
	text, err := r.client.Do(ctx, r.client.B().Get().Key(mark.key).Build()).ToString()
	switch {
	case rueidis.IsRedisNil(err):
		mark.seen = 0
		return nil
	case err != nil:
		return r.failed("reading how far the journal is written", of, err)
	}
	mark.seen, err = strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return fmt.Errorf("the key %q in Redis is damaged: it is %q; remove it", mark.key, text)
	}
	return nil
}

// setMark notes how far it is where nothing else is to be written.
func (r *Redis) setMark(ctx context.Context, mark *markOf, of Key) error {
	if mark.seen >= mark.last {
		return nil
	}
	err := r.client.Do(ctx, r.client.B().Set().Key(mark.key).Value(strconv.FormatUint(mark.last, 10)).Ex(markTime).Build()).Error()
	if err != nil {
		return r.failed("noting how far the journal is written", of, err)
	}
	return nil
}
