package engine

import (
	"time"

	"handbill/engine/audience"
	"handbill/engine/visitor"
)

// fillHistory puts what is known of a visitor's past into the facts that conditions look at: who they are, the visit at
// hand, and the events that were tracked of them. It allocates nothing.
func (s *situation) fillHistory(f *audience.Facts) {
	past := s.past()
	f.Visitor = visitorFacts(s.identity, past, s.named, s.now)
	f.Visit = visitFacts(past, s.named, s.now)
	f.Events = eventFacts(past)
}

// past is what is known of the visitor's past: their record, or what is held of somebody who is here for the first time.
func (s *situation) past() *visitor.Record {
	if s.record != nil {
		return s.record
	}
	return s.arrival
}

// visitorFacts says who a visitor is. Past may be nil.
func visitorFacts(identity visitor.Identity, past *visitor.Record, number uint32, now time.Time) audience.Visitor {
	facts := audience.Visitor{
		User: identity.User, Anonymous: identity.Anonymous,
		Identified: identity.User != "", Verified: identity.Level >= visitor.LevelVerified, New: true,
	}
	if past == nil {
		return facts
	}
	facts.FirstSeen, facts.Groups = past.FirstSeen, past.Groups
	facts.New = past.Visits.Count <= 1
	switch visit := past.Visits.At(number, now); {
	case visit == nil: // it is not counted yet
		facts.New = past.Visits.Count == 0
		facts.LastSeen = past.LastSeen
	case !visit.Before.IsZero():
		facts.LastSeen = visit.Before
	case past.Visits.Count > 1:
		facts.LastSeen = past.LastSeen
	}
	return facts
}

// visitFacts is the visit at hand: the one that the client named, or the one that goes on. Past may be nil.
func visitFacts(past *visitor.Record, number uint32, now time.Time) audience.Visit {
	facts := audience.Visit{Count: 1, PageViews: 1, Started: now}
	if past == nil {
		return facts
	}
	visit := past.Visits.At(number, now)
	if visit == nil {
		facts.Count = past.Visits.Count + 1
		return facts
	}
	return audience.Visit{
		Count: past.Visits.Count, PageViews: max(visit.PageViews, 1), LandingPage: visit.LandingPage, Referrer: visit.Referrer,
		UTM: audience.UTM(visit.UTM), Started: visit.Started,
	}
}

// pastEvents are the events that were tracked of a visitor.
type pastEvents visitor.Record

// eventFacts are the events of a record; nil where there are none.
func eventFacts(past *visitor.Record) audience.Events {
	if past == nil || len(past.Events) == 0 {
		return nil
	}
	return (*pastEvents)(past)
}

// Event implements [audience.Events].
func (p *pastEvents) Event(name string) audience.Event {
	event := p.Events[name]
	if event == nil {
		return audience.Event{}
	}
	return audience.Event{Count: event.Count, First: event.First, Last: event.Last}
}

// CountSince implements [audience.Events].
func (p *pastEvents) CountSince(name string, since time.Time) int {
	return p.Events[name].CountSince(since)
}

// CountTurns implements [audience.Events].
func (p *pastEvents) CountTurns(name string, since time.Time) time.Time {
	return p.Events[name].CountTurns(since)
}
