package caddymodule

import (
	"cmp"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"golang.org/x/net/http/httpguts"

	"handbill/engine/proof"
	"handbill/engine/source"
)

// HTTPSource gets a workspace from a URL, and asks from time to time whether it is still the same.
type HTTPSource struct {
	// The URL of one TOML file, with http or https. Required. Supports global placeholders.
	URL string `json:"url,omitempty"`

	// How often the URL is asked whether it is still the same, by `ETag` or by `Last-Modified`. Every wait is up to a tenth
	// longer or shorter, by chance. Default: `30s`. At least `1s`.
	Interval caddy.Duration `json:"interval,omitempty"`

	// How long an answer may take, all of it. Default: `10s`. From `1s` to `5m`.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// Headers of each request, such as `Authorization`. They are never sent to another host that the URL redirects to. Values
	// support global placeholders.
	Headers http.Header `json:"headers,omitempty"`

	// The keys with one of which the workspace must be signed: each an Ed25519 public key in base64, or a file with public
	// keys in PEM or as JSON Web Keys. None: it need not be signed. Supports global placeholders.
	PublicKeys []string `json:"public_keys,omitempty"`

	keys []ed25519.PublicKey
}

// CaddyModule returns the module's information.
func (HTTPSource) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "handbill.sources.http", New: func() caddy.Module { return new(HTTPSource) }}
}

// Provision fills in placeholders and reads the public keys. It asks nobody.
func (s *HTTPSource) Provision(caddy.Context) error {
	known := caddy.NewReplacer()
	s.URL = fillURL(s.URL)
	for _, values := range s.Headers {
		for i, value := range values {
			values[i] = known.ReplaceKnown(value, "")
		}
	}
	s.keys = nil
	for i, text := range s.PublicKeys {
		s.PublicKeys[i] = known.ReplaceKnown(text, "")
		keys, err := publicKeys(s.PublicKeys[i])
		if err != nil {
			return err
		}
		s.keys = append(s.keys, keys...)
	}
	return nil
}

// publicKeys are those of a word public_key: one in base64, or those of a file.
func publicKeys(text string) ([]ed25519.PublicKey, error) {
	if key, err := base64.StdEncoding.DecodeString(text); err == nil && len(key) == ed25519.PublicKeySize {
		return []ed25519.PublicKey{key}, nil
	}
	data, err := os.ReadFile(text)
	if err != nil {
		return nil, fmt.Errorf("public_key is neither an Ed25519 key in base64 nor a file that can be read: %w", err)
	}
	all, err := proof.ReadKeys(data)
	if err != nil {
		return nil, fmt.Errorf("public_key %s cannot be used: %w", text, err)
	}
	var keys []ed25519.PublicKey
	for _, key := range all {
		public, ok := key.Public.(ed25519.PublicKey)
		if !ok {
			return nil, fmt.Errorf("public_key %s holds a %T, and workspaces are signed with Ed25519; make a key with: openssl genpkey -algorithm ed25519", text, key.Public)
		}
		keys = append(keys, public)
	}
	return keys, nil
}

// Validate checks what JSON may have filled in wrongly.
func (s *HTTPSource) Validate() error {
	problems := []error{source.CheckURL(s.URL)}
	if s.Interval != 0 {
		problems = append(problems, checkSourceInterval(s.Interval))
	}
	if s.Timeout != 0 {
		problems = append(problems, checkSourceTimeout(s.Timeout))
	}
	for name, values := range s.Headers {
		for _, value := range values {
			problems = append(problems, checkSourceHeader(name, value))
		}
	}
	return errors.Join(problems...)
}

// Source returns the URL.
func (s *HTTPSource) Source() source.Source {
	return source.HTTP(s.URL, source.HTTPOptions{
		Interval:   time.Duration(cmp.Or(s.Interval, caddy.Duration(source.DefaultInterval))),
		Timeout:    time.Duration(cmp.Or(s.Timeout, caddy.Duration(source.DefaultTimeout))),
		Header:     s.Headers,
		PublicKeys: s.keys,
	})
}

func checkSourceInterval(interval caddy.Duration) error {
	if d := time.Duration(interval); d < time.Second || d > 24*time.Hour {
		return fmt.Errorf("%s cannot be the interval at which a source is asked; use 1s to 24h", d)
	}
	return nil
}

func checkSourceTimeout(timeout caddy.Duration) error {
	if d := time.Duration(timeout); d < time.Second || d > 5*time.Minute {
		return fmt.Errorf("%s cannot be how long a source may take to answer; use 1s to 5m", d)
	}
	return nil
}

// checkSourceHeader checks a header. Its value is not shown: it may be a secret.
func checkSourceHeader(name, value string) error {
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return fmt.Errorf("%q cannot be a header's name; write it as: header Authorization \"Bearer {env.CONFIG_TOKEN}\"", name)
	case strings.TrimSpace(value) == "":
		return fmt.Errorf("the header %s is empty; is the environment variable set that it should hold?", name)
	case !httpguts.ValidHeaderFieldValue(value):
		return fmt.Errorf("the value of the header %s holds what a header cannot, such as the end of a line", name)
	}
	return nil
}

// UnmarshalCaddyfile reads the source. Syntax:
//
//	source http <url> {
//		interval   <duration>
//		timeout    <duration>
//		header     <name> <value>
//		public_key <key|file...>
//	}
func (s *HTTPSource) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	address, err := one(d, "https://config.example.net/messages.toml")
	if err != nil {
		return err
	}
	if !placeholder.MatchString(address) {
		if err := source.CheckURL(address); err != nil {
			return d.WrapErr(err)
		}
	}
	s.URL = address
	return words{
		"interval":   duration(&s.Interval, "30s", checkSourceInterval),
		"timeout":    duration(&s.Timeout, "10s", checkSourceTimeout),
		"header":     {read: s.readHeader, repeatable: true},
		"public_key": {read: s.readPublicKey, repeatable: true},
	}.read(d, "source http")
}

func (s *HTTPSource) readHeader(d *caddyfile.Dispenser) error {
	arguments := d.RemainingArgs()
	switch len(arguments) {
	case 0, 1:
		return d.Err("header needs a name and a value, such as: header Authorization \"Bearer {env.CONFIG_TOKEN}\"")
	case 2:
	default:
		return d.Errf("header takes a name and a value, and there is one too many; write the value in quotes: header %s \"%s …\"", arguments[0], arguments[1])
	}
	if err := checkSourceHeader(arguments[0], arguments[1]); err != nil {
		return d.WrapErr(err)
	}
	if s.Headers == nil {
		s.Headers = http.Header{}
	}
	s.Headers.Add(arguments[0], arguments[1])
	return nil
}

func (s *HTTPSource) readPublicKey(d *caddyfile.Dispenser) error {
	keys := d.RemainingArgs()
	if len(keys) == 0 {
		return d.Err("public_key needs a key, such as: public_key /etc/caddy/messages.pub")
	}
	s.PublicKeys = append(s.PublicKeys, keys...)
	return nil
}

// Interface guards
var (
	_ Source                = (*HTTPSource)(nil)
	_ caddy.Provisioner     = (*HTTPSource)(nil)
	_ caddy.Validator       = (*HTTPSource)(nil)
	_ caddyfile.Unmarshaler = (*HTTPSource)(nil)
)
