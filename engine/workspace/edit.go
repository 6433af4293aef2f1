package workspace

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"time"

	"handbill/engine/audience"
)

// An edit of one message among thousands is read in a time that hardly depends
// on the others: a file's text is split into chunks, and a message whose chunk
// is the same as before is taken from the snapshot before, with what was to be
// said of it. What differs, and everything that is no message, is read as one
// text, by the same code as a whole file. A message may depend on its own text
// and on what is no message: where that changed, what the change may concern is
// read again too (concern.go). Where anything is in doubt, the whole is read.

// parts are a file's text, whole, and in chunks.
type parts struct {
	name, text string
	// chunks are nil where the text cannot be split.
	chunks []chunk
	// rest is all that is no message and no comment between tables.
	rest string
}

func newParts(name, text string, chunks []chunk) parts {
	var rest strings.Builder
	for _, c := range chunks {
		if !c.message {
			rest.WriteString(text[c.start : c.start+c.said])
		}
	}
	return parts{name: name, text: text, chunks: chunks, rest: rest.String()}
}

// rests are what stands beside the messages in files, without the files that have nothing else.
func rests(files []parts) []string {
	var all []string
	for _, file := range files {
		if file.rest != "" {
			all = append(all, file.rest)
		}
	}
	return all
}

// kept is what a snapshot keeps for the next compile to go on from.
type kept struct {
	files []parts
	// lists are the lists of ids that the files name.
	lists map[string]File
	// edits counts the compiles since all was read.
	edits int
}

// mostEdits is after how many edits all is read again, which lets go of what nobody uses any more: conditions that were
// compiled, old texts of which a message still holds a part.
const mostEdits = 1000

// keep makes what the next compile goes on from.
func (c *check) keep(documents []section) *kept {
	k := &kept{lists: c.lists}
	for _, document := range documents {
		if document.file.parts.chunks == nil {
			return nil
		}
		k.files = append(k.files, document.file.parts)
	}
	return k
}

// outcome is what became of a message that has no problems.
type outcome struct {
	message *Message
	// made is the time by which the message had ended, or had not.
	made time.Time
	// idLine is the line of its id, and the lines of warnings are counted in the same way: from the chunk's first.
	idLine     int
	idColumn   int
	warnings   []located
	conditions []*audience.Condition
}

// holds reports whether the outcome is the same at a later time.
func (o *outcome) holds(now time.Time) bool {
	end := o.message.End
	return end.IsZero() || end.After(o.made) == end.After(now)
}

// edited is workspace for files that differ little from those of the previous
// snapshot. It is nil where it is not sure to say the very same as workspace.
func (c *check) edited(files []File) *Snapshot {
	if c.previous == nil || c.previous.kept == nil || c.previous.kept.edits >= mostEdits {
		return nil
	}
	before := c.previous.kept
	c.lists, c.language = make(map[string]File), c.previous.language
	var all []parts
	var orders []int
	for order, file := range files {
		if file.List {
			c.lists[file.Name] = file
			continue
		}
		p := c.editedParts(file)
		if p.chunks == nil {
			return nil
		}
		all, orders = append(all, p), append(orders, order)
	}
	if !slices.Equal(rests(all), rests(before.files)) || !maps.EqualFunc(c.lists, before.lists, sameList) {
		of := c.concernOf(all)
		if of.all {
			return nil
		}
		for _, file := range all {
			of.forget(file, c.rest)
		}
	}
	documents := make([]section, 0, len(all))
	for i, p := range all {
		f := &parsedFile{name: p.name, order: orders[i], parts: p}
		if !f.readDifference() {
			return nil
		}
		documents = append(documents, c.document(f))
	}
	snapshot := c.compile(documents)
	if c.doubtful {
		return nil
	}
	snapshot.kept.edits = before.edits + 1
	return snapshot
}

func sameList(a, b File) bool { return a.Problem == b.Problem && bytes.Equal(a.Data, b.Data) }

// editedParts splits a file that may be one from before.
func (c *check) editedParts(file File) parts {
	if len(file.Data) > MaximumFileSize {
		return parts{}
	}
	text := textOfFile(file.Data)
	known := c.previous.kept.files
	before := slices.IndexFunc(known, func(p parts) bool { return p.name == file.Name })
	if before < 0 {
		if tooDeep(text) >= 0 {
			return parts{}
		}
		return newParts(file.Name, text, split(text))
	}
	c.work.Rest()
	chunks := slices.Clone(splitAgain(known[before], text))
	c.work.Rest()
	for i := range chunks {
		if known := chunks[i].outcome; known != nil && !known.holds(c.now) {
			chunks[i].outcome = nil
		}
	}
	return newParts(file.Name, text, chunks)
}

// readDifference reads, as one text, all chunks whose outcome is not known. It is false where that is no TOML.
func (f *parsedFile) readDifference() bool {
	var text strings.Builder
	for i, c := range f.parts.chunks {
		if c.outcome == nil {
			f.pieces = append(f.pieces, piece{text.Len(), c.line})
			text.WriteString(textOf(f.parts.text, f.parts.chunks, i))
		}
	}
	f.text = text.String()
	if invalidUTF8(f.text) >= 0 {
		return false
	}
	places := index(f.text)
	f.places = places.root
	return decode(f.text, &f.values) == nil && places.twice < 0
}

// readMessages checks and compiles the messages of all documents, in the order of the files.
func (c *check) readMessages(documents []section) []*Message {
	var messages []*Message
	for _, document := range documents {
		f, list := document.file, document.place.key("messages")
		next := 0
		read := func(into *chunk) {
			values, at := document.tables("messages")[next], list.item(next)
			next++
			if message := c.readMessage(document.child("", values, at, document.at("messages")), into); message != nil {
				messages = append(messages, message)
			}
		}
		if !f.splitAs(document.tables("messages"), list) {
			c.doubtful = true
			f.parts.chunks = nil
			for range document.tables("messages") {
				c.rest()
				read(nil)
			}
			continue
		}
		for i := range f.parts.chunks {
			into := &f.parts.chunks[i]
			c.rest()
			switch {
			case !into.message:
			case into.outcome == nil:
				read(into)
			default:
				messages = append(messages, c.reuse(f, into))
			}
		}
	}
	return messages
}

// splitAs reports whether the chunks without an outcome are these tables.
func (f *parsedFile) splitAs(tables []map[string]any, at *place) bool {
	if f.parts.chunks == nil {
		return false
	}
	next := 0
	for i := range f.parts.chunks {
		part := &f.parts.chunks[i]
		if !part.message || part.outcome != nil {
			continue
		}
		if next >= len(tables) || at.item(next) == nil {
			return false
		}
		if line, _ := f.position(at.item(next).offset); line != part.line {
			return false
		}
		next++
	}
	return next == len(tables)
}

// readMessage reads a message, and keeps what became of it in its chunk, if there is one.
func (c *check) readMessage(s section, into *chunk) *Message {
	problems, warnings, conditions := len(c.problems), len(c.warnings), c.conditions
	c.conditions = make(map[*audience.Condition]bool)
	message := c.message(s)
	wrong := len(c.problems) > problems
	if wrong && c.settings.skip {
		c.skip(s, problems)
		c.conditions = conditions
		return nil
	}
	own := slices.Collect(maps.Keys(c.conditions))
	maps.Copy(conditions, c.conditions)
	c.conditions = conditions
	if into == nil || message == nil || wrong {
		return message
	}
	line, column := s.file.position(s.at("id"))
	known := &outcome{message: message, made: c.now, idLine: line - into.line, idColumn: column, conditions: own}
	for _, warning := range c.warnings[warnings:] {
		warning.Line -= into.line
		known.warnings = append(known.warnings, warning)
	}
	into.outcome = known
	return message
}

// reuse takes over a message from the snapshot before, wherever it stands now.
func (c *check) reuse(f *parsedFile, from *chunk) *Message {
	c.reused++
	known := from.outcome
	id := known.message.ID
	if _, used := c.ids[id]; used {
		c.doubtful = true // it is a problem now
	}
	c.ids[id] = located{Problem{File: f.name, Line: from.line + known.idLine, Column: known.idColumn}, f.order}
	c.shownByKept = append(c.shownByKept, known.message.shows...)
	for _, condition := range known.conditions {
		c.conditions[condition] = true
	}
	for _, warning := range known.warnings {
		warning.Line += from.line
		warning.order = f.order
		c.warnings = append(c.warnings, warning)
	}
	if known.message.Line != from.line {
		again := *known
		again.message = known.message.movedTo(from.line)
		from.outcome = &again
	}
	return from.outcome.message
}
