package engine

import (
	"fmt"
	"strconv"
	"time"

	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// occasion is why a visitor is shown a message: the run of a campaign, or one of the times that the message was sent. It is
// the zero value for a broadcast without variants.
type occasion struct {
	run  time.Time
	sent uint64
	// variant is the message's variant of an experiment that is shown; empty: none.
	variant string
	// form is how the reference client shows it.
	form form
}

// Occasion tells apart the times that one message was sent to the same visitor, or a campaign was started for them, whatever
// their deliveries are called; empty for a broadcast.
func (d *Delivery) Occasion() string {
	switch of := d.sealed.of; {
	case of.sent != 0:
		return strconv.FormatUint(of.sent, 36)
	case !of.run.IsZero():
		return strconv.FormatInt(of.run.UnixMilli(), 36)
	}
	return ""
}

// occasion is the one for which a message would be shown now.
func (s *situation) occasion(m *workspace.Message) occasion {
	of := occasion{variant: s.variant(m).Variant, form: s.form(m)}
	if run := s.run(m); run != nil {
		of.run = run.Started
	} else if sent := s.sent(m); sent != nil {
		of.sent = sent.ID
	}
	return of
}

// run is the visitor's run through a campaign; nil for none, and for a message of another kind.
func (s *situation) run(m *workspace.Message) *visitor.Run {
	switch {
	case m.Kind != workspace.KindCampaign:
		return nil
	case s.record == nil:
		return s.imagined(m)
	}
	if run := s.record.Campaigns[m.ID]; run != nil {
		return run
	}
	return s.withoutRoom(m)
}

// sent is the one of a transactional message's sends that is on screen in this page view, or else the oldest that waits.
func (s *situation) sent(m *workspace.Message) *visitor.Sent {
	if m.Kind != workspace.KindTransactional || s.record == nil || len(s.record.Sent) == 0 {
		return nil
	}
	if s.sending != nil && s.sending.Message == m.ID {
		return s.sending
	}
	view := s.viewOf(m)
	var waits *visitor.Sent
	for i := range s.record.Sent {
		sent := &s.record.Sent[i]
		switch {
		case sent.Message != m.ID:
		case sent.View == view && !sent.Over() && s.view != "":
			return sent
		case waits == nil && s.waits(sent):
			waits = sent
		}
	}
	return waits
}

// waits says whether a send waits to be seen.
func (s *situation) waits(sent *visitor.Sent) bool {
	s.turns(sent.Until)
	return sent.Waits(s.now)
}

// lastSent is the last of a transactional message's sends that is remembered.
func (s *situation) lastSent(m *workspace.Message) *visitor.Sent {
	if s.record == nil {
		return nil
	}
	for i := len(s.record.Sent) - 1; i >= 0; i-- {
		if sent := &s.record.Sent[i]; sent.Message == m.ID {
			return sent
		}
	}
	return nil
}

// expires is when a run ends that has not been seen.
func expires(m *workspace.Message, run *visitor.Run) time.Time { return run.Due.Add(m.Expires) }

// askKind says whether the campaign was started for the visitor and is due, and whether the transactional message was sent
// to them.
func askKind(_ *Engine, m *workspace.Message, s *situation) Reason {
	switch m.Kind {
	case workspace.KindCampaign:
		return askRun(m, s)
	case workspace.KindTransactional:
		sent := s.sent(m)
		switch last := s.lastSent(m); {
		case sent == nil && last != nil && last.View == 0 && !last.Over():
			return ReasonExpired
		case sent == nil:
			return ReasonNotTriggered
		case !s.mayRead(m):
			return ReasonNeedsVerified
		}
	default:
		if !s.mayRead(m) {
			return ReasonNeedsVerified
		}
	}
	return ReasonNone
}

// mayRead says whether the visitor is sure enough to be who they say for the message: for one that was sent to one person,
// or lies in their inbox and says something about them. An anonymous visitor is known by the edge's own cookie.
func (s *situation) mayRead(m *workspace.Message) bool {
	personal := m.Kind == workspace.KindTransactional || m.Inbox != nil && m.Inbox.Personal
	if m.Kind != workspace.KindTransactional && s.identity.User == "" {
		return true
	}
	return !personal || s.identity.MayReadWhatIsPersonal()
}

func askRun(m *workspace.Message, s *situation) Reason {
	run := s.run(m)
	switch {
	case run == nil:
		return ReasonNotTriggered
	case !run.Exited.IsZero(), m.Exit != nil && m.Exit.Holds(s.asked()):
		return ReasonExited
	case s.before(run.Due):
		return ReasonWaiting
	case !s.before(expires(m, run)) && (m.Inbox != nil || s.state(m).InRun(run.Started).Opened == 0):
		return ReasonExpired
	case !s.mayRead(m):
		return ReasonNeedsVerified
	}
	return ReasonNone
}

func describeKind(_ *Engine, m *workspace.Message, s *situation) (saw, help string) {
	switch m.Kind {
	case workspace.KindCampaign:
		return describeRun(m, s)
	case workspace.KindTransactional:
		return describeSent(m, s)
	}
	if !s.mayRead(m) {
		return "a broadcast in the inbox that says something about the visitor, whose user id is not verified", helpVerify
	}
	return "a broadcast: it is for its whole audience", ""
}

func describeRun(m *workspace.Message, s *situation) (saw, help string) {
	run := s.run(m)
	if run == nil {
		return describeStart(m.Trigger, s)
	}
	saw = fmt.Sprintf("started by %s at %s, due from %s", m.Trigger, run.Started.Format(time.RFC3339), run.Due.Format(time.RFC3339))
	switch askRun(m, s) {
	case ReasonExited:
		if run.Exited.IsZero() {
			return fmt.Sprintf("%s; left, for exit holds: %s", saw, m.Exit.Explain(s.asked()).Why), helpAgain(m, run)
		}
		return fmt.Sprintf("%s; left at %s", saw, run.Exited.Format(time.RFC3339)), helpAgain(m, run)
	case ReasonWaiting:
		return saw, fmt.Sprintf("it is due from %s on", run.Due.Format(time.RFC3339))
	case ReasonExpired:
		if m.Inbox != nil {
			return fmt.Sprintf("%s; it left the inbox at %s", saw, expires(m, run).Format(time.RFC3339)), helpAgain(m, run) + "; or set a longer expires"
		}
		return fmt.Sprintf("%s; it was not seen until %s", saw, expires(m, run).Format(time.RFC3339)), helpAgain(m, run) + "; or set a longer expires"
	}
	if !s.mayRead(m) {
		return saw + "; the visitor's user id is not verified", helpVerify
	}
	if m.Inbox == nil && s.state(m).InRun(run.Started).Opened == 0 {
		saw = fmt.Sprintf("%s; not seen yet, it expires at %s", saw, expires(m, run).Format(time.RFC3339))
	}
	return saw, ""
}

// describeStart says that a campaign has not started, and what would start it.
func describeStart(t *workspace.Trigger, s *situation) (saw, help string) {
	switch {
	case t.Event != "":
		saw, help = fmt.Sprintf("not started: no event %q", t.Event), fmt.Sprintf("it starts when the site calls track(%q) for this visitor", t.Event)
		if t.Where != nil {
			saw, help = saw+" for which where holds: "+t.Where.Text(), help+" with properties for which where holds"
		}
	case t.Segment != "":
		saw = fmt.Sprintf("not started: nothing was seen of %s; %s", t, s.snapshot.Segments.Explain(t.Segment, s.asked()).Why)
		help = "it starts when that is noticed, with the visitor's next event or poll"
	default:
		saw, help = fmt.Sprintf("not started: no visit for which %s", t), "it starts with the visitor's next poll of such a visit"
	}
	return saw, help
}

func helpAgain(m *workspace.Message, run *visitor.Run) string {
	if run.Again.IsZero() {
		return "it does not start again for this visitor: reentry is \"never\""
	}
	return fmt.Sprintf("%s starts it again from %s on", m.Trigger, run.Again.Format(time.RFC3339))
}

// helpVerify says how a visitor may be sure enough to read what is personal.
const helpVerify = "sign the user id (identity signed), or say identity unsigned in the Caddyfile to believe what browsers say"

func describeSent(m *workspace.Message, s *situation) (saw, help string) {
	again := "send it: handbill messages send " + m.ID + " --to WHO"
	sent, last := s.sent(m), s.lastSent(m)
	switch {
	case sent == nil && last == nil:
		return "it has not been sent to this visitor", again
	case sent == nil && last.Cancelled:
		return fmt.Sprintf("sent at %s with the key %q, and cancelled", last.At.Format(time.RFC3339), last.Key), again
	case sent == nil && last.Inbox && last.Closed:
		return fmt.Sprintf("sent at %s with the key %q, and deleted from the inbox", last.At.Format(time.RFC3339), last.Key), again
	case sent == nil && last.View != 0:
		return fmt.Sprintf("sent at %s with the key %q, and shown", last.At.Format(time.RFC3339), last.Key), again
	case sent == nil:
		return fmt.Sprintf("sent at %s with the key %q; it was not seen until %s", last.At.Format(time.RFC3339), last.Key, last.Until.Format(time.RFC3339)), again
	}
	saw = fmt.Sprintf("sent at %s with the key %q, it waits until %s", sent.At.Format(time.RFC3339), sent.Key, sent.Until.Format(time.RFC3339))
	if !s.mayRead(m) {
		return saw + "; the visitor's user id is not verified", helpVerify
	}
	return saw, ""
}
