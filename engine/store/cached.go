package store

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"handbill/engine/visitor"
)

// Cache is a store with a bounded cache of visitors' records in front of it, visitors about whom nothing is remembered
// included. It holds only what can be read again. Changes go through to the store.
type Cache struct {
	Store
	gate   sync.RWMutex // held for reading while records is used: it must not be used once it is closed
	closed bool
	// records may lose what is put into it, and shows it late. Neither matters: what it returns is used only when no
	// change has begun or ended since it was read from the store.
	records  *ristretto.Cache[uint64, cached]
	seed     maphash.Seed
	versions [cacheVersions]atomic.Uint64

	hits, misses atomic.Uint64
}

// cacheVersions is how many groups of visitors there are: a change of one visitor makes the cached records of its group
// be read anew. There are enough that this concerns few.
const cacheVersions = 1 << 16

// cached is a record, nil when nothing was remembered, at a version of its group. Its key tells it from another that has
// the same sum.
type cached struct {
	key     Key
	record  *visitor.Record
	version uint64
}

// Cached puts a cache in front of a store. maxCost is the most memory, in bytes, that the cached records may take. Closing
// the cache closes the store.
func Cached(inner Store, maxCost int64) (*Cache, error) {
	const (
		usualCost     = 512 // bytes that a visitor with a few messages takes
		countersPer   = 10  // ristretto's advice: ten times as many counters as entries
		leastCounters = 1000
	)
	records, err := ristretto.NewCache(&ristretto.Config[uint64, cached]{
		NumCounters: max(maxCost/usualCost*countersPer, leastCounters),
		MaxCost:     maxCost,
		BufferItems: 64,
	})
	if err != nil {
		return nil, fmt.Errorf("making the cache of visitors' records with %d bytes: %w", maxCost, err)
	}
	return &Cache{Store: inner, records: records, seed: maphash.MakeSeed()}, nil
}

// Lookups says how often a record was found in the cache, and how often the store was asked.
func (c *Cache) Lookups() (hits, misses uint64) { return c.hits.Load(), c.misses.Load() }

// Peek implements [Peeker].
func (c *Cache) Peek(workspace string, identity visitor.Identity) (key Key, r *visitor.Record, ok bool) {
	kind, id := byte('u'), identity.User
	if id == "" {
		kind, id = 'a', identity.Anonymous
	}
	sum := c.sum(workspace, kind, id)
	version := c.versions[sum%cacheVersions].Load()
	found, ok := c.get(sum)
	if !ok || found.version != version || found.key.Workspace != workspace || !names(found.key.Visitor, kind, id) {
		return Key{}, nil, false
	}
	c.hits.Add(1)
	return found.key, found.record, true
}

// names says whether a visitor's id is that of a kind and a name.
func names(visitorID string, kind byte, name string) bool {
	return len(visitorID) == len(name)+2 && visitorID[0] == kind && visitorID[1] == ':' && visitorID[2:] == name
}

// Load implements [Store].
func (c *Cache) Load(ctx context.Context, key Key) (*visitor.Record, error) {
	sum := c.sumOf(key)
	version := c.versions[sum%cacheVersions].Load()
	if found, ok := c.get(sum); ok && found.version == version && found.key == key {
		c.hits.Add(1)
		return found.record, nil
	}
	c.misses.Add(1)
	r, err := c.Store.Load(ctx, key)
	if err != nil {
		return nil, err
	}
	c.put(key, r, version)
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
		begun[key] = c.version(key).Add(1)
	}
	outcomes, err := c.Store.Apply(ctx, mutations)
	for key, i := range last {
		c.ended(key, begun[key], func() (*visitor.Record, bool) {
			if err != nil {
				return nil, false
			}
			return outcomes[i].Record, true
		})
	}
	return outcomes, err
}

// Note implements [Store].
func (c *Cache) Note(mutations ...Mutation) {
	c.Store.Note(mutations...)
	for _, m := range mutations {
		c.version(m.Key).Add(1)
	}
}

// Merge implements [Store].
func (c *Cache) Merge(ctx context.Context, workspace, from, into string, change visitor.Change) (*visitor.Record, error) {
	key := Key{workspace, into}
	begun := c.version(key).Add(1)
	r, err := c.Store.Merge(ctx, workspace, from, into, change)
	c.ended(key, begun, func() (*visitor.Record, bool) { return r, err == nil })
	return r, err
}

// Sweep implements [Store]. When it removed somebody, all that is cached is read anew.
func (c *Cache) Sweep(ctx context.Context, before time.Time) (removed int, err error) {
	removed, err = c.Store.Sweep(ctx, before)
	if removed > 0 || err != nil {
		for i := range c.versions {
			c.versions[i].Add(1)
		}
	}
	return removed, err
}

// Close implements [Store].
func (c *Cache) Close() error {
	c.gate.Lock()
	if !c.closed {
		c.closed = true
		c.records.Close()
	}
	c.gate.Unlock()
	return c.Store.Close()
}

// ended notes that a change of a visitor is over, and caches the record that it left when no other change of the group
// began or ended meanwhile. begun is the version that its beginning made.
func (c *Cache) ended(key Key, begun uint64, left func() (*visitor.Record, bool)) {
	version := c.version(key).Add(1)
	if r, ok := left(); ok && version == begun+1 {
		c.put(key, r, version)
	}
}

func (c *Cache) version(key Key) *atomic.Uint64 { return &c.versions[c.sumOf(key)%cacheVersions] }

// sumOf is the number by which a visitor is found in the cache.
func (c *Cache) sumOf(key Key) uint64 {
	if id := key.Visitor; len(id) > 2 && id[1] == ':' {
		return c.sum(key.Workspace, id[0], id[2:])
	}
	return c.sum(key.Workspace, 0, key.Visitor)
}

func (c *Cache) sum(workspace string, kind byte, id string) uint64 {
	return bits.RotateLeft64(maphash.String(c.seed, workspace), int(kind)) ^ maphash.String(c.seed, id)
}

func (c *Cache) get(sum uint64) (cached, bool) {
	c.gate.RLock()
	defer c.gate.RUnlock()
	if c.closed {
		return cached{}, false
	}
	return c.records.Get(sum)
}

func (c *Cache) put(key Key, r *visitor.Record, version uint64) {
	c.gate.RLock()
	defer c.gate.RUnlock()
	if !c.closed {
		c.records.Set(c.sumOf(key), cached{key, r, version}, cost(key, r))
	}
}

// cost estimates how many bytes a record takes in memory. Ristretto adds what its own entry takes.
func cost(key Key, r *visitor.Record) int64 {
	const (
		pointer     = 8
		header      = 16  // of a text, a value in an interface
		mapEntry    = 48  // share of a map's table
		recordSize  = 384 // the record with its empty maps
		messageSize = 392
		showingSize = 32
		testSize    = 64
		runSize     = 144
		sentSize    = 160
	)
	bytes := int64(len(key.Visitor)) + 6*pointer // the workspace's name is shared
	if r == nil {
		return bytes
	}
	bytes += recordSize + int64(len(r.ID))
	bytes += int64(len(r.Showings)) * showingSize
	for id, state := range r.Messages {
		bytes += mapEntry + int64(len(id))
		for ; state != nil; state = state.Withheld {
			bytes += messageSize + visitor.RecentDeliveries*9 + int64(len(state.Showings))*showingSize
		}
	}
	for _, segment := range r.Segments {
		bytes += header + int64(len(segment))
	}
	bytes += pastCost(r)
	var value func(any) int64
	value = func(v any) int64 {
		switch v := v.(type) {
		case string:
			return header + int64(len(v))
		case []any:
			sum := int64(3 * pointer)
			for _, item := range v {
				sum += header + value(item)
			}
			return sum
		case map[string]any:
			sum := int64(mapEntry)
			for name, item := range v {
				sum += mapEntry + int64(len(name)) + value(item)
			}
			return sum
		}
		return header
	}
	table := func(values map[string]any) {
		if values != nil {
			bytes += value(values)
		}
	}
	table(r.Traits)
	for _, test := range r.Tests {
		bytes += testSize + int64(len(test.Message))
		table(test.Data)
	}
	for id, run := range r.Campaigns {
		bytes += mapEntry + runSize + int64(len(id))
		table(run.Event)
	}
	for _, sent := range r.Sent {
		bytes += sentSize + int64(len(sent.Message)+len(sent.Key))
		table(sent.Data)
	}
	return bytes
}

// pastCost estimates how many bytes visits, groups and events take.
func pastCost(r *visitor.Record) int64 {
	const (
		header    = 16 // of a text
		mapEntry  = 48 // share of a map's table
		visitSize = 256
		viewSize  = 16
		eventSize = 128
		timeSize  = 8
		daySize   = 16
		keySize   = 4
	)
	bytes := int64(len(r.Visits.Views))*viewSize + int64(len(r.Tracked))*keySize
	for _, id := range r.Groups {
		bytes += header + int64(len(id))
	}
	for _, v := range r.Visits.Recent {
		bytes += visitSize + int64(len(v.LandingPage)+len(v.Referrer))
		bytes += int64(len(v.UTM.Source) + len(v.UTM.Medium) + len(v.UTM.Campaign) + len(v.UTM.Term) + len(v.UTM.Content))
	}
	for name, event := range r.Events {
		bytes += mapEntry + eventSize + int64(len(name)) + int64(len(event.Times))*timeSize + int64(len(event.Days))*daySize
	}
	return bytes
}
