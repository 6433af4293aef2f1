package engine

import (
	"context"
	"strings"
	"time"

	"handbill/engine/store"
	"handbill/engine/visitor"
)

// PageView is a page that a visitor looks at, as an event says it. A poll that names its page is one, too.
type PageView struct {
	// Visit and View name the visit and the page load, as in [PollRequest]. Where no load is named, the event's own id
	// does, so that it counts once when it is sent again.
	Visit, View string
	// Number says which page of the load it is, from 1.
	Number int
	// Address is the page's address, Referrer the page that linked there.
	Address, Referrer string
	// Campaign is what the client says of the campaign; where it says nothing, the address does.
	Campaign visitor.UTM
	// Voucher came with the visitor's cookie.
	Voucher string
}

// View counts a page view of a visitor, unless it was counted before: by a poll, or by the same event sent earlier. It is
// durable within a second.
func (e *Engine) View(ctx context.Context, identity visitor.Identity, view PageView) error {
	record, err := e.known(ctx, e.key(identity))
	if err != nil {
		return err
	}
	e.arrive(identity, record, view, namedVisit(view.Visit), uint32(hash64(view.View)), e.now())
	return nil
}

// arrive notes that a visitor looks at a page, and returns the record with it. Where nothing is remembered about the
// visitor and this is not worth a record yet, it returns what is held of their visit instead. Visit and load stand for the
// names of the two in view.
func (e *Engine) arrive(identity visitor.Identity, record *visitor.Record, view PageView, visit, load uint32, now time.Time) (known, arrival *visitor.Record) {
	if view.View == "" {
		load = 0
	}
	if record != nil && record.Visits.Knows(visit, now, load, view.Number) {
		return record, nil
	}
	if record == nil {
		if arrival := e.arrivals.of(identity.ID()); arrival != nil && arrival.Visits.Knows(visit, now, load, view.Number) {
			return nil, arrival
		}
	}
	// What is kept must not keep the request of which it is a part.
	view.Address, view.Referrer = strings.Clone(view.Address), strings.Clone(view.Referrer)
	change := visitor.Change{Kind: visitor.Visited, At: now, Visit: visit, Page: &visitor.PageView{
		View: load, Number: view.Number, Address: view.Address, Referrer: view.Referrer, Campaign: view.Campaign,
	}}
	if record == nil {
		var begins bool
		if arrival, begins = e.welcome(identity, change, view.Voucher); !begins {
			return nil, arrival
		}
		change.Page.Earlier, record = &arrival.Visits, visitor.New(identity.ID())
	} else if identity.Anonymous != "" {
		if arrival := e.arrivals.of("a:" + identity.Anonymous); arrival != nil {
			change.Page.Earlier = &arrival.Visits
		}
	}
	is := record.Clone()
	if !is.Apply(change) {
		return record, nil
	}
	mutations := []store.Mutation{{Key: e.key(identity), Change: change}}
	if arrival != nil {
		for _, carried := range e.carried(mutations[0].Key, is) {
			is.Apply(carried.Change)
			mutations = append(mutations, carried)
		}
	}
	e.store.Note(mutations...)
	e.logCarried(context.Background(), mutations[1:])
	return is, nil
}

// welcome counts a page view of somebody about whom nothing is remembered, and says whether a record is to begin with it:
// when the visitor is known to look at a second page, or to have come back. Whoever only makes up ids gets none.
func (e *Engine) welcome(identity visitor.Identity, view visitor.Change, voucher string) (arrival *visitor.Record, begins bool) {
	before, arrival := e.arrivals.note(identity.ID(), view)
	if identity.User == "" {
		view.Page.Since = e.sealer.vouched(identity.Anonymous, voucher, view.At)
	}
	if before == nil {
		return arrival, !view.Page.Since.IsZero()
	}
	seen, was := arrival.Visits, before.Visits
	more := seen.PageViews > was.PageViews || seen.Count > was.Count
	return arrival, more && (seen.PageViews > 1 || seen.Count > 1)
}

// Voucher proves that the edge issued a cookie with this id, and when. It belongs behind the id in the cookie.
func (e *Engine) Voucher(anonymous string) string { return e.sealer.vouch(anonymous, e.now()) }

// visitNow gives the situation the visit that it would be if the visitor came now, without anything being noted.
func (s *situation) visitNow(view visitor.PageView) {
	s.named, s.asking = s.visit, nil
	is := s.past().Clone()
	if is == nil {
		is = visitor.New(s.identity.ID())
	}
	is.Apply(visitor.Change{Kind: visitor.Visited, At: s.now, Visit: s.named, Page: &view})
	if s.record == nil {
		s.arrival = is
	} else {
		s.record = is
	}
}
