package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// storePatience is how long a poll waits for a store on the network, in all. Then it is answered from what was known last:
// what is on screen stays, and of the rest only what nothing bounds is shown. Rather too seldom than too often.
const storePatience = 40 * time.Millisecond

// outageWait is after what time a client asks again for what was left out.
const outageWait = 5 * time.Second

// patient bounds how long a poll waits for the store, where that is on the network.
func (e *Engine) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	if e.remote == nil {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, e.patience)
}

// recall is what was known last of a visitor whose record cannot be read now; err says why it cannot, where nothing was.
func (e *Engine) recall(key store.Key, why error) (*visitor.Record, error) {
	if e.remote == nil || !errors.Is(why, store.ErrUnavailable) {
		return nil, why
	}
	record, ok := e.remote.Last(key)
	if !ok {
		return nil, why
	}
	return record, nil
}

// known is what is remembered of a visitor, or was last where that cannot be read now; for what follows from their doings.
func (e *Engine) known(ctx context.Context, key store.Key) (*visitor.Record, error) {
	record, err := e.store.Load(ctx, key)
	if err != nil {
		if record, err = e.recall(key, err); err != nil {
			return nil, fmt.Errorf("reading the visitor's record: %w", err)
		}
	}
	return record, nil
}

// bear drops the error of a store that cannot be reached, for what can be left out of a poll's answer. The client asks again
// soon.
func (s *situation) bear(err error) error {
	if !errors.Is(err, store.ErrUnavailable) {
		return err
	}
	if again := s.now.Add(outageWait); s.soonest.IsZero() || again.Before(s.soonest) {
		s.soonest = again
	}
	return nil
}

// deliverAnyway hands out a message without a lease, which cannot be had now; only one that may be shown any number of times.
func (e *Engine) deliverAnyway(m *workspace.Message, s *situation) (d delivery, due bool) {
	if m.Kind != workspace.KindBroadcast || m.Frequency.Name != workspace.FrequencyAlways || s.throttled(m) {
		return delivery{}, false
	}
	s.handOut(m)
	return e.sealer.seal(s.marks().visitor(), s.viewOf(m), m.ID, s.occasion(m), false), true
}
