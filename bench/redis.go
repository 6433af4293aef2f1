package main

import (
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"handbill/engine/store"
	people "handbill/engine/visitor"
)

const (
	// redisWriters is how many visitors are changed at once, redisVisitors how many there are.
	redisWriters  = 64
	redisVisitors = 10_000
	// redisTurn is how long each side writes in a round.
	redisTurn = time.Second
)

// redisResult is what was acknowledged in a second, by rounds.
type redisResult struct {
	policy     string
	ours, bare []float64
}

// measureRedis compares changes of visitors with as many values of the same size that a bare client sets, in turns, on one
// Redis that has everything on disk before it acknowledges, and on one that does not.
func measureRedis(ctx context.Context, servers launcher, rounds int) ([]redisResult, error) {
	var results []redisResult
	for _, policy := range []string{"always", "everysec"} {
		result, err := measureRedisWith(ctx, servers, policy, rounds)
		if err != nil {
			return nil, fmt.Errorf("appendfsync %s: %w", policy, err)
		}
		results = append(results, result)
	}
	return results, nil
}

func measureRedisWith(ctx context.Context, servers launcher, policy string, rounds int) (redisResult, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return redisResult{}, fmt.Errorf("%w; run scripts/install-test-tools.sh", err)
	}
	s, home, err := servers.prepare()
	if err != nil {
		return redisResult{}, err
	}
	_, port, _ := strings.Cut(s.address, ":")
	if err := s.run(ctx, nil, program, "--port", port, "--bind", "127.0.0.1", "--dir", home, "--save", "", "--appendonly", "yes", "--appendfsync", policy); err != nil {
		return redisResult{}, err
	}
	defer s.stop()
	ours, err := store.OpenRedis(ctx, []string{"redis://" + s.address}, store.RedisOptions{CacheSize: 64 << 20, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return redisResult{}, err
	}
	defer ours.Close()
	bare, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.address}, DisableCache: true})
	if err != nil {
		return redisResult{}, err
	}
	defer bare.Close()

	var delivery atomic.Uint64
	change := func(n int) error {
		_, err := ours.Apply(ctx, []store.Mutation{{
			Key:    store.Key{Workspace: "default", Visitor: fmt.Sprintf("u:person-%d", n%redisVisitors)},
			Metric: store.MetricOpened,
			Change: people.Change{Kind: people.Opened, Message: "spring-sale", Delivery: delivery.Add(1), At: time.Now()},
		}})
		return err
	}
	value, err := exampleRecord()
	if err != nil {
		return redisResult{}, err
	}
	set := func(n int) error {
		return bare.Do(ctx, bare.B().Set().Key(fmt.Sprintf("bare:person-%d", n%redisVisitors)).Value(value).Build()).Error()
	}
	for _, do := range []func(int) error{change, set} { // once, unmeasured
		if _, err := writeForATurn(do); err != nil {
			return redisResult{}, err
		}
	}
	result := redisResult{policy: policy}
	for range rounds {
		a, err := writeForATurn(change)
		if err != nil {
			return redisResult{}, err
		}
		b, err := writeForATurn(set)
		if err != nil {
			return redisResult{}, err
		}
		result.ours, result.bare = append(result.ours, a), append(result.bare, b)
	}
	return result, nil
}

// exampleRecord is the record of somebody who has opened a message often, as all have after the first moments.
func exampleRecord() (string, error) {
	record := people.New("u:person-1")
	for delivery := range uint64(people.RecentShowings) {
		record.Apply(people.Change{Kind: people.Opened, Message: "spring-sale", Delivery: delivery + 1, At: time.Now().Add(time.Duration(delivery) * time.Second)})
	}
	data, err := people.Encode(record)
	return string(data), err
}

// writeForATurn writes with many goroutines, and says how often it did in a second.
func writeForATurn(do func(n int) error) (perSecond float64, err error) {
	var next atomic.Int64
	var all sync.WaitGroup
	var once sync.Once
	begun := time.Now()
	for range redisWriters {
		all.Go(func() {
			for time.Since(begun) < redisTurn {
				if problem := do(int(next.Add(1) * 7919)); problem != nil {
					once.Do(func() { err = problem })
					return
				}
			}
		})
	}
	all.Wait()
	return float64(next.Load()) / time.Since(begun).Seconds(), err
}

func redisTable(results []redisResult) string {
	var b strings.Builder
	b.WriteString("| appendfsync | changes of visitors in a second | SET of a bare client | ratio |\n|---|--:|--:|--:|\n")
	for _, r := range results {
		var ratio []float64
		for i := range r.ours {
			ratio = append(ratio, r.ours[i]/r.bare[i])
		}
		fmt.Fprintf(&b, "| %s | %.0f | %.0f | %s |\n", r.policy, spreadOf(r.ours).median, spreadOf(r.bare).median, spreadOf(ratio))
	}
	return b.String()
}
