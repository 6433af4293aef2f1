package inject

import (
	"net/http"
	"net/url"
	"strings"
)

// target is a URL that a policy is asked about.
type target struct {
	scheme string
	host   string // without the port
	port   string // as written; "" for the scheme's own
	path   string // a directory ends in "/"
	own    bool   // of the page's own origin
}

// reference is a URL as an insertion has it: whole, or a path.
type reference struct {
	url *url.URL // nil for one that policies cannot be asked about
}

func readReference(text string) reference {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" && (u.Scheme != "" || !strings.HasPrefix(u.Path, "/")) {
		return reference{}
	}
	return reference{u}
}

// from resolves the reference against a request's address.
func (f reference) from(r *http.Request) (t target, ok bool) {
	if f.url == nil {
		return target{}, false
	}
	own := target{scheme: "http", host: r.Host, path: f.url.EscapedPath(), own: true}
	if r.TLS != nil {
		own.scheme = "https"
	}
	if i := strings.LastIndexByte(own.host, ':'); i >= 0 && !strings.HasSuffix(own.host, "]") {
		own.host, own.port = own.host[:i], own.host[i+1:]
	}
	if f.url.Host == "" {
		return own, true
	}
	t = target{scheme: strings.ToLower(f.url.Scheme), host: f.url.Hostname(), port: f.url.Port(), path: own.path}
	if t.scheme == "" {
		t.scheme = own.scheme
	}
	t.own = strings.EqualFold(t.host, own.host) && t.effectivePort() == own.effectivePort()
	return t, true
}

func (t target) effectivePort() string {
	switch {
	case t.port != "":
		return t.port
	case t.scheme == "https":
		return "443"
	}
	return "80"
}

// source is the source expression that allows what lies below the target, and
// nothing else. Hosts that the grammar of sources has no place for can only be
// named by 'self'.
func (t target) source() string {
	for _, c := range []byte(t.host) {
		if !isLetter(c) && (c < '0' || c > '9') && c != '.' && c != '-' {
			return "'self'"
		}
	}
	for _, c := range []byte(t.port) {
		if c < '0' || c > '9' {
			return "'self'"
		}
	}
	if t.host == "" || strings.ContainsAny(t.path, "'\"*;, \t") {
		return "'self'"
	}
	source := t.host
	if t.port != "" {
		source += ":" + t.port
	}
	if !t.own {
		source = t.scheme + "://" + source
	}
	return source + t.path
}

// allows reports whether a source list matches the target (CSP 3, 6.7.2.7).
func (t target) allowedBy(list string) bool {
	for token := range words(list) {
		if t.matches(token) {
			return true
		}
	}
	return false
}

func (t target) matches(source string) bool {
	switch {
	case source == "*":
		return true
	case strings.HasPrefix(source, "'"):
		return t.own && strings.EqualFold(source, "'self'")
	case strings.HasSuffix(source, ":"):
		return t.hasScheme(source[:len(source)-1])
	}
	scheme, rest, ok := strings.Cut(source, "://")
	if !ok {
		rest = source
	} else if !t.hasScheme(scheme) {
		return false
	}
	host, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	host, port, _ := strings.Cut(host, ":")
	return t.hasHost(host) && t.hasPort(port) && t.hasPath(path)
}

// hasScheme matches a scheme; http covers https.
func (t target) hasScheme(scheme string) bool {
	return strings.EqualFold(scheme, t.scheme) || strings.EqualFold(scheme, "http") && t.scheme == "https"
}

func (t target) hasHost(pattern string) bool {
	if suffix, ok := strings.CutPrefix(pattern, "*"); ok {
		return suffix == "" || len(t.host) > len(suffix) && strings.EqualFold(t.host[len(t.host)-len(suffix):], suffix)
	}
	return strings.EqualFold(pattern, t.host)
}

func (t target) hasPort(port string) bool {
	switch port {
	case "*":
		return true
	case "":
		return t.effectivePort() == target{scheme: t.scheme}.effectivePort()
	}
	return port == t.effectivePort() || port == "80" && t.effectivePort() == "443"
}

func (t target) hasPath(path string) bool {
	if path == "" || path == t.path {
		return true
	}
	return strings.HasSuffix(path, "/") && strings.HasPrefix(t.path, path)
}
