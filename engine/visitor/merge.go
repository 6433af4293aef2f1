package visitor

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Merge is the record of one person who was known under two ids: into with what from remembers. Of each count it has the
// larger, of dismissals, recent deliveries, groups and recent visits the union, of traits into's where both have one, and
// into's alone where both together exceed the bounds of [CheckTraits]. Merging the same again changes nothing. Neither
// record is changed; from may be nil.
func Merge(into, from *Record) *Record {
	merged := into.Clone()
	if from == nil {
		return merged
	}
	merged.Verified = max(into.Verified, from.Verified)
	merged.FirstSeen = earlier(into.FirstSeen, from.FirstSeen)
	merged.LastSeen = later(into.LastSeen, from.LastSeen)
	if len(from.Traits) > 0 {
		traits := maps.Clone(from.Traits)
		maps.Copy(traits, into.Traits)
		if CheckTraits(traits) == nil {
			merged.Traits = traits
		}
	}
	merged.mergeCampaigns(from)
	for id, state := range from.Messages {
		if known := merged.Messages[id]; known != nil {
			*merged.state(id) = *mergeState(known, state, merged.started(id))
			merged.state(id).drawn(known, state, from.ID)
		} else {
			*merged.state(id) = *state.joining()
			merged.state(id).drawn(&MessageState{}, state, from.ID)
		}
	}
	merged.forgetCampaigns()
	merged.Showings = unite(into.Showings, from.Showings)
	merged.Throttled = uniteThrottled(into.Throttled, from.Throttled)
	merged.Groups = uniteGroups(into.Groups, from.Groups)
	merged.Visits = mergeVisits(into.Visits, from.Visits)
	merged.Events = mergeEvents(into.Events, from.Events)
	merged.Tracked = uniteKeys(into.Tracked, from.Tracked)
	for _, test := range from.Tests {
		if !slices.ContainsFunc(merged.Tests, func(t Test) bool { return t.Message == test.Message }) {
			merged.Tests = append(merged.Tests, test)
		}
	}
	merged.forgetTests()
	merged.mergeSent(from)
	merged.mergeInbox(from)
	return merged
}

// joining is a copy of the only state that there is of a message, with its showings in the order that [unite] gives them.
func (s *MessageState) joining() *MessageState {
	copied := s.clone()
	copied.Showings = unite(s.Showings, nil)
	if s.Withheld != nil {
		copied.Withheld = s.Withheld.joining()
	}
	return copied
}

// mergeState joins two states of a message; run is when the run of its campaign started that the person is in.
func mergeState(into, from *MessageState, run time.Time) *MessageState {
	// What was opened later is newer, and the newest deliveries are the ones to remember.
	older, newer := from, into
	if from.LastOpened.After(into.LastOpened) {
		older, newer = into, from
	}
	merged := newer.clone()
	merged.Opened = max(into.Opened, from.Opened)
	merged.Clicked = max(into.Clicked, from.Clicked)
	merged.Errors = max(into.Errors, from.Errors)
	merged.FirstOpened = earlier(into.FirstOpened, from.FirstOpened)
	merged.LastOpened = later(into.LastOpened, from.LastOpened)
	merged.Dismissed = later(into.Dismissed, from.Dismissed)
	merged.Acted = later(into.Acted, from.Acted)
	merged.Snoozed = later(into.Snoozed, from.Snoozed)
	merged.Converted = earlier(into.Converted, from.Converted)
	merged.Showings = unite(into.Showings, from.Showings)
	merged.Run = mergeCounts(into.Run, from.Run, run)
	switch {
	case into.Withheld != nil && from.Withheld != nil:
		merged.Withheld = mergeState(into.Withheld, from.Withheld, run)
	case into.Withheld == nil && from.Withheld != nil:
		merged.Withheld = from.Withheld.joining()
	case into.Withheld != nil:
		merged.Withheld = into.Withheld.clone()
	}
	var recent []uint64
	var reported []Reports
	for i, key := range older.Recent {
		if at := slices.Index(newer.Recent, key); at >= 0 {
			merged.Reported[at] |= older.Reported[i]
			continue
		}
		recent, reported = append(recent, key), append(reported, older.Reported[i])
	}
	merged.Recent = append(recent, merged.Recent...)
	merged.Reported = append(reported, merged.Reported...)
	merged.forget()
	return merged
}

// unite is the showings of both lists in order, the newest [RecentShowings] of them. One that both have is the same
// showing, known twice.
func unite(a, b []Showing) []Showing {
	a, b = slices.SortedFunc(slices.Values(a), order), slices.SortedFunc(slices.Values(b), order)
	var all []Showing
	for len(a) > 0 && len(b) > 0 {
		first := order(a[0], b[0])
		if first <= 0 {
			all = append(all, a[0])
			a = a[1:]
		} else {
			all = append(all, b[0])
		}
		if first >= 0 {
			b = b[1:]
		}
	}
	return lastShowings(append(append(all, a...), b...))
}

// order is that of time; where it is equal, any that is always the same.
func order(a, b Showing) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Visit, b.Visit)) }
