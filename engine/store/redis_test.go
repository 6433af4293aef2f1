package store_test

import (
	"log/slog"
	"testing"

	"handbill/engine/store"
	"handbill/engine/store/redistest"
	"handbill/engine/store/storetest"
)

// openRedis opens a store in a Redis that stays.
func openRedis(t *testing.T, urls ...string) *store.Redis {
	t.Helper()
	s := openFleeting(t, urls...)
	s.WaitLong()
	return s
}

// openFleeting opens a store in a Redis that comes and goes.
func openFleeting(t *testing.T, urls ...string) *store.Redis {
	t.Helper()
	s, err := store.OpenRedis(t.Context(), urls, store.RedisOptions{CacheSize: 1 << 20, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestRedis(t *testing.T) {
	server := redistest.Start(t)
	storetest.Run(t, storetest.Subject{
		Open: func(t *testing.T) store.Store {
			server.Flush()
			return openRedis(t, server.URL())
		},
		Reopen: func(t *testing.T, s store.Store) store.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return openRedis(t, server.URL())
		},
	})
}
