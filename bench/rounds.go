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

// contender is one server under one load: each request is sent by a connection of its own, again and again.
type contender struct {
	server   *server
	requests [][]byte
	// addresses makes every connection come from a loopback address of its own.
	addresses bool
	status    int // expected of every answer
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

// compare runs the rounds, the three servers of each in random order.
func compare(ctx context.Context, rounds int, with, without, control contender) (comparison, error) {
	var c comparison
	lanes := []struct {
		contender
		results *[]measured
	}{{with, &c.with}, {without, &c.without}, {control, &c.control}}
	for range rounds {
		for _, lane := range rand.Perm(len(lanes)) {
			result, err := lanes[lane].load(ctx, sliceTime)
			if err != nil {
				return comparison{}, err
			}
			*lanes[lane].results = append(*lanes[lane].results, result)
		}
	}
	return c, nil
}

// load puts the contender under load for a while.
func (c contender) load(ctx context.Context, length time.Duration) (measured, error) {
	connections := make([]*connection, 0, len(c.requests))
	defer func() {
		for _, connection := range connections {
			connection.Close()
		}
	}()
	for i, request := range c.requests {
		from := ""
		if c.addresses {
			from = fmt.Sprintf("127.0.%d.%d", 1+i/250, 1+i%250)
		}
		connection, err := dial(ctx, c.server.address, from, request)
		if err != nil {
			return measured{}, err
		}
		connections = append(connections, connection)
		if err := c.expect(connection); err != nil { // also warms the connection up
			return measured{}, err
		}
	}
	before, err := c.server.usage()
	if err != nil {
		return measured{}, err
	}
	start := time.Now()
	count, err := c.repeat(ctx, connections, start.Add(length))
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

// repeat uses all connections at once until the deadline, and counts the answers.
func (c contender) repeat(ctx context.Context, connections []*connection, deadline time.Time) (int64, error) {
	var (
		workers sync.WaitGroup
		total   atomic.Int64
		failure atomic.Pointer[error]
	)
	for _, connection := range connections {
		workers.Go(func() {
			var count int64
			for time.Now().Before(deadline) && ctx.Err() == nil {
				if err := c.expect(connection); err != nil {
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
func (c contender) expect(connection *connection) error {
	status, err := connection.exchange()
	if err != nil {
		return err
	}
	if status != c.status {
		return fmt.Errorf("status %d instead of %d for %.60q", status, c.status, connection.request)
	}
	return nil
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
