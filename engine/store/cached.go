package store

import (
	"context"
	"time"

	"handbill/engine/visitor"
)

// Cache is a store with a bounded cache of visitors' records in front of it. Changes go through to the store.
type Cache struct {
	Store
	*recordCache
}

// Cached puts a cache in front of a store. maxCost is the most memory, in bytes, that the cached records may take. Closing
// the cache closes the store.
func Cached(inner Store, maxCost int64) (*Cache, error) {
	records, err := newRecordCache(maxCost)
	if err != nil {
		return nil, err
	}
	return &Cache{Store: inner, recordCache: records}, nil
}

// Peek implements [Peeker].
func (c *Cache) Peek(workspace string, identity visitor.Identity) (key Key, r *visitor.Record, ok bool) {
	found, ok := c.peek(workspace, identity)
	return found.key, found.record, ok
}

// Load implements [Store].
func (c *Cache) Load(ctx context.Context, key Key) (*visitor.Record, error) {
	found, version, ok := c.find(key)
	if ok {
		return found.record, nil
	}
	r, err := c.Store.Load(ctx, key)
	if err != nil {
		return nil, err
	}
	c.put(key, r, stamp{}, version)
	return r, nil
}

// Apply implements [Store].
func (c *Cache) Apply(ctx context.Context, mutations []Mutation) ([]Outcome, error) {
	last := make(map[Key]int, len(mutations))
	for i, m := range mutations {
		last[m.Key] = i
	}
	begun := make(map[Key]uint64, len(last))
	for key := range last {
		begun[key] = c.begin(key)
	}
	outcomes, err := c.Store.Apply(ctx, mutations)
	for key, i := range last {
		var left *cached
		if err == nil {
			left = &cached{record: outcomes[i].Record}
		}
		c.ended(key, begun[key], left)
	}
	return outcomes, err
}

// Note implements [Store]. A record that is cached is changed there, too: page views are noted in the midst of polls.
func (c *Cache) Note(mutations ...Mutation) {
	if len(mutations) != 1 {
		c.Store.Note(mutations...)
		for _, m := range mutations {
			c.begin(m.Key)
		}
		return
	}
	m := mutations[0]
	version := c.version(m.Key).Load()
	was, known := c.last(m.Key)
	c.Store.Note(m)
	begun := c.begin(m.Key)
	if !known || was.version != version || begun != version+1 || m.check() != nil {
		return // another change has begun or ended meanwhile
	}
	if is, err := changed(was.record, m.Key, m.Change); err != nil || is == nil {
		c.put(m.Key, was.record, stamp{}, begun)
	} else {
		c.put(m.Key, is, stamp{}, begun)
	}
}

// Merge implements [Store].
func (c *Cache) Merge(ctx context.Context, workspace, from, into string, change visitor.Change) (*visitor.Record, error) {
	key := Key{workspace, into}
	begun := c.begin(key)
	r, err := c.Store.Merge(ctx, workspace, from, into, change)
	var left *cached
	if err == nil {
		left = &cached{record: r}
	}
	c.ended(key, begun, left)
	return r, err
}

// Sweep implements [Store]. When it removed somebody, all that is cached is read anew.
func (c *Cache) Sweep(ctx context.Context, before time.Time) (removed int, err error) {
	removed, err = c.Store.Sweep(ctx, before)
	if removed > 0 || err != nil {
		c.forgetAll()
	}
	return removed, err
}

// Close implements [Store].
func (c *Cache) Close() error {
	c.close()
	return c.Store.Close()
}
