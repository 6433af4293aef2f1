package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"handbill/engine/visitor"
)

// Redis is a store in Redis 6.2 or newer, or in Valkey, alone, with Sentinels or as a Cluster. Any number of edges share
// it. Each caches the records that it read; Redis tells it when another edge changes one.
//
// What it acknowledges is as durable as Redis makes it: with appendfsync always it is on disk. Leases live in Redis, too,
// so that they hold for all edges; they go by the edges' clocks.
type Redis struct {
	place string
	// name tells this edge from others.
	name    string
	client  rueidis.Client
	cluster bool
	logger  *slog.Logger
	known   *recordCache
	echoes  *echoes
	notes   *redisNotes
	lazy    *lazyWriter
	reach   reach
	// changing are held while records are changed, so that changes in one process wait for each other instead of trying
	// again.
	changing stripes
	// patience is how long Redis may take for a change; with a journal, where changes wait, it is short. readPatience is how
	// long it may take for a look.
	patience, readPatience time.Duration
	// hasty: who cannot reach Redis gives up at once, because what is to be written can wait in a journal.
	hasty bool
	// alsoForget is told whom other edges have forgotten; it must not wait.
	alsoForget atomic.Pointer[func(Key)]
	// flights make writes, by place.
	flights sync.Map
	// workspaces are those of which Redis knows.
	workspaces sync.Map
	// open ends when the store is closed, and with it the hearing of announcements.
	open    context.Context
	end     context.CancelFunc
	hearing sync.WaitGroup
	closed  atomic.Bool
	closing sync.Once
	last    error // of Close
}

var (
	_ Store     = (*Redis)(nil)
	_ Peeker    = (*Redis)(nil)
	_ Announcer = (*Redis)(nil)
	_ Remote    = (*Redis)(nil)
)

const (
	// readPatience and writePatience are how long Redis may take without a journal.
	readPatience  = 2 * time.Second
	writePatience = 3 * time.Second
)

// Lookups says how often a record was found in the cache, and how often Redis was asked.
func (r *Redis) Lookups() (hits, misses uint64) { return r.known.Lookups() }

// Peek implements [Peeker].
func (r *Redis) Peek(workspace string, identity visitor.Identity) (key Key, record *visitor.Record, ok bool) {
	found, ok := r.known.peek(workspace, identity)
	if !ok || r.closed.Load() || len(r.notes.of(found.key)) > 0 {
		return Key{}, nil, false
	}
	return found.key, found.record, true
}

// Load implements [Store]. It sees changes from the moment they are noted.
func (r *Redis) Load(ctx context.Context, key Key) (*visitor.Record, error) {
	if err := key.check(); err != nil {
		return nil, err
	}
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	// What waits is looked at before the record: a change that is written in between is then seen twice, which
	// changes nothing, instead of not at all.
	waiting := r.notes.of(key)
	record, err := r.stored(ctx, key)
	if err != nil {
		return nil, err
	}
	return withWaiting(record, key, changesOf(waiting)), nil
}

// stored is a visitor's record without what waits.
func (r *Redis) stored(ctx context.Context, key Key) (*visitor.Record, error) {
	records, err := r.read(ctx, []Key{key}, true)
	if err != nil {
		return nil, err
	}
	return records.record(key)
}

// Apply implements [Store]. In a Cluster, the records of visitors who live on different nodes are changed one after the
// other, when it is known that none of the changes is refused.
func (r *Redis) Apply(ctx context.Context, mutations []Mutation) ([]Outcome, error) {
	if err := checkAll(mutations); err != nil {
		return nil, err
	}
	if err := r.usable(ctx); err != nil || len(mutations) == 0 {
		return nil, err
	}
	outcomes := make([]Outcome, len(mutations))
	parts := r.parts(mutations)
	if len(parts) > 1 {
		for _, part := range parts {
			records, err := r.read(ctx, part.keys, true)
			if err != nil {
				return nil, err
			}
			if _, err := changesOn(records).apply(part.mutations); err != nil {
				return nil, err
			}
		}
	}
	for _, part := range parts {
		err := r.update(ctx, part.keys, nil, func(c *changes) error {
			got, err := c.apply(part.mutations)
			for i, outcome := range got {
				outcomes[part.places[i]] = outcome
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

// part is what one script can change at once.
type part struct {
	keys      []Key // each once
	mutations []Mutation
	places    []int // of the mutations among all
}

// parts divides mutations into parts: by workspace, and in a Cluster by where visitors live.
func (r *Redis) parts(mutations []Mutation) []*part {
	if len(mutations) == 1 {
		return []*part{{keys: []Key{mutations[0].Key}, mutations: mutations, places: []int{0}}}
	}
	type place struct{ workspace, bucket string }
	var parts []*part
	found := map[place]*part{}
	for i, m := range mutations {
		at := place{workspace: m.Key.Workspace}
		if r.cluster {
			at.bucket = bucketOf(m.Key.Visitor)
		}
		if found[at] == nil {
			found[at] = &part{}
			parts = append(parts, found[at])
		}
		p := found[at]
		p.mutations, p.places = append(p.mutations, m), append(p.places, i)
		if !slices.Contains(p.keys, m.Key) {
			p.keys = append(p.keys, m.Key)
		}
	}
	return parts
}

// Claim implements [Store].
func (r *Redis) Claim(ctx context.Context, claim Claim) (granted, fresh bool, err error) {
	if err := errors.Join(claim.Key.check(), checkMessage(claim.Message)); err != nil {
		return false, false, err
	}
	if err := r.usable(ctx, claim.Key); err != nil {
		return false, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.readPatience)
	defer cancel()
	ttl := max(claim.TTL.Milliseconds(), 1)
	answer, err := claimScript.Exec(ctx, r.client, []string{leaseKey(claim.Key, claim.Message)}, []string{
		strconv.FormatInt(claim.At.UnixMilli(), 10), strconv.FormatInt(ttl, 10), claim.Tab,
	}).AsInt64()
	if err != nil {
		return false, false, r.failed("taking a lease", claim.Key, err)
	}
	return answer != 0, answer == 1, nil
}

// Release implements [Store].
func (r *Redis) Release(ctx context.Context, key Key, message string) error {
	if err := r.usable(ctx, key); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.readPatience)
	defer cancel()
	if err := r.client.Do(ctx, r.client.B().Del().Key(leaseKey(key, message)).Build()).Error(); err != nil {
		return r.failed("giving back a lease", key, err)
	}
	return nil
}

// Merge implements [Store].
func (r *Redis) Merge(ctx context.Context, workspace, from, into string, change visitor.Change) (*visitor.Record, error) {
	fromKey, intoKey := Key{workspace, from}, Key{workspace, into}
	if err := checkMerge(fromKey, intoKey); err != nil {
		return nil, err
	}
	if err := r.usable(ctx, intoKey); err != nil {
		return nil, err
	}
	var other []Key
	if from != "" && from != into {
		if len(r.notes.of(fromKey)) > 0 {
			if err := r.update(ctx, []Key{fromKey}, nil, func(*changes) error { return nil }); err != nil {
				return nil, err
			}
		}
		other = []Key{fromKey}
	}
	var merged *visitor.Record
	err := r.update(ctx, []Key{intoKey}, other, func(c *changes) (err error) {
		merged, err = c.merge(fromKey, intoKey, change)
		return err
	})
	return merged, err
}

// Find implements [Store].
func (r *Redis) Find(ctx context.Context, workspace, trait, value string) (string, error) {
	if err := checkFind(workspace, trait); err != nil {
		return "", err
	}
	if err := r.usable(ctx); err != nil {
		return "", err
	}
	address := normalizeEmail(value)
	if address == "" {
		return "", nil
	}
	keys, records, err := r.withAddress(ctx, workspace, address)
	if err != nil {
		return "", err
	}
	var found lastSeen
	for _, key := range keys {
		switch record, err := records.record(key); {
		case err != nil:
			return "", err
		case email(record) == address:
			found.consider(record)
		}
	}
	return found.id(), nil
}

// Secret implements [Store].
func (r *Redis) Secret(ctx context.Context, name string) ([]byte, error) {
	if name == "" || len(name) > maxName {
		return nil, fmt.Errorf("a secret's name has 1 to %d bytes; this one has %d", maxName, len(name))
	}
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, writePatience)
	defer cancel()
	key := secretPrefix + name
	answers := r.client.DoMulti(ctx,
		r.client.B().Set().Key(key).Value(rueidis.BinaryString(newSecret())).Nx().Build(),
		r.client.B().Get().Key(key).Build(),
	)
	secret, err := answers[1].AsBytes()
	switch {
	case err != nil:
		return nil, r.failed("reading a secret", Key{}, err)
	case len(secret) != secretSize:
		return nil, fmt.Errorf("the secret %q in Redis has %d bytes and should have %d; remove the key %s, and a new one is made", name, len(secret), secretSize, key)
	}
	return slices.Clone(secret), nil
}

// Close implements [Store].
func (r *Redis) Close() error {
	r.closing.Do(func() {
		r.closed.Store(true)
		r.end()
		r.hearing.Wait()
		r.reach.close()
		r.last = r.lazy.close()
		r.client.Close()
		r.known.close()
	})
	return r.last
}

// usable says why nothing can be asked now about some visitors; nil when it can.
func (r *Redis) usable(ctx context.Context, keys ...Key) error {
	if r.closed.Load() {
		return ErrClosed
	}
	if err := r.reachable(keys...); err != nil {
		return err
	}
	if err := ctx.Err(); errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %s: %w", ErrUnavailable, r.place, err)
	}
	return ctx.Err()
}
