package caddymodule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"handbill/engine/eventlog"
	"handbill/engine/store"
)

// RedisStore keeps visitors, statistics and leases in Redis 6.2 or newer, or in Valkey, for any number of edges: each of
// them answers every visitor. The log of reports stays on each edge's own disk.
type RedisStore struct {
	// Where Redis is: `redis://user:password@host:6379/0`, or `rediss://` with TLS. Several are nodes of one Cluster, or with
	// `?master_set=NAME` Sentinels of one master. Supports global placeholders; what one stands for in a user or a password
	// may hold any character. Required.
	URLs []string `json:"urls,omitempty"`

	// The folder of the log of reports. Several Caddys on one machine each need their own. Default:
	// `handbill/handbill.events` in Caddy's data directory. Supports global placeholders.
	Log string `json:"log,omitempty"`

	// The folder of the journal, where what visitors do waits while Redis cannot be reached; `off` for none: then browsers are
	// asked to send it again later. Several Caddys on one machine each need their own. Default: beside the log, with a name
	// that ends in `.journal`. Supports global placeholders.
	Journal string `json:"journal,omitempty"`

	// The most that the journal may have on disk, in bytes; at least 65536. Default: 33554432, which is room for
	// some 200,000 reports.
	JournalSize int64 `json:"journal_size,omitempty"`
}

// journalOff is what stands in the place of the journal's folder where there is to be none.
const journalOff = "off"

// CaddyModule returns the module's information.
func (RedisStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "handbill.stores.redis", New: func() caddy.Module { return new(RedisStore) }}
}

// Provision fills in placeholders and the log's folder. It connects to nothing.
func (s *RedisStore) Provision(caddy.Context) error {
	for i, text := range s.URLs {
		s.URLs[i] = fillURL(text)
	}
	if err := store.CheckRedisURLs(s.URLs); err != nil {
		return err
	}
	folder := caddy.NewReplacer().ReplaceKnown(s.Log, "")
	absolute, err := filepath.Abs(cmp.Or(folder, filepath.Join(caddy.AppDataDir(), "handbill", "handbill.events")))
	if err != nil {
		return fmt.Errorf("finding the log of reports %s: %w", folder, err)
	}
	s.Log = absolute
	if s.Journal == journalOff {
		return nil
	}
	folder = cmp.Or(caddy.NewReplacer().ReplaceKnown(s.Journal, ""), strings.TrimSuffix(s.Log, ".events")+".journal")
	if s.Journal, err = filepath.Abs(folder); err != nil {
		return fmt.Errorf("finding the journal %s: %w", folder, err)
	}
	if s.Journal == s.Log {
		return fmt.Errorf("the journal and the log of reports are both in %s; give each a folder of its own", s.Log)
	}
	return checkJournalSize(s.JournalSize)
}

// checkJournalSize refuses a journal that has no room for anything.
func checkJournalSize(size int64) error {
	if size != 0 && size < store.LeastJournal {
		return fmt.Errorf("a journal of %d bytes holds hardly anything; give it at least 64KiB, or write: journal off", size)
	}
	return nil
}

var placeholder = regexp.MustCompile(`\{[^{}]+\}`)

// fillURL puts what placeholders stand for into a URL. In a user and a password it is a text of any characters.
func fillURL(text string) string {
	known := caddy.NewReplacer()
	before, after, _ := strings.Cut(text, "://")
	end := strings.LastIndexByte(after, '@')
	if end < 0 {
		return known.ReplaceKnown(text, "")
	}
	user := placeholder.ReplaceAllStringFunc(after[:end], func(name string) string {
		return strings.ReplaceAll(url.QueryEscape(known.ReplaceKnown(name, "")), "+", "%20")
	})
	return known.ReplaceKnown(before+"://", "") + user + known.ReplaceKnown(after[end:], "")
}

// Place is Redis, with the folder of the log.
func (s *RedisStore) Place() string { return store.RedisPlace(s.URLs) + ", log in " + s.Log }

// Open connects to Redis and opens the log and the journal.
func (s *RedisStore) Open(cacheSize int64) (store.Store, *eventlog.Log, error) {
	redis, err := store.OpenRedis(context.Background(), s.URLs, store.RedisOptions{CacheSize: cacheSize, Logger: logger()})
	if err != nil {
		return nil, nil, err
	}
	events, err := eventlog.Open(s.Log, eventlog.Options{Logger: logger()})
	if err != nil {
		return nil, nil, errors.Join(err, redis.Close())
	}
	if s.Journal == journalOff {
		return redis, events, nil
	}
	journaled, err := store.WithJournal(redis, store.JournalOptions{Folder: s.Journal, Limit: s.JournalSize})
	if err != nil {
		return nil, nil, errors.Join(err, events.Close(), redis.Close())
	}
	return journaled, events, nil
}

// UnmarshalCaddyfile reads the store. Syntax:
//
//	store redis <url...> {
//		log          <folder>
//		journal      <folder>|off
//		journal_size <size>
//	}
func (s *RedisStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	s.URLs = d.RemainingArgs()
	if !placeholder.MatchString(strings.Join(s.URLs, " ")) {
		if err := store.CheckRedisURLs(s.URLs); err != nil {
			return d.WrapErr(err)
		}
	}
	return words{
		"log":          text(&s.Log, "/var/lib/caddy/handbill.events", nil),
		"journal":      text(&s.Journal, "/var/lib/caddy/handbill.journal", nil),
		"journal_size": size(&s.JournalSize, "32MiB", checkJournalSize),
	}.read(d, "store redis")
}

// Interface guards
var (
	_ Store                 = (*RedisStore)(nil)
	_ caddy.Provisioner     = (*RedisStore)(nil)
	_ caddyfile.Unmarshaler = (*RedisStore)(nil)
)
