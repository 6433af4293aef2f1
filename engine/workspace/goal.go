package workspace

import (
	"strings"
	"time"

	"handbill/engine/content"
	"handbill/engine/pagerule"
)

// Goal is what visitors who have seen a message should do then.
type Goal struct {
	// Event is the name of an event that the site tracks; empty: none.
	Event string
	// Pages are pages to be opened. HasPages is false where there are none.
	Pages    pagerule.Set
	HasPages bool
	// Within is how long after a showing it counts.
	Within time.Duration
	// Text is how explanations call it.
	Text string
}

// DefaultGoalWithin is how long after a showing a goal counts if it does not say.
const DefaultGoalWithin = 7 * 24 * time.Hour

// goal reads a message's goal; nil where there is none.
func (c *check) goal(s section) *Goal {
	values := s.table("goal")
	if values == nil {
		return nil
	}
	t := s.child(s.subject+": goal", values, s.place.key("goal"), s.at("goal"))
	t.checkKeys(goalKeys)
	goal := &Goal{Event: t.text("event"), Within: DefaultGoalWithin}
	if t.has("within") {
		goal.Within = t.duration("within")
	}
	if t.has("event") && aText.accepts(t.values["event"]) && strings.TrimSpace(goal.Event) == "" {
		t.wrong(t.at("event"), "name the event, or leave it out", "event is empty")
	}
	if t.has("pages") && aTextList.accepts(t.values["pages"]) {
		goal.Pages, goal.HasPages = c.pageRules(t, t.texts("pages"), nil), true
	}
	var parts []string
	if goal.Event != "" {
		parts = append(parts, "the event "+goal.Event)
	}
	if goal.HasPages {
		parts = append(parts, "a page of "+quoted(t.texts("pages")))
	}
	goal.Text = strings.Join(parts, " or ")
	if !t.has("event") && !t.has("pages") {
		s.wrong(s.at("goal"), `write event = "Order Completed" or pages = ["/thanks"] in it`, "goal names neither an event nor pages")
	}
	return goal
}

// expiry reads for how long a message waits to be seen. That of a broadcast counts from its start, when it is sent.
func (c *check) expiry(s section) time.Duration {
	if s.has("expires") && Kind(s.word("kind", string(KindBroadcast))) == KindBroadcast && !s.has("start") && s.text("display") != content.DisplayInbox {
		s.wrong(s.at("expires"), "add start = 2026-12-01T09:00:00+01:00, from which it counts", "a broadcast without a start cannot expire")
	}
	return s.duration("expires")
}
