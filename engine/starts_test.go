package engine_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// moves is a workspace whose campaigns start by themselves.
const moves = `
[[segments]]
id = "trial"
where = 'traits.plan == "trial"'

[[segments]]
id = "docs"
where = 'page.path.startsWith("/docs")'

[[messages]]
id = "trial-tips"
kind = "campaign"
trigger = { segment = "trial", on = "enter", delay = "1h" }
exit = 'traits.plan == "paid"'
pages = ["*"]
text = "Tips for the trial."

[[messages]]
id = "come-back"
kind = "campaign"
trigger = { segment = "trial", on = "leave", reentry = "always" }
pages = ["*"]
frequency = "once"
text = "What was missing?"

[[messages]]
id = "reading"
kind = "campaign"
trigger = { segment = "docs", on = "enter", reentry = "always" }
pages = ["/docs/*"]
frequency = "once"
text = "Ask us."

[[messages]]
id = "first"
kind = "campaign"
trigger = { visit = "first" }
pages = ["/"]
frequency = "once"
text = "New here?"

[[messages]]
id = "returning"
kind = "campaign"
trigger = { visit = "returning", reentry = "7d" }
pages = ["/"]
frequency = "once"
text = "Good to see you again."

[[messages]]
id = "pro"
kind = "campaign"
trigger = { event = "signed_up", where = 'event.plan == "pro" && traits.country == "DE" && events["signed_up"].count == 1' }
pages = ["/pro"]
text = "Hello pro."
`

func (e *edge) identified(who visitor.Identity, traits map[string]any) {
	e.t.Helper()
	if err := e.Identify(context.Background(), who, traits); err != nil {
		e.t.Fatal(err)
	}
}

func TestComingIntoASegmentStartsACampaignAndExitEndsIt(t *testing.T) {
	e := newEdge(t, moves)
	board := "https://shop.example.com/board"
	e.identified(adaKnown, map[string]any{"plan": "trial"})
	e.now = e.now.Add(30 * time.Minute)
	e.identified(adaKnown, map[string]any{"seats": 3})
	e.now = e.now.Add(30 * time.Minute)
	e.shows(adaKnown, board, "view-1", "trial-tips")
	e.expectReason("ada", board, "come-back", engine.ReasonNotTriggered, `leaving the segment "trial"`)
	e.identified(adaKnown, map[string]any{"plan": "paid"})
	e.expectReason("ada", board, "trial-tips", engine.ReasonExited, "left at 2026-11-23T13:00:00Z")
	e.report(adaKnown, engine.OutcomeOpened, e.shows(adaKnown, board, "view-2", "come-back").Deliveries[0].ID)
	e.identified(adaKnown, map[string]any{"plan": "trial"})
	e.now = e.now.Add(2 * time.Hour)
	e.shows(adaKnown, board, "view-3")
	e.identified(adaKnown, map[string]any{"plan": "free"})
	e.shows(adaKnown, board, "view-4", "come-back")
}

func TestASegmentOfPagesIsLookedAtOnPagesAlone(t *testing.T) {
	e := newEdge(t, moves)
	docs := "https://shop.example.com/docs/start"
	e.identified(adaKnown, nil)
	e.report(adaKnown, engine.OutcomeOpened, e.shows(adaKnown, docs, "view-1", "reading").Deliveries[0].ID)
	e.happens(adaKnown, "searched", nil)
	e.identified(adaKnown, map[string]any{"seats": 3})
	e.shows(adaKnown, docs, "view-2")
	e.now = e.now.Add(time.Minute)
	e.shows(adaKnown, "https://shop.example.com/board", "view-3")
	e.now = e.now.Add(time.Minute)
	e.shows(adaKnown, docs, "view-4", "reading")
}

func TestVisitsStartCampaigns(t *testing.T) {
	e := newEdge(t, moves)
	visits := func(view, visit string) engine.PollAnswer { return e.look(ada, "tab", view, visit) }
	first := visits("view-1", "visit-1")
	if got := ids(first); !reflect.DeepEqual(got, []string{"first"}) {
		t.Fatalf("in the first visit: %v", got)
	}
	if again := visits("view-1", "visit-1"); again.Deliveries[0].ID != first.Deliveries[0].ID {
		t.Error("the same page view gets another delivery of what nobody remembers")
	}
	e.openAll(ada, first, "visit-1")
	e.now = e.now.Add(time.Minute)
	if got := ids(visits("view-2", "visit-1")); len(got) != 0 {
		t.Errorf("on the next page: %v", got)
	}
	for day, want := range [][]string{{}, {"returning"}, {}, {}, {}, {}, {}, {}, {"returning"}} {
		if day == 0 {
			continue
		}
		e.now = november.Add(time.Duration(day) * 24 * time.Hour)
		visit := fmt.Sprint("visit-", day+1)
		answer := visits(fmt.Sprint("view-", day+2), visit)
		if got := ids(answer); !reflect.DeepEqual(got, append([]string{}, want...)) {
			t.Errorf("%d days later: %v, want %v", day, got, want)
		}
		e.openAll(ada, answer, visit)
	}
	if got := statisticsOf(t, e, "first"); got.Started != 1 {
		t.Errorf("the first visit counts %+v", got)
	}
}

func TestStrangersWhoComeAndGoLeaveNoTrace(t *testing.T) {
	e := newEdge(t, moves+strings.Replace(shadows, "/offers", "*", 1))
	for i := range 100 {
		who := visitor.Identity{Anonymous: fmt.Sprint("stranger-", i)}
		e.poll(who, "https://shop.example.com/docs/start", "tab", "view")
		if record, err := e.store.Load(context.Background(), store.Key{Workspace: "shop", Visitor: who.ID()}); err != nil || record != nil {
			t.Fatalf("of %s is remembered %+v, error %v", who.Anonymous, record, err)
		}
	}
	if got := statisticsOf(t, e, "sale").Shadow; got != 100 {
		t.Errorf("the shadow counts %d", got)
	}
}

func TestTheFilterOfATriggerSeesTheEventAndTheVisitor(t *testing.T) {
	pro := "https://shop.example.com/pro"
	for name, c := range map[string]struct {
		country string
		events  []map[string]any
		want    bool
	}{
		"all of it holds":         {"DE", []map[string]any{{"plan": "pro"}}, true},
		"another property":        {"DE", []map[string]any{{"plan": "free"}}, false},
		"another trait":           {"FR", []map[string]any{{"plan": "pro"}}, false},
		"a property is missing":   {"DE", []map[string]any{nil}, false},
		"it is the second of its": {"DE", []map[string]any{{"plan": "free"}, {"plan": "pro"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, moves)
			e.identified(adaKnown, map[string]any{"country": c.country})
			for _, properties := range c.events {
				e.happens(adaKnown, "signed_up", properties)
			}
			if got := e.due(adaKnown, pro, "view"); (len(got) == 1) != c.want {
				t.Errorf("due are %v", got)
			}
		})
	}
}

func TestAnEventThatIsSentAgainStartsNothingAgain(t *testing.T) {
	e := newEdge(t, planner)
	changed := eventlog.Event{ID: "event-1", Type: "track", Name: "cart_changed", Properties: map[string]any{"items": 1}}
	e.track(ada, changed)
	e.now = e.now.Add(29 * time.Minute)
	e.track(ada, changed)
	e.now = e.now.Add(time.Minute)
	e.shows(ada, app, "view", "cart")
	if got := statisticsOf(t, e, "cart"); got.Started != 1 {
		t.Errorf("it counts %+v", got)
	}
}

func TestProgramsStartNoCampaigns(t *testing.T) {
	e := newEdge(t, strings.Replace(moves, "id = \"first\"\n", "id = \"first\"\nbots = \"include\"\n", 1))
	request := engine.PollRequest{Identity: ada, Page: page(t, home, ""), Tab: "tab", View: "view"}
	request.Browser.Agent.Bot = true
	answer, err := e.Poll(context.Background(), request)
	if err != nil || len(answer.Deliveries) != 0 {
		t.Errorf("due are %v, error %v", ids(answer), err)
	}
}

func TestAnswersToAFormStartACampaign(t *testing.T) {
	e := newEdge(t, `
[[messages]]
id = "recommend"
pages = ["/survey"]
form_event = "recommended"
[[messages.steps]]
name = "ask"
text = "Would you?"
fields = [{ name = "score", type = "nps", label = "How likely?", trait = "nps" }]
buttons = [{ text = "Send", action = "submit" }]

[[messages]]
id = "thanks"
kind = "campaign"
trigger = { event = "recommended" }
pages = ["*"]
text = "Thank you."
`)
	d := e.shows(ada, "https://shop.example.com/survey", "view-1", "recommend").Deliveries[0]
	e.report(ada, engine.OutcomeOpened, d.ID)
	refused, err := e.Report(context.Background(), ada, []engine.Report{{
		EventID: "submit-1", DeliveryID: d.ID, Outcome: engine.OutcomeClicked, ActionValue: "submit", Step: "ask", Answers: map[string]any{"score": 9.0},
	}})
	if err != nil || refused[0] != nil {
		t.Fatal(err, refused)
	}
	e.shows(ada, app, "view-2", "thanks")
}
