package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// Errors of [Engine.Export] and [Engine.Forget], wrapped with what was asked for.
var (
	// ErrNobody: nothing is kept about anybody of this name.
	ErrNobody = errors.New("nothing is kept about this visitor")
	// ErrSeveral: the name is that of several visitors.
	ErrSeveral = errors.New("several visitors are known by this; name one of them")
)

// Forgotten says what was removed of a person.
type Forgotten struct {
	// Visitors are the ids under which something may have been kept: "u:" and a user id, "a:" and an anonymous id.
	Visitors []string `json:"visitors"`
	// Records is how many records were removed, Events how many events of the log of this edge.
	Records int `json:"records"`
	Events  int `json:"events"`
	// Edges: other edges remove what they have in their own logs by themselves.
	Edges bool `json:"edges"`
}

// Forget removes everything that is kept about a person: records, what they were known by before, their places in the index of
// addresses, leases, what waits to be written, and their events in the log. Counts are about nobody in particular, and stay.
// It is durable when it returns. Who comes back afterwards begins anew. Name is as in [Engine.Export].
func (e *Engine) Forget(ctx context.Context, name string, email bool) (Forgotten, error) {
	ids, known, err := e.idsOf(ctx, name, email)
	if err != nil {
		return Forgotten{}, err
	}
	gone := Forgotten{Visitors: ids, Edges: e.announcer != nil}
	// The log comes first, and the person's own record last: as long as it is there, the command finds the rest again.
	if e.events != nil {
		if gone.Events, err = e.events.Forget(ctx, e.isOf(ids)); err != nil {
			return gone, err
		}
	}
	keys := make([]store.Key, 0, len(ids))
	for _, id := range slices.Backward(ids) {
		keys = append(keys, store.Key{Workspace: e.workspace, Visitor: id})
	}
	if gone.Records, err = e.store.Forget(ctx, keys, e.leaseNames()); err != nil {
		return gone, fmt.Errorf("removing records: %w; some may be left: try again", err)
	}
	for _, id := range ids {
		known = e.forgetHere(id) || known
		e.push(id)
	}
	if !known && gone.Events == 0 && gone.Records == 0 {
		return Forgotten{}, fmt.Errorf("%s: %w", name, ErrNobody)
	}
	return gone, nil
}

// isOf says which events are of some visitors.
func (e *Engine) isOf(ids []string) func(eventlog.Event) bool {
	return func(event eventlog.Event) bool {
		return event.Workspace == e.workspace && slices.Contains(ids, event.Visitor)
	}
}

// leaseNames are the names of the leases that a visitor may hold.
func (e *Engine) leaseNames() []string {
	names := []string{throttleLease}
	snapshot := e.Snapshot()
	if snapshot == nil {
		return names
	}
	for _, m := range snapshot.Messages {
		names = append(names, m.ID)
	}
	for _, t := range snapshot.Throttles {
		names = append(names, lease(t.ID))
	}
	return names
}

// forgetHere drops what is held of a visitor in memory, and says whether anything was.
func (e *Engine) forgetHere(id string) bool {
	arrived, refused := e.arrivals.forget(id), e.refusals.forget(id)
	return arrived || refused
}

// idsOf are the ids under which something may be kept about a person: their own first, then those that joined it. It is not
// known where nothing is in the store.
func (e *Engine) idsOf(ctx context.Context, name string, email bool) (ids []string, known bool, err error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return nil, false, fmt.Errorf("%w: say whom: a user id, an anonymous id, or an e-mail address", ErrRefused)
	}
	candidates, err := e.candidatesOf(ctx, name, email)
	if err != nil {
		return nil, false, err
	}
	var found []string
	var joined []string
	for _, id := range candidates {
		record, err := e.store.Load(ctx, store.Key{Workspace: e.workspace, Visitor: id})
		switch {
		case errors.Is(err, visitor.ErrDamaged), errors.Is(err, visitor.ErrVersion):
			found = append(found, id) // it cannot be read, but it can be removed
		case err != nil:
			return nil, false, fmt.Errorf("looking for %s: %w", id, err)
		case record != nil:
			found, joined = append(found, id), record.Joined
		}
	}
	switch {
	case len(found) > 1:
		return nil, false, fmt.Errorf("%s: %w: %s", name, ErrSeveral, strings.Join(found, ", "))
	case len(found) == 0:
		return candidates, false, nil
	}
	return append(found, slices.DeleteFunc(slices.Clone(joined), func(id string) bool { return id == found[0] })...), true, nil
}

// candidatesOf are the ids that somebody may be meant by.
func (e *Engine) candidatesOf(ctx context.Context, name string, email bool) ([]string, error) {
	switch {
	case email:
		ids, err := e.store.FindAll(ctx, e.workspace, "email", name)
		if err != nil {
			return nil, fmt.Errorf("looking for the e-mail address %s: %w", name, err)
		}
		if len(ids) == 0 {
			return nil, fmt.Errorf("%s: %w: no record has this e-mail address", name, ErrNobody)
		}
		slices.Sort(ids)
		return ids, nil
	case strings.HasPrefix(name, "u:"), strings.HasPrefix(name, "a:"):
		return []string{name}, nil
	}
	if id, _, found := strings.Cut(name, "."); found && looksIssued(id) {
		return []string{"a:" + id}, nil // the whole value of the cookie
	}
	return []string{"u:" + name, "a:" + name, "a:" + e.sealer.derive(name)}, nil
}

// forgetElsewhere is told that another edge has forgotten a visitor.
func (e *Engine) forgetElsewhere(id string) {
	e.forgetHere(id)
	e.forgetting.add(id, e.now())
}

// forgetLog removes from the log what somebody was forgotten for on another edge.
func (e *Engine) forgetLog(ctx context.Context, ids map[string]time.Time, missed bool) {
	if len(ids) > 0 {
		_, err := e.events.Forget(ctx, func(event eventlog.Event) bool {
			at := ids[event.Visitor]
			return event.Workspace == e.workspace && !at.IsZero() && !event.At.After(at)
		})
		e.notForgotten(ctx, err)
	}
	if !missed {
		return
	}
	begun := e.now()
	forgotten, err := e.announcer.Forgotten(ctx, e.workspace, e.forgetting.since)
	if err == nil && forgotten != nil {
		times := map[string]time.Time{}
		_, err = e.events.Forget(ctx, func(event eventlog.Event) bool {
			if event.Workspace != e.workspace {
				return false
			}
			at, looked := times[event.Visitor]
			if !looked {
				at = forgotten(event.Visitor)
				times[event.Visitor] = at
			}
			return !at.IsZero() && !event.At.After(at)
		})
	}
	if e.notForgotten(ctx, err); err == nil {
		const skew = 10 * time.Minute // of the edges' clocks
		e.forgetting.since = begun.Add(-skew)
	}
}

func (e *Engine) notForgotten(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrClosed) && !errors.Is(err, eventlog.ErrClosed) && !errors.Is(err, store.ErrUnavailable) {
		e.logger.Error("a visitor was forgotten on another edge, and events in this edge's log could not be removed; it is tried again when this edge starts", "error", err)
	}
}
