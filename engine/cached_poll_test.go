package engine_test

import (
	"context"
	"path/filepath"
	"testing"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// readCounting counts how often a store is asked for a record.
type readCounting struct {
	store.Store
	loads int
}

func (s *readCounting) Load(ctx context.Context, key store.Key) (*visitor.Record, error) {
	s.loads++
	return s.Store.Load(ctx, key)
}

func TestAPollOfACachedVisitorDoesNotTouchTheStore(t *testing.T) {
	file, err := store.OpenBolt(filepath.Join(t.TempDir(), "handbill.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	counting := &readCounting{Store: file}
	cached, err := store.Cached(counting, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer cached.Close()
	e := newEdgeOn(t, cached, shop)
	if err := e.Identify(t.Context(), adaKnown, map[string]any{"plan": "team"}); err != nil {
		t.Fatal(err)
	}
	address := page(t, "https://shop.example.com/help", "")
	poll := func() {
		if _, err := e.Poll(t.Context(), engine.PollRequest{Identity: adaKnown, Page: address, Tab: "tab", View: "view", Visit: "visit"}); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the record is cached", func() bool {
		poll()
		_, _, ok := cached.Peek("shop", adaKnown)
		return ok
	})
	counting.loads = 0
	for range 1000 {
		poll()
	}
	if counting.loads != 0 {
		t.Errorf("1000 polls of a cached visitor asked the store %d times", counting.loads)
	}
}
