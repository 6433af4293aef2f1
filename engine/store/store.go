// Package store keeps what is remembered about visitors, and the leases of messages that are on their way to one.
//
// [Store] is the one interface, and every implementation passes the one conformance suite in package storetest:
//
//   - [NewMemory] keeps everything in memory, for trials and tests;
//   - [OpenBolt] keeps it in one file, through a writer that gathers changes into few transactions;
//   - [OpenRedis] keeps it in Redis or Valkey, for any number of edges;
//   - [Cached] puts a bounded cache of visitors' records in front of another store.
//
// Two classes of durability: what [Store.Apply] and [Store.Merge] acknowledge is durable when they return; what
// [Store.Count] counts and [Store.Note] notes is durable within a second, and on Close. Leases live in memory, and after a
// restart nobody holds one, or in Redis.
package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"handbill/engine/visitor"
)

// Store keeps visitors' records, counts and leases. Its methods may be called from many goroutines at once. Records that
// it returns are shared: callers never change them.
type Store interface {
	// Load returns a visitor's record; nil when nothing is remembered. A record that cannot be read is an error that
	// wraps [visitor.ErrVersion] or [visitor.ErrDamaged]; it is left as it is, and so are other visitors' records.
	Load(ctx context.Context, key Key) (*visitor.Record, error)

	// Apply makes changes, all or none of them, and returns an outcome for each. Records and the counts they raise are
	// durable when it returns, in one transaction. When ctx ends while it waits, its changes are made all the same, so
	// traits in them must not be changed afterwards.
	Apply(ctx context.Context, mutations []Mutation) ([]Outcome, error)

	// Claim takes the lease of a message for one tab. It is granted when no other tab holds it; fresh says that it is a
	// new lease, not one that the same tab held already and has now renewed.
	Claim(ctx context.Context, claim Claim) (granted, fresh bool, err error)

	// Release gives a lease back, whoever holds it. Releasing what nobody holds does nothing.
	Release(ctx context.Context, key Key, message string) error

	// Merge joins what is remembered about the visitor from into the record of the visitor into, as [visitor.Merge] does,
	// and applies change to it, at once. The record of from stays. An empty from joins nothing. It returns into's record,
	// which is durable then.
	Merge(ctx context.Context, workspace, from, into string, change visitor.Change) (*visitor.Record, error)

	// Find returns the id of the visitor who has a trait of this value; "" when there is none, and of several the one who
	// was seen last. Only "email" can be asked for; its case and the space around it do not matter.
	Find(ctx context.Context, workspace, trait, value string) (visitorID string, err error)

	// FindAll returns the ids of all visitors who have a trait of this value, in any order; otherwise it is as Find.
	FindAll(ctx context.Context, workspace, trait, value string) (visitorIDs []string, err error)

	// Note makes changes without waiting for the disk: Load sees them at once, they are durable within a second, and on
	// Close. It is for what a crash may take away, such as a page view. Each is made, or left out where it cannot be.
	Note(mutations ...Mutation)

	// Count raises a count without waiting for the disk: it is durable within a second, and on Close.
	Count(workspace, message string, metric Metric, n int)

	// Statistics returns the counts of a workspace by message and metric, counts that are not durable yet included.
	Statistics(ctx context.Context, workspace string) (map[string]map[Metric]int64, error)

	// Secret returns 32 random bytes that are made when first asked for, and the same ever after.
	Secret(ctx context.Context, name string) ([]byte, error)

	// Sweep forgets the visitors of all workspaces who were last here before a time, and for whom no test send waits. It
	// leaves records that it cannot read, and returns an error that counts them.
	Sweep(ctx context.Context, before time.Time) (removed int, err error)

	// Forget removes what is remembered of visitors, records that cannot be read included, what waits to be written of them,
	// and their leases; where leases are not known by visitor, those of the messages that are named. It returns how many of
	// them anything was remembered of. It is durable when it returns; counts stay. Forgetting whom nobody knows does nothing.
	Forget(ctx context.Context, keys []Key, messages []string) (removed int, err error)

	// Close makes everything durable and ends the store. Its other methods then fail with [ErrClosed].
	Close() error
}

// Peeker is a store that has some records at hand.
type Peeker interface {
	// Peek returns the key of a visitor, and what Load would return for it, if that is at hand; ok is false otherwise. It
	// allocates nothing.
	Peek(workspace string, identity visitor.Identity) (key Key, r *visitor.Record, ok bool)
}

// Announcer is a store that several edges share, over which they tell each other what is new.
type Announcer interface {
	// Announce tells the other edges that something is new for a visitor.
	Announce(key Key)
	// Hear calls heard with the id of each visitor of a workspace of whom another edge announces something, and with "" when
	// announcements may have been missed; forgotten says that what it announces is that the visitor was forgotten. It does so
	// until stop is called or the store is closed. heard must not wait.
	Hear(workspace string, heard func(visitorID string, forgotten bool)) (stop func())
	// Forgotten knows when a visitor was forgotten last, since a time; the zero time: not. It is nil when nobody was.
	Forgotten(ctx context.Context, workspace string, since time.Time) (at func(visitorID string) time.Time, err error)
}

// Remote is a store that may be out of reach for a while. What needs it then fails at once with [ErrUnavailable].
type Remote interface {
	// Last returns what was known of a visitor last, which may be old; ok is false when nothing was.
	Last(key Key) (r *visitor.Record, ok bool)
	Troubled
}

// Troubled is a store that knows what keeps it from working as it should.
type Troubled interface {
	// Trouble says what is wrong; nil when all is well.
	Trouble() error
}

// Key names a visitor inside a workspace.
type Key struct {
	// Workspace is the workspace's name.
	Workspace string
	// Visitor is the visitor's id, as [visitor.Identity.ID] gives it.
	Visitor string
}

// Mutation is a change of one visitor's record, and what it counts for.
type Mutation struct {
	Key    Key
	Change visitor.Change
	// Metric is the count of the change's message that is raised by one when the change counted; none when empty.
	Metric Metric
	// First is a count that is raised, too, when the change was the visitor's first of its kind, as [visitor.First] has it;
	// none when empty.
	First Metric
}

// Outcome is what became of a mutation.
type Outcome struct {
	// Counted is false when the change was a repeat, or changed nothing.
	Counted bool
	// Record is the visitor's record after it; nil when there is still none.
	Record *visitor.Record
}

// Claim asks for the lease of a message.
type Claim struct {
	Key     Key
	Message string
	// Tab names the browser tab that asks.
	Tab string
	// TTL is how long the lease lasts.
	TTL time.Duration
	// At is the time of the claim.
	At time.Time
}

// Metric names a count of a message.
type Metric string

// The metrics.
const (
	MetricDelivered Metric = "delivered"
	MetricOpened    Metric = "opened"
	MetricClicked   Metric = "clicked"
	MetricDismissed Metric = "dismissed"
	MetricError     Metric = "error"
	MetricConverted Metric = "converted"
	// MetricStarted counts how often a campaign was started, or a transactional message sent.
	MetricStarted Metric = "started"
	// MetricShadow counts how often a message in the shadow would have been shown.
	MetricShadow Metric = "shadow"
	// MetricViewers counts the visitors who saw a message, MetricClickers those who used a button of it.
	MetricViewers  Metric = "viewers"
	MetricClickers Metric = "clickers"
	// MetricHeldOut counts how often a message would have been shown to somebody of its holdout, MetricHeldOutViewers the
	// visitors to whom it would have been, and MetricHeldOutConverted those of them who reached its goal.
	MetricHeldOut          Metric = "held_out"
	MetricHeldOutViewers   Metric = "held_out_viewers"
	MetricHeldOutConverted Metric = "held_out_converted"
)

// In is the part of a count that belongs to a variant of an experiment; without one, the whole.
func (m Metric) In(variant string) Metric {
	if variant == "" {
		return m
	}
	return m + ":" + Metric(variant)
}

// Variant parts a count into what is counted and the variant that it belongs to; "" for none.
func (m Metric) Variant() (counted Metric, variant string) {
	name, variant, _ := strings.Cut(string(m), ":")
	return Metric(name), variant
}

// ErrClosed is returned by the methods of a store after Close.
var ErrClosed = errors.New("the store is closed")

// ErrUnavailable is wrapped by the errors of a store that cannot be reached at the moment. What was asked of it may be asked
// again later.
var ErrUnavailable = errors.New("the store cannot be reached now")

// maxName bounds a workspace's name, a visitor's id and a message's id, in bytes.
const maxName = 1 << 10

// check says whether a store can keep something under this key.
func (k Key) check() error {
	if err := checkWorkspace(k.Workspace); err != nil {
		return err
	}
	switch {
	case k.Visitor == "":
		return errors.New("the visitor's id is empty; it must be u: and a user id, or a: and an anonymous id")
	case len(k.Visitor) > maxName:
		return fmt.Errorf("the visitor's id has %d bytes; use at most %d", len(k.Visitor), maxName)
	}
	return nil
}

func checkWorkspace(name string) error {
	switch {
	case name == "":
		return errors.New("the workspace's name is empty; every stored key starts with one")
	case len(name) > maxName:
		return fmt.Errorf("the workspace's name has %d bytes; use at most %d", len(name), maxName)
	case strings.ContainsRune(name, 0):
		return fmt.Errorf("the workspace's name %q has a zero byte, which ends the name in a key; leave it out", name)
	}
	return nil
}

func checkMessage(id string) error {
	if len(id) > maxName {
		return fmt.Errorf("the message's id has %d bytes; use at most %d", len(id), maxName)
	}
	return nil
}

func (m Mutation) check() error {
	if err := m.Key.check(); err != nil {
		return err
	}
	return checkMessage(m.Change.Message)
}

func checkAll(mutations []Mutation) error {
	for _, m := range mutations {
		if err := m.check(); err != nil {
			return err
		}
	}
	return nil
}
