package pagerule

import (
	"errors"
	"fmt"
	"strings"
)

// address is a rule that describes the whole address: a URL or a path, plain
// or after "equals:" or "prefix:".
type address struct {
	schemes schemes

	// anyHost is a path's; else the host is a glob, and the port a number, empty
	// for the scheme's own, or "*" for any.
	anyHost bool
	host    glob
	port    string

	exact           bool // a trailing slash counts
	looked          detail
	path            glob
	query, fragment glob // only if looked at
}

// addressForm is how an address is written in a rule.
type addressForm uint8

const (
	addressGlob addressForm = iota
	exactAddress
	addressPrefix
)

func (a *address) match(page *Page) bool {
	if page.Name != "" || a.schemes&page.scheme == 0 {
		return false
	}
	return a.matchHost(page) &&
		a.matchSlashed(a.path, page.path) &&
		(a.looked&withQuery == 0 || matchTail(a.query, page.query) && a.query.match(page.query)) &&
		(a.looked&withFragment == 0 || matchTail(a.fragment, page.fragment.exact) && a.matchSlashed(a.fragment, page.fragment))
}

func (a *address) matchHost(page *Page) bool {
	if a.anyHost {
		return true
	}
	switch a.port {
	case "*":
	case "":
		if page.port != page.scheme.ownPort() {
			return false
		}
	default:
		if page.port != a.port {
			return false
		}
	}
	return a.host.match(page.host)
}

// matchSlashed matches a path or a fragment, whose trailing slash is ignored.
func (a *address) matchSlashed(wanted glob, forms slashForms) bool {
	switch {
	case wanted.isOpen():
		// So that "/docs/*" covers "/docs" too.
		return wanted.match(forms.slashed)
	case a.exact:
		return wanted.match(forms.exact)
	default:
		return wanted.match(forms.bare)
	}
}

// matchTail says whether a query or a fragment is there if and only if the
// rule has something after its "?" or "#".
func matchTail(wanted glob, tail string) bool {
	return (tail == "") == (wanted.isLiteral() && wanted.pieces[0] == "")
}

func (a *address) needsFragment() bool { return a.looked&withFragment != 0 }

func parseAddress(text string, form addressForm) (condition, error) {
	if err := checkAddress(text); err != nil {
		return nil, err
	}
	parsed := &address{schemes: anyScheme, anyHost: true, exact: form == exactAddress}
	if strings.HasPrefix(text, "/") {
		return parsed, parsed.parseTail(splitAddress(text), form)
	}
	scheme, rest, _ := strings.Cut(text, "://")
	parts := splitAddress(rest)
	parsed.anyHost = false
	if err := parsed.parseSchemes(scheme); err != nil {
		return nil, err
	}
	// A rule that ends within the host goes on with any text: so does
	// "https://example.*", and every prefix.
	endsInHost := parts.authority == rest && (form == addressPrefix || strings.HasSuffix(rest, "*"))
	if err := parsed.parseHost(parts.authority, form, endsInHost); err != nil {
		return nil, err
	}
	if endsInHost {
		parsed.path = glob{pieces: []string{"", ""}}
		return parsed, nil
	}
	return parsed, parsed.parseTail(parts, form)
}

func (a *address) parseSchemes(text string) error {
	wanted := glob{pieces: strings.Split(collapseStars(strings.ToLower(text)), "*")}
	a.schemes = 0
	for _, scheme := range []schemes{plainHTTP, secureHTTP} {
		if wanted.match(scheme.String()) {
			a.schemes |= scheme
		}
	}
	if a.schemes == 0 {
		return fmt.Errorf(`no page's address starts with %q: write "https://", "http://", or "http*://" for both`, text+"://")
	}
	return nil
}

func (a *address) parseHost(authority string, form addressForm, open bool) error {
	if strings.Contains(authority, "@") {
		return errors.New(`it holds a user name, which no page's address shows: leave out what stands before "@"`)
	}
	if form == addressPrefix && open && !strings.Contains(authority, ":") && !strings.Contains(authority, "*") {
		authority += "*"
		form = addressGlob
	}
	if form != addressGlob && strings.Contains(authority, "*") {
		return errors.New(`"*" stands for itself after equals: and prefix:, and no host holds one: write the rule without that word`)
	}
	if authority == "" {
		return errors.New(`the host is missing: write "https://example.com/pricing", or "/pricing" for every host`)
	}
	host, anyPort := strings.CutSuffix(authority, ":*")
	var port string
	var err error
	if strings.Contains(host, "*") {
		if host, port, err = splitPort(collapseStars(host)); err == nil {
			host, err = asciiHost(host)
		}
		if err == nil {
			err = checkHost(host)
		}
		anyPort = anyPort || port == "" && strings.HasSuffix(host, "*")
	} else {
		host, port, err = parseAuthority(host)
	}
	if err != nil {
		return err
	}
	a.host = glob{pieces: strings.Split(host, "*")}
	a.port = port
	if anyPort {
		a.port = "*"
	}
	return nil
}

// parseTail reads what follows the host.
func (a *address) parseTail(parts addressParts, form addressForm) error {
	if err := checkDots(parts.path, form); err != nil {
		return err
	}
	if parts.hasQuery {
		a.looked |= withQuery
	}
	if parts.hasFragment {
		a.looked |= withFragment
	}
	if form == exactAddress && parts.path == "" {
		parts.path = "/"
	}
	a.path = parseSlashed(parts.path, inPath, form)
	a.query = parsePart(parts.query, inQuery, form)
	a.fragment = parseSlashed(parts.fragment, inFragment, form)
	if form == addressPrefix {
		last := &a.path
		switch {
		case parts.hasFragment:
			last = &a.fragment
		case parts.hasQuery:
			last = &a.query
		}
		last.pieces = append(last.pieces, "")
	}
	if form != exactAddress {
		a.path.trimSlash()
		if parts.fragment != "/" {
			a.fragment.trimSlash()
		}
	}
	return nil
}

// parseSlashed reads a path or a fragment.
func parseSlashed(text string, where part, form addressForm) glob {
	if form == addressGlob {
		text = collapseStars(text)
		// "*" matches across slashes, so repeating "/*" adds nothing.
		for strings.Contains(text, "/*/*") {
			text = strings.ReplaceAll(text, "/*/*", "/*")
		}
	}
	parsed := parsePart(text, where, form)
	parsed.mergeSlashes = true
	return parsed
}

func parsePart(text string, where part, form addressForm) glob {
	if form != addressGlob {
		return glob{pieces: []string{normalize(text, where)}}
	}
	pieces := strings.Split(collapseStars(text), "*")
	for i, piece := range pieces {
		pieces[i] = normalize(piece, where)
	}
	return glob{pieces: pieces}
}

// checkDots refuses what no browser shows: https://url.spec.whatwg.org/#path-state
func checkDots(path string, form addressForm) error {
	path = normalize(path, inPath)
	if form == addressPrefix {
		path += "*"
	}
	if resolved := resolveDots(path); resolved != path {
		return errors.New(`browsers resolve "." and ".." between slashes: write the path as the browser then shows it`)
	}
	return nil
}

// collapseStars makes one wildcard of several in a row.
func collapseStars(text string) string {
	for strings.Contains(text, "**") {
		text = strings.ReplaceAll(text, "**", "*")
	}
	return text
}
