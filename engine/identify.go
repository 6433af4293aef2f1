package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/visitor"
)

// DeriveAnonymous gives the anonymous visitor's id that stands for an alias of theirs: the analytics client's anonymous
// id or the in-app client's guest id. The same alias always gives the same id.
func (e *Engine) DeriveAnonymous(alias string) string { return e.sealer.derive(alias) }

// Identify says who a visitor is, and remembers traits of theirs. What was remembered about the anonymous visitor joins
// the person's record: the larger of each count, the union of what was dismissed. It is durable when it returns.
func (e *Engine) Identify(ctx context.Context, identity visitor.Identity, traits map[string]any) error {
	if identity.User == "" {
		return errors.New("identify needs a userId")
	}
	from := ""
	if identity.Anonymous != "" {
		from = "a:" + identity.Anonymous
	}
	change := visitor.Change{Kind: visitor.Identified, At: e.now(), Level: identity.Level, Traits: traits}
	_, err := e.store.Merge(ctx, e.workspace, from, identity.ID(), change)
	switch {
	case errors.Is(err, visitor.ErrTraits):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	case err != nil:
		return fmt.Errorf("remembering the identified visitor: %w", err)
	}
	return nil
}

// Track keeps events of a visitor that are not reports, and counts the conversions that they are. They are durable when it returns. An event that cannot be kept,
// now or later, is an error that wraps [ErrRefused].
func (e *Engine) Track(ctx context.Context, identity visitor.Identity, events []eventlog.Event) error {
	if len(events) == 0 {
		return nil
	}
	now := e.now()
	for i := range events {
		events[i].Workspace, events[i].Visitor = e.workspace, identity.ID()
		if events[i].At.IsZero() || events[i].At.After(now.Add(time.Minute)) {
			events[i].At = now
		}
	}
	var err error
	if e.events != nil {
		err = e.events.Append(ctx, events...)
	}
	switch {
	case errors.Is(err, eventlog.ErrEvent):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	case err != nil:
		return fmt.Errorf("keeping events: %w", err)
	}
	if err := e.convertByEvents(ctx, identity, events); err != nil {
		return fmt.Errorf("counting conversions: %w", err)
	}
	return nil
}
