package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

const shopHome = "https://shop.example.com/"

// offer is a workspace with one message of a frequency, in TOML.
func offer(frequency string) string {
	return "[[messages]]\nid = \"offer\"\npages = [\"*\"]\ntext = \"Two for one.\"\nfrequency = " + frequency + "\n"
}

// look polls the home page in a visit.
func (e *edge) look(who visitor.Identity, tab, view, visit string) engine.PollAnswer {
	e.t.Helper()
	answer, err := e.Poll(context.Background(), engine.PollRequest{Identity: who, Page: page(e.t, shopHome, ""), Tab: tab, View: view, Visit: visit})
	if err != nil {
		e.t.Fatal(err)
	}
	return answer
}

// tell reports what happened to a delivery in a visit.
func (e *edge) tell(who visitor.Identity, d engine.Delivery, outcome engine.Outcome, action, visit string) {
	e.t.Helper()
	refused, err := e.Report(context.Background(), who, []engine.Report{{DeliveryID: d.ID, Outcome: outcome, ActionValue: action, Visit: visit}})
	if err != nil || refused[0] != nil {
		e.t.Fatalf("report %s: %v, refused %v", outcome, err, refused)
	}
}

func TestWhatWasDismissedInAPageViewDoesNotComeBackInIt(t *testing.T) {
	e := newEdge(t, offer(`"always"`))
	d := find(t, e.look(ada, "tab", "view-1", "visit"), "offer")
	e.tell(ada, d, engine.OutcomeOpened, "", "visit")
	e.tell(ada, d, engine.OutcomeDismissed, "", "visit")
	if got := ids(e.look(ada, "tab", "view-1", "visit")); len(got) != 0 {
		t.Errorf("in the same page view: %v", got)
	}
	if got := ids(e.look(ada, "tab", "view-2", "visit")); !slices.Equal(got, []string{"offer"}) {
		t.Errorf("in the next page view: %v", got)
	}
}

func TestWhatIsOnScreenStaysWhenTheVisitorIdentifies(t *testing.T) {
	for _, frequency := range []string{`"once"`, `"until_dismissed"`, `{ min_gap = "1h" }`, `{ stop_on = ["action"] }`} {
		t.Run(frequency, func(t *testing.T) {
			e := newEdge(t, "[workspace]\nthrottle = { min_gap = \"30s\" }\n"+offer(frequency))
			before := find(t, e.look(ada, "tab", "view", "visit"), "offer")
			e.tell(ada, before, engine.OutcomeOpened, "", "visit")
			e.tell(ada, before, engine.OutcomeClicked, "event:chat", "visit")
			if err := e.Identify(context.Background(), adaKnown, nil); err != nil {
				t.Fatal(err)
			}
			if after := find(t, e.look(adaKnown, "tab", "view", "visit"), "offer"); after.ID != before.ID {
				t.Error("it is another delivery")
			}
		})
	}
}

func TestARepeatedReportDoesNotGiveBackTheLeaseOfANewerDelivery(t *testing.T) {
	e := newEdge(t, offer(`"always"`))
	first := find(t, e.look(ada, "tab-1", "view-1", "visit"), "offer")
	e.tell(ada, first, engine.OutcomeOpened, "", "visit")
	find(t, e.look(ada, "tab-1", "view-2", "visit"), "offer")
	e.tell(ada, first, engine.OutcomeOpened, "", "visit")
	if got := ids(e.look(ada, "tab-2", "view-3", "visit")); len(got) != 0 {
		t.Errorf("another tab got %v, which the first holds", got)
	}
}

// interrupted is a store in which something happens just before a lease is taken for the first time.
type interrupted struct {
	store.Store
	message string // of the lease; "" for that of the throttle
	happens func()
}

func (s *interrupted) Claim(ctx context.Context, claim store.Claim) (granted, fresh bool, err error) {
	if claim.Message == s.message || s.message == "" && strings.Contains(claim.Message, "throttle") {
		if happens := s.happens; happens != nil {
			s.happens = nil
			happens()
		}
	}
	return s.Store.Claim(ctx, claim)
}

func TestWhatAnotherTabOpensWhileThisOneAsksCounts(t *testing.T) {
	for _, c := range []struct{ name, lease, workspace string }{
		{"of a message's frequency", "offer", offer(`"once"`)},
		{"of the throttle", "", "[workspace]\nthrottle = { min_gap = \"1h\" }\n" + offer(`"always"`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			memory := store.NewMemory()
			t.Cleanup(func() { _ = memory.Close() })
			between := &interrupted{Store: memory, message: c.lease}
			e := newEdgeOn(t, between, c.workspace)
			between.happens = func() {
				d := find(t, e.look(ada, "tab-1", "view-1", "visit"), "offer")
				e.tell(ada, d, engine.OutcomeOpened, "", "visit")
			}
			if got := ids(e.look(ada, "tab-2", "view-2", "visit")); len(got) != 0 {
				t.Errorf("the other tab got %v all the same", got)
			}
			// Its lease is given back: what is allowed again goes to whoever asks.
			e.now = e.now.Add(2 * time.Hour)
			if got := ids(e.look(ada, "tab-3", "view-3", "visit")); len(got) == 1 != (c.lease == "") {
				t.Errorf("later a third tab got %v", got)
			}
		})
	}
}

func TestTabsThatAskAtOnceNeverExceedABound(t *testing.T) {
	const tabs, rounds = 8, 40
	for _, c := range []struct {
		name, workspace string
		most            int // showings in all
	}{
		{"once", offer(`"once"`), 1},
		{"a lifetime", offer(`{ lifetime = 5 }`), 5},
		{"a cap", offer(`{ caps = ["3/day"] }`), 3},
		{"a visit", offer(`{ per_visit = 2 }`), 2},
		{"a gap", offer(`{ min_gap = "1m" }`), 1},
		{"the throttle of a visit", "[workspace.throttle]\nper_visit = 4\n" + offer(`"always"`) + strings.ReplaceAll(offer(`"always"`), "offer", "another"), 4},
		{"the throttle's gap", "[workspace.throttle]\nmin_gap = \"1m\"\n" + offer(`"always"`) + strings.ReplaceAll(offer(`"always"`), "offer", "another"), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			inner := store.NewMemory()
			cached, err := store.Cached(inner, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cached.Close() })
			e := newEdgeOn(t, cached, c.workspace)
			address := page(t, shopHome, "")
			var all sync.WaitGroup
			for tab := range tabs {
				all.Go(func() {
					for round := range rounds {
						answer, err := e.Poll(context.Background(), engine.PollRequest{
							Identity: ada, Page: address, Tab: fmt.Sprint(tab), View: fmt.Sprint(tab, "-", round), Visit: "visit",
						})
						if err != nil {
							t.Error(err)
							return
						}
						for _, d := range answer.Deliveries {
							if _, err := e.Report(context.Background(), ada, []engine.Report{{DeliveryID: d.ID, Outcome: engine.OutcomeOpened, Visit: "visit"}}); err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
			all.Wait()
			record, err := e.store.Load(context.Background(), store.Key{Workspace: "shop", Visitor: ada.ID()})
			if err != nil {
				t.Fatal(err)
			}
			opened := 0
			for _, state := range record.Messages {
				opened += state.Opened
			}
			if opened == 0 || opened > c.most {
				t.Errorf("%d showings, at most %d are allowed", opened, c.most)
			}
		})
	}
}

func TestExplainSaysHowOftenAndWhenAgain(t *testing.T) {
	// Each is opened at 12:00 in one visit, then asked about.
	for _, c := range []struct {
		frequency string
		then      []string // what is reported after it was opened
		after     time.Duration
		want      engine.Reason
		saw, help string
	}{
		{`"once"`, nil, time.Hour, engine.ReasonLifetime, `frequency is "once", shown 1 of 1 times, last at 2026-11-23T12:00:00Z`, "it is not shown to this visitor any more; try it with: handbill messages send --test WHO offer"},
		{`"once_per_visit"`, nil, time.Minute, engine.ReasonVisit, `frequency is "once_per_visit", shown once, last at 2026-11-23T12:00:00Z, 1 of 1 in this visit`, "it is shown again in the visitor's next visit"},
		{`"once_per_visit"`, nil, 30 * time.Minute, engine.ReasonNone, `frequency is "once_per_visit", shown once, last at 2026-11-23T12:00:00Z, 0 of 1 in this visit`, ""},
		{`"until_dismissed"`, []string{"dismissed"}, time.Hour, engine.ReasonDismissed, `frequency is "until_dismissed", shown once, last at 2026-11-23T12:00:00Z, dismissed at 2026-11-23T12:00:00Z`, "it is not shown to this visitor any more; try it with: handbill messages send --test WHO offer"},
		{`"until_action"`, []string{"/offers"}, time.Hour, engine.ReasonActed, `frequency is "until_action", shown once, last at 2026-11-23T12:00:00Z, a button that leads on was used at 2026-11-23T12:00:00Z`, "it is not shown to this visitor any more; try it with: handbill messages send --test WHO offer"},
		{`"until_action"`, []string{"next"}, time.Hour, engine.ReasonNone, `frequency is "until_action", shown once, last at 2026-11-23T12:00:00Z`, ""},
		{`"always"`, []string{"dismissed"}, 0, engine.ReasonNone, `frequency is "always", shown once, last at 2026-11-23T12:00:00Z, dismissed at 2026-11-23T12:00:00Z`, ""},
		{`{ caps = ["1/day", "3/week"] }`, nil, time.Hour, engine.ReasonCap, `frequency is "custom", shown once, last at 2026-11-23T12:00:00Z, 1 of 1/day, 1 of 3/week`, "it is shown again from 2026-11-24T12:00:00Z on"},
		{`{ caps = ["1/day", "3/week"] }`, nil, day, engine.ReasonNone, `frequency is "custom", shown once, last at 2026-11-23T12:00:00Z, 0 of 1/day, 1 of 3/week`, ""},
		{`{ min_gap = "2h", caps = ["1/hour"] }`, nil, time.Minute, engine.ReasonGap, `frequency is "custom", shown once, last at 2026-11-23T12:00:00Z, min_gap is 2h, 1 of 1/hour`, "it is shown again from 2026-11-23T14:00:00Z on"},
		{`{ count = 3, delay = "2h" }`, nil, time.Minute, engine.ReasonGap, `frequency is "custom", shown 1 of 3 times, last at 2026-11-23T12:00:00Z, delay is 2h`, "it is shown again from 2026-11-23T14:00:00Z on"},
		{`{ per_visit = 1, min_gap = "90m" }`, nil, time.Minute, engine.ReasonVisit, `frequency is "custom", shown once, last at 2026-11-23T12:00:00Z, min_gap is 1h30m, 1 of 1 in this visit`, "it is shown again in the visitor's next visit, from 2026-11-23T13:30:00Z on"},
		{`{ stop_after_days = 1 }`, nil, day, engine.ReasonDays, `frequency is "custom", shown once, last at 2026-11-23T12:00:00Z, it ends 1 day after the first showing, at 2026-11-24T12:00:00Z`, "it is not shown to this visitor any more; try it with: handbill messages send --test WHO offer"},
		{`{ caps = ["1/week"], stop_after_days = 3 }`, nil, time.Hour, engine.ReasonCap, `frequency is "custom", shown once, last at 2026-11-23T12:00:00Z, 1 of 1/week, it ends 3 days after the first showing, at 2026-11-26T12:00:00Z`, "it is not shown to this visitor any more; try it with: handbill messages send --test WHO offer"},
	} {
		t.Run(fmt.Sprint(c.frequency, c.then, c.after), func(t *testing.T) {
			e := newEdge(t, offer(c.frequency))
			d := find(t, e.look(ada, "tab", "view", "visit"), "offer")
			e.tell(ada, d, engine.OutcomeOpened, "", "visit")
			for _, then := range c.then {
				if then == "dismissed" {
					e.tell(ada, d, engine.OutcomeDismissed, "", "visit")
				} else {
					e.tell(ada, d, engine.OutcomeClicked, then, "visit")
				}
			}
			e.now = e.now.Add(c.after)
			check := e.explained("offer", "frequency")
			if check.Reason != c.want || check.Saw != c.saw || check.Help != c.help {
				t.Errorf("explained as %q\nsaw  %s\nwant %s\nhelp %s\nwant %s", check.Reason, check.Saw, c.saw, check.Help, c.help)
			}
			if due := len(e.look(ada, "tab", "view-2", "visit").Deliveries) > 0; c.after < engine.VisitTime && due != check.Passed {
				t.Errorf("explained as passed %t, and due %t", check.Passed, due)
			}
		})
	}
}

// explained is what explain says of one check of a message, for ada on the home page.
func (e *edge) explained(message, name string) engine.Check {
	e.t.Helper()
	explanation, err := e.Explain(context.Background(), engine.ExplainRequest{Page: page(e.t, shopHome, ""), Visitor: ada.ID()})
	if err != nil {
		e.t.Fatal(err)
	}
	for _, m := range explanation.Messages {
		for _, check := range m.Checks {
			if m.Message == message && check.Name == name {
				return check
			}
		}
	}
	e.t.Fatalf("explain says nothing of %s's %s", message, name)
	return engine.Check{}
}
