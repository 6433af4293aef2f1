package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// letters is a workspace whose messages lie in the inbox.
const letters = `
[[messages]]
id = "news"
display = "inbox"
title = "A new season"
text = "Boots are in."
expires = "14d"

[[messages]]
id = "points"
display = "inbox"
audience = "identified"
priority = 10
text = "You have {{ traits.points | default: 'no' }} points."

[[messages]]
id = "cart"
kind = "campaign"
trigger = { event = "cart_changed", delay = "30m", reentry = "always" }
display = "inbox"
expires = "1d"
text = "{{ event.items }} things wait in your cart."

[[messages]]
id = "order-shipped"
kind = "transactional"
display = "inbox"
expires = "7d"
text = "Order {{ data.order }} is on its way."

[[messages]]
id = "until-friday"
display = "inbox"
start = 2026-11-20T00:00:00Z
end = 2026-11-27T00:00:00Z
text = "Until Friday."

[[messages]]
id = "banner"
pages = ["*"]
text = "On a page."
`

// inboxOf is what lies in somebody's inbox.
func (e *edge) inboxOf(who visitor.Identity) []engine.InboxMessage {
	e.t.Helper()
	answer, err := e.Poll(context.Background(), engine.PollRequest{Identity: who, Tab: "tab", View: "session", Visit: "session", Inbox: true})
	if err != nil {
		e.t.Fatal(err)
	}
	for _, d := range answer.Deliveries {
		if d.Message.Inbox != nil {
			e.t.Errorf("%s is on a page", d.Message.ID)
		}
	}
	return answer.Inbox
}

// lie says what lies in the inbox: names, with a star for what was not read.
func lie(inbox []engine.InboxMessage) string {
	var all []string
	for _, in := range inbox {
		name := in.Message.ID
		if !in.Opened {
			name += "*"
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

func (e *edge) expectInbox(who visitor.Identity, want string) []engine.InboxMessage {
	e.t.Helper()
	inbox := e.inboxOf(who)
	if got := lie(inbox); got != want {
		e.t.Errorf("in the inbox lies %q, want %q", got, want)
	}
	return inbox
}

func (e *edge) read(who visitor.Identity, id string, opened bool) {
	e.t.Helper()
	if err := e.OpenInInbox(context.Background(), who, id, opened); err != nil {
		e.t.Fatal(err)
	}
}

func (e *edge) throwAway(who visitor.Identity, id string) {
	e.t.Helper()
	if err := e.DeleteFromInbox(context.Background(), who, id); err != nil {
		e.t.Fatal(err)
	}
}

func TestWhatLiesInAnInbox(t *testing.T) {
	e := newEdge(t, letters)
	e.expectInbox(ada, "news* until-friday*")
	e.identified(adaSigned, map[string]any{"points": 120.0})
	inbox := e.expectInbox(adaSigned, "points* news* until-friday*")
	if text := inbox[0].Content.HTML(); !strings.Contains(text, "You have 120 points.") {
		t.Errorf("it says %s", text)
	}
	if inbox[1].Until != e.now.Add(14*24*time.Hour) || inbox[2].Until.IsZero() || !inbox[0].Until.IsZero() {
		t.Errorf("they leave at %v, %v and %v", inbox[1].Until, inbox[2].Until, inbox[0].Until)
	}
	e.happens(adaSigned, "cart_changed", map[string]any{"items": 3})
	e.sendTo("ada", "order-1001", map[string]any{"order": "1001"})
	e.now = e.now.Add(time.Minute)
	e.sendTo("ada", "order-1002", map[string]any{"order": "1002"})
	inbox = e.expectInbox(adaSigned, "points* news* order-shipped* order-shipped* until-friday*")
	if first, second := inbox[2].Content.HTML(), inbox[3].Content.HTML(); !strings.Contains(first, "1002") || !strings.Contains(second, "1001") {
		t.Errorf("the sent ones say %s and %s", first, second)
	}
	if inbox[2].ID == inbox[3].ID || inbox[2].Arrived != e.now || inbox[3].Arrived != e.now.Add(-time.Minute) {
		t.Errorf("the sent ones are %+v and %+v", inbox[2], inbox[3])
	}
	e.now = e.now.Add(30 * time.Minute)
	inbox = e.expectInbox(adaSigned, "points* news* cart* order-shipped* order-shipped* until-friday*")
	if text := inbox[2].Content.HTML(); !strings.Contains(text, "3 things wait") {
		t.Errorf("the campaign says %s", text)
	}
	if again := e.inboxOf(adaSigned); again[2].ID != inbox[2].ID || again[1].Arrived != inbox[1].Arrived {
		t.Error("the next poll has other deliveries, or other times")
	}
	e.now = e.now.Add(25 * time.Hour)
	e.expectInbox(adaSigned, "points* news* order-shipped* order-shipped* until-friday*")
	e.now = november.AddDate(0, 0, 10)
	e.expectInbox(adaSigned, "points* news*")
	e.now = november.AddDate(0, 0, 15)
	e.expectInbox(adaSigned, "points*")
}

func TestMessagesInTheInboxAreOnNoPage(t *testing.T) {
	e := newEdge(t, letters)
	e.shows(adaSigned, app, "view", "banner")
	answer, err := e.Poll(context.Background(), engine.PollRequest{Identity: adaSigned, Tab: "tab", View: "session"})
	if err != nil || len(answer.Inbox) > 0 || !slices.Equal(ids(answer), []string{"banner"}) {
		t.Errorf("who does not ask for an inbox gets %v, error %v", answer, err)
	}
}

func TestOnlyWhoIsVerifiedReadsWhatIsPersonal(t *testing.T) {
	e := newEdge(t, letters)
	e.identified(adaSigned, nil)
	e.happens(adaSigned, "cart_changed", map[string]any{"items": 3})
	e.sendTo("ada", "order-1001", map[string]any{"order": "1001"})
	e.now = e.now.Add(time.Hour)
	e.expectInbox(adaKnown, "news* until-friday*")
	believed := adaKnown
	believed.Believed = true
	e.expectInbox(believed, "points* news* cart* order-shipped* until-friday*")
	e.happens(ada, "cart_changed", map[string]any{"items": 1})
	e.now = e.now.Add(time.Hour)
	e.expectInbox(ada, "news* cart* until-friday*")
}

func TestWhatIsReadAndDeletedStaysSo(t *testing.T) {
	e := newEdge(t, letters)
	e.identified(adaSigned, nil)
	e.sendTo("ada", "order-1001", map[string]any{"order": "1001"})
	e.sendTo("ada", "order-1002", map[string]any{"order": "1002"})
	inbox := e.expectInbox(adaSigned, "points* news* order-shipped* order-shipped* until-friday*")
	e.read(adaSigned, inbox[1].ID, true)
	e.read(adaSigned, inbox[3].ID, true)
	e.expectInbox(adaSigned, "points* news order-shipped* order-shipped until-friday*")
	e.read(adaSigned, inbox[1].ID, false)
	e.expectInbox(adaSigned, "points* news* order-shipped* order-shipped until-friday*")
	e.throwAway(adaSigned, inbox[1].ID)
	e.throwAway(adaSigned, inbox[3].ID)
	e.expectInbox(adaSigned, "points* order-shipped* until-friday*")
	e.throwAway(adaSigned, inbox[1].ID)
	e.read(adaSigned, inbox[1].ID, true)
	e.expectInbox(adaSigned, "points* order-shipped* until-friday*")
	if got := statisticsOf(t, e, "news"); got.Deliveries != 1 || got.Opened != 1 || got.Dismissed != 1 || got.Viewers != 1 {
		t.Errorf("counted %+v", got.Counts)
	}
	if got := statisticsOf(t, e, "order-shipped"); got.Deliveries != 2 || got.Opened != 1 || got.Dismissed != 1 || got.Started != 2 {
		t.Errorf("counted of what was sent %+v", got)
	}
}

func TestReportsOfTheInboxCountOnceBesideItsState(t *testing.T) {
	e := newEdge(t, letters)
	e.identified(adaSigned, nil)
	id := e.inboxOf(adaSigned)[1].ID
	e.read(adaSigned, id, true)
	e.report(adaSigned, engine.OutcomeOpened, id)
	e.report(adaSigned, engine.OutcomeClicked, id)
	if got := statisticsOf(t, e, "news"); got.Opened != 1 || got.Clicked != 1 {
		t.Errorf("counted %+v", got.Counts)
	}
	e.shows(adaSigned, app, "view", "banner")
}

func TestAnInboxGoesWithWhoIdentifies(t *testing.T) {
	e := newEdge(t, letters)
	inbox := e.expectInbox(ada, "news* until-friday*")
	e.read(ada, inbox[0].ID, true)
	e.throwAway(ada, inbox[1].ID)
	e.identified(adaSigned, nil)
	e.expectInbox(adaSigned, "points* news")
	// The page may still hold the delivery from before.
	e.read(adaSigned, inbox[0].ID, false)
	e.expectInbox(adaSigned, "points* news*")
	e.expectInbox(ada, "news*")
}

func TestTheInboxOfSomebodyElseIsLeftAlone(t *testing.T) {
	e := newEdge(t, letters)
	e.identified(adaSigned, nil)
	id := e.inboxOf(adaSigned)[0].ID
	grace := visitor.Identity{User: "grace", Level: visitor.LevelVerified}
	banner := find(t, e.poll(adaSigned, app, "tab", "view"), "banner").ID
	for name, test := range map[string]struct {
		who visitor.Identity
		id  string
	}{"somebody else's": {grace, id}, "one that is made up": {adaSigned, "bm90aGluZw"}, "one of a page": {adaSigned, banner}} {
		if err := e.OpenInInbox(context.Background(), test.who, test.id, true); !errors.Is(err, engine.ErrRefused) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if !e.InInbox(id) || e.InInbox(banner) || e.InInbox("bm90aGluZw") {
		t.Error("what lies in an inbox is not known by its delivery")
	}
}

func TestExplainAnswersForTheInbox(t *testing.T) {
	e := newEdge(t, letters)
	e.identified(adaSigned, nil)
	e.expectReason("ada", app, "order-shipped", engine.ReasonNotTriggered, "it has not been sent to this visitor")
	e.sendTo("ada", "order-1001", map[string]any{"order": "1001"})
	inbox := e.expectInbox(adaSigned, "points* news* order-shipped* until-friday*")
	e.read(adaSigned, inbox[1].ID, true)
	e.throwAway(adaSigned, inbox[2].ID)
	e.throwAway(adaSigned, inbox[3].ID)
	e.expectReason("ada", app, "order-shipped", engine.ReasonNotTriggered, "and deleted from the inbox")
	e.expectSaid("until-friday", false, "and the visitor has deleted it")
	e.now = e.now.AddDate(0, 0, 1)
	for _, want := range []string{"it lies in the inbox, on every page", "and read; it leaves the inbox at 2026-12-07T12:00:00Z", "it takes no place on the page"} {
		e.expectSaid("news", true, want)
	}
	e.now = e.now.AddDate(0, 0, 20)
	e.expectSaid("news", false, "so it left the inbox at 2026-12-07T12:00:00Z")
}

// expectSaid expects explain to say something of a message for Ada.
func (e *edge) expectSaid(message string, due bool, want string) {
	e.t.Helper()
	explained := e.because("ada", app, message)
	if explained.Due != due || !slices.ContainsFunc(explained.Checks, func(c engine.Check) bool { return strings.Contains(c.Saw, want) }) {
		e.t.Errorf("%s: due %t, and none of the checks says %q: %+v", message, explained.Due, want, explained.Checks)
	}
}

func TestATestSendLiesInTheInbox(t *testing.T) {
	e := newEdge(t, strings.ReplaceAll(letters, "id = \"news\"", "id = \"news\"\nstatus = \"draft\""))
	e.identified(adaSigned, nil)
	e.expectInbox(adaSigned, "points* until-friday*")
	e.send("ada", "news")
	e.shows(adaSigned, app, "view", "banner")
	inbox := e.expectInbox(adaSigned, "news* points* until-friday*")
	e.read(adaSigned, inbox[0].ID, true)
	e.expectInbox(adaSigned, "news points* until-friday*")
	e.throwAway(adaSigned, inbox[0].ID)
	e.expectInbox(adaSigned, "points* until-friday*")
	if got := statisticsOf(t, e, "news"); got.Opened != 0 || got.Deliveries != 0 || got.Dismissed != 0 {
		t.Errorf("a test is counted: %+v", got.Counts)
	}
}

func TestWhoIsHeldOutHasNothingInTheInbox(t *testing.T) {
	e := newEdge(t, `
[[messages]]
id = "news"
display = "inbox"
text = "Boots are in."
holdout = 99

[[messages]]
id = "shadow"
display = "inbox"
status = "shadow"
text = "Not yet."
`)
	e.identified(adaSigned, nil)
	for range 3 {
		e.expectInbox(adaSigned, "")
	}
	if got := statisticsOf(t, e, "news"); got.HeldOut != 1 || got.Holdout == nil || got.Holdout.Visitors != 1 {
		t.Errorf("counted %+v", got)
	}
	if got := statisticsOf(t, e, "shadow"); got.Shadow != 1 {
		t.Errorf("counted of the shadow %+v", got)
	}
}

func TestInboxesOfMadeUpVisitorsLeaveNothing(t *testing.T) {
	memory := store.NewMemory()
	t.Cleanup(func() { _ = memory.Close() })
	e := newEdgeOn(t, memory, letters)
	for i := range 50 {
		who := visitor.Identity{User: strings.Repeat("x", i+1), Level: visitor.LevelIdentified}
		e.expectInbox(who, "news* until-friday*")
		if r, err := memory.Load(context.Background(), store.Key{Workspace: "shop", Visitor: who.ID()}); err != nil || r != nil {
			t.Fatalf("a poll leaves %+v, error %v", r, err)
		}
	}
}
