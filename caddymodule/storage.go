package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"

	"handbill/engine/eventlog"
	"handbill/engine/eventlog/sink"
	"handbill/engine/store"
)

const (
	reopenTime = 2 * time.Second // between two attempts
	sweepTime  = time.Hour       // between two rounds of forgetting old visitors
)

// storages holds the open stores by their place. Two configurations overlap in a reload; a store that both have stays open.
var storages = caddy.NewUsagePool()

// storage is an open store with its log of reports, or the endeavour to open them: a store that another process has locked,
// or that cannot be read, is tried again until it opens. Meanwhile sites are served without messages.
type storage struct {
	place     string
	open      func() (store.Store, *eventlog.Log, error)
	retention atomic.Int64  // a time.Duration
	tried     chan struct{} // closed after the first attempt
	opened    chan struct{}
	logBegan  eventlog.Position // where the log ended when the store was opened
	cancel    context.CancelFunc
	done      chan struct{}

	mu     sync.Mutex
	store  store.Store
	events *eventlog.Log
	reason error // why it is not open
}

// useStorage returns the storage at a place and keeps it until storages.Delete. It does not wait until the store is open.
func useStorage(in Store, cacheSize int64) *storage {
	value, _, _ := storages.LoadOrNew(in.Place(), func() (caddy.Destructor, error) { // the constructor does not fail
		ctx, cancel := context.WithCancel(context.Background())
		s := &storage{
			place: in.Place(), tried: make(chan struct{}), opened: make(chan struct{}), done: make(chan struct{}), cancel: cancel,
			open: func() (store.Store, *eventlog.Log, error) { return in.Open(cacheSize) },
		}
		go s.keep(ctx)
		return s, nil
	})
	return value.(*storage)
}

// tryOpen opens the store, or notes why it does not open.
func (s *storage) tryOpen() {
	opened, events, err := s.open()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if s.reason == nil || s.reason.Error() != err.Error() {
			logger().Error("the store cannot be opened; sites are served without messages, and it is tried again", "store", s.place, "error", err)
		}
		s.reason = err
		return
	}
	if s.reason != nil {
		logger().Info("the store is open", "store", s.place)
	}
	if events != nil {
		events.AlsoForget(sink.Forget)
		s.logBegan = events.End()
	}
	s.store, s.events, s.reason = opened, events, nil
	close(s.opened)
}

// logEnd is where the log of reports ends; zero while the store is not open.
func (s *storage) logEnd() (end eventlog.Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.events != nil {
		end = s.events.End()
	}
	return end
}

// keep tries to open the store until it is open, then forgets old visitors from time to time.
func (s *storage) keep(ctx context.Context) {
	defer close(s.done)
	s.tryOpen()
	close(s.tried)
	for !s.isOpen() {
		if !wait(ctx, reopenTime) {
			return
		}
		s.tryOpen()
	}
	for wait(ctx, sweepTime) {
		s.sweep(ctx)
	}
}

// sweep forgets visitors, and parts of the log, of longer ago than anything is kept.
func (s *storage) sweep(ctx context.Context) {
	before := time.Now().Add(-time.Duration(s.retention.Load()))
	if _, err := s.store.Sweep(ctx, before); err != nil && ctx.Err() == nil {
		logger().Error("visitors of long ago could not be removed; it is tried again", "store", s.place, "error", err)
	}
	if s.events == nil {
		return
	}
	if _, err := s.events.Sweep(ctx, before); err != nil && ctx.Err() == nil {
		logger().Error("parts of the log of long ago could not be removed; it is tried again", "store", s.place, "error", err)
	}
}

func (s *storage) isOpen() bool {
	select {
	case <-s.opened:
		return true
	default:
		return false
	}
}

// inUse is the open store; nil while there is none.
func (s *storage) inUse() store.Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store
}

// problem says why the store is not open, or what keeps an open one from working; nil when all is well.
func (s *storage) problem() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if troubled, ok := s.store.(store.Troubled); ok {
		return troubled.Trouble()
	}
	return s.reason
}

// Destruct closes store and log. What was acknowledged is in them.
func (s *storage) Destruct() error {
	s.cancel()
	<-s.done
	if !s.isOpen() {
		return nil
	}
	var problems []error
	if s.events != nil {
		problems = append(problems, s.events.Close())
	}
	problems = append(problems, s.store.Close())
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("closing the store %s: %w", s.place, err)
	}
	return nil
}

// wait returns true after a time, or false when ctx ends before.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
