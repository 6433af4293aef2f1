package inject

import (
	"iter"
	"net/http"
	"strings"
)

// directive is a directive of a Content-Security-Policy that concerns an
// insertion.
type directive uint8

const (
	scriptElements directive = iota // script-src-elem
	scripts                         // script-src
	connections                     // connect-src
	frames                          // frame-src
	childDocuments                  // child-src
	fallback                        // default-src
	sandbox
	directiveCount
)

var directiveNames = [directiveCount]string{"script-src-elem", "script-src", "connect-src", "frame-src", "child-src", "default-src", "sandbox"}

// use is what an insertion does that policies decide about.
type use uint8

const (
	runs     use = iota // scripts
	connects            // calls
	embeds              // frames
)

// governors are, for each use, the directives that decide about it, the first that stands in a policy (CSP 3, 6.8.3 and 6.8.4).
var governors = [...][]directive{
	runs:     {scriptElements, scripts, fallback},
	connects: {connections, fallback},
	embeds:   {frames, childDocuments, fallback},
}

// span is where a directive's value stands in its policy.
type span struct {
	begin, end int
	found      bool
}

// policy is one policy of a Content-Security-Policy header, which may hold
// several, divided by commas.
type policy struct {
	text       string
	directives [directiveCount]span
}

// readPolicy finds the directives that matter. Of directives with one name, the
// first counts (CSP 3, 2.2.1).
func readPolicy(text string) policy {
	p := policy{text: text}
	for begin := 0; begin < len(text); {
		end := strings.IndexByte(text[begin:], ';')
		if end < 0 {
			end = len(text)
		} else {
			end += begin
		}
		p.readDirective(begin, end)
		begin = end + 1
	}
	return p
}

func (p *policy) readDirective(begin, end int) {
	for begin < end && isSpace(p.text[begin]) {
		begin++
	}
	nameEnd := begin
	for nameEnd < end && !isSpace(p.text[nameEnd]) {
		nameEnd++
	}
	for end > nameEnd && isSpace(p.text[end-1]) {
		end--
	}
	switch nameEnd - begin {
	case len("script-src-elem"), len("script-src"), len("connect-src"), len("frame-src"), len("sandbox"):
	default:
		return // as long as none of ours
	}
	name := p.text[begin:nameEnd]
	for d, known := range directiveNames {
		if len(known) == len(name) && strings.EqualFold(known, name) {
			if !p.directives[d].found {
				p.directives[d] = span{nameEnd, end, true}
			}
			return
		}
	}
}

// words are the items of a list that whitespace divides.
func words(list string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := 0; i < len(list); {
			if isSpace(list[i]) {
				i++
				continue
			}
			begin := i
			for i < len(list) && !isSpace(list[i]) {
				i++
			}
			if !yield(list[begin:i]) {
				return
			}
		}
	}
}

// value returns a directive's source list.
func (p *policy) value(d directive) string {
	s := p.directives[d]
	return p.text[s.begin:s.end]
}

// governing returns the directive that decides about a use, and false where nothing is restricted.
func (p *policy) governing(u use) (directive, bool) {
	for _, d := range governors[u] {
		if p.directives[d].found {
			return d, true
		}
	}
	return 0, false
}

// sandboxed reports whether the page may not run scripts of its own origin.
func (p *policy) sandboxed() bool {
	if !p.directives[sandbox].found {
		return false
	}
	scripts, origin := false, false
	for token := range words(p.value(sandbox)) {
		scripts = scripts || strings.EqualFold(token, "allow-scripts")
		origin = origin || strings.EqualFold(token, "allow-same-origin")
	}
	return !scripts || !origin
}

// sourceList is what a source list says (CSP 3, 2.3.1).
type sourceList struct {
	empty         bool // or 'none'
	nonces        bool
	hashes        bool
	unsafeInline  bool
	strictDynamic bool
}

func readSources(value string) sourceList {
	list := sourceList{empty: true}
	for token := range words(value) {
		switch {
		case strings.EqualFold(token, "'none'"):
			continue
		case strings.EqualFold(token, "'unsafe-inline'"):
			list.unsafeInline = true
		case strings.EqualFold(token, "'strict-dynamic'"):
			list.strictDynamic = true
		case nonceOf(token) != "":
			list.nonces = true
		case isHash(token):
			list.hashes = true
		}
		list.empty = false
	}
	return list
}

// allowsInline reports whether every inline script may run: 'unsafe-inline'
// counts only where nothing stricter stands beside it (CSP 3, 6.7.3.2).
func (l sourceList) allowsInline() bool {
	return l.unsafeInline && !l.nonces && !l.hashes && !l.strictDynamic
}

// nonceOf returns the value of a nonce source; "" for any other.
func nonceOf(token string) string {
	const prefix = "'nonce-"
	if len(token) <= len(prefix)+1 || !strings.EqualFold(token[:len(prefix)], prefix) || token[len(token)-1] != '\'' {
		return ""
	}
	value := token[len(prefix) : len(token)-1]
	text := strings.TrimRight(value, "=")
	if text == "" || len(value)-len(text) > 2 {
		return ""
	}
	for i := range len(text) {
		c := text[i]
		if !isLetter(c) && (c < '0' || c > '9') && c != '+' && c != '/' && c != '-' && c != '_' {
			return ""
		}
	}
	return value
}

func isHash(token string) bool {
	for _, prefix := range [...]string{"'sha256-", "'sha384-", "'sha512-"} {
		if len(token) > len(prefix) && strings.EqualFold(token[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}

// hasNonce reports whether a source list has the nonce; "" is none.
func hasNonce(list, nonce string) bool {
	if nonce == "" {
		return false
	}
	for token := range words(list) {
		if nonceOf(token) == nonce {
			return true
		}
	}
	return false
}

// add returns the policy with a source added for a use. What default-src decided so far, and child-src, is said again in a
// directive of its own, so that nothing else gets the source.
func (p *policy) add(source string, u use) string {
	d, _ := p.governing(u)
	if d == fallback || d == childDocuments {
		name, list := directiveNames[scripts], p.value(d)
		switch u {
		case connects:
			name, list = directiveNames[connections], hostsOf(list)
		case embeds:
			name, list = directiveNames[frames], hostsOf(list)
		}
		return strings.TrimRight(p.text, "; \t") + "; " + name + " " + withSource(list, source)
	}
	s := p.directives[d]
	return p.text[:s.begin] + " " + withSource(p.value(d), source) + p.text[s.end:]
}

// withSource adds a source to a source list, in place of 'none'.
func withSource(list, source string) string {
	if readSources(list).empty {
		return source
	}
	return strings.TrimSpace(list) + " " + source
}

// hostsOf leaves away what a source list says about scripts and styles.
func hostsOf(list string) string {
	var hosts []string
	for token := range words(list) {
		if !strings.HasPrefix(token, "'") || strings.EqualFold(token, "'self'") {
			hosts = append(hosts, token)
		}
	}
	return strings.Join(hosts, " ")
}

// policyHeaders are the headers that carry policies. Of those that only report,
// nothing is blocked, but the site would hear of it.
var policyHeaders = [...]struct {
	name     string
	enforced bool
}{
	{"Content-Security-Policy", true},
	{"Content-Security-Policy-Report-Only", false},
}

// policyLines are the lines of all headers that carry policies.
type policyLines [len(policyHeaders)][]string

func policiesOf(header http.Header) (lines policyLines) {
	for i, h := range policyHeaders {
		lines[i] = header[h.name]
	}
	return lines
}

func (l policyLines) none() bool { return len(l[0]) == 0 && len(l[1]) == 0 }
