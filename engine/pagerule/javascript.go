package pagerule

import (
	"fmt"
	"strings"
)

// JavaScript returns the set as the source of a JavaScript regular expression
// for the reference client, which tests it without flags against its current
// route: the name that page("Name") gave, else the full URL without fragment.
// Where the site called no page(), it tests location.pathname; from version
// 3.26 on that too, beside the route, and one match is enough. Such a bare
// path is matched by "*" and by rules that a path alone can fulfil. Exceptions
// become a negative look-ahead. The empty string stands for every page.
//
// What the reference client cannot know is decided against showing: a rule of
// pages that looks at the fragment matches nothing, one of except matches
// whatever the fragment is, and of a bare path whatever host and query are.
// docs/page-rules.md lists the differences.
func (s Set) JavaScript() string {
	var pages, except []string
	for _, rule := range s.pages {
		if rule.isEveryPage() && len(s.except) == 0 {
			return ""
		}
		if expression, judged := rule.condition.javaScript(); judged {
			pages = append(pages, expression)
		}
	}
	for _, rule := range s.except {
		expression, _ := rule.condition.javaScript()
		except = append(except, expression)
		if bare := rule.condition.barePath(); bare != "" {
			except = append(except, bare)
		}
	}
	if len(pages) == 0 {
		return "^(?!)"
	}
	if len(except) == 0 {
		return "^" + alternatives(pages)
	}
	return "^(?!" + strings.Join(except, "|") + ")" + alternatives(pages)
}

const (
	anyURL = "(?=https?://)"
	// A path alone.
	anyBarePath  = "(?=/)"
	anyURLOrPath = "(?=https?://|/)"
	// The origin of a rule for any host; a path alone has none.
	anyOrigin = "(?:https?://[^/?#]*|" + anyBarePath + ")"
	// The text of one part of an address, as JavaScript sees it.
	anyPathText  = "[^?#]*"
	anyQueryText = "[^#]*"
	endOfPath    = "(?:[?#]|$)"
	endOfQuery   = "(?:#|$)"
)

func alternatives(expressions []string) string {
	if len(expressions) == 1 {
		return expressions[0]
	}
	return "(?:" + strings.Join(expressions, "|") + ")"
}

// javaScript matches everything.
func (everyPage) javaScript() (string, bool) { return "", true }

func (everyPage) barePath() string { return anyBarePath }

// barePath matches every path: a page of any may have the name.
func (pageName) barePath() string { return anyBarePath }

// barePath matches the path on whatever host, with whatever query.
func (a *address) barePath() string {
	if a.anyHost && a.looked == 0 {
		return ""
	}
	return anyBarePath + a.pathJavaScript() + endOfPath
}

// barePath matches every path: the text may stand in the host, or in the query.
func (*pageText) barePath() string { return anyBarePath }

func (*expression) barePath() string { return anyBarePath }

func (n pageName) javaScript() (string, bool) {
	var expression string
	if n.name.pieces[0] == "" {
		expression = "(?!https?://|/)"
	}
	for i, piece := range n.name.pieces {
		if i > 0 {
			expression += `[\s\S]*`
		}
		expression += quote(piece)
	}
	if !n.name.isOpen() {
		expression += "$"
	}
	return expression, true
}

func (a *address) javaScript() (string, bool) {
	expression := a.originJavaScript() + a.pathJavaScript()
	switch {
	case a.looked&withQuery == 0:
		expression += endOfPath
	case a.query.isLiteral() && a.query.pieces[0] == "":
		expression += `\??` + endOfQuery
	case a.query.isEverything():
		expression += `\?[^#]`
	default:
		expression += `\?`
		for i, piece := range a.query.pieces {
			if i > 0 {
				expression += anyQueryText
			}
			expression += addressText(piece)
		}
		expression += endOfQuery
	}
	return expression, !a.needsFragment()
}

func (a *address) originJavaScript() string {
	switch {
	case a.anyHost && a.looked == 0:
		return anyOrigin
	case a.anyHost:
		return "https?://[^/?#]*"
	}
	var host string
	for i, piece := range a.host.pieces {
		switch {
		case i > 0 && a.host.isEverything() && a.port != "*":
			host += `(?:\[[^/?#\]]*\]|[^/?#:]*)`
		case i > 0 && piece == "" && a.port == "*" && a.host.isOpen():
			host += "[^/?#]*"
		case i > 0:
			host += "[^/?#:]*"
		}
		host += quote(piece)
	}
	if a.port == "*" {
		if !a.host.isOpen() {
			host += "(?::[0-9]+)?"
		}
		return a.schemes.javaScript() + host
	}
	var origins []string
	for _, scheme := range []schemes{plainHTTP, secureHTTP} {
		if a.schemes&scheme == 0 {
			continue
		}
		origin := scheme.String() + "://" + host
		if a.port != "" && a.port != scheme.ownPort() {
			origin += ":" + a.port
		}
		origins = append(origins, origin)
	}
	if len(origins) == 2 && strings.TrimPrefix(origins[0], "http:") == strings.TrimPrefix(origins[1], "https:") {
		return "https?" + strings.TrimPrefix(origins[0], "http")
	}
	return alternatives(origins)
}

func (s schemes) javaScript() string {
	if s == anyScheme {
		return "https?://"
	}
	return s.String() + "://"
}

// pathJavaScript matches the path to its end, whatever its trailing slash. A
// path that ends in a slash is one that ends in two.
func (a *address) pathJavaScript() string {
	pieces := a.path.pieces
	var expression string
	for i, piece := range pieces {
		if i > 0 {
			if a.path.shared(pieces[i-1], piece) == 0 {
				expression += anyPathText
			} else {
				expression += "(?:" + anyPathText + "/)?"
				piece = piece[1:]
			}
		}
		if i == len(pieces)-2 && pieces[i+1] == "" {
			bare, found := strings.CutSuffix(piece, "/")
			if found && !strings.HasSuffix(bare, "/") {
				return expression + addressText(bare) + "(?:/" + anyPathText + ")?"
			}
		}
		expression += addressText(piece)
	}
	if a.exact || a.path.isOpen() {
		return expression
	}
	return expression + endSlash(pieces[len(pieces)-1])
}

// endSlash matches the trailing slash of a path that is ignored.
func endSlash(path string) string {
	if strings.HasSuffix(path, "/") {
		return "/"
	}
	return "/?"
}

func (t *pageText) javaScript() (string, bool) {
	start := anyURL
	if t.looked == 0 {
		start = anyURLOrPath
	}
	expression := start + anyPathText + t.textJavaScript(t.text)
	if t.hostText != "" {
		expression = "(?:" + expression + "|(?:[a-z]*|https?://[^/?#]*)" + t.textJavaScript(t.hostText) + ")"
	}
	return expression, !t.needsFragment()
}

func (t *pageText) textJavaScript(text string) string {
	if t.looked == 0 {
		if bare, found := strings.CutSuffix(text, "/"); found && !strings.HasSuffix(bare, "/") {
			return addressText(bare) + "(?:/|[?#]|$)"
		}
		return addressText(text)
	}
	text, _, _ = strings.Cut(text, "#")
	path, query, hasQuery := strings.Cut(text, "?")
	expression := addressText(path) + endSlash(path)
	switch {
	case hasQuery && t.needsFragment():
		return expression + `\?` + addressText(query) + endOfQuery
	case hasQuery:
		return expression + `\?` + addressText(query)
	default:
		return expression + endOfPath
	}
}

// quote writes a text so that a JavaScript regular expression matches just it.
func quote(text string) string {
	var quoted strings.Builder
	for _, r := range text {
		if strings.ContainsRune(`\^$.*+?()[]{}|`, r) {
			quoted.WriteByte('\\')
		}
		if r < ' ' {
			fmt.Fprintf(&quoted, `\x%02x`, r)
			continue
		}
		quoted.WriteRune(r)
	}
	return quoted.String()
}

// addressText matches a normalised part of an address as browsers may show
// it: what normalize writes one way may stand there encoded or not.
func addressText(text string) string {
	var expression strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '%' && i+2 < len(text):
			expression.WriteString(encodedText(unhex(text[i+1])<<4 | unhex(text[i+2])))
			i += 2
		case standsPlain(c) && !isLetterOrDigit(c) && strings.IndexByte("-._", c) < 0:
			fmt.Fprintf(&expression, "(?:%s|%s)", quote(string(c)), encodedByte(c))
		default:
			expression.WriteString(quote(string(c)))
		}
	}
	return expression.String()
}

// encodedText matches a byte that normalize encodes.
func encodedText(c byte) string {
	switch {
	case c == '%':
		return "(?:%25|%(?![0-9A-Fa-f]{2}))"
	case c > ' ' && c < 0x7f && strings.IndexByte("/#&=+", c) < 0:
		return fmt.Sprintf("(?:%s|%s)", quote(string(c)), encodedByte(c))
	default:
		return encodedByte(c)
	}
}

// encodedByte matches a byte's percent-encoding, with capital digits or not.
func encodedByte(c byte) string {
	expression := "%"
	for _, digit := range []byte{upperHex[c>>4], upperHex[c&15]} {
		if digit >= 'A' {
			expression += "[" + string(digit) + string(digit+'a'-'A') + "]"
		} else {
			expression += string(digit)
		}
	}
	return expression
}
