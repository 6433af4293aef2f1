package store

import (
	"iter"
	"maps"
)

// few is a map that holds one entry most of the time, and then takes no room but its own. Its zero value is empty.
type few[K comparable, V any] struct {
	key   K
	value V
	n     int
	more  map[K]V // all, where there are several
}

// get is what stands under a key.
func (f *few[K, V]) get(key K) (value V, ok bool) {
	if f.n > 1 {
		value, ok = f.more[key]
		return value, ok
	}
	if f.n == 1 && f.key == key {
		return f.value, true
	}
	return value, false
}

// set puts something under a key.
func (f *few[K, V]) set(key K, value V) {
	switch {
	case f.n > 1:
		f.more[key] = value
		f.n = len(f.more)
	case f.n == 1 && f.key != key:
		f.more = map[K]V{f.key: f.value, key: value}
		f.n = 2
	default:
		f.key, f.value, f.n = key, value, 1
	}
}

// len is how many there are.
func (f *few[K, V]) len() int { return f.n }

// all are the entries, in any order.
func (f *few[K, V]) all() iter.Seq2[K, V] {
	if f.n > 1 {
		return maps.All(f.more)
	}
	return func(yield func(K, V) bool) {
		if f.n == 1 {
			yield(f.key, f.value)
		}
	}
}
