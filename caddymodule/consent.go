package caddymodule

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"handbill/engine/wire"
)

// Consent says what may be kept in a visitor's browser. What the site's own pages say, by the client's `consent()`, wins.
type Consent struct {
	// `persistent`: cookies and storage that outlive the visit. `visit`: what the browser forgets when it is closed. `none`:
	// nothing, and the edge remembers nothing of visitors who have not identified. Default: `persistent`.
	Mode string `json:"mode,omitempty"`

	// The name of a cookie by which the site notes that the visitor agreed. A request without it is answered as by `none`.
	// Default: none; `mode` holds for everybody. Supports global placeholders.
	Cookie string `json:"cookie,omitempty"`

	// The value that the cookie then has. Supports global placeholders.
	Value string `json:"value,omitempty"`

	// What a browser says by itself that is answered as by `none`: `gpc`, Global Privacy Control (`Sec-GPC: 1`), and `dnt`,
	// Do Not Track (`DNT: 1`). Default: neither.
	Signals []string `json:"signals,omitempty"`
}

// What consent may be.
var (
	consentModes   = []string{string(wire.ConsentPersistent), string(wire.ConsentVisit), string(wire.ConsentNone)}
	consentSignals = []string{"gpc", "dnt"}
)

// rules translates into the endpoint's options.
func (c *Consent) rules() wire.Consent {
	if c == nil {
		return wire.Consent{}
	}
	return wire.Consent{
		Mode: wire.ConsentMode(c.Mode), Cookie: c.Cookie, Value: c.Value,
		GPC: slices.Contains(c.Signals, "gpc"), DNT: slices.Contains(c.Signals, "dnt"),
	}
}

// check checks what JSON and placeholders may have filled in wrongly.
func (c *Consent) check() error {
	if c == nil {
		return nil
	}
	if err := checkChoice("consent", c.Mode, consentModes); err != nil {
		return err
	}
	for _, signal := range c.Signals {
		if err := checkChoice("consent_signals", signal, consentSignals); err != nil {
			return err
		}
	}
	switch {
	case c.Cookie == "" && c.Value == "":
		return nil
	case c.Cookie == "" || c.Value == "":
		return errors.New("consent_cookie needs the name of a cookie and the value that it has when the visitor agreed")
	case !cookieName.MatchString(c.Cookie):
		return fmt.Errorf("consent_cookie cannot be called %q; use letters, digits, - and _", c.Cookie)
	case strings.ContainsAny(c.Value, " \t\",;\\"):
		return fmt.Errorf("consent_cookie cannot have the value %q: a cookie's value has no spaces, quotes, commas, semicolons and backslashes; "+
			"write it as it stands in document.cookie", c.Value)
	case c.Mode == string(wire.ConsentNone):
		return errors.New("consent none keeps nothing whatever a cookie says; remove consent_cookie, or let consent be visit or persistent")
	}
	return nil
}

// consent is what the words about consent are read into.
func (h *Handler) consent() *Consent {
	if h.Consent == nil {
		h.Consent = new(Consent)
	}
	return h.Consent
}

// readConsent reads: consent persistent|visit|none.
func (h *Handler) readConsent(d *caddyfile.Dispenser) error {
	mode := ""
	if err := choice(&mode, consentModes).read(d); err != nil || mode == "" {
		return err
	}
	h.consent().Mode = mode
	return h.checkConsent(d)
}

// readConsentCookie reads: consent_cookie <name> <value>.
func (h *Handler) readConsentCookie(d *caddyfile.Dispenser) error {
	arguments := d.RemainingArgs()
	if len(arguments) != 2 {
		return d.Errf("consent_cookie takes a cookie's name and the value that it has when the visitor agreed, such as: consent_cookie cookie_ok yes")
	}
	h.consent().Cookie, h.consent().Value = arguments[0], arguments[1]
	return h.checkConsent(d)
}

// readConsentSignals reads: consent_signals gpc|dnt...
func (h *Handler) readConsentSignals(d *caddyfile.Dispenser) error {
	arguments := d.RemainingArgs()
	if len(arguments) == 0 {
		return d.Errf("consent_signals needs what browsers say; allowed: %s", strings.Join(consentSignals, ", "))
	}
	h.consent().Signals = arguments
	return h.checkConsent(d)
}

// checkConsent checks what is known already; placeholders are checked when they have been replaced.
func (h *Handler) checkConsent(d *caddyfile.Dispenser) error {
	if c := h.Consent; !strings.Contains(c.Cookie+c.Value, "{") {
		if err := c.check(); err != nil {
			return d.WrapErr(err)
		}
	}
	return nil
}
