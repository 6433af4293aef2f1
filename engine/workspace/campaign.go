package workspace

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"handbill/engine/audience"
	"handbill/engine/content"
)

// Kind says how a message comes to a visitor.
type Kind string

const (
	// KindBroadcast is shown to its audience, from its start on. It is the default.
	KindBroadcast Kind = "broadcast"
	// KindCampaign is shown after its trigger has started it for a visitor.
	KindCampaign Kind = "campaign"
	// KindTransactional is sent to one person at a time.
	KindTransactional Kind = "transactional"
)

// DefaultExpires is how long campaigns and transactional messages wait to be seen.
const DefaultExpires = 30 * 24 * time.Hour

// Trigger is what starts a campaign. One of Event, Segment and Visit is set.
type Trigger struct {
	// Event is the name of the event that starts it; Where is a condition on the event's properties, nil for none.
	Event string
	Where *audience.Condition
	// Segment starts it for whoever comes into the segment or, with Leaves, leaves it.
	Segment string
	Leaves  bool
	// Visit says which visits start it.
	Visit Visit
	// Delay is how long after that its message is due.
	Delay time.Duration
	// Reentry is how long after a start it may be started again: Never, or no less than zero, which is always.
	Reentry time.Duration
}

// Never is a [Trigger.Reentry] that allows one start alone.
const Never time.Duration = -1

// Visit says which visits start a campaign.
type Visit string

// The visits that start campaigns.
const (
	VisitAny       Visit = "any"
	VisitFirst     Visit = "first"
	VisitReturning Visit = "returning"
)

// Again is from when on a campaign that was started may start anew; zero: never.
func (t *Trigger) Again(started time.Time) time.Time {
	if t.Reentry == Never {
		return time.Time{}
	}
	return started.Add(t.Reentry)
}

// String says what starts the campaign, as in "started by …".
func (t *Trigger) String() string {
	switch {
	case t.Event != "":
		return fmt.Sprintf("the event %q", t.Event)
	case t.Leaves:
		return fmt.Sprintf("leaving the segment %q", t.Segment)
	case t.Segment != "":
		return fmt.Sprintf("entering the segment %q", t.Segment)
	}
	return fmt.Sprintf("visit = %q", t.Visit)
}

// kind reads how the message comes to visitors.
func (c *check) kind(s section, m *Message) {
	m.Kind = Kind(s.word("kind", string(KindBroadcast)))
	m.Exit = c.condition(s, "exit")
	campaign := m.Kind == KindCampaign
	known, _ := find(messageKeys, "kind")
	if !wordOf(known, string(m.Kind)) {
		return
	}
	if values := s.table("trigger"); values != nil {
		m.Trigger = c.trigger(s, values)
	}
	switch {
	case campaign && !s.has("trigger"):
		s.wrong(s.offset, `add trigger = { event = "signed_up" }`, "a campaign needs a trigger")
	case !campaign && s.has("trigger"):
		s.wrong(s.at("trigger"), `set kind = "campaign", or take the trigger away`, "a %s message has no trigger", m.Kind)
	}
	if !campaign && s.has("exit") {
		s.wrong(s.at("exit"), `set kind = "campaign", or write what must hold in where`, "a %s message has no exit", m.Kind)
	}
	if m.Kind != KindBroadcast && m.Expires == 0 {
		m.Expires = DefaultExpires
	}
	if m.Kind == KindTransactional {
		c.transactional(s, m)
	}
}

// transactional checks what a message that is sent cannot have.
func (c *check) transactional(s section, m *Message) {
	if s.has("frequency") {
		s.wrong(s.at("frequency"), "take it away", "a transactional message is shown once for each time that it is sent")
	}
	if m.Audience.String() == audience.Anonymous {
		s.wrong(s.at("audience"), "take it away", "a transactional message is sent to people who have identified")
	}
	m.Frequency = Frequency{Name: "once for each send"}
}

func wordOf(k key, word string) bool {
	for _, known := range k.words {
		if known == word {
			return true
		}
	}
	return false
}

// trigger reads what starts a campaign.
func (c *check) trigger(s section, values map[string]any) *Trigger {
	t := s.child(s.subject+": trigger", values, s.place.key("trigger"), s.at("trigger"))
	t.checkKeys(triggerKeys)
	trigger := &Trigger{
		Event: t.text("event"), Where: c.conditionOf(t, "where", (*audience.Environment).CompileTrigger),
		Segment: t.text("segment"), Leaves: t.text("on") == onLeave,
		Visit: Visit(t.text("visit")), Delay: t.duration("delay"), Reentry: t.reentry(),
	}
	var causes []string
	for _, name := range []string{"event", "segment", "visit"} {
		if t.has(name) {
			causes = append(causes, name)
		}
	}
	switch {
	case len(causes) == 0:
		t.wrong(t.offset, `add event = "signed_up"`, "it says neither an event nor a segment nor a visit")
	case len(causes) > 1:
		t.wrong(t.at(causes[1]), "keep one of them, and make another message for the other", "it has %s beside %s", causes[1], causes[0])
	case t.has("event") && kindOf(values["event"]) == aText && (trigger.Event == "" || len(trigger.Event) > maximumEventName):
		t.wrong(t.at("event"), `write the name that the site says: event = "signed_up"`, "event has %d characters; it must have 1 to %d", len(trigger.Event), maximumEventName)
	}
	if t.has("where") && !t.has("event") {
		t.wrong(t.at("where"), "write it as the message's own where, or in the segment", "only an event has properties to ask for")
	}
	c.triggerSegment(t)
	return trigger
}

// What on says of a segment.
const (
	onEnter = "enter"
	onLeave = "leave"
)

// triggerSegment checks the segment that starts a campaign.
func (c *check) triggerSegment(t section) {
	name, isText := t.values["segment"].(string)
	_, defined := c.segmentAt[name]
	switch {
	case !t.has("segment") && t.has("on"):
		t.wrong(t.at("on"), `add segment = "trial-users"`, "on says how a segment starts it, and there is none")
	case !isText:
	case !defined:
		fix := fmt.Sprintf("define it: [[segments]] id = %q", name)
		if near := audience.Nearest(name, maps.Keys(c.segmentAt)); near != "" {
			fix = fmt.Sprintf("write %q, or %s", near, fix)
		}
		t.wrong(t.at("segment"), fix, "there is no segment %q", name)
	case !t.has("on"):
		t.wrong(t.at("segment"), `add on = "enter" or on = "leave"`, "it does not say how the segment starts it")
	}
}

// maximumEventName is how long the name of an event may be, in bytes.
const maximumEventName = 1 << 10

// reentry reads how long after a start a campaign may be started again.
func (s section) reentry() time.Duration {
	switch text := s.text("reentry"); text {
	case "", "never":
		return Never
	case "always":
		return 0
	default:
		length, ok := ParseDuration(text)
		if !ok {
			s.wrong(s.at("reentry"), `write "never", "always", or a length of time such as "30d"`, "reentry %q is not understood", text)
		}
		return length
	}
}

// checkReads reports texts that read what messages of this kind do not have.
func (c *check) checkReads(s section, m *Message) {
	m.ReadsEvent = m.template.Reads(content.VariableEvent)
	m.ExitConstant = m.Exit != nil && !c.segments.Uses(m.Exit, "page") && !c.segments.Uses(m.Exit, "request")
	byEvent := m.Trigger == nil || m.Trigger.Event != "" // a wrong trigger is reported already
	switch {
	case m.ReadsEvent && (m.Kind != KindCampaign || !byEvent):
		s.wrong(s.offset, `write trigger = { event = "…" }, or take {{ event }} out of the texts`, "only a campaign that an event starts has {{ event }}")
	case m.template.Reads(content.VariableData) && m.Kind != KindTransactional:
		s.wrong(s.offset, `set kind = "transactional", or take {{ data }} out of the texts`, "only a transactional message has {{ data }}")
	}
}

// sameCampaign says whether two messages of the same text have the same conditions, too.
func sameCampaign(a, b *Message) bool {
	return a.Exit == b.Exit && a.ExitConstant == b.ExitConstant && (a.Trigger == nil || b.Trigger == nil || a.Trigger.Where == b.Trigger.Where)
}

// starters are the campaigns of a snapshot by what starts them.
type starters struct {
	events map[string][]*Message
	visits []*Message
	// segments are in the order of their names.
	segments []Entrance
	// exits: some campaign has a condition on which it is left.
	exits bool
}

// Entrance is a segment, and the campaigns that it starts.
type Entrance struct {
	Segment string
	// Entered are started by coming into the segment, Left by leaving it.
	Entered, Left []*Message
	// Constant: being in the segment does not depend on the page or the request at hand.
	Constant bool
}

func newStarters(messages []*Message, segments *audience.Segments) starters {
	var s starters
	for _, m := range messages {
		s.exits = s.exits || m.Exit != nil
		switch {
		case m.Trigger == nil, m.Status == StatusDraft, m.Status == StatusArchived:
		case m.Trigger.Event != "":
			if s.events == nil {
				s.events = make(map[string][]*Message)
			}
			s.events[m.Trigger.Event] = append(s.events[m.Trigger.Event], m)
		case m.Trigger.Visit != "":
			s.visits = append(s.visits, m)
		default:
			s.enter(m, segments)
		}
	}
	return s
}

func (s *starters) enter(m *Message, segments *audience.Segments) {
	name := m.Trigger.Segment
	at, found := slices.BinarySearchFunc(s.segments, name, func(e Entrance, name string) int { return strings.Compare(e.Segment, name) })
	if !found {
		depends := segments.SegmentUses(name, "page") || segments.SegmentUses(name, "request")
		s.segments = slices.Insert(s.segments, at, Entrance{Segment: name, Constant: !depends})
	}
	if e := &s.segments[at]; m.Trigger.Leaves {
		e.Left = append(e.Left, m)
	} else {
		e.Entered = append(e.Entered, m)
	}
}

// Exits says whether some campaign has a condition on which it is left.
func (s *Snapshot) Exits() bool { return s.starters.exits }

// Entrances are the segments that start campaigns, in the order of their names.
func (s *Snapshot) Entrances() []Entrance { return s.starters.segments }

// StartedByEvent are the campaigns that an event of this name starts. What is paused is started too.
func (s *Snapshot) StartedByEvent(name string) []*Message { return s.starters.events[name] }

// StartedByVisit are the campaigns that visits start.
func (s *Snapshot) StartedByVisit() []*Message { return s.starters.visits }
