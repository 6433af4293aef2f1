package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"handbill/engine/redis"
	"handbill/engine/workspace"
)

const (
	// redisInterval is how often a key is looked at without having been told of a change.
	redisInterval = 30 * time.Second
	redisPatience = 3 * time.Second
	// redisKeyPrefix begins the keys of workspaces that have no key of their own.
	redisKeyPrefix = "handbill:workspace:"
	redisWhat      = "a source in Redis"
)

// RedisKey is the key of a workspace that names none.
func RedisKey(workspace string) string { return redisKeyPrefix + workspace }

// CheckRedisURLs says what is wrong with the URLs of a workspace in Redis.
func CheckRedisURLs(urls []string) error { return redis.CheckURLs(redisWhat, urls) }

// Redis is a workspace at a key of Redis: one file of TOML, as a text. Redis tells of every change. The URLs are some that
// [CheckRedisURLs] takes.
func Redis(urls []string, key string) Source {
	return &remembered{urls: urls, key: key, pace: newPace(redisInterval), wake: make(chan struct{}, 1)}
}

type remembered struct {
	urls []string
	key  string
	pace pace
	// wake holds one token while the key may have changed.
	wake chan struct{}

	// The rest belongs to the goroutine that loads.
	client *redis.Client
	deaf   func()
}

// String is the place and the key.
func (r *remembered) String() string { return redis.Redacted(r.urls) + " key " + r.key }

// Watch waits for what Redis tells, and looks now and then.
func (r *remembered) Watch(ctx context.Context, changed func()) error {
	return r.pace.watch(ctx, r.wake, changed)
}

// Load reads the key. What was read is remembered by the connection until Redis tells that it has changed.
func (r *remembered) Load(ctx context.Context) ([]workspace.File, error) {
	data, err := r.read(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil {
		err = r.check(data)
	}
	if err != nil {
		r.pace.failed(0)
		var refused *refusal
		if !errors.As(err, &refused) {
			refused = r.unreadable(err)
		}
		return nil, workspace.Problem{File: r.String(), Text: refused.text, Fix: refused.fix}
	}
	r.pace.succeeded()
	return Alone(r.String(), []byte(data)), nil
}

func (r *remembered) read(ctx context.Context) (string, error) {
	if r.client == nil {
		client, err := redis.Use(redisWhat, r.urls)
		if err != nil {
			return "", err
		}
		r.client, r.deaf = client, client.Listen(r.heard)
	}
	connection, err := r.client.Connected()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	// A key of any size is read to one byte more than it may have.
	read := connection.B().Getrange().Key(r.key).Start(0).End(workspace.MaximumFileSize).Cache()
	return connection.DoCache(ctx, read, redisInterval*9/10).ToString()
}

// heard is told which keys have changed, or nothing where a connection was lost.
func (r *remembered) heard(keys []string) {
	if keys == nil || slices.Contains(keys, r.key) {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

func (r *remembered) check(data string) error {
	switch {
	case data == "":
		return &refusal{text: "there is nothing at the key", fix: fmt.Sprintf("put the workspace there: handbill messages push --key %s PATH URL", r.key)}
	case len(data) > workspace.MaximumFileSize:
		return &refusal{text: fmt.Sprintf("there are more than the %d MiB that a file may have", workspace.MaximumFileSize>>20), fix: "take messages out that have ended, or correct the key"}
	case strings.TrimSpace(data) == "":
		return &refusal{text: "there are only blanks at the key", fix: fmt.Sprintf("put the workspace there: handbill messages push --key %s PATH URL", r.key)}
	}
	return nil
}

func (r *remembered) unreadable(err error) *refusal {
	if answered, ok := rueidis.IsRedisErr(err); ok && strings.HasPrefix(answered.Error(), "WRONGTYPE") {
		return &refusal{text: "what is at the key is no text", fix: fmt.Sprintf("use another key, or put the workspace there: handbill messages push --key %s PATH URL", r.key)}
	}
	place := redis.Redacted(r.urls)
	if errors.Is(err, context.DeadlineExceeded) {
		return &refusal{text: fmt.Sprintf("Redis did not answer within %s", redisPatience), fix: redis.Advice("a source", place, err)}
	}
	return &refusal{text: fmt.Sprintf("Redis cannot be asked (%v)", err), fix: redis.Advice("a source", place, err)}
}

// Close gives the connection back.
func (r *remembered) Close() {
	if r.client != nil {
		r.deaf()
		r.client.Release()
		r.client = nil
	}
}

// PushRedis puts a workspace at a key of Redis.
func PushRedis(ctx context.Context, urls []string, key string, data []byte) error {
	client, err := redis.Use(redisWhat, urls)
	if err != nil {
		return err
	}
	defer client.Release()
	connection, err := client.Connected()
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, 2*redisPatience)
		defer cancel()
		err = connection.Do(ctx, connection.B().Set().Key(key).Value(rueidis.BinaryString(data)).Build()).Error()
	}
	if err != nil {
		place := redis.Redacted(urls)
		return fmt.Errorf("writing the workspace to %s: %w; %s", place, err, redis.Advice("a source", place, err))
	}
	return nil
}
