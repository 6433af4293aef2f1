package engine_test

import (
	"context"
	"errors"
	"fmt"
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
	if err := e.Identify(context.Background(), adaKnown, nil); err != nil {
		t.Fatal(err)
	}
	e.now = e.now.Add(time.Hour)
	d := e.shows(adaKnown, app, "view", "welcome").Deliveries[0]
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

func (e *edge) sendTo(to, key string, data map[string]any) engine.Receipt {
	e.t.Helper()
	receipt, err := e.Send(context.Background(), engine.Send{Message: "order-shipped", To: to, Key: key, Data: data})
	if err != nil {
		e.t.Fatal(err)
	}
	return receipt
}

func TestATransactionalMessageIsShownOnceToItsPerson(t *testing.T) {
	e := newEdge(t, planner)
	e.expectReason("ada", app, "order-shipped", engine.ReasonNotTriggered, "it has not been sent to this visitor")
	receipt := e.sendTo("ada", "order-1001", map[string]any{"order": "**1001**", "city": "<Ulm>"})
	want := engine.Receipt{Message: "order-shipped", Visitor: "u:ada", Key: "order-1001", Sent: november, Until: november.Add(7 * 24 * time.Hour)}
	if receipt != want {
		t.Errorf("receipt %+v", receipt)
	}
	e.shows(ada, app, "view-1")
	e.shows(visitor.Identity{User: "grace", Level: visitor.LevelVerified}, app, "view-1")
	e.shows(adaKnown, app, "view-1")
	e.expectReason("ada", app, "order-shipped", engine.ReasonNeedsVerified, "the visitor's user id is not verified")
	d := e.shows(adaSigned, app, "view-2", "order-shipped").Deliveries[0]
	if html := d.Content.HTML(); !strings.Contains(html, "Order **1001** is on its way to &lt;Ulm&gt;") {
		t.Errorf("it shows %s", html)
	}
	e.report(adaSigned, engine.OutcomeOpened, d.ID)
	if again := e.shows(adaSigned, app, "view-2", "order-shipped").Deliveries[0]; again.ID != d.ID {
		t.Error("while it is on screen, the page view gets another delivery")
	}
	e.shows(adaSigned, app, "view-3")
	e.expectReason("ada", app, "order-shipped", engine.ReasonNotTriggered, `sent at 2026-11-23T12:00:00Z with the key "order-1001", and shown`)
	if got := statisticsOf(t, e, "order-shipped"); got.Started != 1 || got.Opened != 1 || got.Deliveries != 1 {
		t.Errorf("counted %+v", got)
	}
}

func TestWithoutProofATransactionalMessageIsShownWhereThatWasSaid(t *testing.T) {
	e := newEdge(t, planner)
	e.sendTo("ada", "", map[string]any{"order": "1001"})
	believed := adaKnown
	believed.Believed = true
	e.shows(believed, app, "view", "order-shipped")
	explanation, err := e.Explain(context.Background(), engine.ExplainRequest{Page: page(t, app, ""), Visitor: "ada", Believed: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range explanation.Messages {
		if m.Message == "order-shipped" && m.Reason == engine.ReasonNeedsVerified {
			t.Error("explain asks for a proof all the same")
		}
	}
}

func TestTheSameKeyHasTheSameReceiptAndIsSentOnce(t *testing.T) {
	e := newEdge(t, planner)
	first := e.sendTo("ada", "order-1001", map[string]any{"order": "1001"})
	e.now = e.now.Add(time.Minute)
	if second := e.sendTo("ada", "order-1001", map[string]any{"order": "1002"}); second != first {
		t.Errorf("the second receipt is %+v, the first %+v", second, first)
	}
	d := e.shows(adaSigned, app, "view-1", "order-shipped").Deliveries[0]
	e.report(adaSigned, engine.OutcomeOpened, d.ID)
	e.report(adaSigned, engine.OutcomeDismissed, d.ID)
	if third := e.sendTo("ada", "order-1001", nil); third != first {
		t.Errorf("the receipt after it was shown is %+v", third)
	}
	e.shows(adaSigned, app, "view-1")
	if keyless := e.sendTo("ada", "", nil); keyless.Key == "" || keyless.Key == e.sendTo("ada", "", nil).Key {
		t.Errorf("without a key the receipt has %q", keyless.Key)
	}
}

func TestSeveralSendsOfAMessageAreShownOneAfterTheOther(t *testing.T) {
	e := newEdge(t, planner)
	for _, order := range []string{"1001", "1002"} {
		e.sendTo("ada", order, map[string]any{"order": order})
	}
	for _, order := range []string{"1001", "1002"} {
		d := e.shows(adaSigned, app, "view", "order-shipped").Deliveries[0]
		if html := d.Content.HTML(); !strings.Contains(html, order) {
			t.Errorf("instead of %s it shows %s", order, html)
		}
		e.report(adaSigned, engine.OutcomeOpened, d.ID)
		e.report(adaSigned, engine.OutcomeDismissed, d.ID)
	}
	e.shows(adaSigned, app, "view")
}

func TestWhatWasSentCanBeCalledBackUntilItIsShown(t *testing.T) {
	e := newEdge(t, planner)
	sent := e.sendTo("ada", "order-1001", nil)
	e.shows(adaSigned, app, "view-1", "order-shipped")
	for range 2 {
		if receipt, err := e.Cancel(context.Background(), "ada", "order-1001"); err != nil || receipt != sent {
			t.Errorf("receipt %+v, error %v", receipt, err)
		}
	}
	e.shows(adaSigned, app, "view-1")
	e.expectReason("ada", app, "order-shipped", engine.ReasonNotTriggered, "and cancelled")
	if _, err := e.Cancel(context.Background(), "ada", "order-1003"); !errors.Is(err, engine.ErrNotSent) {
		t.Errorf("an unknown key: %v", err)
	}
	e.sendTo("ada", "order-1002", nil)
	d := e.shows(adaSigned, app, "view-2", "order-shipped").Deliveries[0]
	e.report(adaSigned, engine.OutcomeOpened, d.ID)
	e.report(adaSigned, engine.OutcomeDismissed, d.ID)
	if _, err := e.Cancel(context.Background(), "ada", "order-1002"); !errors.Is(err, engine.ErrShown) {
		t.Errorf("one that was shown: %v", err)
	}
}

func TestASentMessageThatIsNotSeenExpires(t *testing.T) {
	e := newEdge(t, planner)
	e.sendTo("ada", "order-1001", nil)
	e.now = e.now.Add(7 * 24 * time.Hour)
	e.shows(adaSigned, app, "view")
	e.expectReason("ada", app, "order-shipped", engine.ReasonExpired, "it was not seen until 2026-11-30T12:00:00Z")
}

func TestWhatCannotBeSentSaysWhy(t *testing.T) {
	e := newEdge(t, planner+"\n[[messages]]\nid = \"draft\"\nkind = \"transactional\"\nstatus = \"draft\"\npages = [\"*\"]\ntext = \"Soon.\"\n")
	if err := e.Identify(context.Background(), adaKnown, map[string]any{"email": "ada@example.com"}); err != nil {
		t.Fatal(err)
	}
	if receipt := e.sendTo(" Ada@Example.com", "by-mail", nil); receipt.Visitor != "u:ada" {
		t.Errorf("by e-mail address: %+v", receipt)
	}
	for name, c := range map[string]struct {
		send engine.Send
		is   error
		says string
	}{
		"no such message":        {engine.Send{Message: "order-sent", To: "ada"}, engine.ErrNoMessage, "order-shipped"},
		"a campaign":             {engine.Send{Message: "welcome", To: "ada"}, engine.ErrRefused, `set kind = "transactional"`},
		"a draft":                {engine.Send{Message: "draft", To: "ada"}, engine.ErrRefused, `set status = "live"`},
		"nobody":                 {engine.Send{Message: "order-shipped", To: " "}, engine.ErrRefused, "name a person"},
		"somebody anonymous":     {engine.Send{Message: "order-shipped", To: "a:browser"}, engine.ErrRefused, "is anonymous"},
		"an unknown address":     {engine.Send{Message: "order-shipped", To: "grace@example.com"}, engine.ErrNoRecipient, "identify"},
		"a very long user id":    {engine.Send{Message: "order-shipped", To: strings.Repeat("x", 300)}, engine.ErrRefused, "at most 256"},
		"a very long key":        {engine.Send{Message: "order-shipped", To: "ada", Key: strings.Repeat("x", 200)}, engine.ErrRefused, "at most 128"},
		"too much data":          {engine.Send{Message: "order-shipped", To: "ada", Data: map[string]any{"a": strings.Repeat("x", 5000)}}, engine.ErrRefused, "the values take"},
		"data that is no object": {engine.Send{Message: "order-shipped", To: "ada", Data: map[string]any{"": 1}}, engine.ErrRefused, "empty name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := e.Send(context.Background(), c.send)
			if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v", err)
			}
		})
	}
	for i := range visitor.MaxWaiting {
		e.sendTo("grace", fmt.Sprint(i), nil)
	}
	if _, err := e.Send(context.Background(), engine.Send{Message: "order-shipped", To: "grace"}); !errors.Is(err, engine.ErrQueueFull) {
		t.Errorf("one too many: %v", err)
	}
}

func TestATestSendShowsKindsWithSampleData(t *testing.T) {
	e := newEdge(t, planner)
	for message, want := range map[string]string{"welcome": "to the team plan", "order-shipped": "Order 1001"} {
		if _, err := e.SendTest(context.Background(), "ada", message, map[string]any{"plan": "team", "order": "1001"}); err != nil {
			t.Fatal(err)
		}
		d := find(t, e.poll(adaKnown, app, "tab", "view"), message)
		if html := d.Content.HTML(); !d.Test || !strings.Contains(html, want) {
			t.Errorf("%s shows %s", message, html)
		}
	}
	if _, err := e.SendTest(context.Background(), "ada", "welcome", map[string]any{"": 1}); !errors.Is(err, engine.ErrRefused) {
		t.Errorf("data that cannot be: %v", err)
	}
}

const shadows = `
[[messages]]
id = "sale"
status = "shadow"
pages = ["/offers"]
frequency = { lifetime = 2 }
text = "Sale"
`

func TestAMessageInTheShadowIsCountedAndNeverShown(t *testing.T) {
	e := newEdge(t, shadows)
	const offers = "https://shop.example.com/offers"
	shadow := func() int64 { return statisticsOf(t, e, "sale").Shadow }
	for _, step := range []struct {
		page, view string
		want       int64
		why        string
	}{
		{app, "view-1", 0, "on another page"},
		{offers, "view-2", 1, "on its page"},
		{offers, "view-2", 1, "the same page view once more"},
		{offers, "view-3", 2, "another page view"},
		{offers, "view-4", 2, "after its lifetime"},
	} {
		e.shows(ada, step.page, step.view)
		if got := shadow(); got != step.want {
			t.Errorf("%s: %d, want %d", step.why, got, step.want)
		}
	}
	if _, err := e.Poll(context.Background(), engine.PollRequest{Identity: visitor.Identity{Anonymous: "other"}, Tab: "tab", View: "view"}); err != nil {
		t.Fatal(err)
	}
	if got := statisticsOf(t, e, "sale"); got.Shadow != 2 || got.Opened != 0 || got.Deliveries != 0 {
		t.Errorf("counted %+v", got)
	}
	if m := e.because("", offers, "sale"); m.Due || m.Reason != engine.ReasonShadow {
		t.Errorf("explained is %+v", m)
	}
	if m := e.because("a:browser-of-ada", offers, "sale"); m.Reason != engine.ReasonLifetime {
		t.Errorf("after its lifetime explained is %+v", m)
	}
	e.use(strings.Replace(shadows, `"shadow"`, `"live"`, 1))
	e.shows(ada, offers, "view-5", "sale")
}

func TestASentMessageInTheShadowIsUsedUp(t *testing.T) {
	e := newEdge(t, strings.Replace(planner, `kind = "transactional"`, "kind = \"transactional\"\nstatus = \"shadow\"", 1))
	e.sendTo("ada", "order-1001", nil)
	e.shows(adaSigned, app, "view-1")
	e.shows(adaSigned, app, "view-2")
	if got := statisticsOf(t, e, "order-shipped").Shadow; got != 1 {
		t.Errorf("it counts %d times", got)
	}
}

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
