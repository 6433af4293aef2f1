package caddymodule

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"handbill/engine/eventlog/sink"
	"handbill/engine/redis"
)

// RedisSink appends every report and event to a stream of Redis 6.2 or newer, or of Valkey.
type RedisSink struct {
	SinkOptions

	// Where Redis is, as for the store. Supports global placeholders. Required.
	URLs []string `json:"urls,omitempty"`

	// The stream's key. Default: `handbill:events`.
	Stream string `json:"stream,omitempty"`

	// About how many events the stream keeps; older ones are removed by Redis. Default: 1000000.
	MaxLength int `json:"max_length,omitempty"`
}

const (
	redisSinkName    = "a sink in Redis"
	longestStream    = 1_000_000_000
	longestStreamKey = 512
)

// CaddyModule returns the module's information.
func (RedisSink) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "handbill.sinks.redis", New: func() caddy.Module { return new(RedisSink) }}
}

// Provision fills in placeholders. It connects to nothing.
func (s *RedisSink) Provision(caddy.Context) error {
	for i, text := range s.URLs {
		s.URLs[i] = fillURL(text)
	}
	s.Stream, s.MaxLength = cmp.Or(s.Stream, sink.DefaultStream), cmp.Or(s.MaxLength, sink.DefaultMaxLength)
	return redis.CheckURLs(redisSinkName, s.URLs)
}

// Validate checks what JSON may have filled in wrongly.
func (s *RedisSink) Validate() error {
	return errors.Join(s.SinkOptions.Validate(), checkStream(s.Stream), checkNumber("max_length", s.MaxLength, 1, longestStream))
}

func checkStream(key string) error {
	if len(key) > longestStreamKey || strings.ContainsAny(key, " \t\r\n") {
		return fmt.Errorf("%.40q cannot be a stream's key; use at most %d bytes, without blanks", key, longestStreamKey)
	}
	return nil
}

// Target is the stream.
func (s *RedisSink) Target() (sink.Target, error) {
	client, err := redis.Use(redisSinkName, s.URLs)
	if err != nil {
		return nil, err
	}
	return sink.Redis(sink.RedisOptions{Client: client, Stream: s.Stream, MaxLength: int64(s.MaxLength)}), nil
}

// UnmarshalCaddyfile reads the sink. Syntax:
//
//	sink redis <url...> {
//		stream     <key>
//		max_length <events>
//		name       <name>
//		workspace  <name...>
//		events     <kind...>
//		start      now|oldest
//	}
func (s *RedisSink) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	s.URLs = d.RemainingArgs()
	if !placeholder.MatchString(strings.Join(s.URLs, " ")) {
		if err := redis.CheckURLs(redisSinkName, s.URLs); err != nil {
			return d.WrapErr(err)
		}
	}
	return s.words(words{
		"stream":     text(&s.Stream, "handbill:events", checkStream),
		"max_length": number(&s.MaxLength, "1000000", 1, longestStream),
	}).read(d, "sink redis")
}

// Interface guards
var (
	_ Sink                  = (*RedisSink)(nil)
	_ caddy.Provisioner     = (*RedisSink)(nil)
	_ caddy.Validator       = (*RedisSink)(nil)
	_ caddyfile.Unmarshaler = (*RedisSink)(nil)
)
