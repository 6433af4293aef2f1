package engine_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/useragent"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// repeatable are messages that depend on the visitor, the browser and the time in every way that there is.
var repeatable = []string{
	"frequency = \"once\"",
	"frequency = { caps = [\"2/hour\", \"3/day\"] }\nbuttons = [{ text = \"Later\", action = \"snooze:10m\" }]",
	"frequency = { min_gap = \"20m\", stop_after_days = 2 }",
	"frequency = \"until_dismissed\"\npersistent = true",
	"start = 2026-11-23T12:30:00Z\nend = 2026-11-24T12:00:00Z\nfrequency = \"always\"",
	"start = 2026-11-20T12:30:00Z\nexpires = \"4d\"",
	"schedule = { days = [\"mon\", \"tue\", \"wed\"], hours = [\"09:00-13:30\"] }\nfrequency = \"always\"",
	"schedule = { hours = [\"22:00-02:15\"], timezone = \"America/New_York\" }",
	"kind = \"campaign\"\ntrigger = { event = \"Cart Updated\", delay = \"10m\" }\nexit = 'event_count(\"Order Completed\", \"5m\") > 0'",
	"kind = \"campaign\"\ntrigger = { segment = \"regulars\", on = \"enter\" }\nexpires = \"2h\"",
	"kind = \"campaign\"\ntrigger = { visit = \"any\", reentry = \"1h\" }",
	"kind = \"transactional\"",
	"audience = [\"!regulars\"]",
	"audience = \"identified\"\nwhere = 'traits.seats > 4'",
	"where = 'older_than(visitor.first_seen, \"30m\")'",
	"where = 'within_last(events[\"Cart Updated\"].last, \"45m\")'",
	"where = 'within_next(traits.trial_ends_at, \"3h\")'",
	"where = 'now.getMinutes() < 20'",
	"where = 'now - visit.started > duration(\"10m\") && page.path == \"/offers\"'",
	"where = 'request.country == \"FR\" || request.speaks(\"de\")'",
	"where = 'visit.page_views > 1 && request.device == \"mobile\"'",
	"status = \"shadow\"\nfrequency = { caps = [\"2/day\"] }",
	"holdout = 50\nrollout = 80",
	"exclusive_group = \"sale\"\nvariants = [{ id = \"loud\", weight = 1, text = \"Sale!\" }]",
	"exclusive_group = \"sale\"",
	"when = { scroll = 50 }",
	"goal = { event = \"Order Completed\", within = \"6h\" }\nfrequency = { stop_on = [\"conversion\"] }",
	"goal = { pages = [\"/offers\"], within = \"6h\" }",
	"throttles = [\"promotions\"]",
	"text = \"Hello {{ traits.first_name | default: 'you' }}\"\nfrequency = \"always\"",
	"text = \"It is {{ 'now' | date: '%H:%M' }}\"\nfrequency = \"always\"",
	"text = \"Hello\"\nlocales = { de = { text = \"Hallo\" } }\nfrequency = \"always\"",
	"text = \"{{ 12 | divided_by: traits.seats }}\"",
	"status = \"paused\"", "bots = \"include\"", "ignore_throttle = true\nfrequency = \"always\"",
}

// someWorkspace has some of those messages on some pages.
func someWorkspace(random *rand.Rand) string {
	var text strings.Builder
	text.WriteString("[workspace]\nlocale = \"en\"\ntimezone = \"Europe/Paris\"\n" +
		"[[segments]]\nid = \"regulars\"\nwhere = 'event_count(\"Cart Updated\", \"2h\") > 1'\n")
	if random.IntN(2) == 0 {
		text.WriteString("[workspace.throttle]\nper_visit = 3\nmin_gap = \"5m\"\n")
	}
	text.WriteString("[[throttles]]\nid = \"promotions\"\nper_day = 2\n")
	for i, keys := range repeatable {
		if timed := strings.Contains(keys, "within_") || strings.Contains(keys, "older_than") || strings.Contains(keys, "regulars"); random.IntN(8) > 0 && (!timed || random.IntN(3) > 0) {
			continue
		}
		if !strings.HasPrefix(keys, "text =") {
			keys = "text = \"Hello\"\n" + keys
		}
		pages := []string{`"*"`, `"/offers"`, `"/", "/help"`}[random.IntN(3)]
		display := []string{"display = \"modal\"", "display = \"banner\"", "display = \"toast\""}[random.IntN(3)]
		fmt.Fprintf(&text, "[[messages]]\nid = \"m-%d\"\npages = [%s]\n%s\n%s\n", i, pages, display, keys)
	}
	return text.String()
}

// repeating counts the polls that were answered from memory.
type repeating struct {
	engine.Recorder
	repeated, polled int
	decided          map[engine.Reason]int
}

func (r *repeating) Polled(engine.PollResult)                 { r.polled++ }
func (r *repeating) Repeated()                                { r.repeated++ }
func (r *repeating) Decided(reason engine.Reason, number int) { r.decided[reason] += number }
func (*repeating) Delivered()                                 {}
func (*repeating) Reported(store.Metric)                      {}
func (*repeating) Withheld(store.Metric)                      {}
func (*repeating) Refused()                                   {}
func (*repeating) Streamed(engine.StreamEvent)                {}

// mirrored are two engines over one store, of which one remembers answers and the other never does.
type mirrored struct {
	t             *testing.T
	random        *rand.Rand
	now           time.Time
	remembers     *engine.Engine
	forgets       *engine.Engine
	seen, seenToo repeating
	tabs          []*mirroredTab
	text          string
	told          []string
	handsOut      int
	// crowded: visits start more campaigns than a record has room for.
	crowded bool
}

type mirroredTab struct {
	engine.PollRequest
	held   string
	answer []engine.Delivery
	asked  time.Time
}

func newMirrored(t *testing.T, seed uint64) *mirrored {
	m := &mirrored{t: t, random: rand.New(rand.NewPCG(seed, 9)), now: november.Add(time.Duration(seed) * 17 * time.Minute), crowded: seed%10 == 0}
	shared, err := store.Cached(store.NewMemory(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = shared.Close() })
	for _, made := range []struct {
		into **engine.Engine
		seen *repeating
	}{{&m.remembers, &m.seen}, {&m.forgets, &m.seenToo}} {
		made.seen.decided = map[engine.Reason]int{}
		*made.into, err = engine.New(t.Context(), engine.Options{
			Workspace: "shop", Store: shared, Recorder: made.seen, Now: func() time.Time { return m.now }, Random: middling,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	m.edit()
	for i := range 4 {
		tab := &mirroredTab{PollRequest: engine.PollRequest{Slots: true, Tab: fmt.Sprint("tab-", i), Zone: "Europe/Berlin", Languages: []string{"en"}}}
		tab.Browser.Agent = useragent.Agent{Device: useragent.Desktop, Browser: "Firefox"}
		tab.Identity = visitor.Identity{Anonymous: fmt.Sprint("browser-", i/2)}
		m.tabs = append(m.tabs, tab)
		m.open(tab)
	}
	return m
}

func middling() float64 { return 0.5 }

func (m *mirrored) edit() {
	m.text = someWorkspace(m.random)
	for i := 0; m.crowded && i < visitor.MaxCampaigns+10; i++ {
		pages := "/elsewhere"
		if i >= visitor.MaxCampaigns { // of these, most have no room
			pages = "/offers"
		}
		m.text += fmt.Sprintf("[[messages]]\nid = \"crowd-%d\"\npages = [%q]\npriority = %d\nkind = \"campaign\"\ntrigger = { visit = \"any\", reentry = \"1h\", delay = \"%ds\" }\nfrequency = \"once\"\ntext = \"Hello\"\n", i, pages, 10+i%3, 1+i%4*60)
	}
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(m.text)}})
	if err != nil {
		m.t.Fatal(err)
	}
	m.remembers.Use(snapshot)
	m.forgets.Use(snapshot)
	m.forgets.Forgetful()
}

// open loads another page in a tab, and now and then begins another visit, or says something else of the browser.
func (m *mirrored) open(tab *mirroredTab) {
	address := []string{"https://shop.example.com/", "https://shop.example.com/offers", "https://shop.example.com/help"}[m.random.IntN(3)]
	tab.Page, tab.View, tab.Number, tab.held, tab.answer = page(m.t, address, ""), fmt.Sprint("view-", m.random.Uint64()), 1, "", nil
	if tab.Visit == "" || m.random.IntN(6) == 0 {
		tab.Visit = []string{"", fmt.Sprint("visit-", m.random.Uint64())}[m.random.IntN(2)]
	}
	switch m.random.IntN(12) {
	case 0:
		tab.Languages = []string{[]string{"de, en;q=0.5", "en"}[m.random.IntN(2)]}
	case 1:
		tab.Browser.Country = []string{"FR", "US"}[m.random.IntN(2)]
	case 2:
		tab.Browser.Agent.Device = []string{useragent.Mobile, useragent.Desktop}[m.random.IntN(2)]
	case 3:
		tab.Zone = []string{"Asia/Tokyo", "Europe/Berlin"}[m.random.IntN(2)]
	case 4:
		tab.Browser.Agent.Bot = !tab.Browser.Agent.Bot
	}
}

// poll asks the engine that remembers twice, then the one that does not, and compares what they say the second time, and
// what they count.
func (m *mirrored) poll(tab *mirroredTab) error {
	first, err := m.remembers.Poll(context.Background(), tab.PollRequest)
	if err != nil {
		return err
	}
	m.told = append(m.told, fmt.Sprintf("%s %s polls %s as %s: %v", m.now.Format("Jan 2 15:04:05.000"), tab.Tab, tab.Page.URL, tab.Identity.ID(), ids(first)))
	if !first.Unchanged {
		tab.answer, tab.asked = first.Deliveries, m.now
		m.handsOut += len(first.Deliveries)
	}
	tab.Generation = []string{first.Generation, first.Generation, first.Generation, "", "another"}[m.random.IntN(5)]
	before, beforeToo, decided, decidedToo := decisions(m.remembers), decisions(m.forgets), maps.Clone(m.seen.decided), maps.Clone(m.seenToo.decided)
	second, err := m.remembers.Poll(context.Background(), tab.PollRequest)
	if err != nil {
		return err
	}
	other, err := m.forgets.Poll(context.Background(), tab.PollRequest)
	if err != nil {
		return err
	}
	if !slices.Equal(ids(second), ids(other)) || second.Generation != other.Generation || second.Unchanged != other.Unchanged || second.Next != other.Next {
		return fmt.Errorf("remembered is %v %s %t %s; decided %v %s %t %s", ids(second), second.Generation, second.Unchanged, second.Next,
			ids(other), other.Generation, other.Unchanged, other.Next)
	}
	for i := range second.Deliveries {
		if second.Deliveries[i].ID != other.Deliveries[i].ID || string(second.Deliveries[i].Text) != string(other.Deliveries[i].Text) {
			return fmt.Errorf("remembered is %+v; decided %+v", second.Deliveries[i], other.Deliveries[i])
		}
	}
	counted, countedToo := increase(decided, m.seen.decided), increase(decidedToo, m.seenToo.decided)
	if !maps.Equal(counted, countedToo) {
		return fmt.Errorf("remembered counts %v; decided %v", counted, countedToo)
	}
	tallied, talliedToo := increase(before, decisions(m.remembers)), increase(beforeToo, decisions(m.forgets))
	if !maps.Equal(tallied, talliedToo) {
		return fmt.Errorf("remembered counts %v; decided %v", tallied, talliedToo)
	}
	return nil
}

// decisions are the counts by message and decision.
func decisions(e *engine.Engine) map[string]int {
	all := map[string]int{}
	for _, m := range e.Decisions() {
		for reason, n := range m.Decisions {
			all[m.Message+" "+reason] = int(n)
		}
	}
	return all
}

// increase is what counts have risen by.
func increase[K comparable](before, after map[K]int) map[K]int {
	by := map[K]int{}
	for name, n := range after {
		if n > before[name] {
			by[name] = n - before[name]
		}
	}
	return by
}

// step lets something happen, and polls.
func (m *mirrored) step() error {
	tab := m.tabs[m.random.IntN(len(m.tabs))]
	ctx, who := context.Background(), tab.Identity
	switch choice := m.random.IntN(40); {
	case choice < 12:
		lengths := []time.Duration{0, time.Millisecond, 999 * time.Millisecond, 10 * time.Second, 31 * time.Second, time.Minute, 4 * time.Minute, 5 * time.Minute, 10 * time.Minute, 31 * time.Minute, 2 * time.Hour, 11 * time.Hour, 25 * time.Hour}
		m.now = m.now.Add(lengths[m.random.IntN(len(lengths))])
	case choice < 16:
		m.open(tab)
	case choice < 27 && len(tab.answer) > 0 && m.now.Sub(tab.asked) < engine.LeaseTime:
		d := tab.answer[m.random.IntN(len(tab.answer))]
		report := engine.Report{DeliveryID: d.ID, Visit: tab.Visit, Outcome: engine.OutcomeOpened}
		if m.random.IntN(3) == 0 {
			report.Outcome, report.ActionValue = engine.OutcomeClicked, []string{"snooze:10m", "/offers", "dismiss"}[m.random.IntN(3)]
		}
		if m.random.IntN(4) == 0 {
			report.Outcome = engine.OutcomeDismissed
		}
		if _, err := m.remembers.Report(ctx, who, []engine.Report{report}); err != nil {
			return err
		}
	case choice == 27, choice == 33:
		return m.remembers.Track(ctx, who, []eventlog.Event{{Type: "track", Name: []string{"Cart Updated", "Order Completed"}[m.random.IntN(2)]}})
	case choice == 28:
		traits := map[string]any{"first_name": "Ada", "seats": float64(m.random.IntN(9)), "trial_ends_at": m.now.Add(time.Duration(m.random.IntN(400)) * time.Minute).Format(time.RFC3339)}
		if who.User == "" {
			tab.Identity = visitor.Identity{Anonymous: who.Anonymous, User: fmt.Sprint("ada-", m.random.IntN(2)), Level: visitor.LevelIdentified, Believed: true}
		}
		return m.remembers.Identify(ctx, tab.Identity, traits)
	case choice == 29 && who.User != "":
		tab.Identity = visitor.Identity{Anonymous: who.Anonymous}
	case choice == 30 && who.User != "":
		if !strings.Contains(m.text, "transactional") {
			return nil
		}
		_, err := m.remembers.Send(ctx, engine.Send{Message: fmt.Sprint("m-", slices.Index(repeatable, "kind = \"transactional\"")), To: who.User})
		return err
	case choice == 31 && m.random.IntN(4) == 0:
		_, err := m.remembers.SendTest(ctx, who.ID(), "", nil)
		return err
	case choice == 32 && m.random.IntN(4) == 0:
		m.edit()
	}
	return m.poll(tab)
}

func TestAnAnswerFromMemoryIsTheOneThatIsDecided(t *testing.T) {
	const histories, steps = 150, 200
	var repeated, polled, handedOut, repeatedToo int
	for seed := range uint64(histories) {
		m := newMirrored(t, seed)
		for range steps {
			if err := m.step(); err != nil {
				t.Fatalf("history %d: %v after\n%s\n%s", seed, err, strings.Join(m.told[max(0, len(m.told)-30):], "\n"), m.text)
			}
		}
		repeated, polled, handedOut, repeatedToo = repeated+m.seen.repeated, polled+m.seen.polled, handedOut+m.handsOut, repeatedToo+m.seenToo.repeated
	}
	t.Logf("%d of %d polls were answered from memory, %d messages handed out", repeated, polled, handedOut)
	if repeated < polled/10 || handedOut < polled/10 || repeatedToo > 0 {
		t.Errorf("%d of %d polls were answered from memory, %d without one, %d messages handed out: that proves nothing", repeated, polled, repeatedToo, handedOut)
	}
}
