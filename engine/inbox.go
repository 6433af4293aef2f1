package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// MostInInbox is how many messages lie in a visitor's inbox at most; of more, the first in the settled order are there.
const MostInInbox = 100

// inboxView stands for the page view of what lies in the inbox: it belongs to none, so that its delivery is always the same.
var inboxView = hash64("\x00inbox")

// InboxMessage is a message in a visitor's inbox.
type InboxMessage struct {
	// Delivery is the message, with its content.
	Delivery
	// Arrived is when it came, Until when it leaves the inbox; zero: not by itself.
	Arrived, Until time.Time
	// Opened: the visitor has read it.
	Opened bool
}

// Inbox says whether the workspace has an inbox: whether messages may lie in one, and whether the client draws it.
func (e *Engine) Inbox() (any, drawn bool) {
	snapshot := e.Snapshot()
	if snapshot == nil || !snapshot.InApp {
		return false, false
	}
	messages, drawn := snapshot.InInbox()
	return len(messages) > 0, drawn
}

// inbox is what lies in the visitor's inbox, in the settled order; of a message that was sent several times, the last comes
// first.
func (e *Engine) inbox(ctx context.Context, q *question) ([]InboxMessage, error) {
	s := &q.situation
	messages, _ := s.snapshot.InInbox()
	if len(messages) == 0 {
		return nil, nil
	}
	all, tally := e.inboxTests(s), e.tallyOf(s.snapshot)
	for _, m := range messages {
		for _, sent := range s.occasions(m) {
			s.sending, s.asking = sent, nil
			reason := e.decide(m, s, nil)
			tally.count(s.snapshot.Place(m), reason, &q.decided)
			switch reason {
			case ReasonNone:
				all = append(all, e.inInbox(m, s))
			case ReasonShadow, ReasonHeldOut:
				if err := e.withholdFromInbox(ctx, m, s, reason); err != nil {
					return nil, err
				}
			}
		}
		s.sending = nil
	}
	return all[:min(len(all), MostInInbox)], nil
}

// tellInbox names what lies in the inbox, or takes it out of the answer where the client holds it. What has changed there is
// told with the whole list of messages. The reference client always gets all.
func (a *PollAnswer) tellInbox(snapshot *workspace.Snapshot, request PollRequest) {
	if !request.Inbox || request.Page == nil {
		return
	}
	if a.InboxGeneration = inboxGeneration(snapshot, a.Inbox); a.InboxGeneration == request.InboxGeneration {
		a.Inbox, a.InboxGeneration = nil, ""
		return
	}
	a.Unchanged = false
}

// inboxGeneration names what an inbox holds. When each message came is not in it: of somebody about whom nothing is
// remembered it is always now.
func inboxGeneration(snapshot *workspace.Snapshot, messages []InboxMessage) string {
	sum := fnv1a(fnvOffset, snapshot.Generation)
	for i := range messages {
		in := &messages[i]
		sum = fnv1a(fnv1a(sum, "\x00"), in.ID)
		if in.Opened {
			sum = fnv1a(sum, "\x01")
		}
		sum = fnv1a(fnv1a(sum, in.Content.Lang), in.Text)
	}
	return strconv.FormatUint(sum, 36)
}

// occasions are the sends for which a message may lie in the inbox, the last first; one, nil, for a message that is not sent.
func (s *situation) occasions(m *workspace.Message) []*visitor.Sent {
	if m.Kind != workspace.KindTransactional || s.record == nil {
		return []*visitor.Sent{nil}
	}
	var all []*visitor.Sent
	for i := len(s.record.Sent) - 1; i >= 0; i-- {
		if sent := &s.record.Sent[i]; sent.Message == m.ID && sent.Waits(s.now) {
			all = append(all, sent)
		}
	}
	return all
}

// inInbox is a message that lies in the inbox, and notes that it has come: of a visitor about whom something is remembered.
func (e *Engine) inInbox(m *workspace.Message, s *situation) InboxMessage {
	of, shown := s.occasion(m), e.render(m, s)
	of.form = shownOnce // whoever asks, it is the same delivery
	d := e.sealer.seal(s.marks().visitor(), inboxView, m.ID, of, false)
	in := InboxMessage{Arrived: s.arrived(m), Until: s.leaves(m)}
	in.Delivery = Delivery{ID: e.sealer.write(d), Message: s.variant(m), Content: shown.content, Text: shown.text, sealed: d, dropped: len(shown.dropped)}
	item := s.inInbox(m, of)
	if item != nil {
		in.Opened = item.Opened
	} else if s.record != nil {
		e.store.Note(store.Mutation{
			Key: e.keyOf(s), Metric: store.MetricDelivered.In(s.variant(m).Variant),
			Change: visitor.Change{Kind: visitor.InboxArrived, Message: m.ID, At: s.now, Arrived: in.Arrived, Sent: of.sent, Run: of.run},
		})
		e.recorder.Delivered()
	}
	return in
}

// inInbox is what became of a message in the visitor's inbox; nil where nothing is remembered of it.
func (s *situation) inInbox(m *workspace.Message, of occasion) *visitor.InboxItem {
	return s.record.InInbox(m.ID, visitor.Occasion(of.sent, of.run))
}

// arrived is when a message came into the inbox: a broadcast at its start, or when the visitor first came after it.
func (s *situation) arrived(m *workspace.Message) time.Time {
	if sent := s.sent(m); sent != nil {
		return sent.At
	}
	if run := s.run(m); run != nil {
		return run.Due
	}
	if item := s.record.InInbox(m.ID, 0); item != nil {
		return item.Arrived
	}
	first := s.past()
	switch {
	case first == nil, first.FirstSeen.IsZero():
		return s.now
	case m.Start.After(first.FirstSeen):
		return m.Start
	case !m.Start.IsZero(), s.record == nil:
		return first.FirstSeen
	}
	return s.now
}

// leaves is when a message leaves the inbox by itself; zero: never.
func (s *situation) leaves(m *workspace.Message) time.Time {
	var until time.Time
	if sent := s.sent(m); sent != nil {
		until = sent.Until
	} else if m.Expires > 0 {
		until = s.arrived(m).Add(m.Expires)
	}
	if until.IsZero() || !m.End.IsZero() && m.End.Before(until) {
		until = m.End
	}
	return until
}

// inboxTests are the test sends of messages that lie in the inbox.
func (e *Engine) inboxTests(s *situation) []InboxMessage {
	if s.record == nil {
		return nil
	}
	var all []InboxMessage
	for i := range s.record.Tests {
		test := &s.record.Tests[i]
		m := messageOrHello(s.snapshot, test.Message)
		if m == nil || m.Inbox == nil || !s.now.Before(test.Until) {
			continue
		}
		m = m.InVariant(test.Variant)
		shown := e.renderWith(m, s, test)
		if shown.err != nil {
			continue
		}
		d := e.sealer.seal(s.marks().visitor(), inboxView, m.ID, occasion{variant: m.Variant}, true)
		in := InboxMessage{Arrived: test.Until.Add(-TestTime), Until: test.Until, Opened: test.Shown != 0}
		in.Delivery = Delivery{ID: e.sealer.write(d), Message: m, Content: shown.content, Text: shown.text, sealed: d, Test: true}
		all = append(all, in)
	}
	return all
}

// askInInbox stands in place of the frequency of a message in the inbox: what was deleted does not come back.
func askInInbox(m *workspace.Message, s *situation) Reason {
	if item := s.inInbox(m, s.occasion(m)); item != nil && item.Deleted {
		return ReasonDeleted
	}
	return ReasonNone
}

func describeInInbox(m *workspace.Message, s *situation) (saw, help string) {
	item := s.inInbox(m, s.occasion(m))
	switch {
	case item == nil:
		saw = "a message in the inbox stays until it is deleted or expires; it has not come yet"
	case item.Deleted:
		return fmt.Sprintf("it came into the inbox at %s, and the visitor has deleted it", item.Arrived.Format(time.RFC3339)),
			"it does not come back; try it with: handbill messages send --test WHO " + m.ID
	case item.Opened:
		saw = fmt.Sprintf("in the inbox since %s, and read", item.Arrived.Format(time.RFC3339))
	default:
		saw = fmt.Sprintf("in the inbox since %s, and not read", item.Arrived.Format(time.RFC3339))
	}
	if until := s.leaves(m); !until.IsZero() {
		saw += fmt.Sprintf("; it leaves the inbox at %s", until.Format(time.RFC3339))
	}
	return saw, ""
}

// withholdFromInbox is withhold for a message that would lie in the inbox: it counts once.
func (e *Engine) withholdFromInbox(ctx context.Context, m *workspace.Message, s *situation, reason Reason) error {
	d := e.sealer.seal(s.marks().visitor(), inboxView, m.ID, s.occasion(m), false)
	if state := s.state(m); state != nil && state.Opened > 0 {
		return nil
	}
	return e.withholdDelivery(ctx, m, s, reason, d)
}

// InInbox says whether a delivery lies in an inbox. It does not say that it was made here.
func (e *Engine) InInbox(deliveryID string) bool {
	d, err := e.sealer.open(deliveryID)
	return err == nil && d.view == inboxView
}

// OpenInInbox notes that the visitor has read a message in the inbox, or with opened false, wants to find it as if they had
// not. That they have read it is a report of its delivery, too, and counts once. It is durable when it returns.
func (e *Engine) OpenInInbox(ctx context.Context, identity visitor.Identity, deliveryID string, opened bool) error {
	kind := visitor.InboxUnopened
	if opened {
		kind = visitor.InboxOpened
	}
	return e.changeInbox(ctx, identity, Report{DeliveryID: deliveryID, Outcome: OutcomeOpened}, kind)
}

// DeleteFromInbox notes that the visitor has thrown a message in the inbox away. It is durable when it returns.
func (e *Engine) DeleteFromInbox(ctx context.Context, identity visitor.Identity, deliveryID string) error {
	return e.changeInbox(ctx, identity, Report{DeliveryID: deliveryID, Outcome: OutcomeDismissed}, visitor.InboxDeleted)
}

// errNotInInbox is what is said of the delivery of a message that is shown on a page.
var errNotInInbox = errors.New("the message does not lie in the inbox")

func (e *Engine) changeInbox(ctx context.Context, identity visitor.Identity, report Report, kind visitor.ChangeKind) error {
	d, owner, err := e.believe(identity, report)
	if errors.Is(err, errPreview) {
		return nil
	}
	if err == nil && d.view != inboxView {
		err = errNotInInbox
	}
	if err != nil {
		e.recorder.Refused()
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	now := e.now()
	var (
		mutations []store.Mutation
		after     []counted
		events    []eventlog.Event
	)
	if kind != visitor.InboxUnopened {
		mutations, after = e.mutate(nil, nil, identity, owner, d, report, now)
		events = append(events, e.event(owner, d, report, now))
	}
	mutations = e.inboxMutations(mutations, identity, owner, d, kind, now)
	err = e.keep(ctx, mutations, after, events)
	if err == nil {
		e.pushInbox(identity, owner)
	}
	return err
}

// inboxKinds are what reports change in the inbox.
var inboxKinds = map[Outcome]visitor.ChangeKind{
	OutcomeOpened: visitor.InboxOpened, OutcomeUnopened: visitor.InboxUnopened, OutcomeDismissed: visitor.InboxDeleted,
}

// inboxMutations adds what became of a message in the inbox of the visitor who received it, and of the person that they are
// since.
func (e *Engine) inboxMutations(mutations []store.Mutation, identity visitor.Identity, owner string, d delivery, kind visitor.ChangeKind, now time.Time) []store.Mutation {
	if d.test {
		return mutations
	}
	change := visitor.Change{Kind: kind, Message: d.message, At: now, Sent: d.of.sent, Run: d.of.run}
	for _, id := range []string{owner, identity.ID()} {
		mutations = append(mutations, store.Mutation{Key: store.Key{Workspace: e.workspace, Visitor: id}, Change: change})
		if owner == identity.ID() {
			break
		}
	}
	return mutations
}

// pushInbox tells the visitor's other tabs and devices that their inbox has changed.
func (e *Engine) pushInbox(identity visitor.Identity, owner string) {
	e.push(owner)
	if id := identity.ID(); id != owner {
		e.push(id)
	}
}
