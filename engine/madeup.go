package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// MadeUpEvent is an event of somebody who does not exist.
type MadeUpEvent struct {
	Name       string
	Properties map[string]any
}

// madeUp says whether the question is about somebody who does not exist and has done something.
func (r *ExplainRequest) madeUp() bool { return len(r.Traits) > 0 || len(r.Events) > 0 }

// subject is the visitor that a question is about.
func (e *Engine) subject(ctx context.Context, snapshot *workspace.Snapshot, request ExplainRequest) (visitor.Identity, *visitor.Record, error) {
	name := strings.TrimSpace(request.Visitor)
	switch {
	case !request.madeUp():
		return e.find(ctx, name)
	case name != "":
		return visitor.Identity{}, nil, fmt.Errorf("%w: traits and events are for somebody made up; leave the visitor %q away, or them", ErrRefused, name)
	}
	return e.makeUp(ctx, snapshot, request)
}

// makeUp lets somebody identify and do things as a browser would, in an engine that forgets it all.
func (e *Engine) makeUp(ctx context.Context, snapshot *workspace.Snapshot, request ExplainRequest) (visitor.Identity, *visitor.Record, error) {
	memory := store.NewMemory()
	defer func() { _ = memory.Close() }() // it holds nothing that could be lost
	now := e.now()
	if !request.At.IsZero() && request.At.Before(now) {
		now = request.At
	}
	aside, err := New(ctx, Options{
		Workspace: e.workspace, Store: memory, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
	})
	if err != nil {
		return visitor.Identity{}, nil, err
	}
	aside.snapshot.Store(snapshot)
	identity := visitor.Identity{Anonymous: "made-up"}
	if len(request.Traits) > 0 {
		identity = visitor.Identity{User: "made-up", Level: visitor.LevelIdentified}
		if err := aside.Identify(ctx, identity, request.Traits); err != nil {
			return visitor.Identity{}, nil, err
		}
	}
	var events []eventlog.Event
	for _, event := range request.Events {
		events = append(events, eventlog.Event{Type: "track", Name: event.Name, Properties: event.Properties, At: now})
	}
	if err := aside.Track(ctx, identity, events); err != nil {
		return visitor.Identity{}, nil, err
	}
	record, err := memory.Load(ctx, aside.key(identity))
	if err == nil && record == nil {
		err = errors.New("the visitor that was made up is not remembered")
	}
	return identity, record, err
}

// comeAbout starts and ends the campaigns that a poll would, in the situation alone.
func (e *Engine) comeAbout(s *situation) {
	if s.browser.Agent.Bot {
		return
	}
	for _, mutation := range e.startedByVisit(e.notice(nil, s), s) {
		s.record.Apply(mutation.Change)
	}
	s.remember(s.record)
}
