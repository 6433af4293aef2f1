package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/visitor"
)

// news is a workspace with a throttle, three messages that it counts and, between them, one that ignores it.
func news(throttle string) string {
	text := "[workspace]\nthrottle = { " + throttle + " }\n"
	for _, id := range []string{"sale", "outage", "webinar", "survey"} {
		text += strings.ReplaceAll(offer(`"always"`), "offer", id)
		if id == "outage" {
			text += "ignore_throttle = true\n"
		}
	}
	return text
}

// openAll opens what an answer has.
func (e *edge) openAll(who visitor.Identity, answer engine.PollAnswer, visit string) {
	e.t.Helper()
	for _, d := range answer.Deliveries {
		e.tell(who, d, engine.OutcomeOpened, "", visit)
	}
}

func TestTheThrottleOverAVisit(t *testing.T) {
	e := newEdge(t, news("per_visit = 2"))
	first := e.look(ada, "tab", "view-1", "monday")
	if got, want := ids(first), []string{"sale", "outage", "webinar"}; !slices.Equal(got, want) {
		t.Fatalf("first: %v, want %v", got, want)
	}
	e.openAll(ada, first, "monday")
	if got := e.look(ada, "tab", "view-1", "monday"); !slices.Equal(ids(got), ids(first)) {
		t.Errorf("what is on screen did not stay: %v", ids(got))
	}
	if got, want := ids(e.look(ada, "tab", "view-2", "monday")), []string{"outage"}; !slices.Equal(got, want) {
		t.Errorf("on the next page: %v, want %v", got, want)
	}
	if got, want := ids(e.look(ada, "tab", "view-3", "tuesday")), []string{"sale", "outage", "webinar"}; !slices.Equal(got, want) {
		t.Errorf("in the next visit: %v, want %v", got, want)
	}
}

func TestTheThrottleOverADay(t *testing.T) {
	e := newEdge(t, news("per_day = 3"))
	e.openAll(ada, e.look(ada, "tab", "view-1", "morning"), "morning")
	e.now = e.now.Add(day - time.Second)
	if got, want := ids(e.look(ada, "tab", "view-2", "next-morning")), []string{"outage"}; !slices.Equal(got, want) {
		t.Errorf("a second before the day is over: %v, want %v", got, want)
	}
	e.now = e.now.Add(time.Second)
	if got, want := ids(e.look(ada, "tab", "view-3", "next-morning")), []string{"sale", "outage", "webinar", "survey"}; !slices.Equal(got, want) {
		t.Errorf("when it is over: %v, want %v", got, want)
	}
}

func TestTheThrottlesGapLetsOneOutAtATime(t *testing.T) {
	e := newEdge(t, news(`min_gap = "30s"`))
	for view, want := range []string{"sale", "sale"} {
		answer := e.look(ada, "tab", string(rune('a'+view)), "visit")
		if got, want := ids(answer), []string{want, "outage"}; !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		e.openAll(ada, answer, "visit")
		if got := ids(e.look(ada, "another-tab", "other", "visit")); len(got) > 1 {
			t.Errorf("another tab got %v within the gap", got)
		}
		e.now = e.now.Add(30 * time.Second)
	}
}

func TestAnotherTabWaitsForWhatTheThrottleLetOut(t *testing.T) {
	e := newEdge(t, news("per_day = 2"))
	e.look(ada, "tab-1", "view-1", "visit")
	if got := ids(e.look(ada, "tab-2", "view-2", "visit")); len(got) != 0 {
		t.Errorf("another tab got %v", got)
	}
	if got := ids(e.look(visitor.Identity{Anonymous: "somebody-else"}, "tab-3", "view-3", "visit")); len(got) != 3 {
		t.Errorf("another visitor got %v", got)
	}
	e.now = e.now.Add(engine.LeaseTime)
	if got, want := ids(e.look(ada, "tab-2", "view-2", "visit")), []string{"sale", "outage", "webinar"}; !slices.Equal(got, want) {
		t.Errorf("when nothing was opened it got %v, want %v", got, want)
	}
}

func TestExplainSaysWhatTheThrottleSaw(t *testing.T) {
	e := newEdge(t, news(`min_gap = "10m", per_visit = 2, per_day = 2`))
	for _, c := range []struct {
		message    string
		want       engine.Reason
		saw, helps string
	}{
		{"sale", engine.ReasonNone, "throttle: 0 of 2 messages in this visit, 0 of 2 within 24 hours, min_gap is 10m and the visitor has seen none", ""},
		{"outage", engine.ReasonNone, "ignore_throttle is true", ""},
		{"webinar", engine.ReasonThrottled, "throttle: 0 of 2 messages in this visit, 0 of 2 within 24 hours, min_gap is 10m and the visitor has seen none, 1 before this one in the order", "wait until those before it have been seen; or set ignore_throttle = true"},
	} {
		e.expect(c.message, c.want, c.saw, c.helps)
	}
	e.openAll(ada, e.look(ada, "tab", "view-1", "visit"), "visit")
	e.now = e.now.Add(time.Minute)
	e.expect("sale", engine.ReasonThrottled, "throttle: 1 of 2 messages in this visit, 1 of 2 within 24 hours, the last at 2026-11-23T12:00:00Z and min_gap is 10m",
		"it is shown from 2026-11-23T12:10:00Z on; or set ignore_throttle = true")
	e.now = e.now.Add(10 * time.Minute)
	e.openAll(ada, e.look(ada, "tab", "view-2", "visit"), "visit")
	e.expect("sale", engine.ReasonThrottled, "throttle: 2 of 2 messages in this visit, 2 of 2 within 24 hours, the last at 2026-11-23T12:11:00Z and min_gap is 10m",
		"it is shown in the visitor's next visit, from 2026-11-24T12:00:00Z on; or set ignore_throttle = true")

	without := newEdge(t, offer(`"always"`))
	without.expect("offer", engine.ReasonNone, "the workspace has no throttle", "")
}

func (e *edge) expect(message string, reason engine.Reason, saw, help string) {
	e.t.Helper()
	if check := e.explained(message, "throttle"); check.Reason != reason || check.Saw != saw || check.Help != help {
		e.t.Errorf("%s explained as %q\nsaw  %s\nwant %s\nhelp %s\nwant %s", message, check.Reason, check.Saw, saw, check.Help, help)
	}
}

// groups is a workspace with a throttle over all messages and one of two of them.
const groups = `
[workspace]
throttle = { per_visit = 3 }

[[throttles]]
id = "promotions"
per_day = 1

[[messages]]
id = "sale"
pages = ["*"]
text = "Two for one."
frequency = "always"
throttles = ["promotions"]

[[messages]]
id = "webinar"
pages = ["*"]
position = "bottom"
text = "On Thursday."
frequency = "always"
throttles = ["promotions"]

[[messages]]
id = "outage"
display = "modal"
pages = ["*"]
text = "Tonight."
frequency = "always"
`

func TestAThrottleOfAGroupLeavesOtherMessagesAlone(t *testing.T) {
	e := newEdge(t, groups)
	first := e.look(ada, "tab", "view-1", "visit")
	if got, want := ids(first), []string{"sale", "outage"}; !slices.Equal(got, want) {
		t.Fatalf("first: %v, want %v", got, want)
	}
	if got, want := ids(e.look(ada, "another-tab", "view-2", "visit")), []string{}; !slices.Equal(got, want) {
		t.Errorf("in another tab at the same moment: %v, want %v", got, want)
	}
	e.openAll(ada, first, "visit")
	e.now = e.now.Add(engine.LeaseTime)
	if got, want := ids(e.look(ada, "tab", "view-3", "visit")), []string{"outage"}; !slices.Equal(got, want) {
		t.Errorf("on the next page: %v, want %v", got, want)
	}
	e.expect("webinar", engine.ReasonThrottled, `throttle: 2 of 3 messages in this visit; throttle "promotions": 1 of 1 within 24 hours`,
		"it is shown from 2026-11-24T12:00:00Z on; or set ignore_throttle = true")
	e.now = e.now.Add(day)
	if got, want := ids(e.look(ada, "tab", "view-4", "visit-2")), []string{"sale", "outage"}; !slices.Equal(got, want) {
		t.Errorf("on the next day: %v, want %v", got, want)
	}
}

// Two edges that share a store are two engines on it.
func TestTwoEdgesThatAskAtOnceKeepToTheThrottleOfAGroup(t *testing.T) {
	e := newEdge(t, groups)
	other := newEdgeOn(t, e.store, groups)
	results := make(chan engine.PollAnswer)
	for i, edge := range []*edge{e, other, e, other} {
		go func() {
			answer, err := edge.Poll(context.Background(), engine.PollRequest{Identity: ada, Page: page(t, shopHome, ""), Tab: fmt.Sprint("tab-", i), View: fmt.Sprint("view-", i), Visit: "visit"})
			if err != nil {
				t.Error(err)
			}
			results <- answer
		}()
	}
	promotions := 0
	for range 4 {
		for _, id := range ids(<-results) {
			if id == "sale" || id == "webinar" {
				promotions++
			}
		}
	}
	if promotions != 1 {
		t.Errorf("%d promotions were handed out", promotions)
	}
}
