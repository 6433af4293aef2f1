package visitor

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Bounds of what is remembered of tracked events and of groups.
const (
	// MaxEvents is of how many names events are remembered; the one that was tracked longest ago makes room.
	MaxEvents = 100
	// MaxEventName is how long an event's name may be, in bytes.
	MaxEventName = 256
	// RecentTimes is of how many events of a name the times are remembered.
	RecentTimes = 32
	// EventDays is for how many days, back from the last event of a name, it is remembered how many there were on each.
	EventDays = 90
	// RecentEvents is of how many events, whatever their names, it is remembered that they were counted.
	// A batch that is sent again, however large, is not longer.
	RecentEvents = 500
	// MaxGroups is how many groups a visitor belongs to at most; the one that was named longest ago makes room.
	MaxGroups = 20
	// MaxGroup is how long a group's id may be, in bytes.
	MaxGroup = 256
)

// ErrEvent is wrapped by the errors of events and groups that a record cannot hold. Sending them again does not help.
var ErrEvent = errors.New("event refused")

// Event is what is remembered of the events of one name. It is never changed in place.
type Event struct {
	// Count is how many there were, First and Last when.
	Count       int
	First, Last time.Time
	// Times are those of the last [RecentTimes], in milliseconds since 1970, oldest first.
	Times []int64
	// Days says how many there were on each of the last [EventDays] days, oldest first. Empty: Times has them all.
	Days []Day
}

// Day is how many events there were on one day.
type Day struct {
	// Day counts days of UTC from 1970.
	Day int32
	// Count is how many events there were.
	Count int
}

const dayLength = int64(24 * time.Hour / time.Millisecond)

func dayOf(at int64) int32 { return int32(floor(at, dayLength)) }

func floor(a, b int64) int64 {
	if a < 0 && a%b != 0 {
		return a/b - 1
	}
	return a / b
}

// CountSince is how many events there were at a time or later. It is exact for the last [RecentTimes], and for all of
// them. Of others it counts whole days of UTC, that of since included, and none that are older than [EventDays] before
// the last.
func (e *Event) CountSince(since time.Time) int {
	switch {
	case e == nil || e.Count == 0:
		return 0
	case !since.After(e.First):
		return e.Count
	}
	at := roundedUp(since)
	if len(e.Days) == 0 || len(e.Times) > 0 && at > e.Times[0] {
		first, _ := slices.BinarySearch(e.Times, at)
		return len(e.Times) - first
	}
	count := 0
	for _, day := range e.Days {
		if day.Day >= dayOf(at) {
			count += day.Count
		}
	}
	return min(count, e.Count)
}

// CountTurns is after what time, from since on, CountSince may be another; zero: never.
func (e *Event) CountTurns(since time.Time) time.Time {
	if e == nil || e.Count == 0 {
		return time.Time{}
	}
	var turns time.Time
	note := func(at time.Time) {
		if !at.Before(since) && (turns.IsZero() || at.Before(turns)) {
			turns = at
		}
	}
	note(e.First)
	for _, at := range e.Times {
		note(time.UnixMilli(at))
	}
	if len(e.Days) > 0 && !since.After(e.Last) { // whole days are counted, from midnight to midnight
		note(time.UnixMilli((int64(dayOf(roundedUp(since)))+1)*dayLength - 1))
	}
	return turns
}

// roundedUp is a time in milliseconds since 1970, as times of events are kept.
func roundedUp(at time.Time) int64 {
	rounded := at.UnixMilli()
	if at.After(time.UnixMilli(rounded)) {
		rounded++
	}
	return rounded
}

// with is the events with one more.
func (e *Event) with(at time.Time) *Event {
	if e == nil {
		e = &Event{}
	}
	next := &Event{Count: e.Count + 1, First: earlier(e.First, at), Last: later(e.Last, at)}
	kept := at.UnixMilli()
	place, _ := slices.BinarySearch(e.Times, kept)
	next.Times = slices.Insert(slices.Clone(e.Times), place, kept)
	if len(e.Days) > 0 {
		next.Days = uniteDays([]Day{{dayOf(kept), 1}}, e.Days, func(a, b int) int { return a + b })
	}
	next.bound()
	return next
}

// bound drops the oldest times and days over the bounds.
func (e *Event) bound() {
	if over := len(e.Times) - RecentTimes; over > 0 {
		if len(e.Days) == 0 {
			e.Days = daysOf(e.Times)
		}
		e.Times = slices.Delete(e.Times, 0, over)
	}
	if n := len(e.Days); n > 0 {
		oldest := e.Days[n-1].Day - EventDays + 1
		e.Days = slices.DeleteFunc(e.Days, func(d Day) bool { return d.Day < oldest })
	}
}

// daysOf counts times by their days.
func daysOf(times []int64) []Day {
	var days []Day
	for _, at := range times {
		day := dayOf(at)
		if n := len(days); n > 0 && days[n-1].Day == day {
			days[n-1].Count++
		} else {
			days = append(days, Day{day, 1})
		}
	}
	return days
}

// uniteDays is the days of both lists, in order; a day of both has what join makes of its counts.
func uniteDays(a, b []Day, join func(int, int) int) []Day {
	all := slices.SortedFunc(slices.Values(slices.Concat(a, b)), func(a, b Day) int { return cmp.Compare(a.Day, b.Day) })
	united := all[:0]
	for _, day := range all {
		if n := len(united); n > 0 && united[n-1].Day == day.Day {
			united[n-1].Count = join(united[n-1].Count, day.Count)
		} else {
			united = append(united, day)
		}
	}
	return united
}

// mergeEvent is the events of one name that two records of one person know. One at the same time in both is the same event.
func mergeEvent(into, from *Event) *Event {
	if into == nil || from == nil {
		return cmp.Or(into, from)
	}
	merged := &Event{First: earlier(into.First, from.First), Last: later(into.Last, from.Last), Times: uniteTimes(into.Times, from.Times)}
	known := len(merged.Times)
	if len(into.Days) > 0 || len(from.Days) > 0 || known > RecentTimes {
		larger := func(a, b int) int { return max(a, b) }
		merged.Days = uniteDays(daysOf(merged.Times), uniteDays(into.days(), from.days(), larger), larger)
	}
	merged.bound()
	sum := 0
	for _, day := range merged.Days {
		sum += day.Count
	}
	merged.Count = max(into.Count, from.Count, known, sum)
	return merged
}

// days is how many events there were on each day, also where Times has them all.
func (e *Event) days() []Day {
	if len(e.Days) == 0 {
		return daysOf(e.Times)
	}
	return e.Days
}

// uniteTimes is the times of both lists in order; one that stands in both counts as often as in that which has it more often.
func uniteTimes(a, b []int64) []int64 {
	var all []int64
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			all, a = append(all, a[0]), a[1:]
		case a[0] > b[0]:
			all, b = append(all, b[0]), b[1:]
		default:
			all, a, b = append(all, a[0]), a[1:], b[1:]
		}
	}
	return append(append(all, a...), b...)
}

// track counts an event.
func (r *Record) track(c Change) bool {
	if c.Key != 0 {
		if slices.Contains(r.Tracked, c.Key) {
			return false
		}
		r.Tracked = lastKeys(append(slices.Clone(r.Tracked), c.Key))
	}
	events := maps.Clone(r.Events)
	if events == nil {
		events = make(map[string]*Event, 1)
	}
	events[c.Event] = events[c.Event].with(c.At)
	r.Events = lastEvents(events)
	return true
}

func lastKeys(keys []uint32) []uint32 {
	if over := len(keys) - RecentEvents; over > 0 {
		return slices.Delete(keys, 0, over)
	}
	return keys
}

// lastEvents forgets the names that were tracked longest ago.
func lastEvents(events map[string]*Event) map[string]*Event {
	for len(events) > MaxEvents {
		oldest := ""
		for name, event := range events {
			known := events[oldest]
			if known == nil || cmp.Or(event.Last.Compare(known.Last), cmp.Compare(name, oldest)) < 0 {
				oldest = name
			}
		}
		delete(events, oldest)
	}
	return events
}

func mergeEvents(into, from map[string]*Event) map[string]*Event {
	if len(from) == 0 {
		return into
	}
	merged := make(map[string]*Event, len(into)+len(from))
	maps.Copy(merged, into)
	for name, event := range from {
		merged[name] = mergeEvent(merged[name], event)
	}
	return lastEvents(merged)
}

// uniteKeys is the keys of both lists; where there are too many, the end of into stays.
func uniteKeys(into, from []uint32) []uint32 {
	var all []uint32
	for _, key := range from {
		if !slices.Contains(into, key) {
			all = append(all, key)
		}
	}
	return lastKeys(append(all, into...))
}

// group notes that the visitor belongs to a group.
func (r *Record) group(c Change) bool {
	if n := len(r.Groups); n > 0 && r.Groups[n-1] == c.Group {
		return false
	}
	known := slices.DeleteFunc(slices.Clone(r.Groups), func(id string) bool { return id == c.Group })
	r.Groups = lastGroups(append(known, c.Group))
	return true
}

func lastGroups(groups []string) []string {
	if over := len(groups) - MaxGroups; over > 0 {
		return slices.Delete(groups, 0, over)
	}
	return groups
}

// uniteGroups is the groups of both lists; where there are too many, the end of into stays.
func uniteGroups(into, from []string) []string {
	var all []string
	for _, id := range from {
		if !slices.Contains(into, id) {
			all = append(all, id)
		}
	}
	return lastGroups(append(all, into...))
}

// checkName says whether an event's name or a group's id can be remembered.
func checkName(what, name string, most int) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: %s is empty; name it", ErrEvent, what)
	case len(name) > most:
		return fmt.Errorf("%w: %s has %d bytes; use at most %d", ErrEvent, what, len(name), most)
	}
	return nil
}
