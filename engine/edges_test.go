package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/store/redistest"
)

// redisStore opens a store in Redis, as one edge does.
func redisStore(t *testing.T, server *redistest.Server) *store.Redis {
	t.Helper()
	s, err := store.OpenRedis(t.Context(), []string{server.URL()}, store.RedisOptions{CacheSize: 1 << 20, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// edgesOver are two edges with the same messages over one Redis.
func edgesOver(t *testing.T, server *redistest.Server, text string) [2]*edge {
	t.Helper()
	var edges [2]*edge
	for i := range edges {
		edges[i] = newEdgeOn(t, redisStore(t, server), text)
		edges[i].WaitLonger()
		t.Cleanup(edges[i].Close)
	}
	return edges
}

// crowd asks edges for the offer again and again, and reports each delivery as opened.
type crowd struct {
	polls   int
	claimed atomic.Int64 // deliveries that were handed out
}

// ask has clients ask both edges at once.
func (c *crowd) ask(t *testing.T, edges [2]*edge, clients int) {
	address := page(t, shopHome, "")
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for n := range c.polls / clients {
				edge := edges[(client+n)%2]
				answer, err := edge.Poll(context.Background(), engine.PollRequest{
					Identity: ada, Page: address, Tab: fmt.Sprint(client), View: fmt.Sprint(client, "-", n), Visit: "visit",
				})
				if err != nil {
					t.Error(err)
					return
				}
				for _, d := range answer.Deliveries {
					c.claimed.Add(1)
					// The report comes to whichever edge.
					if _, err := edges[n%2].Report(context.Background(), ada, []engine.Report{{DeliveryID: d.ID, Outcome: engine.OutcomeOpened, Visit: "visit"}}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
}

func TestEdgesOverOneRedisNeverExceedACap(t *testing.T) {
	for _, c := range []struct {
		name, frequency string
		want            int
	}{
		{"a lifetime", `{ lifetime = 3 }`, 3},
		{"a cap", `{ caps = ["3/day"] }`, 3},
		{"once", `"once"`, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			edges := edgesOver(t, redistest.Start(t), offer(c.frequency))
			a := crowd{polls: 1280}
			a.ask(t, edges, 64)
			if got := int(a.claimed.Load()); got != c.want {
				t.Errorf("it was handed out %d times, want %d", got, c.want)
			}
			for i, edge := range edges {
				record, err := edge.store.Load(t.Context(), store.Key{Workspace: "shop", Visitor: ada.ID()})
				if err != nil || record.Messages["offer"].Opened != c.want {
					t.Errorf("edge %d knows of %+v, error %v", i, record, err)
				}
			}
			waitFor(t, "both edges' counts are written", func() bool {
				statistics, err := edges[0].Statistics(t.Context())
				return err == nil && statistics[0].Opened == int64(c.want) && statistics[0].Deliveries == int64(c.want)
			})
		})
	}
}

func TestADismissalOnOneEdgeHoldsOnTheOtherAtTheNextPoll(t *testing.T) {
	edges := edgesOver(t, redistest.Start(t), offer(`"until_dismissed"`))
	poll := func(e *edge, view string) engine.PollAnswer {
		answer, err := e.Poll(t.Context(), engine.PollRequest{Identity: ada, Page: page(t, shopHome, ""), Tab: "tab", View: view, Visit: "visit"})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	report := func(e *edge, d engine.Delivery, outcome engine.Outcome) {
		if refused, err := e.Report(t.Context(), ada, []engine.Report{{DeliveryID: d.ID, Outcome: outcome, Visit: "visit"}}); err != nil || refused[0] != nil {
			t.Fatal(refused, err)
		}
	}
	shown := poll(edges[0], "first").Deliveries
	if len(shown) != 1 {
		t.Fatalf("shown: %v", shown)
	}
	report(edges[1], shown[0], engine.OutcomeOpened)
	if again := poll(edges[1], "second").Deliveries; len(again) != 1 {
		t.Fatalf("on the other edge: %v", again)
	}
	report(edges[0], shown[0], engine.OutcomeDismissed)
	for i, e := range edges {
		waitFor(t, "the dismissal holds", func() bool { return len(poll(e, fmt.Sprint("third-", i)).Deliveries) == 0 })
	}
}

func TestAMessageToAPersonWakesTheStreamOnWhicheverEdgeHoldsIt(t *testing.T) {
	server := redistest.Start(t)
	edges := edgesOver(t, server, shop)
	for _, e := range edges {
		e.SetStreams(engine.Streams{On: true})
	}
	wakes := func(when string, s *engine.Stream, what func() error) {
		t.Helper()
		woken(s)
		waitFor(t, when, func() bool {
			if err := what(); err != nil {
				t.Log(err)
				return false
			}
			select {
			case <-s.Woken():
				return true
			case <-time.After(100 * time.Millisecond):
				return false
			}
		})
	}
	here, there := listen(t, edges[0].Engine, "ada", "192.0.2.1"), listen(t, edges[1].Engine, "ada", "192.0.2.2")
	other := listen(t, edges[1].Engine, "ines", "192.0.2.3")
	woken(other)
	send := func() error {
		_, err := edges[0].SendTest(t.Context(), "u:ada", "winter-sale", nil)
		return err
	}
	wakes("the stream on the other edge is woken", there, send)
	if !woken(here) || woken(other) {
		t.Error("the wrong streams are woken")
	}
	server.Kill()
	server.Restart()
	wakes("it is woken although Redis was gone meanwhile", there, send)
}

func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
