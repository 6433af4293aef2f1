package store

import (
	"fmt"
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/ristretto/v2"

	"handbill/engine/visitor"
)

// recordCache is a bounded cache of visitors' records, visitors about whom nothing is remembered included. It holds only
// what can be read again.
type recordCache struct {
	gate   sync.RWMutex // held for reading while records is used: it must not be used once it is closed
	closed bool
	// records may lose what is put into it, and shows it late. Neither matters: what it returns is used only when no
	// change has begun or ended since it was read from the store.
	records  *ristretto.Cache[uint64, *slot]
	seed     maphash.Seed
	versions []atomic.Uint64

	hits, misses atomic.Uint64
}

// leastVersions and mostVersions are how many groups of visitors there are: a change of one visitor makes the cached records
// of its group be read anew. There are four for each visitor whom the cache may hold, so that this concerns few.
const (
	leastVersions = 1 << 16
	mostVersions  = 1 << 20
)

// cached is a record, nil when nothing was remembered, at a version of its group. Its key tells it from another that has
// the same sum.
type cached struct {
	key     Key
	record  *visitor.Record
	version uint64
	// stamp is what the store calls this state of the record, where it does.
	stamp stamp
}

// slot is a place in the cache. What changes a record that is cached puts another there in its place, which is cheaper than to
// cache it anew.
type slot struct {
	holds atomic.Pointer[cached]
	cost  int64 // what may be put there takes at most this; the cache counts it whole
}

// newRecordCache makes a cache. maxCost is the most memory, in bytes, that the records may take.
func newRecordCache(maxCost int64) (*recordCache, error) {
	const (
		usualCost     = 512 // bytes that a visitor with a few messages takes
		countersPer   = 10  // ristretto's advice: ten times as many counters as entries
		leastCounters = 1000
		groupsPer     = 4
	)
	records, err := ristretto.NewCache(&ristretto.Config[uint64, *slot]{
		NumCounters: max(maxCost/usualCost*countersPer, leastCounters),
		MaxCost:     maxCost,
		BufferItems: 64,
	})
	if err != nil {
		return nil, fmt.Errorf("making the cache of visitors' records with %d bytes: %w", maxCost, err)
	}
	versions := min(max(1<<bits.Len64(uint64(groupsPer*maxCost/usualCost-1)), leastVersions), mostVersions)
	return &recordCache{records: records, seed: maphash.MakeSeed(), versions: make([]atomic.Uint64, versions)}, nil
}

// Lookups says how often a record was found in the cache, and how often the store was asked.
func (c *recordCache) Lookups() (hits, misses uint64) { return c.hits.Load(), c.misses.Load() }

// peek finds the record of a visitor whose id is not put together yet. It allocates nothing.
func (c *recordCache) peek(workspace string, identity visitor.Identity) (cached, bool) {
	kind, id := byte('u'), identity.User
	if id == "" {
		kind, id = 'a', identity.Anonymous
	}
	sum := c.sum(workspace, kind, id)
	version := c.versionAt(sum).Load()
	found, ok := c.get(sum)
	if !ok || found.version != version || found.key.Workspace != workspace || !names(found.key.Visitor, kind, id) {
		return cached{}, false
	}
	c.hits.Add(1)
	return found, true
}

// names says whether a visitor's id is that of a kind and a name.
func names(visitorID string, kind byte, name string) bool {
	return len(visitorID) == len(name)+2 && visitorID[0] == kind && visitorID[1] == ':' && visitorID[2:] == name
}

// find finds a record. Where it does not, version is what a record that is read now is to be put with.
func (c *recordCache) find(key Key) (found cached, version uint64, ok bool) {
	sum := c.sumOf(key)
	version = c.versionAt(sum).Load()
	if found, ok = c.get(sum); ok && found.version == version && found.key == key {
		c.hits.Add(1)
		return found, version, true
	}
	c.misses.Add(1)
	return cached{}, version, false
}

// last is what was known of a visitor last, however old it is.
func (c *recordCache) last(key Key) (cached, bool) {
	found, ok := c.get(c.sumOf(key))
	return found, ok && found.key == key
}

// begin notes that a change of a visitor begins: what is cached of it is not used any more.
func (c *recordCache) begin(key Key) (begun uint64) { return c.version(key).Add(1) }

// ended notes that a change of a visitor is over, and caches what it left, unless that is nil or another change of the
// group began or ended meanwhile. begun is the version that its beginning made.
func (c *recordCache) ended(key Key, begun uint64, left *cached) {
	version := c.version(key).Add(1)
	if left != nil && version == begun+1 {
		c.put(key, left.record, left.stamp, version)
	}
}

// forgetAll has everything read anew.
func (c *recordCache) forgetAll() {
	for i := range c.versions {
		c.versions[i].Add(1)
	}
}

func (c *recordCache) close() {
	c.gate.Lock()
	defer c.gate.Unlock()
	if !c.closed {
		c.closed = true
		c.records.Close()
	}
}

func (c *recordCache) version(key Key) *atomic.Uint64 { return c.versionAt(c.sumOf(key)) }

func (c *recordCache) versionAt(sum uint64) *atomic.Uint64 {
	return &c.versions[sum&uint64(len(c.versions)-1)]
}

// sumOf is the number by which a visitor is found in the cache.
func (c *recordCache) sumOf(key Key) uint64 {
	if id := key.Visitor; len(id) > 2 && id[1] == ':' {
		return c.sum(key.Workspace, id[0], id[2:])
	}
	return c.sum(key.Workspace, 0, key.Visitor)
}

func (c *recordCache) sum(workspace string, kind byte, id string) uint64 {
	return bits.RotateLeft64(maphash.String(c.seed, workspace), int(kind)) ^ maphash.String(c.seed, id)
}

func (c *recordCache) get(sum uint64) (cached, bool) {
	c.gate.RLock()
	defer c.gate.RUnlock()
	if c.closed {
		return cached{}, false
	}
	if at, ok := c.records.Get(sum); ok {
		return *at.holds.Load(), true
	}
	return cached{}, false
}

func (c *recordCache) put(key Key, r *visitor.Record, s stamp, version uint64) {
	c.gate.RLock()
	defer c.gate.RUnlock()
	if c.closed {
		return
	}
	sum, takes, holds := c.sumOf(key), cost(key, r), &cached{key: key, record: r, version: version, stamp: s}
	if at, ok := c.records.Get(sum); ok && takes <= at.cost && takes >= at.cost/2 {
		at.holds.Store(holds)
		return
	}
	at := &slot{cost: takes + takes/8}
	at.holds.Store(holds)
	c.records.Set(sum, at, at.cost)
}
