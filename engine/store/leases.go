package store

import (
	"container/heap"
	"hash/maphash"
	"strings"
	"sync"
	"time"
)

const (
	leaseShards = 64
	// leasesPerShard bounds the leases held at once, about half a million in all; the one that would lapse first makes room.
	// That many take a flood of invented visitors.
	leasesPerShard = 8 << 10
)

// leases are the leases of messages, in memory. Those that lapsed are removed as new ones are taken.
type leases struct {
	seed   maphash.Seed
	shards [leaseShards]leaseShard
}

type leaseShard struct {
	mu    sync.Mutex
	held  map[leaseName]*lease
	queue leaseQueue
}

type leaseName struct {
	key     Key
	message string
}

type lease struct {
	name  leaseName
	tab   string
	until time.Time
	index int // its place in the queue
}

func newLeases() *leases { return &leases{seed: maphash.MakeSeed()} }

func (l *leases) shard(name leaseName) *leaseShard {
	return &l.shards[maphash.Comparable(l.seed, name)%leaseShards]
}

// claim takes a lease for a tab, or renews the tab's own.
func (l *leases) claim(c Claim) (granted, fresh bool, err error) {
	if err := c.Key.check(); err != nil {
		return false, false, err
	}
	if err := checkMessage(c.Message); err != nil {
		return false, false, err
	}
	name := leaseName{c.Key, c.Message}
	shard := l.shard(name)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	shard.lapse(c.At)
	if held := shard.held[name]; held != nil {
		if held.tab != c.Tab {
			return false, false, nil
		}
		held.until = c.At.Add(c.TTL)
		heap.Fix(&shard.queue, held.index)
		return true, false, nil
	}
	if len(shard.queue) >= leasesPerShard {
		shard.remove(shard.queue[0])
	}
	taken := &lease{name: name, tab: strings.Clone(c.Tab), until: c.At.Add(c.TTL)}
	if shard.held == nil {
		shard.held = map[leaseName]*lease{}
	}
	shard.held[name] = taken
	heap.Push(&shard.queue, taken)
	return true, true, nil
}

// release gives a lease back.
func (l *leases) release(key Key, message string) {
	name := leaseName{key, message}
	shard := l.shard(name)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if held := shard.held[name]; held != nil {
		shard.remove(held)
	}
}

// lapse removes the leases that have run out.
func (s *leaseShard) lapse(now time.Time) {
	for len(s.queue) > 0 && !now.Before(s.queue[0].until) {
		s.remove(s.queue[0])
	}
}

func (s *leaseShard) remove(l *lease) {
	heap.Remove(&s.queue, l.index)
	delete(s.held, l.name)
	if len(s.queue) == 0 {
		s.held, s.queue = nil, nil // maps and slices never shrink: what a flood took is given back
	}
}

// leaseQueue is a heap (container/heap) of leases, the one that lapses first on top.
type leaseQueue []*lease

func (q leaseQueue) Len() int           { return len(q) }
func (q leaseQueue) Less(i, j int) bool { return q[i].until.Before(q[j].until) }
func (q leaseQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push is called by package heap.
func (q *leaseQueue) Push(x any) {
	l := x.(*lease)
	l.index = len(*q)
	*q = append(*q, l)
}

// Pop is called by package heap.
func (q *leaseQueue) Pop() any {
	last := len(*q) - 1
	l := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return l
}
