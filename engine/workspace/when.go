package workspace

import (
	"fmt"
	"strings"
	"time"

	"handbill/engine/audience"
)

// When is what a message waits for in the browser, on a page on which it is otherwise due. What is empty is not waited for.
// The message comes when one of the triggers happens while the element is there and the other one is not; without a trigger,
// as soon as that holds.
type When struct {
	// After is a time since the message began to wait in this visit, Dwell a time that the page was looked at, Idle one in
	// which the visitor did nothing.
	After, Dwell, Idle time.Duration
	// Scroll is how far the page has been scrolled, in percent.
	Scroll int
	// Exit is that the pointer leaves the page at its top.
	Exit bool
	// Click is a CSS selector of what is clicked.
	Click string
	// Element and NoElement are CSS selectors of what must be on the page, and what must not.
	Element, NoElement string
	// Event is the name of an event that is tracked; Where a condition on it that the edge asks, nil: none.
	Event string
	Where *audience.Condition
	// CancelEvent is the name of an event after which the message is not waited for any more, in this visit.
	CancelEvent string
}

// HasTrigger says whether something must happen, beside the conditions that must hold; other says whether that may be
// something else than the event.
func (w *When) HasTrigger() (any, other bool) {
	other = w.After > 0 || w.Dwell > 0 || w.Idle > 0 || w.Scroll > 0 || w.Exit || w.Click != ""
	return other || w.Event != "", other
}

// String says what it waits for, as explanations do.
func (w *When) String() string {
	var triggers, conditions []string
	add := func(to *[]string, given bool, format string, values ...any) {
		if given {
			*to = append(*to, fmt.Sprintf(format, values...))
		}
	}
	add(&triggers, w.After > 0, "%s in the visit", durationText(w.After))
	add(&triggers, w.Dwell > 0, "%s on the page", durationText(w.Dwell))
	add(&triggers, w.Idle > 0, "%s without doing anything", durationText(w.Idle))
	add(&triggers, w.Scroll > 0, "%d %% scrolled", w.Scroll)
	add(&triggers, w.Exit, "the pointer leaves the page")
	add(&triggers, w.Click != "", "a click on %s", w.Click)
	if w.Event != "" {
		event := "the event " + w.Event
		if w.Where != nil {
			event += " with " + w.Where.Text()
		}
		triggers = append(triggers, event)
	}
	add(&conditions, w.Element != "", "%s is there", w.Element)
	add(&conditions, w.NoElement != "", "%s is not there", w.NoElement)
	text := strings.Join(triggers, ", or ")
	if len(conditions) > 0 {
		text = strings.TrimSpace(text + " while " + strings.Join(conditions, " and "))
	}
	if w.CancelEvent != "" {
		text += ", unless " + w.CancelEvent + " came before"
	}
	return text
}

// durationText writes a duration without what is zero in it: "2h" for "2h0m0s".
func durationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// when reads what a message waits for; nil where it waits for nothing.
func (c *check) when(s section) *When {
	values := s.table("when")
	if values == nil {
		return nil
	}
	t := s.child(s.subject+": when", values, s.place.key("when"), s.at("when"))
	t.checkKeys(whenKeys)
	w := &When{
		After: t.duration("after"), Dwell: t.duration("dwell"), Idle: t.duration("idle"), Scroll: t.count("scroll", 100),
		Click: t.selector("click"), Element: t.selector("element"), NoElement: t.selector("no_element"),
		Event: t.eventName("event"), CancelEvent: t.eventName("cancel_event"),
	}
	w.Exit, _ = t.values["exit"].(bool)
	if t.has("where") && !t.has("event") {
		t.wrong(t.at("where"), `add event = "name", or put the condition beside when`, "where is a condition on an event, and there is none")
	}
	w.Where = c.conditionOf(t, "where", (*audience.Environment).CompileTrigger)
	if !t.waits() {
		s.wrong(s.at("when"), `write for example when = { after = "5s" }, or leave it out`, "when names nothing to wait for")
	}
	return w
}

// waits says whether a table names something to wait for, rightly or wrongly: more than what narrows it.
func (s section) waits() bool {
	for name, value := range s.values {
		if name != "cancel_event" && name != "where" && value != false {
			return true
		}
	}
	return false
}

// eventName reads the name of an event.
func (s section) eventName(name string) string {
	text, given := s.values[name].(string)
	if given && strings.TrimSpace(text) == "" {
		s.wrong(s.at(name), "name the event, or leave it out", "%s is empty", name)
	}
	return text
}

// sameWhen says whether two waits of one text have the same compiled condition.
func sameWhen(a, b *When) bool { return a == nil || b == nil || a.Where == b.Where }
