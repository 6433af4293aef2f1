package visitor

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// look is a page view: the page of a load, in a visit.
func look(visit, view uint32, page int, at time.Time) Change {
	return Change{Kind: Visited, Visit: visit, At: at, Page: &PageView{View: view, Number: page, Address: "https://shop.example.com/"}}
}

func minutes(n int) time.Time { return november.Add(time.Duration(n) * time.Minute) }

func TestPageViewsAndVisitsCountOnce(t *testing.T) {
	const monday, tuesday, phone = 1, 2, 3
	const unnamed = 0
	for name, c := range map[string]struct {
		looks         []Change
		visits, views int
		inLast        int // page views of the visit that was heard of last
	}{
		"one page":                              {[]Change{look(monday, 1, 1, minutes(0))}, 1, 1, 1},
		"a page that is asked for again":        {[]Change{look(monday, 1, 1, minutes(0)), look(monday, 1, 1, minutes(1)), look(monday, 1, 1, minutes(10))}, 1, 1, 1},
		"two pages":                             {[]Change{look(monday, 1, 1, minutes(0)), look(monday, 2, 1, minutes(1))}, 1, 2, 2},
		"two tabs that take turns":              {[]Change{look(monday, 1, 1, minutes(0)), look(monday, 2, 1, minutes(1)), look(monday, 1, 1, minutes(2)), look(monday, 2, 1, minutes(3))}, 1, 2, 2},
		"a single-page application":             {[]Change{look(monday, 1, 1, minutes(0)), look(monday, 1, 2, minutes(1)), look(monday, 1, 2, minutes(2)), look(monday, 1, 4, minutes(3))}, 1, 4, 4},
		"a page that arrives late":              {[]Change{look(monday, 1, 3, minutes(0)), look(monday, 1, 2, minutes(1))}, 1, 3, 3},
		"the next visit":                        {[]Change{look(monday, 1, 1, minutes(0)), look(tuesday, 2, 1, minutes(1440))}, 2, 2, 1},
		"a visit that goes on for hours":        {[]Change{look(monday, 1, 1, minutes(0)), look(monday, 2, 1, minutes(600))}, 1, 2, 2},
		"two browsers that take turns":          {[]Change{look(monday, 1, 1, minutes(0)), look(phone, 2, 1, minutes(1)), look(monday, 3, 1, minutes(2)), look(phone, 2, 1, minutes(3))}, 2, 3, 2},
		"nobody names visits":                   {[]Change{look(unnamed, 1, 1, minutes(0)), look(unnamed, 2, 1, minutes(29)), look(unnamed, 3, 1, minutes(58)), look(unnamed, 4, 1, minutes(88))}, 2, 4, 1},
		"a visit is named after it began":       {[]Change{look(unnamed, 1, 1, minutes(0)), look(monday, 0, 0, minutes(1)), look(unnamed, 2, 1, minutes(2)), look(monday, 0, 0, minutes(3))}, 1, 2, 2},
		"events without a visit belong to it":   {[]Change{look(monday, 0, 0, minutes(0)), look(unnamed, 1, 1, minutes(1))}, 1, 1, 1},
		"a named visit after an unnamed one":    {[]Change{look(unnamed, 1, 1, minutes(0)), look(monday, 2, 1, minutes(31))}, 2, 2, 1},
		"a load that claims a million pages":    {[]Change{look(monday, 1, 1_000_000, minutes(0))}, 1, maxPages, maxPages},
		"polls without a page, as a sign alone": {[]Change{look(monday, 0, 0, minutes(0)), look(monday, 0, 0, minutes(9))}, 1, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := New("a:browser")
			for _, c := range c.looks {
				r.Apply(c)
				before := r.Clone()
				if r.Apply(c) || !reflect.DeepEqual(r, before) {
					t.Errorf("applied twice, %+v changed something", c)
				}
			}
			last := r.Visits.At(0, r.LastSeen)
			if r.Visits.Count != c.visits || r.Visits.PageViews != c.views || last.PageViews != c.inLast {
				t.Errorf("%d visits, %d page views, %d in the last; want %d, %d, %d", r.Visits.Count, r.Visits.PageViews, last.PageViews, c.visits, c.views, c.inLast)
			}
		})
	}
}

func TestAVisitRemembersWhereItBegan(t *testing.T) {
	land := func(address, referrer string) Visit {
		r := New("a:browser")
		r.Apply(Change{Kind: Visited, Visit: 1, At: november, Page: &PageView{View: 1, Address: address, Referrer: referrer}})
		r.Apply(Change{Kind: Visited, Visit: 1, At: minutes(1), Page: &PageView{View: 2, Address: "https://shop.example.com/next?utm_source=other", Referrer: address}})
		return r.Visits.Recent[0]
	}
	for name, c := range map[string]struct {
		address, referrer, landing, from string
		utm                              UTM
	}{
		"a plain page": {"https://shop.example.com/", "", "https://shop.example.com/", "", UTM{}},
		"a campaign": {
			"https://shop.example.com/offers?utm_source=mail&utm_medium=newsletter&utm_campaign=winter%20sale&utm_term=boots&utm_content=top#x", "https://news.example.org/#top",
			"https://shop.example.com/offers?utm_source=mail&utm_medium=newsletter&utm_campaign=winter%20sale&utm_term=boots&utm_content=top", "https://news.example.org/",
			UTM{"mail", "newsletter", "winter sale", "boots", "top"},
		},
		"a fragment may be a secret":     {"https://shop.example.com/#access_token=1", "", "https://shop.example.com/", "", UTM{}},
		"so may a password":              {"https://ada:secret@shop.example.com/?q=a@b", "http://ada@news.example.org", "https://shop.example.com/?q=a@b", "http://news.example.org", UTM{}},
		"a query with wrong escapes":     {"https://shop.example.com/?a=%zz&utm_source=mail", "", "https://shop.example.com/?a=%zz&utm_source=mail", "", UTM{Source: "mail"}},
		"an endless address is cut":      {"https://shop.example.com/" + strings.Repeat("ü", MaxAddress), "", ("https://shop.example.com/" + strings.Repeat("ü", MaxAddress))[:MaxAddress-1], "", UTM{}},
		"so is an endless campaign":      {"https://shop.example.com/?utm_source=" + strings.Repeat("x", 200), "", "https://shop.example.com/?utm_source=" + strings.Repeat("x", 200), "", UTM{Source: strings.Repeat("x", MaxCampaign)}},
		"text that is none is made text": {"https://shop.example.com/\xff", "", "https://shop.example.com/", "", UTM{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := land(c.address, c.referrer)
			if got.LandingPage != c.landing || got.Referrer != c.from || got.UTM != c.utm {
				t.Errorf("landing page %q, referrer %q, campaign %+v", got.LandingPage, got.Referrer, got.UTM)
			}
		})
	}
}

func TestWhatIsKnownFromBeforeTheRecord(t *testing.T) {
	earlier := New("")
	earlier.Apply(Change{Kind: Visited, Visit: 1, At: november, Page: &PageView{View: 1, Address: "https://shop.example.com/landing"}})
	second := Change{Kind: Visited, Visit: 1, At: minutes(2), Page: &PageView{View: 2, Address: "https://shop.example.com/second", Earlier: &earlier.Visits}}
	r := applied("a:browser", second)
	if r.Visits.Count != 1 || r.Visits.PageViews != 2 || r.Visits.Recent[0].LandingPage != "https://shop.example.com/landing" || !r.FirstSeen.Equal(november) {
		t.Errorf("the record began as %+v, first seen %s", r.Visits, r.FirstSeen)
	}
	if r.Apply(look(1, 1, 1, minutes(3))) {
		t.Error("the page of the first tab counted again")
	}
	known := applied("u:ada", look(9, 90, 1, minutes(-5000)), look(8, 80, 1, minutes(-3000)), second)
	if known.Visits.Count != 3 || known.Visits.PageViews != 4 || !known.Visits.Recent[2].Before.Equal(minutes(-3000)) {
		t.Errorf("of somebody known it became %+v", known.Visits)
	}
	back := second
	back.Page = &PageView{View: 2, Since: minutes(-1440)}
	if r := applied("a:browser", back); r.Visits.Count != 2 || !r.FirstSeen.Equal(minutes(-1440)) || !r.Visits.Recent[0].Before.Equal(minutes(-1440)) {
		t.Errorf("somebody who was here yesterday began as %+v, first seen %s", r.Visits, r.FirstSeen)
	}
	back.Page = &PageView{View: 2, Since: minutes(-1)}
	if r := applied("a:browser", back); r.Visits.Count != 1 || !r.FirstSeen.Equal(minutes(-1)) {
		t.Errorf("somebody who came a minute ago began as %+v, first seen %s", r.Visits, r.FirstSeen)
	}
	if r := applied("a:browser", Change{Kind: Opened, Message: sale, Delivery: 1, At: minutes(-1440)}, look(1, 1, 1, minutes(0))); r.Visits.Count != 2 {
		t.Errorf("somebody who saw a message yesterday began with %d visits", r.Visits.Count)
	}
}

// TestMergedVisitsAgainstAModel merges what two browsers saw of visits, some of which both know.
func TestMergedVisitsAgainstAModel(t *testing.T) {
	random := rand.New(rand.NewPCG(23, 11))
	for round := range 300 {
		a, b := New("u:ada"), New("a:browser")
		counts := map[*Record]map[uint32]int{a: {}, b: {}}
		for i := range random.IntN(30) {
			visit := uint32(random.IntN(6) + 1)
			for _, r := range [][]*Record{{a}, {b}, {a, b}}[random.IntN(3)] {
				if r.Apply(look(visit, uint32(100+i), 1, minutes(i*10))) {
					counts[r][visit]++
				}
			}
		}
		merged := Merge(a, b)
		if want := max(len(a.Visits.Recent), a.Visits.Count, b.Visits.Count); merged.Visits.Count < want || merged.Visits.PageViews != max(a.Visits.PageViews, b.Visits.PageViews) {
			t.Fatalf("round %d: %d visits, %d page views", round, merged.Visits.Count, merged.Visits.PageViews)
		}
		for _, visit := range merged.Visits.Recent {
			in := func(r *Record) int {
				i := slices.IndexFunc(r.Visits.Recent, func(v Visit) bool { return v.Number == visit.Number })
				if i < 0 {
					return 0
				}
				return r.Visits.Recent[i].PageViews
			}
			if want := max(in(a), in(b)); visit.PageViews != want {
				t.Fatalf("round %d: visit %d has %d page views, want %d", round, visit.Number, visit.PageViews, want)
			}
		}
		for _, view := range merged.Visits.Views {
			before := merged.Visits.PageViews
			if merged.Apply(look(0, view.Key, 1, merged.LastSeen)); merged.Visits.PageViews > before {
				t.Fatalf("round %d: after merging, page load %d counted again", round, view.Key)
			}
		}
	}
}
