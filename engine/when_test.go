package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"handbill/engine"
)

// waits is a workspace with one message that waits in the browser.
func waits(when string) string { return offer(`"always"`) + "when = " + when + "\n" }

// happened is an event in the browser that the offer waits for.
func happened(name string, properties map[string]any) engine.Fired {
	return engine.Fired{Message: "offer", Event: &engine.FiredEvent{Name: name, Properties: properties}}
}

func TestAMessageWaitsUntilTheBrowserSaysThatItHappened(t *testing.T) {
	plain := engine.Fired{Message: "offer"}
	for _, test := range []struct {
		name, when string
		fired      engine.Fired
		comes      bool
	}{
		{"a time", `{ after = "5s" }`, plain, true},
		{"an element alone", `{ element = ".cart" }`, plain, true},
		{"another message's", `{ after = "5s" }`, engine.Fired{Message: "other"}, false},
		{"an event", `{ event = "Cart Viewed" }`, happened("Cart Viewed", nil), true},
		{"another event", `{ event = "Cart Viewed" }`, happened("Cart Emptied", nil), false},
		{"an event that is not named", `{ event = "Cart Viewed" }`, plain, false},
		{"an event or a time: the time", `{ event = "Cart Viewed", after = "5s" }`, plain, true},
		{"an event or a time: the event", `{ event = "Cart Viewed", after = "5s" }`, happened("Cart Viewed", nil), true},
		{"an event as it should be", `{ event = "Cart Viewed", where = 'event.total > 50' }`, happened("Cart Viewed", map[string]any{"total": 80.0}), true},
		{"an event as it should not be", `{ event = "Cart Viewed", where = 'event.total > 50' }`, happened("Cart Viewed", map[string]any{"total": 20.0}), false},
		{"an event without what is asked", `{ event = "Cart Viewed", where = 'event.total > 50' }`, happened("Cart Viewed", nil), false},
		{"an event with a text where a number is asked", `{ event = "Cart Viewed", where = 'event.total > 50' }`, happened("Cart Viewed", map[string]any{"total": "80"}), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := newEdge(t, waits(test.when))
			before := e.see(ada, shopHome, "view")
			if d := find(t, before, "offer"); !d.Waiting || d.ID != "" || d.Content != nil {
				t.Fatalf("before: %+v", d)
			}
			after := e.see(ada, shopHome, "view", test.fired)
			d := find(t, after, "offer")
			if d.Waiting == test.comes || (d.ID != "") != test.comes || (d.Content != nil) != test.comes {
				t.Errorf("after: %+v", d)
			}
			if changed := before.Generation != after.Generation; changed != test.comes {
				t.Errorf("the answer's generation changed: %t", changed)
			}
		})
	}
}

func TestWaitingTakesNothingAndCountsNothing(t *testing.T) {
	e := newEdge(t, "[workspace]\nthrottle = { per_visit = 1 }\n"+waits(`{ after = "5s" }`)+"[[messages]]\nid = \"news\"\npages = [\"*\"]\ntext = \"News.\"\nfrequency = \"always\"\n")
	answer := e.see(ada, shopHome, "view")
	if d := find(t, answer, "news"); d.Waiting || !find(t, answer, "offer").Waiting {
		t.Fatalf("handed out: %v", ids(answer))
	}
	other, err := e.Poll(context.Background(), engine.PollRequest{Identity: ada, Page: page(t, shopHome, ""), Tab: "another-tab", View: "other", Visit: "visit", Slots: true})
	if err != nil || len(other.Deliveries) != 1 || !other.Deliveries[0].Waiting {
		t.Errorf("another tab, of which the throttle lets nothing out, does not wait: %+v, %v", other.Deliveries, err)
	}
	if got := ids(e.see(ada, shopHome, "view", engine.Fired{Message: "offer"})); !slices.Equal(got, []string{"offer"}) {
		t.Errorf("when it has happened the first in order is %v", got)
	}
	statistics, err := e.Statistics(context.Background())
	if err != nil || statistics[0].Deliveries != 1 {
		t.Errorf("the offer was delivered %+v, %v", statistics, err)
	}
}

func TestWhatHasComeStaysAndWaitsAgainOnTheNextPage(t *testing.T) {
	e := newEdge(t, waits(`{ click = "#buy" }`))
	d := find(t, e.see(ada, shopHome, "view-1", engine.Fired{Message: "offer"}), "offer")
	e.tell(ada, d, engine.OutcomeOpened, "", "visit")
	if again := find(t, e.see(ada, shopHome, "view-1"), "offer"); again.ID != d.ID {
		t.Errorf("on the same page: %+v", again)
	}
	if next := find(t, e.see(ada, shopHome, "view-2"), "offer"); !next.Waiting {
		t.Errorf("on the next page: %+v", next)
	}
	e.tell(ada, d, engine.OutcomeDismissed, "", "visit")
	if got := ids(e.see(ada, shopHome, "view-1", engine.Fired{Message: "offer"})); len(got) != 0 {
		t.Errorf("when it was closed there: %v", got)
	}
}

func TestTheEdgeAsksAgainWhenItHasHappened(t *testing.T) {
	e := newEdge(t, waits(`{ after = "5s" }`)+"where = 'traits.plan == \"trial\"'\n")
	if err := e.Identify(context.Background(), adaKnown, map[string]any{"plan": "trial"}); err != nil {
		t.Fatal(err)
	}
	if got := ids(e.see(adaKnown, shopHome, "view")); len(got) != 1 {
		t.Fatalf("before: %v", got)
	}
	if err := e.Identify(context.Background(), adaKnown, map[string]any{"plan": "team"}); err != nil {
		t.Fatal(err)
	}
	if got := ids(e.see(adaKnown, shopHome, "view", engine.Fired{Message: "offer"})); len(got) != 0 {
		t.Errorf("a message that is not due any more came: %v", got)
	}
}

func TestTheReferenceClientIsNotGivenWhatItCannotWaitFor(t *testing.T) {
	e := newEdge(t, waits(`{ after = "5s" }`))
	answer, err := e.Poll(context.Background(), engine.PollRequest{Identity: ada, Tab: "tab", View: "view"})
	if err != nil || len(answer.Deliveries) != 0 {
		t.Errorf("it got %v, %v", ids(answer), err)
	}
}

func TestExplainSaysWhatAMessageWaitsFor(t *testing.T) {
	e := newEdge(t, waits(`{ after = "90s", scroll = 50, event = "Cart Viewed", where = 'event.total > 50', element = ".cart", no_element = ".paid", cancel_event = "Order Completed" }`))
	check := e.explained("offer", "when")
	want := "it waits for: 1m30s in the visit, or 50 % scrolled, or the event Cart Viewed with event.total > 50 while .cart is there and .paid is not there, unless Order Completed came before"
	if check.Reason != engine.ReasonWhen || check.Saw != want || !strings.Contains(check.Help, "on the page where that happens") {
		t.Errorf("explained as %+v\nwant %s", check, want)
	}
	if check := newEdge(t, offer(`"always"`)).explained("offer", "when"); !check.Passed || check.Saw != "it waits for nothing in the browser" {
		t.Errorf("explained as %+v", check)
	}
}
