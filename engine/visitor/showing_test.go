package visitor

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestShowingsAreRememberedWithTheirVisits(t *testing.T) {
	const morning, evening = 0xa1, 0xb2
	at := func(hours int) time.Time { return november.Add(time.Duration(hours) * time.Hour) }
	r := New("a:browser")
	for i, c := range []Change{
		{Message: sale, Visit: morning, At: at(9)},
		{Message: "outage", Visit: morning, At: at(10), IgnoresThrottle: true},
		{Message: "welcome", Visit: evening, At: at(20)},
		{Message: sale, Visit: evening, At: at(19)}, // its report came late
		{Message: sale, Visit: morning, At: at(21)}, // in another browser, where the visit goes on
	} {
		c.Kind, c.Delivery = Opened, uint64(i+1)
		if !r.Apply(c) {
			t.Fatalf("showing %d did not count", i)
		}
		if r.Apply(c) {
			t.Errorf("showing %d counted twice", i)
		}
	}
	if want := []Showing{{at(9), morning}, {at(19), evening}, {at(21), morning}}; !reflect.DeepEqual(r.Messages[sale].Showings, want) {
		t.Errorf("the message's showings are %v, want %v", r.Messages[sale].Showings, want)
	}
	if want := []Showing{{at(9), morning}, {at(19), evening}, {at(20), evening}, {at(21), morning}}; !reflect.DeepEqual(r.Showings, want) {
		t.Errorf("the showings of all messages are %v, want %v", r.Showings, want)
	}
	if got := r.Messages["outage"].Showings; len(got) != 1 {
		t.Errorf("a message that ignores the throttle has the showings %v of its own", got)
	}
	back, err := Decode(encoded(t, r))
	if err != nil || !reflect.DeepEqual(back, r) {
		t.Errorf("decoded %+v, error %v", back, err)
	}
}

func TestOfShowingsTheNewestAreRemembered(t *testing.T) {
	r := New("a:browser")
	for i := range RecentShowings + 5 {
		r.Apply(Change{Kind: Opened, Message: sale, Delivery: uint64(i + 1), Visit: uint32(i), At: november.Add(time.Duration(i) * time.Minute)})
	}
	for name, showings := range map[string][]Showing{"the message's": r.Messages[sale].Showings, "all": r.Showings} {
		if len(showings) != RecentShowings || showings[0].Visit != 5 || showings[RecentShowings-1].Visit != RecentShowings+4 {
			t.Errorf("of %s showings there are %v", name, showings)
		}
	}
	if r.Messages[sale].Opened != RecentShowings+5 {
		t.Errorf("opened %d times", r.Messages[sale].Opened)
	}
}

func TestMergingCountsAShowingThatBothKnowOnce(t *testing.T) {
	shown := func(message string, delivery uint64, visit uint32, at time.Time) Change {
		return Change{Kind: Opened, Message: message, Delivery: delivery, Visit: visit, At: at}
	}
	phone, laptop := New("a:phone"), New("u:ada")
	for _, r := range []*Record{phone, laptop} {
		r.Apply(shown(sale, 1, 7, november))
		r.Apply(shown("welcome", 2, 7, november)) // both at the same moment
	}
	laptop.Apply(shown(sale, 3, 8, november)) // in another visit, at the same moment
	phone.Apply(shown(sale, 4, 7, november.Add(time.Minute)))
	merged := Merge(laptop, phone)
	if want := []Showing{{november, 7}, {november, 7}, {november, 8}, {november.Add(time.Minute), 7}}; !slices.Equal(merged.Showings, want) {
		t.Errorf("the showings are %v, want %v", merged.Showings, want)
	}
	if want := []Showing{{november, 7}, {november, 8}, {november.Add(time.Minute), 7}}; !slices.Equal(merged.Messages[sale].Showings, want) {
		t.Errorf("the message's showings are %v, want %v", merged.Messages[sale].Showings, want)
	}
}

func TestActingIsRememberedOnce(t *testing.T) {
	r := New("a:browser")
	first := Change{Kind: Acted, Message: sale, Delivery: 1, At: november}
	if !r.Apply(first) || r.Messages[sale].Acted != november {
		t.Errorf("after the first: %+v", r.Messages[sale])
	}
	if r.Apply(Change{Kind: Acted, Message: sale, Delivery: 2, At: november.Add(time.Hour)}) || r.Messages[sale].Acted != november {
		t.Errorf("after the second: %+v", r.Messages[sale])
	}
	if merged := Merge(New("u:ada"), r); merged.Messages[sale].Acted != november {
		t.Errorf("merged: %+v", merged.Messages[sale])
	}
}
