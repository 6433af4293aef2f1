package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/eventlog/sink"
)

// reportsTurn is how long each side writes in a round.
const reportsTurn = time.Second

// reportsLane is a number of writers, each of which waits until its report is on disk, and a sink that may follow them.
type reportsLane struct {
	name    string
	writers int
	follows bool
}

var reportsLanes = []reportsLane{
	{"1 writer", 1, false},
	{"64 writers", 64, false},
	{"512 writers", 512, false},
	{"2048 writers", 2048, false},
	{"2048 writers, and a sink that hands them over to a file", 2048, true},
}

// reportsResult is what a lane did, by rounds: reports in a second, microseconds of the processors for each, and how often
// the disk alone was synchronised in a second.
type reportsResult struct {
	lane             reportsLane
	ours, cost, bare []float64
}

// measureReports compares reports that are acknowledged when they are on disk with synchronisations of the same disk, of
// as many bytes each, in turns.
func measureReports(ctx context.Context, servers launcher, rounds int) ([]reportsResult, error) {
	results := make([]reportsResult, len(reportsLanes))
	for i, lane := range reportsLanes {
		results[i].lane = lane
		for range rounds {
			_, home, err := servers.prepare()
			if err != nil {
				return nil, err
			}
			ours, cost, err := appendReports(ctx, home, lane)
			if err != nil {
				return nil, err
			}
			bare, err := synchronise(home)
			if err != nil {
				return nil, err
			}
			results[i].ours, results[i].cost, results[i].bare = append(results[i].ours, ours), append(results[i].cost, cost), append(results[i].bare, bare)
		}
	}
	return results, nil
}

// exampleReport is a report as a browser's becomes one.
func exampleReport(n int64) eventlog.Event {
	return eventlog.Event{
		ID: fmt.Sprintf("ajs-next-%013d-3f2a", n), Type: "report", Workspace: "default", Visitor: fmt.Sprintf("a:%032x", n%10_000), Message: "spring-sale",
		Delivery: "AQAxZ0tRr9n2c1NwcmluZy1zYWxl", Name: "opened", Properties: map[string]any{"reportedAt": "2026-11-23T09:30:00.25Z"}, At: time.Now(),
	}
}

// appendReports appends for a turn, and says how many reports there were in a second, and what each cost the processors.
func appendReports(ctx context.Context, home string, lane reportsLane) (perSecond, microseconds float64, err error) {
	quiet := slog.New(slog.DiscardHandler)
	log, err := eventlog.Open(filepath.Join(home, "events"), eventlog.Options{Logger: quiet})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	if lane.follows {
		follower := sink.Start(log, sink.Options{Name: "file", Target: sink.File(filepath.Join(home, "events.ndjson"), 0o600), FromOldest: true, Logger: quiet})
		defer func() { err = errors.Join(err, follower.Stop()) }()
	}
	var next atomic.Int64
	var failed error
	var once sync.Once
	var all sync.WaitGroup
	begun, before := time.Now(), processorsTime()
	for range lane.writers {
		all.Go(func() {
			for time.Since(begun) < reportsTurn {
				if problem := log.Append(ctx, exampleReport(next.Add(1))); problem != nil {
					once.Do(func() { failed = problem })
					return
				}
			}
		})
	}
	all.Wait()
	reports := float64(next.Load())
	return reports / time.Since(begun).Seconds(), float64((processorsTime() - before).Microseconds()) / reports, failed
}

// synchronise writes as much as a report has, and synchronises, for a turn; it says how often it did in a second.
func synchronise(home string) (perSecond float64, err error) {
	file, err := os.Create(filepath.Join(home, "bare"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	text, count, begun := strings.Repeat("r", 200), 0, time.Now()
	for time.Since(begun) < reportsTurn {
		if _, err := io.WriteString(file, text); err != nil {
			return 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, err
		}
		count++
	}
	return float64(count) / time.Since(begun).Seconds(), nil
}

// processorsTime is what this process has used of the processors.
func processorsTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func reportsTable(results []reportsResult) string {
	var b strings.Builder
	b.WriteString("| who reports | reports in a second, on disk | CPU of each | synchronisations of the disk in a second | ratio |\n|---|--:|--:|--:|--:|\n")
	for _, r := range results {
		var ratio []float64
		for i := range r.ours {
			ratio = append(ratio, r.ours[i]/r.bare[i])
		}
		fmt.Fprintf(&b, "| %s | %.0f | %.1f µs | %.0f | %s |\n", r.lane.name, spreadOf(r.ours).median, spreadOf(r.cost).median, spreadOf(r.bare).median, spreadOf(ratio))
	}
	return b.String()
}
