package caddymodule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"

	"handbill/engine/eventlog"
	"handbill/engine/eventlog/sink"
)

// Sink is what a guest module in the namespace handbill.sinks offers: a place that reports and events are handed over to.
type Sink interface {
	// Target returns the place. It opens and connects nothing until something is handed over.
	Target() (sink.Target, error)
	// Selection says what is handed over. The target and what counts are filled in by who asks.
	Selection() sink.Options
}

// SinkOptions are what every sink has.
type SinkOptions struct {
	// The workspaces whose events are handed over. Default: all.
	Workspaces []string `json:"workspaces,omitempty"`

	// The kinds of events that are handed over: `report`, `track`, `identify`, `page`, `screen`, `group`, `alias`. Default: all.
	Events []string `json:"events,omitempty"`

	// Where a sink begins that was not there before: `now`, with what comes, or `oldest`, with all that the log still has.
	// Default: `now`.
	Start string `json:"start,omitempty"`

	name string // in a Caddyfile; in JSON it is the key
}

// Starts of a sink.
const (
	startNow    = "now"
	startOldest = "oldest"
)

// Selection says what is handed over.
func (o *SinkOptions) Selection() sink.Options {
	return sink.Options{Workspaces: o.Workspaces, Types: o.Events, FromOldest: o.Start == startOldest}
}

// Validate checks what JSON may have filled in wrongly.
func (o *SinkOptions) Validate() error {
	if o.Start != "" && o.Start != startNow && o.Start != startOldest {
		return fmt.Errorf("start cannot be %q; allowed: now, oldest", o.Start)
	}
	return sink.CheckTypes(o.Events)
}

// sinkName is what a sink may be called: files are called by it, and it stands in metrics.
var sinkName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

func checkSinkName(name string) error {
	if !sinkName.MatchString(name) {
		return fmt.Errorf("%q cannot be a sink's name; use lower-case letters, digits, - and _, at most 63", name)
	}
	return nil
}

// errNoLog is why a store in memory has no sinks.
var errNoLog = errors.New("a sink hands over what is in the log of reports, and store memory has none; use store bbolt or store redis, or remove the sink")

// provisionSinks loads the sinks' modules. It opens nothing.
func (a *App) provisionSinks(ctx caddy.Context) error {
	if len(a.SinksRaw) == 0 {
		return nil
	}
	modules, err := ctx.LoadModule(a, "SinksRaw")
	if err != nil {
		return fmt.Errorf("loading the sinks: %w", err)
	}
	a.sinks = map[string]Sink{}
	for name, module := range modules.(map[string]any) {
		a.sinks[name] = module.(Sink)
	}
	return nil
}

// checkSinks says what is wrong with the sinks.
func (a *App) checkSinks() error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(a.sinks)) {
		problems = append(problems, checkSinkName(name))
		for _, workspace := range a.sinks[name].Selection().Workspaces {
			if a.Workspaces[workspace] == nil {
				problems = append(problems, fmt.Errorf("the sink %s is for the workspace %s, which does not exist; there is: %s", name, workspace, strings.Join(a.names(), ", ")))
			}
		}
	}
	if _, inMemory := a.store.(*MemoryStore); inMemory && len(a.sinks) > 0 {
		problems = append(problems, errNoLog)
	}
	return errors.Join(problems...)
}

// beginSinks takes up the sinks. One that the configuration before has too goes on, with what is different now.
func (a *App) beginSinks() {
	for name, module := range a.sinks {
		wanted := &wantedSink{module: module, settings: fmt.Sprintf("%T %+v", module, module)}
		a.sinksInUse = append(a.sinksInUse, sinkInUse{useSink(name, a.store, a.CacheSize, wanted), wanted})
	}
}

// endSinks lets go of the sinks. One that no configuration has any more stops; its cursor stays.
func (a *App) endSinks() error {
	var problems []error
	for _, used := range a.sinksInUse {
		used.at.forget(used.wanted)
		_, err := sinks.Delete(used.at.key)
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// sinks holds the sinks at work. Two configurations overlap in a reload: a sink that both have is one, with one cursor.
var sinks = caddy.NewUsagePool()

// sinkKey tells sinks apart.
type sinkKey struct{ store, name string }

// wantedSink is a sink as one configuration wants it. Two of the same settings behave the same.
type wantedSink struct {
	module   Sink
	settings string
	// begin is where the log ended when the sink was wanted; zero: it was not open yet.
	begin eventlog.Position
}

// sinkInUse is a sink at work, and how a configuration wants it.
type sinkInUse struct {
	at     *sinkAtWork
	wanted *wantedSink
}

// sinkAtWork runs a sink as the newest configuration wants it, on a store that may be open only later.
type sinkAtWork struct {
	key     sinkKey
	storage *storage
	changed chan struct{} // holds a token when something else is wanted
	cancel  context.CancelFunc
	done    chan struct{}

	mu     sync.Mutex
	wanted []*wantedSink // the newest last
	runner *sink.Runner  // nil until the store is open
}

// useSink returns a sink and keeps it until sinks.Delete.
func useSink(name string, in Store, cacheSize int64, wanted *wantedSink) *sinkAtWork {
	key := sinkKey{store: in.Place(), name: name}
	value, _, _ := sinks.LoadOrNew(key, func() (caddy.Destructor, error) { // the constructor does not fail
		ctx, cancel := context.WithCancel(context.Background())
		s := &sinkAtWork{key: key, storage: useStorage(in, cacheSize), changed: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{})}
		go s.run(ctx)
		return s, nil
	})
	s := value.(*sinkAtWork)
	wanted.begin = s.storage.logEnd()
	s.mu.Lock()
	s.wanted = append(s.wanted, wanted)
	s.mu.Unlock()
	s.look()
	return s
}

// look lets the sink find out what is wanted now.
func (s *sinkAtWork) look() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// forget ends what a configuration wants. Where a newer one did not come to be, it is the older one's turn again.
func (s *sinkAtWork) forget(wanted *wantedSink) {
	s.mu.Lock()
	s.wanted = slices.DeleteFunc(s.wanted, func(one *wantedSink) bool { return one == wanted })
	s.mu.Unlock()
	s.look()
}

// newest is what is wanted now; nil when nothing is.
func (s *sinkAtWork) newest() *wantedSink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wanted) == 0 {
		return nil
	}
	return s.wanted[len(s.wanted)-1]
}

// at is the runner, when there is one.
func (s *sinkAtWork) at() *sink.Runner {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runner
}

// run keeps a runner that does what is wanted.
func (s *sinkAtWork) run(ctx context.Context) {
	defer close(s.done)
	select {
	case <-ctx.Done():
		return
	case <-s.storage.opened:
	}
	var running *wantedSink
	for {
		if now := s.newest(); now != nil && (running == nil || now.settings != running.settings) {
			s.end()
			s.begin(now)
			running = now
		}
		select {
		case <-ctx.Done():
			s.end()
			return
		case <-s.changed:
		}
	}
}

func (s *sinkAtWork) begin(wanted *wantedSink) {
	target, err := wanted.module.Target()
	if err != nil || s.storage.events == nil {
		if err == nil {
			err = errNoLog
		}
		logger().Error("a sink cannot be used", "sink", s.key.name, "error", err)
		return
	}
	options := wanted.module.Selection()
	options.Begin = cmp.Or(wanted.begin, s.storage.logBegan)
	options.Name, options.Target, options.Logger, options.Recorder = s.key.name, target, logger(), newSinkRecorder(s.key.name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runner = sink.Start(s.storage.events, options)
}

func (s *sinkAtWork) end() {
	s.mu.Lock()
	runner := s.runner
	s.runner = nil
	s.mu.Unlock()
	if runner == nil {
		return
	}
	if err := runner.Stop(); err != nil {
		logger().Warn("a sink could not be closed", "sink", s.key.name, "error", err)
	}
}

// Destruct stops the sink and lets go of the store. What was not handed over waits in the log.
func (s *sinkAtWork) Destruct() error {
	s.cancel()
	<-s.done
	_, err := storages.Delete(s.key.store)
	return err
}

// sinkStates says how the sinks of a configuration are.
func (a *App) sinkStates() []sink.State {
	a.begin()
	states := []sink.State{}
	for _, used := range a.sinksInUse {
		state := sink.State{Name: used.at.key.name, Problem: "the store is not open yet"}
		if runner := used.at.at(); runner != nil {
			state = runner.State()
		}
		states = append(states, state)
	}
	slices.SortFunc(states, func(a, b sink.State) int { return strings.Compare(a.Name, b.Name) })
	return states
}

// sinkNamed returns a sink's runner; nil when it is not at work.
func (a *App) sinkNamed(name string) (runner *sink.Runner, known bool) {
	a.begin()
	for _, used := range a.sinksInUse {
		if used.at.key.name == name {
			return used.at.at(), true
		}
	}
	return nil, false
}
