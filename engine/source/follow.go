package source

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"slices"
	"sync"
	"time"

	"handbill/engine/workspace"
)

const (
	// firstLoadPatience bounds how long Follow waits for the first load.
	firstLoadPatience = 10 * time.Second
	// Watching that failed begins again after these.
	shortestPause = time.Second
	longestPause  = 30 * time.Second
	// maximumLogged bounds the problems of one attempt that are logged.
	maximumLogged = 20
)

// State is how far a Follower is.
type State struct {
	// Generation is that of the snapshot in use, "" where none checked yet.
	Generation string
	// LoadedAt is when that snapshot was loaded, CheckedAt when the source was last looked at.
	LoadedAt, CheckedAt time.Time
	// Problems are why the source's latest content is not in use; empty when it is.
	Problems []workspace.Problem
	// Warnings are those of the source's latest content.
	Warnings []workspace.Problem
}

// Follower keeps up with a source until it is stopped.
type Follower struct {
	source Source
	logger *slog.Logger
	apply  func(*workspace.Snapshot)
	// compileFrom is workspace.CompileFrom.
	compileFrom func(*workspace.Snapshot, []workspace.File) (*workspace.Snapshot, []workspace.Problem, error)

	cancel     context.CancelFunc
	goroutines sync.WaitGroup
	// changes holds one token while the source may have changed.
	changes chan struct{}

	mutex sync.Mutex
	state State

	// The rest belongs to the goroutine that loads.
	snapshot *workspace.Snapshot
	// attempted stands for what was compiled last, good or not.
	attempted uint64
	// failure is the last error of loading.
	failure string
}

// Follow loads a source and keeps up with it until the context ends or Stop is
// called. Every version that checks is given to apply, by one goroutine and in
// order. A version that does not check is logged, each problem with its file,
// line and fix, and the one before stays. Follow returns when the first version
// was applied or refused, at the latest after ten seconds; it does not fail: a
// source that is missing or wrong is picked up when it is mended.
func Follow(ctx context.Context, source Source, logger *slog.Logger, apply func(*workspace.Snapshot)) *Follower {
	ctx, cancel := context.WithCancel(ctx)
	f := &Follower{
		source: source, logger: logger.With("source", source.String()), apply: apply, compileFrom: workspace.CompileFrom,
		cancel: cancel, changes: make(chan struct{}, 1),
	}
	first := make(chan struct{})
	f.goroutines.Go(func() { f.keepLoading(ctx, first) })
	f.goroutines.Go(func() { f.keepWatching(ctx) })

	patience := time.NewTimer(firstLoadPatience)
	defer patience.Stop()
	select {
	case <-first:
	case <-ctx.Done():
	case <-patience.C:
		f.logger.Warn("the workspace's source is slow; pages pass through until it answers", "waited", firstLoadPatience)
	}
	return f
}

// Stop ends following and returns when nothing of it runs any more. It may be called again.
func (f *Follower) Stop() {
	f.cancel()
	f.goroutines.Wait()
}

// State returns how far the follower is. The caller must not change its lists.
func (f *Follower) State() State {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.state
}

func (f *Follower) keepLoading(ctx context.Context, first chan<- struct{}) {
	f.load(ctx)
	close(first)
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.changes:
			f.load(ctx)
		}
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

// load reads the source and takes over what is new in it.
func (f *Follower) load(ctx context.Context) {
	files, err := f.source.Load(ctx)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		f.refuseLoad(err)
		return
	}
	f.failure = ""
	attempt := digest(files)
	if attempt == f.attempted {
		f.update(func(*State) {})
		return
	}
	f.attempted = attempt

	snapshot, warnings, err := f.compile(files)
	if err != nil {
		problems := problemsOf(err, f.source)
		f.update(func(s *State) { s.Problems, s.Warnings = problems, warnings })
		f.log(slog.LevelError, "the workspace has a problem", problems)
		f.logRefusal()
		return
	}
	f.snapshot = snapshot
	f.apply(snapshot)
	f.update(func(s *State) {
		s.Generation, s.LoadedAt = snapshot.Generation, time.Now()
		s.Problems, s.Warnings = nil, warnings
	})
	for _, skipped := range snapshot.Skipped {
		f.log(slog.LevelError, "a message is left out", skipped.Problems)
	}
	f.log(slog.LevelWarn, "the workspace has something doubtful", warnings)
	f.logger.Info("workspace loaded", "messages", len(snapshot.Messages), "generation", snapshot.Generation)
}

// refuseLoad reports a source that could not be read, once until that changes.
func (f *Follower) refuseLoad(err error) {
	problems := problemsOf(err, f.source)
	f.update(func(s *State) { s.Problems, s.Warnings = problems, nil })
	// What comes back may be what was there before, and must be reported as good then.
	f.attempted = 0
	if f.failure == err.Error() {
		return
	}
	f.failure = err.Error()
	f.log(slog.LevelError, "the workspace cannot be loaded", problems)
	f.logRefusal()
}

func (f *Follower) logRefusal() {
	if f.snapshot == nil {
		f.logger.Warn("no workspace is in use: pages pass through untouched until the problems are mended")
		return
	}
	f.logger.Warn("the workspace from before stays in use until the problems are mended", "generation", f.snapshot.Generation)
}

// compile keeps a fault of ours from ending the process.
func (f *Follower) compile(files []workspace.File) (snapshot *workspace.Snapshot, warnings []workspace.Problem, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("compiling it failed: %v", fault)
		}
	}()
	return f.compileFrom(f.snapshot, files)
}

func (f *Follower) update(change func(*State)) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.state.CheckedAt = time.Now()
	change(&f.state)
}

func (f *Follower) log(level slog.Level, message string, problems []workspace.Problem) {
	for i, problem := range problems {
		if i == maximumLogged {
			f.logger.Log(context.Background(), level, "more of the same kind is not logged; see: handbill messages check", "more", len(problems)-maximumLogged)
			return
		}
		f.logger.Log(context.Background(), level, message,
			"file", problem.File, "line", problem.Line, "problem", problem.Text, "fix", problem.Fix)
	}
}

// problemsOf is an error of Load or of Compile as a list of problems.
func problemsOf(err error, source Source) []workspace.Problem {
	var many workspace.Problems
	var one workspace.Problem
	switch {
	case errors.As(err, &many):
		return slices.Clone(many)
	case errors.As(err, &one):
		return []workspace.Problem{one}
	default:
		return []workspace.Problem{{File: source.String(), Text: err.Error(), Fix: "see the source's documentation"}}
	}
}

var digestSeed = maphash.MakeSeed()

// digest stands for the files' names and bytes, in this process.
func digest(files []workspace.File) uint64 {
	var hash maphash.Hash
	hash.SetSeed(digestSeed)
	for _, file := range files {
		// A list that is missing and one that is empty are not the same.
		for _, part := range []string{file.Name, file.Problem} {
			maphash.WriteComparable(&hash, part)
		}
		maphash.WriteComparable(&hash, len(file.Data))
		hash.Write(file.Data) // never fails
	}
	return hash.Sum64()
}
