package engine

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
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
	// Show are messages that the visitor asked for: their ids, and for each the delivery whose button shows it.
	Show map[string]string
	// Streaming is true when the edge can reach the client over a stream, so that it need not ask often.
	Streaming bool
	// Zone is the IANA time zone of the browser; empty when the client does not say.
	Zone string
	// Languages are what the browser asks for, the best first: each a tag, or a list as Accept-Language has it.
	Languages []string
	// Browser is what else the request says of the browser.
	Browser Browser
}

// Delivery is one message handed to one visitor.
type Delivery struct {
	// ID is the deliveryId: URL-safe, not to be forged, the same whenever the same page view asks again.
	ID string
	// Message is what to show.
	Message *workspace.Message
	// Content is what it shows to this visitor; nil where the request named no page. Text is the same as JSON where it was
	// made for this visitor, and nil where everybody gets it.
	Content *content.Content
	Text    []byte
	// dropped is how many links, buttons and pictures are left out because their address may not be used.
	dropped int
	// Test is true for a test send, which is not counted.
	Test bool
	// Waiting is true for a message that is not to be shown yet: the client waits for what its When says, and polls when it
	// happens. It has no ID and no content, and nothing is counted.
	Waiting bool
	// onScreen is true for a test send that is on screen in this page view.
	onScreen bool
}

// PollAnswer says what to show, and when to ask again.
type PollAnswer struct {
	// Deliveries are what should be on screen or waiting in this page view, in the settled order.
	Deliveries []Delivery
	// Generation names this answer; a client that holds it already is told Unchanged.
	Generation string
	// Unchanged is true when the client holds this answer already.
	Unchanged bool
	// Next is how long the client should wait before it asks again on an unchanged page.
	Next time.Duration
}

// Poll answers what is due to a visitor on a page, and takes the lease of each message it hands out. Without a
// snapshot, or with in-app messaging off, nothing is due. It fails only when the store does.
func (e *Engine) Poll(ctx context.Context, request PollRequest) (PollAnswer, error) {
	snapshot := e.Snapshot()
	if snapshot == nil || !snapshot.InApp {
		e.recorder.Polled(PollNothing)
		return PollAnswer{Next: e.PollSlow()}, nil
	}
	record, err := e.store.Load(ctx, e.key(request.Identity))
	if err != nil {
		e.recorder.Polled(PollFailed)
		return PollAnswer{}, fmt.Errorf("reading the visitor's record: %w", err)
	}
	now, load, named := e.now(), hash64(request.View), namedVisit(request.Visit)
	record = e.convertByPage(ctx, snapshot, request.Identity, record, request.Page)
	record, arrival := e.arrive(request.Identity, record, request.pageView(), named, uint32(load), now)
	q := e.questions.Get().(*question)
	defer e.questions.Put(q)
	s := &q.situation
	tags := s.tags
	*s = situation{
		now: now, identity: request.Identity, record: record, arrival: arrival, page: request.Page, view: request.View,
		visit: cmp.Or(named, visitNumber("", load)), named: named, inApp: snapshot.InApp, zone: request.Zone,
		throttles: throttlings(snapshot, q.throttles[:0]), seen: s.seen[:0], slots: s.slots[:0], fired: request.Fired, oneEach: request.Slots,
		languages: request.Languages, browser: request.Browser, snapshot: snapshot, facts: &q.facts, tags: tags,
	}
	if len(request.Show) > 0 {
		s.wanted = e.wantedBy(snapshot, request)
	}
	q.throttles = s.throttles
	deliveries, err := e.due(ctx, snapshot, q, request.Tab)
	q.decided.tell(e.recorder)
	if err != nil {
		e.recorder.Polled(PollFailed)
		return PollAnswer{}, err
	}
	answer := PollAnswer{Deliveries: e.withContents(s, deliveries)}
	answer.Generation = generationOf(generation(snapshot, answer.Deliveries), answer.Deliveries)
	answer.Unchanged = request.Generation == answer.Generation
	if !answer.Unchanged {
		e.countDropped(answer.Deliveries)
	}
	answer.Next = e.next(s.record, answer, request.Streaming, now)
	e.recorder.Polled(answer.result())
	return answer, nil
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
}

// due hands out what is due, in the settled order.
func (e *Engine) due(ctx context.Context, snapshot *workspace.Snapshot, q *question, tab string) ([]Delivery, error) {
	s := &q.situation
	if err := e.advance(ctx, s); err != nil {
		return nil, err
	}
	deliveries := e.tests(snapshot, s)
	tally := e.tallyOf(snapshot)
	offer := func(place int) error {
		m := snapshot.Messages[place]
		if among(deliveries, m) {
			return nil
		}
		reason := e.decide(m, s, nil)
		tally.count(place, reason, &q.decided)
		switch reason {
		case ReasonNone:
		case ReasonWhen:
			if s.page != nil {
				deliveries = append(deliveries, Delivery{Message: m, Waiting: true})
			}
			return nil
		case ReasonShadow:
			return e.withhold(ctx, m, s, store.MetricShadow)
		default:
			return nil
		}
		d, err := e.deliver(ctx, m, s, tab)
		if d != nil {
			s.take(m)
			deliveries = append(deliveries, *d)
		}
		return err
	}
	if s.page == nil {
		for place := range snapshot.Messages {
			if err := offer(place); err != nil {
				return nil, err
			}
		}
		return deliveries, nil
	}
	for _, m := range s.wanted {
		if err := offer(snapshot.Place(m)); err != nil {
			return nil, err
		}
	}
	s.indexed = true
	q.places = snapshot.Candidates(s.page, q.places[:0])
	if s.oneEach {
		deliveries = placeTests(deliveries, s, true)
		e.keepSlots(snapshot.Messages, q.places, s)
		deliveries = placeTests(deliveries, s, false)
	}
	for _, place := range q.places {
		if err := offer(place); err != nil {
			return nil, err
		}
	}
	return deliveries, nil
}

// deliver names the delivery of a message that is on screen already, or takes the lease of a new one for the tab; nil
// when another tab holds the lease, or has used up what the message's frequency or the throttle allows.
func (e *Engine) deliver(ctx context.Context, m *workspace.Message, s *situation, tab string) (*Delivery, error) {
	if here := e.present(m, s); here.onScreen() {
		return &Delivery{ID: here.delivery.id, Message: m}, nil
	}
	if s.throttled(m) {
		if err := e.claimThrottles(ctx, m, s, tab); err != nil {
			return nil, err
		}
		if e.decide(m, s, nil) != ReasonNone {
			return nil, nil
		}
	}
	granted, fresh, err := e.store.Claim(ctx, store.Claim{
		Key: e.key(s.identity), Message: m.ID, Tab: tab, TTL: LeaseTime, At: s.now,
	})
	if err != nil {
		return nil, fmt.Errorf("taking the lease of message %s: %w", m.ID, err)
	}
	if !granted {
		return nil, nil
	}
	if fresh {
		// Another tab may have opened the message, and given its lease back, since the visitor's record was read.
		if err := e.reload(ctx, s); err != nil {
			return nil, err
		}
		if e.decide(m, s, nil) != ReasonNone {
			if err := e.store.Release(ctx, e.key(s.identity), m.ID); err != nil {
				return nil, fmt.Errorf("giving back the lease of message %s: %w", m.ID, err)
			}
			return nil, nil
		}
		e.store.Count(e.workspace, m.ID, store.MetricDelivered, 1)
		e.recorder.Delivered()
	}
	s.handOut(m)
	return &Delivery{ID: e.sealer.seal(s.identity.ID(), s.view, m.ID, s.occasion(m), false).id, Message: m}, nil
}

// reload reads anew what is remembered about the visitor.
func (e *Engine) reload(ctx context.Context, s *situation) error {
	record, err := e.store.Load(ctx, e.key(s.identity))
	if err != nil {
		return fmt.Errorf("reading the visitor's record again: %w", err)
	}
	s.remember(record)
	return nil
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

// generation names an answer by the workspace it was taken from and the deliveries in it.
func generation(snapshot *workspace.Snapshot, deliveries []Delivery) string {
	sum := fnv1a(fnvOffset, snapshot.Generation)
	for _, d := range deliveries {
		if sum = fnv1a(fnv1a(sum, "\x00"), d.ID); d.Waiting {
			sum = fnv1a(sum, d.Message.ID)
		}
	}
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], sum)
	return hex.EncodeToString(raw[:])
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// fnv1a adds text to an FNV-1a sum; unlike package hash/fnv it allocates nothing.
func fnv1a(sum uint64, text string) uint64 {
	for i := range len(text) {
		sum = (sum ^ uint64(text[i])) * fnvPrime
	}
	return sum
}

func among(deliveries []Delivery, m *workspace.Message) bool {
	for _, d := range deliveries {
		if d.Message == m {
			return true
		}
	}
	return false
}
