package visitor

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func applied(id string, changes ...Change) *Record {
	r := New(id)
	for _, c := range changes {
		r.Apply(c)
	}
	return r
}

func TestMergeTakesTheLargerCountsAndAllDismissals(t *testing.T) {
	browser := applied("a:k3x9", report(Opened, 1, november), report(Opened, 2, november.Add(time.Minute)), report(Dismissed, 2, november.Add(time.Minute)),
		Change{Kind: TestQueued, Message: "welcome", At: november, Until: november.Add(time.Hour)})
	person := applied("u:ada", identified(november.Add(-time.Hour), map[string]any{"plan": "team"}), report(Opened, 3, november.Add(-time.Hour)),
		report(Clicked, 3, november.Add(-time.Hour)), Change{Kind: Opened, Message: "autumn", Delivery: 4, At: november.Add(-time.Hour)})
	browserBefore, personBefore := browser.Clone(), person.Clone()

	got := Merge(person, browser)
	want := &Record{
		ID: "u:ada", Verified: LevelIdentified, Traits: map[string]any{"plan": "team"},
		FirstSeen: november.Add(-time.Hour), LastSeen: november.Add(time.Minute),
		Showings: []Showing{{At: november.Add(-time.Hour)}, {At: november.Add(-time.Hour)}, {At: november}, {At: november.Add(time.Minute)}},
		Messages: map[string]*MessageState{
			sale: {
				Opened: 2, FirstOpened: november.Add(-time.Hour), LastOpened: november.Add(time.Minute), Clicked: 1, Dismissed: november.Add(time.Minute),
				Showings: []Showing{{At: november.Add(-time.Hour)}, {At: november}, {At: november.Add(time.Minute)}},
				Recent:   []uint64{3, 1, 2}, Reported: []Reports{ReportedOpened | ReportedClicked, ReportedOpened, ReportedOpened | ReportedDismissed},
			},
			"autumn": {Opened: 1, FirstOpened: november.Add(-time.Hour), LastOpened: november.Add(-time.Hour), Showings: []Showing{{At: november.Add(-time.Hour)}}, Recent: []uint64{4}, Reported: []Reports{ReportedOpened}},
		},
		Tests: []Test{{Message: "welcome", Until: november.Add(time.Hour)}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("merged\n%+v\nwant\n%+v\nstate\n%+v", got, want, got.Messages[sale])
	}
	if !reflect.DeepEqual(browser, browserBefore) || !reflect.DeepEqual(person, personBefore) {
		t.Error("merging changed what was merged")
	}
	got.Apply(report(Dismissed, 1, november))
	got.Apply(Change{Kind: Dismissed, Message: "autumn", Delivery: 4, At: november})
	if !reflect.DeepEqual(browser, browserBefore) || !reflect.DeepEqual(person, personBefore) {
		t.Error("changing what came out changed what was merged")
	}
}

func TestMergeOfTraits(t *testing.T) {
	large := strings.Repeat("x", MaxTraitsSize*2/3)
	for name, c := range map[string]struct{ into, from, want map[string]any }{
		"into's win":                        {map[string]any{"plan": "team"}, map[string]any{"plan": "trial", "seats": 3.0}, map[string]any{"plan": "team", "seats": 3.0}},
		"into has none":                     {nil, map[string]any{"plan": "trial"}, map[string]any{"plan": "trial"}},
		"neither has any":                   {nil, nil, nil},
		"together they exceed what may be":  {map[string]any{"notes": large}, map[string]any{"letters": large}, map[string]any{"notes": large}},
		"from has none, and into's are one": {map[string]any{"plan": "team"}, nil, map[string]any{"plan": "team"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Merge(&Record{ID: "u:ada", Traits: c.into}, &Record{ID: "a:k3x9", Traits: c.from})
			if len(got.Traits) != len(c.want) || (len(c.want) > 0 && !reflect.DeepEqual(got.Traits, c.want)) {
				t.Errorf("traits %.200v", got.Traits)
			}
		})
	}
}

func TestMergingAgainChangesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(2026, 11))
	for round := range 500 {
		into, from := randomRecord(random, "u:ada"), randomRecord(random, "a:k3x9")
		once := Merge(into, from)
		if twice := Merge(once, from); !reflect.DeepEqual(once, twice) {
			t.Fatalf("round %d: merged once\n%+v\ntwice\n%+v", round, once, twice)
		}
		if err := bounded(once); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if alone := Merge(into, nil); !reflect.DeepEqual(alone, into) {
			t.Fatalf("round %d: merged with nothing, it became\n%+v", round, alone)
		}
	}
}

// randomRecord is the record of a visitor who did a few dozen things.
func randomRecord(random *rand.Rand, id string) *Record {
	r := New(id)
	for range random.IntN(40) {
		at := november.Add(time.Duration(random.IntN(1000)) * time.Minute)
		change := Change{
			Kind: ChangeKind(random.IntN(int(InboxDeleted)) + 1), At: at, Until: at.Add(24 * time.Hour),
			Message: []string{sale, "welcome", "tour"}[random.IntN(3)], Delivery: uint64(random.IntN(30) + 1), Test: random.IntN(5) == 0,
			Visit: uint32(random.IntN(3)), IgnoresThrottle: random.IntN(4) == 0, Throttles: []string{"promotions", "surveys"}[random.IntN(2):],
		}
		change.Event, change.Key = []string{"signed_up", "Order Completed", "Cart Viewed"}[random.IntN(3)], uint32(random.IntN(40))
		change.Group = []string{"acme", "umbrella", "initech"}[random.IntN(3)]
		change.Page = &PageView{
			View: uint32(random.IntN(12)), Number: random.IntN(3), Address: "https://shop.example.com/?utm_source=mail", Referrer: "https://news.example.org/",
		}
		if change.Kind == Identified {
			change.Level = Level(random.IntN(3))
			change.Traits = map[string]any{fmt.Sprintf("trait-%d", random.IntN(5)): float64(random.IntN(3)), "plan": nil}
		}
		someKind(random, &change)
		r.Apply(change)
	}
	return r
}

// bounded says whether a record keeps to its bounds.
func bounded(r *Record) error {
	for id, s := range r.Messages {
		if len(s.Recent) > RecentDeliveries || len(s.Recent) != len(s.Reported) {
			return fmt.Errorf("message %s remembers %d deliveries and %d reports", id, len(s.Recent), len(s.Reported))
		}
		if len(s.Showings) > RecentShowings || !slices.IsSortedFunc(s.Showings, func(a, b Showing) int { return a.At.Compare(b.At) }) {
			return fmt.Errorf("message %s has the showings %v", id, s.Showings)
		}
	}
	if len(r.Showings) > RecentShowings || !slices.IsSortedFunc(r.Showings, func(a, b Showing) int { return a.At.Compare(b.At) }) {
		return fmt.Errorf("the showings are %v", r.Showings)
	}
	if len(r.Throttled) > MaxThrottles {
		return fmt.Errorf("%d throttles are remembered", len(r.Throttled))
	}
	for id, showings := range r.Throttled {
		if len(showings) > RecentShowings || !slices.IsSortedFunc(showings, func(a, b Showing) int { return a.At.Compare(b.At) }) {
			return fmt.Errorf("the showings of throttle %s are %v", id, showings)
		}
	}
	if len(r.Tests) > MaxTests {
		return fmt.Errorf("%d tests wait", len(r.Tests))
	}
	if len(r.Groups) > MaxGroups || len(r.Visits.Recent) > RecentVisits || len(r.Visits.Views) > RecentViews || len(r.Tracked) > RecentEvents {
		return fmt.Errorf("groups %v, visits %+v, keys %v", r.Groups, r.Visits, r.Tracked)
	}
	if r.Visits.Count < len(r.Visits.Recent) {
		return fmt.Errorf("of %d visits %d are remembered", r.Visits.Count, len(r.Visits.Recent))
	}
	for name, e := range r.Events {
		if len(e.Times) > RecentTimes || len(e.Days) > EventDays || e.Count < len(e.Times) || !slices.IsSorted(e.Times) {
			return fmt.Errorf("events %s are %+v", name, e)
		}
	}
	if len(r.Inbox) > MaxInbox {
		return fmt.Errorf("of %d messages in the inbox something is remembered", len(r.Inbox))
	}
	if err := boundedKinds(r); err != nil {
		return err
	}
	return CheckTraits(r.Traits)
}
