// Package engine decides who sees which message, when, and can say why.
//
// An [Engine] serves one workspace. It reads an immutable snapshot of the operator's messages from memory, the visitor's
// record from a store, and answers three kinds of questions: what is due to this visitor on this page ([Engine.Poll]),
// what became of a delivery ([Engine.Report]), and why a message shows or does not ([Engine.Explain]). It knows nothing of
// Caddy, of HTTP or of HTML; package wire speaks to browsers for it.
package engine

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/workspace"
)

// LeaseTime is how long a delivery is kept for the tab that received it. Within it no other tab and no other edge is
// given the same message for the same visitor; "opened" turns the lease into a count, otherwise it lapses.
const LeaseTime = 30 * time.Second

// Options say what an [Engine] works with.
type Options struct {
	// Workspace is the name under which everything is stored; required.
	Workspace string
	// Store holds visitors, counts and leases; required.
	Store store.Store
	// Events is the durable log of reports and tracked events. Nil: reports change the store only, tracked events are
	// not kept.
	Events *eventlog.Log
	// Recorder counts what happens, for metrics. Nil: nothing is counted.
	Recorder Recorder
	// Logger receives what an operator should know. Nil: slog.Default().
	Logger *slog.Logger
	// PollSlow and PollFast are the polling cadence; zero means DefaultPollSlow and DefaultPollFast.
	PollSlow, PollFast time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Random is chance, from 0 up to 1, by which clients' waits differ; nil means that of package math/rand/v2.
	Random func() float64
}

// Engine answers polls, takes reports and explains decisions for one workspace. It is safe for concurrent use.
type Engine struct {
	workspace string
	store     store.Store
	peeker    store.Peeker // the store, where it is one
	announcer store.Announcer
	remote    store.Remote
	patience  time.Duration // of a poll with the store
	deaf      func()        // ends the hearing of other edges' announcements
	events    *eventlog.Log
	recorder  Recorder
	logger    *slog.Logger
	cadence   atomic.Pointer[cadence]
	now       func() time.Time
	random    func() float64
	hub       *hub
	snapshot  atomic.Pointer[workspace.Snapshot]
	opening   atomic.Pointer[workspace.Opening] // what is known of a workspace whose messages are being compiled
	tallies   atomic.Pointer[tally]
	sealer    sealer
	arrivals  *arrivals
	refusals  *refusals
	// forgetting is nil where no other edge tells of forgotten visitors, or there is no log.
	forgetting *forgetting
	previews   previews
	questions  sync.Pool       // *question
	seeds      [2]maphash.Seed // of the names of questions
	// unrenderable are the messages of the snapshot of which the log has said that they cannot be shown to somebody.
	unrenderable sync.Map
}

// New makes an engine without messages; they come with [Engine.Use]. It fails when the workspace has no name, when there
// is no store, or when the store cannot keep the secret that signs deliveries.
func New(ctx context.Context, options Options) (*Engine, error) {
	if options.Workspace == "" {
		return nil, errors.New("an engine needs the name of its workspace")
	}
	if options.Store == nil {
		return nil, fmt.Errorf("workspace %s: an engine needs a store", options.Workspace)
	}
	secret, err := options.Store.Secret(ctx, "delivery")
	if err != nil {
		return nil, fmt.Errorf("workspace %s: reading the secret that signs deliveries: %w", options.Workspace, err)
	}
	e := &Engine{
		workspace: options.Workspace,
		store:     store.WithPassing(options.Store),
		events:    options.Events,
		recorder:  options.Recorder,
		logger:    options.Logger,
		now:       options.Now,
		random:    options.Random,
		sealer:    newSealer(secret, options.Workspace),
		arrivals:  newArrivals(),
		refusals:  &refusals{},
		patience:  storePatience,
		seeds:     [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
	}
	e.peeker, _ = options.Store.(store.Peeker)
	e.remote, _ = options.Store.(store.Remote)
	e.questions.New = func() any { return &question{} }
	if e.recorder == nil {
		e.recorder = noRecorder{}
	}
	if e.logger == nil {
		e.logger = slog.Default()
	}
	if e.now == nil {
		e.now = time.Now
	}
	if e.random == nil {
		e.random = rand.Float64
	}
	e.hub = newHub(e.recorder)
	e.deaf = func() {}
	if announcer, ok := options.Store.(store.Announcer); ok {
		e.announcer = announcer
		if e.events != nil {
			e.forgetting = newForgetting(e.forgetLog)
			e.forgetting.look()
		}
		e.deaf = announcer.Hear(e.workspace, e.heard)
	}
	e.SetCadence(options.PollSlow, options.PollFast)
	return e, nil
}

// Close ends what the engine does by itself: it hears no more of other edges. Who still asks it is answered.
func (e *Engine) Close() {
	e.deaf()
	e.forgetting.close()
}

// Workspace is the name of the workspace this engine serves.
func (e *Engine) Workspace() string { return e.workspace }

// Use makes snapshot the one that decisions are taken from, from the next question on. Open streams are told.
func (e *Engine) Use(snapshot *workspace.Snapshot) {
	e.tallies.Store(e.tallies.Load().next(snapshot))
	before := e.snapshot.Swap(snapshot)
	e.unrenderable.Clear()
	e.announce(before, snapshot)
}

// Open says what pages need to know of a workspace whose messages are not there yet; nil: they will not come.
func (e *Engine) Open(opening *workspace.Opening) { e.opening.Store(opening) }

// Opening is what pages need to know of the workspace; known is false while there is none.
func (e *Engine) Opening() (opening workspace.Opening, known bool) {
	if snapshot := e.Snapshot(); snapshot != nil {
		return workspace.Opening{SiteID: snapshot.SiteID, WriteKey: snapshot.WriteKey}, true
	}
	if early := e.opening.Load(); early != nil {
		return *early, true
	}
	return workspace.Opening{}, false
}

// Snapshot is the workspace in use; nil while none has been loaded.
func (e *Engine) Snapshot() *workspace.Snapshot { return e.snapshot.Load() }
