package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"handbill/engine"
	"handbill/engine/visitor"
)

// crowded is a workspace with more messages than a page has places.
const crowded = `
[[messages]]
id = "sale"
pages = ["*"]
text = "Two for one."
frequency = "always"

[[messages]]
id = "outage"
priority = 10
pages = ["/status"]
text = "We are looking into it."
frequency = "always"

[[messages]]
id = "webinar"
position = "bottom"
pages = ["*"]
text = "On Thursday."
frequency = "always"

[[messages]]
id = "welcome"
display = "modal"
pages = ["*"]
text = "Hello."
frequency = "always"

[[messages]]
id = "tour"
display = "modal"
position = "top"
priority = 200
pages = ["*"]
text = "Look around."
frequency = "always"
`

// see polls a page as our client does, which has room for one message in each place.
func (e *edge) see(who visitor.Identity, address, view string, fired ...engine.Fired) engine.PollAnswer {
	e.t.Helper()
	answer, err := e.Poll(context.Background(), engine.PollRequest{
		Identity: who, Page: page(e.t, address, ""), Tab: "tab", View: view, Visit: "visit", Slots: true, Fired: fired,
	})
	if err != nil {
		e.t.Fatal(err)
	}
	return answer
}

func TestEachPlaceOfAPageHasTheFirstMessageInOrder(t *testing.T) {
	e := newEdge(t, crowded)
	for _, test := range []struct {
		address string
		want    []string
	}{
		{shopHome, []string{"sale", "webinar", "welcome"}},
		{"https://shop.example.com/status", []string{"outage", "webinar", "welcome"}},
	} {
		if got := ids(e.see(ada, test.address, test.address)); !slices.Equal(got, test.want) {
			t.Errorf("on %s: %v, want %v", test.address, got, test.want)
		}
	}
}

func TestWhatIsOnScreenKeepsItsPlaceUntilItIsClosed(t *testing.T) {
	e := newEdge(t, crowded)
	sale := find(t, e.see(ada, shopHome, "view"), "sale")
	e.tell(ada, sale, engine.OutcomeOpened, "", "visit")
	const status = "https://shop.example.com/status" // the application has gone there without loading a page
	if got, want := ids(e.see(ada, status, "view")), []string{"sale", "webinar", "welcome"}; !slices.Equal(got, want) {
		t.Errorf("while it is on screen: %v, want %v", got, want)
	}
	e.tell(ada, sale, engine.OutcomeDismissed, "", "visit")
	if got, want := ids(e.see(ada, status, "view")), []string{"outage", "webinar", "welcome"}; !slices.Equal(got, want) {
		t.Errorf("when it was closed: %v, want %v", got, want)
	}
}

func TestWhoHasNoPlaceTakesNoLeaseAndCountsNothing(t *testing.T) {
	e := newEdge(t, "[workspace]\nthrottle = { per_visit = 3 }\n"+crowded)
	e.see(ada, shopHome, "view-1")
	statistics, err := e.Statistics(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range statistics {
		if lost := m.Message == "tour" || m.Message == "outage"; lost != (m.Deliveries == 0) {
			t.Errorf("%s was delivered %d times", m.Message, m.Deliveries)
		}
	}
	all, err := e.Poll(context.Background(), engine.PollRequest{Identity: visitor.Identity{Anonymous: "reference"}, Tab: "tab", View: "view"})
	if err != nil || !slices.Equal(ids(all), []string{"outage", "sale", "webinar"}) {
		t.Errorf("the reference client, which has places of its own, gets %v (%v)", ids(all), err)
	}
}

func TestATestSendTakesTheFirstFreePlace(t *testing.T) {
	e := newEdge(t, crowded)
	sale := find(t, e.see(ada, shopHome, "view"), "sale")
	e.tell(ada, sale, engine.OutcomeOpened, "", "visit")
	for _, id := range []string{"outage", "tour"} {
		if _, err := e.SendTest(context.Background(), ada.ID(), id, nil); err != nil {
			t.Fatal(err)
		}
	}
	const status = "https://shop.example.com/status"
	if got, want := ids(e.see(ada, status, "view")), []string{"tour", "sale", "webinar"}; !slices.Equal(got, want) {
		t.Errorf("while another message is where it would be: %v, want %v", got, want)
	}
	e.tell(ada, sale, engine.OutcomeDismissed, "", "visit")
	if got, want := ids(e.see(ada, status, "view")), []string{"outage", "tour", "webinar"}; !slices.Equal(got, want) {
		t.Errorf("when that is closed: %v, want %v", got, want)
	}
}

func TestExplainSaysWhoHasThePlace(t *testing.T) {
	e := newEdge(t, crowded)
	for message, want := range map[string]engine.Check{
		"welcome": {Passed: true, Saw: `the slot "modal" is free`},
		"tour":    {Reason: engine.ReasonSlot, Saw: `the slot "modal" is taken by welcome`},
	} {
		check := e.explained(message, "slot")
		if check.Passed != want.Passed || check.Reason != want.Reason || check.Saw != want.Saw || !check.Passed && !strings.Contains(check.Help, "shown when that is closed") {
			t.Errorf("%s explained as %+v", message, check)
		}
	}
}
