package source

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"handbill/engine/workspace"
)

const (
	// firstPatience bounds how long Follow waits for a first version: meanwhile, at the start of a server, nobody is answered.
	firstPatience = 2 * time.Second
	// filePatience is how long a source on disk has until the last good version is used.
	filePatience = 100 * time.Millisecond
	// keptPatience is how long Follow waits where the last good version is being compiled, and pages know of it.
	keptPatience = 10 * time.Second
	// mostAtOnce is how many bytes of a last good version are compiled before anybody would have asked for a page.
	mostAtOnce = 16 << 10
	// Watching that failed begins again after these.
	shortestPause = time.Second
	longestPause  = 30 * time.Second
	// maximumLogged bounds the problems of one attempt that are logged.
	maximumLogged = 20
)

// Options say how a source is followed.
type Options struct {
	// Logger receives what an operator should know. Nil: slog.Default().
	Logger *slog.Logger
	// Apply is given every version that checks, by one goroutine and in order.
	Apply func(*workspace.Snapshot)
	// Open is told what pages need to know of a last good version that will take a while to compile, and nil when there is
	// none after all. Nil: nobody is told.
	Open func(*workspace.Opening)
	// Keeper has the last good version of a process before this one. Nil: none.
	Keeper *Keeper
	// Before is the snapshot that is in use already. Nil: none.
	Before *workspace.Snapshot
	// Observe is told how each look at the source ended. Nil: nobody is.
	Observe func(Result, State)
}

// Result is how a look at a source ended.
type Result string

// How a look at a source can end.
const (
	ResultChanged   Result = "changed"   // what is new is in use
	ResultUnchanged Result = "unchanged" // it is what it was
	ResultRefused   Result = "refused"   // it does not check
	ResultFailed    Result = "failed"    // it could not be had
	ResultKept      Result = "kept"      // not a look: the last good version is used
)

// Results are all of them.
func Results() []Result {
	return []Result{ResultChanged, ResultUnchanged, ResultRefused, ResultFailed, ResultKept}
}

// State is how far a Follower is.
type State struct {
	// Generation and Revision are those of the version in use, "" where none checked yet: what it says, and its bytes.
	Generation, Revision string
	// LoadedAt is when that version was taken into use, FetchedAt when the source was last seen to have it, CheckedAt when
	// the source was last looked at.
	LoadedAt, FetchedAt, CheckedAt time.Time
	// Kept: the version in use is that of a process before this one, and the source has not been seen to have it.
	Kept bool
	// SignedAt is when the version in use was signed; zero where it was not, or without a time.
	SignedAt time.Time
	// FailingSince is since when the source's content is not in use; zero when it is.
	FailingSince time.Time
	// Problems are why the source's latest content is not in use; empty when it is.
	Problems []workspace.Problem
	// Warnings are those of the source's latest content.
	Warnings []workspace.Problem
}

// Follower keeps up with a source until it is stopped.
type Follower struct {
	source  Source
	options Options
	logger  *slog.Logger
	// compileFrom is workspace.CompileFrom.
	compileFrom func(*workspace.Snapshot, []workspace.File) (*workspace.Snapshot, []workspace.Problem, error)

	cancel     context.CancelFunc
	goroutines sync.WaitGroup
	closing    sync.Once
	// changes holds one token while the source may have changed.
	changes chan struct{}

	// opened is set while Open has told of a version that is not applied yet.
	opened atomic.Bool

	mutex sync.Mutex
	state State

	// The rest belongs to the goroutine that loads.
	snapshot *workspace.Snapshot
	// used is what is in use, and refused what was refused last.
	used, refused attempt
	// signed is when what was good last was signed, also by a process before this one.
	signed time.Time
	// failure is the last error of loading; "" after one that succeeded.
	failure string
	// kept is the last good version, until there is a snapshot.
	kept *Kept
}

// Follow loads a source and keeps up with it until the context ends or Stop is
// called. Every version that checks is given to Apply. A version that does not
// check is logged, each problem with its file, line and fix, and the one before
// stays. Follow returns when a first version was applied or refused, at the
// latest after two seconds, or ten where Open was told of one that is being
// compiled; it does not fail: a source that is missing or wrong is picked up
// when it is mended.
func Follow(ctx context.Context, source Source, options Options) *Follower {
	ctx, cancel := context.WithCancel(ctx)
	f := newFollower(source, options)
	f.cancel = cancel
	first := make(chan struct{})
	f.goroutines.Go(func() { f.keepLoading(ctx, first) })
	f.goroutines.Go(func() { f.keepWatching(ctx) })

	if !f.wait(ctx, first, firstPatience) && (!f.opened.Load() || !f.wait(ctx, first, keptPatience-firstPatience)) {
		f.logger.Warn("the workspace takes long to load; pages go on without waiting for it")
	}
	return f
}

// wait is false where first does not end in time.
func (f *Follower) wait(ctx context.Context, first <-chan struct{}, patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-first:
	case <-ctx.Done():
	case <-timer.C:
		return false
	}
	return true
}

func newFollower(source Source, options Options) *Follower {
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	if options.Open == nil {
		options.Open = func(*workspace.Opening) {}
	}
	if options.Observe == nil {
		options.Observe = func(Result, State) {}
	}
	f := &Follower{
		source: source, options: options, logger: options.Logger.With("source", source.String()),
		compileFrom: workspace.CompileFrom, changes: make(chan struct{}, 1), snapshot: options.Before,
	}
	if options.Before != nil {
		f.state.Generation = options.Before.Generation
	}
	return f
}

// Stop ends following and returns when nothing of it runs any more. It may be called again.
func (f *Follower) Stop() {
	f.cancel()
	f.goroutines.Wait()
	f.closing.Do(func() {
		if closer, ok := f.source.(Closer); ok {
			closer.Close()
		}
	})
}

// State returns how far the follower is. The caller must not change its lists.
func (f *Follower) State() State {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.state
}

func (f *Follower) keepLoading(ctx context.Context, first chan struct{}) {
	f.begin(ctx, sync.OnceFunc(func() { close(first) }))
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.changes:
			f.take(ctx, f.load(ctx))
		}
	}
}

// begin loads for the first time. Where the source takes longer than a moment, the last good version is used meanwhile.
func (f *Follower) begin(ctx context.Context, first func()) {
	defer first()
	patience := f.findKept()
	f.open()
	defer f.shut()
	answer := make(chan load, 1)
	go func() { answer <- f.load(ctx) }()
	if f.kept != nil {
		select {
		case got := <-answer:
			f.take(ctx, got)
			return
		case <-ctx.Done():
		case <-time.After(patience):
			if f.useKept() {
				first()
			} else {
				f.shut()
			}
		}
	}
	f.take(ctx, <-answer)
}

// findKept looks for a last good version, and says how long the source has until that is used.
func (f *Follower) findKept() (patience time.Duration) {
	kept, found, err := f.options.Keeper.lastKept()
	if err != nil {
		f.logger.Warn(err.Error())
	}
	if !found {
		return 0
	}
	if f.signed = kept.SignedAt; f.snapshot == nil {
		f.kept = &kept
	}
	if resumer, ok := f.source.(Resumer); ok {
		resumer.Resume(kept.Files, kept.Tag)
		return 0
	}
	return filePatience
}

// open tells of the last good version before it is compiled, where that takes a while: whatever the source has, there will
// be one in use.
func (f *Follower) open() {
	size := 0
	if f.kept != nil {
		for _, file := range f.kept.Files {
			size += len(file.Data)
		}
	}
	if size <= mostAtOnce {
		return
	}
	defer func() {
		if fault := recover(); fault != nil {
			f.logger.Warn("the last good workspace is not served until it is compiled", "fault", fault)
		}
	}()
	if opening, known := workspace.Open(f.kept.Files); known {
		f.opened.Store(true)
		f.options.Open(&opening)
	}
}

// shut ends what open has begun, where no version has come of it.
func (f *Follower) shut() {
	if f.opened.Swap(false) && f.snapshot == nil {
		f.options.Open(nil)
	}
}

func (f *Follower) keepWatching(ctx context.Context) {
	changed := func() {
		select {
		case f.changes <- struct{}{}:
		default:
		}
	}
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		err := f.source.Watch(ctx, changed)
		if ctx.Err() != nil {
			return
		}
		f.logger.Warn("the workspace's source cannot be watched; trying again", "error", err, "in", pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
