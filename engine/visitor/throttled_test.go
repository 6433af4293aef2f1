package visitor

import (
	"fmt"
	"testing"
	"time"
)

func TestThrottlesOfGroupsAreRememberedWithinBounds(t *testing.T) {
	r := New("a:browser")
	for i := range MaxThrottles + 3 {
		r.Apply(Change{Kind: Opened, Message: sale, Delivery: uint64(i + 1), At: november.Add(time.Duration(i) * time.Minute), Throttles: []string{fmt.Sprintf("throttle-%d", i)}})
	}
	if len(r.Throttled) != MaxThrottles || r.Throttled["throttle-2"] != nil || len(r.Throttled["throttle-3"]) != 1 {
		t.Errorf("remembered are %d throttles: %v", len(r.Throttled), r.Throttled)
	}
	for i := range RecentShowings + 5 {
		r.Apply(Change{Kind: Opened, Message: sale, Delivery: uint64(i + 1000), At: november.Add(time.Duration(i) * time.Hour), Throttles: []string{"promotions"}})
	}
	if got := r.Throttled["promotions"]; len(got) != RecentShowings || !got[0].At.Equal(november.Add(5*time.Hour)) {
		t.Errorf("of promotions %d showings from %s on", len(got), got[0].At)
	}
}

func TestMergingUnitesTheThrottlesOfGroups(t *testing.T) {
	show := func(id string, delivery uint64, at time.Time, throttle string) *Record {
		return applied(id, Change{Kind: Opened, Message: sale, Delivery: delivery, At: at, Throttles: []string{throttle}})
	}
	merged := Merge(show("u:ada", 1, november, "promotions"), show("a:browser", 2, november.Add(time.Hour), "promotions"))
	merged = Merge(merged, show("a:phone", 3, november, "surveys"))
	if len(merged.Throttled["promotions"]) != 2 || len(merged.Throttled["surveys"]) != 1 {
		t.Errorf("merged: %v", merged.Throttled)
	}
}

func TestSnoozingIsNoDismissal(t *testing.T) {
	until := november.Add(24 * time.Hour)
	r := applied("a:browser",
		Change{Kind: Opened, Message: sale, Delivery: 1, At: november},
		Change{Kind: Snoozed, Message: sale, Delivery: 1, At: november, Until: until})
	if r.Apply(Change{Kind: Dismissed, Message: sale, Delivery: 1, At: november}) {
		t.Error("the closing that comes with it counted")
	}
	state := r.Messages[sale]
	if !state.Dismissed.IsZero() || !state.Snoozed.Equal(until) || state.Reported[0]&ReportedDismissed == 0 {
		t.Errorf("snoozed: %+v", state)
	}
	if !r.Apply(Change{Kind: Dismissed, Message: sale, Delivery: 2, At: until}) || r.Messages[sale].Dismissed.IsZero() {
		t.Error("a dismissal of the next showing did not count")
	}
}

func TestAGoalIsReachedOnce(t *testing.T) {
	r := applied("a:browser", Change{Kind: Converted, Message: sale, At: november})
	if r.Apply(Change{Kind: Converted, Message: sale, At: november.Add(time.Hour)}) || !r.Messages[sale].Converted.Equal(november) {
		t.Errorf("after the second: %+v", r.Messages[sale])
	}
	merged := Merge(applied("u:ada", Change{Kind: Converted, Message: sale, At: november.Add(time.Minute)}), r)
	if !merged.Messages[sale].Converted.Equal(november) {
		t.Errorf("merged: %+v", merged.Messages[sale])
	}
}
