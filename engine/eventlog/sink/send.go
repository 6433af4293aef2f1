package sink

import (
	"context"
	"errors"
	"slices"
	"time"
)

// hand hands over the next batch; false when it was stopped before.
func (r *Runner) hand(ctx context.Context) bool {
	if len(r.ready) == 0 {
		return false
	}
	var batch []Item
	for _, one := range r.ready {
		batch = append(batch, one.Item)
	}
	batch = batch[:r.fitting(batch)]
	if !r.send(ctx, batch, r.options.Tries) {
		return false
	}
	last := r.ready[len(batch)-1]
	r.reached, r.passed = last.next, last.passed
	r.ready = slices.Delete(r.ready, 0, len(batch))
	if len(r.ready) == 0 {
		r.reached, r.passed = r.tail.At(), r.read
	}
	r.state.pass(r.passed, r.ready)
	return true
}

// fitting is how many items go into one batch: at least one.
func (r *Runner) fitting(items []Item) int {
	size := 0
	for i, one := range items {
		if size += len(one.Encoded); i > 0 && (i == r.bounds.Events || r.bounds.Bytes > 0 && size > r.bounds.Bytes) {
			return i
		}
	}
	return len(items)
}

// send tries a batch until it is taken, or refused so often that it is dead; false when it was stopped before.
func (r *Runner) send(ctx context.Context, items []Item, tries int) bool {
	batch := Batch{ID: items[0].Record.Key, Made: time.Now().UTC(), Items: items}
	refused := 0
	for try := 0; ; try++ {
		err := r.options.Target.Send(r.sending, batch)
		if err == nil {
			r.succeed(len(items))
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		r.fail(err)
		var refusal *Refusal
		if errors.As(err, &refusal) {
			if refused++; refused >= tries {
				return r.giveUp(ctx, items, refusal)
			}
		}
		var later *Later
		var after time.Duration
		if errors.As(err, &later) {
			after = later.After
		}
		if !r.wait(ctx, try, after) {
			return false
		}
	}
}

// giveUp buries a batch that is refused, or finds out which of its events are to blame.
func (r *Runner) giveUp(ctx context.Context, items []Item, refusal *Refusal) bool {
	if !refusal.Content || len(items) == 1 {
		return r.bury(ctx, items, refusal)
	}
	half := len(items) / 2
	return r.send(ctx, items[:half], 1) && r.send(ctx, items[half:], 1)
}

// bury puts events among the dead letters; false when it was stopped before.
func (r *Runner) bury(ctx context.Context, items []Item, reason error) bool {
	if !r.insist(ctx, func() error { return r.addDead(items, reason) }) {
		return false
	}
	r.options.Logger.Error("the other side of a sink does not take events; they are among the dead letters, and can be replayed",
		"events", len(items), "reason", reason.Error(), "file", r.deadPath())
	return true
}
