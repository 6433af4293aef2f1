package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
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

const (
	dialPatience = 2 * time.Second
	// aliveInterval is how often a connection is tried that nothing is heard of, and how long Redis may take to answer.
	aliveInterval  = time.Second
	answerPatience = 2 * time.Second
)

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
	r := &Redis{place: redacted(urls), name: rand.Text(), logger: options.Logger, known: known, echoes: newEchoes(), notes: newRedisNotes()}
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

// redisOption makes of URLs how to connect.
func redisOption(urls []string) (rueidis.ClientOption, error) {
	const example = "write redis://localhost:6379, or rediss://user:password@redis.example.com:6379/0 for TLS"
	if len(urls) == 0 {
		return rueidis.ClientOption{}, errors.New("a store in Redis needs a URL; " + example)
	}
	var all rueidis.ClientOption
	for i, text := range urls {
		parsed, err := url.Parse(text)
		if err != nil {
			return all, fmt.Errorf("the URL of Redis cannot be read (a %%, / or @ in a password is written as %%25, %%2F, %%40); %s", example)
		}
		if !slices.Contains([]string{"redis", "rediss", "valkey", "valkeys", "unix"}, parsed.Scheme) || parsed.Host == "" && parsed.Scheme != "unix" {
			return all, fmt.Errorf("%q is not a URL of Redis; %s", parsed.Redacted(), example)
		}
		option, err := rueidis.ParseURL(text)
		if err != nil {
			return all, fmt.Errorf("%q is not a URL of Redis: %w; %s", parsed.Redacted(), err, example)
		}
		if option.AlwaysRESP2 || option.DisableCache {
			return all, fmt.Errorf("%q switches off what tells an edge of other edges' changes; leave out protocol and client_cache", parsed.Redacted())
		}
		if i == 0 {
			all = option
			continue
		}
		same := option.Username == all.Username && option.Password == all.Password && option.SelectDB == all.SelectDB &&
			(option.TLSConfig == nil) == (all.TLSConfig == nil) && option.Sentinel.MasterSet == all.Sentinel.MasterSet
		if !same {
			return all, fmt.Errorf("%q differs from %q in more than the host; several URLs are the nodes of one Cluster, or the Sentinels of one master, "+
				"and have the same scheme, user, password, database and master_set", parsed.Redacted(), redacted(urls[:1]))
		}
		all.InitAddress = append(all.InitAddress, option.InitAddress...)
	}
	if all.Sentinel.MasterSet != "" {
		// The Sentinels have no password of their own, as most have none, and are reached as the master is.
		all.Sentinel.TLSConfig = all.TLSConfig
		all.Sentinel.TopologyRefreshInterval = 5 * time.Second
	}
	all.ClientName = "handbill"
	// One connection to a node: what Redis says on it comes in order, so an edge that is told that it has a lease has
	// been told before of all changes that were made until then.
	all.PipelineMultiplex = -1
	all.ClientTrackingOptions = []string{"PREFIX", recordPrefix, "BCAST"}
	all.Dialer.Timeout, all.Dialer.KeepAlive, all.ConnWriteTimeout = dialPatience, aliveInterval, answerPatience
	all.DisableRetry = true // this package knows what may be tried again
	return all, nil
}

// redacted names the place that URLs lead to, without passwords.
func redacted(urls []string) string {
	var places []string
	for _, text := range urls {
		parsed, err := url.Parse(text)
		if err != nil {
			return "redis"
		}
		places = append(places, parsed.Redacted())
	}
	return strings.Join(places, " ")
}

// passwordKey makes fingerprints of passwords that say nothing outside of this process.
var passwordKey = rand.Text()

// RedisPlace names the place that URLs lead to. It holds no password, and differs where the password does.
func RedisPlace(urls []string) string {
	sum := hmac.New(sha256.New, []byte(passwordKey))
	secret := false
	for _, text := range urls {
		if parsed, err := url.Parse(text); err == nil && parsed.User != nil {
			password, has := parsed.User.Password()
			secret = secret || has
			sum.Write([]byte(password + "\x00"))
		}
	}
	if !secret {
		return redacted(urls)
	}
	return redacted(urls) + " (password " + hex.EncodeToString(sum.Sum(nil)[:4]) + ")"
}

// invalidated is told which keys edges have changed, or nothing when a connection was lost, and with it what would
// have been told.
func (r *Redis) invalidated(keys []rueidis.RedisMessage) {
	if keys == nil {
		r.echoes.clear()
		r.known.forgetAll()
		return
	}
	for _, message := range keys {
		if text, err := message.ToString(); err == nil {
			if key, ok := parseRecordKey(text); ok && !r.echoes.take(key) {
				r.known.begin(key)
			}
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
	advice := "see that Redis runs there and that this machine may connect to it"
	text := err.Error()
	switch {
	case strings.Contains(text, "NOAUTH"), strings.Contains(text, "WRONGPASS"), strings.Contains(text, "invalid username-password"):
		advice = "give the right user and password: redis://user:{env.REDIS_PASSWORD}@host:6379"
	case strings.Contains(text, "NOPERM"):
		advice = "let the user do what the store needs: ACL SETUSER <user> ~handbill:* &handbill:* +@all -@dangerous +info +role"
	case errors.Is(err, rueidis.ErrNoCache):
		advice = "use Redis 6.2 or newer, or Valkey, directly or through a proxy that speaks RESP3 and CLIENT TRACKING"
	case strings.Contains(text, "cluster support disabled"):
		advice = "several URLs are the nodes of a Cluster; give one, or add ?master_set=NAME where they are Sentinels"
	case strings.Contains(text, "tls:"), strings.Contains(text, "x509"),
		errors.Is(err, context.DeadlineExceeded) && strings.HasPrefix(r.place, "rediss:"):
		advice = "write rediss:// where Redis speaks TLS with a certificate that this machine trusts, and redis:// where it does not"
	case strings.Contains(text, "SELECT is not allowed in cluster mode"):
		advice = "a Cluster has one database; leave out the number behind the host"
	}
	return fmt.Errorf("%w: %s: %w; %s", ErrRedis, r.place, err, advice)
}
