package engine

import (
	"testing"
	"time"

	"handbill/engine/audience"
	"handbill/engine/visitor"
)

// noon is when the visitors of these tests come by.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestARecordAsConditionsSeeIt(t *testing.T) {
	yesterday := noon.AddDate(0, 0, -1)
	look := func(visit, view uint32, at time.Time) visitor.Change {
		return visitor.Change{Kind: visitor.Visited, Visit: visit, At: at, Page: &visitor.PageView{
			View: view, Address: "https://shop.example.com/offers?utm_source=mail&utm_campaign=winter", Referrer: "https://news.example.org/",
		}}
	}
	signedUp := func(at time.Time) visitor.Change {
		return visitor.Change{Kind: visitor.Tracked, Event: "signed_up", At: at}
	}
	known := []visitor.Change{
		look(1, 1, yesterday), signedUp(yesterday), look(2, 2, noon), look(2, 3, noon), signedUp(noon), {Kind: visitor.Grouped, Group: "acme", At: noon},
	}
	for name, c := range map[string]struct {
		changes   []visitor.Change
		condition string
		holds     bool
	}{
		"somebody new":                   {nil, `visitor.new && visit.count == 1 && visit.page_views == 1 && visit.landing_page == ""`, true},
		"has no past":                    {nil, `has(visitor.last_seen) || has(events.signed_up) || size(visitor.groups) > 0`, false},
		"in a first visit":               {known[:1], `visitor.new && visit.count == 1 && visitor.first_seen == timestamp("2026-11-22T12:00:00Z")`, false},
		"in a second visit":              {known, `!visitor.new && visit.count == 2 && visit.page_views == 2`, true},
		"where the visit began":          {known, `visit.landing_page.contains("/offers") && visit.referrer == "https://news.example.org/" && visit.utm.source == "mail" && visit.utm.campaign == "winter"`, true},
		"when the visit began":           {known, `visit.started == timestamp("2026-11-23T12:00:00Z")`, true},
		"last seen is before this visit": {known, `visitor.last_seen == timestamp("2026-11-22T12:00:00Z") && visitor.first_seen == visitor.last_seen`, true},
		"groups":                         {known, `"acme" in visitor.groups && size(visitor.groups) == 1`, true},
		"events, ever and lately":        {known, `event_count("signed_up") == 2 && event_count("signed_up", "1h") == 1 && event_count("signed_up", "48h") == 2`, true},
		"events, first and last":         {known, `events.signed_up.count == 2 && events.signed_up.first < events.signed_up.last`, true},
		"an event that never was":        {known, `has(events["Order Completed"]) || event_count("Order Completed") > 0`, false},
		"a record that knows of no visit is of somebody who was not here": {known[1:2], `visitor.new && visit.count == 1 && !has(visitor.last_seen)`, false},
	} {
		t.Run(name, func(t *testing.T) {
			environment, err := audience.NewEnvironment(nil)
			if err != nil {
				t.Fatal(err)
			}
			condition, err := environment.Compile(c.condition)
			if err != nil {
				t.Fatal(err)
			}
			s := &situation{identity: visitor.Identity{Anonymous: "browser"}, now: noon, named: 2}
			if c.changes != nil {
				s.record = visitor.New("a:browser")
			}
			for _, change := range c.changes {
				s.record.Apply(change)
			}
			facts := &audience.Facts{Now: noon}
			s.fillHistory(facts)
			if condition.Holds(facts) != c.holds {
				t.Errorf("%s is %t: %s", c.condition, !c.holds, condition.Explain(facts).Why)
			}
			if allocations := testing.AllocsPerRun(100, func() { s.fillHistory(facts) }); allocations > 0 {
				t.Errorf("filling takes %g allocations", allocations)
			}
		})
	}
}

func TestAVoucherProvesWhenAnIdWasIssued(t *testing.T) {
	s := newSealer([]byte("0123456789abcdef0123456789abcdef"), "shop")
	voucher := s.vouch("browser", noon)
	for name, c := range map[string]struct {
		sealer      sealer
		id, voucher string
		now, want   time.Time
	}{
		"it does":                         {s, "browser", voucher, noon.Add(time.Hour), noon},
		"not of another id":               {s, "browser2", voucher, noon.Add(time.Hour), time.Time{}},
		"not another time":                {s, "browser", "A" + voucher[1:], noon.Add(time.Hour), time.Time{}},
		"not of another workspace":        {newSealer([]byte("0123456789abcdef0123456789abcdef"), "docs"), "browser", voucher, noon, time.Time{}},
		"not with another secret":         {newSealer([]byte("another secret of thirty-two byte"), "shop"), "browser", voucher, noon, time.Time{}},
		"not of tomorrow":                 {s, "browser", voucher, noon.Add(-time.Hour), time.Time{}},
		"nothing proves nothing":          {s, "browser", "", noon, time.Time{}},
		"nor does what is no voucher":     {s, "browser", "!!!", noon, time.Time{}},
		"nor does the beginning of a one": {s, "browser", voucher[:8], noon, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.sealer.vouched(c.id, c.voucher, c.now); !got.Equal(c.want) {
				t.Errorf("issued %s, want %s", got, c.want)
			}
		})
	}
}
