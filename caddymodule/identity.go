package caddymodule

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"handbill/engine/proof"
	"handbill/engine/workspace"
)

// The modes of an identity.
const (
	identityUnsigned = "unsigned"
	identitySigned   = "signed"
)

// Identity says when a site believes that a visitor is the user whose id a browser or a server says.
type Identity struct {
	// `unsigned`: whoever says a user id is believed, also for messages to one person. `signed`: only with a proof that the
	// site's server made. Without an identity at all a user id is believed, but messages to one person are not shown.
	Mode string `json:"mode,omitempty"`

	// The secrets with which the site's server makes user hashes and signs tokens with HS256: one, or a new one and the one
	// that it takes the place of. At least 32 characters each. Supports global placeholders.
	Secrets []string `json:"secrets,omitempty"`

	// The public keys of tokens that are signed with EdDSA (Ed25519) or ES256 (P-256).
	PublicKeys []PublicKey `json:"public_keys,omitempty"`

	// The secrets that servers show, as the password to the write key in basic authentication, to be believed about any user:
	// one, or two. At least 32 characters each. Supports global placeholders.
	ServerSecrets []string `json:"server_secrets,omitempty"`

	// What a token's `iss` must be. Default: anything.
	Issuer string `json:"issuer,omitempty"`

	// What a token's `aud` must have one of. Default: anything.
	Audiences []string `json:"audiences,omitempty"`

	// By how much the clocks of the site's server and the edge may differ. Default: `1m`.
	Leeway caddy.Duration `json:"leeway,omitempty"`

	// How long a browser that has proven a user id is believed without another proof. Default: `30d`.
	Session caddy.Duration `json:"session,omitempty"`
}

// PublicKey is a file with public keys.
type PublicKey struct {
	// The path of the file: public keys or certificates in PEM, or JSON Web Keys. Supports global placeholders.
	File string `json:"file,omitempty"`

	// The name by which tokens mean the key, their `kid`. Default: that of a JSON Web Key; a key in PEM without one is tried
	// for every token.
	ID string `json:"id,omitempty"`
}

// provisionIdentity reads secrets and keys.
func (h *Handler) provisionIdentity(replacer *caddy.Replacer) error {
	h.site.Identity.Outright = h.mode() == identityUnsigned
	if h.mode() != identitySigned {
		return nil
	}
	options, err := h.Identity.options(replacer)
	if err == nil {
		h.site.Identity.Proofs, err = proof.New(options)
	}
	if err != nil {
		return fmt.Errorf("identity signed: %w", err)
	}
	return nil
}

// options are the proofs that the site takes. What placeholders stand for is not written back: it is nobody's to read.
func (i *Identity) options(replacer *caddy.Replacer) (proof.Options, error) {
	options := proof.Options{
		Issuer: i.Issuer, Audiences: i.Audiences, Leeway: time.Duration(i.Leeway), Session: time.Duration(i.Session),
	}
	for _, secret := range i.Secrets {
		options.Secrets = append(options.Secrets, replacer.ReplaceKnown(secret, ""))
	}
	for _, secret := range i.ServerSecrets {
		options.ServerSecrets = append(options.ServerSecrets, replacer.ReplaceKnown(secret, ""))
	}
	for _, file := range i.PublicKeys {
		path := replacer.ReplaceKnown(file.File, "")
		data, err := os.ReadFile(path)
		if err != nil {
			return options, fmt.Errorf("reading a public_key: %w", err)
		}
		keys, err := proof.ReadKeys(data)
		if err != nil {
			return options, fmt.Errorf("public_key %s cannot be used: %w", path, err)
		}
		if file.ID != "" {
			if len(keys) > 1 {
				return options, fmt.Errorf("public_key %s holds %d keys, which cannot all be called %s; give each a file of its own, or use JSON Web Keys", path, len(keys), file.ID)
			}
			keys[0].ID = file.ID
		}
		options.Keys = append(options.Keys, keys...)
	}
	return options, nil
}

// check checks what JSON may have filled in wrongly.
func (i *Identity) check() error {
	if i == nil {
		return nil
	}
	switch {
	case i.Mode != identityUnsigned && i.Mode != identitySigned:
		return fmt.Errorf("identity cannot have the mode %q; allowed: unsigned, signed", i.Mode)
	case i.Mode == identityUnsigned && (len(i.Secrets)+len(i.PublicKeys)+len(i.ServerSecrets) > 0):
		return errors.New("identity unsigned takes no secrets and keys; to use them, let the mode be signed")
	case i.Leeway < 0 || time.Duration(i.Leeway) > maxLeeway:
		return checkLeeway(i.Leeway)
	case i.Session != 0:
		return checkSession(i.Session)
	}
	return nil
}

// maxLeeway bounds how much clocks may differ: beyond it, a token's end would mean little.
const maxLeeway = 10 * time.Minute

func checkLeeway(leeway caddy.Duration) error {
	if leeway <= 0 || time.Duration(leeway) > maxLeeway {
		return fmt.Errorf("%s cannot be the leeway of clocks; use more than 0s and at most 10m", time.Duration(leeway))
	}
	return nil
}

func checkSession(session caddy.Duration) error {
	if time.Duration(session) < time.Minute {
		return fmt.Errorf("%s is too short for a session; use 1m or more", time.Duration(session))
	}
	return nil
}

// readIdentity reads the word identity. Syntax:
//
//	identity unsigned
//	identity signed {
//		secret        <secret> [<secret>]
//		public_key    <file> [<kid>]
//		server_secret <secret> [<secret>]
//		issuer        <iss>
//		audience      <aud...>
//		leeway        <duration>
//		session       <duration>
//	}
func (h *Handler) readIdentity(d *caddyfile.Dispenser) error {
	mode, err := one(d, identitySigned)
	switch {
	case err != nil:
		return err
	case mode == "edge":
		return later(d, "identity edge")
	case mode != identityUnsigned && mode != identitySigned:
		return d.Errf("identity cannot be %q; allowed: unsigned, signed", mode)
	}
	h.Identity = &Identity{Mode: mode}
	if mode == identityUnsigned {
		return words{}.read(d, "identity unsigned")
	}
	line := d.Line()
	if err := h.Identity.words().read(d, "identity signed"); err != nil {
		return err
	}
	if i := h.Identity; len(i.Secrets)+len(i.PublicKeys)+len(i.ServerSecrets) == 0 {
		return d.Errf("identity signed on line %d needs what proves a user id; write: identity signed { secret {env.HANDBILL_SECRET} }", line)
	}
	return nil
}

// words are the words of the block of identity signed.
func (i *Identity) words() words {
	return words{
		"secret":        secretWord(&i.Secrets),
		"public_key":    {read: i.readPublicKey, repeatable: true},
		"server_secret": secretWord(&i.ServerSecrets),
		"issuer":        text(&i.Issuer, "https://shop.example.com", nil),
		"audience":      {read: i.readAudience},
		"leeway":        duration(&i.Leeway, "1m", checkLeeway),
		"session":       duration(&i.Session, "30d", checkSession),
	}
}

// secretWord is a word with one secret, or two that are live at once. Errors never repeat a secret.
func secretWord(target *[]string) word {
	return word{read: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		secrets := d.RemainingArgs()
		switch {
		case len(secrets) == 0:
			return d.Errf("%s needs a value, such as: %s {env.HANDBILL_SECRET}", name, name)
		case len(secrets) > proof.MaxSecrets:
			return d.Errf("%s takes the new secret and the one that it takes the place of, and %d are given", name, len(secrets))
		}
		for _, secret := range secrets {
			if strings.Contains(secret, "{") {
				continue
			}
			if err := proof.CheckSecret(name, secret); err != nil {
				return d.WrapErr(err)
			}
		}
		*target = secrets
		return nil
	}}
}

func (i *Identity) readPublicKey(d *caddyfile.Dispenser) error {
	arguments := d.RemainingArgs()
	switch len(arguments) {
	case 0:
		return d.Err("public_key needs a file, such as: public_key /etc/caddy/shop.pem")
	case 1:
		i.PublicKeys = append(i.PublicKeys, PublicKey{File: arguments[0]})
	case 2:
		i.PublicKeys = append(i.PublicKeys, PublicKey{File: arguments[0], ID: arguments[1]})
	default:
		return d.Errf("public_key takes a file and the kid of its key, and %q is one too many", arguments[2])
	}
	return nil
}

func (i *Identity) readAudience(d *caddyfile.Dispenser) error {
	if i.Audiences = d.RemainingArgs(); len(i.Audiences) == 0 {
		return d.Err("audience needs a value, such as: audience handbill")
	}
	return nil
}

// identitiesOf are, by workspace, the modes of the sites that answer an endpoint. What stands in handle_errors answers none.
func identitiesOf(app *caddyhttp.App) map[string][]string {
	modes := make(map[string][]string)
	for _, server := range app.Servers {
		for _, p := range place(server.Routes, surroundings{}) {
			modes[p.handler.workspace] = append(modes[p.handler.workspace], p.handler.mode())
		}
	}
	return modes
}

// mode is how the site believes; empty where it does not say.
func (h *Handler) mode() string {
	if h.Identity == nil {
		return ""
	}
	return h.Identity.Mode
}

// believesOutright says whether every site of the workspace says identity unsigned.
func (s *service) believesOutright() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.identities) > 0 && !slices.ContainsFunc(s.identities, func(mode string) bool { return mode != identityUnsigned })
}

// doubts are what is worth a warning of how the sites of a workspace believe who their visitors are.
func doubts(modes []string, snapshot *workspace.Snapshot) []string {
	var all []string
	signed := slices.Contains(modes, identitySigned)
	if signed && slices.ContainsFunc(modes, func(mode string) bool { return mode != identitySigned }) {
		all = append(all, "one site of this workspace has identity signed and another has not: whoever claims a user id on the "+
			"other one is believed, and their traits are shared. Give every site of the workspace identity signed")
	}
	if !slices.Contains(modes, "") || snapshot == nil {
		return all
	}
	if slices.ContainsFunc(snapshot.Messages, func(m *workspace.Message) bool { return m.Kind == workspace.KindTransactional }) {
		all = append(all, "transactional messages are not shown on a site that does not say how user ids are proven: write identity signed, or "+
			"identity unsigned, in its handbill directive")
	}
	ids := snapshot.ReadTraits()
	if len(ids) == 0 {
		return all
	}
	named := strings.Join(ids[:min(3, len(ids))], ", ")
	if more := len(ids) - 3; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return append(all, "anybody can claim to be one of your users and is shown what is meant for that one: messages that use traits ("+
		named+"), and user ids are not proven. Prove them with identity signed, or, where nothing in these messages is private, "+
		"say identity unsigned in the site's handbill directive")
}
