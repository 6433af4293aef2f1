package engine

import (
	"sync/atomic"

	"handbill/engine/workspace"
)

// decisionCounts is how often a message was decided about, by the places of reasons.
type decisionCounts [maxReasons]atomic.Int64

// tally counts the decisions of polls, message by message, in memory that is as large as the workspace. Whatever stays in
// the next snapshot goes on counting; what is gone is forgotten.
type tally struct {
	snapshot *workspace.Snapshot
	messages []*decisionCounts
	// answers are what was answered of late.
	answers *answers
}

// next is the tally of the snapshot that comes after. t may be nil.
func (t *tally) next(snapshot *workspace.Snapshot) *tally {
	if snapshot == nil {
		return nil
	}
	made := &tally{snapshot: snapshot, messages: make([]*decisionCounts, len(snapshot.Messages)), answers: new(answers)}
	for place, m := range snapshot.Messages {
		if made.messages[place] = t.at(place, m.ID); made.messages[place] == nil {
			made.messages[place] = new(decisionCounts)
		}
	}
	return made
}

// at are the counts of a message, which is likely to be at the place where it is now; nil where there are none.
func (t *tally) at(place int, message string) *decisionCounts {
	if t != nil && place < len(t.messages) && t.snapshot.Messages[place].ID == message {
		return t.messages[place]
	}
	return t.of(message)
}

// of are the counts of a message; nil where there are none.
func (t *tally) of(message string) *decisionCounts {
	if t == nil {
		return nil
	}
	m := t.snapshot.Message(message)
	if m == nil {
		return nil
	}
	return t.messages[t.snapshot.Place(m)]
}

// tallyOf is where the decisions of a poll count that is answered from a snapshot; nil while another one takes its place.
func (e *Engine) tallyOf(snapshot *workspace.Snapshot) *tally {
	if t := e.tallies.Load(); t != nil && t.snapshot == snapshot {
		return t
	}
	return nil
}

// count counts a decision about the message at a place of the snapshot, and returns the place of the reason.
func (t *tally) count(place int, reason Reason, d *decided) (at int) {
	at = d.place(reason)
	d.counts[at]++
	if t != nil {
		t.messages[place][at].Add(1)
	}
	return at
}

// MessageDecisions is how often polls decided about a message in each way.
type MessageDecisions struct {
	// Message is its id.
	Message string `json:"message"`
	// Decisions are counts by the code of the reason against the message, and by "due" where there was none.
	Decisions map[string]int64 `json:"decisions"`
}

// Decisions returns how polls decided about the messages of the workspace, in its order, since the engine was made.
func (e *Engine) Decisions() []MessageDecisions {
	t := e.tallies.Load()
	if t == nil {
		return nil
	}
	all := make([]MessageDecisions, 0, len(t.messages))
	for place, m := range t.snapshot.Messages {
		all = append(all, MessageDecisions{Message: m.ID, Decisions: t.messages[place].byReason()})
	}
	return all
}

// byReason are the counts that are not zero, by the reasons' codes.
func (c *decisionCounts) byReason() map[string]int64 {
	all := map[string]int64{}
	for reason, place := range reasonPlaces {
		if n := c[place].Load(); n > 0 {
			all[reason.Decision()] = n
		}
	}
	return all
}

// Decision is the reason's code; "due" where there is none against the message.
func (r Reason) Decision() string {
	if r == ReasonNone {
		return "due"
	}
	return string(r)
}

// decided is what one poll has decided, for the metrics.
type decided struct {
	counts [maxReasons]int
	// last and at are the reason that was looked for last, and its place: neighbours often have the same.
	last Reason
	at   int
}

func (d *decided) place(reason Reason) int {
	if reason != d.last {
		d.last, d.at = reason, reasonPlaces[reason]
	}
	return d.at
}

// tell tells the recorder, and begins anew.
func (d *decided) tell(recorder Recorder) {
	if n := d.counts[0]; n > 0 {
		recorder.Decided(ReasonNone, n)
	}
	for i, reason := range reasons {
		if n := d.counts[i+1]; n > 0 {
			recorder.Decided(reason, n)
		}
	}
	d.counts = [maxReasons]int{}
}
