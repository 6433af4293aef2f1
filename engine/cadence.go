package engine

import (
	"time"

	"handbill/engine/workspace"
)

// Defaults of the polling cadence: how long a client waits between two polls of an unchanged page.
const (
	DefaultPollSlow = 60 * time.Second // before a visitor's first message, and when none has come for long
	DefaultPollFast = 10 * time.Second // while messages flow
)

const (
	// idleShare is by how much the wait is shorter than the time in which nothing has come: after ten minutes it is 20
	// seconds.
	idleShare = 30
	// jitterShare is the part of a wait by which it is made longer or shorter at most, so that clients that began
	// together do not stay together.
	jitterShare = 0.2
	// dueSpread is the time over which clients ask for a message that begins for many at once.
	dueSpread = 3 * time.Second
)

// cadence is how often a client asks: slow before a visitor's first message, fast while messages flow, then ever slower
// again.
type cadence struct{ slow, fast time.Duration }

// cadenceOf fills in the defaults.
func cadenceOf(slow, fast time.Duration) cadence {
	if slow <= 0 {
		slow = DefaultPollSlow
	}
	if fast <= 0 {
		fast = DefaultPollFast
	}
	return cadence{slow: slow, fast: fast}
}

// activity is what a client's wait depends on.
type activity struct {
	// fresh is true when the client was just given a message.
	fresh bool
	// last is when the visitor's newest message came on screen; zero: none ever has.
	last time.Time
	// streaming is true when the edge can reach the client without being asked.
	streaming bool
}

// wait is how long a client should wait before it asks again on an unchanged page.
func (c cadence) wait(a activity, now time.Time) time.Duration {
	switch {
	case a.streaming:
		return max(c.slow, c.fast)
	case a.fresh:
		return c.fast
	case a.last.IsZero():
		return c.slow
	}
	return min(max(now.Sub(a.last)/idleShare, c.fast), max(c.slow, c.fast))
}

// jittered is a wait, longer or shorter by chance, which is from 0 up to 1.
func jittered(wait time.Duration, chance float64) time.Duration {
	return time.Duration(float64(wait) * (1 + jitterShare*(2*chance-1)))
}

// pace is what of an answer the client's wait depends on.
type pace struct {
	// handsOut: it has a message to show.
	handsOut bool
	// last is when the visitor's newest message came on screen; zero: none ever has.
	last time.Time
	// soonest is when the next message of the page is due, of those whose time is known; zero: none is.
	soonest time.Time
}

func paceOf(s *situation, answer PollAnswer) pace {
	p := pace{handsOut: answer.handsOut(), soonest: s.soonest}
	if s.record != nil {
		for _, state := range s.record.Messages {
			if state.LastOpened.After(p.last) {
				p.last = state.LastOpened
			}
		}
	}
	return p
}

// next is how long the client should wait before it asks again.
func (e *Engine) next(p pace, unchanged, streaming bool, now time.Time) time.Duration {
	// What the client holds and has never come on screen is as fresh as what it does not hold.
	a := activity{fresh: p.handsOut && (!unchanged || p.last.IsZero()), last: p.last, streaming: streaming}
	wait := jittered(e.cadence.Load().wait(a, now), e.random())
	if due := p.soonest.Sub(now); due > 0 && due < wait {
		return due + time.Duration(e.random()*float64(dueSpread)) // nor do those ask at once for whom the same message begins
	}
	return wait
}

// await notes when a message is due that is not yet, as far as that is known.
func (s *situation) await(m *workspace.Message, reason Reason) {
	var due time.Time
	switch reason {
	case ReasonNotStarted:
		due = m.Start
	case ReasonWaiting:
		due = s.run(m).Due
	default:
		return
	}
	if s.soonest.IsZero() || due.Before(s.soonest) {
		s.soonest = due
	}
}

// SetCadence changes how often clients are told to poll: slow before a visitor's first message and when none has come for
// long, fast while messages flow. Zero means the default. An engine outlives a reload of its configuration, so this may
// change while polls are answered.
func (e *Engine) SetCadence(slow, fast time.Duration) {
	c := cadenceOf(slow, fast)
	e.cadence.Store(&c)
}

// PollSlow is how long a client should wait between two polls before a visitor's first message.
func (e *Engine) PollSlow() time.Duration { return jittered(e.cadence.Load().slow, e.random()) }

// pollSoon is how long a client should wait that asked while there were no messages to decide on: they may come at any time.
func (e *Engine) pollSoon() time.Duration {
	c := e.cadence.Load()
	return jittered(min(c.slow, c.fast), e.random())
}
