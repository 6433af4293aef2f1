package workspace

import (
	"strconv"
	"strings"
)

// longestSelector bounds a CSS selector, in bytes.
const longestSelector = 256

// selector reads a CSS selector. A browser that does not understand it would find nothing, and say so to nobody.
func (s section) selector(name string) string {
	text, given := s.values[name].(string)
	if !given {
		return ""
	}
	fix := "write a CSS selector such as \"#buy\" or \".cart\""
	switch {
	case strings.TrimSpace(text) == "":
		s.wrong(s.at(name), fix, "%s is empty", name)
	case len(text) > longestSelector:
		s.wrong(s.at(name), "shorten it", "the selector in %s has more than %d bytes", name, longestSelector)
	default:
		if why := notSelector(text); why != "" {
			s.wrong(s.at(name), fix, "the selector %q in %s is no CSS selector: %s", text, name, why)
		}
	}
	return text
}

// notSelector says why a text is no list of CSS selectors (Selectors Level 4, section 18); "" where it may be one. What stands in
// the brackets of a pseudo-class, and whether a browser knows the pseudo-class, is not asked.
func notSelector(text string) string {
	r := &selectorReader{rest: strings.ReplaceAll(text, "\x00", "\uFFFD")} // as browsers read it
	for {
		if why := r.complex(); why != "" {
			return why
		}
		if r.rest == "" {
			return ""
		}
		r.rest = r.rest[1:] // the comma
	}
}

// selectorReader reads a selector from its beginning.
type selectorReader struct {
	rest string
}

// complex reads compound selectors with what stands between them, up to a comma or the end.
func (r *selectorReader) complex() string {
	r.space()
	for {
		before := len(r.rest)
		if why := r.compound(); why != "" {
			return why
		}
		if len(r.rest) == before {
			return r.missing()
		}
		spaced := r.space()
		switch r.peek() {
		case 0, ',':
			return ""
		case '>', '+', '~':
			r.rest = r.rest[1:]
			r.space()
		default:
			if !spaced {
				return r.stray()
			}
		}
	}
}

// missing says what stands where a name, "#", "." or the like must.
func (r *selectorReader) missing() string {
	switch next := r.peek(); next {
	case 0:
		return "it ends where another name is due"
	case ',', '>', '+', '~':
		return "before \"" + string(next) + "\" stands no name"
	default:
		return r.stray()
	}
}

func (r *selectorReader) stray() string {
	for _, letter := range r.rest {
		return strconv.Quote(string(letter)) + " has no meaning there"
	}
	return "it ends too early"
}

// compound reads a tag's name, ids, classes, attributes and pseudo-classes that stand together.
func (r *selectorReader) compound() string {
	spaced := r.namespace()
	if next := r.peek(); next == '*' || next == '&' && !spaced {
		r.rest = r.rest[1:]
	} else if !r.name() && spaced {
		return "no name stands after \"|\""
	}
	for {
		switch next := r.peek(); next {
		case '#', '.':
			r.rest = r.rest[1:]
			if !r.name() {
				return notNamed(string(next), r.rest)
			}
		case '[':
			r.rest = r.rest[1:]
			if why := r.attribute(); why != "" {
				return why
			}
		case ':':
			if why := r.pseudo(); why != "" {
				return why
			}
		case '&':
			r.rest = r.rest[1:]
		default:
			return ""
		}
	}
}

// namespace reads that a name may be of any namespace, or is of none.
func (r *selectorReader) namespace() bool { return r.take("*|") || r.take("|") }

// notNamed says what is wrong after a mark that a name must follow.
func notNamed(mark, rest string) string {
	if rest != "" && '0' <= rest[0] && rest[0] <= '9' {
		return "a name after \"" + mark + "\" cannot begin with a digit, but [id=\"" + rest[:1] + "…\"] or [class~=\"" + rest[:1] + "…\"] can hold one"
	}
	return "no name stands after \"" + mark + "\""
}

// attribute reads what is in square brackets.
func (r *selectorReader) attribute() string {
	r.space()
	r.namespace()
	if !r.name() {
		return "no attribute's name stands after \"[\""
	}
	r.space()
	if r.take("]") {
		return ""
	}
	if next := r.peek(); next != 0 && strings.IndexByte("~|^$*", next) >= 0 {
		r.rest = r.rest[1:]
	}
	if !r.take("=") {
		return "\"[\" is not closed with \"]\""
	}
	r.space()
	if quote := r.peek(); quote == '"' || quote == '\'' {
		if !r.quoted() {
			return "the quotes are not closed"
		}
	} else if !r.name() {
		return "an attribute's value that is no name must stand in quotes"
	}
	if r.space(); r.peek() == 'i' || r.peek() == 's' || r.peek() == 'I' || r.peek() == 'S' {
		r.rest = r.rest[1:]
		r.space()
	}
	if !r.take("]") {
		return "\"[\" is not closed with \"]\""
	}
	return ""
}

// jqueryOnly are what jQuery adds to CSS, and no browser knows.
var jqueryOnly = map[string]bool{
	"animated": true, "button": true, "checkbox": true, "contains": true, "eq": true, "even": true, "file": true, "first": true, "gt": true, "header": true,
	"hidden": true, "image": true, "input": true, "last": true, "lt": true, "odd": true, "parent": true, "password": true, "radio": true, "reset": true,
	"selected": true, "submit": true, "text": true, "visible": true,
}

// pseudo reads a pseudo-class with what is in its brackets.
func (r *selectorReader) pseudo() string {
	mark := ":"
	if strings.HasPrefix(r.rest, "::") {
		mark = "::"
	}
	r.rest = r.rest[len(mark):]
	from := r.rest
	if !r.name() {
		return "no name stands after \"" + mark + "\""
	}
	name := strings.ToLower(from[:len(from)-len(r.rest)])
	if mark == ":" && jqueryOnly[name] {
		return "\":" + name + "\" is jQuery's, and no browser knows it"
	}
	if !r.take("(") {
		return ""
	}
	if r.space(); r.peek() == ')' {
		return "nothing stands in the brackets of \"" + mark + name + "\""
	}
	return r.brackets()
}

// brackets reads to the end of brackets whose beginning was read.
func (r *selectorReader) brackets() string {
	open := []byte{')'}
	for len(open) > 0 {
		last := len(open) - 1
		switch next := r.peek(); next {
		case 0:
			return "the brackets are not closed"
		case '"', '\'':
			if !r.quoted() {
				return "the quotes are not closed"
			}
			continue
		case '\\':
			r.rest = r.rest[1:]
		case '(':
			open = append(open, ')')
		case '[':
			open = append(open, ']')
		case ')', ']':
			if open[last] != next {
				return "the brackets are not closed in the order in which they are opened"
			}
			open = open[:last]
		case '{', '}', ';':
			return r.stray()
		}
		if r.rest != "" {
			r.rest = r.rest[1:]
		}
	}
	return ""
}

// quoted reads a text in quotes; false where they are not closed.
func (r *selectorReader) quoted() bool {
	quote := r.rest[0]
	for at := 1; at < len(r.rest); at++ {
		switch r.rest[at] {
		case '\\':
			at++
		case '\n':
			return false
		case quote:
			r.rest = r.rest[at+1:]
			return true
		}
	}
	return false
}

// name reads an identifier (CSS Syntax Level 3, section 4.3.9); false, and nothing read, where none begins.
func (r *selectorReader) name() bool {
	at := 0
	if strings.HasPrefix(r.rest, "--") {
		at = 2
	} else {
		if strings.HasPrefix(r.rest, "-") {
			at = 1
		}
		if at >= len(r.rest) || '0' <= r.rest[at] && r.rest[at] <= '9' || letters(r.rest[at:]) == 0 {
			return false
		}
	}
	for at < len(r.rest) {
		n := letters(r.rest[at:])
		if n == 0 {
			break
		}
		at += n
	}
	r.rest = r.rest[at:]
	return true
}

// letters is how many bytes the letter of a name has with which a text begins, 0 for none.
func letters(text string) int {
	switch b := text[0]; {
	case b == '\\' && len(text) > 1 && text[1] != '\n':
		return 2
	case b == '-', b == '_', b >= 0x80, '0' <= b && b <= '9', 'a' <= b|0x20 && b|0x20 <= 'z':
		return 1
	}
	return 0
}

func (r *selectorReader) take(text string) bool {
	rest, found := strings.CutPrefix(r.rest, text)
	r.rest = rest
	return found
}

// space reads white space; false where there is none.
func (r *selectorReader) space() bool {
	rest := strings.TrimLeft(r.rest, " \t\r\n\f")
	read := len(rest) < len(r.rest)
	r.rest = rest
	return read
}

// peek is the next byte, 0 at the end.
func (r *selectorReader) peek() byte {
	if r.rest == "" {
		return 0
	}
	return r.rest[0]
}
