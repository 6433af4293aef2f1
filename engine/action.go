package engine

import (
	"time"

	"handbill/engine/content"
)

// snooze is for how long a reported action lets its message rest; zero where it is another one. What a browser says is
// bounded as what an author writes.
func snooze(action string) time.Duration {
	parsed, err := content.ParseAction(action)
	if err != nil || parsed.Kind != content.Snooze {
		return 0
	}
	return parsed.Length
}

// leadsOn says whether a button was used that neither closes its message nor turns to another step.
func (r Report) leadsOn() bool {
	action, err := content.ParseAction(r.ActionValue)
	// An action that is not understood is one of a message that is gone, or of another client: it was no mere closing.
	return r.Outcome == OutcomeClicked && (err != nil || !action.Closes() && !action.Turns())
}
