package visitor

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

func report(kind ChangeKind, delivery uint64, at time.Time) Change {
	return Change{Kind: kind, Message: sale, Delivery: delivery, At: at}
}

func identified(at time.Time, traits map[string]any) Change {
	return Change{Kind: Identified, At: at, Traits: traits}
}

func TestReportsOfOneDeliveryCountOnceInEveryOrder(t *testing.T) {
	kinds := []ChangeKind{Opened, Clicked, Dismissed, Failed}
	permute(kinds, func(order []ChangeKind) {
		r := New("u:ada")
		for round := range 3 {
			for _, kind := range order {
				if counted := r.Apply(report(kind, 7, november.Add(time.Duration(round)*time.Minute))); counted != (round == 0) {
					t.Fatalf("order %v, round %d, kind %d: counted %t", order, round, kind, counted)
				}
			}
		}
		want := &MessageState{
			Opened: 1, FirstOpened: november, LastOpened: november, Clicked: 1, Dismissed: november, Errors: 1,
			Showings: []Showing{{At: november}},
			Recent:   []uint64{7}, Reported: []Reports{ReportedOpened | ReportedClicked | ReportedDismissed | ReportedError},
		}
		if !reflect.DeepEqual(r.Messages[sale], want) {
			t.Errorf("order %v:\n%+v\nwant\n%+v", order, r.Messages[sale], want)
		}
	})
}

func permute[T any](items []T, visit func([]T)) {
	var step func(int)
	step = func(n int) {
		if n == len(items) {
			visit(items)
		}
		for i := n; i < len(items); i++ {
			items[n], items[i] = items[i], items[n]
			step(n + 1)
			items[n], items[i] = items[i], items[n]
		}
	}
	step(0)
}

func TestDeliveriesAreCountedEach(t *testing.T) {
	r := New("u:ada")
	const deliveries = RecentDeliveries + 4
	for d := range uint64(deliveries) {
		if !r.Apply(report(Opened, d+1, november.Add(time.Duration(d)*time.Minute))) {
			t.Errorf("delivery %d did not count", d+1)
		}
	}
	state := r.Messages[sale]
	if state.Opened != deliveries || len(state.Recent) != RecentDeliveries || state.Recent[0] != 5 || len(state.Reported) != RecentDeliveries {
		t.Errorf("state %+v", state)
	}
	if !state.FirstOpened.Equal(november) || !state.LastOpened.Equal(november.Add((deliveries-1)*time.Minute)) {
		t.Errorf("opened from %s to %s", state.FirstOpened, state.LastOpened)
	}
	if r.Apply(report(Opened, 5, november)) {
		t.Error("a repeat of the oldest delivery that is remembered counted")
	}
}

func TestWhatAChangeDoes(t *testing.T) {
	day := 24 * time.Hour
	for name, test := range map[string]struct {
		before  []Change
		change  Change
		counted bool
		want    *Record
	}{
		"a first identify": {
			nil, identified(november, map[string]any{"plan": "trial"}), true,
			&Record{ID: "u:ada", Verified: LevelIdentified, Traits: map[string]any{"plan": "trial"}, FirstSeen: november, LastSeen: november},
		},
		"the same identify within a day changes nothing": {
			[]Change{identified(november, map[string]any{"plan": "trial", "tags": []any{"early"}})},
			identified(november.Add(time.Hour), map[string]any{"tags": []any{"early"}}), false, nil,
		},
		"the same identify on the next day is a visit": {
			[]Change{identified(november, nil)}, identified(november.Add(day), nil), true,
			&Record{ID: "u:ada", Verified: LevelIdentified, FirstSeen: november, LastSeen: november.Add(day)},
		},
		"a trait changes, one goes, one stays": {
			[]Change{identified(november, map[string]any{"plan": "trial", "coupon": "SPRING", "seats": 3})},
			identified(november.Add(time.Minute), map[string]any{"plan": "team", "coupon": nil}), true,
			&Record{
				ID: "u:ada", Verified: LevelIdentified, Traits: map[string]any{"plan": "team", "seats": 3.0},
				FirstSeen: november, LastSeen: november.Add(time.Minute),
			},
		},
		"the last trait goes": {
			[]Change{identified(november, map[string]any{"plan": "trial"})}, identified(november, map[string]any{"plan": nil}), true,
			&Record{ID: "u:ada", Verified: LevelIdentified, FirstSeen: november, LastSeen: november},
		},
		"a proof of who it is": {
			[]Change{identified(november, nil)}, Change{Kind: Identified, At: november, Level: LevelVerified}, true,
			&Record{ID: "u:ada", Verified: LevelVerified, FirstSeen: november, LastSeen: november},
		},
		"a mere claim after a proof takes nothing away": {
			[]Change{{Kind: Identified, At: november, Level: LevelVerified}}, identified(november, nil), false, nil,
		},
		"a report that comes late does not turn the clock back": {
			[]Change{report(Opened, 1, november)}, report(Opened, 2, november.Add(-time.Hour)), true,
			&Record{
				ID: "u:ada", FirstSeen: november.Add(-time.Hour), LastSeen: november,
				Showings: []Showing{{At: november.Add(-time.Hour)}, {At: november}},
				Messages: map[string]*MessageState{sale: {
					Opened: 2, FirstOpened: november.Add(-time.Hour), LastOpened: november,
					Showings: []Showing{{At: november.Add(-time.Hour)}, {At: november}},
					Recent:   []uint64{1, 2}, Reported: []Reports{ReportedOpened, ReportedOpened},
				}},
			},
		},
		"a kind that does not exist":     {nil, Change{Kind: 99, Message: sale, At: november}, false, nil},
		"a test that nobody waits for":   {nil, Change{Kind: Opened, Message: sale, Delivery: 1, At: november, Test: true}, false, nil},
		"times are kept in milliseconds": {nil, identified(november.Add(1500*time.Microsecond).In(time.FixedZone("CET", 3600)), nil), true, &Record{ID: "u:ada", Verified: LevelIdentified, FirstSeen: november.Add(time.Millisecond), LastSeen: november.Add(time.Millisecond)}},
	} {
		t.Run(name, func(t *testing.T) {
			r := New("u:ada")
			for _, c := range test.before {
				r.Apply(c)
			}
			want := test.want
			if want == nil {
				want = r.Clone()
			}
			if counted := r.Apply(test.change); counted != test.counted {
				t.Errorf("counted %t", counted)
			}
			if !reflect.DeepEqual(r, want) {
				t.Errorf("record\n%+v\nwant\n%+v", r, want)
			}
		})
	}
}

func TestTestSends(t *testing.T) {
	queued := func(message string, at time.Time) Change {
		return Change{Kind: TestQueued, Message: message, At: at, Until: at.Add(24 * time.Hour)}
	}
	test := func(kind ChangeKind, delivery uint64) Change {
		return Change{Kind: kind, Message: sale, Delivery: delivery, At: november, Test: true}
	}
	waiting := Test{Message: sale, Until: november.Add(24 * time.Hour)}
	shown := Test{Message: sale, Until: waiting.Until, Shown: 5}
	for name, c := range map[string]struct {
		changes []Change
		want    []Test
	}{
		"waits":                                {[]Change{queued(sale, november)}, []Test{waiting}},
		"is on screen":                         {[]Change{queued(sale, november), test(Opened, 5)}, []Test{shown}},
		"stays on screen after a click":        {[]Change{queued(sale, november), test(Opened, 5), test(Clicked, 5), test(Failed, 5)}, []Test{shown}},
		"ends when it is dismissed":            {[]Change{queued(sale, november), test(Opened, 5), test(Dismissed, 5)}, nil},
		"ends though it was never opened":      {[]Change{queued(sale, november), test(Dismissed, 5), test(Opened, 5)}, nil},
		"is not ended from another page view":  {[]Change{queued(sale, november), test(Opened, 5), test(Dismissed, 6)}, []Test{shown}},
		"sent again, waits again":              {[]Change{queued(sale, november.Add(-time.Hour)), test(Opened, 5), queued(sale, november)}, []Test{waiting}},
		"expires with the next change":         {[]Change{queued(sale, november.Add(-25*time.Hour)), report(Opened, 1, november)}, nil},
		"does not expire by another's arrival": {[]Change{queued(sale, november), queued("welcome", november)}, []Test{waiting, {Message: "welcome", Until: waiting.Until}}},
		"expires when another is sent":         {[]Change{queued("welcome", november.Add(-25*time.Hour)), queued(sale, november)}, []Test{waiting}},
	} {
		t.Run(name, func(t *testing.T) {
			r := New("u:ada")
			for _, change := range c.changes {
				r.Apply(change)
			}
			if len(r.Tests) != len(c.want) || (len(c.want) > 0 && !reflect.DeepEqual(r.Tests, c.want)) {
				t.Errorf("tests %+v, want %+v", r.Tests, c.want)
			}
		})
	}
	t.Run("too many make room", func(t *testing.T) {
		r := New("u:ada")
		for n := range MaxTests + 5 {
			r.Apply(queued(fmt.Sprintf("message-%d", n), november))
		}
		if len(r.Tests) != MaxTests || r.Tests[0].Message != "message-5" {
			t.Errorf("%d tests, the first is %+v", len(r.Tests), r.Tests[0])
		}
		if !r.FirstSeen.IsZero() {
			t.Error("a test send counts as a visit")
		}
	})
}

func TestWhenARecordIsStale(t *testing.T) {
	limit := november
	for name, c := range map[string]struct {
		record Record
		want   bool
	}{
		"here before":                  {Record{LastSeen: limit.Add(-time.Second)}, true},
		"here at the very time":        {Record{LastSeen: limit}, false},
		"here since":                   {Record{LastSeen: limit.Add(time.Second)}, false},
		"never here, a test waits":     {Record{Tests: []Test{{Until: limit}}}, false},
		"never here, a test has ended": {Record{Tests: []Test{{Until: limit.Add(-time.Second)}}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.record.Stale(limit); got != c.want {
				t.Errorf("stale %t", got)
			}
		})
	}
}

func TestAChangedCloneLeavesTheRecordAlone(t *testing.T) {
	r := New("u:ada")
	r.Apply(identified(november, map[string]any{"plan": "trial", "address": map[string]any{"city": "Ulm"}}))
	r.Apply(report(Opened, 1, november))
	r.Apply(Change{Kind: TestQueued, Message: sale, At: november, Until: november.Add(time.Hour)})
	same := r.Clone()
	clone := r.Clone()
	clone.Apply(identified(november, map[string]any{"plan": "team", "address": map[string]any{"city": "Bern"}}))
	clone.Apply(report(Dismissed, 1, november))
	clone.Apply(report(Opened, 2, november))
	clone.Apply(Change{Kind: Opened, Message: sale, Delivery: 3, At: november, Test: true})
	if !reflect.DeepEqual(r, same) {
		t.Errorf("the record became\n%+v\nfrom\n%+v", r, same)
	}
	if (*Record)(nil).Clone() != nil {
		t.Error("no record has a clone")
	}
}
