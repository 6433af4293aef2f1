package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"handbill/engine"
	"handbill/engine/eventlog/sink"
	"handbill/engine/store"
	"handbill/engine/workspace"
)

// adminPath is where the admin API answers for us.
const adminPath = "/" + directive + "/"

// maxAdminBody bounds a request's body, in bytes.
const maxAdminBody = 64 << 10

// AdminAPI answers below /handbill/ on Caddy's admin endpoint:
//
//	GET  /handbill/                        the workspaces and how they are
//	GET  /handbill/<workspace>/statistics  the counts of every message
//	GET  /handbill/<workspace>/explain     ?url=&name=&visitor=&at=&zone=&header=&country=&trait=&event=  whether the page is injected, and why each message is shown, or not
//	POST /handbill/<workspace>/send        {"message": "…", "to": "…", "data": {…}, "key": "…"}, or {"test": true, "to": "…", "message": "…", "data": {…}}
//	DELETE /handbill/<workspace>/send      ?to=&key=  calls back what was sent
//	GET  /handbill/sinks                   what waits for each sink, how old it is, and what keeps it from being handed over
//	POST /handbill/sinks/<sink>/replay     hands the sink's dead letters over anew
//	GET  /handbill/<workspace>/visitor     ?id= or ?email=  everything that is kept about a person
//	DELETE /handbill/<workspace>/visitor   ?id= or ?email=  deletes it
//	GET  /handbill/store/backup            a copy of the store, where it is a file
//	GET  /handbill/health/live             200 while Handbill is configured
//	GET  /handbill/health/ready            200 when every workspace is served, 503 with the reasons when not; what is degraded
type AdminAPI struct{}

// CaddyModule returns the module's information.
func (AdminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.handbill", New: func() caddy.Module { return new(AdminAPI) }}
}

// Routes returns the subtree. It keeps nothing of a configuration: Caddy goes on using the routes of one that failed.
func (AdminAPI) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{{Pattern: adminPath, Handler: caddy.AdminHandlerFunc(serveAdmin)}}
}

// adminCall is how one path is answered, by the request's method.
type adminCall map[string]func(r *http.Request) (body any, err error)

// methods are those that a path answers.
func (c adminCall) methods() []string { return slices.Sorted(maps.Keys(c)) }

func serveAdmin(w http.ResponseWriter, r *http.Request) error {
	app, err := activeApp()
	if err != nil {
		return err
	}
	call, err := app.adminCall(strings.TrimPrefix(r.URL.Path, adminPath))
	if err != nil {
		return err
	}
	answer, known := call[r.Method]
	if !known {
		w.Header().Set("Allow", strings.Join(call.methods(), ", "))
		return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: fmt.Errorf("%s does not answer %s; use %s", r.URL.Path, r.Method, strings.Join(call.methods(), " or "))}
	}
	body, err := answer(r)
	if err != nil {
		return adminError(err)
	}
	w.Header().Set("Content-Type", "application/json")
	if copied, ok := body.(backup); ok {
		return sendBackup(w, copied)
	}
	if status, ok := body.(readiness); ok && !status.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	return json.NewEncoder(w).Encode(body)
}

// activeApp is the app of the configuration that runs.
func activeApp() (*App, error) {
	app, err := caddy.ActiveContext().AppIfConfigured(directive)
	if err != nil {
		return nil, caddy.APIError{HTTPStatus: http.StatusNotFound, Err: errors.New("handbill is not configured; the global option of the Caddyfile is: handbill ./messages.toml")}
	}
	return app.(*App), nil
}

// adminCall finds what answers a path below adminPath.
func (a *App) adminCall(path string) (adminCall, error) {
	first, rest, _ := strings.Cut(path, "/")
	switch path {
	case "":
		return adminCall{http.MethodGet: func(*http.Request) (any, error) { return a.describe(), nil }}, nil
	case "health/live":
		return adminCall{http.MethodGet: func(*http.Request) (any, error) { return map[string]string{"status": "live"}, nil }}, nil
	case "health/ready":
		return adminCall{http.MethodGet: func(*http.Request) (any, error) { return a.readiness(), nil }}, nil
	}
	if first == sinksPath {
		return a.sinksCall(rest)
	}
	if path == "store/backup" {
		return adminCall{http.MethodGet: a.answerBackup}, nil
	}
	if a.Workspaces[first] == nil {
		return nil, caddy.APIError{HTTPStatus: http.StatusNotFound, Err: fmt.Errorf("there is no workspace %q; there is: %s", first, strings.Join(a.names(), ", "))}
	}
	service := a.service(first)
	switch rest {
	case "statistics":
		return adminCall{http.MethodGet: service.answerStatistics}, nil
	case "explain":
		return adminCall{http.MethodGet: func(r *http.Request) (any, error) { return a.answerExplain(r, service) }}, nil
	case "preview":
		return adminCall{http.MethodPost: service.answerPreview}, nil
	case "visitor":
		return adminCall{http.MethodGet: service.answerExport, http.MethodDelete: service.answerForget}, nil
	case "send":
		return adminCall{http.MethodPost: service.answerSend, http.MethodDelete: service.answerCancel}, nil
	}
	return nil, caddy.APIError{HTTPStatus: http.StatusNotFound, Err: fmt.Errorf("there is nothing at %s%s; a workspace has statistics, explain, preview, send and visitor", adminPath, path)}
}

func (a *App) names() []string { return namesOf(a.Workspaces) }

func namesOf(workspaces map[string]*Workspace) []string { return slices.Sorted(maps.Keys(workspaces)) }

// workspaceStatus says how a workspace is.
type workspaceStatus struct {
	Name     string `json:"name"`
	Source   string `json:"source"`
	Store    string `json:"store"`
	Messages int    `json:"messages"`
	sourceStatus
	// Problems are what keeps the workspace, its source's latest content, or a message that is left out, from being served.
	Problems []string `json:"problems,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

func (a *App) describe() any {
	all := []workspaceStatus{}
	for _, name := range a.names() {
		all = append(all, a.service(name).status())
	}
	return map[string]any{"workspaces": all, "sinks": a.sinkStates()}
}

// readiness says whether every workspace is served.
type readiness struct {
	Ready  bool                `json:"ready"`
	Reason map[string][]string `json:"reasons,omitempty"`
	// Degraded says by workspace what keeps one that is served from working as it should: a balancer gains nothing by
	// sending visitors elsewhere.
	Degraded map[string]string `json:"degraded,omitempty"`
	// Workspaces says by workspace what it is served from.
	Workspaces map[string]sourceStatus `json:"workspaces"`
}

func (a *App) readiness() any {
	state := readiness{Ready: true, Reason: map[string][]string{}, Degraded: map[string]string{}, Workspaces: map[string]sourceStatus{}}
	for _, name := range a.names() {
		service := a.service(name)
		from := service.sourceStatus()
		state.Workspaces[name] = from
		if service.engine.Load() == nil || from.Serving == servingNothing || from.Serving == servingStarting {
			state.Ready = false
			state.Reason[name] = service.status().Problems
			continue
		}
		var troubles []string
		if err := service.storage.problem(); err != nil {
			troubles = append(troubles, err.Error())
		}
		if trouble := from.trouble(); trouble != "" {
			troubles = append(troubles, trouble)
		}
		if len(troubles) > 0 {
			state.Degraded[name] = strings.Join(troubles, "; ")
		}
	}
	state.addSinks(a.sinkStates())
	return state
}

// status says how the workspace is.
func (s *service) status() workspaceStatus {
	status := workspaceStatus{Name: s.key.workspace, Source: s.key.source, Store: s.key.store, sourceStatus: s.sourceStatus()}
	if snapshot := s.snapshotInUse(); snapshot != nil {
		status.Messages = len(snapshot.Messages)
		for _, skipped := range snapshot.Skipped {
			status.Problems = append(status.Problems, lines(skipped.Problems)...)
		}
	}
	if err := s.storage.problem(); err != nil {
		status.Problems = append(status.Problems, err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.follower == nil {
		status.Problems = append(status.Problems, "the workspace is being loaded")
		return status
	}
	state := s.follower.State()
	status.Problems = append(status.Problems, lines(state.Problems)...)
	status.Warnings = append(lines(state.Warnings), doubts(s.identities, s.snapshot)...)
	return status
}

func lines(problems []workspace.Problem) []string {
	var all []string
	for _, problem := range problems {
		all = append(all, problem.Error())
	}
	return all
}

// errNotServed is for what needs a workspace's engine while there is none.
var errNotServed = errors.New("the workspace is not served yet, because its store is not open; GET /handbill/ says why")

// serving returns the engine.
func (s *service) serving() (*engine.Engine, error) {
	if e := s.engine.Load(); e != nil {
		return e, nil
	}
	return nil, errNotServed
}

// statistics is the answer to GET statistics.
type statistics struct {
	Workspace string                     `json:"workspace"`
	Messages  []engine.MessageStatistics `json:"messages"`
	Decisions []engine.MessageDecisions  `json:"decisions"`
}

func (s *service) answerStatistics(r *http.Request) (any, error) {
	e, err := s.serving()
	if err != nil {
		return nil, err
	}
	messages, err := e.Statistics(r.Context())
	return statistics{s.key.workspace, messages, e.Decisions()}, err
}

// badRequest marks what the caller can mend.
type badRequest struct{ error }

func (b badRequest) Unwrap() error { return b.error }

// adminError gives an error its status.
func adminError(err error) error {
	status := http.StatusInternalServerError
	var bad badRequest
	switch {
	case errors.As(err, &bad), errors.Is(err, engine.ErrRefused):
		status = http.StatusBadRequest
	case errors.Is(err, engine.ErrNoRecipient), errors.Is(err, engine.ErrNoMessage), errors.Is(err, engine.ErrNotSent), errors.Is(err, engine.ErrNobody):
		status = http.StatusNotFound
	case errors.Is(err, engine.ErrQueueFull), errors.Is(err, engine.ErrShown), errors.Is(err, engine.ErrSeveral),
		errors.Is(err, sink.ErrNothingDead), errors.Is(err, sink.ErrReplaying):
		status = http.StatusConflict
	case errors.Is(err, engine.ErrNotEnabled), errors.Is(err, errNotServed), errors.Is(err, store.ErrUnavailable):
		status = http.StatusServiceUnavailable
	}
	return caddy.APIError{HTTPStatus: status, Err: err}
}

// Interface guard
var _ caddy.AdminRouter = (*AdminAPI)(nil)
