package workspace

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"handbill/engine/audience"
)

// The values of bots.
const (
	botsExcluded = "exclude"
	botsIncluded = "include"
)

// variables are what conditions look at and [Snapshot.Asks] knows.
var variables = []string{"visitor", "traits", "page", "request", "visit", "events", "event", "now"}

// traits reads the declared types of traits; nil where none are declared, or where a declaration is wrong and the others
// would only lead to warnings about it.
func (c *check) traits(s section) map[string]string {
	values := s.table("traits")
	if len(values) == 0 {
		return nil
	}
	t := s.child(s.subject+": traits", values, s.place.key("traits"), s.at("traits"))
	k, _ := find(workspaceKeys, "traits")
	declared := make(map[string]string, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		word, isText := values[name].(string)
		switch {
		case strings.TrimSpace(name) == "":
			t.wrong(t.at(name), "write "+k.example, "a trait has no name")
		case !isText:
			t.wrong(t.at(name), fmt.Sprintf(`write %s = "string"`, name), "the type of %s must be text, but is %s", name, kindOf(values[name]))
		case !slices.Contains(k.each.words, word):
			fix := "write " + quoted(k.each.words)
			if similar := audience.Nearest(word, slices.Values(k.each.words)); similar != "" {
				fix = fmt.Sprintf("write %q", similar)
			}
			t.wrong(t.at(name), fix, "the type %q of %s is not known", word, name)
		default:
			declared[name] = word
		}
	}
	if len(declared) < len(values) {
		return nil
	}
	return declared
}

// conditionLanguage is what compiles conditions, made when the first of them is met. What the snapshot before has
// compiled is not compiled again.
func (c *check) conditionLanguage() (*audience.Environment, error) {
	var err error
	switch {
	case c.language != nil:
	case c.previous != nil && c.previous.language != nil:
		c.language, err = c.previous.language.Next(c.settings.traits)
	default:
		c.language, err = audience.NewEnvironment(c.settings.traits)
	}
	return c.language, err
}

// condition compiles the condition that stands under a key; nil where there is none, or where it is wrong.
func (c *check) condition(s section, name string) *audience.Condition {
	return c.conditionOf(s, name, (*audience.Environment).Compile)
}

func (c *check) conditionOf(s section, name string, compile func(*audience.Environment, string) (*audience.Condition, error)) *audience.Condition {
	text, given := s.values[name].(string)
	if !given {
		return nil
	}
	language, err := c.conditionLanguage()
	if err != nil {
		s.wrong(s.at(name), "report it as a bug", "%s cannot be compiled (%v)", name, err)
		return nil
	}
	compiled, err := compile(language, text)
	if err != nil {
		s.wrongInside(name, err)
		return nil
	}
	c.conditions[compiled] = true
	for _, warning := range compiled.Warnings() {
		s.doubtful(s.inside(name, warning.Line, warning.Column), warning.Fix, "%s: %s", name, warning.Text)
	}
	if err := c.segments.Check(compiled); err != nil && c.undefined(compiled.Segments()) {
		s.wrongInside(name, err)
		return nil
	}
	return compiled
}

// wrongInside reports what is wrong at a place in a key's text.
func (s section) wrongInside(name string, err error) {
	var problem *audience.Problem
	if !errors.As(err, &problem) {
		problem = &audience.Problem{Line: 1, Column: 1, Text: err.Error(), Fix: "write it as docs/conditions.md shows"}
	}
	s.wrong(s.inside(name, problem.Line, problem.Column), problem.Fix, "%s: %s", name, problem.Text)
}

// undefined says whether one of the segments is not there. A segment that is there and wrong has been reported already,
// and is not reported once more by everything that uses it.
func (c *check) undefined(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { _, defined := c.segmentAt[name]; return !defined })
}

// everybody is the audience of a message that names none.
func everybody() *audience.Audience {
	anyone, err := audience.NewAudience(nil)
	if err != nil {
		panic(err) // no names are no wrong names
	}
	return anyone
}

// audience reads to whom a message is shown.
func (c *check) audience(s section) *audience.Audience {
	anyone := everybody()
	names := s.texts("audience")
	place := func(i int) int { return s.atItem("audience", i) }
	if one, isText := s.values["audience"].(string); isText {
		names, place = []string{one}, func(int) int { return s.at("audience") }
	}
	switch {
	case !s.has("audience") || !aTextOrTexts.accepts(s.values["audience"]):
		return anyone
	case len(names) == 0:
		s.wrong(s.at("audience"), `write "anyone", or leave it out`, "audience is empty")
		return anyone
	}
	right := true
	for i, name := range names {
		one, err := audience.NewAudience([]string{name})
		if err == nil && c.undefined(one.Segments()) {
			err = c.segments.CheckAudience(one)
		}
		if err != nil {
			right = false
			c.wrongAudience(s, place(i), err)
		}
	}
	if !right {
		return anyone
	}
	all, err := audience.NewAudience(names)
	if err != nil {
		c.wrongAudience(s, s.at("audience"), err)
		return anyone
	}
	return all
}

func (c *check) wrongAudience(s section, offset int, err error) {
	var problem *audience.Problem
	if errors.As(err, &problem) {
		s.wrong(offset, problem.Fix, "audience: %s", problem.Text)
	}
}
