package sink

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"handbill/engine/eventlog"
)

// Options say what a sink hands over, and how it behaves.
type Options struct {
	// Name is the sink's; its cursor and its dead letters are called by it.
	Name   string
	Target Target
	// Workspaces and Types are those whose events are handed over; none: all.
	Workspaces, Types []string
	// FromOldest lets a sink that is new begin with the oldest event of the log instead of with the next one.
	FromOldest bool
	// Begin is where a sink that is new begins otherwise; zero: where the log ends when it is started.
	Begin eventlog.Position
	// Tries is how often a batch that is refused is tried before it is dead; 0: [DefaultTries].
	Tries int
	// Recorder counts; nil counts nothing.
	Recorder Recorder
	// Logger receives what an operator should know. Nil: slog.Default().
	Logger *slog.Logger

	// first and most are the first and the longest wait between two tries; tests are less patient.
	first, most time.Duration
	// deadSize is how large a file of dead letters becomes.
	deadSize int64
}

// Defaults of a sink.
const (
	DefaultTries = 5
	firstWait    = 250 * time.Millisecond
	longestWait  = time.Minute
	// longestAfter bounds how long the other side may ask to be left alone.
	longestAfter = time.Hour
	// stopPatience is how long a runner that is stopped waits for an answer.
	stopPatience = 500 * time.Millisecond
	// quietTime is how long a cursor may lag that moved over events which the sink leaves out.
	quietTime = time.Second
)

// Recorder counts what becomes of events.
type Recorder interface {
	Delivered(events int)
	Died(events int)
	// Lost counts events that the log had to remove before the sink could hand them over.
	Lost(events int)
}

type nobody struct{}

func (nobody) Delivered(int) {}
func (nobody) Died(int)      {}
func (nobody) Lost(int)      {}

// Runner is a sink at work. Its goroutine alone uses everything but state and counted.
type Runner struct {
	options Options
	bounds  Bounds
	log     *eventlog.Log
	cancel  context.CancelFunc
	sending context.Context // of what is on its way, which outlives the order to stop
	hurry   context.CancelFunc
	done    chan struct{}
	counted atomic.Uint64 // what rewritten was when the dead letters were counted
	poked   chan struct{} // holds a token when dead letters are to be replayed

	logID   string
	cursor  *cursor
	kept    time.Time // when the cursor was kept last
	tail    *eventlog.Tail
	ready   []item            // read from the log, not handed over yet
	reached eventlog.Position // everything before it was handed over or left out
	read    int               // events that the tail has passed
	passed  int               // events before reached

	state state
}

// item is an event that is to be handed over.
type item struct {
	Item
	next   eventlog.Position
	passed int
}

// Start begins to hand over what the log has. The runner owns the target from now on.
func Start(log *eventlog.Log, options Options) *Runner {
	options.Tries = cmp.Or(options.Tries, DefaultTries)
	options.first, options.most = cmp.Or(options.first, firstWait), cmp.Or(options.most, longestWait)
	options.deadSize = cmp.Or(options.deadSize, defaultDeadSize)
	switch {
	case options.FromOldest:
		options.Begin = eventlog.Position{}
	case options.Begin == eventlog.Position{}:
		options.Begin = log.End()
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	options.Logger = options.Logger.With("sink", options.Name)
	if options.Recorder == nil {
		options.Recorder = nobody{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	sending, hurry := context.WithCancel(context.Background())
	r := &Runner{
		sending: sending, hurry: hurry,
		options: options, bounds: options.Target.Bounds(), log: log,
		cancel: cancel, done: make(chan struct{}), poked: make(chan struct{}, 1),
	}
	go r.run(ctx)
	return r
}

// Stop ends the runner and closes its target. What is being handed over has a moment to be taken, lest it arrives twice; what
// was not handed over waits in the log.
func (r *Runner) Stop() error {
	r.cancel()
	select {
	case <-r.done:
	case <-time.After(stopPatience):
	}
	r.hurry()
	<-r.done
	return r.options.Target.Close()
}

// run hands over until it is stopped.
func (r *Runner) run(ctx context.Context) {
	defer close(r.done)
	if !r.insist(ctx, r.prepare) {
		return
	}
	for ctx.Err() == nil {
		if r.replay(ctx) && r.fill(ctx) && r.hand(ctx) {
			r.keep(ctx)
		}
	}
	_ = r.cursor.move(r.reached) // what could not be kept arrives twice
}

// insist tries something until it succeeds; false when ctx ended before.
func (r *Runner) insist(ctx context.Context, do func() error) bool {
	for try := 0; ; try++ {
		err := do()
		if err == nil {
			return true
		}
		r.fail(err)
		if !r.wait(ctx, try, 0) {
			return false
		}
	}
}

// prepare finds out where the sink goes on, and how much waits.
func (r *Runner) prepare() (err error) {
	if r.logID, err = r.log.ID(); err != nil {
		return err
	}
	if r.cursor, err = openCursor(r.log, r.options.Name, r.options.Begin, r.options.Logger); err != nil {
		return err
	}
	r.mend()
	r.reached, r.tail = r.cursor.saved, r.log.Tail(r.cursor.saved)
	if r.tail.Gone() {
		r.options.Logger.Error("while this sink was not at work, the event log removed events that it had not handed over; it goes on with the oldest that is left")
	}
	deadFiles.Lock()
	r.counted.Store(rewritten.Load())
	r.state.setDeadLetters(r.countDead())
	deadFiles.Unlock()
	return r.count()
}

// mend puts a cursor right that is behind the log's end, because somebody has put another log in the place of the one that
// it was for, or a disk has lost what it had confirmed.
func (r *Runner) mend() {
	end, at := r.log.End(), r.cursor.saved
	switch {
	case at.Segment > end.Segment:
		r.options.Logger.Error("the event log ends before the place to which this sink has come; it begins again with the oldest event, so events may arrive twice")
		r.cursor.saved = eventlog.Position{}
	case end.Before(at):
		r.options.Logger.Error("the event log ends before the place to which this sink has come; it goes on with what comes")
		r.cursor.saved = end
	}
}

// count finds out how much waits.
func (r *Runner) count() error {
	behind, appended, err := r.tail.Count()
	if err == nil {
		r.state.setAhead(behind + r.read - appended)
	}
	return err
}

// keep makes the cursor durable. One that cannot be kept is no reason to stop: at worst events arrive twice.
func (r *Runner) keep(ctx context.Context) {
	if err := r.cursor.move(r.reached); err != nil {
		r.fail(err)
		r.wait(ctx, 0, 0)
	}
	r.kept = time.Now()
}

// fill reads events until there is a batch of them, or until there are some and a batch was gathered for long enough. It
// is false when there is nothing to hand over.
func (r *Runner) fill(ctx context.Context) bool {
	var gathered <-chan time.Time
	for !r.full() {
		growing := r.log.Grown(r.tail.At())
		if !r.readOn(ctx) {
			return false
		}
		if r.tail.At().Before(r.log.End()) {
			continue
		}
		waiting := len(r.ready) > 0
		switch {
		case !waiting:
			r.settle(ctx)
		case r.bounds.Wait == 0:
			return true
		case gathered == nil:
			gathered = time.After(r.bounds.Wait)
		}
		if waiting {
			growing = nil // more is read when the batch was gathered
		}
		select {
		case <-ctx.Done():
			return false
		case <-r.poked:
			return waiting
		case <-growing:
		case <-gathered:
			return r.readOn(ctx)
		}
	}
	return true
}

// settle notes that everything in the log was passed, which may have been events that this sink leaves out.
func (r *Runner) settle(ctx context.Context) {
	r.passed, r.reached = r.read, r.tail.At()
	r.state.pass(r.passed, nil)
	if time.Since(r.kept) > quietTime {
		r.keep(ctx)
	}
}

func (r *Runner) full() bool {
	size := 0
	for _, one := range r.ready {
		size += len(one.Encoded)
	}
	return len(r.ready) >= r.bounds.Events || r.bounds.Bytes > 0 && size >= r.bounds.Bytes
}

// readOn reads some more of the log; false when it was stopped before.
func (r *Runner) readOn(ctx context.Context) bool {
	var piece eventlog.Piece
	if !r.insist(ctx, func() (err error) {
		piece, err = r.tail.Read(r.bounds.Events)
		return err
	}) {
		return false
	}
	before := r.read
	r.read += piece.Passed
	for _, damage := range piece.Damages {
		r.options.Logger.Error("a sink passes over what cannot be read in the event log", "error", damage)
	}
	if piece.Gone && !r.lose(ctx) {
		return false
	}
	for _, kept := range piece.Events {
		if r.wants(kept.Event) && !r.take(ctx, kept, before) {
			return false
		}
	}
	r.state.pass(r.passed, r.ready)
	return true
}

// lose tells of events that the log had to remove before they were handed over.
func (r *Runner) lose(ctx context.Context) bool {
	before := r.pending()
	if !r.insist(ctx, r.count) {
		return false
	}
	events := before - r.pending()
	if events <= 0 {
		return true // all of them were passed
	}
	r.options.Recorder.Lost(events)
	r.state.lose(events)
	r.options.Logger.Error("the event log has reached its bounds, and its oldest events were removed before this sink could hand them over; see why the sink is slow or down",
		"events", events, "goes on at segment", r.tail.At().Segment)
	return true
}

func (r *Runner) wants(e eventlog.Event) bool {
	return (len(r.options.Workspaces) == 0 || slices.Contains(r.options.Workspaces, e.Workspace)) &&
		(len(r.options.Types) == 0 || slices.Contains(r.options.Types, e.Type))
}

// take makes an event ready; one that the target cannot take is dead.
func (r *Runner) take(ctx context.Context, kept eventlog.Kept, before int) bool {
	one := item{Item: Item{Record: recordOf(r.logID, kept)}, next: kept.Next, passed: before + kept.Passed}
	if err := r.encode(&one.Item); err != nil {
		return r.bury(ctx, []Item{one.Item}, err)
	}
	r.ready = append(r.ready, one)
	return true
}

func (r *Runner) encode(one *Item) (err error) {
	if one.Encoded, err = r.options.Target.Encode(one.Record); err != nil {
		return err
	}
	if r.bounds.Item > 0 && len(one.Encoded) > r.bounds.Item {
		return errTooLarge
	}
	return nil
}

// wait passes the time until the next try, ever longer and never the same; false when ctx ends before. Where the other side
// says how long it wants to be left alone, it is not tried before.
func (r *Runner) wait(ctx context.Context, try int, after time.Duration) bool {
	span := r.options.most
	if try < 20 {
		span = min(r.options.first<<try, r.options.most)
	}
	span = span/2 + rand.N(span/2+1)
	if after = min(after, longestAfter); after > span {
		span = after + rand.N(after/10+1)
	}
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
