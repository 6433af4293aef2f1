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
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/workspace"
)

// Defaults of the polling cadence: how long a client waits between two polls of an unchanged page.
const (
	DefaultPollSlow = 60 * time.Second // before a visitor's first message
	DefaultPollFast = 10 * time.Second // after it
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
}

// Engine answers polls, takes reports and explains decisions for one workspace. It is safe for concurrent use.
type Engine struct {
	workspace string
	store     store.Store
	events    *eventlog.Log
	recorder  Recorder
	logger    *slog.Logger
	cadence   atomic.Pointer[cadence]
	now       func() time.Time
	snapshot  atomic.Pointer[workspace.Snapshot]
	sealer    sealer
	arrivals  *arrivals
	refusals  *refusals
	questions sync.Pool // *question
	// unrenderable are the messages of the snapshot of which the log has said that they cannot be shown to somebody.
	unrenderable sync.Map
}

// cadence is how often a client asks.
type cadence struct{ slow, fast time.Duration }

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
		store:     options.Store,
		events:    options.Events,
		recorder:  options.Recorder,
		logger:    options.Logger,
		now:       options.Now,
		sealer:    newSealer(secret, options.Workspace),
		arrivals:  newArrivals(),
		refusals:  &refusals{},
	}
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
	e.SetCadence(options.PollSlow, options.PollFast)
	return e, nil
}

// SetCadence changes how often clients are told to poll: slow before a visitor's first message, fast after it. Zero
// means the default. An engine outlives a reload of its configuration, so this may change while polls are answered.
func (e *Engine) SetCadence(slow, fast time.Duration) {
	if slow <= 0 {
		slow = DefaultPollSlow
	}
	if fast <= 0 {
		fast = DefaultPollFast
	}
	e.cadence.Store(&cadence{slow: slow, fast: fast})
}

// PollSlow is how long clients wait between two polls before a visitor's first message.
func (e *Engine) PollSlow() time.Duration { return e.cadence.Load().slow }

// Workspace is the name of the workspace this engine serves.
func (e *Engine) Workspace() string { return e.workspace }

// Use makes snapshot the one that decisions are taken from, from the next question on.
func (e *Engine) Use(snapshot *workspace.Snapshot) {
	e.snapshot.Store(snapshot)
	e.unrenderable.Clear()
}

// Snapshot is the workspace in use; nil while none has been loaded.
func (e *Engine) Snapshot() *workspace.Snapshot { return e.snapshot.Load() }
