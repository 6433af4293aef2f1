package store

import (
	"fmt"
	"reflect"

	"handbill/engine/visitor"
)

// reader is where records are read while changes are made to them.
type reader interface {
	// record returns the visitor's record, nil when there is none.
	record(Key) (*visitor.Record, error)
}

// counter names one count.
type counter struct {
	workspace, message string
	metric             Metric
}

// changes are records and counts on their way into a store: what every implementation does the same. They are made on
// top of a reader, which they leave alone, so that dropping them undoes everything.
type changes struct {
	below   reader
	records few[Key, *visitor.Record]
	counts  few[counter, int64]
}

func changesOn(below reader) *changes {
	return &changes{below: below}
}

// record is the record as changed so far.
func (c *changes) record(key Key) (*visitor.Record, error) {
	if r, changed := c.records.get(key); changed {
		return r, nil
	}
	return c.below.record(key)
}

// count raises a count.
func (c *changes) count(name counter, n int64) {
	was, _ := c.counts.get(name)
	c.counts.set(name, was+n)
}

// apply makes changes of records. When it fails, the changes are to be dropped.
func (c *changes) apply(mutations []Mutation) ([]Outcome, error) {
	outcomes := make([]Outcome, len(mutations))
	for i, m := range mutations {
		was, err := c.record(m.Key)
		if err != nil {
			return nil, err
		}
		is, err := changed(was, m.Key, m.Change)
		if err != nil {
			return nil, err
		}
		if is == nil {
			outcomes[i].Record = was
			continue
		}
		c.records.set(m.Key, is)
		outcomes[i] = Outcome{Counted: true, Record: is}
		if m.Metric != "" {
			c.count(counter{m.Key.Workspace, m.Change.Message, m.Metric}, 1)
		}
		if m.First != "" && visitor.First(was, is, m.Change) {
			c.count(counter{m.Key.Workspace, m.Change.Message, m.First}, 1)
		}
	}
	return outcomes, nil
}

// note makes one change that nobody waits for; false when it cannot be made.
func (c *changes) note(m Mutation) bool {
	if m.check() != nil {
		return false
	}
	_, err := c.apply([]Mutation{m})
	return err == nil
}

// changed is a copy of the record with the change applied; nil when nothing changes by it.
func changed(was *visitor.Record, key Key, change visitor.Change) (*visitor.Record, error) {
	is := was.Clone()
	if is == nil {
		is = visitor.New(key.Visitor)
	}
	if err := is.Check(change); err != nil {
		return nil, about(key, err)
	}
	if !is.Apply(change) {
		return nil, nil
	}
	return is, nil
}

// merge joins one visitor's record into another's and applies a change to it. When it fails, the changes are to be dropped.
func (c *changes) merge(from, into Key, change visitor.Change) (*visitor.Record, error) {
	was, err := c.record(into)
	if err != nil {
		return nil, err
	}
	is := was
	if is == nil {
		is = visitor.New(into.Visitor)
	}
	var other *visitor.Record
	if from.Visitor != "" && from != into {
		if other, err = c.record(from); err != nil {
			return nil, err
		}
	}
	is = visitor.Merge(is, other)
	if from.Visitor != "" {
		is.Join(from.Visitor, other)
	}
	if err := is.Check(change); err != nil {
		return nil, about(into, err)
	}
	is.Apply(change)
	if reflect.DeepEqual(was, is) {
		return was, nil
	}
	c.records.set(into, is)
	return is, nil
}

// absorb takes over the changes that were made on top of these.
func (c *changes) absorb(above *changes) {
	for key, r := range above.records.all() {
		c.records.set(key, r)
	}
	for name, n := range above.counts.all() {
		c.count(name, n)
	}
}

// about says of which visitor an error speaks.
func about(key Key, err error) error {
	return fmt.Errorf("visitor %s of workspace %s: %w", key.Visitor, key.Workspace, err)
}

// checkMerge says whether two visitors can be merged.
func checkMerge(from, into Key) error {
	if err := into.check(); err != nil {
		return err
	}
	if from.Visitor == "" {
		return nil
	}
	return from.check()
}
