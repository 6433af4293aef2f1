package engine_test

import (
	"context"
	"reflect"
	"testing"

	"handbill/engine"
	"handbill/engine/experiment"
	"handbill/engine/visitor"
)

const heldOutOffer = `
[[messages]]
id = "offer"
pages = ["/offers"]
frequency = { lifetime = 2 }
text = "Offer"
goal = { pages = ["/thanks"] }
holdout = 50

[[messages]]
id = "other"
pages = ["/offers"]
text = "Other"

[workspace]
throttle = { per_visit = 1 }
`

func TestTheHoldoutIsCountedAsIfTheMessageHadBeenShown(t *testing.T) {
	const offers, thanks = "https://shop.example.com/offers", "https://shop.example.com/thanks"
	e := newEdge(t, heldOutOffer)
	who := someone(t, userNumber, func(v visitor.Identity) bool { return bucketOf("holdout", "offer", v) < 5000 })
	if err := e.Identify(context.Background(), who, nil); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		page, view string
		shown      []string
		want       int64
		why        string
	}{
		{shopHome, "view-1", nil, 0, "on another page"},
		{offers, "view-2", []string{"other"}, 1, "on its page; it takes no throttle from another message"},
		{offers, "view-2", []string{"other"}, 1, "the same page view once more"},
		{offers, "view-3", []string{"other"}, 2, "another page view"},
		{offers, "view-4", []string{"other"}, 2, "after its lifetime"},
	} {
		e.shows(who, step.page, step.view, step.shown...)
		if got := statisticsOf(t, e, "offer"); got.HeldOut != step.want || got.Deliveries != 0 {
			t.Errorf("%s: held out %d times, want %d; %d deliveries", step.why, got.HeldOut, step.want, got.Deliveries)
		}
	}
	if m := e.because(who.ID(), offers, "offer"); m.Reason != engine.ReasonLifetime {
		t.Errorf("after its lifetime explained is %+v", m)
	}
	e.poll(who, thanks, "tab", "view-5")
	e.poll(who, thanks, "tab", "view-6")
	got := statisticsOf(t, e, "offer")
	if want := (&engine.HoldoutStatistics{Visitors: 1, Converted: 1, ConversionRate: experiment.Share(1, 1)}); !reflect.DeepEqual(got.Holdout, want) || got.Converted != 0 {
		t.Errorf("the holdout is %+v", got.Holdout)
	}
}

func TestAHeldOutVisitorIsCountedOnceHoweverTheyBecomeKnown(t *testing.T) {
	const offers, thanks = "https://shop.example.com/offers", "https://shop.example.com/thanks"
	who := someone(t, userNumber, func(v visitor.Identity) bool {
		return bucketOf("holdout", "offer", visitor.Identity{Anonymous: v.Anonymous}) < 5000 && bucketOf("holdout", "offer", v) > 5000
	})
	browser := visitor.Identity{Anonymous: who.Anonymous}
	for _, test := range []struct {
		name string
		live func(*edge)
		want engine.HoldoutStatistics
	}{
		{"one page, and never again", func(*edge) {}, engine.HoldoutStatistics{Visitors: 1}},
		{"a second page", func(e *edge) { e.poll(browser, offers, "tab", "view-2") }, engine.HoldoutStatistics{Visitors: 1}},
		{"the goal as the second page", func(e *edge) { e.poll(browser, thanks, "tab", "view-2") }, engine.HoldoutStatistics{Visitors: 1, Converted: 1}},
		{"identifying, and the goal", func(e *edge) {
			if err := e.Identify(context.Background(), who, nil); err != nil {
				t.Fatal(err)
			}
			e.shows(who, offers, "view-2", "other")
			e.poll(who, thanks, "tab", "view-3")
		}, engine.HoldoutStatistics{Visitors: 1, Converted: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := newEdge(t, heldOutOffer)
			e.shows(browser, offers, "view-1", "other")
			test.live(e)
			got := statisticsOf(t, e, "offer").Holdout
			if got == nil || got.Visitors != test.want.Visitors || got.Converted != test.want.Converted {
				t.Errorf("counted are %+v", got)
			}
		})
	}
}

func TestTheLogHasWhoWasHeldOutAndWhichVariantWasSeen(t *testing.T) {
	e, read := logged(t, testedTitles)
	for i := range 12 {
		if err := e.Identify(context.Background(), userNumber(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	shown := e.visitorsOf(12, func(int) bool { return false })
	held, varied := 0, 0
	for _, event := range read() {
		switch {
		case event.Name == "held_out" && event.Message == "sale" && event.Properties["variant"] == "holdout":
			held++
		case event.Name == "opened" && event.Properties["variant"] != nil:
			varied++
		}
	}
	if held != 2*(12-shown) || varied != 2*shown || shown == 12 {
		t.Errorf("%d were shown it; %d held out, %d opened with a variant", shown, held, varied)
	}
}
