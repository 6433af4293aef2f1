package source

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"slices"
	"time"

	"handbill/engine/workspace"
)

// load is what a source has answered.
type load struct {
	files  []workspace.File
	tag    string
	signed time.Time
	err    error
}

// attempt is what was compiled: its digest, and what is said of it.
type attempt struct {
	digest             uint64
	problems, warnings []workspace.Problem
}

// load reads the source; a fault of a source is its error.
func (f *Follower) load(ctx context.Context) (got load) {
	defer func() {
		if fault := recover(); fault != nil {
			got = load{err: fmt.Errorf("loading it failed: %v", fault)}
		}
	}()
	got.files, got.err = f.source.Load(ctx)
	if resumer, ok := f.source.(Resumer); ok {
		got.tag = resumer.Tag()
	}
	if source, ok := f.source.(Signed); ok {
		got.signed = source.Signed()
	}
	return got
}

// take takes over what is new in what was loaded.
func (f *Follower) take(ctx context.Context, got load) {
	if ctx.Err() != nil {
		return
	}
	if got.err == nil {
		got.err = f.checkNotEmptied(got.files)
	}
	if got.err != nil {
		f.refuseLoad(got.err)
		return
	}
	back := f.failure != ""
	f.failure = ""
	switch attempted := digest(got.files); {
	case attempted == f.used.digest:
		f.confirm(got, back)
	case got.signed.Before(f.signed):
		f.refuseOld(got, back)
	case attempted == f.refused.digest:
		if back || len(f.State().Problems) == 0 {
			f.refuse()
		} else {
			f.update(ResultRefused, func(*State) {})
		}
	default:
		f.try(attempted, got)
	}
}

// try compiles what is new.
func (f *Follower) try(attempted uint64, got load) {
	snapshot, warnings, err := f.compile(got.files)
	if err != nil {
		f.refused = attempt{digest: attempted, problems: problemsOf(err, f.source), warnings: warnings}
		f.refuse()
		return
	}
	f.use(snapshot, attempt{digest: attempted, warnings: warnings})
	f.signed = got.signed
	revision := Revision(got.files)
	f.update(ResultChanged, func(s *State) {
		now := time.Now()
		*s = State{
			Generation: snapshot.Generation, Revision: revision, CheckedAt: s.CheckedAt, LoadedAt: now, FetchedAt: now, SignedAt: got.signed,
			Warnings: warnings,
		}
	})
	for _, skipped := range snapshot.Skipped {
		f.log(slog.LevelError, "a message is left out", skipped.Problems)
	}
	f.log(slog.LevelWarn, "the workspace has something doubtful", warnings)
	f.logger.Info("workspace loaded", "messages", len(snapshot.Messages), "generation", snapshot.Generation, "revision", f.State().Revision)
	f.keep(got)
}

// confirm notes that the source has what is in use.
func (f *Follower) confirm(got load, back bool) {
	before := f.State()
	if back || before.Kept || len(before.Problems) > 0 {
		f.logger.Info("the source has the workspace that is in use", "generation", before.Generation, "revision", before.Revision)
	}
	anew := got.signed.After(f.signed)
	if anew {
		f.signed = got.signed
	}
	f.update(ResultUnchanged, func(s *State) {
		s.FetchedAt, s.Kept, s.FailingSince = time.Now(), false, time.Time{}
		s.SignedAt, s.Problems, s.Warnings = f.signed, nil, f.used.warnings
	})
	if before.Kept || anew {
		f.keep(got)
	}
}

// refuseOld reports content that was signed before what was good last: a cache, a mirror or somebody serves it again.
func (f *Follower) refuseOld(got load, back bool) {
	if source, ok := f.source.(Signed); ok {
		source.Again()
	}
	when := "it was signed without a time"
	if !got.signed.IsZero() {
		when = "it was signed on " + inWords(got.signed)
	}
	old := workspace.Problem{
		File: f.source.String(),
		Text: fmt.Sprintf("%s, and what was good last on %s: an old version is served again", when, inWords(f.signed)),
		Fix:  "see why; to go back to it on purpose, sign it anew with: handbill messages sign --key FILE PATH",
	}
	if said := f.State().Problems; !back && len(said) == 1 && said[0] == old {
		f.update(ResultRefused, func(*State) {})
		return
	}
	f.refused = attempt{problems: []workspace.Problem{old}}
	f.refuse()
}

// use takes a snapshot into use.
func (f *Follower) use(snapshot *workspace.Snapshot, of attempt) {
	f.snapshot, f.used, f.kept = snapshot, of, nil
	f.options.Apply(snapshot)
}

// useKept takes the last good version into use.
func (f *Follower) useKept() bool {
	kept := f.kept
	f.kept = nil
	if kept == nil || f.snapshot != nil {
		return false
	}
	snapshot, warnings, err := f.compile(kept.Files)
	if err != nil {
		f.logger.Warn("the last good workspace is no longer good", "revision", kept.Revision, "error", problemsOf(err, f.source)[0].Error())
		return false
	}
	f.use(snapshot, attempt{digest: digest(kept.Files), warnings: warnings})
	f.update(ResultKept, func(s *State) {
		s.Generation, s.Revision, s.LoadedAt, s.FetchedAt, s.Kept = snapshot.Generation, kept.Revision, time.Now(), kept.FetchedAt, true
		s.SignedAt = kept.SignedAt
	})
	f.logger.Info("the last good workspace is in use until the source answers", "messages", len(snapshot.Messages),
		"generation", snapshot.Generation, "revision", kept.Revision, "fetched", kept.FetchedAt)
	return true
}

// keep writes a good version to disk. That it cannot be is worth a warning, and nothing more.
func (f *Follower) keep(got load) {
	if f.options.Keeper == nil {
		return
	}
	state := f.State()
	err := f.options.Keeper.Keep(Kept{Source: f.source.String(), Revision: state.Revision, Tag: got.tag, FetchedAt: state.FetchedAt, SignedAt: f.signed, Files: got.files})
	if err != nil {
		f.logger.Warn("should the source be gone at the next start, it has nothing to begin with", "error", err)
	}
}

// refuseLoad reports a source that could not be read, once until that changes.
func (f *Follower) refuseLoad(err error) {
	if f.failure == err.Error() {
		f.update(ResultFailed, func(*State) {})
		return
	}
	f.failure = err.Error()
	problems := problemsOf(err, f.source)
	f.useKept()
	f.update(ResultFailed, func(s *State) { s.fail(problems, nil) })
	f.log(slog.LevelError, "the workspace cannot be loaded", problems)
	f.logRefusal()
}

// refuse reports that what was compiled last is not in use.
func (f *Follower) refuse() {
	f.useKept()
	f.update(ResultRefused, func(s *State) { s.fail(f.refused.problems, f.refused.warnings) })
	f.log(slog.LevelError, "the workspace has a problem", f.refused.problems)
	f.logRefusal()
}

// fail notes why the source's content is not in use.
func (s *State) fail(problems, warnings []workspace.Problem) {
	s.Problems, s.Warnings = problems, warnings
	if s.FailingSince.IsZero() {
		s.FailingSince = time.Now()
	}
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

// update changes the state after a look at the source, and tells whoever observes.
func (f *Follower) update(result Result, change func(*State)) {
	f.mutex.Lock()
	if result != ResultKept {
		f.state.CheckedAt = time.Now()
	}
	change(&f.state)
	state := f.state
	f.mutex.Unlock()
	f.options.Observe(result, state)
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
