package workspace

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"handbill/engine/audience"
	"handbill/engine/leisure"
)

// Lists are the names of the lists of ids that a file's segments name, as Compile expects to find them: each a [File]
// whose List is true. Sources load them beside the TOML, and watch them as well. What is wrong with the file is for
// Compile to say.
func Lists(file File) []string { return ListsAside(nil, file) }

// ListsAside is [Lists] as work that may rest.
func ListsAside(work *leisure.Work, file File) []string {
	// Most files have none, and are not gone through.
	if file.List || !holds(work, file.Data, "segments") || !holds(work, file.Data, "ids") {
		return nil
	}
	text := textOfFile(file.Data)
	var names []string
	for _, segment := range segmentPlaces(text) {
		at := segment.key("ids")
		if at == nil || at.value <= 0 || at.value >= len(text) {
			continue
		}
		end := indexer{data: text, offset: at.value}
		end.value(&place{})
		var written struct{ IDs any }
		if tooDeep(text[at.value:end.offset]) >= 0 || decodeInto("IDs = "+text[at.value:end.offset], &written) != nil {
			continue
		}
		if path, isText := written.IDs.(string); isText && listProblem(path) == "" {
			names = append(names, listName(file.Name, path))
		}
	}
	return names
}

var errHeld = errors.New("found")

// holds says whether a text has a word.
func holds(work *leisure.Work, text []byte, word string) bool {
	return work.Blocks(text, len(word)-1, func(block []byte) error {
		if bytes.Contains(block, []byte(word)) {
			return errHeld
		}
		return nil
	}) != nil
}

// segmentPlaces are the places of a text's segments. Only the tables of segments are gone through, and what comes before
// the first table.
func segmentPlaces(text string) []*place {
	i := &indexer{data: text, root: &place{}, unclosed: -1, twice: -1}
	i.tables(func([]string) bool { return false })
	i.offset = strings.LastIndexByte(text[:i.offset], '\n') + 1
	for {
		next := strings.Index(text[i.offset:], "segments")
		if next < 0 {
			return i.root.key("segments").all()
		}
		line := strings.LastIndexByte(text[:i.offset+next], '\n') + 1
		before := strings.TrimLeft(text[line:i.offset+next], " \t")
		i.offset = line
		if strings.HasPrefix(before, "[") && strings.Trim(before, " \t[\"'") == "" {
			i.tables(func(names []string) bool { return len(names) > 0 && names[0] == "segments" })
			i.offset = strings.LastIndexByte(text[:i.offset], '\n') + 1
		}
		if i.offset == line {
			i.skipLine()
			i.take("\n")
		}
	}
}

// listName is where a list is that a file names.
func listName(file, path string) string {
	return filepath.Join(filepath.Dir(file), filepath.FromSlash(path))
}

// listProblem says why a path cannot be that of a list; "" when it can. A list is beside the file that names it, so that
// whoever may write the workspace reads no other files of the machine.
func listProblem(path string) string {
	switch {
	case strings.TrimSpace(path) == "":
		return "ids is empty"
	case !filepath.IsLocal(filepath.FromSlash(path)):
		return fmt.Sprintf("the list %q is not beside this file", path)
	case strings.HasSuffix(path, ".toml"):
		return fmt.Sprintf("the list %q would be read as a part of the workspace", path)
	}
	return ""
}

// readSegments compiles the segments of all documents.
func (c *check) readSegments(documents []section) {
	var sections []section
	var sources []audience.SegmentSource
	var reported []bool
	for _, document := range documents {
		for i, values := range document.tables("segments") {
			at := document.place.key("segments").item(i)
			s := document.child("this segment", values, at, document.at("segments"))
			source, right := c.segmentSource(&s)
			if source.Name != "" {
				sections, sources, reported = append(sections, s), append(sources, source), append(reported, !right)
			}
		}
	}
	if len(sources) == 0 {
		return
	}
	language, err := c.conditionLanguage()
	if err != nil {
		sections[0].wrong(sections[0].offset, "report it as a bug", "segments cannot be compiled (%v)", err)
		return
	}
	segments, wrong := audience.CompileSegments(language, sources)
	for _, one := range wrong {
		if !reported[one.Index] {
			c.segmentProblem(sections[one.Index], one, section.wrong)
		}
	}
	for _, one := range segments.Warnings() {
		c.segmentProblem(sections[one.Index], one, section.doubtful)
	}
	c.segments = segments
	for _, source := range sources {
		c.segmentSum.value([]any{source.Name, source.Where, string(source.IDs)})
		if source.Where == "" {
			continue
		}
		if condition, err := language.Compile(source.Where); err == nil {
			c.conditions[condition] = true
		}
	}
}

// segmentSource checks a segment's keys, and says whether there is more to be found out about it.
func (c *check) segmentSource(s *section) (source audience.SegmentSource, right bool) {
	before := len(c.problems)
	source.Name = s.text("id")
	if source.Name != "" {
		s.subject = fmt.Sprintf("segment %q", source.Name)
	}
	s.checkKeys(segmentKeys)
	source.Where = s.text("where")
	first, twice := c.segmentAt[source.Name]
	switch {
	case !s.has("id"), kindOf(s.values["id"]) != aText:
	case !identifier.MatchString(source.Name):
		s.wrong(s.at("id"), identifierRule, "the id %q cannot be used", source.Name)
	case twice:
		s.wrong(s.at("id"), "give one of the two another id", "the id is used already in %s:%d", first.File, first.Line)
	default:
		c.segmentAt[source.Name] = s.problem(s.at("id"), "", "")
	}
	switch {
	case s.has("where") && s.has("ids"):
		s.wrong(s.at("ids"), `make two segments, and a third with where = 'segment("a") || segment("b")'`, "it has both where and ids")
	case s.has("ids"):
		source.IDs = c.list(*s)
	case !s.has("where"):
		where, _ := find(segmentKeys, "where")
		ids, _ := find(segmentKeys, "ids")
		s.wrong(s.offset, fmt.Sprintf("add %s, or %s", where.example, ids.example), "it has neither where nor ids")
	}
	return source, len(c.problems) == before
}

// list is the text of the file that a segment names.
func (c *check) list(s section) []byte {
	path, isText := s.values["ids"].(string)
	if !isText {
		return nil // reported
	}
	if problem := listProblem(path); problem != "" {
		s.wrong(s.at("ids"), `write the name of a file in this file's folder, such as ids = "vip.txt"`, "%s", problem)
		return nil
	}
	file, loaded := c.lists[listName(s.file.name, path)]
	switch {
	case !loaded:
		s.wrong(s.at("ids"), "put the file beside this one, or write a condition: where = '…'", "the list %q is not there", path)
	case file.Problem != "":
		s.wrong(s.at("ids"), "put the file beside this one, and let the user that Caddy runs as read it", "the list %q: %s", path, file.Problem)
	}
	if file.Data == nil {
		return []byte{}
	}
	return file.Data
}

// segmentProblem reports what was found in a segment where it stands: in the condition, in the list, or at the id.
func (c *check) segmentProblem(s section, found audience.SegmentError, report func(s section, offset int, fix, format string, values ...any)) {
	path := s.text("ids")
	switch {
	case found.Key == "ids" && path != "":
		where := s.problem(s.at("ids"), found.Fix, "%s", found.Text)
		where.File, where.Line, where.Column = listName(s.file.name, path), found.Line, found.Column
		c.problems = append(c.problems, where)
	case found.Key == "where":
		report(s, s.inside("where", found.Line, found.Column), found.Fix, "where: %s", found.Text)
	default:
		report(s, s.at(found.Key), found.Fix, "%s", found.Text)
	}
}
