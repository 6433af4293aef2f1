package workspace

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"handbill/engine/audience"
)

// section is one table of a file while it is checked.
type section struct {
	*check
	file *parsedFile
	// subject begins every problem, as in `message "spring-sale"`.
	subject string
	values  map[string]any
	place   *place
	// offset is where the section begins.
	offset int
}

// child is the section of a table inside this one.
func (s section) child(subject string, values map[string]any, at *place, offset int) section {
	if at != nil {
		offset = at.offset
	}
	return section{check: s.check, file: s.file, subject: subject, values: values, place: at, offset: offset}
}

// has reports whether a key was written, right or wrong.
func (s section) has(name string) bool {
	_, ok := s.values[name]
	return ok
}

// at is where a key stands; where the section begins if it is not there.
func (s section) at(name string) int {
	if at := s.place.key(name); at != nil {
		return at.offset
	}
	return s.offset
}

// atItem is where an item of a list stands.
func (s section) atItem(name string, index int) int {
	if at := s.place.key(name).item(index); at != nil {
		return at.offset
	}
	return s.at(name)
}

// wrong reports a problem of the section at a place in its file.
func (s section) wrong(offset int, fix, format string, values ...any) {
	s.problems = append(s.problems, s.problem(offset, fix, format, values...))
}

// doubtful reports a warning of the section at a place in its file.
func (s section) doubtful(offset int, fix, format string, values ...any) {
	s.warnings = append(s.warnings, s.problem(offset, fix, format, values...))
}

func (s section) problem(offset int, fix, format string, values ...any) located {
	text := fmt.Sprintf(format, values...)
	if s.subject != "" {
		text = s.subject + ": " + text
	}
	return s.file.located(offset, text, fix)
}

// text is a key's text, "" where there is none.
func (s section) text(name string) string {
	value, _ := s.values[name].(string)
	return value
}

// word is a key's text, or the fallback where there is none.
func (s section) word(name, fallback string) string {
	if value, ok := s.values[name].(string); ok {
		return value
	}
	return fallback
}

// number is a key's whole number; ok is false where there is none.
func (s section) number(name string) (value int64, ok bool) {
	value, ok = s.values[name].(int64)
	return value, ok
}

// texts is a key's list of texts.
func (s section) texts(name string) []string {
	list, _ := s.values[name].([]any)
	all := make([]string, 0, len(list))
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			return nil
		}
		all = append(all, text)
	}
	return all
}

// table is a key's table, or nil.
func (s section) table(name string) map[string]any {
	table, _ := s.values[name].(map[string]any)
	return table
}

// tables is a key's list of tables, written as [[name]] or as [{ … }].
func (s section) tables(name string) []map[string]any {
	all, _ := tablesOf(s.values[name])
	return all
}

func tablesOf(value any) ([]map[string]any, bool) {
	switch list := value.(type) {
	case []map[string]any:
		return list, true
	case []any:
		all := make([]map[string]any, 0, len(list))
		for _, item := range list {
			table, ok := item.(map[string]any)
			if !ok {
				return nil, false
			}
			all = append(all, table)
		}
		return all, true
	}
	return nil, false
}

// checkKeys reports unknown keys, keys and values that come with a later
// version, values of a wrong type, and required keys that are missing. Keys in
// excused are not missed.
func (s section) checkKeys(keys []key, excused ...string) {
	for name, value := range s.values {
		k, known := find(keys, name)
		switch {
		case !known:
			s.wrong(s.at(name), s.correction(keys, name), "there is no key %q here", name)
		case k.later:
			s.wrong(s.at(name), "leave it out until then", "%s is not supported yet", name)
		default:
			s.checkValue(k, value)
		}
	}
	for _, k := range keys {
		if k.required && !s.has(k.name) && !slices.Contains(excused, k.name) {
			s.wrong(s.offset, "add "+k.example, "%s is missing", k.name)
		}
	}
}

// correction says what to do about a key that is not known.
func (s section) correction(keys []key, name string) string {
	allowed := names(keys)
	if similar := audience.Nearest(strings.ToLower(name), slices.Values(allowed)); similar != "" {
		return fmt.Sprintf("write %q", similar)
	}
	for _, home := range homes {
		if k, ok := find(home.keys, name); ok && !k.later {
			return fmt.Sprintf("it belongs in %s", home.name)
		}
	}
	return "the keys here are " + strings.Join(allowed, ", ")
}

// checkValue reports a value of a wrong type and a word that is not one of the key's.
func (s section) checkValue(k key, value any) {
	actual := kindOf(value)
	if slices.Contains(k.laterKinds, actual) {
		s.wrong(s.at(k.name), "write "+k.example, "%s as %s is not supported yet", k.name, actual)
		return
	}
	if !k.kind.accepts(value) {
		s.wrong(s.at(k.name), "write "+k.example, "%s must be %s, but is %s", k.name, k.kind, actual)
		return
	}
	if k.words == nil {
		return
	}
	if text, isText := value.(string); isText {
		s.checkWord(k, text, s.at(k.name))
	}
	if k.kind == aTextList {
		for i, text := range s.texts(k.name) {
			s.checkWord(k, text, s.atItem(k.name, i))
		}
	}
}

// checkWord reports a text at a place that is not one of the key's words.
func (s section) checkWord(k key, text string, offset int) {
	switch {
	case slices.Contains(k.words, text):
	case slices.Contains(k.laterWords, text):
		s.wrong(offset, "write "+quoted(k.words), "%s %q is not supported yet", k.name, text)
	default:
		fix := "write " + quoted(k.words)
		if similar := audience.Nearest(strings.ToLower(text), slices.Values(k.words)); similar != "" {
			fix = fmt.Sprintf("write %q", similar)
		}
		s.wrong(offset, fix, "%s %q is not known", k.name, text)
	}
}

// accepts reports whether a decoded value is of this kind.
func (k kind) accepts(value any) bool {
	switch k {
	case aTables:
		_, ok := tablesOf(value)
		return ok
	case aTextList:
		list, ok := value.([]any)
		return ok && !slices.ContainsFunc(list, func(item any) bool { _, text := item.(string); return !text })
	case aTextOrTable:
		actual := kindOf(value)
		return actual == aText || actual == aTable
	case aTextOrTexts:
		return kindOf(value) == aText || aTextList.accepts(value)
	default:
		return kindOf(value) == k
	}
}

// kindOf names a decoded value's type.
func kindOf(value any) kind {
	switch value := value.(type) {
	case string:
		return aText
	case int64:
		return aNumber
	case bool:
		return aTruth
	case time.Time:
		return aMoment
	case map[string]any:
		return aTable
	case []map[string]any:
		return aTables
	case float64:
		return "a number with a fraction"
	case []any:
		switch {
		case len(value) == 0:
			return "an empty list"
		case aTextList.accepts(value):
			return aTextList
		case aTables.accepts(value):
			return aTables
		}
		return "a list of other things"
	}
	return "something else"
}

// quoted writes words as a person would: "a", "b" or "c".
func quoted(words []string) string {
	var list strings.Builder
	for i, word := range words {
		switch {
		case i > 0 && i == len(words)-1:
			list.WriteString(" or ")
		case i > 0:
			list.WriteString(", ")
		}
		fmt.Fprintf(&list, "%q", word)
	}
	return list.String()
}
