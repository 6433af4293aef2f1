package pagerule

import (
	"fmt"
	"strings"
)

// Page is where a visitor is. It is made by NewPage, and can be used by
// several goroutines at once.
type Page struct {
	// URL is the browser's address, as it was given to NewPage.
	URL string
	// Name is the name that page("Name") gave the page. A page with a name is
	// judged by its name alone.
	Name string

	scheme   schemes
	host     string // lower case, IDNA's ASCII form, IPv6 in brackets
	port     string // always there, also when it is the scheme's own
	path     slashForms
	query    string     // without "?"
	fragment slashForms // without "#"

	// The whole address by what is not ignored of it, without and with the
	// path's trailing slash.
	text, slashedText [detailCount]string
}

// slashForms are the forms of a path or a fragment by its trailing slash.
// Without path the page is the home page, whose bare path is empty. The
// fragment "/" stays as it is, and one that is missing is empty in every form.
type slashForms struct{ bare, slashed, exact string }

// detail says what of an address a rule looks at beyond the path.
type detail uint8

const (
	withQuery detail = 1 << iota
	withFragment
	detailCount
)

// NewPage returns the page at an address, an absolute http or https URL as a
// browser shows it, and with a name, or an empty one if page() gave none.
// It accepts every address that browsers accept, with wrong percent-encoding
// too. The error says what is wrong with any other.
func NewPage(address, name string) (Page, error) {
	page := Page{URL: address, Name: strings.TrimSpace(name)}
	address = cleanAddress(address)
	scheme, rest, found := strings.Cut(address, "://")
	switch strings.ToLower(scheme) {
	case "http":
		page.scheme = plainHTTP
	case "https":
		page.scheme = secureHTTP
	default:
		found = false
	}
	if !found {
		return Page{}, fmt.Errorf("page %q is no absolute http or https URL: write it as the browser shows it, for example https://example.com/pricing", page.URL)
	}
	parts := splitAddress(rest)
	host, port, err := parseAuthority(parts.authority)
	if err != nil {
		return Page{}, fmt.Errorf("page %q: %w", page.URL, err)
	}
	page.host = host
	page.port = port
	if port == "" {
		page.port = page.scheme.ownPort()
	}
	page.describe(parts)
	return page, nil
}

// Host is the page's host: lower case, in IDNA's ASCII form, IPv6 in brackets, without a port.
func (page *Page) Host() string { return page.host }

// Path is the page's path with its trailing slash, if it has one; "/" for the home page.
func (page *Page) Path() string { return page.path.exact }

// Query is the page's query, encoded and without its question mark.
func (page *Page) Query() string { return page.query }

// describe fills in the forms of the address that rules are matched against.
func (page *Page) describe(parts addressParts) {
	origin := page.scheme.String() + "://" + page.host
	if page.port != page.scheme.ownPort() {
		origin += ":" + page.port
	}
	path, trailing := strings.CutSuffix(resolveDots(normalize(parts.path, inPath)), "/")
	slashed := origin + path + "/"
	bare := slashed[:len(slashed)-1]
	page.path = slashForms{bare: bare[len(origin):], slashed: slashed[len(origin):]}
	page.path.exact = page.path.bare
	if trailing || path == "" {
		page.path.exact = page.path.slashed
	}

	page.query = normalize(parts.query, inQuery)
	if fragment := normalize(parts.fragment, inFragment); fragment != "" {
		page.fragment = slashForms{bare: fragment, slashed: fragment, exact: fragment}
		if !strings.HasSuffix(fragment, "/") {
			page.fragment.slashed += "/"
		} else if fragment != "/" {
			page.fragment.bare = fragment[:len(fragment)-1]
		}
	}

	for looked := range detailCount {
		page.text[looked], page.slashedText[looked] = bare, slashed
		if looked&withQuery != 0 && page.query != "" {
			page.text[looked] += "?" + page.query
			page.slashedText[looked] += "?" + page.query
		}
		if looked&withFragment != 0 && page.fragment.exact != "" {
			page.text[looked] += "#" + page.fragment.bare
			page.slashedText[looked] += "#" + page.fragment.slashed
		}
	}
}

// schemes is a set of URL schemes.
type schemes uint8

const (
	plainHTTP schemes = 1 << iota
	secureHTTP
	anyScheme = plainHTTP | secureHTTP
)

func (s schemes) String() string {
	switch s {
	case plainHTTP:
		return "http"
	case secureHTTP:
		return "https"
	default:
		return "http*"
	}
}

// ownPort is the port that a scheme's addresses do not name.
func (s schemes) ownPort() string {
	if s == secureHTTP {
		return "443"
	}
	return "80"
}

// addressParts are the parts of an address after its scheme. hasQuery and
// hasFragment tell an empty part from a missing one.
type addressParts struct {
	authority, path, query, fragment string
	hasQuery, hasFragment            bool
}

// splitAddress splits what follows "://". The path starts with a slash or is
// empty. Browsers take a backslash before the query for a slash.
func splitAddress(rest string) addressParts {
	var parts addressParts
	rest, parts.fragment, parts.hasFragment = strings.Cut(rest, "#")
	rest, parts.query, parts.hasQuery = strings.Cut(rest, "?")
	rest = strings.ReplaceAll(rest, `\`, "/")
	parts.authority = rest
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		parts.authority, parts.path = rest[:slash], rest[slash:]
	}
	return parts
}

// cleanAddress removes what a browser removes before it reads an address:
// https://url.spec.whatwg.org/#concept-basic-url-parser
func cleanAddress(address string) string {
	address = strings.TrimFunc(address, func(r rune) bool { return r <= ' ' })
	if strings.ContainsAny(address, "\t\r\n") {
		address = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(address)
	}
	return address
}
