package store

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"handbill/engine/visitor"
)

// redisNotes are changes that nobody waits for, by visitor, until they are written: by the lazy writer, or with the next
// change of the visitor that somebody waits for. Whoever reads a record reads it with them.
type redisNotes struct {
	seed   maphash.Seed
	count  atomic.Int64
	drops  atomic.Uint64 // how often notes were dropped
	shards [pendingShards]noteShard
}

type noteShard struct {
	mu    sync.Mutex
	notes map[Key][]Mutation // each list only grows at its end
	since map[Key]time.Time  // when the first of each list came
}

func newRedisNotes() *redisNotes {
	n := &redisNotes{seed: maphash.MakeSeed()}
	for i := range n.shards {
		n.shards[i].notes, n.shards[i].since = map[Key][]Mutation{}, map[Key]time.Time{}
	}
	return n
}

func (n *redisNotes) shard(key Key) *noteShard {
	return &n.shards[maphash.Comparable(n.seed, key)%pendingShards]
}

// add lets changes wait. Those that can be made for nobody, and all that are too many, are dropped: a Redis that is gone must
// not fill the memory.
func (n *redisNotes) add(mutations []Mutation) {
	for _, m := range mutations {
		if m.check() != nil || n.count.Load() >= maxNotes {
			continue
		}
		n.count.Add(1)
		shard := n.shard(m.Key)
		shard.mu.Lock()
		if len(shard.notes[m.Key]) == 0 {
			shard.since[m.Key] = time.Now()
		}
		shard.notes[m.Key] = append(shard.notes[m.Key], m)
		shard.mu.Unlock()
	}
}

// of are the changes of a visitor that wait.
func (n *redisNotes) of(key Key) []Mutation {
	if n.count.Load() == 0 {
		return nil
	}
	shard := n.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	waiting := shard.notes[key]
	return waiting[:len(waiting):len(waiting)]
}

// written says that the first changes of a visitor do not wait any more. Where notes were dropped since it was asked how
// often they were, they wait on: made twice, they count once.
func (n *redisNotes) written(key Key, first int, drops uint64) {
	if first == 0 {
		return
	}
	shard := n.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if n.drops.Load() != drops {
		return
	}
	n.count.Add(-int64(first))
	if left := shard.notes[key][first:]; len(left) > 0 {
		shard.notes[key], shard.since[key] = slices.Clone(left), time.Now()
	} else {
		delete(shard.notes, key)
		delete(shard.since, key)
	}
}

// drop forgets the changes of a visitor that wait.
func (n *redisNotes) drop(key Key) {
	shard := n.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	n.drops.Add(1)
	n.count.Add(-int64(len(shard.notes[key])))
	delete(shard.notes, key)
	delete(shard.since, key)
}

// waitingSince is since when changes of a visitor wait; the zero time: none do.
func (n *redisNotes) waitingSince(key Key) time.Time {
	shard := n.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	return shard.since[key]
}

// keys are the visitors of whom changes wait.
func (n *redisNotes) keys() []Key {
	var keys []Key
	for i := range n.shards {
		shard := &n.shards[i]
		shard.mu.Lock()
		for key := range shard.notes {
			keys = append(keys, key)
		}
		shard.mu.Unlock()
	}
	return keys
}

// changesOf are what mutations change.
func changesOf(mutations []Mutation) []visitor.Change {
	changes := make([]visitor.Change, 0, len(mutations))
	for _, m := range mutations {
		changes = append(changes, m.Change)
	}
	return changes
}
