package caddymodule

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"

	"handbill/engine"
	"handbill/engine/source"
	"handbill/engine/workspace"
)

// services holds what serves a workspace. One that is the same in the old and the new configuration goes on through a
// reload, with its messages and everything it knows.
var services = caddy.NewUsagePool()

// serviceKey tells services apart: the same workspace from the same source in the same store is the same.
type serviceKey struct{ workspace, source, store string }

// service is a workspace at work: its engine, and the follower that feeds it from the source. The engine is there as
// soon as the store is open.
type service struct {
	key      serviceKey
	logger   *slog.Logger
	storage  *storage
	follower *source.Follower
	engine   atomic.Pointer[engine.Engine]
	cancel   context.CancelFunc
	done     chan struct{}

	mu         sync.Mutex
	snapshot   *workspace.Snapshot // the last that checked
	slow, fast time.Duration
}

// useService returns the service of a workspace and keeps it until services.Delete. A new one loads its workspace before
// it returns; a source that is slow is waited for ten seconds at most.
func useService(name string, from source.Source, in Store, cacheSize int64) *service {
	key := serviceKey{workspace: name, source: from.String(), store: in.Place()}
	before := lastGood(name)
	value, _, _ := services.LoadOrNew(key, func() (caddy.Destructor, error) { // the constructor does not fail
		ctx, cancel := context.WithCancel(context.Background())
		s := &service{key: key, logger: logger().With("workspace", name), cancel: cancel, done: make(chan struct{})}
		s.storage = useStorage(in, cacheSize)
		s.follower = source.Follow(ctx, from, s.logger, s.apply)
		if s.snapshotInUse() == nil && before != nil {
			s.logger.Warn("the messages of the configuration before stay in use", "generation", before.Generation)
			s.apply(before)
		}
		if s.storage.isOpen() && s.connect(ctx) {
			close(s.done)
		} else {
			go s.keepConnecting(ctx)
		}
		return s, nil
	})
	return value.(*service)
}

// lastGood is the snapshot in use for a workspace, whatever its source; nil when there is none. When a new source does
// not check, it stays.
func lastGood(name string) *workspace.Snapshot {
	var found *workspace.Snapshot
	services.Range(func(_, value any) bool {
		if s, ok := value.(*service); ok && s.key.workspace == name {
			found = s.snapshotInUse()
		}
		return found == nil
	})
	return found
}

func (s *service) snapshotInUse() *workspace.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot
}

// apply takes over a snapshot.
func (s *service) apply(snapshot *workspace.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snapshot = snapshot
	if e := s.engine.Load(); e != nil {
		e.Use(snapshot)
	}
}

// setCadence changes how often clients poll.
func (s *service) setCadence(slow, fast time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow, s.fast = slow, fast
	if e := s.engine.Load(); e != nil {
		e.SetCadence(slow, fast)
	}
}

// connect makes the engine on the open store and says whether it could.
func (s *service) connect(ctx context.Context) bool {
	made, err := engine.New(ctx, engine.Options{
		Workspace: s.key.workspace, Store: s.storage.store, Events: s.storage.events,
		Recorder: newEngineRecorder(s.key.workspace), Logger: s.logger,
	})
	if err != nil {
		s.logger.Error("the workspace cannot be served yet; it is tried again", "error", err)
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	made.SetCadence(s.slow, s.fast)
	if s.snapshot != nil {
		made.Use(s.snapshot)
	}
	s.engine.Store(made)
	return true
}

// keepConnecting waits for the store, then makes the engine.
func (s *service) keepConnecting(ctx context.Context) {
	defer close(s.done)
	select {
	case <-ctx.Done():
		return
	case <-s.storage.opened:
	}
	for !s.connect(ctx) {
		if !wait(ctx, reopenTime) {
			return
		}
	}
}

// Destruct stops following the source and lets go of the store.
func (s *service) Destruct() error {
	s.cancel()
	s.follower.Stop()
	<-s.done
	_, err := storages.Delete(s.key.store)
	return err
}
