package caddymodule

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Defaults of the app, the same in JSON and in a Caddyfile.
const (
	defaultWorkspace = "default"
	defaultCacheSize = 64 << 20
	defaultRetention = caddy.Duration(395 * 24 * time.Hour)
	defaultPollSlow  = caddy.Duration(60 * time.Second)
	defaultPollFast  = caddy.Duration(10 * time.Second)
)

// App is what all sites share: the workspaces, which say what the messages are, and the store, which remembers what
// visitors did. Sites use it through the handler `handbill`.
//
// A workspace that cannot be loaded never keeps Caddy from starting: its sites are served without messages, the log says
// what to fix, and the workspace is taken as soon as it is right.
type App struct {
	// The workspaces by name. A name is made of lower-case letters, digits, `-` and `_`. Everything that is stored belongs
	// to a workspace, so renaming one begins it anew. At least one is required.
	Workspaces map[string]*Workspace `json:"workspaces,omitempty"`

	// Where visitors, their messages' counters and the secret that signs deliveries are kept. Default: `bbolt` in Caddy's
	// data directory.
	StoreRaw json.RawMessage `json:"store,omitempty" caddy:"namespace=handbill.stores inline_key=module"`

	// Where reports and events are handed over to, by the names of the sinks. A name is made of lower-case letters, digits, `-`
	// and `_`; what a sink has handed over is remembered by it. Default: they stay in the log.
	SinksRaw map[string]json.RawMessage `json:"sinks,omitempty" caddy:"namespace=handbill.sinks inline_key=module"`

	// The most memory, in bytes, that visitors' records may take as a cache in front of the store. Default: 67108864 (64 MiB).
	CacheSize int64 `json:"cache_size,omitempty"`

	// How long a visitor is remembered after the last visit, and events are kept in the log. Default: `395d`.
	Retention caddy.Duration `json:"retention,omitempty"`

	// How long a browser waits between two polls of an unchanged page before its visitor has seen a first message, when no
	// message has come for half an hour, and while a stream is open. Default: `60s`. At least `1s`.
	PollSlow caddy.Duration `json:"poll_slow,omitempty"`

	// The same while messages come. After the last one the wait grows from here to `poll_slow`. Default: `10s`. At least `1s`.
	PollFast caddy.Duration `json:"poll_fast,omitempty"`

	// Whether browsers may hold a stream open (server-sent events), over which they learn at once that something is new for
	// them. Without it, and where it fails, they poll. Default: `false`.
	Stream bool `json:"stream,omitempty"`

	// How many streams of a workspace may be open at once; each takes 65 to 85 KiB of memory. One address may hold a tenth of
	// them. Default: 5000.
	StreamLimit int `json:"stream_limit,omitempty"`

	ctx    caddy.Context
	store  Store
	sinks  map[string]Sink
	logger *slog.Logger

	begun      sync.Once
	services   map[string]*service // by workspace
	sinksInUse []sinkInUse
	restoreLog func()
	// countryHeaders are, by workspace, the headers that its sites know countries by.
	countryHeaders map[string][]string
	// sites are, by workspace, the names of its sites.
	sites map[string][]string
	// sinkLines are the lines of a Caddyfile on which sinks end.
	sinkLines map[string]int
}

// Workspace is one set of messages and where it comes from.
type Workspace struct {
	// Where the workspace's TOML comes from. Required.
	SourceRaw json.RawMessage `json:"source,omitempty" caddy:"namespace=handbill.sources inline_key=module"`

	source Source
}

// CaddyModule returns the module's information.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: directive, New: func() caddy.Module { return new(App) }}
}

// Provision fills in defaults and loads the sources' and the store's modules. It opens nothing.
func (a *App) Provision(ctx caddy.Context) error {
	a.CacheSize = cmp.Or(a.CacheSize, defaultCacheSize)
	a.Retention = cmp.Or(a.Retention, defaultRetention)
	a.PollSlow = cmp.Or(a.PollSlow, defaultPollSlow)
	a.PollFast = cmp.Or(a.PollFast, defaultPollFast)
	a.ctx, a.logger = ctx, ctx.Slogger()
	for name, w := range a.Workspaces {
		if w == nil || w.SourceRaw == nil {
			return fmt.Errorf(`workspace %s has no source; give it one, such as {"module": "file", "path": "./messages.toml"}`, name)
		}
		module, err := ctx.LoadModule(w, "SourceRaw")
		if err != nil {
			return fmt.Errorf("workspace %s: loading its source: %w", name, err)
		}
		w.source = module.(Source)
		if source, ok := w.source.(WorkspaceSource); ok {
			source.For(name)
		}
	}
	if a.StoreRaw == nil {
		a.StoreRaw = json.RawMessage(`{"module": "bbolt"}`)
	}
	module, err := ctx.LoadModule(a, "StoreRaw")
	if err != nil {
		return fmt.Errorf("loading the store: %w", err)
	}
	a.store = module.(Store)
	if err := a.provisionSinks(ctx); err != nil {
		return err
	}
	if err := a.endStreamsAtExit(ctx); err != nil {
		return err
	}
	return registerMetrics(ctx.GetMetricsRegistry())
}

// Validate checks what JSON may have filled in wrongly.
func (a *App) Validate() error {
	if len(a.Workspaces) == 0 {
		return errors.New("the app handbill needs at least one workspace")
	}
	problems := []error{checkCacheSize(a.CacheSize), checkRetention(a.Retention), checkPoll(a.PollSlow), checkPoll(a.PollFast), a.checkSinks()}
	if a.StreamLimit != 0 {
		problems = append(problems, checkStreamLimit(a.StreamLimit))
	}
	for name := range a.Workspaces {
		problems = append(problems, checkWorkspaceName(name))
	}
	return errors.Join(problems...)
}

// Start begins to serve, and returns when pages can be answered: when sources and stores were tried, or a workspace of before
// is being compiled, at the latest after some seconds. It never fails: a workspace or a store that cannot be used is logged, and
// its sites are served without messages until it can.
func (a *App) Start() error {
	a.begin()
	for _, s := range a.services {
		select {
		case <-s.settled:
		case <-s.opened:
		}
	}
	if app, err := a.ctx.AppIfConfigured("http"); err == nil {
		for _, problem := range misplacements(app.(*caddyhttp.App)) {
			a.logger.Error(problem)
		}
		modes := identitiesOf(app.(*caddyhttp.App))
		for name, s := range a.services {
			s.setIdentities(modes[name])
		}
	}
	return nil
}

// begin takes up the workspaces, once, and does not wait for them. A configuration's sites may be asked before Caddy calls
// Start, because it starts apps in any order: whoever comes first begins.
func (a *App) begin() {
	a.begun.Do(func() {
		a.restoreLog = setCurrentLog(a.logger)
		a.services = make(map[string]*service, len(a.Workspaces))
		for name, w := range a.Workspaces {
			s := useService(name, w.source, a.store, a.CacheSize)
			s.setCadence(time.Duration(a.PollSlow), time.Duration(a.PollFast))
			s.setStreams(a.streams(name))
			s.storage.retention.Store(int64(a.Retention))
			a.services[name] = s
		}
		a.beginSinks()
	})
}

// service is what serves a workspace; nil when the configuration ended before it began.
func (a *App) service(workspace string) *service {
	a.begin()
	return a.services[workspace]
}

// Stop has nothing to do: requests that are still being answered need everything until Cleanup, and beyond.
func (a *App) Stop() error { return nil }

// Cleanup lets go of the workspaces; those that a newer configuration has too go on. Caddy calls it also after Provision or
// Start of another app failed, and without a call of Stop.
func (a *App) Cleanup() error {
	a.begun.Do(func() {}) // whoever still comes begins nothing
	var problems []error
	for _, s := range a.services {
		_, err := services.Delete(s.key)
		problems = append(problems, err)
	}
	problems = append(problems, a.endSinks())
	if a.restoreLog != nil {
		a.restoreLog()
	}
	return errors.Join(problems...)
}

// workspaceName is what a workspace may be called: it stands in the store's keys, in paths of the admin API, in metrics.
var workspaceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

func checkWorkspaceName(name string) error {
	if !workspaceName.MatchString(name) {
		return fmt.Errorf("%q cannot be a workspace's name; use lower-case letters, digits, - and _, at most 63", name)
	}
	if name == "health" || name == sinksPath {
		return fmt.Errorf("a workspace cannot be called %q: the admin API answers %s%s itself", name, adminPath, name)
	}
	return nil
}

// chooseWorkspace returns the workspace that a site means: the one it names, or, when it names none, the only one there
// is, or the one called default.
func chooseWorkspace(workspaces map[string]*Workspace, name string) (string, error) {
	names := slices.Sorted(maps.Keys(workspaces))
	if name == "" {
		if len(names) == 1 {
			return names[0], nil
		}
		name = defaultWorkspace
		if workspaces[name] == nil {
			return "", fmt.Errorf("there are several workspaces and none is called %s, so a site must name its own: %s", defaultWorkspace, strings.Join(names, ", "))
		}
	}
	if workspaces[name] == nil {
		return "", fmt.Errorf("there is no workspace %q; the global option handbill defines: %s", name, strings.Join(names, ", "))
	}
	return name, nil
}

func checkPoll(interval caddy.Duration) error {
	if time.Duration(interval) < time.Second {
		return fmt.Errorf("%s is too short for an interval between polls; use 1s or more", time.Duration(interval))
	}
	return nil
}

func checkRetention(retention caddy.Duration) error {
	if time.Duration(retention) < 24*time.Hour {
		return fmt.Errorf("%s is too short to remember a visitor; use 1d or more", time.Duration(retention))
	}
	return nil
}

const leastCacheSize = 1 << 20

func checkCacheSize(size int64) error {
	if size < leastCacheSize {
		return fmt.Errorf("%d bytes are too few for the cache; use 1MiB or more", size)
	}
	return nil
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.Validator    = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
