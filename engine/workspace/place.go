package workspace

import (
	"strings"

	"github.com/BurntSushi/toml"
)

// place is where a value stands in a file. The TOML library keeps the position
// of syntax errors alone, and one position for all tables of an array, so the
// places of keys and of the tables of arrays are indexed here.
//
// A place is a guide for error messages, never a verdict: what is TOML is for
// the library to say. Where the text cannot be followed, places are missing,
// and the place around stands in for them. All methods work on a nil place.
type place struct {
	// offset is where the key, the table's header or the array's item begins.
	offset int
	// value is where a key's value begins; an item's begins at offset.
	value int
	keys  map[string]*place
	items []*place
}

// key is the place of a key of a table, or nil.
func (p *place) key(name string) *place {
	if p == nil {
		return nil
	}
	return p.keys[name]
}

// item is the place of an item of an array, or nil.
func (p *place) item(index int) *place {
	if p == nil || index >= len(p.items) {
		return nil
	}
	return p.items[index]
}

// all are the places of an array's items.
func (p *place) all() []*place {
	if p == nil {
		return nil
	}
	return p.items
}

// add returns the place of a key, new at the offset if it is not there yet.
func (p *place) add(name string, offset int) *place {
	if p.keys == nil {
		p.keys = make(map[string]*place)
	}
	found := p.keys[name]
	if found == nil {
		found = &place{offset: offset}
		p.keys[name] = found
	}
	return found
}

// last is the table that a dotted name goes on from: for an array of tables its newest.
func (p *place) last() *place {
	if len(p.items) > 0 {
		return p.items[len(p.items)-1]
	}
	return p
}

// index finds the places of a document's keys.
func index(data string) *indexer {
	i := &indexer{data: data, root: &place{}, unclosed: -1, twice: -1}
	i.tables(func([]string) bool { return true })
	return i
}

// tables goes through a document up to its end, or to the header of a table that is not wanted.
func (i *indexer) tables(wanted func(names []string) bool) {
	table := i.root
	for {
		i.skip(" \t\n")
		switch {
		case i.end():
			return
		case i.at("#"):
			i.skipLine()
		case i.at("["):
			start := i.offset
			array := i.take("[[")
			if !array {
				i.take("[")
			}
			names := i.name()
			if !wanted(names) {
				i.offset = start
				return
			}
			table = i.header(start, array, names)
			i.skipLine()
		default:
			i.assignment(table)
			i.skipLine()
		}
	}
}

// indexer walks through a TOML document, structure by structure.
type indexer struct {
	data   string
	offset int
	root   *place
	// depth is how many arrays and inline tables are open.
	depth int
	// unclosed is where something begins that the document's end leaves open, or -1.
	unclosed int
	// twice is where a key gets a second value, or -1. The TOML library overlooks "a.b = 1" before "a = 2".
	twice int
}

// maximumDepth bounds the arrays and inline tables in each other that are
// followed. tooDeep keeps much deeper documents away from the TOML library.
const maximumDepth = 100

func (i *indexer) end() bool { return i.offset >= len(i.data) }

func (i *indexer) at(text string) bool {
	return len(i.data)-i.offset >= len(text) && i.data[i.offset:i.offset+len(text)] == text
}

// take goes past the text if it comes next.
func (i *indexer) take(text string) bool {
	if !i.at(text) {
		return false
	}
	i.offset += len(text)
	return true
}

func (i *indexer) skip(bytes string) {
	for !i.end() && contains(bytes, i.data[i.offset]) {
		i.offset++
	}
}

func (i *indexer) skipTo(bytes string) {
	for !i.end() && !contains(bytes, i.data[i.offset]) {
		i.offset++
	}
}

func (i *indexer) skipLine() { i.skipTo("\n") }

// skipGap goes past blanks, line ends and comments, as between an array's items.
func (i *indexer) skipGap() {
	for i.skip(" \t\n"); i.at("#"); i.skip(" \t\n") {
		i.skipLine()
	}
}

func contains(bytes string, b byte) bool {
	for n := range len(bytes) {
		if bytes[n] == b {
			return true
		}
	}
	return false
}

// header returns the place of the table that "[a.b]" or, of an array, "[[a.b]]" begins.
func (i *indexer) header(start int, array bool, names []string) *place {
	table := i.root
	for n, name := range names {
		table = table.add(name, start)
		if n < len(names)-1 || !array {
			table = table.last()
		}
	}
	if array {
		table.items = append(table.items, &place{offset: start})
		return table.last()
	}
	if len(names) > 0 {
		table.offset = start
	}
	return table
}

// assignment reads "key = value" in a table and reports whether it could.
func (i *indexer) assignment(table *place) bool {
	start := i.offset
	names := i.name()
	if len(names) == 0 {
		return false
	}
	for n, name := range names {
		if n == len(names)-1 && table.keys[name] != nil && i.twice < 0 {
			i.twice = start
		}
		table = table.add(name, start)
	}
	i.skip(" \t")
	if !i.take("=") {
		return false
	}
	i.skip(" \t")
	table.value = i.offset
	i.value(table)
	return true
}

// name reads a key with its dots.
func (i *indexer) name() []string {
	var names []string
	for {
		i.skip(" \t")
		start := i.offset
		switch {
		case i.at(`"`), i.at("'"):
			i.text()
			names = append(names, unquoted(i.data[start:i.offset]))
		default:
			i.skipTo(" \t\n.=]#\"'{},")
			if i.offset == start {
				return names
			}
			names = append(names, i.data[start:i.offset])
		}
		i.skip(" \t")
		if !i.take(".") {
			return names
		}
	}
}

// unquoted is what a quoted key means.
func unquoted(quoted string) string {
	if !strings.Contains(quoted, `\`) {
		return strings.Trim(quoted, quoted[:1])
	}
	var document struct{ Key string }
	if _, err := toml.Decode("Key="+quoted, &document); err != nil {
		return quoted
	}
	return document.Key
}

// value goes past a value and adds the places inside it.
func (i *indexer) value(at *place) {
	if i.depth >= maximumDepth {
		return
	}
	i.depth++
	defer func() { i.depth-- }()
	switch {
	case i.at(`"`), i.at("'"):
		i.text()
	case i.take("["):
		i.list("]", func() bool {
			item := &place{offset: i.offset, value: i.offset}
			at.items = append(at.items, item)
			i.value(item)
			return true
		})
	case i.take("{"):
		i.list("}", func() bool { return i.assignment(at) })
	default:
		i.skipTo(",]}#\n")
	}
}

// list goes past the items of an array or inline table that was just opened,
// as far as they can be read.
func (i *indexer) list(closing string, item func() bool) {
	start := i.offset - 1
	for {
		i.skipGap()
		if i.take(closing) {
			return
		}
		if i.end() {
			i.leaveOpen(start)
			return
		}
		if !item() {
			return
		}
		i.skipGap()
		if !i.take(",") && !i.at(closing) && !i.end() {
			return
		}
	}
}

func (i *indexer) leaveOpen(start int) {
	if i.unclosed < 0 {
		i.unclosed = start
	}
}

// text goes past a string of any of the four forms.
func (i *indexer) text() {
	start := i.offset
	quote := i.data[i.offset : i.offset+1]
	long := quote + quote + quote
	escapes := quote == `"`
	closing := quote
	if i.take(long) {
		closing = long
	} else {
		i.take(quote)
	}
	for !i.end() {
		switch {
		case escapes && i.at(`\`):
			i.offset = min(i.offset+2, len(i.data))
		case closing == quote && i.at("\n"):
			return
		case i.take(closing):
			// A long string may end with up to two quotes of its own.
			for n := 0; closing == long && n < 2 && i.take(quote); n++ {
			}
			return
		default:
			i.offset++
		}
	}
	i.leaveOpen(start)
}
