package engine

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"handbill/engine/workspace"
)

func askSchedule(_ *Engine, m *workspace.Message, s *situation) Reason {
	switch {
	case !m.Start.IsZero() && s.before(m.Start):
		return ReasonNotStarted
	case !m.End.IsZero() && !s.before(m.End):
		return ReasonEnded
	case m.Schedule != nil && !s.isOpen(m.Schedule):
		return ReasonOutsideHours
	case m.Kind == workspace.KindBroadcast && m.Expires > 0 && !s.before(s.expiry(m)) && (m.Inbox != nil || !s.hasSeen(m)):
		return ReasonExpired
	}
	return ReasonNone
}

// isOpen says whether a schedule holds now. Schedules and clocks change on the minute.
func (s *situation) isOpen(schedule *workspace.Schedule) bool {
	at := s.now.In(s.zoneOf(schedule))
	s.turns(at.Add(time.Minute - time.Duration(at.Second())*time.Second - time.Duration(at.Nanosecond())))
	return isOpen(schedule, at)
}

// expiry is until when a message waits for the visitor: it was sent at its start, or when the visitor first came after it.
func (s *situation) expiry(m *workspace.Message) time.Time {
	switch {
	case m.Inbox != nil:
		return s.arrived(m).Add(m.Expires)
	case m.Start.IsZero(), s.record == nil || s.record.FirstSeen.IsZero():
		return s.now.Add(m.Expires) // it has only just been sent
	case s.record.FirstSeen.After(m.Start):
		return s.record.FirstSeen.Add(m.Expires)
	}
	return m.Start.Add(m.Expires)
}

func (s *situation) hasSeen(m *workspace.Message) bool {
	state := s.state(m)
	return state != nil && state.Opened > 0
}

// zoneOf is whose clock tells the hours of a schedule.
func (s *situation) zoneOf(schedule *workspace.Schedule) *time.Location {
	if schedule.Zone != nil {
		return schedule.Zone
	}
	if s.home == nil {
		s.home = s.findHome()
	}
	return s.home
}

// findHome is where the visitor is at home: as a trait says, else as the browser does, else the workspace.
func (s *situation) findHome() *time.Location {
	for _, name := range [...]string{s.traitZone(), s.zone} {
		if zone := zoneNamed(name); zone != nil {
			return zone
		}
	}
	if s.snapshot != nil && s.snapshot.Zone != nil {
		return s.snapshot.Zone
	}
	return time.UTC
}

// zones are the time zones that visitors have named so far. Reading one takes long. There are some 600; a file system that
// takes a name in any case may know more.
var (
	zones     sync.Map // name -> *time.Location
	zoneCount atomic.Int32
)

const (
	mostZones   = 2000
	longestZone = 64
)

// zoneNamed is the IANA time zone of a name; nil where there is none.
func zoneNamed(name string) *time.Location {
	if name == "" || name == "Local" || len(name) > longestZone {
		return nil
	}
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	if zoneCount.Load() < mostZones {
		if _, known := zones.LoadOrStore(strings.Clone(name), zone); !known {
			zoneCount.Add(1)
		}
	}
	return zone
}

// isOpen says whether a schedule holds at a moment, given in its own zone: by what the clock on the wall shows. An hour
// that the clocks skip is left out, one that they show twice counts twice.
func isOpen(s *workspace.Schedule, at time.Time) bool {
	today := at.Weekday()
	yesterday := (today + 6) % 7
	minute := at.Hour()*60 + at.Minute()
	for _, hours := range s.Hours {
		if hours.Overnight() {
			if s.Days[today] && minute >= hours.From || s.Days[yesterday] && minute < hours.Until {
				return true
			}
		} else if s.Days[today] && minute >= hours.From && minute < hours.Until {
			return true
		}
	}
	return false
}

// searchDays is how far ahead an opening is looked for: a week, and one more where the clocks skip the one in it.
const searchDays = 15

// opensNext is the first moment after one at which a schedule that is closed then is open; the zero time where none is near.
// It goes through the stretches between changes of the clocks one by one: within each, the clock on the wall runs evenly.
func opensNext(s *workspace.Schedule, from time.Time) time.Time {
	for at, horizon := from, from.AddDate(0, 0, searchDays); at.Before(horizon); {
		if isOpen(s, at) {
			return at
		}
		_, end := at.ZoneBounds()
		if end.IsZero() || end.After(horizon) {
			end = horizon
		}
		if opening := opensWithin(s, at, end); !opening.IsZero() {
			return opening.In(from.Location())
		}
		at = end.In(from.Location())
	}
	return time.Time{}
}

// opensWithin is the first beginning of a range after one moment and before another, between which the clocks do not change.
func opensWithin(s *workspace.Schedule, from, until time.Time) time.Time {
	_, offset := from.Zone()
	clock := time.FixedZone("", offset)
	year, month, day := from.In(clock).Date()
	for next := range searchDays + 1 {
		var first time.Time
		for _, hours := range s.Hours {
			at := time.Date(year, month, day+next, 0, hours.From, 0, 0, clock)
			if s.Days[at.Weekday()] && at.After(from) && at.Before(until) && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
		if !first.IsZero() {
			return first
		}
	}
	return time.Time{}
}

func describeSchedule(e *Engine, m *workspace.Message, s *situation) (string, string) {
	var parts []string
	help := ""
	if !m.Start.IsZero() {
		parts = append(parts, "start is "+m.Start.Format(time.RFC3339))
	}
	if !m.End.IsZero() {
		parts = append(parts, "end is "+m.End.Format(time.RFC3339))
	}
	if len(parts) == 0 {
		parts = append(parts, "neither start nor end is set")
	}
	saw := strings.Join(parts, ", ") + "; now is " + s.now.Format(time.RFC3339)
	if m.Schedule != nil {
		saw += "; " + describeHours(m.Schedule, s)
	}
	if m.Kind == workspace.KindBroadcast && m.Expires > 0 {
		saw += "; " + s.describeExpiry(m)
	}
	switch askSchedule(e, m, s) {
	case ReasonNotStarted:
		help = "wait until start, or set an earlier one"
	case ReasonEnded:
		help = "set a later end, or remove it"
	case ReasonOutsideHours:
		help = "change schedule"
		if next := opensNext(m.Schedule, s.now.In(s.zoneOf(m.Schedule))); !next.IsZero() {
			help = "it opens next at " + next.Format(time.RFC3339)
		}
	case ReasonExpired:
		help = "it is not shown to this visitor any more; set a longer expires, or a later start"
	}
	return saw, help
}

// describeHours says what a schedule is, and what the clock shows where it holds.
func describeHours(schedule *workspace.Schedule, s *situation) string {
	var days, hours []string
	for day := range 7 {
		if weekday := time.Weekday((day + 1) % 7); schedule.Days[weekday] {
			days = append(days, workspace.DayName(weekday))
		}
	}
	if len(days) == 7 {
		days = []string{"every day"}
	}
	for _, one := range schedule.Hours {
		hours = append(hours, one.String())
	}
	zone := s.zoneOf(schedule)
	whose := zone.String()
	if schedule.Zone == nil {
		whose += ", where the visitor is"
		if zoneNamed(s.traitZone()) == nil && zoneNamed(s.zone) == nil {
			whose = zone.String() + ", as the workspace has it, for the visitor's is not known"
		}
	}
	return fmt.Sprintf("schedule is %s %s in %s; there it is %s", strings.Join(days, ", "), strings.Join(hours, ", "), whose, s.now.In(zone).Format("Mon 15:04"))
}

// traitZone is what the visitor's trait says of their zone.
func (s *situation) traitZone() string {
	if s.record == nil {
		return ""
	}
	said, _ := s.record.Traits["timezone"].(string)
	return said
}

func (s *situation) describeExpiry(m *workspace.Message) string {
	if m.Inbox != nil {
		left := "leaves"
		if !s.now.Before(s.expiry(m)) {
			left = "left"
		}
		return fmt.Sprintf("expires is %s, so it %s the inbox at %s", length(m.Expires), left, s.expiry(m).Format(time.RFC3339))
	}
	if s.hasSeen(m) {
		return fmt.Sprintf("expires is %s, and the visitor has seen it", length(m.Expires))
	}
	return fmt.Sprintf("expires is %s, so it waits until %s to be seen", length(m.Expires), s.expiry(m).Format(time.RFC3339))
}
