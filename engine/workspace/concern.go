package workspace

import (
	"maps"
	"slices"
	"strings"
)

// What is no message is around all of them: settings, segments with their lists, templates, themes, throttles. When some of it
// changes, a message is read again if it may have to do with that: if its text mentions the id of what changed. An id can only
// be written otherwise with a backslash, so a text with one may mention anything. Segments that mention what changed have
// changed too. Where a setting changes that messages do not mention by an id, such as the time zone, all are read.

// concern is which messages an edit of what is around them concerns.
type concern struct {
	all   bool
	names []string
}

// mostConcerns is how many ids are looked for before reading all is as quick.
const mostConcerns = 16

// harmless are the settings that no message depends on.
var harmless = []string{"name", "site_id", "write_key", "in_app", "throttle"}

// around is what stands around messages.
type around struct {
	// settings are those that messages depend on.
	settings map[string]any
	// named are what messages mention by its id, by kind and id, as digests of what was written.
	named map[string]map[string]digest
	// conditions are those of segments, by their ids.
	conditions map[string]string
}

// namedKinds are the tables that messages mention by their ids.
var namedKinds = []string{"segments", "templates", "themes", "throttles"}

// concernOf compares what is around messages with what was.
func (c *check) concernOf(files []parts) concern {
	before, known := aroundOf(c.previous.kept.files, c.previous.kept.lists)
	after, readable := aroundOf(files, c.lists)
	if !known || !readable || !sameDigest(before.settings, after.settings) {
		return concern{all: true}
	}
	changed := make(map[string]bool)
	for _, kind := range namedKinds {
		for id, said := range before.named[kind] {
			if !slices.Equal(said, after.named[kind][id]) {
				changed[id] = true
			}
		}
		for id := range after.named[kind] {
			if _, there := before.named[kind][id]; !there {
				changed[id] = true
			}
		}
	}
	of := concern{names: slices.Sorted(maps.Keys(changed))}
	for grows := true; grows; {
		grows = false
		for _, segments := range []map[string]string{before.conditions, after.conditions} {
			for id, where := range segments {
				if !slices.Contains(of.names, id) && of.mentionedIn(where) {
					of.names, grows = append(of.names, id), true
				}
			}
		}
	}
	of.all = len(of.names) > mostConcerns || slices.ContainsFunc(of.names, func(id string) bool { return id == after.settings["theme"] })
	return of
}

// mentionedIn says whether a text may mention what changed.
func (c concern) mentionedIn(text string) bool {
	return len(c.names) > 0 && strings.Contains(text, `\`) || slices.ContainsFunc(c.names, func(name string) bool { return strings.Contains(text, name) })
}

// forget lets go of what became of the messages that are concerned.
func (c concern) forget(file parts, rest func()) {
	for i := range file.chunks {
		rest()
		if file.chunks[i].outcome != nil && c.mentionedIn(textOf(file.text, file.chunks, i)) {
			file.chunks[i].outcome = nil
		}
	}
}

// aroundOf reads what is around messages. It is false where that cannot be told apart.
func aroundOf(files []parts, lists map[string]File) (a around, ok bool) {
	a = around{named: make(map[string]map[string]digest), conditions: make(map[string]string)}
	for _, kind := range namedKinds {
		a.named[kind] = make(map[string]digest)
	}
	for _, file := range files {
		var values map[string]any
		if decode(file.rest, &values) != nil {
			return a, false
		}
		for name, value := range values {
			if !a.add(file.name, name, value, lists) {
				return a, false
			}
		}
	}
	return a, true
}

// add adds one of a file's outermost tables.
func (a *around) add(file, name string, value any, lists map[string]File) bool {
	if name == "workspace" {
		settings, isTable := value.(map[string]any)
		if !isTable || a.settings != nil {
			return false
		}
		a.settings = maps.Clone(settings)
		for _, key := range harmless {
			delete(a.settings, key)
		}
		return true
	}
	tables, areTables := value.([]map[string]any)
	if !areTables || a.named[name] == nil {
		return false
	}
	for _, table := range tables {
		id, isText := table["id"].(string)
		if !isText || id == "" {
			return false
		}
		said := a.named[name][id]
		said.value(table)
		if path, isText := table["ids"].(string); isText && name == "segments" {
			list, loaded := lists[listName(file, path)]
			said.value([]any{loaded, list.Problem, string(list.Data)})
		}
		a.named[name][id] = said
		if where, isText := table["where"].(string); isText && name == "segments" {
			a.conditions[id] += where + "\n"
		}
	}
	return true
}

// sameDigest says whether two tables say the same.
func sameDigest(a, b map[string]any) bool {
	var first, second digest
	first.value(a)
	second.value(b)
	return slices.Equal(first, second)
}
