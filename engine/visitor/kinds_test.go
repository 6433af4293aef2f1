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

// someKind makes a random change one of campaigns, segments and sent messages.
func someKind(random *rand.Rand, c *Change) {
	c.Again = []time.Time{{}, c.At, c.At.Add(5 * time.Hour)}[random.IntN(3)]
	c.Sent = uint64(random.IntN(4) + 1)
	c.SentKey, c.View = fmt.Sprintf("order-%d", c.Sent), uint64(random.IntN(5)+1)
	if random.IntN(2) == 0 {
		c.Run = c.At.Add(-time.Duration(random.IntN(3)) * time.Hour)
	}
	if c.Kind == Entered || c.Kind == Started && random.IntN(3) == 0 {
		c.Segment, c.Enters = []string{"team", "trial-users", "vip"}[random.IntN(3)], random.IntN(2) == 0
	}
	if random.IntN(2) == 0 {
		c.Values = map[string]any{"order": fmt.Sprint(random.IntN(1000)), "items": []any{1.0, "two"}}
	}
}

// boundedKinds says whether campaigns, segments and sent messages keep to their bounds.
func boundedKinds(r *Record) error {
	switch {
	case len(r.Campaigns) > MaxCampaigns:
		return fmt.Errorf("there are %d campaigns", len(r.Campaigns))
	case len(r.Sent) > MaxSent:
		return fmt.Errorf("there are %d sent messages", len(r.Sent))
	case len(r.Segments) > MaxSegments || !slices.IsSorted(r.Segments):
		return fmt.Errorf("the segments are %q", r.Segments)
	}
	for _, sent := range r.Sent {
		if sent.Over() && sent.Data != nil {
			return fmt.Errorf("%s is over and keeps data", sent.Key)
		}
	}
	return nil
}

const tour = "billing-tour"

func started(at time.Time, again time.Time) Change {
	return Change{Kind: Started, Message: tour, At: at, Until: at.Add(time.Hour), Again: again}
}

func TestACampaignStartsAgainWhenItMay(t *testing.T) {
	monday := november
	for name, c := range map[string]struct {
		again   time.Time
		second  time.Time
		counted bool
	}{
		"never":                      {time.Time{}, monday.Add(1000 * time.Hour), false},
		"before the time is over":    {monday.Add(24 * time.Hour), monday.Add(24*time.Hour - time.Millisecond), false},
		"when the time is over":      {monday.Add(24 * time.Hour), monday.Add(24 * time.Hour), true},
		"always":                     {monday, monday.Add(time.Minute), true},
		"always, but at once":        {monday, monday, false},
		"always, told late":          {monday, monday.Add(-time.Minute), false},
		"an hour, told before first": {monday.Add(time.Hour), monday.Add(-2 * time.Hour), false},
	} {
		t.Run(name, func(t *testing.T) {
			r := applied("u:ada", started(monday, c.again))
			before := r.Clone()
			if counted := r.Apply(started(c.second, time.Time{})); counted != c.counted {
				t.Errorf("counted is %t", counted)
			}
			if !c.counted && !reflect.DeepEqual(r, before) {
				t.Errorf("it changed the record to %+v", r)
			}
			if c.counted && (!r.Campaigns[tour].Started.Equal(c.second) || !r.Campaigns[tour].Due.Equal(c.second.Add(time.Hour))) {
				t.Errorf("the run is %+v", r.Campaigns[tour])
			}
		})
	}
}

func TestAVisitStartsACampaignOnce(t *testing.T) {
	visit := func(at time.Time, number uint32) Change {
		return Change{Kind: Started, Message: tour, At: at, Until: at, Again: at, Visit: number}
	}
	r := applied("u:ada", visit(november, 7))
	if r.Apply(visit(november.Add(time.Minute), 7)) {
		t.Error("the same visit started it twice")
	}
	if !r.Apply(visit(november.Add(time.Hour), 8)) {
		t.Error("the next visit did not start it")
	}
}

func TestASegmentStartsACampaignWhenItIsEnteredNotWhileInIt(t *testing.T) {
	enters := func(at time.Time) []Change {
		start := started(at, at)
		start.Segment, start.Enters = "trial-users", true
		return []Change{start, {Kind: Entered, At: at, Segment: "trial-users", Enters: true}}
	}
	r := applied("u:ada", enters(november)...)
	if !r.InSegment("trial-users") || r.Campaigns[tour] == nil {
		t.Fatalf("after entering: %+v", r)
	}
	for _, change := range enters(november.Add(time.Minute)) {
		if r.Apply(change) {
			t.Errorf("another poll that notices it counts: %+v", change)
		}
	}
	if !r.Apply(Change{Kind: Entered, At: november, Segment: "trial-users"}) || r.InSegment("trial-users") {
		t.Error("leaving is not noted")
	}
}

func TestARunKeepsWhatFitsOfTheEvent(t *testing.T) {
	start := started(november, time.Time{})
	start.Values = map[string]any{"plan": "trial", "seats": 3, "body": strings.Repeat("x", MaxEventSize), "when": time.Now(), "zip": "89073"}
	r := applied("u:ada", start)
	if want := map[string]any{"plan": "trial", "seats": 3.0, "zip": "89073"}; !reflect.DeepEqual(r.Campaigns[tour].Event, want) {
		t.Errorf("kept %v", r.Campaigns[tour].Event)
	}
}

func TestTheOldestCampaignMakesRoom(t *testing.T) {
	r := New("u:ada")
	for i := range MaxCampaigns + 3 {
		r.Apply(Change{Kind: Started, Message: fmt.Sprintf("campaign-%d", i), At: november.Add(time.Duration(i) * time.Second)})
	}
	if len(r.Campaigns) != MaxCampaigns || r.Campaigns["campaign-2"] != nil || r.Campaigns["campaign-3"] == nil {
		t.Errorf("%d campaigns", len(r.Campaigns))
	}
}

func TestAVisitorLeavesACampaignOnce(t *testing.T) {
	exit := Change{Kind: Exited, Message: tour, At: november.Add(time.Hour)}
	r := New("u:ada")
	if r.Apply(exit) {
		t.Error("a campaign that was not started was left")
	}
	r.Apply(started(november, time.Time{}))
	if !r.Apply(exit) || r.Apply(exit) || !r.Campaigns[tour].Exited.Equal(exit.At) {
		t.Errorf("the run is %+v", r.Campaigns[tour])
	}
}

func TestMergedRunsAreThoseOfOnePerson(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		into, from Run
		want       time.Time // when the run started that stays
	}{
		"the first of two where it never starts again": {Run{Started: november}, Run{Started: november.Add(day)}, november},
		"whichever id had it first":                    {Run{Started: november.Add(day)}, Run{Started: november}, november},
		"the second where it may start again by then":  {Run{Started: november, Again: november.Add(day)}, Run{Started: november.Add(day)}, november.Add(day)},
		"the first where it may not yet":               {Run{Started: november, Again: november.Add(2 * day)}, Run{Started: november.Add(day)}, november},
	} {
		t.Run(name, func(t *testing.T) {
			into, from := New("u:ada"), New("a:browser")
			into.Campaigns, from.Campaigns = map[string]*Run{tour: &c.into}, map[string]*Run{tour: &c.from}
			if got := Merge(into, from).Campaigns[tour].Started; !got.Equal(c.want) {
				t.Errorf("the run that started at %s stays", got)
			}
		})
	}
}

func TestWhatWasShownInALaterRunCountsForAnEarlier(t *testing.T) {
	person := applied("u:ada", started(november, time.Time{}))
	later := november.Add(time.Hour)
	browser := applied("a:browser", started(later, time.Time{}), Change{Kind: Opened, Message: tour, Delivery: 1, At: later, Run: later})
	merged := Merge(person, browser)
	run := merged.Campaigns[tour]
	if !run.Started.Equal(november) || merged.Messages[tour].InRun(run.Started).Opened != 1 {
		t.Errorf("the run %+v was shown %+v", run, merged.Messages[tour].Run)
	}
}

func TestCountsOfARunBeginAnew(t *testing.T) {
	r := applied("u:ada", started(november, november))
	open := func(run time.Time, delivery uint64, at time.Time) {
		r.Apply(Change{Kind: Opened, Message: tour, Delivery: delivery, At: at, Run: run})
	}
	open(november, 1, november)
	open(november, 2, november.Add(time.Minute))
	next := november.Add(time.Hour)
	r.Apply(started(next, next))
	if got := r.Messages[tour].InRun(next); got.Opened != 0 {
		t.Errorf("the new run has %+v", got)
	}
	open(next, 3, next)
	open(november, 4, next.Add(time.Minute))
	if got := r.Messages[tour].InRun(next); got.Opened != 1 || !got.FirstOpened.Equal(next) || r.Messages[tour].Opened != 4 {
		t.Errorf("the new run has %+v, all have %d", got, r.Messages[tour].Opened)
	}
}

func sent(key uint64, at time.Time, data map[string]any) Change {
	return Change{Kind: Queued, Message: "order-shipped", Sent: key, SentKey: fmt.Sprint("order-", key), At: at, Until: at.Add(30 * 24 * time.Hour), Values: data}
}

func TestWhatIsSentTwiceWithAKeyWaitsOnce(t *testing.T) {
	r := New("u:ada")
	if !r.Apply(sent(1, november, map[string]any{"order": "1001"})) || r.Apply(sent(1, november.Add(time.Hour), map[string]any{"order": "1002"})) {
		t.Error("the second send counts")
	}
	if len(r.Sent) != 1 || r.Sent[0].Data["order"] != "1001" || !r.Sent[0].Waits(november) {
		t.Errorf("sent %+v", r.Sent)
	}
	if !r.FirstSeen.IsZero() {
		t.Error("a send counts as a visit")
	}
}

func TestTooManyWaitingMessagesAreRefused(t *testing.T) {
	r := New("u:ada")
	for i := range uint64(MaxWaiting) {
		r.Apply(sent(i+1, november, nil))
	}
	if r.Apply(sent(99, november, nil)) {
		t.Error("one more was taken")
	}
	r.Apply(Change{Kind: Opened, Message: "order-shipped", Delivery: 1, Sent: 1, View: 5, At: november})
	if !r.Apply(sent(99, november, nil)) {
		t.Error("after one was shown, there is still no room")
	}
}

func TestASentMessageIsOverWhenItIsClosedOrCancelled(t *testing.T) {
	show := func(kind ChangeKind) Change {
		return Change{Kind: kind, Message: "order-shipped", Delivery: 1, Sent: 1, View: 5, At: november}
	}
	r := applied("u:ada", sent(1, november, map[string]any{"order": "1001"}), show(Opened))
	if s := r.SentByID(1); s.View != 5 || s.Waits(november) || s.Over() || s.Data == nil {
		t.Errorf("on screen: %+v", s)
	}
	r.Apply(show(Dismissed))
	if s := r.SentByID(1); !s.Closed || s.Data != nil {
		t.Errorf("closed: %+v", s)
	}
	if r.Apply(Change{Kind: Cancelled, Sent: 1, At: november}) {
		t.Error("what was closed was called back")
	}
	r = applied("u:ada", sent(1, november, nil))
	if !r.Apply(Change{Kind: Cancelled, Sent: 1, At: november}) || r.SentByID(1).Waits(november) {
		t.Errorf("cancelled: %+v", r.SentByID(1))
	}
	if r.Apply(sent(1, november.Add(time.Hour), nil)) {
		t.Error("its key is forgotten")
	}
}

func TestKeysAreRememberedForAWeek(t *testing.T) {
	r := applied("u:ada", sent(1, november, nil), Change{Kind: Cancelled, Sent: 1, At: november})
	if r.Apply(sent(1, november.Add(SentTime-time.Second), nil)) {
		t.Error("within the week it was sent again")
	}
	r.Apply(sent(2, november.Add(SentTime), nil))
	if r.SentByID(1) != nil {
		t.Error("after the week it is still there")
	}
}

func TestMessagesThatWaitKeepARecord(t *testing.T) {
	r := applied("u:ada", sent(1, november, nil))
	if r.Stale(november.Add(29*24*time.Hour)) || !r.Stale(november.Add(31*24*time.Hour)) {
		t.Error("the record goes before the message, or stays after it")
	}
}

func TestDataThatDoesNotFitIsRefused(t *testing.T) {
	r := New("u:ada")
	for name, data := range map[string]map[string]any{
		"too large":     {"body": strings.Repeat("x", MaxSentData)},
		"an empty name": {"": 1},
		"too deep":      {"a": []any{[]any{[]any{[]any{[]any{1}}}}}},
		"a channel":     {"a": make(chan int)},
	} {
		if err := r.Check(sent(1, november, data)); !errors.Is(err, ErrData) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := r.Check(sent(1, november, map[string]any{"order": "1001", "lines": []any{map[string]any{"name": "Mug"}}})); err != nil {
		t.Error(err)
	}
}

func TestWhatIsWithheldIsCountedApart(t *testing.T) {
	held := Change{Kind: Withheld, Message: sale, Delivery: 1, Visit: 3, At: november}
	r := New("a:browser")
	if !r.Apply(held) || r.Apply(held) {
		t.Error("it counts not once")
	}
	s := r.Messages[sale]
	if s.Opened != 0 || len(r.Showings) != 0 || s.Withheld == nil || s.Withheld.Opened != 1 || len(s.Withheld.Showings) != 1 {
		t.Errorf("state %+v, withheld %+v", s, s.Withheld)
	}
}
