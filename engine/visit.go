package engine

import (
	"time"

	"handbill/engine/visitor"
)

// VisitTime is how long a visit lasts without an open page. Clients keep it; the edge needs it only where nobody names a
// visit.
const VisitTime = visitor.VisitPause

// visitNumber stands for the visit that a client named. Where it named none, each page view is one: view is its hash.
func visitNumber(visit string, view uint64) uint32 {
	if visit != "" {
		view = hash64(visit)
	}
	return max(uint32(view), 1) // zero is no visit
}

// namedVisit stands for the visit that a client named; zero where it named none.
func namedVisit(visit string) uint32 {
	if visit == "" {
		return 0
	}
	return visitNumber(visit, 0)
}

// currentVisit is the visit that a visitor is in if they come now: the last one, or that of their last showing, unless it
// is over.
func currentVisit(record *visitor.Record, now time.Time) uint32 {
	if record == nil {
		return 0
	}
	if visit := record.Visits.At(0, now); visit != nil && visit.Number != 0 {
		return visit.Number
	}
	var last visitor.Showing
	for _, state := range record.Messages {
		if n := len(state.Showings); n > 0 && !state.Showings[n-1].At.Before(last.At) {
			last = state.Showings[n-1]
		}
	}
	if now.Sub(last.At) >= VisitTime {
		return 0
	}
	return last.Visit
}

// inVisit counts the showings of a visit.
func inVisit(showings []visitor.Showing, visit uint32) int {
	count := 0
	for _, shown := range showings {
		if visit != 0 && shown.Visit == visit {
			count++
		}
	}
	return count
}

// since counts the showings after a time.
func since(showings []visitor.Showing, start time.Time) int {
	count := 0
	for count < len(showings) && showings[len(showings)-1-count].At.After(start) {
		count++
	}
	return count
}
