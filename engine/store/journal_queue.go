package store

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"handbill/engine/visitor"
)

// journalQueue are the entries of a journal that wait, in their order and by visitor.
type journalQueue struct {
	waiting atomic.Int64 // how many wait; read without the lock where there is mostly none

	mu       sync.Mutex
	entries  []*entry // in order; those that are done are taken away from the front
	held     map[Key]*heldVisitor
	segments map[uint64]*heldSegment
	bytes    int64 // of the segments that are on disk
}

// heldVisitor is a visitor of whom changes wait.
type heldVisitor struct {
	entries []*entry // the queue's lock guards it, and removals: how often one was taken away
	removed int
	shown   shownVisitor
}

// shownVisitor is what the first entries of a visitor, so many as count says, make of the record on, when so many had been
// removed: it is kept, for polls ask often, and several at once wait for the one that makes it.
type shownVisitor struct {
	mu             sync.Mutex
	on, record     *visitor.Record
	count, removed int
}

// heldSegment is a segment of the log: how much is in it, and how much of that still waits.
type heldSegment struct {
	bytes   int64
	waiting int
	// forgets: it says of earlier ones what is to be forgotten of them, and goes after them.
	forgets bool
}

func newJournalQueue() *journalQueue {
	return &journalQueue{held: map[Key]*heldVisitor{}, segments: map[uint64]*heldSegment{}}
}

// add lets an entry wait.
func (q *journalQueue) add(e *entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	segment := q.segments[e.segment]
	if segment == nil {
		segment = &heldSegment{}
		q.segments[e.segment] = segment
	}
	segment.bytes += e.size
	q.bytes += e.size
	if e.kind == entryForget {
		segment.forgets = true
		for _, key := range e.keys {
			q.forget(key)
		}
		return
	}
	segment.waiting++
	q.waiting.Add(1)
	q.entries = append(q.entries, e)
	for _, key := range e.keys {
		held := q.held[key]
		if held == nil {
			held = &heldVisitor{}
			q.held[key] = held
		}
		held.entries = append(held.entries, e)
	}
}

// holds says whether something waits of one of some visitors.
func (q *journalQueue) holds(keys ...Key) bool {
	if q.waiting.Load() == 0 {
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.ContainsFunc(keys, func(key Key) bool { return q.held[key] != nil })
}

// of are the entries that change a visitor, oldest first.
func (q *journalQueue) of(key Key) []*entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	if held := q.held[key]; held != nil {
		return slices.Clone(held.entries)
	}
	return nil
}

// look takes what waits of a visitor now, and returns what puts it over a record. Other gives the records of visitors who are
// joined into this one.
func (q *journalQueue) look(key Key) func(record *visitor.Record, other func(Key) *visitor.Record) *visitor.Record {
	q.mu.Lock()
	defer q.mu.Unlock()
	held := q.held[key]
	if held == nil {
		return func(record *visitor.Record, _ func(Key) *visitor.Record) *visitor.Record { return record }
	}
	entries, removed := held.entries[:len(held.entries):len(held.entries)], held.removed
	return func(record *visitor.Record, other func(Key) *visitor.Record) *visitor.Record {
		shown := &held.shown
		shown.mu.Lock()
		defer shown.mu.Unlock()
		if shown.on != record || shown.removed != removed || shown.count > len(entries) {
			shown.on, shown.record, shown.count, shown.removed = record, record, 0, removed
		}
		for _, e := range entries[shown.count:] {
			shown.record = e.over(key, shown.record, other)
		}
		shown.count = len(entries)
		return shown.record
	}
}

// overAll puts entries over a record.
func overAll(entries []*entry, key Key, record *visitor.Record) *visitor.Record {
	for _, e := range entries {
		record = e.over(key, record, nil)
	}
	return record
}

// over is a record with the changes of an entry. What cannot be made is left out, as it will be in Redis.
func (e *entry) over(key Key, record *visitor.Record, other func(Key) *visitor.Record) *visitor.Record {
	mutations, err := e.mutations()
	if err != nil {
		return record
	}
	if e.kind == entryMerge && e.from != "" && e.from != key.Visitor && other != nil {
		into := record
		if into == nil {
			into = visitor.New(key.Visitor)
		}
		record = visitor.Merge(into, other(Key{key.Workspace, e.from}))
	}
	var changes []visitor.Change
	for _, m := range mutations {
		if m.Key == key {
			changes = append(changes, m.Change)
		}
	}
	return withWaiting(record, key, changes)
}

// finish ends the waiting of entries that are done.
func (q *journalQueue) finish(done []*entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range done {
		q.end(e)
	}
	first := slices.IndexFunc(q.entries, func(e *entry) bool { return !e.done })
	if first < 0 {
		q.entries = nil
	} else if first > 0 {
		q.entries = slices.Clone(q.entries[first:])
	}
}

// end ends the waiting of one entry; the lock is held.
func (q *journalQueue) end(e *entry) {
	if e.done {
		return
	}
	e.done = true
	q.waiting.Add(-1)
	q.segments[e.segment].waiting--
	for _, key := range e.keys {
		held := q.held[key]
		if held == nil {
			continue
		}
		if held.entries[0] == e {
			held.entries = held.entries[1:]
		} else {
			held.entries = slices.DeleteFunc(slices.Clone(held.entries), func(one *entry) bool { return one == e })
		}
		held.removed++
		if len(held.entries) == 0 {
			delete(q.held, key)
		}
	}
}

// forget ends the waiting of what changes a visitor alone, and takes the visitor out of the rest; the lock is held.
func (q *journalQueue) forget(key Key) (forgotten int) {
	held := q.held[key]
	if held == nil {
		return 0
	}
	for _, e := range slices.Clone(held.entries) {
		forgotten++
		if len(e.keys) == 1 {
			q.end(e)
			continue
		}
		e.keys = slices.DeleteFunc(slices.Clone(e.keys), func(one Key) bool { return one == key })
	}
	delete(q.held, key)
	return forgotten
}

// spare are the segments of which nothing waits, in order; the last, which is written to, only where nothing waits at all.
func (q *journalQueue) spare() (segments []uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := slices.Sorted(maps.Keys(q.segments))
	empty := q.waiting.Load() == 0
	for i, number := range all {
		segment := q.segments[number]
		if segment.waiting == 0 && (empty || i < len(all)-1) && (!segment.forgets || len(segments) == i) {
			segments = append(segments, number)
		}
	}
	return segments
}

// removed says that a segment is gone.
func (q *journalQueue) removed(number uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if segment := q.segments[number]; segment != nil {
		q.bytes -= segment.bytes
		delete(q.segments, number)
	}
}

// size is how many bytes the journal has on disk, and since when its oldest entry waits.
func (q *journalQueue) size() (bytes int64, oldest time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range q.entries {
		if !e.done {
			oldest = e.at
			break
		}
	}
	return q.bytes, oldest
}

// next are the first entries that wait and that may be written now, in groups: entries of one group, which share visitors,
// go one after the other.
func (q *journalQueue) next(most int, may func(*entry) bool) [][]*entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	groups := &entryGroups{of: map[Key]int{}}
	taken := 0
	for _, e := range q.entries {
		if e.done {
			continue
		}
		// What must wait keeps what comes after it of the same visitors waiting, too.
		if !may(e) || groups.blocked(e) {
			groups.block(e)
			continue
		}
		groups.add(e)
		if taken++; taken == most {
			break
		}
	}
	return groups.lists()
}

// entryGroups puts entries that share visitors into one group.
type entryGroups struct {
	of     map[Key]int // the group of a visitor
	groups [][]*entry
	stuck  map[Key]bool
}

// all are the visitors whose order an entry belongs to.
func (e *entry) all() []Key {
	if e.kind != entryMerge || e.from == "" || len(e.keys) == 0 {
		return e.keys
	}
	return append(slices.Clone(e.keys), Key{e.keys[0].Workspace, e.from})
}

func (g *entryGroups) blocked(e *entry) bool {
	return g.stuck != nil && slices.ContainsFunc(e.all(), func(key Key) bool { return g.stuck[key] })
}

func (g *entryGroups) block(e *entry) {
	if g.stuck == nil {
		g.stuck = map[Key]bool{}
	}
	for _, key := range e.all() {
		g.stuck[key] = true
	}
}

func (g *entryGroups) add(e *entry) {
	into := -1
	for _, key := range e.all() {
		other, known := g.of[key]
		switch {
		case !known || other == into:
		case into < 0:
			into = other
		default: // two groups become one; their entries have been in order each, and belong to different visitors
			g.groups[into] = append(g.groups[into], g.groups[other]...)
			g.groups[other] = nil
			for k, n := range g.of {
				if n == other {
					g.of[k] = into
				}
			}
		}
	}
	if into < 0 {
		into, g.groups = len(g.groups), append(g.groups, nil)
	}
	g.groups[into] = append(g.groups[into], e)
	for _, key := range e.all() {
		g.of[key] = into
	}
}

func (g *entryGroups) lists() [][]*entry {
	return slices.DeleteFunc(g.groups, func(group []*entry) bool { return len(group) == 0 })
}
