package visitor

import (
	"maps"
	"slices"
	"time"
)

// Bounds of what a record remembers.
const (
	// RecentDeliveries is of how many deliveries per message it is remembered what was reported. A report that is
	// repeated counts once as long as its delivery is among them.
	RecentDeliveries = 8
	// RecentShowings is of how many showings time and visit are remembered: of each message, and of all together. Caps
	// and throttles cannot look further back.
	RecentShowings = 32
	// MaxThrottles is of how many throttles of groups of messages showings are remembered; the one that was used longest ago
	// makes room.
	MaxThrottles = 32
	// MaxTests is how many test sends wait for a visitor at most; the oldest makes room.
	MaxTests = 20
)

// Record is what is remembered about one visitor. Records that a store returned are shared and never changed; Clone one
// to change it. Times have milliseconds and are in UTC.
type Record struct {
	// ID is the visitor's id inside the workspace, as [Identity.ID] gives it.
	ID string
	// Verified is the highest level at which the visitor has been identified.
	Verified Level
	// Traits are the attributes set by identify: values as JSON has them (string, float64, bool, nil, []any, map[string]any).
	Traits map[string]any
	// FirstSeen is when the visitor first did something worth remembering; zero while only a test send waits for them.
	FirstSeen time.Time
	// LastSeen is when the visitor was last here, accurate to [VisitInterval]. Retention counts from it.
	LastSeen time.Time
	// Messages says by message id what the visitor did with it.
	Messages map[string]*MessageState
	// Showings are the last [RecentShowings] showings of messages, whichever they were, oldest first; those that ignore the
	// throttle are not among them.
	Showings []Showing
	// Throttled are the last [RecentShowings] showings of each throttle of a group of messages, by its id; of at most
	// [MaxThrottles].
	Throttled map[string][]Showing
	// Tests are the test sends that wait for the visitor, oldest first.
	Tests []Test
	// Groups are the ids of the groups that the visitor belongs to; the one named last is the last.
	Groups []string
	// Visits are the visitor's visits and page views.
	Visits Visits
	// Events are the tracked events by their names.
	Events map[string]*Event
	// Tracked are the keys of the last [RecentEvents] events, oldest first.
	Tracked []uint32
	// Campaigns are the visitor's runs through campaigns, by message id. A run is never changed: another takes its place.
	Campaigns map[string]*Run
	// Sent are the messages that were sent to this visitor alone, oldest first.
	Sent []Sent
	// Segments are those that the visitor was in when that was looked at last, in order of their names; of the segments
	// that start campaigns alone.
	Segments []string
	// Inbox is what became of the messages in the visitor's inbox, in the order in which they came.
	Inbox []InboxItem
	// Joined are the ids under which the visitor was known before, whose records joined this one; the last of them is the last.
	// Of at most [MaxJoined].
	Joined []string
}

// MessageState is what a visitor did with one message. Each count counts deliveries: a delivery that is reported twice,
// or clicked twice, counts once.
type MessageState struct {
	Opened                  int
	FirstOpened, LastOpened time.Time
	Clicked                 int
	// Dismissed is when the visitor last dismissed the message; zero: never.
	Dismissed time.Time
	Errors    int
	// Acted is when the visitor last used a button that leads on; zero: never.
	Acted time.Time
	// Snoozed is until when the visitor wants not to see it; zero: never said so.
	Snoozed time.Time
	// Converted is when the visitor reached the message's goal; zero: not yet.
	Converted time.Time
	// Showings are the message's last [RecentShowings] showings, oldest first.
	Showings []Showing
	// Recent are the keys of the last [RecentDeliveries] deliveries that something was reported of, oldest first.
	Recent []uint64
	// Reported says what was reported of each delivery in Recent, in the same order.
	Reported []Reports
	// Run is what the message did in the campaign's last run in which it was shown; see [MessageState.InRun].
	Run RunCounts
	// Withheld is what would have been, had the message not been held back; nil: nothing.
	Withheld *MessageState
	// Variant is in which variant of an experiment the visitor saw it last; empty: in none. Of what was withheld it is
	// [Holdout] where a holdout was the reason.
	Variant string
	// Drawn is the visitor's id by which lots are drawn for this message: the one under which they first had to do with it,
	// where that was before they were known by the record's. Empty: the record's own.
	Drawn string
}

// Showing is that a message came on screen.
type Showing struct {
	At time.Time
	// Visit stands for the visit in which it did; zero when that is not known.
	Visit uint32
}

// Reports is the set of what was reported of one delivery.
type Reports uint8

// The members of Reports. Their numbers are stored.
const (
	ReportedOpened    Reports = 1 << 0
	ReportedClicked   Reports = 1 << 1
	ReportedDismissed Reports = 1 << 2
	ReportedError     Reports = 1 << 3
	ReportedSnoozed   Reports = 1 << 4
)

// Test is a message that an operator sent to one visitor to try it.
type Test struct {
	// Message is the id of the message that waits, Variant that of the variant of its experiment; empty: none in particular.
	Message, Variant string
	// Until is when it stops waiting.
	Until time.Time
	// Shown is the key of the delivery that was opened; zero while it waits. It stays in that delivery's page view until
	// it is dismissed.
	Shown uint64
	// Data is what the message's templates read in place of an event's properties or the data of a send.
	Data map[string]any
}

// New is the record of a visitor about whom nothing is known.
func New(id string) *Record { return &Record{ID: id} }

// Clone copies a record so that the copy can be changed. A nil record has a nil clone.
func (r *Record) Clone() *Record {
	if r == nil {
		return nil
	}
	clone := *r
	// A trait's value is never changed in place: the map is copied, what is in it is shared.
	clone.Traits = maps.Clone(r.Traits)
	clone.Tests = slices.Clone(r.Tests)
	clone.Showings = cloneForOne(r.Showings)
	clone.Campaigns = maps.Clone(r.Campaigns)
	clone.Sent = slices.Clone(r.Sent)
	clone.Segments = slices.Clone(r.Segments)
	clone.Inbox = slices.Clone(r.Inbox)
	clone.Throttled = cloneThrottled(r.Throttled)
	// Groups, joined ids, page views, events and their keys are replaced when they change, and may be shared.
	clone.Visits.Recent = slices.Clone(r.Visits.Recent)
	if r.Messages != nil {
		clone.Messages = make(map[string]*MessageState, len(r.Messages))
		for id, state := range r.Messages {
			clone.Messages[id] = state.clone()
		}
	}
	return &clone
}

// cloneForOne copies a list that is about to get one more, as most changes do.
func cloneForOne[T any](list []T) []T {
	if list == nil {
		return nil
	}
	return append(make([]T, 0, len(list)+1), list...)
}

func (s *MessageState) clone() *MessageState {
	clone := *s
	clone.Recent = cloneForOne(s.Recent)
	clone.Showings = cloneForOne(s.Showings)
	clone.Reported = cloneForOne(s.Reported)
	if s.Withheld != nil {
		clone.Withheld = s.Withheld.clone()
	}
	return &clone
}

// Stale says whether nothing has happened since before: neither was the visitor here, nor does a message that was sent to
// them still wait.
func (r *Record) Stale(before time.Time) bool {
	if !r.LastSeen.Before(before) {
		return false
	}
	return !slices.ContainsFunc(r.Tests, func(t Test) bool { return !t.Until.Before(before) }) &&
		!slices.ContainsFunc(r.Sent, func(s Sent) bool { return !s.Until.Before(before) })
}

// state is the visitor's state of a message, made when there is none.
func (r *Record) state(message string) *MessageState {
	if state := r.Messages[message]; state != nil {
		return state
	}
	if r.Messages == nil {
		r.Messages = map[string]*MessageState{}
	}
	state := &MessageState{}
	r.Messages[message] = state
	return state
}

// lastShowings keeps the newest of showings.
func lastShowings(showings []Showing) []Showing {
	if over := len(showings) - RecentShowings; over > 0 {
		return slices.Delete(showings, 0, over)
	}
	return showings
}

// mark notes that something was reported of a delivery; false when it was noted before.
func (s *MessageState) mark(delivery uint64, what Reports) bool {
	if i := slices.Index(s.Recent, delivery); i >= 0 {
		if s.Reported[i]&what != 0 {
			return false
		}
		s.Reported[i] |= what
		return true
	}
	if len(s.Recent) >= RecentDeliveries { // before, so that the lists need not grow
		s.Recent, s.Reported = slices.Delete(s.Recent, 0, 1), slices.Delete(s.Reported, 0, 1)
	}
	s.Recent = append(s.Recent, delivery)
	s.Reported = append(s.Reported, what)
	return true
}

// MayBeOpen says whether a delivery that is remembered was opened and not dismissed since. A nil state has none.
func (s *MessageState) MayBeOpen() bool {
	if s == nil {
		return false
	}
	for _, reported := range s.Reported {
		if reported&(ReportedOpened|ReportedDismissed) == ReportedOpened {
			return true
		}
	}
	return false
}

// forget drops the oldest deliveries over the bound.
func (s *MessageState) forget() {
	if over := len(s.Recent) - RecentDeliveries; over > 0 {
		s.Recent = slices.Delete(s.Recent, 0, over)
		s.Reported = slices.Delete(s.Reported, 0, over)
	}
}
