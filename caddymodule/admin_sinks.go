package caddymodule

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"handbill/engine/eventlog/sink"
)

// sinksPath is where the admin API answers for sinks; no workspace may be called so.
const sinksPath = "sinks"

// sinksAnswer is the answer to GET /handbill/sinks.
type sinksAnswer struct {
	Sinks []sink.State `json:"sinks"`
}

// sinksCall finds what answers a path below sinks.
func (a *App) sinksCall(rest string) (adminCall, error) {
	if rest == "" {
		return adminCall{http.MethodGet: func(*http.Request) (any, error) { return sinksAnswer{a.sinkStates()}, nil }}, nil
	}
	name, call, _ := strings.Cut(rest, "/")
	runner, known := a.sinkNamed(name)
	if !known {
		return nil, caddy.APIError{HTTPStatus: http.StatusNotFound, Err: fmt.Errorf("there is no sink %q; there is: %s", name, strings.Join(slices.Sorted(maps.Keys(a.sinks)), ", "))}
	}
	if call != "replay" {
		return nil, caddy.APIError{HTTPStatus: http.StatusNotFound, Err: fmt.Errorf("there is nothing at %s%s/%s; a sink has replay", adminPath, sinksPath, rest)}
	}
	return adminCall{http.MethodPost: func(*http.Request) (any, error) { return replayDead(name, runner) }}, nil
}

// replayed is the answer to POST /handbill/sinks/<sink>/replay.
type replayed struct {
	Sink    string `json:"sink"`
	Letters int    `json:"letters"`
}

func replayDead(name string, runner *sink.Runner) (any, error) {
	if runner == nil {
		return nil, errNotServed
	}
	letters := runner.State().DeadLetters
	if err := runner.Replay(); err != nil {
		return nil, fmt.Errorf("the sink %s: %w", name, err)
	}
	return replayed{name, letters}, nil
}

// patienceWithSinks is how long a sink may fail before readiness tells of it.
const patienceWithSinks = time.Minute

// addSinks tells of the sinks that have been failing for some time.
func (r *readiness) addSinks(states []sink.State) {
	for _, state := range states {
		if state.FailingSince != nil && time.Since(*state.FailingSince) > patienceWithSinks {
			r.Degraded["sink "+state.Name] = state.Problem
		}
	}
}
