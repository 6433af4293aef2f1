package caddymodule

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// The values of words that are a choice, in JSON as in a Caddyfile; the first is the default.
var (
	snippetForms = []string{"external", "inline", "shim", "off"}
	positions    = []string{"head", "after-charset"}
	askEncodings = []string{"gzip", "identity"}
	cspPolicies  = []string{"extend", "keep"}
)

// Validate checks what JSON and placeholders may have filled in wrongly. A Caddyfile's values were checked where they stand.
func (h *Handler) Validate() error {
	problems := []error{
		checkText("prefix", h.Prefix, checkPrefix),
		checkText("origin", h.Origin, checkOrigin),
		checkText("global_name", h.GlobalName, checkGlobalName),
		checkText("site_id", h.SiteID, checkClientKey),
		checkText("write_key", h.WriteKey, checkClientKey),
		checkChoice("snippet", h.Snippet, snippetForms),
		checkChoice("position", h.Position, positions),
		checkChoice("ask_encoding", h.AskEncoding, askEncodings),
		checkChoice("csp", h.CSP, cspPolicies),
		h.Country.check(),
		h.checkClient(),
		h.Identity.check(),
		h.Consent.check(),
	}
	if h.Cookie != nil {
		problems = append(problems,
			checkText("cookie name", h.Cookie.Name, checkCookieName),
			checkText("cookie domain", h.Cookie.Domain, checkCookieDomain))
		if h.Cookie.MaxAge != 0 {
			problems = append(problems, checkMaxAge(h.Cookie.MaxAge))
		}
	}
	return errors.Join(problems...)
}

func checkText(name, value string, check func(string) error) error {
	if value == "" {
		return nil
	}
	if err := check(value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func checkChoice(name, value string, allowed []string) error {
	if value != "" && !slices.Contains(allowed, value) {
		return fmt.Errorf("%s cannot be %q; allowed: %s", name, value, strings.Join(allowed, ", "))
	}
	return nil
}

var prefixText = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)

func checkPrefix(prefix string) error {
	if !prefixText.MatchString(prefix) || path.Clean(prefix) != prefix {
		return fmt.Errorf("%q cannot be the endpoint's prefix; use a path without a final slash, such as /_handbill", prefix)
	}
	return nil
}

func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || origin != u.Scheme+"://"+u.Host {
		return fmt.Errorf("%q is not an origin; write scheme and host alone, such as https://shop.example.com", origin)
	}
	return nil
}

var javaScriptName = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

func checkGlobalName(name string) error {
	if !javaScriptName.MatchString(name) {
		return fmt.Errorf("%q cannot be the name of a global object; use letters, digits, _ and $", name)
	}
	if takenNames[name] {
		return fmt.Errorf("%q cannot be the name of a global object, for pages need what has it already; use another, such as cioanalytics", name)
	}
	return nil
}

// takenNames are globals of browsers and words of JavaScript: a page whose location or document was overwritten is broken.
var takenNames = func() map[string]bool {
	taken := map[string]bool{}
	for name := range strings.FieldsSeq(`
		window self document location top parent frames opener closed length name status origin event external history navigator navigation screen
		caches console cookieStore crypto customElements fetch indexedDB localStorage sessionStorage performance scheduler trustedTypes visualViewport
		alert confirm prompt open close stop focus blur print postMessage atob btoa setTimeout clearTimeout setInterval clearInterval queueMicrotask
		requestAnimationFrame requestIdleCallback getComputedStyle getSelection matchMedia structuredClone addEventListener removeEventListener dispatchEvent
		globalThis undefined NaN Infinity Array Boolean Date Error Function JSON Map Math Number Object Promise Proxy Reflect RegExp Set String Symbol URL
		arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if import
		in instanceof let new null return static super switch this throw true try typeof var void while with yield`) {
		taken[name] = true
	}
	return taken
}()

var clientKey = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// checkClientKey checks a name by which clients call the site, as the workspace's own is checked.
func checkClientKey(key string) error {
	if !clientKey.MatchString(key) {
		return fmt.Errorf("%q cannot be used; use 1 to 64 letters, digits, '.', '-' and '_'", key)
	}
	return nil
}

var cookieName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

func checkCookieName(name string) error {
	switch {
	case !cookieName.MatchString(name):
		return fmt.Errorf("%q cannot be a cookie's name; use letters, digits, - and _", name)
	case strings.HasPrefix(strings.ToLower(name), "__host-"):
		return fmt.Errorf("%q cannot be the cookie's name: browsers refuse __Host- cookies on plain http", name)
	}
	return nil
}

var domainText = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$`)

func checkCookieDomain(domain string) error {
	if !domainText.MatchString(domain) {
		return fmt.Errorf("%q is not a domain; write it without scheme, port and leading dot, such as example.com", domain)
	}
	return nil
}

func checkMaxAge(age caddy.Duration) error {
	if time.Duration(age) < time.Minute {
		return fmt.Errorf("%s is too short for the cookie's max_age; use 1m or more", time.Duration(age))
	}
	return nil
}
