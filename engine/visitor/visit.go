package visitor

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Bounds of what is remembered of visits.
const (
	// VisitPause is how long nothing must be heard of a visitor for a visit to be over.
	VisitPause = 30 * time.Minute
	// VisitInterval is how accurate it is known until when a visit went on: its going on is written down at most this
	// often.
	VisitInterval = 5 * time.Minute
	// RecentVisits is how many visits are remembered, so that a person may be here with several browsers at once.
	RecentVisits = 4
	// RecentViews is of how many page loads it is remembered that they were counted.
	RecentViews = 8
	// MaxAddress is how much of a landing page's address and of a referrer is remembered, in bytes.
	MaxAddress = 512
	// MaxCampaign is how much of each parameter of a campaign is remembered, in bytes.
	MaxCampaign = 128
	// maxPages is how many pages one change may count.
	maxPages = 50
)

// Visits are a visitor's visits.
type Visits struct {
	// Count is how many there were, PageViews how many pages they saw together.
	Count, PageViews int
	// Recent are the last [RecentVisits], in the order in which they began.
	Recent []Visit
	// Views are the last [RecentViews] page loads that were counted, oldest first.
	Views []View
}

// Visit is one visit.
type Visit struct {
	// Number stands for the visit's id; zero while no client has named it.
	Number uint32
	// Started is when it began, Last until when it is known to have gone on, Before when the visitor was last here before
	// it; zero: never, or during another visit.
	Started, Last, Before time.Time
	// PageViews is how many pages it saw.
	PageViews int
	// LandingPage is the address of its first page, without fragment; Referrer the page that linked there.
	LandingPage, Referrer string
	// UTM is the campaign that brought the visitor here.
	UTM UTM
}

// UTM are the parameters by which links name the campaign they belong to.
type UTM struct {
	Source   string `cbor:"1,keyasint,omitempty"`
	Medium   string `cbor:"2,keyasint,omitempty"`
	Campaign string `cbor:"3,keyasint,omitempty"`
	Term     string `cbor:"4,keyasint,omitempty"`
	Content  string `cbor:"5,keyasint,omitempty"`
}

// View is a page load that was counted.
type View struct {
	// Key stands for the load; Pages is how many of its pages were counted.
	Key   uint32
	Pages int
}

// PageView is a page that a visitor looks at.
type PageView struct {
	// View stands for the page load. Zero: this is no page view, only a sign that the visit goes on.
	View uint32
	// Number says which page of that load it is, from 1; loads of single-page applications have several.
	Number int
	// Address is the page's address, Referrer what linked there.
	Address, Referrer string
	// Campaign is what the client says of the campaign; empty: it is read from the address.
	Campaign UTM
	// Since is when the visitor is proven to have been here before; zero: never.
	Since time.Time
	// Earlier is what was known of the visitor's visits while there was no record of them.
	Earlier *Visits
}

// At finds the visit of a number, or the one that goes on at a time where the number is zero or known of no visit but one
// that was not named yet. Nil: there is none.
func (v *Visits) At(number uint32, at time.Time) *Visit {
	var latest *Visit
	for i := range v.Recent {
		visit := &v.Recent[i]
		if number != 0 && visit.Number == number {
			return visit
		}
		if latest == nil || !visit.Last.Before(latest.Last) {
			latest = visit
		}
	}
	if latest == nil || at.Sub(latest.Last) >= VisitPause || (number != 0 && latest.Number != 0) {
		return nil
	}
	return latest
}

// Knows says whether a page view changes nothing: its visit is known and was heard of lately, and its page is counted.
func (v *Visits) Knows(number uint32, at time.Time, view uint32, page int) bool {
	visit := v.At(number, at)
	if visit == nil || visit.Number != number && number != 0 || at.Sub(visit.Last) >= VisitInterval {
		return false
	}
	return view == 0 || v.pages(view) >= max(page, 1)
}

// pages is how many pages of a page load were counted.
func (v *Visits) pages(view uint32) int {
	for _, known := range v.Views {
		if known.Key == view {
			return known.Pages
		}
	}
	return 0
}

// visited counts a page view, and the visit that it begins; true when something changed by it.
func (r *Record) visited(c Change) bool {
	p := c.Page
	if p == nil {
		p = &PageView{}
	}
	if r.Visits.Knows(c.Visit, c.At, p.View, p.Number) {
		return false
	}
	visit := r.Visits.At(c.Visit, c.At)
	if visit == nil {
		visit = r.begin(c, p)
	}
	if c.Visit != 0 {
		visit.Number = c.Visit
	}
	if visit.PageViews == 0 && visit.LandingPage == "" && p.Address != "" {
		visit.land(p)
	}
	if p.View != 0 {
		if n := r.Visits.count(p.View, p.Number); n > 0 {
			visit.PageViews += n
			r.Visits.PageViews += n
		}
	}
	visit.Last = later(visit.Last, c.At)
	r.expireTests(c.At)
	r.touch(c.At)
	return true
}

// begin adds a visit.
func (r *Record) begin(c Change, p *PageView) *Visit {
	visit := Visit{Number: c.Visit, Started: c.At, Last: c.At}
	v := &r.Visits
	if earlier := p.Earlier; earlier != nil {
		if known := earlier.At(c.Visit, c.At); known != nil {
			visit = *known
			v.Count = max(v.Count, earlier.Count-1)
			v.PageViews += earlier.PageViews
			v.Views = uniteViews(v.Views, earlier.Views)
		}
	}
	if v.Count == 0 && r.wasHere(visit.Started, p) {
		v.Count = 1
	}
	if !r.LastSeen.IsZero() && visit.Started.Sub(r.LastSeen) >= VisitPause {
		visit.Before = r.LastSeen
	} else if since := stamp(p.Since); !since.IsZero() && visit.Before.IsZero() && visit.Started.Sub(since) >= VisitPause {
		visit.Before = since
	}
	r.FirstSeen = earlier(earlier(r.FirstSeen, stamp(p.Since)), visit.Started)
	v.Count++
	v.Recent = lastVisits(append(slices.Clone(v.Recent), visit))
	if i := slices.Index(v.Recent, visit); i >= 0 {
		return &v.Recent[i]
	}
	return &visit // it is older than all that are remembered
}

// wasHere says whether the visitor was here in an earlier visit, of which nothing else is known: a browser came back with
// the edge's own cookie, or a message was shown before visits were counted.
func (r *Record) wasHere(at time.Time, p *PageView) bool {
	before := at.Add(-VisitPause)
	if !p.Since.IsZero() && !p.Since.After(before) {
		return true
	}
	for _, state := range r.Messages {
		if !state.FirstOpened.IsZero() && !state.FirstOpened.After(before) {
			return true
		}
	}
	return false
}

// land notes where a visit began.
func (v *Visit) land(p *PageView) {
	v.LandingPage, v.Referrer = cleanAddress(p.Address), cleanAddress(p.Referrer)
	v.UTM = p.Campaign.clip()
	if v.UTM == (UTM{}) {
		v.UTM = utmOf(p.Address)
	}
}

// count notes that a page of a load was seen, and says how many new ones that makes.
func (v *Visits) count(view uint32, page int) int {
	page = max(page, 1)
	for i, known := range v.Views {
		if known.Key == view {
			v.Views = slices.Clone(v.Views)
			v.Views[i].Pages = max(page, known.Pages)
			return min(max(page-known.Pages, 0), maxPages)
		}
	}
	v.Views = lastViews(append(slices.Clone(v.Views), View{Key: view, Pages: page}))
	return min(page, maxPages)
}

func lastViews(views []View) []View {
	if over := len(views) - RecentViews; over > 0 {
		return slices.Delete(views, 0, over)
	}
	return views
}

// lastVisits puts visits in order and keeps the newest.
func lastVisits(visits []Visit) []Visit {
	slices.SortStableFunc(visits, orderVisits)
	if over := len(visits) - RecentVisits; over > 0 {
		return slices.Delete(visits, 0, over)
	}
	return visits
}

func orderVisits(a, b Visit) int {
	return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.Number, b.Number))
}

// mergeVisits joins the visits of two records of one person: of each count the larger, and a visit that both know once.
func mergeVisits(into, from Visits) Visits {
	merged := Visits{Count: max(into.Count, from.Count), PageViews: max(into.PageViews, from.PageViews)}
	merged.Views = uniteViews(from.Views, into.Views)
	merged.Recent = slices.Clone(into.Recent)
	for _, visit := range from.Recent {
		i := slices.IndexFunc(merged.Recent, func(known Visit) bool { return sameVisit(known, visit) })
		if i < 0 {
			merged.Recent = append(merged.Recent, visit)
		} else {
			merged.Recent[i] = mergeVisit(merged.Recent[i], visit)
		}
	}
	merged.Recent = lastVisits(merged.Recent)
	merged.Count = max(merged.Count, len(merged.Recent))
	return merged
}

func sameVisit(a, b Visit) bool {
	return a.Number == b.Number && (a.Number != 0 || a.Started.Equal(b.Started))
}

// mergeVisit is one visit that two records know.
func mergeVisit(a, b Visit) Visit {
	first, other := a, b
	if b.Started.Before(a.Started) {
		first, other = b, a
	}
	if first.LandingPage == "" {
		first.LandingPage, first.Referrer, first.UTM = other.LandingPage, other.Referrer, other.UTM
	}
	first.Last, first.Before = later(a.Last, b.Last), later(a.Before, b.Before)
	first.PageViews = max(a.PageViews, b.PageViews)
	return first
}

// uniteViews is the page loads of both lists; where there are too many, the end of b stays.
func uniteViews(a, b []View) []View {
	var all []View
	for _, view := range a {
		if !slices.ContainsFunc(b, func(known View) bool { return known.Key == view.Key }) {
			all = append(all, view)
		}
	}
	for _, view := range b {
		for _, known := range a {
			if known.Key == view.Key {
				view.Pages = max(view.Pages, known.Pages)
			}
		}
		all = append(all, view)
	}
	return lastViews(all)
}

// cleanAddress is an address as it is remembered: without fragment and password, which may be secrets, and not too long.
func cleanAddress(address string) string {
	address, _, _ = strings.Cut(address, "#")
	if scheme, rest, found := strings.Cut(address, "://"); found {
		host := rest
		if end := strings.IndexAny(rest, "/?"); end >= 0 {
			host = rest[:end]
		}
		if at := strings.LastIndexByte(host, '@'); at >= 0 {
			address = scheme + "://" + rest[at+1:]
		}
	}
	return clip(address, MaxAddress)
}

// utmOf reads the campaign from the address of a landing page.
func utmOf(address string) UTM {
	address, _, _ = strings.Cut(address, "#")
	_, query, _ := strings.Cut(address, "?")
	if !strings.Contains(query, "utm_") {
		return UTM{}
	}
	values, _ := url.ParseQuery(query) // what it cannot read it leaves out
	return UTM{
		Source: values.Get("utm_source"), Medium: values.Get("utm_medium"), Campaign: values.Get("utm_campaign"),
		Term: values.Get("utm_term"), Content: values.Get("utm_content"),
	}.clip()
}

func (u UTM) clip() UTM {
	for _, text := range []*string{&u.Source, &u.Medium, &u.Campaign, &u.Term, &u.Content} {
		*text = clip(*text, MaxCampaign)
	}
	return u
}

// clip is the beginning of a text, in memory of its own.
func clip(text string, size int) string {
	text = strings.ToValidUTF8(text[:min(len(text), size+3)], "")
	for len(text) > size {
		text = text[:len(text)-1]
		text = strings.ToValidUTF8(text, "")
	}
	return strings.Clone(text)
}
