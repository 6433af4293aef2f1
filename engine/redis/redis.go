// Package redis is how the engine reaches Redis, or a Valkey: what URLs mean, what to do when it cannot be used, and the one
// [Client] that everything in a process shares which names the same Redis.
//
// The store of visitors takes its connection from [Option] and keeps it to itself: there every answer is awaited for
// milliseconds, and a large one before it in the line would take them.
package redis

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

const (
	dialPatience = 2 * time.Second
	// aliveInterval is how often a connection is tried that nothing is heard of, and how long Redis may take to answer.
	aliveInterval  = time.Second
	answerPatience = 2 * time.Second
)

// CheckURLs says what is wrong with the URLs of a Redis. What wants it is a noun for the message, such as "a store in Redis".
func CheckURLs(what string, urls []string) error {
	_, err := Option(what, urls)
	return err
}

// Option makes of URLs how to connect: redis://user:password@host:6379/0, or rediss:// with TLS. Several URLs are those of a
// Cluster's nodes, or, with ?master_set=NAME, of Sentinels.
func Option(what string, urls []string) (rueidis.ClientOption, error) {
	const example = "write redis://localhost:6379, or rediss://user:password@redis.example.com:6379/0 for TLS"
	if len(urls) == 0 {
		return rueidis.ClientOption{}, errors.New(what + " needs a URL; " + example)
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
				"and have the same scheme, user, password, database and master_set", parsed.Redacted(), Redacted(urls[:1]))
		}
		all.InitAddress = append(all.InitAddress, option.InitAddress...)
	}
	if all.Sentinel.MasterSet != "" {
		// The Sentinels have no password of their own, as most have none, and are reached as the master is.
		all.Sentinel.TLSConfig = all.TLSConfig
		all.Sentinel.TopologyRefreshInterval = 5 * time.Second
	}
	all.ClientName = "handbill"
	// One connection to a node: what Redis says on it comes in order.
	all.PipelineMultiplex = -1
	all.Dialer.Timeout, all.Dialer.KeepAlive, all.ConnWriteTimeout = dialPatience, aliveInterval, answerPatience
	return all, nil
}

// Redacted names the place that URLs lead to, without passwords.
func Redacted(urls []string) string {
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

// Place names the place that URLs lead to. It holds no password, and differs where the password does.
func Place(urls []string) string {
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
		return Redacted(urls)
	}
	return Redacted(urls) + " (password " + hex.EncodeToString(sum.Sum(nil)[:4]) + ")"
}

// Advice says what to do about an error of Redis at a place. What wants it is such as "the store".
func Advice(what, place string, err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "NOAUTH"), strings.Contains(text, "WRONGPASS"), strings.Contains(text, "invalid username-password"):
		return "give the right user and password: redis://user:{env.REDIS_PASSWORD}@host:6379"
	case strings.Contains(text, "NOPERM"):
		return "let the user do what " + what + " needs: ACL SETUSER <user> ~handbill:* &handbill:* +@all -@dangerous +info +role"
	case errors.Is(err, rueidis.ErrNoCache):
		return "use Redis 6.2 or newer, or Valkey, directly or through a proxy that speaks RESP3 and CLIENT TRACKING"
	case strings.Contains(text, "cluster support disabled"):
		return "several URLs are the nodes of a Cluster; give one, or add ?master_set=NAME where they are Sentinels"
	case strings.Contains(text, "tls:"), strings.Contains(text, "x509"),
		errors.Is(err, context.DeadlineExceeded) && strings.HasPrefix(place, "rediss:"):
		return "write rediss:// where Redis speaks TLS with a certificate that this machine trusts, and redis:// where it does not"
	case strings.Contains(text, "SELECT is not allowed in cluster mode"):
		return "a Cluster has one database; leave out the number behind the host"
	}
	return "see that Redis runs there and that this machine may connect to it"
}
