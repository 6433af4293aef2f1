package visitor

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// ChangeKind says what happened to a visitor.
type ChangeKind int

// What can happen to a visitor.
const (
	// Identified: identify was called. Uses Level and Traits.
	Identified ChangeKind = iota + 1
	// Opened: a delivery came on screen. Uses Message, Delivery and Test, as the three kinds after it, and Variant.
	Opened
	// Clicked: a button of a delivery was used.
	Clicked
	// Dismissed: a delivery was closed by the visitor.
	Dismissed
	// Failed: a delivery could not be shown as it should.
	Failed
	// TestQueued: an operator sent a message to try it. Uses Message, Variant and Until.
	TestQueued
	// Acted: a button was used that leads on: neither one that closes the message nor one that turns to its next step.
	// Uses Message.
	Acted
	// Snoozed: the visitor wants not to see a message until later. Uses Message, Delivery and Until.
	Snoozed
	// Converted: the visitor did what a message is for. Uses Message, and HeldOut where it was withheld from them. It counts
	// once for each message.
	Converted
	// Visited: the visitor looks at a page. Uses Visit and Page.
	Visited
	// Tracked: an event was tracked. Uses Event and Key.
	Tracked
	// Grouped: the visitor belongs to a group. Uses Group.
	Grouped
	// Told: the visitor said something about themselves, by a form or a button of a message. Uses Traits; traits that the
	// record cannot hold beside those it has are left out, all of them.
	Told
	// Started: something started a campaign. Uses Message, Until (when it is due), Again, Visit, Values (the event's
	// properties) and Key (the event: it counts only before [Tracked] with the key). With Segment, it counts
	// only while the visitor is not noted in the segment, or with Enters false, is.
	Started
	// Exited: the visitor left a campaign for good. Uses Message.
	Exited
	// Entered: the visitor came into a segment, or with Enters false, left it. Uses Segment.
	Entered
	// Queued: a message was sent to this visitor alone. Uses Message, Sent, SentKey, Until and Values (its data).
	Queued
	// Cancelled: a sent message was called back. Uses Sent.
	Cancelled
	// Withheld: a message would have come on screen, but was held back. Uses Message, Delivery, Visit, Run, Sent and Variant.
	Withheld
	// InboxArrived: a message came into the visitor's inbox. Uses Message, Sent or Run, and Arrived, as the three kinds after
	// it. It is no sign that the visitor was here.
	InboxArrived
	// InboxOpened: the visitor has read a message in the inbox.
	InboxOpened
	// InboxUnopened: the visitor wants to find it as if it had not been read.
	InboxUnopened
	// InboxDeleted: the visitor has thrown it away.
	InboxDeleted
)

// SeenInterval is how often an identify that says nothing new is written down, so that retention counts from it.
const SeenInterval = 24 * time.Hour

// Change is one thing that happened to a visitor.
type Change struct {
	Kind ChangeKind
	// At is when it happened, by the edge's clock.
	At time.Time
	// Message is the id of the message concerned.
	Message string
	// Delivery is the key of the delivery concerned: a number that stands for its id.
	Delivery uint64
	// Visit stands for the visit in which it happened; zero when that is not known. Used by Opened and Visited.
	Visit uint32
	// IgnoresThrottle is true for a showing that does not count towards the throttle. Used by Opened.
	IgnoresThrottle bool
	// Throttles are the throttles of groups that a showing counts towards. Used by Opened.
	Throttles []string
	// Test is true for a report of a test send: nothing of it is counted.
	Test bool
	// Until is when a queued test or a sent message stops waiting, when a started campaign is due, and when a snoozed message
	// may come back.
	Until time.Time
	// Again is from when on a campaign may start anew; zero: never.
	Again time.Time
	// Run is when the run of a campaign started that a delivery belongs to; zero: none.
	Run time.Time
	// Sent stands for the key of a sent message, which is SentKey; zero: none.
	Sent    uint64
	SentKey string
	// View stands for the page view of a delivery.
	View uint64
	// Segment is the segment that was entered or, with Enters false, left.
	Segment string
	Enters  bool
	// Values are the properties of an event, or the data of a sent message or test.
	Values map[string]any
	// Level is how well the visitor is known; an identify counts as [LevelIdentified] at least.
	Level Level
	// Traits are set by identify. A trait that is null is removed; the others stay as they were.
	Traits map[string]any
	// Page is the page that the visitor looks at.
	Page *PageView
	// Event is the name of a tracked event. Key stands for that one event, so that it counts once when it is sent again;
	// zero: it counts each time.
	Event string
	Key   uint32
	// Group is the id of a group.
	Group string
	// Variant is the variant of an experiment that a delivery shows, or [Holdout]; empty: none.
	Variant string
	// HeldOut is true for a conversion of somebody from whom a holdout withheld the message.
	HeldOut bool
	// Inbox is true for a sent message that lies in the inbox. Used by Queued.
	Inbox bool
	// Arrived is when a message came into the inbox; zero: now.
	Arrived time.Time
}

// Check says whether a change keeps the record within its bounds. The error is that of [CheckTraits] on the traits which
// the record would then have, or wraps [ErrEvent] or [ErrData].
func (r *Record) Check(c Change) error {
	switch {
	case c.Kind == Tracked:
		return checkName("the event's name", c.Event, MaxEventName)
	case c.Kind == Grouped:
		return checkName("the group's id", c.Group, MaxGroup)
	case c.Kind == Queued, c.Kind == TestQueued:
		return CheckData(c.Values)
	case c.Kind != Identified || len(c.Traits) == 0:
		return nil
	}
	if err := CheckTraits(c.Traits); err != nil {
		return err
	}
	if err := CheckTraits(withTraits(r.Traits, c.Traits)); err != nil {
		return fmt.Errorf("together with the traits that are known of the visitor already: %w", err)
	}
	return nil
}

// Apply changes the record by what happened. It returns false, and leaves the record as it was, when nothing changes by
// it: most often because it is a repeat of what was applied before, in whatever order the repeats arrive. Check the
// change first: Apply takes traits as they are.
func (r *Record) Apply(c Change) (counted bool) {
	c.At = stamp(c.At)
	switch c.Kind {
	case Identified:
		counted = r.identify(c)
	case Opened, Clicked, Dismissed, Failed, Acted, Snoozed, Converted, Withheld:
		if c.Test {
			counted = r.reportTest(c)
		} else {
			counted = r.report(c)
		}
	case Started:
		counted = r.start(c)
	case Exited:
		counted = r.exit(c)
	case Entered:
		counted = r.enter(c)
	case Told:
		counted = r.told(c)
	case TestQueued:
		r.queue(c)
		return true // an operator's doing: it does not mean that the visitor was here
	case Visited:
		return r.visited(c)
	case Tracked:
		counted = r.track(c)
	case Grouped:
		counted = r.group(c)
	case Queued:
		return r.send(c)
	case Cancelled:
		return r.cancel(c)
	case InboxArrived:
		return r.inbox(c)
	case InboxOpened, InboxUnopened, InboxDeleted:
		counted = r.inbox(c)
	}
	if counted {
		r.expireTests(c.At)
		r.touch(c.At)
	}
	return counted
}

// identify sets level and traits; true when one of them changed, or a visit is to be noted.
func (r *Record) identify(c Change) bool {
	first := r.FirstSeen.IsZero()
	level := max(c.Level, LevelIdentified, r.Verified)
	traits := r.Traits
	if len(c.Traits) > 0 {
		traits = withTraits(r.Traits, c.Traits)
	}
	if !first && level == r.Verified && sameTraits(traits, r.Traits) {
		return r.seen(c.At)
	}
	r.Verified, r.Traits = level, traits
	return true
}

// told sets traits without making somebody of the visitor; true when one of them changed.
func (r *Record) told(c Change) bool {
	traits := withTraits(r.Traits, c.Traits)
	if sameTraits(traits, r.Traits) || CheckTraits(traits) != nil {
		return false
	}
	r.Traits = traits
	return true
}

func sameTraits(a, b map[string]any) bool {
	return len(a) == len(b) && (len(a) == 0 || reflect.DeepEqual(a, b))
}

// report counts what was reported of a delivery.
func (r *Record) report(c Change) bool {
	s := r.state(c.Message)
	switch c.Kind {
	case Opened:
		if !s.mark(c.Delivery, ReportedOpened) {
			return false
		}
		if !c.At.Before(s.LastOpened) {
			s.Variant = c.Variant
		}
		s.Opened++
		s.FirstOpened = earlier(s.FirstOpened, c.At)
		s.LastOpened = later(s.LastOpened, c.At)
		if run := s.inRun(c); run != nil {
			run.Opened++
			run.FirstOpened = earlier(run.FirstOpened, c.At)
		}
		r.showing(s, c)
		r.showSent(c)
	case Clicked:
		if !s.mark(c.Delivery, ReportedClicked) {
			return false
		}
		s.Clicked++
	case Dismissed:
		if !s.mark(c.Delivery, ReportedDismissed) {
			return false
		}
		s.Dismissed = later(s.Dismissed, c.At)
		if run := s.inRun(c); run != nil {
			run.Dismissed = later(run.Dismissed, c.At)
		}
		r.showSent(c)
	case Acted:
		return s.act(c)
	case Snoozed:
		// Snoozing closes a message, and is no dismissal: one that is reported after it does not count.
		if !s.mark(c.Delivery, ReportedSnoozed|ReportedDismissed) {
			return false
		}
		s.Snoozed = later(s.Snoozed, stamp(c.Until))
	case Converted:
		if c.HeldOut {
			s = s.Withheld
		}
		if s == nil || !s.Converted.IsZero() {
			return false
		}
		s.Converted = c.At
	case Failed:
		if !s.mark(c.Delivery, ReportedError) {
			return false
		}
		s.Errors++
	case Withheld:
		return r.withhold(s, c)
	}
	return true
}

// showing notes when and in which visit a message came on screen, for caps and throttles.
func (r *Record) showing(s *MessageState, c Change) {
	shown := Showing{At: c.At, Visit: c.Visit}
	s.Showings = insert(s.Showings, shown)
	if c.IgnoresThrottle {
		return
	}
	r.Showings = insert(r.Showings, shown)
	for _, id := range c.Throttles {
		r.throttled(id, shown)
	}
}

// insert adds a showing to a list in order; a report that comes late belongs before newer ones.
func insert(showings []Showing, shown Showing) []Showing {
	place, _ := slices.BinarySearchFunc(showings, shown.At, func(known Showing, at time.Time) int {
		if known.At.After(at) {
			return 1
		}
		return -1
	})
	if len(showings) < RecentShowings {
		return slices.Insert(showings, place, shown)
	}
	if place > 0 { // the oldest makes room
		copy(showings[:place-1], showings[1:place])
		showings[place-1] = shown
	}
	return showings
}

// reportTest notes that a test send is on screen, or ends it when it is dismissed.
func (r *Record) reportTest(c Change) bool {
	i := slices.IndexFunc(r.Tests, func(t Test) bool {
		return t.Message == c.Message && (t.Shown == 0 || t.Shown == c.Delivery)
	})
	switch {
	case i < 0:
		return false
	case c.Kind == Dismissed:
		r.Tests = slices.Delete(r.Tests, i, i+1)
		return true
	case c.Kind == Opened && r.Tests[i].Shown == 0:
		r.Tests[i].Shown = c.Delivery
		return true
	}
	return false
}

// queue lets a test send wait; one that was sent before for the same message is replaced.
func (r *Record) queue(c Change) {
	r.expireTests(c.At)
	r.Tests = slices.DeleteFunc(r.Tests, func(t Test) bool { return t.Message == c.Message })
	test := Test{Message: c.Message, Variant: c.Variant, Until: stamp(c.Until)}
	if data, ok := plain(c.Values); ok && len(c.Values) > 0 {
		test.Data = data.(map[string]any)
	}
	r.Tests = append(r.Tests, test)
	r.forgetTests()
}

func (r *Record) expireTests(now time.Time) {
	r.Tests = slices.DeleteFunc(r.Tests, func(t Test) bool { return !now.Before(t.Until) })
}

func (r *Record) forgetTests() {
	if over := len(r.Tests) - MaxTests; over > 0 {
		r.Tests = slices.Delete(r.Tests, 0, over)
	}
}

// seen notes a visit of a known visitor when the last one noted is old enough.
func (r *Record) seen(at time.Time) bool {
	if r.FirstSeen.IsZero() || at.Sub(r.LastSeen) < SeenInterval {
		return false
	}
	r.expireTests(at)
	r.touch(at)
	return true
}

func (r *Record) touch(at time.Time) {
	r.FirstSeen = earlier(r.FirstSeen, at)
	r.LastSeen = later(r.LastSeen, at)
}

// stamp is a time as records keep it.
func stamp(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

// earlier is the earlier of two times, a zero one being none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// later is the later of two times, a zero one being none.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
