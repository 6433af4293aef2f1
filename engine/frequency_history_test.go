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
	"handbill/engine/eventlog"
	"handbill/engine/visitor"
)

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
	if t := someThrottles[h.random.IntN(len(someThrottles))]; t.bounds() {
		h.model.throttles = append(h.model.throttles, t)
		text.WriteString("[workspace.throttle]\n" + t.toml())
	}
	groups := []string{}
	for _, name := range []string{"promotions", "surveys"} {
		if t := someThrottles[h.random.IntN(len(someThrottles))]; t.bounds() {
			t.name = name
			h.model.throttles = append(h.model.throttles, t)
			text.WriteString("[[throttles]]\nid = \"" + name + "\"\n" + t.toml())
			groups = append(groups, name)
		}
	}
	for i := range 1 + h.random.IntN(5) {
		m := modelMessage{id: fmt.Sprintf("message-%d", i+1), bounds: someBounds[h.random.IntN(len(someBounds))], ignoreThrottle: h.random.IntN(5) == 0}
		m.slot = []string{`"modal"`, `"banner"`, "\"banner\"\nposition = \"bottom\""}[h.random.IntN(3)]
		for _, name := range groups {
			if h.random.IntN(3) == 0 {
				m.throttles = append(m.throttles, name)
			}
		}
		h.model.messages = append(h.model.messages, m)
		fmt.Fprintf(&text, "[[messages]]\nid = %q\npages = [\"*\"]\ntext = \"Hello\"\ndisplay = %s\nfrequency = %s\nignore_throttle = %t\n", m.id, m.slot, m.bounds.toml, m.ignoreThrottle)
		fmt.Fprintf(&text, "goal = { event = \"Order Completed\", within = \"%s\" }\nthrottles = [%s]\n", "6h", quotedList(m.throttles))
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
	got, err := h.Poll(context.Background(), engine.PollRequest{Identity: grace, Page: page(h.t, "https://shop.example.com/", ""), Tab: tab.name, View: tab.view, Visit: visit, Slots: true})
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
	case strings.HasPrefix(action, "snooze:"):
		what.at = h.now.Add(rests[action])
		h.model.snoozed = append(h.model.snoozed, what)
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
	switch choice := h.random.IntN(22); {
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
	case choice == 15 && len(showing) > 0:
		d, action := showing[h.random.IntN(len(showing))], []string{"snooze:10m", "snooze:6h"}[h.random.IntN(2)]
		h.reportOf(d, tab, engine.OutcomeClicked, action)
		if h.random.IntN(2) == 0 { // what it closes with it is no dismissal
			h.tell("%s reports %s closed with it", tab.name, d.Message.ID)
			return h.closed(d, tab)
		}
	case choice == 16:
		h.tell("orders something")
		h.model.order(h.now)
		return h.Track(context.Background(), grace, []eventlog.Event{{Type: "track", Name: "Order Completed"}})
	default:
		return h.poll(tab)
	}
	return nil
}

// rests is how long a message rests after an action.
var rests = map[string]time.Duration{"snooze:10m": 10 * time.Minute, "snooze:6h": 6 * time.Hour}

// closed reports that a message was closed, and the model is not told.
func (h *history) closed(d engine.Delivery, tab *modelTab) error {
	_, err := h.Report(context.Background(), grace, []engine.Report{{DeliveryID: d.ID, Outcome: engine.OutcomeDismissed, Visit: h.visits[tab.browser]}})
	return err
}

// quotedList is a list of texts as TOML has it, without its brackets.
func quotedList(texts []string) string {
	var quoted []string
	for _, text := range texts {
		quoted = append(quoted, fmt.Sprintf("%q", text))
	}
	return strings.Join(quoted, ", ")
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
	if shown < histories*4 || withheld < histories {
		t.Errorf("%d showings and %d withheld at the end: the histories are too quiet to prove anything", shown, withheld)
	}
}
