package visitor

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func tracked(name string, key uint32, at time.Time) Change {
	return Change{Kind: Tracked, Event: name, Key: key, At: at}
}

func TestAnEventThatIsSentAgainCountsOnce(t *testing.T) {
	r := New("u:ada")
	for round := range 2 {
		for key := range uint32(20) {
			if counted := r.Apply(tracked("Cart Viewed", key+1, november.Add(time.Duration(key)*time.Second))); counted != (round == 0) {
				t.Fatalf("round %d, event %d: counted %t", round, key, counted)
			}
		}
	}
	if e := r.Events["Cart Viewed"]; e.Count != 20 || !e.First.Equal(november) || !e.Last.Equal(november.Add(19*time.Second)) {
		t.Errorf("remembered is %+v", e)
	}
	for range 2 {
		if !r.Apply(tracked("Cart Viewed", 0, november)) {
			t.Error("an event without an id of its own did not count each time")
		}
	}
}

// TestEventsCountAsANaiveListDoes compares what is remembered with a list of everything that happened.
func TestEventsCountAsANaiveListDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(2026, 1123))
	for round := range 200 {
		var e *Event
		var list []time.Time
		spread := []time.Duration{time.Minute, 10 * time.Hour, 5 * 24 * time.Hour}[random.IntN(3)]
		at := november
		for range random.IntN(150) {
			at = at.Add(time.Duration(random.Int64N(int64(spread)))).Truncate(time.Millisecond)
			happened := at
			if random.IntN(8) == 0 { // it was sent late
				happened = at.Add(-time.Duration(random.Int64N(int64(spread)))).Truncate(time.Millisecond)
			}
			e, list = e.with(happened), append(list, happened)
		}
		slices.SortFunc(list, time.Time.Compare)
		if err := agrees(random, e, list); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

// agrees says whether events are counted as the list has them: exactly where times are remembered, else by whole days.
func agrees(random *rand.Rand, e *Event, list []time.Time) error {
	if len(list) == 0 {
		return nil
	}
	if e.Count != len(list) || !e.First.Equal(list[0]) || !e.Last.Equal(list[len(list)-1]) {
		return fmt.Errorf("remembered is %+v, and there were %d from %s to %s", e, len(list), list[0], list[len(list)-1])
	}
	count := func(since time.Time) int {
		return len(list) - len(slices.DeleteFunc(slices.Clone(list), func(at time.Time) bool { return !at.Before(since) }))
	}
	asked := []time.Time{list[0], list[0].Add(1), list[len(list)-1], list[len(list)-1].Add(1), november.AddDate(-1, 0, 0)}
	for range 30 {
		asked = append(asked, list[random.IntN(len(list))], list[0].Add(time.Duration(random.Int64N(int64(e.Last.Sub(e.First))+1))))
	}
	for _, since := range asked {
		got, exact := e.CountSince(since), count(since)
		newest := len(list) <= RecentTimes || since.After(list[len(list)-RecentTimes])
		switch {
		case newest || !since.After(list[0]):
			if got != exact {
				return fmt.Errorf("since %s there are %d, want %d", since, got, exact)
			}
		case since.After(e.Last.Truncate(24*time.Hour).AddDate(0, 0, 1-EventDays)):
			if most := count(since.Truncate(24 * time.Hour)); got < exact || got > most {
				return fmt.Errorf("since %s there are %d, want %d to %d", since, got, exact, most)
			}
		case got > exact:
			return fmt.Errorf("since %s, too long ago to know, there are %d of %d", since, got, exact)
		}
		if err := turns(random, e, since, got); err != nil {
			return err
		}
	}
	return nil
}

// turns says whether a count stays the same until it is said that it may turn.
func turns(random *rand.Rand, e *Event, since time.Time, count int) error {
	until := e.CountTurns(since)
	if until.IsZero() {
		until = since.AddDate(5, 0, 0)
	}
	for _, at := range []time.Time{until, since.Add(time.Duration(random.Int64N(int64(until.Sub(since)) + 1)))} {
		if got := e.CountSince(at); got != count {
			return fmt.Errorf("since %s there are %d and since %s %d, but it turns no sooner than %s", since, count, at, got, until)
		}
	}
	return nil
}

// TestMergedEventsAreThoseOfBothAndNoneTwice compares merging with the union of lists, where both fit into what is remembered.
func TestMergedEventsAreThoseOfBothAndNoneTwice(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 11))
	for round := range 200 {
		times := func(n int) []int64 {
			var all []int64
			for range n {
				all = append(all, november.UnixMilli()+random.Int64N(40))
			}
			slices.Sort(all)
			return slices.Compact(all)
		}
		both := times(5)
		a, b := slices.Concat(times(8), both), slices.Concat(times(8), both)
		add := func(times []int64) (e *Event) {
			for _, at := range slices.Compact(slices.Sorted(slices.Values(times))) {
				e = e.with(time.UnixMilli(at).UTC())
			}
			return e
		}
		want := add(slices.Concat(a, b))
		if got := mergeEvent(add(a), add(b)); !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d: %+v, want %+v", round, got, want)
		}
	}
}

func TestOfEventsThoseOfLongAgoMakeRoom(t *testing.T) {
	r := New("u:ada")
	for i := range MaxEvents + 3 {
		r.Apply(tracked(fmt.Sprintf("event-%d", i), uint32(i+1), november.Add(time.Duration(i)*time.Minute)))
		r.Apply(tracked("event-0", uint32(1000+i), november.Add(time.Duration(i)*time.Minute)))
	}
	if len(r.Events) != MaxEvents || r.Events["event-0"] == nil || r.Events["event-1"] != nil || r.Events[fmt.Sprintf("event-%d", MaxEvents+2)] == nil {
		t.Errorf("%d names are remembered", len(r.Events))
	}
	for i := range RecentEvents {
		r.Apply(tracked("event-0", uint32(10_000+i), november.Add(24*time.Hour)))
	}
	if len(r.Tracked) != RecentEvents {
		t.Errorf("%d keys are remembered", len(r.Tracked))
	}
	e := (*Event)(nil)
	for range 1000 {
		e = e.with(november)
	}
	for day := range 200 {
		e = e.with(november.AddDate(0, 0, day))
	}
	if e.Count != 1200 || len(e.Times) != RecentTimes || len(e.Days) != EventDays {
		t.Errorf("%d events, %d times, %d days", e.Count, len(e.Times), len(e.Days))
	}
}

func TestGroups(t *testing.T) {
	join := func(ids ...string) (changes []Change) {
		for _, id := range ids {
			changes = append(changes, Change{Kind: Grouped, Group: id, At: november})
		}
		return changes
	}
	many := make([]string, MaxGroups+1)
	for i := range many {
		many[i] = fmt.Sprintf("team-%d", i)
	}
	for name, c := range map[string]struct{ joined, want []string }{
		"one":                            {[]string{"acme"}, []string{"acme"}},
		"the same again":                 {[]string{"acme", "acme"}, []string{"acme"}},
		"two, the first named once more": {[]string{"acme", "umbrella", "acme"}, []string{"umbrella", "acme"}},
		"too many: the first makes room": {many, many[1:]},
	} {
		t.Run(name, func(t *testing.T) {
			if got := applied("u:ada", join(c.joined...)...).Groups; !slices.Equal(got, c.want) {
				t.Errorf("groups %q, want %q", got, c.want)
			}
		})
	}
	merged := Merge(applied("u:ada", join("acme", "umbrella")...), applied("a:browser", join("umbrella", "initech")...))
	if want := []string{"initech", "acme", "umbrella"}; !slices.Equal(merged.Groups, want) {
		t.Errorf("merged groups %q, want %q", merged.Groups, want)
	}
}

func TestNamesThatCannotBeRemembered(t *testing.T) {
	for name, c := range map[string]struct {
		change Change
		says   string
	}{
		"an event without a name":     {tracked("", 1, november), "the event's name is empty"},
		"an event with a long name":   {tracked(strings.Repeat("x", MaxEventName+1), 1, november), "257 bytes; use at most 256"},
		"a group without an id":       {Change{Kind: Grouped}, "the group's id is empty"},
		"a group with too long an id": {Change{Kind: Grouped, Group: strings.Repeat("x", MaxGroup+1)}, "257 bytes; use at most 256"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := New("u:ada").Check(c.change); !errors.Is(err, ErrEvent) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want one that says %q", err, c.says)
			}
		})
	}
	if err := New("u:ada").Check(tracked(strings.Repeat("x", MaxEventName), 1, november)); err != nil {
		t.Error(err)
	}
}
