package engine

import (
	"context"
	"sync"
	"time"
)

// forgetting removes from this edge's log what other edges say is to be forgotten, by itself: who says so does not wait.
type forgetting struct {
	work func(ctx context.Context, ids map[string]time.Time, missed bool)
	ctx  context.Context
	end  context.CancelFunc
	// since is until when it is known that nothing was missed; only work uses it.
	since time.Time

	mu      sync.Mutex
	running bool
	ids     map[string]time.Time // visitors, and when it was said of them
	missed  bool                 // something may have been said that was not heard
	working sync.WaitGroup
}

func newForgetting(work func(context.Context, map[string]time.Time, bool)) *forgetting {
	f := &forgetting{work: work}
	f.ctx, f.end = context.WithCancel(context.Background())
	return f
}

// add has a visitor forgotten. Nil forgets nobody: there is no log.
func (f *forgetting) add(id string, at time.Time) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ids == nil {
		f.ids = map[string]time.Time{}
	}
	f.ids[id] = at
	f.start()
}

// look has looked for what was missed.
func (f *forgetting) look() {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.missed = true
	f.start()
}

// start works until there is nothing to do. f.mu is held.
func (f *forgetting) start() {
	if f.running || f.ctx.Err() != nil {
		return
	}
	f.running = true
	f.working.Go(func() {
		for {
			f.mu.Lock()
			ids, missed := f.ids, f.missed
			f.ids, f.missed = nil, false
			if f.running = len(ids) > 0 || missed; !f.running || f.ctx.Err() != nil {
				f.mu.Unlock()
				return
			}
			f.mu.Unlock()
			f.work(f.ctx, ids, missed)
		}
	})
}

// close ends what is being done; it is taken up when an edge starts with the same log.
func (f *forgetting) close() {
	if f == nil {
		return
	}
	f.mu.Lock()
	f.end()
	f.mu.Unlock()
	f.working.Wait()
}
