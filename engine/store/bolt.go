package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"handbill/engine/visitor"
)

// Options say how a store in a file behaves.
type Options struct {
	// Logger receives what an operator should know, such as a write that nobody waited for and that failed. Nil:
	// slog.Default().
	Logger *slog.Logger

	// maxFileSize makes the file full, for tests.
	maxFileSize int
}

// Bolt is a store in one bbolt file. One process can have the file open. Changes are gathered by a writer: those that
// arrive while a transaction is being written share the next one.
type Bolt struct {
	path    string
	db      *bbolt.DB
	leases  *leases
	pending *pending
	writer  *writer
	closing sync.Once
	closed  error // of Close
}

var _ Store = (*Bolt)(nil)

// Load implements [Store]. It sees changes from the moment they are accepted, also those that are not durable yet.
func (b *Bolt) Load(ctx context.Context, key Key) (*visitor.Record, error) {
	if err := key.check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// What is pending is looked at before the file: a change that becomes durable in between is then seen twice, which
	// changes nothing, instead of not at all.
	waiting := b.pending.of(key)
	var r *visitor.Record
	err := b.view(func(tx *bbolt.Tx) (err error) {
		r, err = (&fileReader{tx: tx}).record(key)
		return err
	})
	if err != nil || len(waiting) == 0 {
		return r, err
	}
	return withWaiting(r, key, waiting), nil
}

// Apply implements [Store].
func (b *Bolt) Apply(ctx context.Context, mutations []Mutation) ([]Outcome, error) {
	if err := checkAll(mutations); err != nil {
		return nil, err
	}
	if len(mutations) == 0 {
		return nil, nil
	}
	mutations = slices.Clone(mutations) // the writer may need them longer than the caller waits
	var outcomes []Outcome
	err := b.writer.write(ctx, &request{size: len(mutations), mutations: mutations, do: func(c *changes) (err error) {
		outcomes, err = c.apply(mutations)
		return err
	}})
	if err != nil {
		return nil, err
	}
	return outcomes, nil
}

// Claim implements [Store].
func (b *Bolt) Claim(ctx context.Context, claim Claim) (granted, fresh bool, err error) {
	if err := b.usable(ctx); err != nil {
		return false, false, err
	}
	return b.leases.claim(claim)
}

// Release implements [Store].
func (b *Bolt) Release(ctx context.Context, key Key, message string) error {
	if err := b.usable(ctx); err != nil {
		return err
	}
	b.leases.release(key, message)
	return nil
}

func (b *Bolt) usable(ctx context.Context) error {
	if b.writer.isClosed() {
		return ErrClosed
	}
	return ctx.Err()
}

// Merge implements [Store].
func (b *Bolt) Merge(ctx context.Context, workspace, from, into string, change visitor.Change) (*visitor.Record, error) {
	fromKey, intoKey := Key{workspace, from}, Key{workspace, into}
	if err := checkMerge(fromKey, intoKey); err != nil {
		return nil, err
	}
	var merged *visitor.Record
	err := b.writer.write(ctx, &request{size: 1, do: func(c *changes) (err error) {
		merged, err = c.merge(fromKey, intoKey, change)
		return err
	}})
	if err != nil {
		return nil, err
	}
	return merged, nil
}

// Find implements [Store].
func (b *Bolt) Find(ctx context.Context, workspace, trait, value string) (string, error) {
	if err := checkFind(workspace, trait); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	address := normalizeEmail(value)
	if address == "" {
		return "", nil
	}
	var found lastSeen
	err := b.view(func(tx *bbolt.Tx) error {
		prefix := emailKey(workspace, address, "")
		cursor := tx.Bucket(stateBucket).Cursor()
		for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
			r, err := (&fileReader{tx: tx}).record(Key{workspace, string(k[len(prefix):])})
			if err != nil {
				return err
			}
			if r != nil {
				found.consider(r)
			}
		}
		return nil
	})
	return found.id(), err
}

// Note implements [Store].
func (b *Bolt) Note(mutations ...Mutation) { b.writer.note(slices.Clone(mutations)) }

// Count implements [Store].
func (b *Bolt) Count(workspace, message string, metric Metric, n int) {
	b.writer.count(counter{workspace, message, metric}, int64(n))
}

// Statistics implements [Store]. It waits until the counts of this moment are durable.
func (b *Bolt) Statistics(ctx context.Context, workspace string) (map[string]map[Metric]int64, error) {
	if err := checkWorkspace(workspace); err != nil {
		return nil, err
	}
	if err := b.writer.write(ctx, &request{do: func(*changes) error { return nil }}); err != nil {
		return nil, err
	}
	statistics := map[string]map[Metric]int64{}
	err := b.view(func(tx *bbolt.Tx) error {
		prefix := countPrefix(workspace)
		cursor := tx.Bucket(stateBucket).Cursor()
		for k, v := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
			name := k[len(prefix):]
			end := bytes.LastIndexByte(name, 0)
			if end < 0 || len(v) != 8 {
				return fmt.Errorf("the count %q in %s is damaged; restore the file from a backup", name, b.path)
			}
			raise(statistics, string(name[:end]), Metric(name[end+1:]), int64(binary.BigEndian.Uint64(v)))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return statistics, nil
}

// Secret implements [Store].
func (b *Bolt) Secret(ctx context.Context, name string) ([]byte, error) {
	if name == "" || len(name) > maxName {
		return nil, fmt.Errorf("a secret's name has 1 to %d bytes; this one has %d", maxName, len(name))
	}
	var secret []byte
	err := b.writer.write(ctx, &request{size: 1, direct: func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(secretsBucket)
		if secret = bytes.Clone(bucket.Get([]byte(name))); secret != nil {
			return nil
		}
		secret = newSecret()
		return bucket.Put([]byte(name), secret)
	}})
	if err != nil {
		return nil, err
	}
	return secret, nil
}

// Close implements [Store].
func (b *Bolt) Close() error {
	b.closing.Do(func() {
		b.closed = b.writer.close()
		if err := b.db.Close(); err != nil {
			b.closed = errors.Join(b.closed, fmt.Errorf("closing %s: %w", b.path, err))
		}
	})
	return b.closed
}

// view reads from the file.
func (b *Bolt) view(read func(*bbolt.Tx) error) error {
	err := guard(b.path, func() error { return b.db.View(read) })
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

// sweepChunk is how many keys Sweep looks at in one transaction, so that neither readers nor the writer wait for it.
const sweepChunk = 1000

// Sweep implements [Store].
func (b *Bolt) Sweep(ctx context.Context, before time.Time) (removed int, err error) {
	var (
		next       []byte
		unreadable int
		first      error
	)
	for {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		chunk, err := b.findStale(next, before)
		if err != nil {
			return removed, err
		}
		unreadable += chunk.unreadable
		if first == nil {
			first = chunk.first
		}
		if len(chunk.stale) > 0 {
			n, err := b.forget(ctx, chunk.stale, before)
			removed += n
			if err != nil {
				return removed, err
			}
		}
		if next = chunk.next; next == nil {
			break
		}
	}
	if unreadable > 0 {
		return removed, fmt.Errorf("%d records could not be read and were left as they are; the first: %w", unreadable, first)
	}
	return removed, nil
}

// staleChunk is what one step of Sweep found.
type staleChunk struct {
	stale      []Key
	next       []byte // where to go on; nil at the end
	unreadable int
	first      error // of the unreadable records
}

func (b *Bolt) findStale(from []byte, before time.Time) (chunk staleChunk, err error) {
	err = b.view(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(stateBucket).Cursor()
		looked := 0
		for k, v := cursor.Seek(from); k != nil; k, v = cursor.Next() {
			if looked++; looked > sweepChunk {
				chunk.next = bytes.Clone(k)
				return nil
			}
			key, ok := parseVisitorKey(k)
			if !ok {
				continue
			}
			r, err := decode(key, v)
			switch {
			case err != nil:
				if chunk.unreadable++; chunk.first == nil {
					chunk.first = err
				}
			case r.Stale(before):
				chunk.stale = append(chunk.stale, key)
			}
		}
		return nil
	})
	return chunk, err
}

// forget removes visitors that are still stale when the writer comes to it.
func (b *Bolt) forget(ctx context.Context, keys []Key, before time.Time) (int, error) {
	removed := 0
	err := b.writer.write(ctx, &request{size: len(keys), do: func(c *changes) error {
		for _, key := range keys {
			r, err := c.record(key)
			if err != nil {
				return err
			}
			if r != nil && r.Stale(before) {
				c.records.set(key, nil)
				removed++
			}
		}
		return nil
	}})
	if err != nil {
		return 0, err
	}
	return removed, nil
}
