package engine

import (
	"context"
	"errors"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/pagerule"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// conversion is what reaching its goal now changes for a message: once for each visitor, within a time of a showing, or of
// what would have been one, had the visitor not been held out; false where it changes nothing.
func conversion(m *workspace.Message, record *visitor.Record, now time.Time) (store.Mutation, bool) {
	state := record.Messages[m.ID]
	if state == nil {
		return store.Mutation{}, false
	}
	change, metric, shown := visitor.Change{Kind: visitor.Converted, Message: m.ID, At: now}, store.MetricConverted.In(state.Variant), state
	if w := state.Withheld; state.Opened == 0 && w != nil && w.Variant == visitor.Holdout {
		change.HeldOut, metric, shown = true, store.MetricHeldOutConverted, w
	}
	counts := shown.Opened > 0 && shown.Converted.IsZero() && now.Before(shown.LastOpened.Add(m.Goal.Within))
	return store.Mutation{Change: change, Metric: metric}, counts
}

// convert counts conversions of messages whose goal the visitor has just reached, and returns the record after it.
func (e *Engine) convert(ctx context.Context, key store.Key, record *visitor.Record, reached []*workspace.Message) (*visitor.Record, error) {
	record, err := e.carry(ctx, key, record)
	if err != nil || record == nil {
		return record, err
	}
	now := e.now()
	var mutations []store.Mutation
	for _, m := range reached {
		if mutation, counts := conversion(m, record, now); counts {
			mutation.Key = key
			mutations = append(mutations, mutation)
		}
	}
	if len(mutations) == 0 {
		return record, nil
	}
	outcomes, err := e.store.Apply(ctx, mutations)
	if err != nil {
		return record, err
	}
	for i, outcome := range outcomes {
		if outcome.Counted && !mutations[i].Change.HeldOut {
			e.recorder.Reported(store.MetricConverted)
		}
	}
	return outcomes[len(outcomes)-1].Record, nil
}

// convertByPage counts conversions by the page that a poll is on. One that cannot be written down does not keep the
// visitor from being answered; the next poll of the page tries again.
func (e *Engine) convertByPage(ctx context.Context, snapshot *workspace.Snapshot, identity visitor.Identity, record *visitor.Record, page *pagerule.Page) *visitor.Record {
	goals := snapshot.PageGoals()
	if page == nil || len(goals) == 0 {
		return record
	}
	past := record
	if past == nil {
		if past = e.arrivals.of(identity.ID()); past == nil {
			return nil
		}
	}
	var reached []*workspace.Message
	now := e.now()
	for _, m := range goals {
		if _, counts := conversion(m, past, now); counts && m.Goal.Pages.Match(page) {
			reached = append(reached, m)
		}
	}
	if len(reached) == 0 {
		return record
	}
	after, err := e.convert(ctx, e.key(identity), record, reached)
	if err != nil && !errors.Is(err, store.ErrUnavailable) {
		e.logger.Warn("a conversion could not be counted; the next poll tries again", "workspace", e.workspace, "error", err)
	}
	return after
}

// convertByEvents counts conversions by events that were tracked.
func (e *Engine) convertByEvents(ctx context.Context, identity visitor.Identity, events []eventlog.Event) error {
	snapshot := e.Snapshot()
	if snapshot == nil {
		return nil
	}
	var reached []*workspace.Message
	for i := range events {
		switch event := &events[i]; event.Type {
		case "track":
			reached = append(reached, snapshot.EventGoals(event.Name)...)
		case "page":
			address, _ := event.Properties["url"].(string)
			page, err := pagerule.NewPage(address, event.Name)
			if err != nil {
				continue // a page event need not say where it was
			}
			for _, m := range snapshot.PageGoals() {
				if m.Goal.Pages.Match(&page) {
					reached = append(reached, m)
				}
			}
		}
	}
	if len(reached) == 0 {
		return nil
	}
	key := e.key(identity)
	record, err := e.known(ctx, key)
	if err != nil {
		return err
	}
	_, err = e.convert(ctx, key, record, reached)
	return err
}
