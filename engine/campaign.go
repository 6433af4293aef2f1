package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// start is the change that starts a campaign for a visitor, if it may start.
func (e *Engine) start(s *situation, m *workspace.Message) store.Mutation {
	return store.Mutation{Key: e.keyOf(s), Metric: store.MetricStarted, Change: visitor.Change{
		Kind: visitor.Started, Message: m.ID, At: s.now, Until: s.now.Add(m.Trigger.Delay), Again: m.Trigger.Again(s.now),
	}}
}

// withStarts puts the campaigns that events start before the changes which the events make, so that both are kept or
// neither is, and an event that is sent again starts nothing again. Conditions see the event as counted already.
func (e *Engine) withStarts(ctx context.Context, identity visitor.Identity, changes []store.Mutation, events []eventlog.Event, now time.Time) ([]store.Mutation, error) {
	snapshot := e.Snapshot()
	if snapshot == nil || !snapshot.InApp || !starts(snapshot, events) {
		return changes, nil
	}
	record, err := e.known(ctx, e.key(identity))
	if err != nil {
		return nil, err
	}
	after := record.Clone()
	if after == nil {
		after = visitor.New(identity.ID())
	}
	for _, change := range changes {
		after.Apply(change.Change)
	}
	s, done := e.situationOf(snapshot, identity, after, now)
	defer done()
	var mutations []store.Mutation
	for _, event := range events {
		if event.Type != "track" {
			continue
		}
		change, _ := recorded(event)
		for _, m := range snapshot.StartedByEvent(event.Name) {
			if !startsFor(m, s, event.Properties) {
				continue
			}
			start := e.start(s, m)
			if event.ID != "" {
				start.Change.Key = change.Key
			}
			if m.ReadsEvent {
				start.Change.Values = event.Properties
			}
			mutations = append(mutations, start)
		}
	}
	return append(mutations, changes...), nil
}

// startsFor says whether an event with properties is one that starts a campaign.
func startsFor(m *workspace.Message, s *situation, properties map[string]any) bool {
	if m.Trigger.Where == nil {
		return true
	}
	facts := s.asked()
	facts.Event = properties
	defer func() { facts.Event = nil }()
	return m.Trigger.Where.Holds(facts)
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
		mutations = append(mutations, store.Mutation{Key: e.keyOf(s), Change: visitor.Change{
			Kind: visitor.Entered, At: s.now, Segment: entrance.Segment, Enters: enters,
		}})
	}
	if s.record == nil || !s.snapshot.Exits() {
		return mutations
	}
	exits := func(id string, exited time.Time) {
		m := s.snapshot.Message(id)
		if m == nil || m.Exit == nil || !exited.IsZero() || !moment && !m.ExitConstant || !m.Exit.Holds(s.asked()) {
			return
		}
		mutations = append(mutations, store.Mutation{Key: e.keyOf(s), Change: visitor.Change{Kind: visitor.Exited, Message: id, At: s.now}})
	}
	for id, run := range s.record.Campaigns {
		exits(id, run.Exited)
	}
	for id := range s.record.Messages {
		if last := s.record.LastRun(id); !last.Started.IsZero() {
			exits(id, last.Exited)
		}
	}
	return mutations
}

// startedByVisit adds the campaigns that the visit at hand starts, as far as the visitor's record has room for them.
func (e *Engine) startedByVisit(mutations []store.Mutation, s *situation) []store.Mutation {
	if len(s.snapshot.StartedByVisit()) == 0 {
		return mutations
	}
	room := s.record.CampaignRoom()
	if room == 0 {
		for id := range s.record.Campaigns {
			if m := s.snapshot.Message(id); m != nil && m.Trigger != nil && m.Trigger.Visit != "" {
				mutations, _ = e.startByVisit(mutations, s, m)
			}
		}
		return mutations
	}
	for _, m := range s.snapshot.StartedByVisit() {
		known := s.record.Campaigns[m.ID] != nil
		if room == 0 && !known {
			continue
		}
		var starts bool
		if mutations, starts = e.startByVisit(mutations, s, m); starts && !known {
			room--
		}
	}
	return mutations
}

// startByVisit adds a campaign, if the visit at hand starts it.
func (e *Engine) startByVisit(mutations []store.Mutation, s *situation, m *workspace.Message) ([]store.Mutation, bool) {
	if run := s.remembered(m); run != nil && !s.followedByVisit(run) || !s.visitStarts(m) {
		return mutations, false
	}
	start, began := e.start(s, m), s.asked().Visit.Started
	start.Change.At, start.Change.Until, start.Change.Again = began, began.Add(m.Trigger.Delay), m.Trigger.Again(began)
	start.Change.Visit = s.visit
	return append(mutations, start), true
}

// followedByVisit says whether a campaign may start anew, after a run, by the visit at hand: it starts when that began.
func (s *situation) followedByVisit(run *visitor.Run) bool {
	if run.Visit == s.visit || run.Again.IsZero() {
		return false
	}
	began := s.asked().Visit.Started
	return !began.Before(run.Again) && began.After(run.Started)
}

// remembered is the run of a campaign as the visitor's record has it, whole or in part; nil for none.
func (s *situation) remembered(m *workspace.Message) *visitor.Run {
	if run := s.record.Campaigns[m.ID]; run != nil {
		return run
	}
	last := s.record.LastRun(m.ID)
	if last.Started.IsZero() {
		return nil
	}
	s.unreal = visitor.Run{Started: last.Started, Due: last.Started.Add(m.Trigger.Delay), Again: m.Trigger.Again(last.Started), Exited: last.Exited}
	return &s.unreal
}

// withoutRoom is the run of a campaign for which the visitor's record has no room: what is left of it, or what the visit at
// hand would have started. A text that shows the event which started it has nothing more to show.
func (s *situation) withoutRoom(m *workspace.Message) *visitor.Run {
	run := s.remembered(m)
	if run != nil && m.ReadsEvent {
		return nil
	}
	if m.Trigger.Visit != "" && len(s.record.Campaigns) >= visitor.MaxCampaigns && (run == nil || s.followedByVisit(run)) {
		return s.imagined(m)
	}
	return run
}

// visitStarts says whether the visit at hand is one that starts a campaign.
func (s *situation) visitStarts(m *workspace.Message) bool {
	switch m.Trigger.Visit {
	case workspace.VisitAny:
		return true
	case workspace.VisitFirst:
		return s.asked().Visit.Count <= 1
	case workspace.VisitReturning:
		return s.asked().Visit.Count > 1
	}
	return false
}

// imagined is the run of somebody about whom nothing is remembered, or no more: what their visit would have started since it began, if
// a record of it were worth it. It becomes real when the visitor sees the message, or their record begins.
func (s *situation) imagined(m *workspace.Message) *visitor.Run {
	t := m.Trigger
	enters := t.Segment != "" && !t.Leaves && s.snapshot.Segments.Contains(t.Segment, s.asked())
	if s.browser.Agent.Bot || m.Status == workspace.StatusDraft || m.Status == workspace.StatusArchived || !enters && !s.visitStarts(m) {
		return nil
	}
	started := s.asked().Visit.Started.Truncate(time.Millisecond)
	s.unreal = visitor.Run{Started: started, Due: started.Add(t.Delay), Again: t.Again(started), Visit: s.visit}
	return &s.unreal
}

// makeReal adds what starts a campaign by a showing of it, where nobody has remembered yet that it was started.
func (e *Engine) makeReal(mutations []store.Mutation, key store.Key, d delivery, opened visitor.Change) []store.Mutation {
	snapshot := e.Snapshot()
	if snapshot == nil || d.of.run.IsZero() {
		return mutations
	}
	m := snapshot.Message(d.message)
	if m == nil || m.Trigger == nil || m.Trigger.Event != "" || m.Trigger.Leaves {
		return mutations
	}
	start := visitor.Change{
		Kind: visitor.Started, Message: m.ID, At: d.of.run, Until: d.of.run.Add(m.Trigger.Delay), Again: m.Trigger.Again(d.of.run), Visit: opened.Visit,
		Delivery: opened.Delivery,
	}
	if m.Trigger.Segment == "" {
		return append(mutations, store.Mutation{Key: key, Change: start, Metric: store.MetricStarted})
	}
	start.Visit, start.Segment, start.Enters = 0, m.Trigger.Segment, true
	return append(mutations, store.Mutation{Key: key, Change: start, Metric: store.MetricStarted},
		store.Mutation{Key: key, Change: visitor.Change{Kind: visitor.Entered, At: opened.At, Segment: m.Trigger.Segment, Enters: true}})
}

// advance starts and ends campaigns by what a poll shows, and remembers which segments the visitor is in: of visitors about
// whom something is remembered. Programs start none.
func (e *Engine) advance(ctx context.Context, s *situation) error {
	if s.browser.Agent.Bot || s.record == nil {
		return nil
	}
	return e.apply(ctx, s, e.startedByVisit(e.notice(nil, s), s))
}

// apply makes changes of the visitor's record, if there are any.
func (e *Engine) apply(ctx context.Context, s *situation, mutations []store.Mutation) error {
	if len(mutations) == 0 {
		return nil
	}
	s.passing = true
	outcomes, err := e.store.Apply(ctx, mutations)
	if err != nil {
		return fmt.Errorf("starting and ending campaigns: %w", err)
	}
	s.remember(e.withBrowser(ctx, s.identity, outcomes[len(outcomes)-1].Record))
	return nil
}

// happened starts and ends campaigns by what a visitor did outside of a poll. When it returns, that is durable. Where nothing is
// known of the visitor now, because the store cannot be reached, their next poll does it.
func (e *Engine) happened(ctx context.Context, identity visitor.Identity, now time.Time) error {
	snapshot := e.Snapshot()
	if snapshot == nil || !snapshot.InApp || len(snapshot.Entrances()) == 0 && !snapshot.Exits() {
		return nil
	}
	record, err := e.known(ctx, e.key(identity))
	if errors.Is(err, store.ErrUnavailable) || err == nil && record == nil {
		return nil
	}
	if err != nil {
		return err
	}
	s, done := e.situationOf(snapshot, identity, record, now)
	defer done()
	return e.apply(ctx, s, e.notice(nil, s))
}

// situationOf is a situation outside of a poll; done gives it back.
func (e *Engine) situationOf(snapshot *workspace.Snapshot, identity visitor.Identity, record *visitor.Record, now time.Time) (s *situation, done func()) {
	q := e.questions.Get().(*question)
	s = &q.situation
	*s = situation{now: now, identity: identity, record: record, snapshot: snapshot, inApp: snapshot.InApp, facts: &q.facts, tags: s.tags}
	return s, func() { e.questions.Put(q) }
}
