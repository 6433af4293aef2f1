package engine

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// throttleLease begins the name of the lease that a tab holds while it is handed messages which a throttle counts, in the
// place of a message's id; no message can have this one. It covers what the tab was given and has not opened yet: another
// tab gets nothing that is throttled by it until it lapses.
const throttleLease = "\x00throttle"

// lease is the name of a throttle's lease.
func lease(throttle string) string {
	if throttle == "" {
		return throttleLease
	}
	return throttleLease + "\x00" + throttle
}

// throttling is how one throttle stands in one answer.
type throttling struct {
	workspace.Throttle
	// handedOut is how many new messages that it counts are in the answer so far.
	handedOut int
	// held is true when this tab holds the lease, refused when another does.
	held, refused bool
}

// throttlings are the throttles of a workspace that bound something, put into a list that is empty.
func throttlings(snapshot *workspace.Snapshot, list []throttling) []throttling {
	if snapshot.Throttle.Bounds() {
		list = append(list, throttling{Throttle: snapshot.Throttle})
	}
	for _, t := range snapshot.Throttles {
		list = append(list, throttling{Throttle: t})
	}
	return list
}

// counts says whether a throttle counts showing a message.
func (t *throttling) counts(m *workspace.Message) bool {
	return !m.IgnoreThrottle && (t.ID == "" || slices.Contains(m.Throttles, t.ID))
}

// countedBy says whether a throttle counts showing a message now: one that the visitor asked for it does not.
func (s *situation) countedBy(t *throttling, m *workspace.Message) bool {
	return t.counts(m) && !s.isWanted(m)
}

// throttled says whether any throttle counts showing this message.
func (s *situation) throttled(m *workspace.Message) bool {
	for i := range s.throttles {
		if s.countedBy(&s.throttles[i], m) {
			return true
		}
	}
	return false
}

// handOut notes that a new message is in the answer.
func (s *situation) handOut(m *workspace.Message) {
	for i := range s.throttles {
		if t := &s.throttles[i]; s.countedBy(t, m) {
			t.handedOut++
		}
	}
}

// askThrottle lets a delivery that is on screen in this very page view stay: it has been counted.
func askThrottle(e *Engine, m *workspace.Message, s *situation) Reason {
	for i := range s.throttles {
		if t := &s.throttles[i]; s.countedBy(t, m) && (t.refused || t.handedOut >= s.room(t)) && !e.present(m, s).onScreen() {
			return ReasonThrottled
		}
	}
	return ReasonNone
}

// showings are the visitor's showings of messages that a throttle counts.
func (s *situation) showings(t *throttling) []visitor.Showing {
	switch {
	case s.record == nil:
		return nil
	case t.ID == "":
		return s.record.Showings
	}
	return s.record.Throttled[t.ID]
}

// room is how many messages a throttle allows on top of what the visitor has seen.
func (s *situation) room(t *throttling) int {
	showings := s.showings(t)
	room := math.MaxInt
	if t.PerVisit > 0 {
		room = min(room, t.PerVisit-inVisit(showings, s.visit))
	}
	if t.PerDay > 0 {
		room = min(room, t.PerDay-s.within(showings, throttleDay))
	}
	if t.MinGap > 0 {
		room = min(room, 1-s.within(showings, t.MinGap))
	}
	return max(room, 0)
}

const throttleDay = 24 * time.Hour

// claimThrottles takes for the tab the leases of the throttles that count a message, up to the first that another tab has.
// What the visitor has seen is read again under a lease that is new: another tab may have counted until it was free.
func (e *Engine) claimThrottles(ctx context.Context, m *workspace.Message, s *situation, tab string) error {
	anew := false
	for i := range s.throttles {
		t := &s.throttles[i]
		if t.held || !s.countedBy(t, m) {
			continue
		}
		granted, fresh, err := e.store.Claim(ctx, store.Claim{
			Key: e.keyOf(s), Message: lease(t.ID), Tab: tab, TTL: LeaseTime, At: s.now,
		})
		if err != nil {
			return fmt.Errorf("taking the lease of a throttle: %w", err)
		}
		t.held, t.refused = granted, !granted
		anew = anew || fresh
		if !granted {
			break
		}
	}
	if anew {
		return e.reload(ctx, s)
	}
	return nil
}

// throttlingOf says of a message that came on screen whether no throttle counts it, which of groups do, and of which leases
// it was the only one outstanding: a minimum gap lets one out at a time.
func (e *Engine) throttlingOf(message string) (ignores bool, groups, leases []string) {
	snapshot := e.Snapshot()
	if snapshot == nil {
		return false, nil, nil
	}
	m := snapshot.Message(message)
	if m != nil && m.IgnoreThrottle {
		return true, nil, nil
	}
	if snapshot.Throttle.MinGap > 0 {
		leases = append(leases, lease(""))
	}
	for _, t := range snapshot.Throttles {
		if m == nil || !slices.Contains(m.Throttles, t.ID) {
			continue
		}
		groups = append(groups, t.ID)
		if t.MinGap > 0 {
			leases = append(leases, lease(t.ID))
		}
	}
	return false, groups, leases
}

func describeThrottle(e *Engine, m *workspace.Message, s *situation) (saw, help string) {
	var parts, helps []string
	for i := range s.throttles {
		if t := &s.throttles[i]; t.counts(m) {
			one, wait := t.describe(s)
			if t.refused || t.handedOut >= s.room(t) {
				helps = append(helps, wait)
			}
			parts = append(parts, one)
		}
	}
	switch {
	case len(s.throttles) == 0:
		return "the workspace has no throttle", ""
	case m.IgnoreThrottle:
		return "ignore_throttle is true", ""
	case len(parts) == 0:
		return "no throttle counts it", ""
	}
	saw = strings.Join(parts, "; ")
	if e.present(m, s).onScreen() {
		saw += ", on screen in this page view"
	}
	return saw, strings.Join(append(helps, "or set ignore_throttle = true"), "; ")
}

// describe says how a throttle stands, and what it waits for.
func (t *throttling) describe(s *situation) (saw, help string) {
	showings := s.showings(t)
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
	help = "wait until those before it have been seen"
	switch waits := from.After(s.now); {
	case nextVisit && waits:
		help = fmt.Sprintf("it is shown in the visitor's next visit, from %s on", from.Format(time.RFC3339))
	case nextVisit:
		help = "it is shown in the visitor's next visit"
	case waits:
		help = fmt.Sprintf("it is shown from %s on", from.Format(time.RFC3339))
	}
	name := "throttle"
	if t.ID != "" {
		name = fmt.Sprintf("throttle %q", t.ID)
	}
	return name + ": " + strings.Join(parts, ", "), help
}
