package caddymodule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"

	"handbill/engine/source"
)

// settingsOf stands for all that a source's module was told, secrets too.
func settingsOf(module Source) string {
	text, err := json.Marshal(module)
	if err != nil {
		return "" // it came from JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// lastGoodPath is the file of a workspace's last good version. Caddys that share a data directory share it only where they
// read the same.
func lastGoodPath(workspace string, from source.Source) string {
	origin := from.String()
	if known, ok := from.(source.Origin); ok {
		origin = known.Origin()
	}
	sum := sha256.Sum256([]byte(origin))
	return filepath.Join(caddy.AppDataDir(), directive, "last-good", workspace+"-"+hex.EncodeToString(sum[:6]))
}

const (
	// lastGoodAge is for how long the last good version of a source is kept that no process uses: one that shares the folder
	// may be stopped for a while.
	lastGoodAge = 30 * 24 * time.Hour
	tidyTime    = 24 * time.Hour // between two rounds
)

// keepTidy notes from time to time that the service's last good version is in use, and removes those of sources that nobody
// has used for long.
func (s *service) keepTidy(ctx context.Context, keeper *source.Keeper) {
	for {
		if err := keeper.Touch(); err != nil {
			s.logger.Warn(err.Error())
		}
		removed, err := source.Tidy(filepath.Dir(s.lastGood), time.Now().Add(-lastGoodAge), lastGoodInUse)
		if err != nil {
			s.logger.Warn("the last good workspaces of sources that nobody uses cannot be removed", "error", err)
		}
		for _, path := range removed {
			s.logger.Info("the last good workspace of a source that nobody has used for long is removed", "file", path)
		}
		if !wait(ctx, tidyTime) {
			return
		}
	}
}

// lastGoodInUse says whether a file is that of a workspace which is served.
func lastGoodInUse(path string) bool {
	used := false
	services.Range(func(_, value any) bool {
		s, ok := value.(*service)
		used = ok && s.lastGood == path
		return !used
	})
	return used
}

// The metrics of sources.
var (
	sourceLooksTotal = prometheus.NewCounterVec(counter("source_looks_total",
		"Looks at the sources of workspaces, by how they ended: changed, unchanged, refused (it does not check), failed (it could not be had)."), []string{"workspace", "result"})
	sourceProblems = prometheus.NewGaugeVec(prometheus.GaugeOpts(counter("source_problems",
		"Problems that keep what the source has from being used.")), []string{"workspace"})
	sourceLastGood = prometheus.NewGaugeVec(prometheus.GaugeOpts(counter("source_last_good",
		"1 while the workspace is one of before, because what the source has cannot be used or had; else 0.")), []string{"workspace"})
	sourceFetched = prometheus.NewGaugeVec(prometheus.GaugeOpts(counter("source_fetched_timestamp_seconds",
		"When the source was last seen to have what is in use.")), []string{"workspace"})
	sourceChecked = prometheus.NewGaugeVec(prometheus.GaugeOpts(counter("source_checked_timestamp_seconds",
		"When the source was last looked at.")), []string{"workspace"})
)

// newSourceRecorder counts for a workspace's source.
func newSourceRecorder(workspace string) func(source.Result, source.State) {
	looks := map[source.Result]prometheus.Counter{}
	for _, result := range source.Results() {
		if result != source.ResultKept {
			looks[result] = sourceLooksTotal.WithLabelValues(workspace, string(result))
		}
	}
	problems, lastGood := sourceProblems.WithLabelValues(workspace), sourceLastGood.WithLabelValues(workspace)
	fetched, checked := sourceFetched.WithLabelValues(workspace), sourceChecked.WithLabelValues(workspace)
	return func(result source.Result, state source.State) {
		if counter := looks[result]; counter != nil {
			counter.Inc()
		}
		problems.Set(float64(len(state.Problems)))
		lastGood.Set(0)
		if state.Generation != "" && (state.Kept || len(state.Problems) > 0) {
			lastGood.Set(1)
		}
		fetched.Set(seconds(state.FetchedAt))
		checked.Set(seconds(state.CheckedAt))
	}
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// forgetSource takes the gauges of a workspace away that nobody serves any more.
func (s *service) forgetSource() {
	served := false
	services.Range(func(_, value any) bool {
		other, ok := value.(*service)
		served = ok && other != s && other.key.workspace == s.key.workspace
		return !served
	})
	if served {
		return
	}
	for _, gauge := range []*prometheus.GaugeVec{sourceProblems, sourceLastGood, sourceFetched, sourceChecked} {
		gauge.DeleteLabelValues(s.key.workspace)
	}
}

// What a workspace can be served from.
const (
	servingCurrent  = "current"   // what the source has
	servingLastGood = "last_good" // what the source had
	servingStarting = "starting"  // pages load the client, which is answered when what the source had is compiled
	servingNothing  = "nothing"
)

// sourceStatus says what a workspace is served from.
type sourceStatus struct {
	// Serving is one of the constants.
	Serving    string `json:"serving"`
	Generation string `json:"generation,omitempty"`
	Revision   string `json:"revision,omitempty"`
	// Fetched is when the source was last seen to have what is served, Checked when it was last looked at.
	Fetched time.Time `json:"fetched,omitzero"`
	Checked time.Time `json:"checked,omitzero"`
	// Signed is when what is served was signed, where that is known.
	Signed time.Time `json:"signed,omitzero"`
	// FailingSince is since when what the source has cannot be used, and Error the first problem of it.
	FailingSince time.Time `json:"failing_since,omitzero"`
	Error        string    `json:"error,omitempty"`
}

// sourceStatus says what the workspace is served from.
func (s *service) sourceStatus() sourceStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := sourceStatus{Serving: servingNothing}
	switch {
	case s.snapshot != nil:
		status.Serving, status.Generation = servingCurrent, s.snapshot.Generation
	case s.opening != nil:
		status.Serving = servingStarting
	}
	if s.follower == nil {
		if s.snapshot != nil {
			status.Serving = servingLastGood
		}
		return status
	}
	state := s.follower.State()
	status.Signed = inSeconds(state.SignedAt)
	status.Revision, status.Fetched, status.Checked, status.FailingSince = state.Revision, inSeconds(state.FetchedAt), inSeconds(state.CheckedAt), inSeconds(state.FailingSince)
	if len(state.Problems) > 0 {
		status.Error = state.Problems[0].Error()
		if more := len(state.Problems) - 1; more > 0 {
			status.Error += fmt.Sprintf(" (and %d more)", more)
		}
	}
	if s.snapshot != nil && (state.Kept || len(state.Problems) > 0 || state.CheckedAt.IsZero()) {
		status.Serving = servingLastGood
	}
	return status
}

func inSeconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// trouble says why what the source has is not what is served; "" when it is, or when it was not looked at yet.
func (s sourceStatus) trouble() string {
	if s.Serving != servingLastGood || s.Error == "" {
		return ""
	}
	return fmt.Sprintf("what the source has cannot be used since %s, so the messages from before stay: %s", s.FailingSince.Format(time.RFC3339), s.Error)
}
