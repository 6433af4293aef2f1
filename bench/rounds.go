package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// sliceTime is how long one server is under load in one round.
const sliceTime = time.Second

// contender is one server under one load: its visitors make their requests again and again.
type contender struct {
	server   *server
	visitors []dialer
	status   int // expected of every answer
}

// measured is what a server did in one slice.
type measured struct {
	requests int64
	elapsed  time.Duration
	usage    usage
}

func (m measured) perSecond() float64    { return float64(m.requests) / m.elapsed.Seconds() }
func (m measured) processor() float64    { return m.usage.processor.Seconds() / float64(m.requests) }
func (m measured) writeCalls() float64   { return float64(m.usage.writes) / float64(m.requests) }
func (m measured) microseconds() float64 { return m.processor() * 1e6 }

// comparison holds the rounds of three servers, index by index.
type comparison struct {
	with, without, control []measured
}

// compare runs the rounds, the servers of each in random order, and returns what each server did in them.
func compare(ctx context.Context, rounds int, lanes ...contender) ([][]measured, error) {
	results := make([][]measured, len(lanes))
	for range rounds {
		for _, lane := range rand.Perm(len(lanes)) {
			result, err := lanes[lane].load(ctx, sliceTime)
			if err != nil {
				return nil, err
			}
			results[lane] = append(results[lane], result)
		}
	}
	return results, nil
}

// compareThree is compare for a server, the same without what is measured, and its twin.
func compareThree(ctx context.Context, rounds int, with, without, control contender) (comparison, error) {
	results, err := compare(ctx, rounds, with, without, control)
	if err != nil {
		return comparison{}, err
	}
	return comparison{with: results[0], without: results[1], control: results[2]}, nil
}

// load puts the contender under load for a while.
func (c contender) load(ctx context.Context, length time.Duration) (measured, error) {
	visitors := make([]visitor, 0, len(c.visitors))
	defer func() {
		for _, v := range visitors {
			_ = v.Close() // it has no more to say
		}
	}()
	for _, dial := range c.visitors {
		v, err := dial(ctx)
		if err != nil {
			return measured{}, err
		}
		visitors = append(visitors, v)
		if err := c.expect(v); err != nil { // also warms the connection up
			return measured{}, err
		}
	}
	before, err := c.server.usage()
	if err != nil {
		return measured{}, err
	}
	start := time.Now()
	count, err := c.repeat(ctx, visitors, start.Add(length))
	elapsed := time.Since(start)
	if err != nil {
		return measured{}, err
	}
	after, err := c.server.usage()
	if err != nil {
		return measured{}, err
	}
	return measured{
		requests: count, elapsed: elapsed,
		usage: usage{processor: after.processor - before.processor, writes: after.writes - before.writes},
	}, nil
}

// repeat lets all visitors ask at once until the deadline, and counts the answers.
func (c contender) repeat(ctx context.Context, visitors []visitor, deadline time.Time) (int64, error) {
	var (
		workers sync.WaitGroup
		total   atomic.Int64
		failure atomic.Pointer[error]
	)
	for _, v := range visitors {
		workers.Go(func() {
			var count int64
			for time.Now().Before(deadline) && ctx.Err() == nil {
				if err := c.expect(v); err != nil {
					failure.CompareAndSwap(nil, &err)
					break
				}
				count++
			}
			total.Add(count)
		})
	}
	workers.Wait()
	if err := failure.Load(); err != nil {
		return 0, *err
	}
	return total.Load(), ctx.Err()
}

// expect makes one exchange, whose status must be the expected one.
func (c contender) expect(v visitor) error {
	status, err := v.exchange()
	if err == nil && status != c.status {
		err = fmt.Errorf("status %d instead of %d", status, c.status)
	}
	return err
}

// spread is a median with the extremes around it.
type spread struct{ median, least, most float64 }

// ratios compares a figure of two servers round by round.
func ratios(a, b []measured, figure func(measured) float64) spread {
	values := make([]float64, len(a))
	for i := range a {
		values[i] = figure(a[i]) / figure(b[i])
	}
	return spreadOf(values)
}

// each is a figure of one server over its rounds.
func each(a []measured, figure func(measured) float64) spread {
	values := make([]float64, len(a))
	for i := range a {
		values[i] = figure(a[i])
	}
	return spreadOf(values)
}

func spreadOf(values []float64) spread {
	values = slices.Sorted(slices.Values(values))
	return spread{median: percentile(values, 50), least: values[0], most: values[len(values)-1]}
}

// percentile takes sorted values; the 50th is the mean of the two in the middle where their number is even.
func percentile(sorted []float64, p int) float64 {
	if p == 50 && len(sorted)%2 == 0 {
		return (sorted[len(sorted)/2-1] + sorted[len(sorted)/2]) / 2
	}
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}
