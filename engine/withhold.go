package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// withhold counts that a message would have come on screen, but for its holdout or its being in the shadow: once for each
// page view, and under the message's own frequency as if it had. Of a visitor about whom nothing is remembered, that is
// remembered as long as their arrival is. The reference client tests page rules itself, so of it nobody knows.
func (e *Engine) withhold(ctx context.Context, m *workspace.Message, s *situation, reason Reason) error {
	if s.page == nil || e.present(m, s).onScreen() {
		return nil
	}
	s.passing = true
	return e.withholdDelivery(ctx, m, s, reason, e.sealer.seal(s.marks().visitor(), s.marks().view, m.ID, s.occasion(m), false))
}

// withholdDelivery counts that a delivery was withheld.
func (e *Engine) withholdDelivery(ctx context.Context, m *workspace.Message, s *situation, reason Reason, d delivery) error {
	of := d.of
	change := visitor.Change{
		Kind: visitor.Withheld, Message: m.ID, Delivery: d.key, Visit: s.visit, At: s.now, Run: of.run, Sent: of.sent, View: d.view,
	}
	mutation := store.Mutation{Key: e.keyOf(s), Metric: store.MetricShadow}
	if reason == ReasonHeldOut {
		change.Variant = visitor.Holdout
		mutation.Metric, mutation.First = store.MetricHeldOut, store.MetricHeldOutViewers
	}
	mutation.Change = change
	if s.record == nil {
		e.withholdOnArrival(s, mutation)
		return nil
	}
	outcomes, err := e.store.Apply(ctx, []store.Mutation{mutation})
	if err != nil {
		return fmt.Errorf("counting that message %s was withheld: %w", m.ID, err)
	}
	if outcomes[0].Counted {
		e.recorder.Withheld(mutation.Metric)
		e.logHeldOut(ctx, mutation.Key.Visitor, []visitor.Change{change})
	}
	s.remember(e.withBrowser(ctx, s.identity, outcomes[0].Record))
	return nil
}

// withholdOnArrival is withhold for somebody about whom nothing is remembered.
func (e *Engine) withholdOnArrival(s *situation, m store.Mutation) {
	before, now := e.arrivals.withhold(m.Key.Visitor, m.Change)
	if now == nil {
		return
	}
	e.store.Count(e.workspace, m.Change.Message, m.Metric, 1)
	if m.First != "" && visitor.First(before, now, m.Change) {
		e.store.Count(e.workspace, m.Change.Message, m.First, 1)
	}
	e.recorder.Withheld(m.Metric)
	s.arrival, s.seen, s.filled, s.asking = now, s.seen[:0], false, nil
}

// carried are what was withheld from a visitor on arrival and is not in their record yet. It has been counted.
func (e *Engine) carried(key store.Key, record *visitor.Record) []store.Mutation {
	var mutations []store.Mutation
	for _, change := range e.arrivals.withheld(key.Visitor) {
		if record != nil {
			state := record.Messages[change.Message]
			if state != nil && state.Withheld != nil && slices.Contains(state.Withheld.Recent, change.Delivery) {
				continue
			}
		}
		mutations = append(mutations, store.Mutation{Key: key, Change: change})
	}
	return mutations
}

// carry writes down what was withheld from a visitor on arrival, for it matters now: the visitor identifies, or has reached
// a goal. It returns the record with it.
func (e *Engine) carry(ctx context.Context, key store.Key, record *visitor.Record) (*visitor.Record, error) {
	mutations := e.carried(key, record)
	if len(mutations) == 0 {
		return record, nil
	}
	outcomes, err := e.store.Apply(ctx, mutations)
	if err != nil {
		return record, fmt.Errorf("remembering what was withheld from a visitor: %w", err)
	}
	e.logCarried(ctx, mutations)
	return outcomes[len(outcomes)-1].Record, nil
}

func (e *Engine) logCarried(ctx context.Context, mutations []store.Mutation) {
	for _, m := range mutations {
		e.logHeldOut(ctx, m.Key.Visitor, []visitor.Change{m.Change})
	}
}

// logHeldOut puts into the log that messages were withheld by a holdout. Of visitors about whom nothing is remembered it is
// not called: anybody can make up any number of them.
func (e *Engine) logHeldOut(ctx context.Context, visitorID string, changes []visitor.Change) {
	if e.events == nil {
		return
	}
	for _, change := range changes {
		if change.Variant != visitor.Holdout {
			continue
		}
		event := eventlog.Event{
			Type: "report", Workspace: e.workspace, Visitor: visitorID, Message: change.Message, Name: string(ReasonHeldOut),
			At: change.At.UTC().Truncate(time.Millisecond), Properties: map[string]any{"variant": visitor.Holdout},
		}
		if err := e.events.Append(ctx, event); err != nil {
			e.logger.Warn("that a message was held out is counted, and not in the log", "workspace", e.workspace, "message", change.Message, "error", err)
		}
	}
}
