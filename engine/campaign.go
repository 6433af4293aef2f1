package engine

import (
	"context"
	"fmt"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// start is the change that starts a campaign for a visitor, if it may start.
func (e *Engine) start(s *situation, m *workspace.Message) store.Mutation {
	return store.Mutation{Key: e.key(s.identity), Metric: store.MetricStarted, Change: visitor.Change{
		Kind: visitor.Started, Message: m.ID, At: s.now, Until: s.now.Add(m.Trigger.Delay), Again: m.Trigger.Again(s.now),
	}}
}

// startedByEvents adds the campaigns that a visitor's events start.
func (e *Engine) startedByEvents(mutations []store.Mutation, s *situation, events []eventlog.Event) []store.Mutation {
	for _, event := range events {
		if event.Type != "track" {
			continue
		}
		for _, m := range s.snapshot.StartedByEvent(event.Name) {
			if m.Trigger.Where != nil {
				facts := s.asked()
				facts.Event = event.Properties
				holds := m.Trigger.Where.Holds(facts)
				facts.Event = nil
				if !holds {
					continue
				}
			}
			start := e.start(s, m)
			if m.ReadsEvent {
				start.Change.Values = event.Properties
			}
			mutations = append(mutations, start)
		}
	}
	return mutations
}

// starts says whether one of the events starts a campaign.
func starts(snapshot *workspace.Snapshot, events []eventlog.Event) bool {
	for _, event := range events {
		if event.Type == "track" && len(snapshot.StartedByEvent(event.Name)) > 0 {
			return true
		}
	}
	return false
}

// notice adds what has come about by itself: segments that the visitor has come into or left, the campaigns that this
// starts, and the campaigns that the visitor leaves. Where the page and the request are not known, what depends on them
// stays as it was.
func (e *Engine) notice(mutations []store.Mutation, s *situation) []store.Mutation {
	moment := s.page != nil
	for _, entrance := range s.snapshot.Entrances() {
		if !moment && !entrance.Constant {
			continue
		}
		enters := s.snapshot.Segments.Contains(entrance.Segment, s.asked())
		if enters == s.record.InSegment(entrance.Segment) {
			continue
		}
		started := entrance.Left
		if enters {
			started = entrance.Entered
		}
		for _, m := range started {
			start := e.start(s, m)
			start.Change.Segment, start.Change.Enters = entrance.Segment, enters
			mutations = append(mutations, start)
		}
		mutations = append(mutations, store.Mutation{Key: e.key(s.identity), Change: visitor.Change{
			Kind: visitor.Entered, At: s.now, Segment: entrance.Segment, Enters: enters,
		}})
	}
	if s.record == nil || !s.snapshot.Exits() {
		return mutations
	}
	for id, run := range s.record.Campaigns {
		m := s.snapshot.Message(id)
		if m == nil || m.Exit == nil || !run.Exited.IsZero() || !moment && !m.ExitConstant || !m.Exit.Holds(s.asked()) {
			continue
		}
		mutations = append(mutations, store.Mutation{Key: e.key(s.identity), Change: visitor.Change{Kind: visitor.Exited, Message: id, At: s.now}})
	}
	return mutations
}

// startedByVisit adds the campaigns that the visit at hand starts.
func (e *Engine) startedByVisit(mutations []store.Mutation, s *situation) []store.Mutation {
	for _, m := range s.snapshot.StartedByVisit() {
		if run := s.run(m); run != nil && (run.Visit == s.visit || run.Again.IsZero() || s.now.Before(run.Again)) {
			continue
		}
		count := s.asked().Visit.Count
		if m.Trigger.Visit == workspace.VisitFirst && count > 1 || m.Trigger.Visit == workspace.VisitReturning && count < 2 {
			continue
		}
		start := e.start(s, m)
		start.Change.Visit = s.visit
		mutations = append(mutations, start)
	}
	return mutations
}

// advance starts and ends campaigns by what a poll shows, and remembers which segments the visitor is in. Programs start
// none.
func (e *Engine) advance(ctx context.Context, s *situation) error {
	if s.browser.Agent.Bot {
		return nil
	}
	return e.apply(ctx, s, e.startedByVisit(e.notice(nil, s), s))
}

// apply makes changes of the visitor's record, if there are any.
func (e *Engine) apply(ctx context.Context, s *situation, mutations []store.Mutation) error {
	if len(mutations) == 0 {
		return nil
	}
	outcomes, err := e.store.Apply(ctx, mutations)
	if err != nil {
		return fmt.Errorf("starting and ending campaigns: %w", err)
	}
	s.remember(outcomes[len(outcomes)-1].Record)
	return nil
}

// happened starts and ends campaigns by what a visitor did outside of a poll. When it returns, that is durable.
func (e *Engine) happened(ctx context.Context, identity visitor.Identity, record *visitor.Record, events []eventlog.Event, now time.Time) error {
	snapshot := e.Snapshot()
	if snapshot == nil || !snapshot.InApp {
		return nil
	}
	q := e.questions.Get().(*question)
	defer e.questions.Put(q)
	s := &q.situation
	*s = situation{now: now, identity: identity, record: record, snapshot: snapshot, inApp: snapshot.InApp, facts: &q.facts, tags: s.tags}
	if err := e.apply(ctx, s, e.startedByEvents(nil, s, events)); err != nil {
		return err
	}
	return e.apply(ctx, s, e.notice(nil, s))
}

// follows says whether anything that is done can start a campaign or end one.
func follows(snapshot *workspace.Snapshot) bool {
	return snapshot != nil && (len(snapshot.Entrances()) > 0 || snapshot.Exits())
}
