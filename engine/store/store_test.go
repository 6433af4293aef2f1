package store_test

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"handbill/engine/store"
	"handbill/engine/store/storetest"
	"handbill/internal/leaktest"
)

func TestMain(m *testing.M) {
	// A client of a Cluster that was closed has put off for a second to look again where its nodes are, and for some to
	// close the connections to those that are gone.
	leaktest.Main(m, goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*call).DelayDo.func1"),
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*clusterClient)._refresh.func2"))
}

func open(t *testing.T, path string) *store.Bolt {
	t.Helper()
	s, err := store.OpenBolt(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func cached(t *testing.T, inner store.Store) *store.Cache {
	t.Helper()
	c, err := store.Cached(inner, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestMemory(t *testing.T) {
	storetest.Run(t, storetest.Subject{Open: func(*testing.T) store.Store { return store.NewMemory() }})
}

func TestBolt(t *testing.T) {
	paths := map[store.Store]string{}
	storetest.Run(t, storetest.Subject{
		Open: func(t *testing.T) store.Store {
			path := filepath.Join(t.TempDir(), "handbill.db")
			s := open(t, path)
			paths[s] = path
			return s
		},
		Reopen: func(t *testing.T, s store.Store) store.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, paths[s])
		},
	})
}

func TestCached(t *testing.T) {
	storetest.Run(t, storetest.Subject{Open: func(t *testing.T) store.Store { return cached(t, store.NewMemory()) }})
}

func TestCachedBolt(t *testing.T) {
	paths := map[store.Store]string{}
	storetest.Run(t, storetest.Subject{
		Open: func(t *testing.T) store.Store {
			path := filepath.Join(t.TempDir(), "handbill.db")
			c := cached(t, open(t, path))
			paths[c] = path
			return c
		},
		Reopen: func(t *testing.T, s store.Store) store.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return cached(t, open(t, paths[s]))
		},
	})
}
