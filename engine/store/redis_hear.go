package store

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// hearPause is how long it takes until an edge that lost its connection listens again.
const hearPause = 200 * time.Millisecond

func pushChannel(workspace string) string { return redisPrefix + "push:" + url.QueryEscape(workspace) }

// Announce implements [Announcer].
func (r *Redis) Announce(key Key) {
	if r.closed.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.readPatience)
	defer cancel()
	err := r.client.Do(ctx, r.client.B().Publish().Channel(pushChannel(key.Workspace)).Message(r.name+" "+key.Visitor).Build()).Error()
	if err != nil && !r.closed.Load() {
		r.logger.Warn("other edges were not told that something is new for a visitor; open tabs there ask by themselves", "store", r.place, "error", err)
	}
}

// Hear implements [Announcer].
func (r *Redis) Hear(workspace string, heard func(visitorID string, forgotten bool)) (stop func()) {
	ctx, cancel := context.WithCancel(r.open)
	r.hearing.Go(func() { r.hear(ctx, workspace, heard) })
	return cancel
}

// hear listens until ctx ends, also when the connection is lost meanwhile.
func (r *Redis) hear(ctx context.Context, workspace string, heard func(visitorID string, forgotten bool)) {
	var first sync.Once
	hooked := rueidis.WithOnSubscriptionHook(ctx, func(s rueidis.PubSubSubscription) {
		if s.Kind != "subscribe" {
			return
		}
		again := true
		first.Do(func() { again = false })
		if again {
			heard("", false)
		}
	})
	for ctx.Err() == nil {
		err := r.client.Receive(hooked, r.client.B().Subscribe().Channel(pushChannel(workspace)).Build(), func(message rueidis.PubSubMessage) {
			from, visitorID, _ := strings.Cut(message.Message, " ")
			if from == r.name {
				return
			}
			if id, forgotten := strings.CutPrefix(visitorID, forgottenMark); forgotten {
				r.forgetHere(Key{workspace, id})
				heard(id, true)
				return
			}
			// In a Cluster this may come before the node that has the record says that it was changed.
			r.known.begin(Key{workspace, visitorID})
			heard(visitorID, false)
		})
		if err == nil || ctx.Err() != nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(hearPause):
		}
	}
}
