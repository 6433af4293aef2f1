package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"handbill/engine/visitor"
)

// watched is a store that counts how often a record is loaded from it.
type watched struct {
	Store
	loads     atomic.Int64
	afterLoad func() // called, where set, when the store has been read
}

func (w *watched) Load(ctx context.Context, key Key) (*visitor.Record, error) {
	w.loads.Add(1)
	r, err := w.Store.Load(ctx, key)
	if w.afterLoad != nil {
		w.afterLoad()
	}
	return r, err
}

func newCache(t testing.TB, inner Store, maxCost int64) *Cache {
	t.Helper()
	c, err := Cached(inner, maxCost)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func mustLoad(t testing.TB, s Store, key Key) *visitor.Record {
	t.Helper()
	r, err := s.Load(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestACachedVisitorIsNotReadFromTheStore(t *testing.T) {
	inner := &watched{Store: NewMemory()}
	c := newCache(t, inner, 1<<20)
	known, unknown := person(1), person(2)
	mustApply(t, inner.Store, opened(known, 1))
	for _, key := range []Key{known, unknown} {
		before := mustLoad(t, c, key)
		c.records.Wait()
		inner.loads.Store(0)
		for range 1000 {
			if mustLoad(t, c, key) != before {
				t.Fatal("the cache has another record")
			}
		}
		if loads := inner.loads.Load(); loads > 0 {
			t.Errorf("%s: the store was read %d times", key.Visitor, loads)
		}
	}
	// A change leaves its record in the cache.
	after := mustApply(t, c, opened(known, 2))[0].Record
	c.records.Wait()
	inner.loads.Store(0)
	if mustLoad(t, c, known) != after || inner.loads.Load() > 0 {
		t.Error("after a change the record was read from the store")
	}
	if hits, misses := c.Lookups(); hits != 2001 || misses != 2 {
		t.Errorf("%d hits, %d misses", hits, misses)
	}
}

func viewed(key Key, view uint32) Mutation {
	return Mutation{Key: key, Change: visitor.Change{Kind: visitor.Visited, Visit: 1, At: november.Add(time.Duration(view) * time.Second), Page: &visitor.PageView{View: view}}}
}

func TestWhatIsNotedIsChangedInTheCache(t *testing.T) {
	inner := &watched{Store: NewMemory()}
	c := newCache(t, inner, 1<<20)
	key := person(1)
	mustApply(t, c, opened(key, 1))
	c.records.Wait()
	inner.loads.Store(0)
	for view := range uint32(20) {
		c.Note(viewed(key, view+1), viewed(key, view+1)) // several at once are read from the store
		mustLoad(t, c, key)
		c.records.Wait()
		inner.loads.Store(0)
		c.Note(viewed(key, view+100))
		if got := mustLoad(t, c, key); got.Visits.PageViews != int(2*view+2) || inner.loads.Load() > 0 {
			t.Fatalf("after %d views of pages the cache knows of %d, and the store was read %d times", 2*view+2, got.Visits.PageViews, inner.loads.Load())
		}
	}
}

// TestNotesAndChangesAtOnceAreAllInTheCache has notes and changes of the same visitors made at the same time.
func TestNotesAndChangesAtOnceAreAllInTheCache(t *testing.T) {
	c := newCache(t, NewMemory(), 4<<20)
	var all sync.WaitGroup
	const rounds, visitors = 4000, 40
	var views, openings [visitors]atomic.Int64
	for w := range uint64(4) {
		all.Go(func() {
			random := rand.New(rand.NewPCG(w, 6))
			for n := range uint64(rounds) {
				who := random.IntN(visitors)
				key := person(who)
				if random.IntN(2) == 0 {
					c.Note(viewed(key, uint32(w<<16|n+1)))
					views[who].Add(1)
				} else if _, err := c.Apply(context.Background(), []Mutation{opened(key, w<<16|n+1)}); err == nil {
					openings[who].Add(1)
				}
				mustLoad(t, c, key)
			}
		})
	}
	all.Wait()
	for who := range visitors {
		cached, stored := mustLoad(t, c, person(who)), mustLoad(t, c.Store, person(who))
		if cached.Visits.PageViews != stored.Visits.PageViews || cached.Visits.PageViews != int(views[who].Load()) {
			t.Errorf("the cache knows of %d views, the store of %d, there were %d", cached.Visits.PageViews, stored.Visits.PageViews, views[who].Load())
		}
		if total := opens(cached); total != opens(stored) || total != int(openings[who].Load()) {
			t.Errorf("the cache knows of %d openings, the store of %d, there were %d", total, opens(stored), openings[who].Load())
		}
	}
}

func opens(r *visitor.Record) (total int) {
	for _, state := range r.Messages {
		total += state.Opened
	}
	return total
}

// TestTheCacheNeverAnswersWithThePast is what a plain cache fails: it drops and delays what is put into it.
func TestTheCacheNeverAnswersWithThePast(t *testing.T) {
	const rounds = 200_000
	c := newCache(t, NewMemory(), 4<<20)
	var all sync.WaitGroup
	const writers = 4
	for w := range writers {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 5))
			counts := map[Key]int{}
			for n := range rounds / writers {
				// Each writer has visitors of its own; the groups of the cache's versions they share.
				key := Key{"shop", fmt.Sprintf("a:browser-%d-%d", w, random.IntN(2000))}
				if random.IntN(3) == 0 {
					mustLoad(t, c, key)
				}
				if _, err := c.Apply(context.Background(), []Mutation{opened(key, uint64(n+1))}); err != nil {
					t.Error(err)
					return
				}
				counts[key]++
				if r := mustLoad(t, c, key); r == nil || r.Messages[sale].Opened != counts[key] {
					t.Errorf("after change %d of %s the record is %+v", counts[key], key.Visitor, r)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestALoadThatAChangeOvertakesIsNotCached(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *Cache){
		"apply": func(t *testing.T, c *Cache) { mustApply(t, c, opened(person(1), 2)) },
		"merge": func(t *testing.T, c *Cache) {
			if _, err := c.Merge(t.Context(), "shop", person(2).Visitor, person(1).Visitor, visitor.Change{Kind: visitor.Identified, At: november}); err != nil {
				t.Fatal(err)
			}
		},
		"sweep": func(t *testing.T, c *Cache) {
			if removed, err := c.Sweep(t.Context(), november.Add(time.Hour)); err != nil || removed != 2 {
				t.Fatalf("removed %d, error %v", removed, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inner := &watched{Store: NewMemory()}
			c := newCache(t, inner, 1<<20)
			mustApply(t, inner.Store, opened(person(1), 1), opened(person(2), 1), opened(person(2), 2))
			inner.afterLoad = func() { // what was read is on its way to the cache
				inner.afterLoad = nil
				change(t, c)
			}
			past := mustLoad(t, c, person(1))
			c.records.Wait()
			now, want := mustLoad(t, c, person(1)), mustLoad(t, inner.Store, person(1))
			if now == past || now != want {
				t.Errorf("the cache answers %+v, the store %+v", now, want)
			}
		})
	}
}

func TestAChangeWhoseCallerIsGoneIsInTheCacheToo(t *testing.T) {
	b := openBolt(t, filepath.Join(t.TempDir(), "handbill.db"), Options{})
	c := newCache(t, b, 1<<20)
	mustApply(t, c, opened(person(1), 1))
	mustLoad(t, c, person(1))
	release := hold(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := c.Apply(ctx, []Mutation{opened(person(1), 2)})
		gone <- err
	}()
	for len(b.pending.of(person(1))) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	for _, when := range []string{"before it is durable", "again", "afterwards", "afterwards again"} {
		if r := mustLoad(t, c, person(1)); r.Messages[sale].Opened != 2 {
			t.Errorf("%s: record %+v", when, r.Messages[sale])
		}
		c.records.Wait()
		if when == "again" {
			release()
			if _, err := c.Statistics(t.Context(), "shop"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestErrorsAreNotCached(t *testing.T) {
	b := openBolt(t, filepath.Join(t.TempDir(), "handbill.db"), Options{})
	c := newCache(t, b, 1<<20)
	overwrite(t, b, person(1), []byte{200})
	for range 2 {
		if _, err := c.Load(t.Context(), person(1)); !errors.Is(err, visitor.ErrVersion) {
			t.Errorf("error %v", err)
		}
	}
	if _, err := c.Apply(t.Context(), []Mutation{opened(person(1), 1)}); !errors.Is(err, visitor.ErrVersion) {
		t.Errorf("error %v", err)
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	const maxCost = 1 << 20
	inner := &watched{Store: NewMemory()}
	c := newCache(t, inner, maxCost)
	for n := range 100_000 { // a flood of invented browsers, of whom nothing is remembered
		mustLoad(t, c, Key{"shop", fmt.Sprintf("a:invented-%d", n)})
	}
	for n := range 2000 { // and many visitors who have much
		key := person(n)
		change := visitor.Change{Kind: visitor.Identified, At: november, Traits: map[string]any{"notes": strings.Repeat("x", 8<<10)}}
		if _, err := c.Merge(t.Context(), "shop", "", key.Visitor, change); err != nil {
			t.Fatal(err)
		}
		mustLoad(t, c, key)
	}
	c.records.Wait()
	if left := c.records.RemainingCost(); left < 0 || left > maxCost {
		t.Errorf("of %d bytes %d are left", maxCost, left)
	}
	kept, bytes := 0, int64(0)
	c.records.IterValues(func(at *slot) bool {
		entry := at.holds.Load()
		kept++
		bytes += cost(entry.key, entry.record)
		return false
	})
	if kept == 0 || bytes > maxCost {
		t.Errorf("%d records of %d bytes are kept in %d bytes", kept, bytes, maxCost)
	}
}

func TestTheCostOfARecordFollowsItsSize(t *testing.T) {
	small, large := visitor.New("u:ada"), visitor.New("u:ada")
	large.Apply(visitor.Change{Kind: visitor.Identified, At: november, Traits: map[string]any{
		"notes": strings.Repeat("x", 4000), "list": []any{strings.Repeat("y", 1000), map[string]any{"z": 1.0}},
	}})
	large.Apply(visitor.Change{Kind: visitor.TestQueued, Message: sale, At: november, Until: november.Add(time.Hour)})
	large.Apply(opened(person(1), 1).Change)
	if nothing, little, much := cost(person(1), nil), cost(person(1), small), cost(person(1), large); nothing < 3 || little < nothing+200 || much < little+5000 {
		t.Errorf("nothing costs %d, little %d, much %d", nothing, little, much)
	}
	busy := visitor.New("u:ada")
	for n := range visitor.MaxEvents * visitor.RecentTimes {
		busy.Apply(visitor.Change{Kind: visitor.Tracked, Event: fmt.Sprintf("event-%d", n%visitor.MaxEvents), At: november.Add(time.Duration(n) * time.Minute)})
	}
	if got := cost(person(1), busy); got < visitor.MaxEvents*visitor.RecentTimes*8 {
		t.Errorf("with the times of %d events it costs %d", visitor.MaxEvents*visitor.RecentTimes, got)
	}
}

func TestClosingWhileItIsUsedIsSafe(t *testing.T) {
	for range 20 {
		c, err := Cached(NewMemory(), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for w := range 8 {
			all.Go(func() {
				for n := range 200 {
					key := person(w*1000 + n)
					_, load := c.Load(context.Background(), key)
					_, apply := c.Apply(context.Background(), []Mutation{opened(key, 1)})
					for _, err := range []error{load, apply} {
						if err != nil && !errors.Is(err, ErrClosed) {
							t.Error(err)
						}
					}
				}
			})
		}
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Error(err)
		}
		all.Wait()
	}
}

func TestACacheOfNoSizeIsAnError(t *testing.T) {
	if _, err := Cached(NewMemory(), 0); err == nil || !strings.Contains(err.Error(), "0 bytes") {
		t.Errorf("error %v", err)
	}
}
