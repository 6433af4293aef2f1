package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"handbill/engine/audience"
	"handbill/engine/content"
	"handbill/engine/pagerule"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// PollRequest is a browser's question "what should I show?".
type PollRequest struct {
	// Identity is who asks.
	Identity visitor.Identity
	// Page is where the visitor is; nil when the client does not say, as the reference client: then every message that
	// is otherwise due is answered, and the client tests each message's rule itself.
	Page *pagerule.Page
	// Tab names the browser tab, over page loads; it holds the leases.
	Tab string
	// View names this load of the page; a delivery belongs to one.
	View string
	// Visit names the visit, over pages and tabs; empty when the client does not say: then each page view counts as one.
	Visit string
	// Number says which page of this load it is, from 1: loads of single-page applications have several.
	Number int
	// Voucher came with the visitor's cookie.
	Voucher string
	// Generation is that of the answer which the client holds; empty when it holds none.
	Generation string
	// Slots: the client shows one message in each place of a page, and is handed no other. Without it, it is handed every
	// message that is due, and has places of its own.
	Slots bool
	// Fired is what has happened in the browser that messages wait for.
	Fired []Fired
	// Show are messages that were asked for: their ids, and for each the delivery whose button shows it; none where the
	// site's own code asked.
	Show map[string]string
	// Streaming is true when the edge can reach the client over a stream, so that it need not ask often.
	Streaming bool
	// Zone is the IANA time zone of the browser; empty when the client does not say.
	Zone string
	// Languages are what the browser asks for, the best first: each a tag, or a list as Accept-Language has it.
	Languages []string
	// Browser is what else the request says of the browser.
	Browser Browser
	// Embeds: the client shows what comes with the page from there, and is not told of it.
	Embeds bool
	// Inbox: the client wants to know what lies in the visitor's inbox. InboxGeneration is that of the one which it holds.
	Inbox           bool
	InboxGeneration string
}

// Delivery is one message handed to one visitor.
type Delivery struct {
	// ID is the deliveryId: URL-safe, not to be forged, the same whenever the same page view asks again.
	ID string
	// Message is what to show.
	Message *workspace.Message
	// Content is what it shows to this visitor. Text is the same as JSON where it was
	// made for this visitor, and nil where everybody gets it.
	Content *content.Content
	Text    []byte
	// sealed is what the ID says.
	sealed delivery
	// dropped is how many links, buttons and pictures are left out because their address may not be used.
	dropped int
	// Test is true for a test send, which is not counted.
	Test bool
	// Stays, Counted: the reference client shows it until it is closed, or as often as it counts itself.
	Stays, Counted bool
	// Waiting is true for a message that is not to be shown yet: the client waits for what its When says, and polls when it
	// happens. It has no ID and no content, and nothing is counted.
	Waiting bool
	// onScreen is true for a test send that is on screen in this page view.
	onScreen bool
}

// PollAnswer says what to show, and when to ask again.
type PollAnswer struct {
	// Deliveries are what should be on screen or waiting in this page view, in the settled order; nil where the request named
	// its page and the answer is Unchanged.
	Deliveries []Delivery
	// Generation names this answer; a client that holds it already is told Unchanged.
	Generation string
	// Unchanged is true when the client holds this answer already.
	Unchanged bool
	// Next is how long the client should wait before it asks again on an unchanged page.
	Next time.Duration
	// Inbox is what lies in the visitor's inbox, where the client wanted to know. InboxGeneration names it, and is empty where
	// the request named its page and holds it already.
	Inbox           []InboxMessage
	InboxGeneration string
	// Refused are the messages that the site's own code asked for and does not get, and why.
	Refused map[string]Reason
}

// Poll answers what is due to a visitor on a page, and takes the lease of each message it hands out. Without a
// snapshot, or with in-app messaging off, nothing is due. It fails only when the store does; one that
// cannot be reached now fails it only where nothing is known of the visitor.
func (e *Engine) Poll(ctx context.Context, request PollRequest) (PollAnswer, error) {
	snapshot := e.Snapshot()
	if snapshot == nil {
		e.recorder.Polled(PollNothing)
		return PollAnswer{Next: e.pollSoon()}, nil
	}
	if !snapshot.InApp {
		e.recorder.Polled(PollNothing)
		return PollAnswer{Next: e.PollSlow()}, nil
	}
	ctx, cancel := e.patient(ctx)
	defer cancel()
	key, record, err := e.load(ctx, request.Identity)
	if err != nil {
		e.recorder.Polled(PollFailed)
		return PollAnswer{}, fmt.Errorf("reading the visitor's record: %w", err)
	}
	now, load, named, stored := e.now(), hash64(request.View), namedVisit(request.Visit), record
	record = e.convertByPage(ctx, snapshot, request.Identity, record, request.Page)
	record, arrival := e.arrive(request.Identity, record, request.pageView(), named, uint32(load), now)
	q := e.questions.Get().(*question)
	defer e.questions.Put(q)
	tally, of := e.tallyOf(snapshot), asker{record, arrival, record == stored}
	name := e.nameOf(q, &request)
	if known := tally.find(name, of, request.Generation, now); known != nil {
		return e.again(known, tally, q, &request, now), nil
	}
	s := q.begin(snapshot, &request)
	s.now, s.id, s.record, s.arrival = now, key.Visitor, record, arrival
	s.named, s.visit = named, cmp.Or(named, visitNumber("", load))
	if len(request.Show) > 0 {
		s.wanted, s.called = e.wantedBy(snapshot, request)
	}
	deliveries, err := e.due(ctx, snapshot, q, request.Tab)
	var inbox []InboxMessage
	if request.Inbox && err == nil {
		inbox, err = e.inbox(ctx, q)
	}
	q.decided.tell(e.recorder)
	if err != nil {
		e.recorder.Polled(PollFailed)
		return PollAnswer{}, err
	}
	answer := PollAnswer{Deliveries: e.withContents(s, deliveries), Inbox: inbox}
	if len(request.Show) > 0 {
		answer.Refused = e.refused(snapshot, request, s, answer.Deliveries)
	}
	answer.Generation, answer.Unchanged = generation(snapshot, answer.Deliveries, request.Generation)
	answer.tellInbox(snapshot, request)
	if !answer.Unchanged {
		e.countDropped(answer.Deliveries)
	}
	after := paceOf(s, answer)
	answer.Next = e.next(after, answer.Unchanged, request.Streaming, now)
	if request.repeats() {
		tally.keep(name, of, q, answer, after)
	}
	e.recorder.Polled(answer.result())
	answer.Deliveries = e.written(answer, request.Page != nil)
	return answer, nil
}

// written are the deliveries of an answer with their ids, in memory of their own: none where the client, ours, holds them.
func (e *Engine) written(answer PollAnswer, ours bool) []Delivery {
	if ours && answer.Unchanged || len(answer.Deliveries) == 0 {
		return nil
	}
	deliveries := slices.Clone(answer.Deliveries)
	for i := range deliveries {
		if d := &deliveries[i]; !d.Waiting {
			d.ID = e.sealer.write(d.sealed)
			d.Stays, d.Counted = d.sealed.of.form == shownUntilClosed, d.sealed.of.form == shownAsCounted
		}
	}
	return deliveries
}

// pageView is the page view that a poll tells of; without a page only that the visit goes on.
func (r *PollRequest) pageView() PageView {
	view := PageView{Visit: r.Visit, Voucher: r.Voucher}
	if r.Page != nil {
		view.View, view.Number, view.Address, view.Referrer = r.View, r.Number, r.Page.URL, r.Browser.Referrer
	}
	return view
}

// question is what a poll works with; it is used again for another one.
type question struct {
	situation situation
	places    []int // of the messages that may appear on the page
	throttles []throttling
	facts     audience.Facts
	decided   decided
	// name is what the poll asks, and reasons what was decided about each message.
	name    []byte
	reasons []decision
	// deliveries are what is due so far.
	deliveries []Delivery
}

// begin makes the question one of a poll; the situation lacks the time, and what is known of the visitor.
func (q *question) begin(snapshot *workspace.Snapshot, r *PollRequest) *situation {
	s := &q.situation
	*s = situation{
		identity: r.Identity, page: r.Page, view: r.View, inApp: snapshot.InApp, zone: r.Zone,
		throttles: throttlings(snapshot, q.throttles[:0]), seen: s.seen[:0], slots: s.slots[:0], fired: r.Fired, oneEach: r.Slots,
		languages: r.Languages, browser: r.Browser, snapshot: snapshot, facts: &q.facts, tags: s.tags, embeds: r.Embeds,
	}
	q.throttles, q.reasons = s.throttles, q.reasons[:0]
	return s
}

// due hands out what is due, in the settled order.
func (e *Engine) due(ctx context.Context, snapshot *workspace.Snapshot, q *question, tab string) ([]Delivery, error) {
	s := &q.situation
	if err := s.bear(e.advance(ctx, s)); err != nil {
		return nil, err
	}
	tally := e.tallyOf(snapshot)
	q.deliveries = append(q.deliveries[:0], e.tests(snapshot, s)...)
	if s.page == nil {
		for place, m := range snapshot.Messages {
			if m.Inbox != nil || s.embeds && m.Embed {
				continue
			}
			if err := e.offer(ctx, q, tally, place, tab); err != nil {
				return nil, err
			}
		}
		return q.deliveries, nil
	}
	for _, m := range s.wanted {
		if err := e.offer(ctx, q, tally, snapshot.Place(m), tab); err != nil {
			return nil, err
		}
	}
	s.indexed = true
	q.places = snapshot.Candidates(s.page, q.places[:0])
	if s.oneEach {
		q.deliveries = placeTests(q.deliveries, s, true)
		e.keepSlots(snapshot.Messages, q.places, s)
		q.deliveries = placeTests(q.deliveries, s, false)
	}
	for _, place := range q.places {
		if err := e.offer(ctx, q, tally, place, tab); err != nil {
			return nil, err
		}
	}
	return q.deliveries, nil
}

// offer decides on the message at a place of the snapshot, and hands it out if it is due.
func (e *Engine) offer(ctx context.Context, q *question, t *tally, place int, tab string) error {
	s := &q.situation
	m := s.snapshot.Messages[place]
	if among(q.deliveries, m) {
		return nil
	}
	reason := e.decide(m, s, nil)
	q.count(t, place, reason)
	switch reason {
	case ReasonNone:
	case ReasonWhen:
		if s.page != nil {
			q.deliveries = append(q.deliveries, Delivery{Message: m, Waiting: true})
		}
		return nil
	case ReasonShadow, ReasonHeldOut:
		return s.bear(e.withhold(ctx, m, s, reason))
	default:
		s.await(m, reason)
		return nil
	}
	d, due, err := e.deliver(ctx, m, s, tab)
	if due {
		s.take(m)
		q.deliveries = append(q.deliveries, Delivery{sealed: d, Message: s.variant(m)})
	}
	return s.bear(err)
}

// deliver names the delivery of a message that is on screen already, or takes the lease of a new one for the tab; it is not
// due when another tab holds the lease, or has used up what the message's frequency or the throttle allows.
func (e *Engine) deliver(ctx context.Context, m *workspace.Message, s *situation, tab string) (d delivery, due bool, err error) {
	if here := e.present(m, s); here.onScreen() {
		return here.delivery, true, nil
	}
	s.passing = true
	if s.throttled(m) {
		if err := e.claimThrottles(ctx, m, s, tab); err != nil {
			return delivery{}, false, err
		}
		if e.decide(m, s, nil) != ReasonNone {
			return delivery{}, false, nil
		}
	}
	granted, fresh, err := e.store.Claim(ctx, store.Claim{
		Key: e.keyOf(s), Message: m.ID, Tab: tab, TTL: LeaseTime, At: s.now,
	})
	if errors.Is(err, store.ErrUnavailable) {
		d, due = e.deliverAnyway(m, s)
		return d, due, err
	}
	if err != nil {
		return delivery{}, false, fmt.Errorf("taking the lease of message %s: %w", m.ID, err)
	}
	if !granted {
		return delivery{}, false, nil
	}
	if fresh {
		// Another tab may have opened the message, and given its lease back, since the visitor's record was read.
		if err := e.reload(ctx, s); err != nil {
			return delivery{}, false, err
		}
		if e.decide(m, s, nil) != ReasonNone {
			if err := e.store.Release(ctx, e.keyOf(s), m.ID); err != nil {
				return delivery{}, false, fmt.Errorf("giving back the lease of message %s: %w", m.ID, err)
			}
			return delivery{}, false, nil
		}
		e.store.Count(e.workspace, m.ID, store.MetricDelivered.In(s.variant(m).Variant), 1)
		e.recorder.Delivered()
	}
	s.handOut(m)
	return e.sealer.seal(s.marks().visitor(), s.viewOf(m), m.ID, s.occasion(m), false), true, nil
}

// reload reads anew what is remembered about the visitor.
func (e *Engine) reload(ctx context.Context, s *situation) error {
	record, err := e.store.Load(ctx, e.keyOf(s))
	if err != nil {
		return fmt.Errorf("reading the visitor's record again: %w", err)
	}
	s.remember(e.withBrowser(ctx, s.identity, record))
	return nil
}

// keyOf is under which key the visitor of a situation is remembered.
func (e *Engine) keyOf(s *situation) store.Key {
	return store.Key{Workspace: e.workspace, Visitor: s.visitorID()}
}

func (e *Engine) key(identity visitor.Identity) store.Key {
	return store.Key{Workspace: e.workspace, Visitor: identity.ID()}
}

func (a PollAnswer) result() PollResult {
	switch {
	case a.Unchanged:
		return PollUnchanged
	case len(a.Deliveries) == 0:
		return PollNothing
	}
	return PollMessages
}
