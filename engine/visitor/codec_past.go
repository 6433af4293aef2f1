package visitor

import (
	"fmt"
	"slices"
)

// storedVisits are a visitor's visits.
type storedVisits struct {
	Count     int           `cbor:"1,keyasint,omitempty"`
	PageViews int           `cbor:"2,keyasint,omitempty"`
	Recent    []storedVisit `cbor:"3,keyasint,omitempty"`
	Views     []uint32      `cbor:"4,keyasint,omitempty"` // a key and how many pages, for each
}

// storedVisit is a visit; its times but the first are written as what lies between.
type storedVisit struct {
	Number    uint32 `cbor:"1,keyasint,omitempty"`
	Started   int64  `cbor:"2,keyasint,omitempty"`
	Lasted    int64  `cbor:"3,keyasint,omitempty"`
	Pause     int64  `cbor:"4,keyasint,omitempty"` // since the visitor was here before; zero: not before
	PageViews int    `cbor:"5,keyasint,omitempty"`
	Landing   string `cbor:"6,keyasint,omitempty"`
	Referrer  string `cbor:"7,keyasint,omitempty"`
	UTM       *UTM   `cbor:"8,keyasint,omitempty"`
}

// storedEvents are the tracked events.
type storedEvents struct {
	Names  map[string]storedEvent `cbor:"1,keyasint,omitempty"`
	Recent []uint32               `cbor:"2,keyasint,omitempty"`
}

// storedEvent are the events of one name.
type storedEvent struct {
	Count int     `cbor:"1,keyasint,omitempty"` // written where there were more than there are times
	First int64   `cbor:"2,keyasint,omitempty"` // written where it is not the first of the times
	Last  int64   `cbor:"3,keyasint,omitempty"` // written where it is not the last of the times
	Steps []int64 `cbor:"4,keyasint,omitempty"` // the first time, then from each to the next
	Days  []int   `cbor:"5,keyasint,omitempty"` // days since the last one, and how many events, for each
}

func storeVisits(v Visits) *storedVisits {
	if v.Count == 0 && v.PageViews == 0 && len(v.Recent) == 0 && len(v.Views) == 0 {
		return nil
	}
	stored := &storedVisits{Count: v.Count, PageViews: v.PageViews}
	for _, visit := range v.Recent {
		s := storedVisit{
			Number: visit.Number, Started: milliseconds(visit.Started), PageViews: visit.PageViews, Landing: visit.LandingPage, Referrer: visit.Referrer,
			Lasted: milliseconds(visit.Last) - milliseconds(visit.Started),
		}
		if !visit.Before.IsZero() {
			s.Pause = s.Started - milliseconds(visit.Before)
		}
		if visit.UTM != (UTM{}) {
			s.UTM = &visit.UTM
		}
		stored.Recent = append(stored.Recent, s)
	}
	for _, view := range v.Views {
		stored.Views = append(stored.Views, view.Key, uint32(view.Pages))
	}
	return stored
}

func (s *storedVisits) restore() Visits {
	if s == nil {
		return Visits{}
	}
	v := Visits{Count: max(s.Count, 0), PageViews: max(s.PageViews, 0)}
	for _, stored := range s.Recent {
		visit := Visit{
			Number: stored.Number, Started: moment(stored.Started), Last: moment(stored.Started + stored.Lasted),
			PageViews: max(stored.PageViews, 0), LandingPage: stored.Landing, Referrer: stored.Referrer,
		}
		if stored.Pause != 0 {
			visit.Before = moment(stored.Started - stored.Pause)
		}
		if stored.UTM != nil {
			visit.UTM = *stored.UTM
		}
		v.Recent = append(v.Recent, visit)
	}
	v.Recent = lastVisits(v.Recent)
	for i := 0; i+1 < len(s.Views); i += 2 {
		v.Views = append(v.Views, View{Key: s.Views[i], Pages: int(s.Views[i+1])})
	}
	v.Views = lastViews(v.Views)
	return v
}

func storeEvents(r *Record) *storedEvents {
	if len(r.Events) == 0 && len(r.Tracked) == 0 {
		return nil
	}
	stored := &storedEvents{Recent: r.Tracked}
	if len(r.Events) > 0 {
		stored.Names = make(map[string]storedEvent, len(r.Events))
	}
	for name, event := range r.Events {
		stored.Names[name] = event.store()
	}
	return stored
}

func (e *Event) store() storedEvent {
	s := storedEvent{First: milliseconds(e.First), Last: milliseconds(e.Last)}
	if e.Count != len(e.Times) {
		s.Count = e.Count
	}
	before := int64(0)
	for _, at := range e.Times {
		s.Steps, before = append(s.Steps, at-before), at
	}
	if n := len(e.Times); n > 0 {
		if s.First == e.Times[0] {
			s.First = 0
		}
		if s.Last == e.Times[n-1] {
			s.Last = 0
		}
	}
	day := int32(0)
	for _, d := range e.Days {
		s.Days, day = append(s.Days, int(d.Day-day), d.Count), d.Day
	}
	return s
}

// restore gives the record its events. It fails where a count is negative.
func (s *storedEvents) restore(r *Record) error {
	if s == nil {
		return nil
	}
	r.Tracked = lastKeys(s.Recent)
	if len(r.Tracked) == 0 {
		r.Tracked = nil
	}
	if len(s.Names) == 0 {
		return nil
	}
	r.Events = make(map[string]*Event, len(s.Names))
	for name, stored := range s.Names {
		event, err := stored.restore()
		if err != nil {
			return fmt.Errorf("event %.40q: %w", name, err)
		}
		r.Events[name] = event
	}
	r.Events = lastEvents(r.Events)
	return nil
}

func (s storedEvent) restore() (*Event, error) {
	e := &Event{Count: s.Count, First: moment(s.First), Last: moment(s.Last)}
	at := int64(0)
	for _, step := range s.Steps {
		at += step
		e.Times = append(e.Times, at)
	}
	slices.Sort(e.Times)
	day := int32(0)
	for i := 0; i+1 < len(s.Days); i += 2 {
		day += int32(s.Days[i])
		if s.Days[i+1] < 0 {
			return nil, fmt.Errorf("day %d has %d of them", day, s.Days[i+1])
		}
		e.Days = append(e.Days, Day{day, s.Days[i+1]})
	}
	if len(e.Days) > 0 {
		e.Days = uniteDays(e.Days, nil, func(a, b int) int { return max(a, b) })
	}
	if e.Count == 0 {
		e.Count = len(e.Times)
	}
	if n := len(e.Times); n > 0 {
		if s.First == 0 {
			e.First = moment(e.Times[0])
		}
		if s.Last == 0 {
			e.Last = moment(e.Times[n-1])
		}
	}
	if e.Count < 0 {
		return nil, fmt.Errorf("there were %d of them", e.Count)
	}
	e.bound()
	return e, nil
}
