package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"handbill/engine"
	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/store/redistest"
)

// journalStore is a store in Redis with a journal.
func journalStore(t *testing.T, server *redistest.Server) *store.Journaled {
	t.Helper()
	s, err := store.WithJournal(redisStore(t, server), store.JournalOptions{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestWhatVisitorsDoWhileRedisIsGoneHoldsAtOnceAndArrivesLater(t *testing.T) {
	her := person("ada")
	for _, c := range []struct {
		name       string
		lose, find func(*redistest.Server)
	}{
		{"killed", (*redistest.Server).Kill, (*redistest.Server).Restart},
		{"paused", (*redistest.Server).Pause, (*redistest.Server).Continue},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := redistest.Start(t)
			on := journalStore(t, server)
			e := newEdgeOn(t, on, outageWorkspace)
			t.Cleanup(e.Close)
			views := 0
			poll := func() (engine.PollAnswer, error) {
				views++
				return e.Poll(t.Context(), engine.PollRequest{Identity: her, Page: page(t, shopHome, ""), Tab: "tab", View: fmt.Sprint("view-", views), Visit: "visit"})
			}
			report := func(d engine.Delivery, outcome engine.Outcome) {
				t.Helper()
				if _, err := e.Report(t.Context(), her, []engine.Report{{DeliveryID: d.ID, Outcome: outcome, Visit: "visit"}}); err != nil {
					t.Errorf("a report is answered with %v", err)
				}
			}
			var shown engine.PollAnswer
			waitFor(t, "both messages are shown", func() bool {
				var err error
				shown, err = poll()
				return err == nil && slices.Equal(ids(shown), []string{"offer", "hours"})
			})

			c.lose(server)
			report(shown.Deliveries[0], engine.OutcomeOpened)
			report(shown.Deliveries[0], engine.OutcomeDismissed)
			report(shown.Deliveries[0], engine.OutcomeDismissed)
			if err := e.Identify(t.Context(), her, map[string]any{"plan": "team"}); err != nil {
				t.Errorf("identify is answered with %v", err)
			}
			if err := e.Track(t.Context(), her, []eventlog.Event{{ID: "event-1", Type: "track", Name: "Order Completed"}}); err != nil {
				t.Errorf("an event is answered with %v", err)
			}
			// The offer was dismissed, and is not among what is on screen any more.
			if answer, err := poll(); err != nil || !slices.Equal(ids(answer), []string{"hours"}) {
				t.Errorf("shown: %v, error %v", ids(answer), err)
			}
			stranger := person("somebody-new")
			if err := e.Identify(t.Context(), stranger, map[string]any{"plan": "trial"}); err != nil {
				t.Errorf("identify of somebody whom the edge does not know is answered with %v", err)
			}
			if _, err := e.Poll(t.Context(), engine.PollRequest{Identity: stranger, Page: page(t, shopHome, ""), Tab: "t", View: "v", Visit: "w"}); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("the poll of somebody whom the edge does not know is answered with %v", err)
			}

			c.find(server)
			waitFor(t, "all is well", func() bool { return on.Trouble() == nil })
			fresh := redisStore(t, server)
			r, err := fresh.Load(t.Context(), store.Key{Workspace: "shop", Visitor: her.ID()})
			if err != nil || r.Messages["offer"].Opened != 1 || r.Messages["offer"].Dismissed.IsZero() || r.Traits["plan"] != "team" || r.Events["Order Completed"].Count != 1 {
				t.Errorf("what arrived is %+v, error %v", r, err)
			}
			statistics, err := fresh.Statistics(t.Context(), "shop")
			if err != nil || statistics["offer"][store.MetricDismissed] != 1 || statistics["offer"][store.MetricOpened] != 1 {
				t.Errorf("the statistics are %v, error %v", statistics, err)
			}
			if r, err := fresh.Load(t.Context(), store.Key{Workspace: "shop", Visitor: stranger.ID()}); err != nil || r.Traits["plan"] != "trial" {
				t.Errorf("of the one whom the edge did not know arrived %+v, error %v", r, err)
			}
		})
	}
}
