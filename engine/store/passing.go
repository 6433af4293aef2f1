package store

import (
	"context"
	"strings"
	"sync"

	"handbill/engine/visitor"
)

// passingRecords bounds how many passing visitors are held at once; who came first leaves first.
const passingRecords = 16 << 10

// Passing is a store that writes nothing about passing visitors ([visitor.Passing]): what happened to one is held in
// memory, in bounded room, so that a message which is closed stays closed as long as the page is open. What it counts for
// is counted, as of others. It belongs to one edge.
type Passing struct {
	Store
	mu      sync.Mutex
	records map[Key]*visitor.Record
	order   []Key // a ring, once it is full
	next    int   // the place in order that is taken next
}

// WithPassing makes a store that remembers nothing about passing visitors.
func WithPassing(inner Store) *Passing {
	return &Passing{Store: inner, records: make(map[Key]*visitor.Record)}
}

// passes says whether a key is that of a passing visitor.
func (k Key) passes() bool { return strings.HasPrefix(k.Visitor, "a:"+visitor.PassingPrefix) }

// Load implements [Store].
func (p *Passing) Load(ctx context.Context, key Key) (*visitor.Record, error) {
	if !key.passes() {
		return p.Store.Load(ctx, key)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.records[key], nil
}

// Apply implements [Store]. The changes of other visitors are made first; if they cannot be, none is.
func (p *Passing) Apply(ctx context.Context, mutations []Mutation) ([]Outcome, error) {
	lasting, passing := apart(mutations)
	if len(passing) == 0 {
		return p.Store.Apply(ctx, mutations)
	}
	if err := checkAll(mutations); err != nil {
		return nil, err
	}
	var kept []Outcome
	if len(lasting) > 0 {
		var err error
		if kept, err = p.Store.Apply(ctx, lasting); err != nil {
			return nil, err
		}
	}
	outcomes := make([]Outcome, 0, len(mutations))
	for _, m := range mutations {
		if m.Key.passes() {
			outcomes = append(outcomes, p.hold(m))
			continue
		}
		outcomes, kept = append(outcomes, kept[0]), kept[1:]
	}
	return outcomes, nil
}

// Note implements [Store].
func (p *Passing) Note(mutations ...Mutation) {
	lasting, passing := apart(mutations)
	if len(passing) == 0 {
		p.Store.Note(mutations...)
		return
	}
	if len(lasting) > 0 {
		p.Store.Note(lasting...)
	}
	for _, m := range passing {
		p.hold(m)
	}
}

// Merge implements [Store]. What is held of a passing visitor joins nothing: it would be remembered then.
func (p *Passing) Merge(ctx context.Context, workspace, from, into string, change visitor.Change) (*visitor.Record, error) {
	if (Key{workspace, from}).passes() {
		from = ""
	}
	return p.Store.Merge(ctx, workspace, from, into, change)
}

// apart are the changes of lasting and of passing visitors.
func apart(mutations []Mutation) (lasting, passing []Mutation) {
	for i, m := range mutations {
		switch {
		case m.Key.passes():
			if passing == nil {
				lasting = append(lasting, mutations[:i]...)
			}
			passing = append(passing, m)
		case passing != nil:
			lasting = append(lasting, m)
		}
	}
	return lasting, passing
}

// hold makes a change of what is held of a passing visitor, and counts it.
func (p *Passing) hold(m Mutation) Outcome {
	p.mu.Lock()
	was := p.records[m.Key]
	is := was.Clone()
	if is == nil {
		is = visitor.New(m.Key.Visitor)
	}
	counted := is.Apply(m.Change)
	if counted {
		if was == nil {
			p.makeRoom(m.Key)
		}
		p.records[m.Key] = is
	} else {
		is = was
	}
	p.mu.Unlock()
	if counted && m.Metric != "" {
		p.Count(m.Key.Workspace, m.Change.Message, m.Metric, 1)
	}
	if counted && m.First != "" && visitor.First(was, is, m.Change) {
		p.Count(m.Key.Workspace, m.Change.Message, m.First, 1)
	}
	return Outcome{Counted: counted, Record: is}
}

// makeRoom makes room for one more.
func (p *Passing) makeRoom(key Key) {
	if len(p.order) < passingRecords {
		p.order = append(p.order, key)
		return
	}
	delete(p.records, p.order[p.next])
	p.order[p.next] = key
	p.next = (p.next + 1) % passingRecords
}
