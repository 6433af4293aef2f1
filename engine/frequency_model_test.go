package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/visitor"
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
}

// someThrottles are in the order of min_gap, per_visit, per_day; zero is none.
var someThrottles = []struct {
	gap              time.Duration
	perVisit, perDay int
}{{}, {}, {gap: 30 * time.Second}, {gap: 10 * time.Minute}, {perVisit: 2}, {perDay: 3}, {gap: time.Minute, perVisit: 3, perDay: 5}}

type modelMessage struct {
	id             string
	bounds         bounds
	ignoreThrottle bool
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
	throttle struct {
		gap              time.Duration
		perVisit, perDay int
	}
	shown, dismissed, acted []happening
	leases                  map[string]modelLease
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
	return slices.ContainsFunc(m.shown, here) && !slices.ContainsFunc(m.dismissed, here)
}

// allows says whether a message's own frequency allows it.
func (m *model) allows(message modelMessage, view, visit string, now time.Time) bool {
	b, own := message.bounds, func(h happening) bool { return h.message == message.id }
	if slices.ContainsFunc(m.dismissed, func(h happening) bool { return own(h) && (b.untilDismissed || h.view == view) }) {
		return false
	}
	if m.onScreen(message.id, view) {
		return true
	}
	if b.untilActed && slices.ContainsFunc(m.acted, own) {
		return false
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
	if b.days > 0 && slices.ContainsFunc(m.shown, func(h happening) bool { return own(h) && now.Sub(h.at) >= time.Duration(b.days)*day }) {
		return false
	}
	for period, most := range b.caps {
		if count(m.shown, func(h happening) bool { return own(h) && now.Sub(h.at) < period }) >= most {
			return false
		}
	}
	return true
}

// throttled says whether the throttle allows one more message after those that the answer has already.
func (m *model) throttled(inAnswer int, visit string, now time.Time) bool {
	counts := func(fits func(happening) bool) int {
		return count(m.shown, func(h happening) bool {
			ignores := slices.ContainsFunc(m.messages, func(message modelMessage) bool { return message.id == h.message && message.ignoreThrottle })
			return !ignores && fits(h)
		})
	}
	t := m.throttle
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
	answer, counted := []string{}, 0
	for _, message := range m.messages {
		if !m.allows(message, view, visit, now) {
			continue
		}
		if !m.onScreen(message.id, view) {
			throttles := m.throttle.gap+time.Duration(m.throttle.perVisit+m.throttle.perDay) > 0 && !message.ignoreThrottle
			if throttles && (m.throttled(counted, visit, now) || !m.claim("the throttle", tab, now)) {
				continue
			}
			if !m.claim(message.id, tab, now) {
				continue
			}
			if throttles {
				counted++
			}
		}
		answer = append(answer, message.id)
	}
	return answer
}

func (m *model) open(h happening) {
	m.shown = append(m.shown, h)
	delete(m.leases, h.message)
	ignores := slices.ContainsFunc(m.messages, func(message modelMessage) bool { return message.id == h.message && message.ignoreThrottle })
	if m.throttle.gap > 0 && !ignores {
		delete(m.leases, "the throttle")
	}
}

// history is one visitor's days with several tabs in two browsers, lived by an engine and by the model.
type history struct {
	*edge
	random *rand.Rand
	model  model
	tabs   []*modelTab
	visits map[string]string    // by browser
	last   map[string]time.Time // when a browser last polled
	told   []string
}

type modelTab struct {
	name, browser, view string
	asked               time.Time
	answer              []engine.Delivery
	opened              []string // messages on screen
	foreign             int      // page views of other tabs since this one's began
}

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{
		random: rand.New(rand.NewPCG(seed, 4)), visits: map[string]string{}, last: map[string]time.Time{},
		model: model{leases: map[string]modelLease{}},
		tabs:  []*modelTab{{name: "tab-1", browser: "laptop"}, {name: "tab-2", browser: "laptop"}, {name: "tab-3", browser: "phone"}},
	}
	var text strings.Builder
	h.model.throttle = someThrottles[h.random.IntN(len(someThrottles))]
	if t := h.model.throttle; t.gap+time.Duration(t.perVisit+t.perDay) > 0 {
		text.WriteString("[workspace.throttle]\n")
		if t.gap > 0 {
			fmt.Fprintf(&text, "min_gap = \"%ds\"\n", int(t.gap.Seconds()))
		}
		if t.perVisit > 0 {
			fmt.Fprintf(&text, "per_visit = %d\n", t.perVisit)
		}
		if t.perDay > 0 {
			fmt.Fprintf(&text, "per_day = %d\n", t.perDay)
		}
	}
	for i := range 1 + h.random.IntN(5) {
		m := modelMessage{id: fmt.Sprintf("message-%d", i+1), bounds: someBounds[h.random.IntN(len(someBounds))], ignoreThrottle: h.random.IntN(5) == 0}
		h.model.messages = append(h.model.messages, m)
		fmt.Fprintf(&text, "[[messages]]\nid = %q\npages = [\"*\"]\ntext = \"Hello\"\nfrequency = %s\nignore_throttle = %t\n", m.id, m.bounds.toml, m.ignoreThrottle)
	}
	h.told = append(h.told, text.String())
	h.edge = newEdge(t, text.String())
	for _, tab := range h.tabs {
		h.navigate(tab)
	}
	return h
}

var grace = visitor.Identity{User: "grace", Level: visitor.LevelIdentified}

func (h *history) tell(format string, values ...any) {
	h.told = append(h.told, h.now.Format("Jan 2 15:04:05 ")+fmt.Sprintf(format, values...))
}

func (h *history) navigate(tab *modelTab) {
	tab.view, tab.answer, tab.opened, tab.foreign = fmt.Sprintf("view-%d", h.random.Uint64()), nil, nil, 0
	// The engine remembers the last deliveries of a message: a page is not left open for ever beside others.
	for _, other := range h.tabs {
		if other == tab || other.view == "" {
			continue
		}
		if other.foreign++; other.foreign >= visitor.RecentDeliveries/2 {
			h.navigate(other)
		}
	}
}

func (h *history) poll(tab *modelTab) error {
	if h.now.Sub(h.last[tab.browser]) >= engine.VisitTime {
		h.visits[tab.browser] = fmt.Sprintf("visit-%d", h.random.Uint64())
	}
	h.last[tab.browser] = h.now
	visit := h.visits[tab.browser]
	got, err := h.Poll(context.Background(), engine.PollRequest{Identity: grace, Page: page(h.t, "https://shop.example.com/", ""), Tab: tab.name, View: tab.view, Visit: visit})
	if err != nil {
		return err
	}
	want := h.model.poll(tab.name, tab.view, visit, h.now)
	tab.asked, tab.answer = h.now, got.Deliveries
	h.tell("%s polls %s in %s: %v", tab.name, tab.view, visit, ids(got))
	if !slices.Equal(ids(got), want) {
		return fmt.Errorf("due are %v; by the model %v", ids(got), want)
	}
	return nil
}

func (h *history) reportOf(d engine.Delivery, tab *modelTab, outcome engine.Outcome, action string) {
	visit := h.visits[tab.browser]
	refused, err := h.Report(context.Background(), grace, []engine.Report{{DeliveryID: d.ID, Outcome: outcome, ActionValue: action, Visit: visit}})
	if err != nil || refused[0] != nil {
		h.t.Fatalf("report: %v, %v", err, refused)
	}
	h.tell("%s reports %s %s %s", tab.name, d.Message.ID, outcome, action)
	what := happening{message: d.Message.ID, view: tab.view, visit: visit, at: h.now}
	switch {
	case outcome == engine.OutcomeOpened:
		h.model.open(what)
		tab.opened = append(tab.opened, d.Message.ID)
	case outcome == engine.OutcomeDismissed:
		h.model.dismissed = append(h.model.dismissed, what)
		tab.opened = slices.DeleteFunc(tab.opened, func(id string) bool { return id == d.Message.ID })
	case action != "next" && action != "dismiss":
		h.model.acted = append(h.model.acted, what)
	}
}

// step lets something happen. What a browser shows and reports is what its tab was last told, less than a lease ago.
func (h *history) step() error {
	tab := h.tabs[h.random.IntN(len(h.tabs))]
	var waiting, showing []engine.Delivery
	if h.now.Sub(tab.asked) < engine.LeaseTime {
		for _, d := range tab.answer {
			if slices.Contains(tab.opened, d.Message.ID) {
				showing = append(showing, d)
			} else if !h.model.dismissedIn(d.Message.ID, tab.view) {
				waiting = append(waiting, d)
			}
		}
	}
	switch choice := h.random.IntN(20); {
	case choice < 4:
		lengths := []time.Duration{time.Second, 10 * time.Second, 31 * time.Second, 5 * time.Minute, 20 * time.Minute, 45 * time.Minute, 3 * time.Hour, 9 * time.Hour, 26 * time.Hour}
		h.now = h.now.Add(lengths[h.random.IntN(len(lengths))])
	case choice < 7:
		h.navigate(tab)
		return h.poll(tab)
	case choice < 13 && len(waiting) > 0:
		h.reportOf(waiting[h.random.IntN(len(waiting))], tab, engine.OutcomeOpened, "")
	case choice == 13 && len(showing) > 0:
		h.reportOf(showing[h.random.IntN(len(showing))], tab, engine.OutcomeDismissed, "")
	case choice == 14 && len(showing) > 0:
		h.reportOf(showing[h.random.IntN(len(showing))], tab, engine.OutcomeClicked, []string{"next", "dismiss", "/offers", "event:chat"}[h.random.IntN(4)])
	default:
		return h.poll(tab)
	}
	return nil
}

func (m *model) dismissedIn(id, view string) bool {
	return slices.ContainsFunc(m.dismissed, func(h happening) bool { return h.message == id && h.view == view })
}

func TestFrequencyAndThrottleAreThoseOfTheModel(t *testing.T) {
	const histories, steps = 400, 200
	shown, withheld := 0, 0
	for seed := range uint64(histories) {
		h := newHistory(t, seed)
		for range steps {
			if err := h.step(); err != nil {
				t.Fatalf("history %d: %v after\n%s", seed, err, strings.Join(h.told[max(0, len(h.told)-60):], "\n")+"\n"+h.told[0])
			}
		}
		shown += len(h.model.shown)
		for _, tab := range h.tabs {
			withheld += len(h.model.messages) - len(tab.answer)
		}
	}
	if shown < histories*5 || withheld < histories {
		t.Errorf("%d showings and %d withheld at the end: the histories are too quiet to prove anything", shown, withheld)
	}
}
