package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"handbill/engine/country"
)

// Country says how it is known in which country a visitor is. One of its fields is given.
type Country struct {
	// The request header that names the country by its two letters, such as `CF-IPCountry`. It is believed: whatever stands
	// in front must set it, or take it away, on every request.
	Header string `json:"header,omitempty"`

	// The path of a database in MaxMind's format, such as `/var/lib/GeoIP/GeoLite2-Country.mmdb`, in which the visitor's
	// address is looked up. The address is not stored. A database that is replaced is taken within a minute. Supports global
	// placeholders.
	MaxMind string `json:"maxmind,omitempty"`
}

// countries holds the open databases by their paths: sites share them, and a reload keeps them.
var countries = caddy.NewUsagePool()

// openCountries is a database in the pool.
type openCountries struct{ *country.File }

// Destruct has nothing to close: the database is in memory.
func (openCountries) Destruct() error { return nil }

// provisionCountry prepares to say where requests come from.
func (h *Handler) provisionCountry() {
	switch {
	case h.Country == nil:
	case h.Country.Header != "":
		name := http.CanonicalHeaderKey(h.Country.Header)
		h.country = func(r *http.Request) string { return country.Code(r.Header.Get(name)) }
		h.app.addCountryHeader(h.workspace, name)
	case h.Country.MaxMind != "":
		path := h.Country.MaxMind
		value, known, _ := countries.LoadOrNew(path, func() (caddy.Destructor, error) { // the constructor does not fail
			return openCountries{country.Open(path, h.logger)}, nil
		})
		if known {
			value.(openCountries).LogTo(h.logger)
		}
		h.countryPath = path
		h.country = func(r *http.Request) string { return value.(openCountries).Of(address(r)) }
	}
}

// Cleanup lets go of what the site shares with others.
func (h *Handler) Cleanup() error {
	if h.countryPath == "" {
		return nil
	}
	_, err := countries.Delete(h.countryPath)
	return err
}

// address is the visitor's address; not valid where it is none.
func address(r *http.Request) netip.Addr {
	text := clientIP(r)
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr()
	}
	found, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return found
}

// readCountry reads the word country. Syntax:
//
//	country header <name>
//	country maxmind <path>
func (h *Handler) readCountry(d *caddyfile.Dispenser) error {
	arguments := d.RemainingArgs()
	if len(arguments) == 0 {
		return d.Err("country needs to know where it is from; allowed: header, maxmind")
	}
	example := map[string]string{"header": "CF-IPCountry", "maxmind": "/var/lib/GeoIP/GeoLite2-Country.mmdb"}[arguments[0]]
	switch {
	case example == "":
		return d.Errf("country cannot come from %q; allowed: header, maxmind", arguments[0])
	case len(arguments) == 1:
		return d.Errf("country %s needs a value, such as: country %s %s", arguments[0], arguments[0], example)
	case len(arguments) > 2:
		return d.Errf("country %s takes one value, and %q is one too many", arguments[0], arguments[2])
	}
	h.Country = new(Country)
	if arguments[0] == "maxmind" {
		h.Country.MaxMind = arguments[1]
		return nil
	}
	h.Country.Header = arguments[1]
	if err := checkHeader(h.Country.Header); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// check checks what JSON may have filled in wrongly.
func (c *Country) check() error {
	switch {
	case c == nil:
		return nil
	case c.Header != "" && c.MaxMind != "":
		return errors.New("country is known by a header or by a database; give one of the two")
	case c.Header == "" && c.MaxMind == "":
		return errors.New(`country needs a header or a database; write {"header": "CF-IPCountry"} or {"maxmind": "/var/lib/GeoIP/GeoLite2-Country.mmdb"}`)
	}
	return checkText("country header", c.Header, checkHeader)
}

// headerName is a token of RFC 9110, section 5.6.2.
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

func checkHeader(name string) error {
	if !headerName.MatchString(name) {
		return fmt.Errorf("%q cannot be a header's name; write it as CF-IPCountry", name)
	}
	return nil
}

// Interface guard
var _ caddy.CleanerUpper = (*Handler)(nil)
