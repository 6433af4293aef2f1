package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/eventlog"
	"handbill/engine/visitor"
)

const orderGoal = `goal = { event = "Order Completed", pages = ["/thanks"], within = "2d" }`

// converted is how many conversions the statistics have of the offer.
func (e *edge) converted() int64 {
	e.t.Helper()
	all, err := e.Statistics(context.Background())
	if err != nil {
		e.t.Fatal(err)
	}
	return all[0].Converted
}

func (e *edge) track(who visitor.Identity, event eventlog.Event) {
	e.t.Helper()
	if err := e.Track(context.Background(), who, []eventlog.Event{event}); err != nil {
		e.t.Fatal(err)
	}
}

func TestWhoReachesTheGoalIsCountedOnce(t *testing.T) {
	order := eventlog.Event{Type: "track", Name: "Order Completed"}
	thanks := func(e *edge, who visitor.Identity) { e.poll(who, "https://shop.example.com/thanks", "tab", "thanks") }
	for _, test := range []struct {
		name string
		live func(*edge)
		want int64
	}{
		{"by the event", func(e *edge) { e.track(ada, order); e.track(ada, order) }, 1},
		{"by the page", func(e *edge) { thanks(e, ada); thanks(e, ada) }, 1},
		{"by the page that the reference client tells", func(e *edge) {
			e.track(ada, eventlog.Event{Type: "page", Properties: map[string]any{"url": "https://shop.example.com/thanks?order=7"}})
		}, 1},
		{"by both", func(e *edge) { e.track(ada, order); thanks(e, ada) }, 1},
		{"once, also when the visitor identifies in between", func(e *edge) {
			e.track(ada, order)
			if err := e.Identify(context.Background(), adaKnown, nil); err != nil {
				t.Fatal(err)
			}
			e.track(adaKnown, order)
		}, 1},
		{"as the person whom they identified as", func(e *edge) {
			if err := e.Identify(context.Background(), adaKnown, nil); err != nil {
				t.Fatal(err)
			}
			e.track(adaKnown, order)
		}, 1},
		{"not by another event", func(e *edge) { e.track(ada, eventlog.Event{Type: "track", Name: "Order Started"}) }, 0},
		{"not by another page", func(e *edge) { e.poll(ada, shopHome, "tab", "home") }, 0},
		{"not by somebody who has not seen it", func(e *edge) { e.track(visitor.Identity{Anonymous: "new"}, order) }, 0},
		{"not too late", func(e *edge) { e.now = e.now.Add(48 * time.Hour); e.track(ada, order); thanks(e, ada) }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := newEdge(t, offer(`"always"`)+orderGoal+"\n")
			e.openAll(ada, e.look(ada, "tab", "view", "visit"), "visit")
			test.live(e)
			if got := e.converted(); got != test.want {
				t.Errorf("%d conversions, want %d", got, test.want)
			}
		})
	}
}

func TestAConversionEndsAMessageThatStopsOnIt(t *testing.T) {
	e := newEdge(t, offer(`{ stop_on = ["conversion"] }`)+orderGoal+"\n")
	e.openAll(ada, e.look(ada, "tab", "view", "visit"), "visit")
	e.track(ada, eventlog.Event{Type: "track", Name: "Order Completed"})
	if got := ids(e.look(ada, "tab", "view", "visit")); len(got) != 0 {
		t.Errorf("still on screen: %v", got)
	}
	check := e.explained("offer", "frequency")
	if check.Reason != engine.ReasonConverted || !strings.Contains(check.Saw, "converted at 2026-11-23T12:00:00Z") || !strings.Contains(check.Help, "not shown to this visitor any more") {
		t.Errorf("explained as %+v", check)
	}
}

func TestASnoozedMessageComesBackOnce(t *testing.T) {
	for _, frequency := range []string{`"once"`, `"until_dismissed"`, `{ caps = ["1/week"] }`, `{ min_gap = "7d" }`} {
		t.Run(frequency, func(t *testing.T) {
			e := newEdge(t, offer(frequency))
			d := find(t, e.look(ada, "tab", "view-1", "visit"), "offer")
			e.tell(ada, d, engine.OutcomeOpened, "", "visit")
			e.tell(ada, d, engine.OutcomeClicked, "snooze:24h", "visit")
			e.tell(ada, d, engine.OutcomeDismissed, "", "visit")
			e.now = e.now.Add(24*time.Hour - time.Second)
			if got := ids(e.look(ada, "tab", "view-2", "visit-2")); len(got) != 0 {
				t.Errorf("before it is over: %v", got)
			}
			check := e.explained("offer", "frequency")
			if check.Reason != engine.ReasonSnoozed || !strings.Contains(check.Saw, "snoozed until 2026-11-24T12:00:00Z") || check.Help != "it is shown again from 2026-11-24T12:00:00Z on" {
				t.Errorf("explained as %+v", check)
			}
			e.now = e.now.Add(time.Second)
			again := e.look(ada, "tab", "view-3", "visit-3")
			d = find(t, again, "offer")
			e.tell(ada, d, engine.OutcomeOpened, "", "visit-3")
			e.tell(ada, d, engine.OutcomeDismissed, "", "visit-3")
			e.now = e.now.Add(time.Minute)
			if got := ids(e.look(ada, "tab", "view-4", "visit-3")); len(got) != 0 {
				t.Errorf("after it came back: %v", got)
			}
		})
	}
}

func TestNoActionSnoozesForEver(t *testing.T) {
	for action, rests := range map[string]bool{"snooze:366d": true, "snooze:9999d": false, "snooze:": false, "snooze:tomorrow": false, "snooze:-1h": false} {
		e := newEdge(t, offer(`"always"`))
		d := find(t, e.look(ada, "tab", "view-1", "visit"), "offer")
		e.tell(ada, d, engine.OutcomeOpened, "", "visit")
		e.tell(ada, d, engine.OutcomeClicked, action, "visit")
		if got := len(e.look(ada, "tab", "view-2", "visit").Deliveries); (got == 0) != rests {
			t.Errorf("after %s %d messages", action, got)
		}
		e.now = e.now.Add(366 * day)
		if got := len(e.look(ada, "tab", "view-3", "visit").Deliveries); got != 1 {
			t.Errorf("a year after %s %d messages", action, got)
		}
	}
}
