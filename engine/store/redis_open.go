package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"handbill/engine/redis"
)

// ErrRedis is wrapped by the errors of [OpenRedis], with what to do.
var ErrRedis = errors.New("the store in Redis cannot be used")

// RedisOptions say how a store in Redis behaves.
type RedisOptions struct {
	// CacheSize is the most memory, in bytes, that the cache of visitors' records may take.
	CacheSize int64
	// Logger receives what an operator should know. Nil: slog.Default().
	Logger *slog.Logger
}

// OpenRedis opens the store that some URLs name: redis://user:password@host:6379/0, or rediss:// with TLS. Several URLs are
// those of a Cluster's nodes, or, with ?master_set=NAME, of Sentinels. It fails within seconds when Redis cannot be used.
func OpenRedis(ctx context.Context, urls []string, options RedisOptions) (*Redis, error) {
	option, err := redisOption(urls)
	if err != nil {
		return nil, err
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	known, err := newRecordCache(options.CacheSize)
	if err != nil {
		return nil, err
	}
	r := &Redis{
		place: redis.Redacted(urls), name: rand.Text(), logger: options.Logger, known: known, echoes: newEchoes(), notes: newRedisNotes(),
		changing: newStripes(), patience: writePatience, readPatience: readPatience,
	}
	option.OnInvalidations = r.invalidated
	if r.client, err = rueidis.NewClient(option); err != nil {
		known.close()
		return nil, r.unusable(err)
	}
	r.cluster = r.client.Mode() == rueidis.ClientModeCluster
	if err := r.inspect(ctx); err != nil {
		r.client.Close()
		known.close()
		return nil, err
	}
	r.reach.store, r.reach.since = r, map[int]time.Time{}
	r.open, r.end = context.WithCancel(context.Background())
	r.lazy = startLazyWriter(r)
	return r, nil
}

// CheckRedisURLs says what is wrong with the URLs of a store in Redis.
func CheckRedisURLs(urls []string) error {
	_, err := redisOption(urls)
	return err
}

// redisOption makes of URLs how the store connects.
func redisOption(urls []string) (rueidis.ClientOption, error) {
	all, err := redis.Option("a store in Redis", urls)
	if err != nil {
		return all, err
	}
	// On the one connection to a node, an edge that is told that it has a lease has been told before of all changes that
	// were made until then.
	all.ClientTrackingOptions = []string{"PREFIX", recordPrefix, "BCAST"}
	all.DisableRetry = true // this package knows what may be tried again
	return all, nil
}

// RedisPlace names the place that URLs lead to. It holds no password, and differs where the password does.
func RedisPlace(urls []string) string { return redis.Place(urls) }

// invalidated is told which keys edges have changed, or nothing when a connection was lost, and with it what would
// have been told.
func (r *Redis) invalidated(keys []rueidis.RedisMessage) {
	if keys == nil {
		r.echoes.clear()
		r.known.forgetAll()
		return
	}
	for _, message := range keys {
		text, err := message.ToString()
		if err != nil || r.echoes.take(text) {
			continue
		}
		if key, ok := parseRecordKey(text); ok {
			r.known.begin(key)
		}
	}
}

// inspect checks that Redis is one that can be used, and warns of settings that lose data.
func (r *Redis) inspect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, writePatience)
	defer cancel()
	text, err := r.client.Do(ctx, r.client.B().Info().Build()).ToString()
	if err != nil {
		return r.unusable(err)
	}
	info := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		info[name] = value
	}
	if version := info["redis_version"]; older(version, 6, 2) {
		return fmt.Errorf("%w: %s has version %s; use Redis 6.2 or newer, or Valkey", ErrRedis, r.place, version)
	}
	if policy := info["maxmemory_policy"]; policy != "" && policy != "noeviction" {
		r.logger.Warn("Redis may throw visitors away when its memory is full; set maxmemory-policy noeviction", "store", r.place, "policy", policy)
	}
	if info["aof_enabled"] == "0" {
		r.logger.Warn("Redis does not write to disk what it acknowledges, so a crash of it loses what visitors did; set appendonly yes, and appendfsync always where nothing may be lost", "store", r.place)
	}
	if err := r.client.Do(ctx, r.client.B().Set().Key(redisFormatKey).Value(redisFormat).Nx().Build()).Error(); err != nil && !rueidis.IsRedisNil(err) {
		return r.unusable(err)
	}
	format, err := r.client.Do(ctx, r.client.B().Get().Key(redisFormatKey).Build()).ToString()
	switch {
	case err != nil:
		return r.unusable(err)
	case format != redisFormat:
		return fmt.Errorf("%w: %s has layout version %q, and this program knows %s; use the program that wrote it, or a newer one", ErrRedis, r.place, format, redisFormat)
	}
	return nil
}

// older says whether a version is below another; what cannot be read is not.
func older(version string, major, minor int) bool {
	first, rest, _ := strings.Cut(version, ".")
	second, _, _ := strings.Cut(rest, ".")
	a, err := strconv.Atoi(first)
	b, err2 := strconv.Atoi(second)
	return err == nil && err2 == nil && (a < major || a == major && b < minor)
}

// unusable says why Redis cannot be used, and what to do.
func (r *Redis) unusable(err error) error {
	return fmt.Errorf("%w: %s: %w; %s", ErrRedis, r.place, err, redis.Advice("the store", r.place, err))
}
