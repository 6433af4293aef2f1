package engine

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// throttleLease is the lease that a tab holds while it is handed messages which the throttle counts, in the place of a
// message's id; no message can have this one. It covers what the tab was given and has not opened yet: another tab gets
// nothing that is throttled until it lapses.
const throttleLease = "\x00throttle"

// throttling is how the workspace's throttle stands in one answer.
type throttling struct {
	workspace.Throttle
	// handedOut is how many new messages that it counts are in the answer so far.
	handedOut int
	// held is true when this tab holds the lease, refused when another does.
	held, refused bool
}

// throttles says whether the throttle counts showing this message.
func (s *situation) throttles(m *workspace.Message) bool {
	return s.throttle.Bounds() && !m.IgnoreThrottle && !s.isWanted(m)
}

// askThrottle lets a delivery that is on screen in this very page view stay: it has been counted.
func askThrottle(e *Engine, m *workspace.Message, s *situation) Reason {
	switch {
	case !s.throttles(m), e.present(m, s).onScreen():
		return ReasonNone
	case s.throttle.refused, s.throttle.handedOut >= s.room():
		return ReasonThrottled
	}
	return ReasonNone
}

// showings are the visitor's showings of any messages that the throttle counts.
func (s *situation) showings() []visitor.Showing {
	if s.record == nil {
		return nil
	}
	return s.record.Showings
}

// room is how many messages the throttle allows on top of what the visitor has seen.
func (s *situation) room() int {
	t, showings := &s.throttle, s.showings()
	room := math.MaxInt
	if t.PerVisit > 0 {
		room = min(room, t.PerVisit-inVisit(showings, s.visit))
	}
	if t.PerDay > 0 {
		room = min(room, t.PerDay-since(showings, s.now.Add(-throttleDay)))
	}
	if t.MinGap > 0 {
		room = min(room, 1-since(showings, s.now.Add(-t.MinGap)))
	}
	return max(room, 0)
}

const throttleDay = 24 * time.Hour

// claimThrottle takes the throttle's lease for the tab. What the visitor has seen is read again under a lease that is new:
// another tab may have counted until it was free.
func (e *Engine) claimThrottle(ctx context.Context, s *situation, tab string) error {
	if s.throttle.held {
		return nil
	}
	granted, fresh, err := e.store.Claim(ctx, store.Claim{
		Key: e.key(s.identity), Message: throttleLease, Tab: tab, TTL: LeaseTime, At: s.now,
	})
	if err != nil {
		return fmt.Errorf("taking the lease of the throttle: %w", err)
	}
	s.throttle.held, s.throttle.refused = granted, !granted
	if fresh {
		return e.reload(ctx, s)
	}
	return nil
}

// throttlingOf says of a message that came on screen whether the throttle does not count it, and whether it was the only
// one outstanding: a minimum gap lets one out at a time.
func (e *Engine) throttlingOf(message string) (ignores, onlyOne bool) {
	snapshot := e.Snapshot()
	if snapshot == nil {
		return false, false
	}
	m := snapshot.Message(message)
	ignores = m != nil && m.IgnoreThrottle
	return ignores, !ignores && snapshot.Throttle.MinGap > 0
}

func describeThrottle(e *Engine, m *workspace.Message, s *situation) (saw, help string) {
	switch {
	case !s.throttle.Bounds():
		return "the workspace has no throttle", ""
	case m.IgnoreThrottle:
		return "ignore_throttle is true", ""
	}
	t, showings := &s.throttle, s.showings()
	var parts []string
	add := func(format string, values ...any) { parts = append(parts, fmt.Sprintf(format, values...)) }
	var from time.Time
	wait := func(until time.Time) {
		if until.After(from) {
			from = until
		}
	}
	nextVisit := false
	if t.PerVisit > 0 {
		seen := inVisit(showings, s.visit)
		add("%d of %d messages in this visit", seen, t.PerVisit)
		nextVisit = seen >= t.PerVisit
	}
	if t.PerDay > 0 {
		add("%d of %d within 24 hours", since(showings, s.now.Add(-throttleDay)), t.PerDay)
		if n := len(showings); n >= t.PerDay {
			wait(showings[n-t.PerDay].At.Add(throttleDay))
		}
	}
	if t.MinGap > 0 {
		if n := len(showings); n > 0 {
			add("the last at %s and min_gap is %s", showings[n-1].At.Format(time.RFC3339), length(t.MinGap))
			wait(showings[n-1].At.Add(t.MinGap))
		} else {
			add("min_gap is %s and the visitor has seen none", length(t.MinGap))
		}
	}
	if t.handedOut > 0 {
		add("%d before this one in the order", t.handedOut)
	}
	if e.present(m, s).onScreen() {
		add("on screen in this page view")
	}
	help = "wait until those before it have been seen"
	switch waits := from.After(s.now); {
	case nextVisit && waits:
		help = fmt.Sprintf("it is shown in the visitor's next visit, from %s on", from.Format(time.RFC3339))
	case nextVisit:
		help = "it is shown in the visitor's next visit"
	case waits:
		help = fmt.Sprintf("it is shown from %s on", from.Format(time.RFC3339))
	}
	return "throttle: " + strings.Join(parts, ", "), help + "; or set ignore_throttle = true"
}
