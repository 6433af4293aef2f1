package engine

import (
	"handbill/engine/proof"
	"handbill/engine/store"
)

// Recorder counts what an engine does. Its methods are called on the way of a request: they must not block.
type Recorder interface {
	// Polled is called once for each poll that was answered.
	Polled(result PollResult)
	// Repeated is called after Polled where the answer was one that was remembered.
	Repeated()
	// Decided is called after a poll with how many messages were decided against for a reason, or were due (ReasonNone).
	Decided(reason Reason, messages int)
	// Delivered is called once for each message handed to a visitor, not again when the same tab asks again.
	Delivered()
	// Reported is called once for each report that counted.
	Reported(metric store.Metric)
	// Withheld is called once for each message that would have been shown and was held back: the metric says why.
	Withheld(metric store.Metric)
	// Refused is called for each report that was not believed.
	Refused()
	// Streamed is called for everything that happens to streams.
	Streamed(event StreamEvent)
	// ClaimRefused is called for each claim to be a user that was not believed.
	ClaimRefused(reason proof.Reason)
}

// PollResult says how a poll was answered.
type PollResult string

// The ways a poll is answered.
const (
	PollMessages  PollResult = "messages"  // a list of messages
	PollNothing   PollResult = "nothing"   // nothing is due
	PollUnchanged PollResult = "unchanged" // the client holds the answer already
	PollFailed    PollResult = "failed"    // the store could not be asked
)

type noRecorder struct{}

func (noRecorder) Polled(PollResult)         {}
func (noRecorder) Repeated()                 {}
func (noRecorder) Decided(Reason, int)       {}
func (noRecorder) Delivered()                {}
func (noRecorder) Reported(store.Metric)     {}
func (noRecorder) Refused()                  {}
func (noRecorder) Streamed(StreamEvent)      {}
func (noRecorder) Withheld(store.Metric)     {}
func (noRecorder) ClaimRefused(proof.Reason) {}
