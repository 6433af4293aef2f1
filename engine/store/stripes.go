package store

import (
	"hash/maphash"
	"slices"
	"sync"
)

// stripes keep those who change the same visitors waiting for each other.
type stripes struct {
	seed  maphash.Seed
	locks *[1024]sync.Mutex
}

func newStripes() stripes {
	return stripes{seed: maphash.MakeSeed(), locks: new([1024]sync.Mutex)}
}

// hold keeps others who change one of some visitors waiting until release is called.
func (s *stripes) hold(keys []Key) (release func()) {
	if len(keys) == 1 {
		lock := &s.locks[s.place(keys[0])]
		lock.Lock()
		return lock.Unlock
	}
	places := make([]int, 0, len(keys))
	for _, key := range keys {
		places = append(places, s.place(key))
	}
	slices.Sort(places) // everybody takes them in the same order
	places = slices.Compact(places)
	for _, place := range places {
		s.locks[place].Lock()
	}
	return func() {
		for _, place := range places {
			s.locks[place].Unlock()
		}
	}
}

func (s *stripes) place(key Key) int {
	return int(maphash.Comparable(s.seed, key) % uint64(len(s.locks)))
}
