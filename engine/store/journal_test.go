package store_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"handbill/engine/store"
	"handbill/engine/store/redistest"
	"handbill/engine/store/storetest"
	"handbill/engine/visitor"
)

// openJournal opens a store in Redis with a journal in a folder.
func openJournal(t *testing.T, folder string, limit int64, urls ...string) *store.Journaled {
	t.Helper()
	redis, err := store.OpenRedis(t.Context(), urls, store.RedisOptions{CacheSize: 1 << 20, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.WithJournal(redis, store.JournalOptions{Folder: folder, Limit: limit})
	if err != nil {
		t.Fatal(errors.Join(err, redis.Close()))
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// openUnused opens a journal for nothing: Redis stays, and is waited for.
func openUnused(t *testing.T, folder, url string) *store.Journaled {
	t.Helper()
	s := openJournal(t, folder, 0, url)
	s.WaitLong()
	return s
}

func TestRedisWithAJournal(t *testing.T) {
	server := redistest.Start(t)
	folder := t.TempDir()
	storetest.Run(t, storetest.Subject{
		Open: func(t *testing.T) store.Store {
			server.Flush()
			return openUnused(t, t.TempDir(), server.URL())
		},
		Reopen: func(t *testing.T, s store.Store) store.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return openUnused(t, folder, server.URL())
		},
	})
}

// lose makes Redis unreachable for an edge, and waits until that has noticed.
func lose(t *testing.T, server *redistest.Server, s *store.Journaled) {
	t.Helper()
	server.Kill()
	eventually(t, "the edge has noticed", func() bool {
		_, _, err := s.Claim(t.Context(), store.Claim{Key: ada, Message: sale, Tab: "tab", TTL: time.Minute, At: time.Now()})
		return errors.Is(err, store.ErrUnavailable)
	})
}

// empty waits until nothing waits in a journal.
func empty(t *testing.T, s *store.Journaled) {
	t.Helper()
	eventually(t, "everything is in Redis", func() bool { return s.Journal().Waiting == 0 && s.Trouble() == nil })
}

func identify(t *testing.T, s store.Store, from string, key store.Key, traits map[string]any) *visitor.Record {
	t.Helper()
	r, err := s.Merge(t.Context(), key.Workspace, from, key.Visitor, visitor.Change{Kind: visitor.Identified, At: time.Now(), Traits: traits})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func dismissed(key store.Key, delivery uint64) store.Mutation {
	return store.Mutation{Key: key, Metric: store.MetricDismissed, Change: visitor.Change{Kind: visitor.Dismissed, Message: sale, Delivery: delivery, At: time.Now()}}
}

var browserOfAda = store.Key{Workspace: "shop", Visitor: "a:browser-of-ada"}

func TestWhatIsDoneWhileRedisIsGoneWaitsAndArrivesOnceAndInOrder(t *testing.T) {
	server := redistest.Start(t)
	s := openJournal(t, t.TempDir(), 0, server.URL())
	mustApply(t, s, opened(ada, 1))
	lose(t, server, s)

	if got := mustApply(t, s, opened(ada, 2), opened(ada, 1)); !got[0].Counted || got[1].Counted || got[0].Record.Messages[sale].Opened != 2 {
		t.Errorf("what comes of it, as far as is known: %+v", got)
	}
	for delivery := uint64(3); delivery <= 20; delivery++ { // more than a record remembers
		mustApply(t, s, opened(ada, delivery))
	}
	mustApply(t, s, dismissed(browserOfAda, 7))
	for n := range 5 {
		identify(t, s, browserOfAda.Visitor, ada, map[string]any{"plan": fmt.Sprint("plan-", n), "email": fmt.Sprintf("ada-%d@example.com", n)})
	}
	s.Count("shop", sale, store.MetricDelivered, 3)
	s.Note(store.Mutation{Key: ada, Change: visitor.Change{Kind: visitor.Tracked, Event: "signed_up", Key: 1, At: time.Now()}})
	state := s.Journal()
	if state.Waiting < 24 || state.Bytes == 0 || state.Oldest.IsZero() || state.Taken == 0 {
		t.Errorf("the journal's state is %+v", state)
	}
	if r, ok := s.Last(ada); !ok || r.Messages[sale].Opened != 20 || r.Messages[sale].Dismissed.IsZero() || r.Traits["plan"] != "plan-4" {
		t.Errorf("meanwhile she is known as %+v", r)
	}
	if s.Trouble() == nil {
		t.Error("there is no trouble")
	}
	if _, err := s.Apply(t.Context(), []store.Mutation{{Key: ada, Change: visitor.Change{Kind: visitor.Queued, Message: sale, Sent: 1, SentKey: "order-1", At: time.Now()}}}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("sending: %v", err)
	}

	server.Restart()
	empty(t, s)
	other := openRedis(t, server.URL())
	eventually(t, "what nobody waited for is in Redis, too", func() bool {
		statistics, err := other.Statistics(t.Context(), "shop")
		return err == nil && statistics[sale][store.MetricDelivered] > 0 && mustLoad(t, other, ada).Events["signed_up"].Count > 0
	})
	for name, edge := range map[string]store.Store{"this edge": s, "another one": other} {
		r := mustLoad(t, edge, ada)
		if r.Messages[sale].Opened != 20 || r.Messages[sale].Dismissed.IsZero() || r.Traits["plan"] != "plan-4" || r.Events["signed_up"].Count != 1 {
			t.Errorf("%s has %+v", name, r)
		}
		if id, err := edge.Find(t.Context(), "shop", "email", "ada-4@example.com"); err != nil || id != ada.Visitor {
			t.Errorf("%s finds %q, error %v", name, id, err)
		}
		statistics, err := edge.Statistics(t.Context(), "shop")
		if err != nil || statistics[sale][store.MetricOpened] != 20 || statistics[sale][store.MetricDismissed] != 1 || statistics[sale][store.MetricDelivered] != 3 {
			t.Errorf("%s has the statistics %v, error %v", name, statistics, err)
		}
	}
	eventually(t, "the journal takes no room", func() bool { return s.Journal().Bytes == 0 })
}

func TestAWriteThatComesWhileTheJournalIsWrittenStaysBehindIt(t *testing.T) {
	server := redistest.Start(t)
	s := openJournal(t, t.TempDir(), 0, server.URL())
	lose(t, server, s)
	for n := range 200 {
		identify(t, s, "", ada, map[string]any{"step": float64(n)})
	}
	server.Restart()
	for n := range 200 {
		identify(t, s, "", ada, map[string]any{"step": float64(200 + n)})
		r, err := s.Load(t.Context(), ada)
		if errors.Is(err, store.ErrUnavailable) {
			continue // Redis is not found again yet
		}
		if err != nil || r.Traits["step"] != float64(200+n) {
			t.Fatalf("after step %d she is at step %v, error %v", 200+n, r.Traits["step"], err)
		}
	}
	empty(t, s)
	if r := mustLoad(t, openRedis(t, server.URL()), ada); r.Traits["step"] != 399.0 {
		t.Errorf("at last she is at step %v", r.Traits["step"])
	}
}

func TestAFullJournalTakesNothingMore(t *testing.T) {
	server := redistest.Start(t)
	s := openJournal(t, t.TempDir(), store.LeastJournal, server.URL())
	lose(t, server, s)
	var err error
	taken := 0
	for ; err == nil; taken++ {
		_, err = s.Apply(t.Context(), []store.Mutation{opened(store.Key{Workspace: "shop", Visitor: fmt.Sprint("u:visitor-", taken)}, 1)})
	}
	taken--
	if !errors.Is(err, store.ErrUnavailable) || taken < 100 {
		t.Errorf("after %d changes: %v", taken, err)
	}
	if state := s.Journal(); state.Bytes > state.Limit || state.Waiting != taken || state.Refused != 1 {
		t.Errorf("the journal's state is %+v", state)
	}
	server.Restart()
	empty(t, s)
	statistics, err := s.Statistics(t.Context(), "shop")
	if err != nil || statistics[sale][store.MetricOpened] != int64(taken) {
		t.Errorf("%d were taken, the statistics are %v, error %v", taken, statistics, err)
	}
	eventually(t, "there is room again", func() bool { return s.Journal().Bytes == 0 })
	lose(t, server, s)
	mustApply(t, s, opened(ada, 1))
}

func TestWhatWaitsInAJournalSurvivesARestart(t *testing.T) {
	server := redistest.Start(t)
	folder := t.TempDir()
	s := openJournal(t, folder, 0, server.URL())
	lose(t, server, s)
	for delivery := range uint64(20) {
		mustApply(t, s, opened(ada, delivery+1))
	}
	identify(t, s, browserOfAda.Visitor, ada, map[string]any{"plan": "team"})
	copied := t.TempDir()
	if err := os.CopyFS(filepath.Join(copied, "journal"), os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	server.Restart()
	s = openJournal(t, folder, 0, server.URL())
	empty(t, s)
	// As if it had been killed after Redis had everything, and before it could note that.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openJournal(t, filepath.Join(copied, "journal"), 0, server.URL())
	if s.Journal().Written == 0 && s.Journal().Waiting == 0 {
		t.Error("nothing was there to be written again")
	}
	empty(t, s)
	if r := mustLoad(t, s, ada); r.Messages[sale].Opened != 20 || r.Traits["plan"] != "team" {
		t.Errorf("she has %+v", r)
	}
	statistics, err := s.Statistics(t.Context(), "shop")
	if err != nil || statistics[sale][store.MetricOpened] != 20 {
		t.Errorf("the statistics are %v, error %v", statistics, err)
	}
}

func TestWhatWaitsOfAPersonCanBeSeenAndForgotten(t *testing.T) {
	server := redistest.Start(t)
	folder := t.TempDir()
	s := openJournal(t, folder, 0, server.URL())
	lose(t, server, s)
	grace := store.Key{Workspace: "shop", Visitor: "u:grace"}
	mustApply(t, s, opened(ada, 1))
	mustApply(t, s, opened(ada, 2), opened(grace, 2))
	identify(t, s, "", ada, map[string]any{"email": "ada@example.com"})
	if waiting := s.Waiting(ada); len(waiting) != 3 || waiting[2].Traits["email"] != "ada@example.com" {
		t.Errorf("of her there waits %+v", waiting)
	}
	if n, err := s.ForgetWaiting(t.Context(), ada); err != nil || n != 3 {
		t.Errorf("%d are forgotten, error %v", n, err)
	}
	if waiting := s.Waiting(ada); len(waiting) != 0 || len(s.Waiting(grace)) != 1 {
		t.Errorf("of her there waits %+v, of the other %+v", waiting, s.Waiting(grace))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	server.Restart()
	s = openJournal(t, folder, 0, server.URL())
	empty(t, s)
	if r := mustLoad(t, s, ada); r != nil {
		t.Errorf("in Redis there is %+v", r)
	}
	if r := mustLoad(t, s, grace); r == nil || r.Messages[sale].Opened != 1 {
		t.Errorf("of the other there is %+v", r)
	}
}

func TestWhatWaitsOfSomebodyWhomAnotherEdgeHasForgottenIsNotWritten(t *testing.T) {
	server := redistest.Start(t)
	folder := t.TempDir()
	s := openJournal(t, folder, 0, server.URL())
	grace := store.Key{Workspace: "shop", Visitor: "u:grace"}
	mustApply(t, s, opened(ada, 1))
	lose(t, server, s)
	mustApply(t, s, opened(ada, 2))
	mustApply(t, s, opened(grace, 1))
	if _, err := s.Forget(t.Context(), []store.Key{ada}, nil); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("while Redis is gone she is forgotten, error %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	server.Restart()
	if n, err := openRedis(t, server.URL()).Forget(t.Context(), []store.Key{ada}, nil); err != nil || n != 1 {
		t.Fatalf("%d are forgotten, error %v", n, err)
	}
	s = openJournal(t, folder, 0, server.URL())
	empty(t, s)
	if r := mustLoad(t, s, ada); r != nil {
		t.Errorf("in Redis there is %+v", r)
	}
	if r := mustLoad(t, s, grace); r == nil || r.Messages[sale].Opened != 1 {
		t.Errorf("of the other there is %+v", r)
	}
	mustApply(t, s, opened(ada, 3)) // who comes back begins anew
	if r := mustLoad(t, s, ada); r.Messages[sale].Opened != 1 {
		t.Errorf("who came back has %+v", r)
	}
}

func TestManyVisitorsAtOnceLoseNothingThoughRedisComesAndGoes(t *testing.T) {
	server := redistest.Start(t)
	edges := []*store.Journaled{openJournal(t, t.TempDir(), 0, server.URL()), openJournal(t, t.TempDir(), 0, server.URL())}
	stop := make(chan struct{})
	var all sync.WaitGroup
	const writers = 16
	counts := make([]int, writers)
	for w := range writers {
		key := store.Key{Workspace: "shop", Visitor: fmt.Sprint("u:visitor-", w%8)}
		all.Go(func() {
			for n := 1; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				// The delivery is one of its own: two edges write of the same visitor.
				if _, err := edges[w%2].Apply(t.Context(), []store.Mutation{opened(key, uint64(w)<<32+uint64(n))}); err != nil {
					t.Error(err)
					return
				}
				counts[w] = n
			}
		})
	}
	end := sync.OnceFunc(func() { close(stop); all.Wait() })
	t.Cleanup(end)
	for round := range 4 {
		time.Sleep(150 * time.Millisecond)
		if round%2 == 0 {
			server.Kill()
			time.Sleep(200 * time.Millisecond)
			server.Restart()
		} else {
			server.Pause()
			time.Sleep(700 * time.Millisecond)
			server.Continue()
		}
	}
	end()
	sum := 0
	for _, n := range counts {
		sum += n
	}
	for _, edge := range edges {
		empty(t, edge)
	}
	kept := 0
	fresh := openRedis(t, server.URL())
	for v := range 8 {
		kept += mustLoad(t, fresh, store.Key{Workspace: "shop", Visitor: fmt.Sprint("u:visitor-", v)}).Messages[sale].Opened
	}
	statistics, err := fresh.Statistics(t.Context(), "shop")
	if err != nil || kept != sum || statistics[sale][store.MetricOpened] != int64(sum) {
		t.Errorf("%d were acknowledged, the records have %d, the statistics %v, error %v", sum, kept, statistics[sale], err)
	}
	t.Logf("%d changes were acknowledged; through the journals went %d and %d", sum, edges[0].Journal().Taken, edges[1].Journal().Taken)
}
