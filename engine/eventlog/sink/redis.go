package sink

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"handbill/engine/redis"
)

// RedisOptions say how a stream of Redis is written to.
type RedisOptions struct {
	// Client is the Redis. The target gives it back when it is closed.
	Client *redis.Client
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

// stream appends to a stream of Redis.
type stream struct{ options RedisOptions }

// Redis returns a target that appends each record to a stream.
func Redis(options RedisOptions) Target {
	options.Stream = cmp.Or(options.Stream, DefaultStream)
	options.MaxLength = cmp.Or(options.MaxLength, DefaultMaxLength)
	return &stream{options}
}

// String is the place, and the stream.
func (s *stream) String() string {
	return "redis " + s.options.Client.Place() + ", stream " + s.options.Stream
}

// Bounds are such that Redis does something else between two batches.
func (s *stream) Bounds() Bounds { return Bounds{Events: 500, Bytes: 1 << 20} }

// Encode writes a record as JSON.
func (s *stream) Encode(record Record) ([]byte, error) { return encode(record) }

// Send appends a batch. A part of it may arrive twice, when Redis goes away in between.
func (s *stream) Send(ctx context.Context, batch Batch) error {
	client, err := s.options.Client.Connected()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	commands := make(rueidis.Commands, 0, len(batch.Items))
	for _, one := range batch.Items {
		commands = append(commands, client.B().Xadd().Key(s.options.Stream).Maxlen().Almost().Threshold(strconv.FormatInt(s.options.MaxLength, 10)).Id("*").
			FieldValue().FieldValue("key", one.Record.Key).FieldValue("type", one.Record.Type).FieldValue("workspace", one.Record.Workspace).
			FieldValue("event", string(one.Encoded)).Build())
	}
	for _, answer := range client.DoMulti(ctx, commands...) {
		if err := answer.Error(); err != nil {
			return fmt.Errorf("appending to the stream %s of %s: %w", s.options.Stream, s.options.Client.Place(), err)
		}
	}
	return nil
}

// Close gives the client back.
func (s *stream) Close() error {
	s.options.Client.Release()
	return nil
}
