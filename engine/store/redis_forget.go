package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// forgottenTime is for how long it is known that somebody was forgotten, so that an edge which was away meanwhile can
// forget them, too. What is known is a sum that only who has the secret can make; it names nobody.
const forgottenTime = 90 * 24 * time.Hour

// forgottenSecret is the name of the secret of these sums.
const forgottenSecret = "forgotten"

// forgottenMark begins the id in an announcement that a visitor was forgotten; no id of a visitor begins so.
const forgottenMark = "\x00"

// Forget implements [Store]. Other edges are told, so that they forget what they hold of the visitors: before, so that nothing
// that waits there is written after it, and behind.
func (r *Redis) Forget(ctx context.Context, keys []Key, messages []string) (removed int, err error) {
	if err := checkKeys(keys); err != nil {
		return 0, err
	}
	if err := r.usable(ctx, keys...); err != nil {
		return 0, err
	}
	if err := r.rememberForgotten(ctx, keys); err != nil {
		return 0, err
	}
	for _, key := range keys {
		r.publishForgotten(key)
		n := 0
		err := r.update(ctx, []Key{key}, nil, func(c *changes) error {
			n = c.forget([]Key{key})
			return nil
		})
		if err != nil {
			return removed, err
		}
		if err := r.forgetLeases(ctx, key, messages); err != nil {
			return removed, err
		}
		removed += n
		r.publishForgotten(key)
	}
	return removed, nil
}

// forgetLeases ends a visitor's leases of some messages.
func (r *Redis) forgetLeases(ctx context.Context, key Key, messages []string) error {
	for some := range slices.Chunk(messages, copyChunk) {
		names := make([]string, 0, len(some))
		for _, message := range some {
			names = append(names, leaseKey(key, message))
		}
		if err := r.client.Do(ctx, r.client.B().Del().Key(names...).Build()).Error(); err != nil {
			return r.failed("giving back leases", key, err)
		}
	}
	return nil
}

// rememberForgotten notes when visitors were forgotten.
func (r *Redis) rememberForgotten(ctx context.Context, keys []Key) error {
	secret, err := r.Secret(ctx, forgottenSecret)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, key := range keys {
		err := errors.Join(
			r.client.Do(ctx, r.client.B().Zadd().Key(forgottenKey(key.Workspace)).ScoreMember().ScoreMember(float64(now.UnixMilli()), forgottenSum(secret, key)).Build()).Error(),
			r.client.Do(ctx, r.client.B().Zremrangebyscore().Key(forgottenKey(key.Workspace)).Min("-inf").Max(strconv.FormatInt(now.Add(-forgottenTime).UnixMilli(), 10)).Build()).Error(),
		)
		if err != nil {
			return r.failed("noting whom to forget", key, err)
		}
	}
	return nil
}

// forgottenSum stands for a visitor who was forgotten.
func forgottenSum(secret []byte, key Key) string {
	sum := hmac.New(sha256.New, secret)
	sum.Write([]byte(key.Workspace + "\x00" + key.Visitor))
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

func (r *Redis) publishForgotten(key Key) {
	ctx, cancel := context.WithTimeout(context.Background(), r.readPatience)
	defer cancel()
	err := r.client.Do(ctx, r.client.B().Publish().Channel(pushChannel(key.Workspace)).Message(r.name+" "+forgottenMark+key.Visitor).Build()).Error()
	if err != nil && !r.closed.Load() {
		r.logger.Warn("other edges were not told that a visitor is forgotten; they forget what they have in their logs when they are back", "store", r.place, "error", err)
	}
}

// forgetHere drops what this edge holds of a visitor.
func (r *Redis) forgetHere(key Key) {
	r.notes.drop(key)
	r.known.begin(key)
	if also := r.alsoForget.Load(); also != nil {
		(*also)(key)
	}
}

// Forgotten implements [Announcer].
func (r *Redis) Forgotten(ctx context.Context, workspace string, since time.Time) (func(visitorID string) time.Time, error) {
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	from := "-inf"
	if !since.IsZero() {
		from = strconv.FormatInt(since.UnixMilli(), 10)
	}
	entries, err := r.client.Do(ctx, r.client.B().Zrangebyscore().Key(forgottenKey(workspace)).Min(from).Max("+inf").Withscores().Build()).AsZScores()
	if err != nil && !rueidis.IsRedisNil(err) {
		return nil, r.failed("reading whom to forget", Key{}, err)
	}
	if len(entries) == 0 {
		return nil, nil
	}
	secret, err := r.Secret(ctx, forgottenSecret)
	if err != nil {
		return nil, fmt.Errorf("reading whom to forget: %w", err)
	}
	times := make(map[string]time.Time, len(entries))
	for _, entry := range entries {
		times[entry.Member] = time.UnixMilli(int64(entry.Score))
	}
	return func(visitorID string) time.Time { return times[forgottenSum(secret, Key{workspace, visitorID})] }, nil
}
