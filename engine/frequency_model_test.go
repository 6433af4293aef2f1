package engine_test

import (
	"fmt"
	"slices"
	"time"

	"handbill/engine"
)

// A model of frequency, throttle and leases that keeps everything that ever happened and counts it anew for each poll:
// slow, and simple enough to be right by reading it.

// bounds are a frequency as the model knows it.
type bounds struct {
	toml                       string
	lifetime, perVisit, days   int
	gap                        time.Duration
	caps                       map[time.Duration]int
	untilDismissed, untilActed bool
	untilConverted             bool
}

const day = 24 * time.Hour

var someBounds = []bounds{
	{toml: `"once"`, lifetime: 1},
	{toml: `"once_per_visit"`, perVisit: 1},
	{toml: `"until_dismissed"`, untilDismissed: true},
	{toml: `"until_action"`, untilActed: true},
	{toml: `"always"`},
	{toml: `{ lifetime = 3 }`, lifetime: 3},
	{toml: `{ per_visit = 2 }`, perVisit: 2},
	{toml: `{ caps = ["1/day"] }`, caps: map[time.Duration]int{day: 1}},
	{toml: `{ caps = ["2/hour", "3/day", "5/week"] }`, caps: map[time.Duration]int{time.Hour: 2, day: 3, 7 * day: 5}},
	{toml: `{ min_gap = "2h" }`, gap: 2 * time.Hour},
	{toml: `{ stop_after_days = 2 }`, days: 2},
	{toml: `{ min_gap = "5m", caps = ["2/6h"], lifetime = 6, stop_on = ["dismiss", "action"] }`, gap: 5 * time.Minute, caps: map[time.Duration]int{6 * time.Hour: 2}, lifetime: 6, untilDismissed: true, untilActed: true},
	{toml: `{ per_visit = 1, stop_after_days = 5, stop_on = ["action"] }`, perVisit: 1, days: 5, untilActed: true},
	{toml: `{ caps = ["4/day"], stop_on = ["conversion"] }`, caps: map[time.Duration]int{day: 4}, untilConverted: true},
	{toml: `{ count = 1 }`, lifetime: 1, untilDismissed: true},
	{toml: `{ count = 3, delay = "2h", ignore_dismiss = true }`, lifetime: 3, gap: 2 * time.Hour},
	{toml: `{ count = 0, ignore_dismiss = true }`},
}

// modelThrottle bounds in the order of min_gap, per_visit, per_day; zero is none. The one over all has no name.
type modelThrottle struct {
	gap              time.Duration
	perVisit, perDay int
	name             string
}

func (t modelThrottle) bounds() bool { return t.gap+time.Duration(t.perVisit+t.perDay) > 0 }

func (t modelThrottle) toml() string {
	text := ""
	if t.gap > 0 {
		text += fmt.Sprintf("min_gap = \"%ds\"\n", int(t.gap.Seconds()))
	}
	if t.perVisit > 0 {
		text += fmt.Sprintf("per_visit = %d\n", t.perVisit)
	}
	if t.perDay > 0 {
		text += fmt.Sprintf("per_day = %d\n", t.perDay)
	}
	return text
}

var someThrottles = []modelThrottle{{}, {}, {gap: 30 * time.Second}, {gap: 10 * time.Minute}, {perVisit: 2}, {perDay: 3}, {gap: time.Minute, perVisit: 3, perDay: 5}}

type modelMessage struct {
	id             string
	bounds         bounds
	ignoreThrottle bool
	throttles      []string // of groups
	slot           string
}

// counts says whether a throttle counts the message.
func (m modelMessage) counts(t modelThrottle) bool {
	return !m.ignoreThrottle && (t.name == "" || slices.Contains(m.throttles, t.name))
}

type happening struct {
	message, view, visit string
	at                   time.Time
}

type modelLease struct {
	tab   string
	until time.Time
}

type model struct {
	messages []modelMessage
	// throttles are the one over all, if it bounds anything, and those of groups.
	throttles                          []modelThrottle
	shown, dismissed, acted, converted []happening
	snoozed                            []happening // at is when it is over
	leases                             map[string]modelLease
}

// goalWithin is how long after a showing the goal counts.
const goalWithin = 6 * time.Hour

func (m *model) byID(id string) modelMessage {
	return m.messages[slices.IndexFunc(m.messages, func(message modelMessage) bool { return message.id == id })]
}

// order is that the visitor orders something, which every message is for.
func (m *model) order(now time.Time) {
	for _, message := range m.messages {
		own := func(h happening) bool { return h.message == message.id }
		recently := func(h happening) bool { return own(h) && now.Sub(h.at) < goalWithin }
		if slices.ContainsFunc(m.shown, recently) && !slices.ContainsFunc(m.converted, own) {
			m.converted = append(m.converted, happening{message: message.id, at: now})
		}
	}
}

// comesBack says whether a message was snoozed and not seen since that is over.
func (m *model) comesBack(id string) bool {
	var until time.Time
	for _, h := range m.snoozed {
		if h.message == id && h.at.After(until) {
			until = h.at
		}
	}
	return !until.IsZero() && !slices.ContainsFunc(m.shown, func(h happening) bool { return h.message == id && !h.at.Before(until) })
}

func count(all []happening, fits func(happening) bool) int {
	n := 0
	for _, one := range all {
		if fits(one) {
			n++
		}
	}
	return n
}

// onScreen says whether a message was shown and not dismissed in a page view.
func (m *model) onScreen(id, view string) bool {
	here := func(h happening) bool { return h.message == id && h.view == view }
	return slices.ContainsFunc(m.shown, here) && !slices.ContainsFunc(m.dismissed, here) && !slices.ContainsFunc(m.snoozed, here)
}

// allows says whether a message's own frequency allows it.
func (m *model) allows(message modelMessage, view, visit string, now time.Time) bool {
	b, own := message.bounds, func(h happening) bool { return h.message == message.id }
	if slices.ContainsFunc(m.dismissed, func(h happening) bool { return own(h) && (b.untilDismissed || h.view == view) }) {
		return false
	}
	if b.untilConverted && slices.ContainsFunc(m.converted, own) {
		return false
	}
	if slices.ContainsFunc(m.snoozed, func(h happening) bool { return own(h) && (now.Before(h.at) || h.view == view) }) {
		return false
	}
	if m.onScreen(message.id, view) {
		return true
	}
	if b.untilActed && slices.ContainsFunc(m.acted, own) {
		return false
	}
	if b.days > 0 && slices.ContainsFunc(m.shown, func(h happening) bool { return own(h) && now.Sub(h.at) >= time.Duration(b.days)*day }) {
		return false
	}
	if m.comesBack(message.id) {
		return true
	}
	if b.lifetime > 0 && count(m.shown, own) >= b.lifetime {
		return false
	}
	if b.perVisit > 0 && count(m.shown, func(h happening) bool { return own(h) && h.visit == visit }) >= b.perVisit {
		return false
	}
	if b.gap > 0 && slices.ContainsFunc(m.shown, func(h happening) bool { return own(h) && now.Sub(h.at) < b.gap }) {
		return false
	}
	for period, most := range b.caps {
		if count(m.shown, func(h happening) bool { return own(h) && now.Sub(h.at) < period }) >= most {
			return false
		}
	}
	return true
}

// full says whether a throttle allows no more messages after those that the answer has already.
func (m *model) full(t modelThrottle, inAnswer int, visit string, now time.Time) bool {
	counts := func(fits func(happening) bool) int {
		return count(m.shown, func(h happening) bool { return m.byID(h.message).counts(t) && fits(h) })
	}
	switch {
	case t.perVisit > 0 && inAnswer+counts(func(h happening) bool { return h.visit == visit }) >= t.perVisit:
		return true
	case t.perDay > 0 && inAnswer+counts(func(h happening) bool { return now.Sub(h.at) < day }) >= t.perDay:
		return true
	case t.gap > 0 && inAnswer+counts(func(h happening) bool { return now.Sub(h.at) < t.gap }) >= 1:
		return true
	}
	return false
}

// claim takes a lease, or says that another tab has it.
func (m *model) claim(name, tab string, now time.Time) bool {
	if held, ok := m.leases[name]; ok && held.tab != tab && now.Before(held.until) {
		return false
	}
	m.leases[name] = modelLease{tab, now.Add(engine.LeaseTime)}
	return true
}

func (m *model) poll(tab, view, visit string, now time.Time) []string {
	answer, counted, taken := []string{}, map[string]int{}, map[string]string{}
	for _, message := range m.messages {
		if taken[message.slot] == "" && m.onScreen(message.id, view) && m.allows(message, view, visit, now) {
			taken[message.slot] = message.id
		}
	}
	for _, message := range m.messages {
		if !m.allows(message, view, visit, now) || taken[message.slot] != "" && taken[message.slot] != message.id {
			continue
		}
		if !m.onScreen(message.id, view) {
			if !m.passThrottles(message, counted, tab, visit, now) || !m.claim(message.id, tab, now) {
				continue
			}
			for _, t := range m.throttles {
				if message.counts(t) {
					counted[t.name]++
				}
			}
		}
		taken[message.slot] = message.id
		answer = append(answer, message.id)
	}
	return answer
}

// passThrottles says whether every throttle that counts a message has room for it and lets this tab have it.
func (m *model) passThrottles(message modelMessage, counted map[string]int, tab, visit string, now time.Time) bool {
	for _, t := range m.throttles {
		if message.counts(t) && m.full(t, counted[t.name], visit, now) {
			return false
		}
	}
	for _, t := range m.throttles {
		if message.counts(t) && !m.claim("the throttle "+t.name, tab, now) {
			return false
		}
	}
	return true
}

func (m *model) open(h happening) {
	m.shown = append(m.shown, h)
	delete(m.leases, h.message)
	for _, t := range m.throttles {
		if t.gap > 0 && m.byID(h.message).counts(t) {
			delete(m.leases, "the throttle "+t.name)
		}
	}
}

func (m *model) dismissedIn(id, view string) bool {
	here := func(h happening) bool { return h.message == id && h.view == view }
	return slices.ContainsFunc(m.dismissed, here) || slices.ContainsFunc(m.snoozed, here)
}
