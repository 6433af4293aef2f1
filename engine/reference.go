package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"handbill/engine/content"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// The reference client asks without a page, for all that is due on any. It shows a delivery once, by its id, and says so
// when it comes on screen; one that stays it shows until it is closed, and says when it is; and a message whose frequency
// it keeps itself it shows as it counts. Which of these a delivery is its id says.

// form is how the reference client shows a delivery.
type form uint8

const (
	// shownOnce is also the form of what our own client shows.
	shownOnce form = iota
	// shownUntilClosed: the note that it was seen means that it was closed.
	shownUntilClosed
	// shownAsCounted: the client counts, and reports each showing.
	shownAsCounted
)

// byReference says whether the reference client asks.
func (s *situation) byReference() bool { return s.page == nil && s.view != "" }

// form is how the client that asks shows a message.
func (s *situation) form(m *workspace.Message) form {
	switch {
	case !s.byReference():
		return shownOnce
	case m.Frequency.Wire:
		return shownAsCounted
	case m.Stays:
		return shownUntilClosed
	}
	return shownOnce
}

// allViews stands for the view of a delivery that is the same in all views of a visitor.
var allViews = hash64("all views")

// viewOf is the mark of the view in which a message is shown. For the reference client, one that is over when it is closed
// is the same delivery in all visits, and so is one whose frequency the client keeps. What was snoozed comes back as another.
func (s *situation) viewOf(m *workspace.Message) uint64 {
	view := s.marks().view
	if !s.byReference() {
		return view
	}
	over := m.Frequency.StopOnDismiss || m.Frequency.Lifetime == 1
	if form := s.form(m); form == shownAsCounted || form == shownUntilClosed && m.Content.Persistent && over {
		view = allViews
	}
	if state := s.state(m); state != nil && !state.Snoozed.IsZero() {
		view ^= hash64("snoozed until " + state.Snoozed.String())
	}
	return view
}

// askForm says what the reference client has made of a message that passed all that ends it, if that decides.
func (s *situation) askForm(m *workspace.Message, state *visitor.MessageState, here presence) (reason Reason, decided bool) {
	switch form := s.form(m); {
	case form == shownAsCounted:
		// A browser that has shown it counts by itself, and needs it in its list to note that it is closed.
		if n := len(state.Showings); n > 0 && state.Showings[n-1].Visit == browserNumber(s.identity) {
			return ReasonNone, true
		}
	case form == shownOnce && s.byReference() && here.onScreen():
		return ReasonVisit, true
	case here.onScreen():
		return ReasonNone, true
	}
	return ReasonNone, false
}

// browserNumber stands, in place of a visit, for the browser in which the reference client has shown what it counts itself;
// it counts anew for another user.
func browserNumber(identity visitor.Identity) uint32 {
	return visitNumber("", hash64("browser "+identity.Anonymous+" "+identity.User))
}

// visitIn stands for the visit in which a delivery was shown. The reference client does not name it, and a delivery that is
// the same in all visits does not tell: then it is the one that the visitor is in.
func (e *Engine) visitIn(ctx context.Context, identity visitor.Identity, d delivery, report Report, now time.Time) uint32 {
	switch {
	case d.of.form == shownAsCounted:
		return browserNumber(identity)
	case report.Outcome != OutcomeOpened, report.Visit != "", d.view != allViews:
		return visitNumber(report.Visit, d.view)
	}
	if record, err := e.store.Load(ctx, e.key(identity)); err == nil && record != nil {
		if visit := currentVisit(record, now); visit != 0 {
			return visit
		}
	}
	if visit := currentVisit(e.arrivals.of(identity.ID()), now); visit != 0 {
		return visit
	}
	return visitNumber("", d.view)
}

// keeps says whether a message that was shown is kept on the pages that follow until it is closed.
func keeps(m *workspace.Message, state *visitor.MessageState, c counts) bool {
	return m.Content.Persistent && c.opened > 0 && state.Dismissed.Before(state.LastOpened)
}

// placeable says whether the reference client can show a message where it belongs. An inline message it puts in its target,
// in place of what is there.
func placeable(m *workspace.Message) bool {
	for i := range m.Content.Steps {
		at := m.Content.PlacementOf(i)
		if at.Display == content.DisplayInline && at.Position != content.PositionInside && at.Position != content.PositionReplace {
			return false
		}
	}
	return true
}

// LogView takes the reference client's note about a delivery: that it was seen, or, of one that stays, that it was closed.
// What the client counts itself it reports in another way where it tells events at all, which reports says; else each note is
// a showing. refused says why a note is not believed; nothing is counted then.
func (e *Engine) LogView(ctx context.Context, identity visitor.Identity, deliveryID, visit string, reports bool) (refused, err error) {
	d, err := e.sealer.open(deliveryID)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err), nil
	}
	notes := []Report{{DeliveryID: deliveryID, Outcome: OutcomeOpened, Visit: visit}}
	switch {
	case d.of.form == shownAsCounted && reports:
		return nil, nil
	case d.of.form == shownAsCounted:
		if _, _, err := e.believe(identity, notes[0]); err != nil {
			return fmt.Errorf("%w: %w", ErrRefused, err), nil
		}
		notes[0].EventID, notes[0].Content = rand.Text(), &ContentReport{Message: d.message, Template: e.templateOf(d.message, d.of.variant)}
	case d.of.form == shownUntilClosed:
		notes = append(notes, Report{DeliveryID: deliveryID, Outcome: OutcomeDismissed, Visit: visit})
	}
	all, err := e.Report(ctx, identity, notes)
	if err != nil {
		return nil, err
	}
	return errors.Join(all...), nil
}

// ContentReport names a message, in place of a delivery, in a report of the reference client about what it counts itself.
type ContentReport struct {
	// Number is that of the message, or zero; Message is its id, or empty.
	Number  int
	Message string
	// Template says which of its variants: 1 for the message as it stands, then in their order.
	Template int
}

// NumberOf is the number by which a [ContentReport] names a message.
func (e *Engine) NumberOf(m *workspace.Message) int {
	if snapshot := e.Snapshot(); snapshot != nil {
		return snapshot.Number(m)
	}
	return 0
}

// TemplateOf is the number by which a [ContentReport] names the variant that a message is.
func (e *Engine) TemplateOf(m *workspace.Message) int { return e.templateOf(m.ID, m.Variant) }

func (e *Engine) templateOf(message, variant string) int {
	if snapshot := e.Snapshot(); snapshot != nil {
		if whole := snapshot.Message(message); whole != nil {
			for i := range whole.Variants {
				if whole.Variants[i].Message.Variant == variant {
					return i + 1
				}
			}
		}
	}
	return 1
}

// believeContent finds what a report speaks of that names a message.
func (e *Engine) believeContent(identity visitor.Identity, report Report) (delivery, string, error) {
	snapshot := e.Snapshot()
	if snapshot == nil {
		return delivery{}, "", errors.New("no messages are loaded")
	}
	m := snapshot.Message(report.Content.Message)
	if report.Content.Number != 0 {
		m = snapshot.Numbered(report.Content.Number)
	}
	switch {
	case m == nil:
		return delivery{}, "", errors.New("contentId is not that of a message")
	case report.EventID == "":
		return delivery{}, "", errors.New("messageId is missing: by it the report counts once")
	}
	of := occasion{form: shownAsCounted}
	if at := report.Content.Template - 1; at >= 0 && at < len(m.Variants) {
		of.variant = m.Variants[at].Message.Variant
	}
	owner := identity.ID()
	d := e.sealer.seal(hash64(owner), allViews, m.ID, of, false)
	d.id = e.sealer.write(d)
	d.key = hash64("content " + report.EventID)
	return d, owner, nil
}
