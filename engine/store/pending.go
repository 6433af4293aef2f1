package store

import (
	"hash/maphash"
	"slices"
	"sync"

	"handbill/engine/visitor"
)

const pendingShards = 64

// pending are the changes that have been accepted and are not durable yet, by visitor. Whoever reads a record reads it
// with these: what a visitor just did holds at once, even if nobody waits any more until it is durable.
type pending struct {
	seed   maphash.Seed
	shards [pendingShards]pendingShard
}

type pendingShard struct {
	mu      sync.Mutex
	changes map[Key][]*visitor.Change
}

func newPending() *pending {
	p := &pending{seed: maphash.MakeSeed()}
	for i := range p.shards {
		p.shards[i].changes = map[Key][]*visitor.Change{}
	}
	return p
}

func (p *pending) shard(key Key) *pendingShard {
	return &p.shards[maphash.Comparable(p.seed, key)%pendingShards]
}

// of returns the visitor's pending changes in the order in which they were accepted.
func (p *pending) of(key Key) []visitor.Change {
	shard := p.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	var changes []visitor.Change
	for _, change := range shard.changes[key] {
		changes = append(changes, *change)
	}
	return changes
}

func (p *pending) add(mutations []Mutation) {
	for i := range mutations {
		m := &mutations[i]
		shard := p.shard(m.Key)
		shard.mu.Lock()
		shard.changes[m.Key] = append(shard.changes[m.Key], &m.Change)
		shard.mu.Unlock()
	}
}

// remove takes away what add was given: the same slice.
func (p *pending) remove(mutations []Mutation) {
	for i := range mutations {
		m := &mutations[i]
		shard := p.shard(m.Key)
		shard.mu.Lock()
		left := slices.DeleteFunc(shard.changes[m.Key], func(change *visitor.Change) bool { return change == &m.Change })
		if len(left) == 0 {
			delete(shard.changes, m.Key)
		} else {
			shard.changes[m.Key] = left
		}
		shard.mu.Unlock()
	}
}

// withWaiting is a record with changes that wait to be written.
func withWaiting(r *visitor.Record, key Key, waiting []visitor.Change) *visitor.Record {
	if len(waiting) == 0 {
		return r
	}
	is := r.Clone()
	if is == nil {
		is = visitor.New(key.Visitor)
	}
	counted := false
	for _, change := range waiting {
		if is.Check(change) == nil && is.Apply(change) { // of one that fails, the one who made it is told; it will not be kept
			counted = true
		}
	}
	if !counted {
		return r
	}
	return is
}
