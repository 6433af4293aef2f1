package caddymodule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"handbill/engine/eventlog/sink"
)

// CDPSink posts reports and events as analytics calls to a customer data platform that takes what Segment's HTTP API takes.
type CDPSink struct {
	SinkOptions

	// The platform's address, such as `https://cdp.customer.io`; `/v1/batch` is added where it is missing. Required. Supports
	// global placeholders.
	URL string `json:"url,omitempty"`

	// The write key of the source there. Required. Supports global placeholders.
	WriteKey string `json:"write_key,omitempty"`

	// How long events are gathered until a request is sent that is not full. Default: `1s`.
	BatchWait caddy.Duration `json:"batch_wait,omitempty"`

	HTTPSinkOptions

	resolved sink.CDPOptions // with what placeholders stand for, which is nobody's to read
}

// CaddyModule returns the module's information.
func (CDPSink) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "handbill.sinks.cdp", New: func() caddy.Module { return new(CDPSink) }}
}

// Provision fills in placeholders.
func (s *CDPSink) Provision(caddy.Context) error {
	known := caddy.NewReplacer()
	s.resolved = sink.CDPOptions{
		URL: known.ReplaceKnown(s.URL, ""), WriteKey: known.ReplaceKnown(s.WriteKey, ""),
		BatchWait: time.Duration(s.BatchWait), Timeout: time.Duration(s.Timeout),
	}
	return nil
}

// Validate checks what JSON and placeholders may have filled in wrongly.
func (s *CDPSink) Validate() error {
	target, err := s.Target()
	if err == nil {
		err = target.Close()
	}
	problems := []error{err, s.SinkOptions.Validate(), s.HTTPSinkOptions.Validate()}
	if s.BatchWait != 0 {
		problems = append(problems, checkBatchWait(s.BatchWait))
	}
	return errors.Join(problems...)
}

// Target is the platform.
func (s *CDPSink) Target() (sink.Target, error) {
	if key := s.resolved.WriteKey; key == "" || strings.ContainsAny(key, ": \t\r\n") {
		return nil, errors.New("sink cdp needs a write_key, without colons and blanks; if it is {env.NAME}, set that variable in the environment of the server")
	}
	target, err := sink.CDP(s.resolved)
	if err != nil {
		return nil, fmt.Errorf("sink cdp: %w", err)
	}
	return target, nil
}

// Selection says what is handed over.
func (s *CDPSink) Selection() sink.Options {
	options := s.SinkOptions.Selection()
	options.Tries = s.Tries
	return options
}

// UnmarshalCaddyfile reads the sink. Syntax:
//
//	sink cdp <url> {
//		write_key  <key>
//		batch_wait <duration>
//		timeout    <duration>
//		tries      <number>
//		name       <name>
//		workspace  <name...>
//		events     <kind...>
//		start      now|oldest
//	}
func (s *CDPSink) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	line := d.Line()
	var err error
	if s.URL, err = oneURL(d, "sink cdp", "https://cdp.customer.io"); err != nil {
		return err
	}
	if err := s.SinkOptions.words(s.HTTPSinkOptions.words(words{
		"write_key":  text(&s.WriteKey, "{env.CDP_WRITE_KEY}", nil),
		"batch_wait": duration(&s.BatchWait, "1s", checkBatchWait),
	})).read(d, "sink cdp"); err != nil {
		return err
	}
	if s.WriteKey == "" {
		return d.Errf("sink cdp on line %d needs the write key of a source; write: sink cdp %s { write_key {env.CDP_WRITE_KEY} }", line, s.URL)
	}
	return nil
}

// Interface guards
var (
	_ Sink                  = (*CDPSink)(nil)
	_ caddy.Provisioner     = (*CDPSink)(nil)
	_ caddy.Validator       = (*CDPSink)(nil)
	_ caddyfile.Unmarshaler = (*CDPSink)(nil)
)
