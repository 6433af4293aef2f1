package workspace

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/BurntSushi/toml"
)

// MaximumFileSize is the most bytes that one file of a workspace may have.
const MaximumFileSize = 10 << 20

// File is one file of a workspace.
type File struct {
	// Name is how problems call it.
	Name string
	// Data is its TOML, in UTF-8. Who compiles it must not change it any more: snapshots hold parts of it.
	Data []byte
	// List: it is no TOML, but a list of ids that a segment names; see [Lists].
	List bool
	// Problem is why a list cannot be read, and what to do; "" when it can.
	Problem string
}

// parsedFile is a file that was read: its values, and where they stand.
type parsedFile struct {
	name  string
	order int
	// text is the file's text without a byte order mark, with line feeds alone.
	text   string
	values map[string]any
	places *place
	// lines are the offsets at which lines begin, found when first asked for.
	lines []int
	// parts are all of the file, also where text is but what differs from before; pieces say where that stands in the file.
	parts  parts
	pieces []piece
}

// piece is a part of a text that begins a line in a file.
type piece struct{ offset, line int }

// located is a problem with its file's place in the order of files.
type located struct {
	Problem
	order int
}

// located makes a problem at an offset of the file.
func (f *parsedFile) located(offset int, text, fix string) located {
	line, column := f.position(offset)
	return located{Problem{File: f.name, Line: line, Column: column, Text: text, Fix: fix}, f.order}
}

// position is the line and column of an offset, both from 1.
func (f *parsedFile) position(offset int) (line, column int) {
	if f.lines == nil {
		f.lines = []int{0}
		for i := range len(f.text) {
			if f.text[i] == '\n' {
				f.lines = append(f.lines, i+1)
			}
		}
	}
	offset = min(max(offset, 0), len(f.text))
	line = sort.SearchInts(f.lines, offset+1)
	column = utf8.RuneCountInString(f.text[f.lines[line-1]:offset]) + 1
	if i := sort.Search(len(f.pieces), func(i int) bool { return f.pieces[i].offset > offset }) - 1; i >= 0 {
		line += f.pieces[i].line - sort.SearchInts(f.lines, f.pieces[i].offset+1)
	}
	return line, column
}

var (
	utf8Mark  = []byte("\xef\xbb\xbf")
	utf16Mark = [][]byte{[]byte("\xff\xfe"), []byte("\xfe\xff")}
)

// parse reads a file. What keeps it from being read as a whole is reported.
func parse(c *check, order int, file File) *parsedFile {
	f := &parsedFile{name: file.Name, order: order}
	wrong := func(offset int, fix, format string, values ...any) *parsedFile {
		c.problems = append(c.problems, f.located(offset, fmt.Sprintf(format, values...), fix))
		return nil
	}
	if len(file.Data) > MaximumFileSize {
		return wrong(0, "spread the messages over several files in one folder", "the file has %d bytes, more than the %d MiB that one may have", len(file.Data), MaximumFileSize>>20)
	}
	for _, mark := range utf16Mark {
		if bytes.HasPrefix(file.Data, mark) {
			return wrong(0, "save it as UTF-8", "the file is written in UTF-16")
		}
	}
	f.text = textOfFile(file.Data)
	if i := invalidUTF8(f.text); i >= 0 {
		return wrong(i, "save the file as UTF-8", "the byte 0x%02x is not UTF-8", f.text[i])
	}
	if i := tooDeep(f.text); i >= 0 {
		return wrong(i, "take brackets away", "lists or tables stand in each other more than %d deep", maximumNesting)
	}
	places := index(f.text)
	f.places = places.root
	if err := decode(f.text, &f.values); err != nil {
		var syntax toml.ParseError
		if !errors.As(err, &syntax) {
			return wrong(0, "correct the file, or report its text as a bug", "the file cannot be read as TOML (%v)", err)
		}
		if places.unclosed >= 0 && strings.Contains(syntax.Message, "EOF") {
			return wrong(places.unclosed, "close it", "what begins here is not closed before the file ends")
		}
		return wrong(syntax.Position.Start, syntaxFix(syntax.Message), "%s", strings.TrimSuffix(syntax.Message, "."))
	}
	if places.twice >= 0 {
		return wrong(places.twice, "keep one of the two", "this key has a value already")
	}
	f.parts = newParts(f.name, f.text, split(f.text))
	return f
}

// textOfFile is a file's text as it is read: without a byte order mark, with line feeds alone.
func textOfFile(data []byte) string {
	data = bytes.TrimPrefix(data, utf8Mark)
	if bytes.Contains(data, []byte("\r\n")) {
		data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	}
	return unsafe.String(unsafe.SliceData(data), len(data)) // a copy of a large file would be the most that an edit leaves behind
}

// decode keeps a failure inside the TOML library from becoming ours.
func decode(text string, values *map[string]any) error { return decodeInto(text, values) }

func decodeInto(text string, target any) (err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("reading it failed: %v", failure)
		}
	}()
	_, err = toml.Decode(text, target)
	return err
}

func invalidUTF8(text string) int {
	if utf8.ValidString(text) {
		return -1
	}
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			return i
		}
	}
	return -1
}

// maximumNesting bounds the brackets in each other and the names in a dotted
// key that the TOML library, which is recursive, gets to see. No workspace
// comes near it.
const maximumNesting = 1000

// tooDeep returns where brackets begin to stand in each other too deep, or
// where a key has too many dots, or -1. It does not know strings: text that
// opens a thousand brackets without closing one is refused too.
func tooDeep(text string) int {
	_, at := nesting(text, 0)
	return at
}

// nesting is tooDeep for a part of a text that begins with a line, before which depth brackets are open. It returns how
// many are after it too.
func nesting(text string, depth int) (after, at int) {
	dots := 0
	for i := range len(text) {
		switch text[i] {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		case '.':
			dots++
		case '\n', '"', '\'', '=', ',', '#':
			dots = 0
		}
		if depth > maximumNesting || dots > maximumNesting {
			return depth, i
		}
	}
	return depth, -1
}

// syntaxFix says what to do about a message of the TOML library.
func syntaxFix(message string) string {
	for _, known := range []struct{ part, fix string }{
		{"already been defined", "keep one of the two"},
		{"already defined", "keep one of the two"},
		{"already exists", "keep one of the two"},
		{"already created", "keep one of the two"},
		{"strings cannot contain newlines", `write """ before and after a text of several lines`},
		{"unexpected newline", `close the text with ", or write """ before and after a text of several lines`},
		{"invalid escape", `write \\ for a backslash, or put the text in single quotes`},
		{"invalid datetime", "write it as 2026-12-01T09:00:00+01:00"},
		{"expected value", `put text in double quotes: key = "text"`},
		{"expected a top-level item to end", "begin a new line after the value"},
		{"expected a comma", "put a comma between the items, and close the list with ]"},
		{"expected '.' or '='", "write key = value"},
		{"end of table", "write a table's header as [workspace] or [[messages]]"},
		{"table name", "write a table's header as [workspace] or [[messages]]"},
		{"expected '.' or ']'", "write a table's header as [workspace] or [[messages]]"},
		{"key name appears blank", "write key = value"},
		{"inline table terminator", "put a comma between the keys, and close the table with }"},
		{"leading zeroes", "write the number without them"},
		{"out of range", "write a smaller number"},
		{"control characters", "take the character away, or write it as an escape such as \\u0007"},
	} {
		if strings.Contains(message, known.part) {
			return known.fix
		}
	}
	return "correct the TOML here"
}
