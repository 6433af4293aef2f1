package engine

import (
	"hash/maphash"
	"sync"

	"handbill/engine/visitor"
)

// arrivals is a table of constant size of visitors about whom nothing is remembered yet: where their visit began and what
// it has seen. Most anonymous visitors look at one page and never come back, and anybody can make up ids; so a record
// begins only with the second page of a browser, or when one comes back with the edge's own cookie. Until then what
// conditions ask about the visit is known from here. Who comes first leaves first.
type arrivals struct {
	seed   maphash.Seed
	shards [arrivalShards]arrivalShard
}

// There is room for arrivalShards times arrivalsEach visitors, of a kilobyte and a half each at most.
const (
	arrivalShards = 32
	arrivalsEach  = 512
)

type arrivalShard struct {
	mu      sync.Mutex
	records map[string]*visitor.Record
	order   [arrivalsEach]string // their ids, a ring
	next    int                  // the place in order that is taken next
}

func newArrivals() *arrivals { return &arrivals{seed: maphash.MakeSeed()} }

func (a *arrivals) shard(id string) *arrivalShard {
	return &a.shards[maphash.String(a.seed, id)%arrivalShards]
}

// of is what is held of a visitor; nil when nothing is.
func (a *arrivals) of(id string) *visitor.Record {
	shard := a.shard(id)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	return shard.records[id]
}

// note counts a page view, and returns what was held of the visitor before it and what is now. Both are never changed.
func (a *arrivals) note(id string, view visitor.Change) (before, now *visitor.Record) {
	shard := a.shard(id)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	before = shard.records[id]
	if before != nil && before.Visits.Knows(view.Visit, view.At, view.Page.View, view.Page.Number) {
		return before, before
	}
	now = before.Clone()
	if now == nil {
		now = visitor.New(id)
	}
	now.Apply(view)
	if before == nil {
		shard.make(id)
	}
	shard.records[id] = now
	return before, now
}

// forget drops what is held of a visitor, and says whether anything was.
func (a *arrivals) forget(id string) bool {
	shard := a.shard(id)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if shard.records[id] == nil {
		return false
	}
	delete(shard.records, id)
	for i := range shard.order {
		if shard.order[i] == id {
			shard.order[i] = "" // its place stays
		}
	}
	return true
}

// withhold counts that a message would have come on screen, and returns what was held of the visitor before it and what is
// now; nil when it was counted before, or nothing is held.
func (a *arrivals) withhold(id string, change visitor.Change) (before, now *visitor.Record) {
	shard := a.shard(id)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	before = shard.records[id]
	if before == nil {
		return nil, nil
	}
	now = before.Clone()
	if !now.Apply(change) {
		return before, nil
	}
	shard.records[id] = now
	return before, now
}

// withheld is what was withheld from a visitor, as changes of the record that begins after it.
func (a *arrivals) withheld(id string) []visitor.Change {
	held := a.of(id)
	if held == nil {
		return nil
	}
	var changes []visitor.Change
	for message, state := range held.Messages {
		w := state.Withheld
		if w == nil {
			continue
		}
		shown := w.Showings[max(len(w.Showings)-len(w.Recent), 0):]
		for i, key := range w.Recent {
			change := visitor.Change{Kind: visitor.Withheld, Message: message, Delivery: key, At: w.LastOpened, Run: w.Run.Started, Variant: w.Variant}
			if i < len(shown) {
				change.At, change.Visit = shown[i].At, shown[i].Visit
			}
			changes = append(changes, change)
		}
	}
	return changes
}

// make makes room for a visitor.
func (s *arrivalShard) make(id string) {
	if s.records == nil {
		s.records = make(map[string]*visitor.Record)
	}
	delete(s.records, s.order[s.next])
	s.order[s.next] = id
	s.next = (s.next + 1) % arrivalsEach
}
