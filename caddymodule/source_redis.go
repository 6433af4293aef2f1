package caddymodule

import (
	"errors"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"handbill/engine/source"
)

// RedisSource reads a workspace from a key of Redis 6.2 or newer, or of Valkey, and again whenever it changes.
type RedisSource struct {
	// Where Redis is: `redis://user:password@host:6379/0`, or `rediss://` with TLS. Several are nodes of one Cluster, or with
	// `?master_set=NAME` Sentinels of one master. Supports global placeholders; what one stands for in a user or a password
	// may hold any character. Required.
	URLs []string `json:"urls,omitempty"`

	// The key, which holds one TOML file as a text. Default: `handbill:workspace:` and the name of the workspace. Supports
	// global placeholders.
	Key string `json:"key,omitempty"`
}

// CaddyModule returns the module's information.
func (RedisSource) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "handbill.sources.redis", New: func() caddy.Module { return new(RedisSource) }}
}

// Provision fills in placeholders. It connects to nothing.
func (s *RedisSource) Provision(caddy.Context) error {
	for i, text := range s.URLs {
		s.URLs[i] = fillURL(text)
	}
	s.Key = caddy.NewReplacer().ReplaceKnown(s.Key, "")
	return nil
}

// Validate checks what JSON may have filled in wrongly.
func (s *RedisSource) Validate() error { return source.CheckRedisURLs(s.URLs) }

// For fills in the key of a workspace.
func (s *RedisSource) For(workspace string) {
	if s.Key == "" {
		s.Key = source.RedisKey(workspace)
	}
}

// Source returns the key.
func (s *RedisSource) Source() source.Source { return source.Redis(s.URLs, s.Key) }

// UnmarshalCaddyfile reads the source. Syntax:
//
//	source redis <url...> {
//		key <name>
//	}
func (s *RedisSource) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	s.URLs = d.RemainingArgs()
	if !placeholder.MatchString(strings.Join(s.URLs, " ")) {
		if err := source.CheckRedisURLs(s.URLs); err != nil {
			return d.WrapErr(err)
		}
	}
	return words{"key": text(&s.Key, "handbill:workspace:shop", checkSourceKey)}.read(d, "source redis")
}

func checkSourceKey(key string) error {
	if strings.TrimSpace(key) == "" {
		return errors.New("the key of the workspace is empty; leave the word out, or write it as: key handbill:workspace:shop")
	}
	return nil
}

// Interface guards
var (
	_ Source                = (*RedisSource)(nil)
	_ WorkspaceSource       = (*RedisSource)(nil)
	_ caddy.Provisioner     = (*RedisSource)(nil)
	_ caddy.Validator       = (*RedisSource)(nil)
	_ caddyfile.Unmarshaler = (*RedisSource)(nil)
)
