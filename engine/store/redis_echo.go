package store

import (
	"hash/maphash"
	"sync"
)

// echoes are the changes that this edge makes itself and that Redis tells it of, too. They are no reason to read a record
// anew. Redis tells of each once: two edges cannot both change a record between two of Redis' tellings, because the second
// would not have seen what the first left. (NOLOOP, by which Redis would not tell of them, does not hold for scripts.)
type echoes struct {
	seed   maphash.Seed
	shards [64]echoShard
}

type echoShard struct {
	mu       sync.Mutex
	expected map[string]int // by the record's key in Redis
}

func newEchoes() *echoes {
	e := &echoes{seed: maphash.MakeSeed()}
	for i := range e.shards {
		e.shards[i].expected = map[string]int{}
	}
	return e
}

func (e *echoes) shard(key string) *echoShard {
	return &e.shards[maphash.String(e.seed, key)%uint64(len(e.shards))]
}

// expect notes that a change is about to be made here.
func (e *echoes) expect(key string) {
	shard := e.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	shard.expected[key]++
}

// take ends the expectation of one change, because Redis told of it, or because it was not made; false when none is expected.
// Where Redis told of another edge's change just before this one's, that is taken for this one; then the change here fails, or
// Redis' telling of it comes as that of another edge's.
func (e *echoes) take(key string) bool {
	shard := e.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	switch n := shard.expected[key]; n {
	case 0:
		return false
	case 1:
		delete(shard.expected, key)
	default:
		shard.expected[key] = n - 1
	}
	return true
}

// clear ends all expectations: a connection was lost.
func (e *echoes) clear() {
	for i := range e.shards {
		shard := &e.shards[i]
		shard.mu.Lock()
		clear(shard.expected)
		shard.mu.Unlock()
	}
}
