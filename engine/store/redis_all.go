package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// Statistics implements [Store]. Counts of this moment that other edges have not written yet are not among them.
func (r *Redis) Statistics(ctx context.Context, workspace string) (map[string]map[Metric]int64, error) {
	if err := checkWorkspace(workspace); err != nil {
		return nil, err
	}
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, writePatience)
	defer cancel()
	if err := r.lazy.writeCounts(ctx); err != nil {
		return nil, err
	}
	questions := make(rueidis.Commands, 0, redisBuckets)
	for n := range redisBuckets {
		questions = append(questions, r.client.B().Hgetall().Key(bucketKey("counts", workspace, bucketName(n))).Build())
	}
	statistics := map[string]map[Metric]int64{}
	for _, answer := range r.client.DoMulti(ctx, questions...) {
		counts, err := answer.AsStrMap()
		if err != nil {
			return nil, r.failed("reading the statistics", Key{}, err)
		}
		for field, value := range counts {
			message, metric, n, err := parseCount(field, value)
			if err != nil {
				return nil, err
			}
			raise(statistics, message, metric, n)
		}
	}
	return statistics, nil
}

// Sweep implements [Store].
func (r *Redis) Sweep(ctx context.Context, before time.Time) (removed int, err error) {
	if err := r.usable(ctx); err != nil {
		return 0, err
	}
	workspaces, err := r.client.Do(ctx, r.client.B().Smembers().Key(workspacesKey).Build()).AsStrSlice()
	if err != nil {
		return 0, r.failed("reading the workspaces' names", Key{}, err)
	}
	var left unread
	for _, workspace := range workspaces {
		for n := range redisBuckets {
			some, err := r.sweepBucket(ctx, workspace, bucketName(n), before, &left)
			removed += some
			if err != nil {
				return removed, err
			}
		}
	}
	return removed, left.err()
}

// unread counts the records that could not be read.
type unread struct {
	records int
	first   error
}

func (u *unread) add(err error) {
	if u.records++; u.first == nil {
		u.first = err
	}
}

func (u *unread) err() error {
	if u.records == 0 {
		return nil
	}
	return fmt.Errorf("%d records could not be read and were left as they are; the first: %w", u.records, u.first)
}

// sweepBucket forgets the stale visitors of a bucket.
func (r *Redis) sweepBucket(ctx context.Context, workspace, bucket string, before time.Time, left *unread) (removed int, err error) {
	key, until := bucketKey("seen", workspace, bucket), "("+strconv.FormatInt(before.UnixMilli(), 10)
	for stay := int64(0); ; {
		ids, err := r.client.Do(ctx, r.client.B().Zrangebyscore().Key(key).Min("-inf").Max(until).Limit(stay, sweepChunk).Build()).AsStrSlice()
		if err != nil {
			return removed, r.failed("looking for visitors of long ago", Key{}, err)
		}
		for _, id := range ids {
			gone, err := r.forget(ctx, Key{workspace, id}, before, left)
			switch {
			case err != nil:
				return removed, err
			case gone:
				removed++
			default:
				stay++
			}
		}
		if len(ids) < sweepChunk {
			return removed, nil
		}
	}
}

// forget removes a visitor who is still stale.
func (r *Redis) forget(ctx context.Context, key Key, before time.Time, left *unread) (gone bool, err error) {
	var damaged error
	err = r.update(ctx, []Key{key}, nil, func(c *changes) error {
		record, err := c.record(key)
		gone, damaged = err == nil && record != nil && record.Stale(before), err
		if gone {
			c.records.set(key, nil)
		}
		return nil
	})
	if damaged != nil {
		left.add(damaged)
	}
	return gone && err == nil, err
}
