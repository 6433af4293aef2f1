package caddymodule

import (
	"context"
	"log/slog"
	"slices"
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
type serviceKey struct{ workspace, source, settings, store string }

// service is a workspace at work: its engine, and the follower that feeds it from the source. Whatever takes time, opening
// the store and reading the source, it does by itself; nobody who asks for the engine waits for it.
type service struct {
	key serviceKey
	// lastGood is the file of the workspace's last good version.
	lastGood string
	logger   *slog.Logger
	storage  *storage
	engine   atomic.Pointer[engine.Engine] // nil until the store is open
	settled  chan struct{}                 // closed when source and store were tried
	opened   chan struct{}                 // closed when pages can be answered, which may be before
	cancel   context.CancelFunc
	done     chan struct{}

	mu       sync.Mutex
	follower *source.Follower    // nil until the source was tried
	snapshot *workspace.Snapshot // the last that checked
	opening  *workspace.Opening  // of one that is being compiled
	// unconnected: the store did not open at first.
	unconnected bool
	slow, fast  time.Duration
	identities  []string // how the sites believe who visitors are
	doubted     []string // what was logged of that
	streams     engine.Streams
}

// useService returns the service of a workspace and keeps it until services.Delete.
func useService(name string, module Source, in Store, cacheSize int64) *service {
	from := module.Source()
	key := serviceKey{workspace: name, source: from.String(), settings: settingsOf(module), store: in.Place()}
	before := lastGood(name)
	value, _, _ := services.LoadOrNew(key, func() (caddy.Destructor, error) { // the constructor does not fail
		ctx, cancel := context.WithCancel(context.Background())
		s := &service{
			key: key, lastGood: lastGoodPath(name, from), logger: logger().With("workspace", name), storage: useStorage(in, cacheSize),
			snapshot: before, settled: make(chan struct{}), opened: make(chan struct{}), cancel: cancel, done: make(chan struct{}),
		}
		if s.storage.isOpen() {
			s.connect(ctx) // at once, so that a reload leaves no gap
		}
		go s.run(ctx, from)
		return s, nil
	})
	return value.(*service)
}

// run follows the source, and makes the engine when the store is open.
func (s *service) run(ctx context.Context, from source.Source) {
	defer close(s.done)
	connected := make(chan struct{}) // closed when it was tried
	var connecting sync.WaitGroup
	connecting.Go(func() { s.keepConnecting(ctx, connected) })
	defer connecting.Wait()
	before, keeper := s.snapshotInUse(), source.KeepAt(s.lastGood)
	follower := source.Follow(ctx, from, source.Options{
		Logger: s.logger, Open: s.open, Apply: s.apply, Before: before,
		Keeper: keeper, Observe: newSourceRecorder(s.key.workspace),
	})
	s.mu.Lock()
	s.follower = follower
	s.mu.Unlock()
	if before != nil && s.snapshotInUse() == before {
		s.logger.Warn("the messages of the configuration before stay in use", "generation", before.Generation)
	}
	<-connected
	close(s.settled)
	s.keepTidy(ctx, keeper)
}

// lastGood is the snapshot in use for a workspace, whatever its source; nil when there is none. It is used until a new
// source has been read, and stays when that does not check.
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

// open takes over what pages need to know of a workspace that is being compiled; nil: it cannot be.
func (s *service) open(opening *workspace.Opening) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opening = opening
	if e := s.engine.Load(); e != nil || s.unconnected {
		s.openIn(e)
	}
}

// openIn lets the engine serve what was taken over by open. Without one, nobody waits for a compile.
func (s *service) openIn(e *engine.Engine) {
	if e != nil {
		e.Open(s.opening)
	}
	if s.opening == nil {
		return
	}
	select {
	case <-s.opened:
	default:
		close(s.opened)
	}
}

// apply takes over a snapshot.
func (s *service) apply(snapshot *workspace.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snapshot, s.opening = snapshot, nil
	s.logDoubts()
	if e := s.engine.Load(); e != nil {
		e.Use(snapshot)
	}
}

// setIdentities says how the workspace's sites believe who visitors are.
func (s *service) setIdentities(modes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identities = modes
	s.logDoubts()
}

// logDoubts logs what is doubtful about how visitors are believed, where it was not logged yet.
func (s *service) logDoubts() {
	now := doubts(s.identities, s.snapshot)
	for _, doubt := range now {
		if !slices.Contains(s.doubted, doubt) {
			s.logger.Warn(doubt)
		}
	}
	s.doubted = now
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
	made.SetStreams(s.streams)
	if s.snapshot != nil {
		made.Use(s.snapshot)
	}
	s.engine.Store(made)
	s.openIn(made)
	return true
}

// keepConnecting waits for the store, then makes the engine, and closes tried after the first attempt.
func (s *service) keepConnecting(ctx context.Context, tried chan<- struct{}) {
	<-s.storage.tried
	connected := s.engine.Load() != nil || s.storage.isOpen() && s.connect(ctx)
	close(tried)
	if connected {
		return
	}
	s.mu.Lock()
	s.unconnected = true
	s.openIn(nil)
	s.mu.Unlock()
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

// Destruct ends the streams, stops following the source and lets go of the store.
func (s *service) Destruct() error {
	s.cancel()
	s.setStreams(engine.Streams{})
	<-s.done
	s.follower.Stop()
	if e := s.engine.Load(); e != nil {
		e.Close()
	}
	s.forgetSource()
	_, err := storages.Delete(s.key.store)
	return err
}
