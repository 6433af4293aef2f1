package engine

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"time"

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
	// Generation is that of the answer which the client holds; empty when it holds none.
	Generation string
	// Languages are what the browser asks for, the best first: each a tag, or a list as Accept-Language has it.
	Languages []string
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
		return PollAnswer{Next: e.cadence.Load().slow}, nil
	}
	record, err := e.store.Load(ctx, e.key(request.Identity))
	if err != nil {
		e.recorder.Polled(PollFailed)
		return PollAnswer{}, fmt.Errorf("reading the visitor's record: %w", err)
	}
	e.noteVisit(ctx, request.Identity, record)
	s := &situation{
		now: e.now(), identity: request.Identity, record: record, page: request.Page, view: request.View, inApp: snapshot.InApp,
		languages: request.Languages,
	}
	answer := PollAnswer{Deliveries: e.tests(snapshot, s)}
	for _, m := range snapshot.Messages {
		if e.decide(m, s, nil) != ReasonNone || among(answer.Deliveries, m) {
			continue
		}
		d, err := e.deliver(ctx, m, s, request.Tab)
		if err != nil {
			e.recorder.Polled(PollFailed)
			return PollAnswer{}, err
		}
		if d != nil {
			answer.Deliveries = append(answer.Deliveries, *d)
		}
	}
	answer.Deliveries = e.withContents(s, answer.Deliveries)
	answer.Generation = generationOf(generation(snapshot, answer.Deliveries), answer.Deliveries)
	answer.Unchanged = request.Generation == answer.Generation
	if !answer.Unchanged {
		e.countDropped(answer.Deliveries)
	}
	answer.Next = e.next(record, answer)
	e.recorder.Polled(answer.result())
	return answer, nil
}

// noteVisit keeps a known visitor from being forgotten: retention counts from the last visit that was written down.
func (e *Engine) noteVisit(ctx context.Context, identity visitor.Identity, record *visitor.Record) {
	now := e.now()
	if record == nil || record.FirstSeen.IsZero() || now.Sub(record.LastSeen) < visitor.SeenInterval {
		return
	}
	visit := store.Mutation{Key: e.key(identity), Change: visitor.Change{Kind: visitor.Seen, At: now}}
	if _, err := e.store.Apply(ctx, []store.Mutation{visit}); err != nil {
		e.logger.Warn("a visit could not be written down; the next poll tries again", "workspace", e.workspace, "error", err)
	}
}

// deliver takes the message's lease for the tab and names the delivery; nil when another tab holds the lease.
func (e *Engine) deliver(ctx context.Context, m *workspace.Message, s *situation, tab string) (*Delivery, error) {
	d := &Delivery{ID: e.sealer.seal(s.identity.ID(), s.view, m.ID, false).id, Message: m}
	if state := s.state(m.ID); state != nil && e.showing(state, m, s) {
		return d, nil
	}
	granted, fresh, err := e.store.Claim(ctx, store.Claim{
		Key: e.key(s.identity), Message: m.ID, Tab: tab, TTL: LeaseTime, At: s.now,
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("taking the lease of message %s: %w", m.ID, err)
	case !granted:
		return nil, nil
	case fresh:
		e.store.Count(e.workspace, m.ID, store.MetricDelivered, 1)
		e.recorder.Delivered()
	}
	return d, nil
}

// next is how long the client should wait: the slow interval before a visitor's first message, the fast one after it.
func (e *Engine) next(record *visitor.Record, answer PollAnswer) time.Duration {
	c := e.cadence.Load()
	if len(answer.Deliveries) > 0 {
		return c.fast
	}
	if record != nil {
		for _, state := range record.Messages {
			if state.Opened > 0 {
				return c.fast
			}
		}
	}
	return c.slow
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
	h := fnv.New64a()
	h.Write([]byte(snapshot.Generation))
	for _, d := range deliveries {
		h.Write([]byte{0})
		h.Write([]byte(d.ID))
	}
	var sum [8]byte
	binary.BigEndian.PutUint64(sum[:], h.Sum64())
	return hex.EncodeToString(sum[:])
}

func among(deliveries []Delivery, m *workspace.Message) bool {
	for _, d := range deliveries {
		if d.Message == m {
			return true
		}
	}
	return false
}
