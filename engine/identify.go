package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/store"
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
	if from != "" {
		key := store.Key{Workspace: e.workspace, Visitor: from}
		if _, err := e.carry(ctx, key, nil); err != nil {
			return err
		}
	}
	change := visitor.Change{Kind: visitor.Identified, At: e.now(), Level: identity.Level, Traits: traits}
	_, err := e.store.Merge(ctx, e.workspace, from, identity.ID(), change)
	switch {
	case errors.Is(err, visitor.ErrTraits):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	case err != nil:
		return fmt.Errorf("remembering the identified visitor: %w", err)
	}
	return e.happened(ctx, identity, change.At)
}

// Alias says that two ids are one person: what was remembered under the previous id joins the record of the visitor who is
// identified, as in [Engine.Identify]. Previous is a user id, or an anonymous id of an analytics client. It is durable
// when it returns. A person whose identity was proven is never joined to another: nobody proves a previous id.
func (e *Engine) Alias(ctx context.Context, identity visitor.Identity, previous string) error {
	if identity.User == "" {
		return errors.New("alias needs a userId")
	}
	from := "u:" + previous
	record, err := e.store.Load(ctx, store.Key{Workspace: e.workspace, Visitor: from})
	switch {
	case err != nil:
		return fmt.Errorf("reading the record of the previous id: %w", err)
	case record == nil:
		from = "a:" + e.sealer.derive(previous)
	case record.Verified >= visitor.LevelVerified && from != identity.ID():
		return fmt.Errorf("%w: previousId is somebody whose identity was proven; only records of mere claims can be joined", ErrRefused)
	}
	change := visitor.Change{Kind: visitor.Identified, At: e.now(), Level: identity.Level}
	if _, err := e.store.Merge(ctx, e.workspace, from, identity.ID(), change); err != nil {
		return fmt.Errorf("joining the records of two ids: %w", err)
	}
	return e.happened(ctx, identity, change.At)
}

// CheckEvent says whether [Engine.Track] can keep an event; its error wraps [ErrRefused].
func CheckEvent(event eventlog.Event) error {
	err := visitor.CheckProperties(event.Properties)
	if change, changes := recorded(event); err == nil && changes {
		err = (&visitor.Record{}).Check(change)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return nil
}

// recorded is the change that an event makes to its visitor's record.
func recorded(event eventlog.Event) (change visitor.Change, changes bool) {
	switch event.Type {
	case "track":
		key := rand.Uint32()
		if event.ID != "" {
			key = uint32(hash64(event.Name + "\x00" + event.ID))
		}
		return visitor.Change{Kind: visitor.Tracked, At: event.At, Event: event.Name, Key: max(key, 1)}, true
	case "group":
		return visitor.Change{Kind: visitor.Grouped, At: event.At, Group: event.Name}, true
	}
	return visitor.Change{}, false
}

// Track keeps events of a visitor that are not reports, and remembers of each name when and how often they were tracked,
// to which groups the visitor belongs, and the conversions that they are. They are durable when it returns. An event that
// cannot be kept, now or later, is an error that wraps [ErrRefused].
func (e *Engine) Track(ctx context.Context, identity visitor.Identity, events []eventlog.Event) error {
	if len(events) == 0 {
		return nil
	}
	now := e.now()
	var mutations []store.Mutation
	for i := range events {
		events[i].Workspace, events[i].Visitor = e.workspace, identity.ID()
		if events[i].At.IsZero() || events[i].At.After(now.Add(time.Minute)) {
			events[i].At = now
		}
		if err := CheckEvent(events[i]); err != nil {
			return err
		}
		if change, changes := recorded(events[i]); changes {
			mutations = append(mutations, store.Mutation{Key: e.key(identity), Change: change})
		}
	}
	if err := e.log(ctx, events); err != nil {
		return err
	}
	unstarted := len(mutations)
	mutations, err := e.withStarts(ctx, identity, mutations, events, now)
	if err != nil {
		return err
	}
	if len(mutations) > 0 {
		if _, err := e.store.Apply(ctx, mutations); err != nil {
			return fmt.Errorf("remembering events: %w", err)
		}
	}
	if err := e.convertByEvents(ctx, identity, events); err != nil {
		return fmt.Errorf("counting conversions: %w", err)
	}
	if len(mutations) > unstarted {
		e.push(identity.ID()) // a message may be due from now on
	}
	return e.happened(ctx, identity, now)
}

// log keeps events in the log, where there is one.
func (e *Engine) log(ctx context.Context, events []eventlog.Event) error {
	if e.events == nil {
		return nil
	}
	err := e.events.Append(ctx, events...)
	switch {
	case errors.Is(err, eventlog.ErrEvent):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	case err != nil:
		return fmt.Errorf("keeping events: %w", err)
	}
	return nil
}
