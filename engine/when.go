package engine

import (
	"handbill/engine/workspace"
)

// Fired says that what a message waits for has happened in the browser.
type Fired struct {
	// Message is the message's id.
	Message string
	// Event is the event that happened, where it was one.
	Event *FiredEvent
}

// FiredEvent is an event that the page tracked.
type FiredEvent struct {
	Name       string
	Properties map[string]any
}

// askWhen lets a message pass when what it waits for has happened, and a delivery that is on screen in this very page view
// stay. The reference client cannot wait, and is not given such messages.
func askWhen(e *Engine, m *workspace.Message, s *situation) Reason {
	if m.When == nil || s.isWanted(m) || e.present(m, s).onScreen() {
		return ReasonNone
	}
	for i := range s.fired {
		if s.fired[i].Message == m.ID && s.happened(m.When, s.fired[i].Event) {
			return ReasonNone
		}
	}
	return ReasonWhen
}

// happened says whether what a browser says has happened is what a message waits for.
func (s *situation) happened(w *workspace.When, event *FiredEvent) bool {
	if event == nil {
		any, other := w.HasTrigger()
		return other || !any
	}
	if event.Name != w.Event {
		return false
	}
	if w.Where == nil {
		return true
	}
	facts := s.asked()
	before := facts.Event
	facts.Event = event.Properties
	holds := w.Where.Holds(facts)
	facts.Event = before
	return holds
}

func describeWhen(e *Engine, m *workspace.Message, s *situation) (string, string) {
	switch {
	case m.When == nil:
		return "it waits for nothing in the browser", ""
	case s.isWanted(m):
		return "the visitor asked for it", ""
	case e.present(m, s).onScreen():
		return "on screen in this page view", ""
	case askWhen(e, m, s) == ReasonNone:
		return "what it waits for has happened: " + m.When.String(), ""
	}
	for _, fired := range s.fired {
		if fired.Message == m.ID && fired.Event != nil && fired.Event.Name == m.When.Event && m.When.Where != nil {
			return "the event " + fired.Event.Name + " has come, but not as it waits for it: " + m.When.Where.Text(), "it is shown when the event comes with properties for which that holds"
		}
	}
	if s.page == nil {
		return "it waits for: " + m.When.String(), "the reference client cannot wait for it; take when away to show it there"
	}
	return "it waits for: " + m.When.String(), "it is shown on the page where that happens, if it is still due then"
}

// handsOut says whether an answer has a message to show, not only such as wait.
func (a PollAnswer) handsOut() bool {
	for _, d := range a.Deliveries {
		if !d.Waiting {
			return true
		}
	}
	return false
}
