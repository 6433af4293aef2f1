package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"handbill/engine/visitor"
)

const (
	// probePause is how long passes between two looks whether Redis answers again, at first and at most.
	firstProbe   = 20 * time.Millisecond
	longestProbe = 500 * time.Millisecond
	// probePatience is how long it may take then.
	probePatience = time.Second
)

// reach knows whether Redis can be reached: as soon as it did not answer once, nobody waits for it any more, until it
// answers again. In a Cluster each bucket is known by itself, because its node is.
type reach struct {
	store *Redis
	lost  [redisBuckets]atomic.Bool // without a Cluster only the first is used

	mu      sync.Mutex
	closed  bool
	probing sync.WaitGroup
	since   map[int]time.Time
	reason  error // why it was lost last
	told    bool  // an operator was told that it is lost
	back    func()
	// settled is when leases may be taken again, in nanoseconds since 1970.
	settled [redisBuckets]atomic.Int64
}

const (
	// longOutage is how long Redis must have been gone for leases to have lapsed of what browsers showed meanwhile. Then no
	// lease is taken for a moment, settleTime, in which edges write what waits in their journals.
	longOutage = 20 * time.Second
	settleTime = 2 * time.Second
)

// onBack has back called whenever Redis answers again. It must not wait.
func (h *reach) onBack(back func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.back = back
}

// meanwhile says what becomes of what visitors do while Redis cannot be reached.
func (r *Redis) meanwhile() string {
	if r.hasty {
		return "what visitors do waits in the journal"
	}
	return "reports are asked for again later"
}

// settling says whether leases are not to be taken yet.
func (r *Redis) settling(key Key) bool {
	until := r.reach.settled[r.placeOf(key)].Load()
	return until > 0 && time.Now().UnixNano() < until
}

// place is where a visitor is known by in lost.
func (r *Redis) placeOf(key Key) int {
	if !r.cluster {
		return 0
	}
	return int(sumOfID(key.Visitor) % redisBuckets)
}

// reachable says why the records of some visitors cannot be reached; nil when they can.
func (r *Redis) reachable(keys ...Key) error {
	for _, key := range keys {
		if r.reach.lost[r.placeOf(key)].Load() {
			return fmt.Errorf("%w: %s", ErrUnavailable, r.place)
		}
	}
	return nil
}

// Last implements [Remote].
func (r *Redis) Last(key Key) (record *visitor.Record, ok bool) {
	waiting := r.notes.of(key)
	found, ok := r.known.last(key)
	return withWaiting(found.record, key, changesOf(waiting)), ok
}

// Trouble implements [Remote].
func (r *Redis) Trouble() error {
	r.reach.mu.Lock()
	defer r.reach.mu.Unlock()
	if len(r.reach.since) == 0 {
		return nil
	}
	first := time.Now()
	for _, since := range r.reach.since {
		if since.Before(first) {
			first = since
		}
	}
	part := ""
	if r.cluster {
		part = fmt.Sprintf(" for %d of %d parts of the visitors", len(r.reach.since), redisBuckets)
	}
	return fmt.Errorf("%s cannot be reached since %s%s, so messages with a bound are not shown, and %s: %w",
		r.place, first.UTC().Format(time.RFC3339), part, r.meanwhile(), r.reach.reason)
}

// failed says that Redis did not do something about a visitor, and notes it when it did not answer.
func (r *Redis) failed(what string, key Key, err error) error {
	answered, known := "", false
	if redis, ok := rueidis.IsRedisErr(err); ok {
		answered, known = redis.Error(), isAnswer(err)
	}
	switch {
	case r.closed.Load():
		return ErrClosed
	case known, errors.Is(err, context.Canceled), errors.Is(err, ErrUnavailable):
		return fmt.Errorf("%s in %s: %w", what, r.place, err)
	case answered == "":
		r.reach.lose(r.placeOf(key), key, err)
	}
	return fmt.Errorf("%s in %s: %w: %w", what, r.place, ErrUnavailable, err)
}

// lose notes that Redis did not answer, and looks from then on whether it does again.
func (h *reach) lose(place int, key Key, reason error) {
	if !h.lost[place].CompareAndSwap(false, true) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.since[place], h.reason = time.Now(), reason
	h.probing.Go(func() { h.probe(place, key) })
}

// tell logs that Redis is lost, once until it is back. That it took long to answer, and does at once when asked again, is
// not worth an error.
func (h *reach) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.told || h.closed {
		return
	}
	h.told = true
	h.store.logger.Error("Redis cannot be reached; visitors are answered from memory, messages with a bound are not shown, and "+h.store.meanwhile(),
		"store", h.store.place, "error", h.reason)
}

// probe waits until the node that has a visitor's record answers.
func (h *reach) probe(place int, key Key) {
	r := h.store
	for pause := firstProbe; ; pause = min(2*pause, longestProbe) {
		ctx, cancel := context.WithTimeout(r.open, probePatience)
		err := r.client.Do(ctx, r.client.B().Strlen().Key(redisRecordKey(key)).Build()).Error()
		back := (err == nil || isAnswer(err)) && r.dropGone(ctx, place)
		cancel()
		if back {
			break
		}
		h.tell()
		select {
		case <-r.open.Done():
			return
		case <-time.After(pause):
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.since[place]) > longOutage {
		h.settled[place].Store(time.Now().Add(settleTime).UnixNano())
	}
	h.lost[place].Store(false)
	delete(h.since, place)
	if h.back != nil {
		h.back()
	}
	if len(h.since) == 0 && h.told {
		h.told = false
		r.logger.Info("Redis answers again", "store", r.place)
	}
	r.lazy.soon()
}

// close waits until nobody probes any more; the store's context has ended.
func (h *reach) close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.probing.Wait()
}
