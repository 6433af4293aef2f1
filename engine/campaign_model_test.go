package engine_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// A model of a campaign: of each id the run that it is in, and the runs in which the message was shown. It knows nothing of
// records, leases and counts.

type modelRun struct {
	started time.Time
	exited  bool
}

type modelPerson struct {
	run   *modelRun
	shown map[time.Time]bool // by the start of the run
	paid  bool
}

type campaignModel struct {
	delay, expires, reentry time.Duration // reentry below zero: never
	people                  map[string]*modelPerson
}

func (m *campaignModel) person(id string) *modelPerson {
	if m.people[id] == nil {
		m.people[id] = &modelPerson{shown: map[time.Time]bool{}}
	}
	return m.people[id]
}

// mayFollow says whether a campaign that was started at one time may be started at another.
func (m *campaignModel) mayFollow(first, second time.Time) bool {
	return m.reentry >= 0 && !second.Before(first.Add(m.reentry))
}

func (m *campaignModel) track(id string, now time.Time) {
	p := m.person(id)
	if p.run == nil || m.mayFollow(p.run.started, now) {
		p.run = &modelRun{started: now}
	}
	m.leave(p)
}

func (m *campaignModel) leave(p *modelPerson) {
	if p.run != nil && p.paid {
		p.run.exited = true
	}
}

func (m *campaignModel) identify(from, into string, paid bool) {
	p, other := m.person(into), m.person(from)
	maps.Copy(p.shown, other.shown)
	first, second := p.run, other.run
	if first != nil && second != nil && second.started.Before(first.started) {
		first, second = second, first
	}
	var run *modelRun
	switch {
	case first == nil:
		run = second
	case second == nil:
		run = first
	case first.started.Equal(second.started):
		run = &modelRun{first.started, first.exited || second.exited}
	case m.mayFollow(first.started, second.started):
		run = second
	default:
		run = first
	}
	if run != nil {
		p.run = &modelRun{run.started, run.exited}
	}
	p.paid = paid
	m.leave(p)
}

// due says whether the message is: its frequency is "once".
func (m *campaignModel) due(id string, now time.Time) bool {
	p := m.person(id)
	if p.run == nil || p.run.exited {
		return false
	}
	for run := range p.shown {
		if !run.Before(p.run.started) {
			return false
		}
	}
	due := p.run.started.Add(m.delay)
	return !now.Before(due) && now.Before(due.Add(m.expires))
}

// campaignHistory is the life of two browsers, lived by an engine that is restarted now and then and by the model.
type campaignHistory struct {
	*edge
	t        *testing.T
	path     string
	bolt     store.Store
	text     string
	random   *rand.Rand
	model    campaignModel
	browsers []visitor.Identity
	told     []string
	views    int
	shown    int
}

func newCampaignHistory(t *testing.T, seed uint64) *campaignHistory {
	h := &campaignHistory{t: t, random: rand.New(rand.NewPCG(seed, 11)), path: filepath.Join(t.TempDir(), "handbill.db")}
	h.model = campaignModel{
		delay:   []time.Duration{0, 30 * time.Minute, 3 * time.Hour}[h.random.IntN(3)],
		expires: []time.Duration{time.Hour, 24 * time.Hour}[h.random.IntN(2)],
		reentry: []time.Duration{-1, 0, 2 * time.Hour, 24 * time.Hour}[h.random.IntN(4)],
		people:  map[string]*modelPerson{},
	}
	trigger := `event = "signed_up"`
	if h.model.delay > 0 {
		trigger += fmt.Sprintf(", delay = \"%dm\"", int(h.model.delay.Minutes()))
	}
	switch {
	case h.model.reentry == 0:
		trigger += `, reentry = "always"`
	case h.model.reentry > 0:
		trigger += fmt.Sprintf(", reentry = \"%dh\"", int(h.model.reentry.Hours()))
	}
	h.text = fmt.Sprintf("[[messages]]\nid = \"tips\"\nkind = \"campaign\"\ntrigger = { %s }\nexit = 'traits.plan == \"paid\"'\nexpires = \"%dh\"\npages = [\"*\"]\nfrequency = \"once\"\ntext = \"Tips\"\n",
		trigger, int(h.model.expires.Hours()))
	h.told = append(h.told, h.text)
	h.open()
	for i := range 2 {
		h.browsers = append(h.browsers, visitor.Identity{Anonymous: fmt.Sprintf("browser-%d", i)})
	}
	return h
}

// open starts the edge, from what it has written down.
func (h *campaignHistory) open() {
	bolt, err := store.OpenBolt(h.path, store.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	now := november
	if h.edge != nil {
		now = h.now
	}
	h.bolt, h.edge = bolt, newEdgeOn(h.t, bolt, h.text)
	h.now = now
}

func (h *campaignHistory) tell(format string, values ...any) {
	h.told = append(h.told, h.now.Format("Jan 2 15:04:05 ")+fmt.Sprintf(format, values...))
}

func (h *campaignHistory) step() error {
	h.now = h.now.Add([]time.Duration{31 * time.Second, 10 * time.Minute, 10 * time.Minute, time.Hour, 5 * time.Hour, 26 * time.Hour}[h.random.IntN(6)])
	at := h.random.IntN(len(h.browsers))
	who := h.browsers[at]
	switch choice := h.random.IntN(20); {
	case choice < 5:
		h.tell("%s: signed_up", who.ID())
		h.happens(who, "signed_up", nil)
		h.model.track(who.ID(), h.now)
	case choice < 8:
		plan := "trial"
		if h.random.IntN(8) == 0 {
			plan = "paid"
		}
		who.User, who.Level = "ada", visitor.LevelIdentified
		h.tell("a:%s identifies as ada, %s", who.Anonymous, plan)
		h.identified(who, map[string]any{"plan": plan})
		h.model.identify("a:"+who.Anonymous, "u:ada", plan == "paid")
		h.browsers[at] = who
		return h.look(who)
	case choice < 10:
		h.tell("%s is reset", who.ID())
		h.views++
		h.browsers[at] = visitor.Identity{Anonymous: fmt.Sprintf("browser-%d-%d", at, h.views)}
	case choice < 11:
		h.tell("a restart")
		if err := h.bolt.Close(); err != nil {
			return err
		}
		h.open()
	default:
		return h.look(who)
	}
	return nil
}

// look opens a page, and lets the message come on screen mostly.
func (h *campaignHistory) look(who visitor.Identity) error {
	h.views++
	answer, err := h.Poll(context.Background(), engine.PollRequest{Identity: who, Page: page(h.t, home, ""), Tab: who.Anonymous, View: fmt.Sprint("view-", h.views)})
	if err != nil {
		return err
	}
	due, want := len(answer.Deliveries) == 1, h.model.due(who.ID(), h.now)
	h.tell("%s opens a page: due is %t", who.ID(), due)
	if due != want {
		return fmt.Errorf("due is %t, by the model %t", due, want)
	}
	if due && h.random.IntN(4) > 0 {
		h.tell("and sees it")
		h.report(who, engine.OutcomeOpened, answer.Deliveries[0].ID)
		p := h.model.person(who.ID())
		p.shown[p.run.started] = true
		h.shown++
	}
	return nil
}

func TestACampaignIsThatOfTheModel(t *testing.T) {
	const histories, steps = 80, 40
	shown := 0
	for seed := range uint64(histories) {
		h := newCampaignHistory(t, seed)
		for range steps {
			if err := h.step(); err != nil {
				_ = h.bolt.Close()
				t.Fatalf("history %d: %v after\n%s", seed, err, strings.Join(h.told, "\n"))
			}
		}
		shown += h.shown
		if err := h.bolt.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if shown < histories {
		t.Errorf("%d showings: the histories are too quiet to prove anything", shown)
	}
}
