package wire

import (
	"time"

	"handbill/engine"
	"handbill/engine/workspace"
)

// whenSent is what our client waits for, in milliseconds and percent. The condition on an event stays at the edge.
type whenSent struct {
	After       int64  `json:"after,omitempty"`
	Dwell       int64  `json:"dwell,omitempty"`
	Idle        int64  `json:"idle,omitempty"`
	Scroll      int    `json:"scroll,omitempty"`
	Exit        bool   `json:"exit,omitempty"`
	Click       string `json:"click,omitempty"`
	Event       string `json:"event,omitempty"`
	Element     string `json:"element,omitempty"`
	NoElement   string `json:"noElement,omitempty"`
	CancelEvent string `json:"cancelEvent,omitempty"`
}

func waitsFor(w *workspace.When) *whenSent {
	milliseconds := func(d time.Duration) int64 { return d.Milliseconds() }
	return &whenSent{
		After: milliseconds(w.After), Dwell: milliseconds(w.Dwell), Idle: milliseconds(w.Idle), Scroll: w.Scroll, Exit: w.Exit,
		Click: w.Click, Event: w.Event, Element: w.Element, NoElement: w.NoElement, CancelEvent: w.CancelEvent,
	}
}

// firedSent says that what a message waits for has happened.
type firedSent struct {
	MessageID string      `json:"messageId"`
	Event     *eventFired `json:"event"`
}

type eventFired struct {
	Name       string         `json:"name"`
	Properties map[string]any `json:"properties"`
}

// mostFired is how much may have happened at once; a page does not wait for more.
const mostFired = 50

func fired(sent []firedSent) []engine.Fired {
	var all []engine.Fired
	for _, one := range sent[:min(len(sent), mostFired)] {
		happened := engine.Fired{Message: one.MessageID}
		if one.Event != nil {
			happened.Event = &engine.FiredEvent{Name: one.Event.Name, Properties: one.Event.Properties}
		}
		all = append(all, happened)
	}
	return all
}
