package sink

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// RedisOptions say how a stream of Redis is written to.
type RedisOptions struct {
	// Place names the Redis, without secrets.
	Place string
	// Open returns the client, and what lets go of it. It is called again when it failed.
	Open func() (rueidis.Client, func(), error)
	// Stream is the stream's key; empty: [DefaultStream].
	Stream string
	// MaxLength is about how many events the stream keeps; 0: [DefaultMaxLength].
	MaxLength int64
}

// Defaults of a stream, and how long Redis may take.
const (
	DefaultStream    = "handbill:events"
	DefaultMaxLength = 1_000_000
	redisPatience    = 10 * time.Second
)

// redis appends to a stream.
type redis struct {
	options RedisOptions
	client  rueidis.Client
	release func()
}

// Redis returns a target that appends each record to a stream.
func Redis(options RedisOptions) Target {
	options.Stream = cmp.Or(options.Stream, DefaultStream)
	options.MaxLength = cmp.Or(options.MaxLength, DefaultMaxLength)
	return &redis{options: options}
}

// String is the place, and the stream.
func (r *redis) String() string { return "redis " + r.options.Place + ", stream " + r.options.Stream }

// Bounds are such that Redis does something else between two batches.
func (r *redis) Bounds() Bounds { return Bounds{Events: 500, Bytes: 1 << 20} }

// Encode writes a record as JSON.
func (r *redis) Encode(record Record) ([]byte, error) { return encode(record) }

// Send appends a batch. A part of it may arrive twice, when Redis goes away in between.
func (r *redis) Send(ctx context.Context, batch Batch) error {
	if r.client == nil {
		client, release, err := r.options.Open()
		if err != nil {
			return err
		}
		r.client, r.release = client, release
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	commands := make(rueidis.Commands, 0, len(batch.Items))
	for _, one := range batch.Items {
		commands = append(commands, r.client.B().Xadd().Key(r.options.Stream).Maxlen().Almost().Threshold(strconv.FormatInt(r.options.MaxLength, 10)).Id("*").
			FieldValue().FieldValue("key", one.Record.Key).FieldValue("type", one.Record.Type).FieldValue("workspace", one.Record.Workspace).
			FieldValue("event", string(one.Encoded)).Build())
	}
	for _, answer := range r.client.DoMulti(ctx, commands...) {
		if err := answer.Error(); err != nil {
			return fmt.Errorf("appending to the stream %s of %s: %w", r.options.Stream, r.options.Place, err)
		}
	}
	return nil
}

// Close lets go of the client.
func (r *redis) Close() error {
	if r.release != nil {
		r.release()
	}
	r.client, r.release = nil, nil
	return nil
}
