package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/soaktest"
	"handbill/engine/store"
	"handbill/engine/store/redistest"
)

// claimHistory is what clients saw: when a delivery was handed to one, and when it was about to report it.
type claimHistory struct {
	mu     sync.Mutex
	events []claimed
	polls  int
}

type claimed struct {
	delivery string
	handed   bool // or about to be reported
}

func (h *claimHistory) add(delivery string, handed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, claimed{delivery, handed})
}

// check says what is wrong with a history in which so many showings are allowed: never may more be handed out, nor two be
// outstanding at once.
func (h *claimHistory) check(most int) error {
	known, outstanding := map[string]bool{}, ""
	for i, e := range h.events {
		switch {
		case !e.handed && e.delivery == outstanding:
			outstanding = ""
		case e.handed && outstanding != "" && e.delivery != outstanding:
			return fmt.Errorf("event %d: %s is handed out while %s is outstanding", i, e.delivery, outstanding)
		case e.handed && !known[e.delivery]:
			if known[e.delivery], outstanding = true, e.delivery; len(known) > most {
				return fmt.Errorf("event %d: %s is one more than the %d that are allowed", i, e.delivery, most)
			}
		}
	}
	return nil
}

// claim has clients ask edges for the offer, so often in all, each time in a tab of its own, and report what they are handed.
func (h *claimHistory) claim(t *testing.T, edges []*edge, clients, claims int) {
	address := page(t, shopHome, "")
	ctx := context.Background()
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for n := range (claims + clients - 1) / clients {
				view := fmt.Sprint(h.polls, "-", client, "-", n) // and tab
				answer, err := edges[(client+n)%len(edges)].Poll(ctx, engine.PollRequest{Identity: ada, Page: address, Tab: view, View: view, Visit: "visit"})
				if err != nil && !errors.Is(err, store.ErrUnavailable) {
					t.Error(err)
				}
				for _, d := range answer.Deliveries {
					h.add(d.ID, true)
					h.add(d.ID, false)
					for { // as browsers do
						_, err := edges[n%len(edges)].Report(ctx, ada, []engine.Report{{DeliveryID: d.ID, Outcome: engine.OutcomeOpened, Visit: "visit"}})
						if err == nil {
							break
						}
						if !errors.Is(err, store.ErrUnavailable) {
							t.Error(err)
							return
						}
						time.Sleep(5 * time.Millisecond)
					}
				}
			}
		})
	}
	all.Wait()
	h.polls += claims
}

// TestClaimsOfACapOfThreeAreExactlyThree makes ten thousand claims with HANDBILL_SOAK=1, and fewer without.
func TestClaimsOfACapOfThreeAreExactlyThree(t *testing.T) {
	const clients, most = 64, 3
	claims := soaktest.Times(2560, 10_000)
	for _, c := range []struct {
		name string
		// fail and mend are done again and again while clients claim; nil: nothing is.
		fail, mend func(*redistest.Server, *redistest.Proxy)
	}{
		{"Redis stays", nil, nil},
		{"Redis is paused", func(s *redistest.Server, _ *redistest.Proxy) { s.Pause() }, func(s *redistest.Server, _ *redistest.Proxy) { s.Continue() }},
		{"Redis is killed", func(s *redistest.Server, _ *redistest.Proxy) { s.Kill() }, func(s *redistest.Server, _ *redistest.Proxy) { s.Restart() }},
		{"one edge is cut off", func(_ *redistest.Server, p *redistest.Proxy) { p.Cut() }, func(_ *redistest.Server, p *redistest.Proxy) { p.Heal() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := redistest.Start(t)
			proxy := redistest.StartProxy(t, server)
			var edges []*edge
			for _, url := range []string{server.URL(), proxy.URL()} {
				edges = append(edges, journalEdge(t, url, offer(`{ caps = ["3/day"] }`)))
			}
			history := &claimHistory{}
			stop, stopped := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(stopped)
				for c.fail != nil {
					select {
					case <-stop:
						return
					case <-time.After(100 * time.Millisecond):
					}
					c.fail(server, proxy)
					time.Sleep(150 * time.Millisecond)
					c.mend(server, proxy)
				}
			}()
			end := sync.OnceFunc(func() { close(stop); <-stopped })
			t.Cleanup(end) // before Redis itself ends
			for history.polls < claims {
				history.claim(t, edges, clients, clients*10)
			}
			end()
			// A claim whose answer was lost lapses with its lease; then the next one gets it.
			key := store.Key{Workspace: "shop", Visitor: ada.ID()}
			opened := func() int {
				for _, e := range edges {
					waitFor(t, "everything is in Redis", func() bool { return e.store.(*store.Journaled).Trouble() == nil })
				}
				r, err := edges[0].store.Load(t.Context(), key)
				if err != nil {
					t.Fatal(err)
				}
				if r == nil || r.Messages["offer"] == nil {
					return 0
				}
				return r.Messages["offer"].Opened
			}
			for deadline := time.Now().Add(time.Minute); opened() < most && time.Now().Before(deadline); {
				for _, e := range edges {
					e.now = e.now.Add(engine.LeaseTime + time.Second)
				}
				history.claim(t, edges, clients, clients)
			}
			history.claim(t, edges, clients, clients)
			if got := opened(); got != most {
				t.Errorf("it was opened %d times, and %d are allowed", got, most)
			}
			if err := history.check(most); err != nil {
				t.Error(err)
			}
			waitFor(t, "the statistics agree", func() bool {
				statistics, err := edges[0].store.Statistics(t.Context(), "shop")
				return err == nil && statistics["offer"][store.MetricOpened] == most
			})
			soaktest.Figure(t, "claims.made, "+c.name, history.polls)
			soaktest.Figure(t, "claims.shown, "+c.name, opened())
		})
	}
}

// journalEdge is an edge over the Redis at a URL, with a journal.
func journalEdge(t *testing.T, url, text string) *edge {
	t.Helper()
	redis, err := store.OpenRedis(t.Context(), []string{url}, store.RedisOptions{CacheSize: 1 << 20, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	on, err := store.WithJournal(redis, store.JournalOptions{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(errors.Join(err, redis.Close()))
	}
	t.Cleanup(func() { _ = on.Close() })
	e := newEdgeOn(t, on, text)
	t.Cleanup(e.Close)
	return e
}
