package visitor

import (
	"maps"
	"slices"
	"time"
)

// Bounds of what a record remembers of campaigns.
const (
	// MaxCampaigns is of how many campaigns a visitor's run is remembered whole. The one that started longest ago makes room; of
	// it stays what [Record.LastRun] says. A visit makes none of what nobody has seen: it would push out what itself began.
	MaxCampaigns = 256
	// MaxEventSize is how large the properties are that a run keeps of the event which started it, measured as
	// [MaxTraitsSize] is. Properties that do not fit are left out, the last of the alphabet first.
	MaxEventSize = 2 << 10
	// MaxSegments is of how many segments it is remembered that a visitor is in them.
	MaxSegments = 200
)

var runBounds = bounds{ErrEvent, "a campaign", "properties", MaxProperties, MaxTraitName, MaxTraitDepth, MaxEventSize}

// Run is a visitor's way through a campaign, since what started it last.
type Run struct {
	// Started is when the campaign was started for the visitor; Due from when on its message may be shown.
	Started, Due time.Time
	// Again is from when on the campaign may start anew; zero: never.
	Again time.Time
	// Exited is when the visitor left the campaign; zero: not.
	Exited time.Time
	// Visit stands for the visit that started it; zero: something else did.
	Visit uint32
	// Event holds properties of the event that started it.
	Event map[string]any
}

// start begins a run. What may not start again yet, and what began this very run, changes nothing.
func (r *Record) start(c Change) bool {
	switch {
	case c.Segment != "" && r.InSegment(c.Segment) == c.Enters:
		return false // another poll has noticed it first
	case c.Key != 0 && slices.Contains(r.Tracked, c.Key):
		return false // the event is sent again
	}
	run := r.Campaigns[c.Message]
	if run == nil {
		run = r.forgotten(c.Message, c.At, stamp(c.Again))
	}
	if run != nil {
		same := c.Visit != 0 && run.Visit == c.Visit
		if same || run.Again.IsZero() || c.At.Before(run.Again) || !c.At.After(run.Started) {
			return false
		}
	}
	if r.Campaigns[c.Message] == nil && !r.makeRoom(c.Visit != 0) {
		if c.Delivery == 0 {
			return false
		}
		r.state(c.Message).begin(c.At) // it is on screen: that is remembered anyway
		return true
	}
	if r.Campaigns == nil {
		r.Campaigns = map[string]*Run{}
	}
	r.Campaigns[c.Message] = &Run{Started: c.At, Due: stamp(c.Until), Again: stamp(c.Again), Visit: c.Visit, Event: fitting(c.Values)}
	return true
}

// exit ends a run for good.
func (r *Record) exit(c Change) bool {
	run := r.Campaigns[c.Message]
	if run == nil {
		return r.exitForgotten(c)
	}
	if !run.Exited.IsZero() {
		return false
	}
	left := *run
	left.Exited = c.At
	r.Campaigns[c.Message] = &left
	return true
}

// InSegment says whether the visitor was in a segment when that was looked at last.
func (r *Record) InSegment(segment string) bool {
	if r == nil {
		return false
	}
	_, found := slices.BinarySearch(r.Segments, segment)
	return found
}

// enter notes that the visitor came into a segment or left it.
func (r *Record) enter(c Change) bool {
	at, found := slices.BinarySearch(r.Segments, c.Segment)
	switch {
	case found == c.Enters, c.Enters && len(r.Segments) >= MaxSegments:
		return false
	case c.Enters:
		r.Segments = slices.Insert(r.Segments, at, c.Segment)
	case len(r.Segments) == 1:
		r.Segments = nil
	default:
		r.Segments = slices.Delete(r.Segments, at, at+1)
	}
	return true
}

// fitting is what a run keeps of an event's properties.
func fitting(properties map[string]any) map[string]any {
	size := 0
	var kept map[string]any
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		before := size
		if name == "" || runBounds.checkValue(name, properties[name], runBounds.depth, &size) != nil || size > runBounds.bytes {
			size = before
			continue
		}
		if value, ok := plain(properties[name]); ok {
			if kept == nil {
				kept = map[string]any{}
			}
			kept[name] = value
		}
	}
	return kept
}

// mergeRuns is the run of one person whose two ids both had one: as if all had happened to one. A later run counts only
// when the earlier allowed the campaign to start again by then.
func mergeRuns(a, b *Run) *Run {
	first, second := a, b
	if b.Started.Before(a.Started) {
		first, second = b, a
	}
	switch {
	case a.Started.Equal(b.Started):
		merged := *a
		merged.Exited = earlier(a.Exited, b.Exited)
		return &merged
	case first.Again.IsZero() || second.Started.Before(first.Again):
		return first
	}
	return second
}

// mergeCounts joins the counts of two ids in a run that started at a time. What one of them did in an earlier run is over.
func mergeCounts(a, b RunCounts, started time.Time) RunCounts {
	switch aOver, bOver := a.Started.Before(started), b.Started.Before(started); {
	case aOver && !bOver:
		return b
	case bOver && !aOver:
		return a
	}
	return RunCounts{
		Started: later(a.Started, b.Started), Opened: max(a.Opened, b.Opened), FirstOpened: earlier(a.FirstOpened, b.FirstOpened),
		Dismissed: later(a.Dismissed, b.Dismissed), Acted: earlier(a.Acted, b.Acted), Exited: earlier(a.Exited, b.Exited),
	}
}

// started is when the visitor's run of a campaign did; the zero time where there is none.
func (r *Record) started(campaign string) time.Time {
	if run := r.Campaigns[campaign]; run != nil {
		return run.Started
	}
	return time.Time{}
}

func (r *Record) mergeCampaigns(from *Record) {
	for id, run := range r.Campaigns {
		if from.Campaigns[id] == nil && from.followed(id, run) {
			delete(r.Campaigns, id)
		}
	}
	for id, run := range from.Campaigns {
		if known := r.Campaigns[id]; known != nil {
			run = mergeRuns(known, run)
		} else if r.followed(id, run) {
			continue
		}
		if r.Campaigns == nil {
			r.Campaigns = map[string]*Run{}
		}
		r.Campaigns[id] = run
	}
	for _, segment := range from.Segments {
		r.enter(Change{Segment: segment, Enters: true})
	}
}
