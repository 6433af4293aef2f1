package source

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// shortestRetry is how long passes after a first failure; after each more it is twice as long, up to longestRetry or the
	// interval, whichever is longer.
	shortestRetry = time.Second
	longestRetry  = time.Minute
	// longestWish is the longest time that a server may ask to be left alone.
	longestWish = time.Hour
)

// pace says when a source over a network is asked again: at its interval, later after failures, and never by many edges at
// once.
type pace struct {
	interval time.Duration
	// next has the time until the next look; it is told after each.
	next chan time.Duration
	// failures are those since the last success. They belong to the goroutine that loads.
	failures int
}

func newPace(interval time.Duration) pace {
	return pace{interval: interval, next: make(chan time.Duration, 1)}
}

// succeeded says that the source has answered.
func (p *pace) succeeded() {
	p.failures = 0
	p.tell(around(p.interval, 0.1))
}

// failed says that it has not; it may have wished to be left alone for some time.
func (p *pace) failed(wish time.Duration) {
	retry := min(shortestRetry<<min(p.failures, 20), max(longestRetry, p.interval))
	p.failures++
	p.tell(max(around(retry, 0.2), min(wish, longestWish)))
}

// tell replaces what was told before and not heard.
func (p *pace) tell(wait time.Duration) {
	select {
	case <-p.next:
	default:
	}
	p.next <- wait
}

// watch calls changed when it is time to look again, and when it is woken.
func (p *pace) watch(ctx context.Context, wake <-chan struct{}, changed func()) error {
	timer := time.NewTimer(around(p.interval, 0.5))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case wait := <-p.next:
			timer.Reset(wait)
		case <-timer.C:
			changed()
		case <-wake:
			changed()
		}
	}
}

// around is a time that differs by at most a part of itself, by chance: edges that were started together do not ask together.
func around(d time.Duration, part float64) time.Duration {
	return time.Duration(float64(d) * (1 + part*(2*rand.Float64()-1)))
}
