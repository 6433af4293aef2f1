package engine_test

import (
	"context"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// planner is a workspace with every kind of message.
const planner = `
[[messages]]
id = "welcome"
kind = "campaign"
trigger = { event = "signed_up", delay = "1h" }
pages = ["/app/*"]
text = "Welcome to the {{ event.plan | default: 'free' }} plan."

[[messages]]
id = "cart"
kind = "campaign"
trigger = { event = "cart_changed", delay = "30m", reentry = "always" }
expires = "1d"
pages = ["*"]
text = "{{ event.items }} things wait in your cart."

[[messages]]
id = "tips"
kind = "campaign"
trigger = { event = "signed_up", reentry = "30d" }
pages = ["/tips"]
frequency = "once"
text = "Tips."

[[messages]]
id = "order-shipped"
kind = "transactional"
pages = ["*"]
expires = "7d"
text = "Order {{ data.order }} is on its way to {{ data.city | default: 'you' }}."
`

const app = "https://shop.example.com/app/board"

// adaSigned is Ada with a user id that was proven.
var adaSigned = visitor.Identity{Anonymous: "browser-of-ada", User: "ada", Level: visitor.LevelVerified}

func (e *edge) happens(who visitor.Identity, name string, properties map[string]any) {
	e.t.Helper()
	if err := e.Track(context.Background(), who, []eventlog.Event{{Type: "track", Name: name, Properties: properties}}); err != nil {
		e.t.Fatal(err)
	}
}

func (e *edge) due(who visitor.Identity, address, view string) []string {
	e.t.Helper()
	return ids(e.poll(who, address, "tab", view))
}

func (e *edge) shows(who visitor.Identity, address, view string, want ...string) engine.PollAnswer {
	e.t.Helper()
	answer := e.poll(who, address, "tab", view)
	if got := ids(answer); !reflect.DeepEqual(got, append([]string{}, want...)) {
		e.t.Errorf("at %s due are %v, want %v", e.now.Format("Jan 2 15:04:05"), got, want)
	}
	return answer
}

// because says why a message is not shown, in explain.
func (e *edge) because(who, address, message string) engine.MessageExplanation {
	e.t.Helper()
	explained, err := e.Explain(context.Background(), engine.ExplainRequest{Page: page(e.t, address, ""), Visitor: who})
	if err != nil {
		e.t.Fatal(err)
	}
	for _, m := range explained.Messages {
		if m.Message == message {
			return m
		}
	}
	e.t.Fatalf("%s is not explained", message)
	return engine.MessageExplanation{}
}

func (e *edge) expectReason(who, address, message string, reason engine.Reason, saw string) {
	e.t.Helper()
	m := e.because(who, address, message)
	if m.Reason != reason || !strings.Contains(checkOf(e.t, m, "kind").Saw, saw) {
		e.t.Errorf("%s: reason %q, kind: %q; want %q, %q", message, m.Reason, checkOf(e.t, m, "kind").Saw, reason, saw)
	}
}

func TestAnEventStartsACampaignThatIsDueAfterItsDelay(t *testing.T) {
	e := newEdge(t, planner)
	e.shows(ada, app, "view-1")
	e.expectReason("", app, "welcome", engine.ReasonNotTriggered, `not started: no event "signed_up"`)
	e.happens(ada, "signed_up", map[string]any{"plan": "<b>team</b>"})
	e.happens(ada, "signed_in", nil)
	e.now = e.now.Add(time.Hour - time.Second)
	e.shows(ada, app, "view-2")
	e.expectReason("a:browser-of-ada", app, "welcome", engine.ReasonWaiting, `started by the event "signed_up" at 2026-11-23T12:00:00Z, due from 2026-11-23T13:00:00Z`)
	e.now = e.now.Add(time.Second)
	answer := e.shows(ada, app, "view-3", "welcome")
	if html := answer.Deliveries[0].Content.HTML(); !strings.Contains(html, "&lt;b&gt;team&lt;/b&gt; plan") {
		t.Errorf("it shows %s", html)
	}
	e.expectReason("a:browser-of-ada", app, "welcome", engine.ReasonNone, "it expires at 2026-12-23T13:00:00Z")
	e.report(ada, engine.OutcomeOpened, answer.Deliveries[0].ID)
	e.report(ada, engine.OutcomeDismissed, answer.Deliveries[0].ID)
	e.happens(ada, "signed_up", nil)
	e.now = e.now.Add(2 * time.Hour)
	e.shows(ada, app, "view-4")
	if got := statisticsOf(t, e, "welcome"); got.Started != 1 || got.Opened != 1 {
		t.Errorf("counted %+v", got)
	}
}

func TestABrowserIsToldToAskWhenACampaignIsDue(t *testing.T) {
	e := newEdge(t, planner)
	e.happens(ada, "signed_up", map[string]any{"plan": "team"})
	if next := e.shows(ada, app, "view-1").Next; next < 40*time.Second {
		t.Errorf("an hour before the campaign is due, the browser asks again in %s", next)
	}
	e.now = e.now.Add(time.Hour - 5*time.Second)
	if next := e.shows(ada, app, "view-1").Next; next < 5*time.Second || next > 8*time.Second {
		t.Errorf("5 s before the campaign is due, the browser asks again in %s", next)
	}
	e.now = e.now.Add(5 * time.Second)
	e.shows(ada, app, "view-1", "welcome")
}

func TestACampaignStartsAnewByItsReentry(t *testing.T) {
	e := newEdge(t, planner)
	const tips = "https://shop.example.com/tips"
	e.happens(ada, "signed_up", nil)
	e.report(ada, engine.OutcomeOpened, e.shows(ada, tips, "view-1", "tips").Deliveries[0].ID)
	e.now = e.now.Add(29 * 24 * time.Hour)
	e.happens(ada, "signed_up", nil)
	e.shows(ada, tips, "view-2")
	e.expectReason("a:browser-of-ada", tips, "tips", engine.ReasonLifetime, "started by")
	e.now = e.now.Add(24 * time.Hour)
	e.happens(ada, "signed_up", nil)
	e.shows(ada, tips, "view-3", "tips")
}

func TestACampaignThatIsAlwaysStartedAnewTakesTheLastEvent(t *testing.T) {
	e := newEdge(t, planner)
	e.happens(ada, "cart_changed", map[string]any{"items": 1})
	e.now = e.now.Add(20 * time.Minute)
	e.happens(ada, "cart_changed", map[string]any{"items": 3})
	e.now = e.now.Add(20 * time.Minute)
	e.shows(ada, app, "view-1")
	e.now = e.now.Add(10 * time.Minute)
	answer := e.shows(ada, app, "view-1", "cart")
	if html := answer.Deliveries[0].Content.HTML(); !strings.Contains(html, "3 things") {
		t.Errorf("it shows %s", html)
	}
	e.report(ada, engine.OutcomeOpened, answer.Deliveries[0].ID)
	e.report(ada, engine.OutcomeDismissed, answer.Deliveries[0].ID)
	e.shows(ada, app, "view-1")
	e.happens(ada, "cart_changed", map[string]any{"items": 4})
	e.now = e.now.Add(30 * time.Minute)
	again := e.shows(ada, app, "view-1", "cart")
	if again.Deliveries[0].ID == answer.Deliveries[0].ID {
		t.Error("the same page view has the same delivery for both")
	}
}

func TestACampaignThatIsNotSeenExpires(t *testing.T) {
	e := newEdge(t, planner)
	e.happens(ada, "cart_changed", map[string]any{"items": 1})
	e.now = e.now.Add(30*time.Minute + 24*time.Hour - time.Second)
	e.shows(ada, app, "view-1", "cart")
	e.now = e.now.Add(time.Second)
	e.shows(ada, app, "view-1")
	e.expectReason("a:browser-of-ada", app, "cart", engine.ReasonExpired, "it was not seen until 2026-11-24T12:30:00Z")
}

func TestACampaignThatWasSeenDoesNotExpire(t *testing.T) {
	e := newEdge(t, planner)
	e.happens(ada, "cart_changed", map[string]any{"items": 1})
	e.now = e.now.Add(31 * time.Minute)
	e.report(ada, engine.OutcomeOpened, e.shows(ada, app, "view-1", "cart").Deliveries[0].ID)
	e.now = e.now.Add(48 * time.Hour)
	e.shows(ada, app, "view-2", "cart")
}

func TestARunningCampaignSurvivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "handbill.db")
	open := func() store.Store {
		bolt, err := store.OpenBolt(path, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return bolt
	}
	first := open()
	e := newEdgeOn(t, first, planner)
	e.happens(ada, "signed_up", map[string]any{"plan": "team"})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := open()
	t.Cleanup(func() { _ = second.Close() })
	e = newEdgeOn(t, second, planner)
	e.now = november.Add(time.Hour)
	if html := e.shows(ada, app, "view", "welcome").Deliveries[0].Content.HTML(); !strings.Contains(html, "team plan") {
		t.Errorf("it shows %s", html)
	}
}

func TestACampaignGoesOnWhenItsVisitorIdentifies(t *testing.T) {
	e := newEdge(t, planner)
	e.happens(ada, "signed_up", map[string]any{"plan": "team"})
	e.now = e.now.Add(time.Hour)
	before := e.shows(ada, app, "view", "welcome").Deliveries[0]
	if err := e.Identify(context.Background(), adaKnown, nil); err != nil {
		t.Fatal(err)
	}
	d := e.shows(adaKnown, app, "view", "welcome").Deliveries[0]
	// By its occasion a client knows that it is on screen already, or was just closed.
	if d.ID == before.ID || d.Occasion() != before.Occasion() || d.Occasion() == "" {
		t.Errorf("the delivery %s of the occasion %q became %s of %q", before.ID, before.Occasion(), d.ID, d.Occasion())
	}
	e.report(adaKnown, engine.OutcomeOpened, d.ID)
	e.report(adaKnown, engine.OutcomeDismissed, d.ID)
	phone := visitor.Identity{Anonymous: "phone-of-ada"}
	e.happens(phone, "signed_up", nil)
	e.now = e.now.Add(time.Hour)
	e.shows(phone, app, "view-2", "welcome")
	phone.User, phone.Level = "ada", visitor.LevelIdentified
	if err := e.Identify(context.Background(), phone, nil); err != nil {
		t.Fatal(err)
	}
	e.shows(phone, app, "view-3")
}
