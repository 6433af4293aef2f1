package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"golang.org/x/net/http/httpguts"

	"handbill/engine/eventlog/sink"
)

// WebhookSink posts reports and events as JSON, in batches, to a URL. Requests are signed as the specification "Standard
// Webhooks" says, and tried again until they are taken.
type WebhookSink struct {
	SinkOptions

	// The URL. Required. Supports global placeholders.
	URL string `json:"url,omitempty"`

	// The secrets that requests are signed with: one, or a new one and the one whose place it takes. `whsec_` and base64, or
	// a text of at least 24 bytes. Supports global placeholders. Default: none, and nothing is signed.
	Secrets []string `json:"secrets,omitempty"`

	// More headers of each request. Values support global placeholders.
	Header http.Header `json:"header,omitempty"`

	// The most events in a request. Default: 100. At most 5000.
	BatchSize int `json:"batch_size,omitempty"`

	// How long events are gathered until a request is sent that is not full. Default: `1s`.
	BatchWait caddy.Duration `json:"batch_wait,omitempty"`

	HTTPSinkOptions

	resolved sink.WebhookOptions // with what placeholders stand for, which is nobody's to read
}

// HTTPSinkOptions are what every sink has that posts to somewhere.
type HTTPSinkOptions struct {
	// How long an answer may take. Default: `10s`.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// How often a batch is tried that is refused, before its events are put among the dead letters. Failures of any other
	// kind are tried for ever. Default: 5.
	Tries int `json:"tries,omitempty"`
}

const (
	maxTries       = 100
	leastTimeout   = 100 * time.Millisecond
	longestTimeout = 5 * time.Minute
	longestBatch   = time.Minute
)

// CaddyModule returns the module's information.
func (WebhookSink) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "handbill.sinks.webhook", New: func() caddy.Module { return new(WebhookSink) }}
}

// Provision fills in placeholders.
func (s *WebhookSink) Provision(caddy.Context) error {
	known := caddy.NewReplacer()
	s.resolved = sink.WebhookOptions{
		URL: known.ReplaceKnown(s.URL, ""), Header: http.Header{},
		BatchSize: s.BatchSize, BatchWait: time.Duration(s.BatchWait), Timeout: time.Duration(s.Timeout),
	}
	for _, secret := range s.Secrets {
		s.resolved.Secrets = append(s.resolved.Secrets, known.ReplaceKnown(secret, ""))
	}
	for name, values := range s.Header {
		for _, value := range values {
			s.resolved.Header.Add(name, known.ReplaceKnown(value, ""))
		}
	}
	return nil
}

// Validate checks what JSON and placeholders may have filled in wrongly.
func (s *WebhookSink) Validate() error {
	target, err := s.Target()
	if err == nil {
		err = target.Close()
	}
	problems := []error{err, s.SinkOptions.Validate(), s.HTTPSinkOptions.Validate()}
	if s.BatchSize != 0 {
		problems = append(problems, checkNumber("batch_size", s.BatchSize, 1, sink.MaxBatchSize))
	}
	if s.BatchWait != 0 {
		problems = append(problems, checkBatchWait(s.BatchWait))
	}
	for name, values := range s.resolved.Header {
		problems = append(problems, checkSinkHeader(name, strings.Join(values, ",")))
	}
	if len(s.Secrets) > 2 {
		problems = append(problems, fmt.Errorf("secret takes the new secret and the one that it takes the place of, and %d are given", len(s.Secrets)))
	}
	return errors.Join(problems...)
}

// Validate checks what JSON may have filled in wrongly.
func (o *HTTPSinkOptions) Validate() error {
	var problems []error
	if o.Timeout != 0 {
		problems = append(problems, checkTimeout(o.Timeout))
	}
	if o.Tries != 0 {
		problems = append(problems, checkNumber("tries", o.Tries, 1, maxTries))
	}
	return errors.Join(problems...)
}

func checkTimeout(timeout caddy.Duration) error {
	if d := time.Duration(timeout); d < leastTimeout || d > longestTimeout {
		return fmt.Errorf("%s cannot be how long an answer may take; use %s to %s", d, leastTimeout, longestTimeout)
	}
	return nil
}

func checkBatchWait(wait caddy.Duration) error {
	if d := time.Duration(wait); d <= 0 || d > longestBatch {
		return fmt.Errorf("%s cannot be how long events are gathered; use more than 0s and at most %s", d, longestBatch)
	}
	return nil
}

// ownHeaders are those of a request that are Handbill's own.
var ownHeaders = []string{"webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "content-length", "transfer-encoding", "connection"}

func checkSinkHeader(name, value string) error {
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return fmt.Errorf("%q cannot be a header's name", name)
	case slices.Contains(ownHeaders, strings.ToLower(name)):
		return fmt.Errorf("the header %s is set by Handbill itself; remove it", name)
	case !httpguts.ValidHeaderFieldValue(value):
		return fmt.Errorf("the header %s has a value that cannot be sent; use one line", name)
	}
	return nil
}

// Target is the webhook.
func (s *WebhookSink) Target() (sink.Target, error) {
	target, err := sink.Webhook(s.resolved)
	if err != nil {
		return nil, fmt.Errorf("sink webhook: %w", err)
	}
	return target, nil
}

// Selection says what is handed over.
func (s *WebhookSink) Selection() sink.Options {
	options := s.SinkOptions.Selection()
	options.Tries = s.Tries
	return options
}

// UnmarshalCaddyfile reads the sink. Syntax:
//
//	sink webhook <url> {
//		secret     <secret> [<secret>]
//		header     <name> <value>
//		batch_size <events>
//		batch_wait <duration>
//		timeout    <duration>
//		tries      <number>
//		name       <name>
//		workspace  <name...>
//		events     <kind...>
//		start      now|oldest
//	}
func (s *WebhookSink) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	var err error
	if s.URL, err = oneURL(d, "sink webhook", "https://hooks.example.net/in"); err != nil {
		return err
	}
	return s.SinkOptions.words(s.HTTPSinkOptions.words(words{
		"secret":     {read: s.readSecret},
		"header":     {read: s.readHeader, repeatable: true},
		"batch_size": number(&s.BatchSize, "100", 1, sink.MaxBatchSize),
		"batch_wait": duration(&s.BatchWait, "1s", checkBatchWait),
	})).read(d, "sink webhook")
}

// readSecret reads one secret, or two. Errors never repeat a secret.
func (s *WebhookSink) readSecret(d *caddyfile.Dispenser) error {
	s.Secrets = d.RemainingArgs()
	switch {
	case len(s.Secrets) == 0:
		return d.Err("secret needs a value, such as: secret {env.HOOK_SECRET}")
	case len(s.Secrets) > 2:
		return d.Errf("secret takes the new secret and the one that it takes the place of, and %d are given", len(s.Secrets))
	}
	for _, secret := range s.Secrets {
		if strings.Contains(secret, "{") {
			continue
		}
		if err := sink.CheckWebhookSecret(secret); err != nil {
			return d.WrapErr(err)
		}
	}
	return nil
}

func (s *WebhookSink) readHeader(d *caddyfile.Dispenser) error {
	arguments := d.RemainingArgs()
	if len(arguments) != 2 {
		return d.Err("header takes a name and a value, such as: header Authorization \"Bearer {env.HOOK_TOKEN}\"")
	}
	if err := checkSinkHeader(arguments[0], arguments[1]); err != nil {
		return d.WrapErr(err)
	}
	if s.Header == nil {
		s.Header = http.Header{}
	}
	s.Header.Add(arguments[0], arguments[1])
	return nil
}

// Interface guards
var (
	_ Sink                  = (*WebhookSink)(nil)
	_ caddy.Provisioner     = (*WebhookSink)(nil)
	_ caddy.Validator       = (*WebhookSink)(nil)
	_ caddyfile.Unmarshaler = (*WebhookSink)(nil)
)
