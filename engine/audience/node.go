package audience

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// node is one operation of a compiled condition. Nodes are immutable; what changes lies in the facts.
type node interface{ value(*Facts) value }

// constant is a literal.
type constant struct{ v value }

func (n *constant) value(*Facts) value { return n.v }

// fact reads one of the facts with a fixed name.
type fact struct{ read func(*Facts) value }

func (n *fact) value(f *Facts) value { return n.read(f) }

// trait reads one of the visitor's traits, as the type that the workspace declares.
type trait struct {
	name   string
	isTime bool
}

func (n *trait) value(f *Facts) value {
	v := of(f.Traits[n.name])
	if n.isTime {
		return readTime(v)
	}
	return v
}

// local reads a variable of all, exists or exists_one: the innermost is 0.
type local struct{ outwards int }

func (n *local) value(f *Facts) value { return f.locals[len(f.locals)-1-n.outwards] }

// field reads what an object holds under a fixed name.
type field struct {
	of   node
	name string
}

func (n *field) value(f *Facts) value { return n.of.value(f).field(n.name) }

// index reads an item of a list or what an object holds under a name.
type index struct{ of, at node }

func (n *index) value(f *Facts) value {
	of, at := n.of.value(f), n.at.value(f)
	switch {
	case of.kind == object && at.kind == text:
		return of.field(at.text)
	case of.kind == list && at.isNumber():
		if i := at.float(); i >= 0 && i < float64(of.length()) && i == float64(int(i)) {
			return of.item(int(i))
		}
	}
	return value{}
}

// occurrences reads what is known of the events with a name.
type occurrences struct{ name node }

func (n *occurrences) value(f *Facts) value {
	if name := n.name.value(f); name.kind == text {
		return value{kind: occurrence, text: name.text}
	}
	return value{}
}

// occurrenceField reads a count, or when an event first or last happened. An event that never happened has count 0.
type occurrenceField struct {
	of   node
	name string
}

func (n *occurrenceField) value(f *Facts) value {
	of := n.of.value(f)
	if of.kind != occurrence {
		return value{}
	}
	event := f.event(of.text)
	switch n.name {
	case "count":
		return ofInteger(int64(event.Count))
	case "first":
		return ofTime(event.First)
	default:
		return ofTime(event.Last)
	}
}

func (f *Facts) event(name string) Event {
	if f.Events == nil {
		return Event{}
	}
	return f.Events.Event(name)
}

// eventCount is how many events there were within the last while, or ever where that is 0.
type eventCount struct {
	name node
	last time.Duration
}

func (n *eventCount) value(f *Facts) value {
	name := n.name.value(f)
	switch {
	case name.kind != text:
		return value{}
	case n.last == 0:
		return ofInteger(int64(f.event(name.text).Count))
	case f.Events == nil:
		return ofInteger(0)
	case f.Now.IsZero():
		return value{}
	}
	since := f.Now.Add(-n.last)
	if turns := f.Events.CountTurns(name.text, since); !turns.IsZero() {
		f.turns(turns.Add(n.last))
	}
	return ofInteger(int64(f.Events.CountSince(name.text, since)))
}

// has says that something is known.
type has struct{ of node }

func (n *has) value(f *Facts) value {
	v := n.of.value(f)
	if v.kind == occurrence {
		return truth(f.event(v.text).Count > 0)
	}
	return truth(v.kind != missing)
}

// fallback is a value, or another where it is missing.
type fallback struct{ of, otherwise node }

func (n *fallback) value(f *Facts) value {
	if v := n.of.value(f); v.kind != missing {
		return v
	}
	return n.otherwise.value(f)
}

// empty says that a text, list or object holds nothing, or is missing.
type empty struct{ of node }

func (n *empty) value(f *Facts) value {
	v := n.of.value(f)
	switch v.kind {
	case missing:
		return yes
	case text:
		return truth(v.text == "")
	case list, object:
		return truth(v.length() == 0)
	}
	return no
}

// size is how many characters a text, or items a list or an object, has.
type size struct{ of node }

func (n *size) value(f *Facts) value {
	v := n.of.value(f)
	switch v.kind {
	case text:
		return ofInteger(int64(utf8.RuneCountInString(v.text)))
	case list, object:
		return ofInteger(int64(v.length()))
	}
	return value{}
}

// search compares a text with a part of it.
type search struct {
	in, what node
	matches  func(in, what string) bool
}

func (n *search) value(f *Facts) value {
	in, what := n.in.value(f), n.what.value(f)
	if in.kind != text || what.kind != text || !f.spend(len(in.text)/256) {
		return value{}
	}
	return truth(n.matches(in.text, what.text))
}

// maxMatched is how long a text may be that an expression searches, in bytes.
const maxMatched = 4096

// match searches a text for an RE2 expression.
type match struct {
	in         node
	expression *regexp.Regexp
}

func (n *match) value(f *Facts) value {
	in := n.in.value(f)
	if in.kind != text || len(in.text) > maxMatched || !f.spend(len(in.text)/16) {
		return value{}
	}
	return truth(n.expression.MatchString(in.text))
}

// change makes another text of a text.
type change struct {
	of   node
	with func(string) string
}

func (n *change) value(f *Facts) value {
	if v := n.of.value(f); v.kind == text && f.spend(len(v.text)/256) {
		return ofText(n.with(v.text))
	}
	return value{}
}

// lowerASCII turns A to Z into a to z and leaves every other letter.
func lowerASCII(s string) string {
	if strings.IndexFunc(s, isUpperASCII) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if isUpperASCII(r) {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func isUpperASCII(r rune) bool { return 'A' <= r && r <= 'Z' }

// speaks says that the visitor asks for a language, or for one of its regional forms.
type speaks struct{ language node }

func (n *speaks) value(f *Facts) value {
	language := n.language.value(f)
	if language.kind != text {
		return value{}
	}
	for _, tag := range f.Request.Languages {
		if l := len(language.text); len(tag) >= l && strings.EqualFold(tag[:l], language.text) && (len(tag) == l || tag[l] == '-') {
			return yes
		}
	}
	return no
}

// segment says that the visitor is in a segment. Everybody is in it or not: it is never missing.
type segment struct{ name string }

func (n *segment) value(f *Facts) value { return truth(f.Segments.Contains(n.name, f)) }
