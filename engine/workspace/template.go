package workspace

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"handbill/engine/audience"
	"handbill/engine/content"
)

// template is content that messages share.
type template struct {
	id string
	// params are the names of what each message fills in.
	params  []string
	content *content.Template
	// persistent is what it says of that, if anything.
	persistent *bool
	// stepped is set when it has steps, in place of one title, text, image and buttons.
	stepped     bool
	fingerprint fingerprint
	at          located
}

// paramName is how params are named, so that Liquid can read them.
var paramName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)

// readTemplates reads the templates of all documents.
func (c *check) readTemplates(documents []section) {
	for _, document := range documents {
		for i, values := range document.tables("templates") {
			at := document.place.key("templates").item(i)
			c.readTemplate(document.child("", values, at, document.at("templates")))
		}
	}
}

func (c *check) readTemplate(s section) {
	id := s.text("id")
	s.subject = "this template"
	if id != "" {
		s.subject = fmt.Sprintf("template %q", id)
	}
	s.checkKeys(templateKeys)
	t := &template{
		id: id, params: []string{}, stepped: s.has("steps"),
		fingerprint: fingerprintOf(s.values, nil), at: s.problem(s.at("id"), "", ""),
	}
	for i, name := range s.texts("params") {
		switch {
		case !paramName.MatchString(name):
			s.wrong(s.atItem("params", i), "use 1 to 64 letters, digits and underscores, a letter first", "the param %q cannot be used", name)
		case slices.Contains(t.params, name):
			s.wrong(s.atItem("params", i), "take one of the two away", "the param %q is there twice", name)
		default:
			t.params = append(t.params, name)
		}
	}
	if stays, given := s.values["persistent"].(bool); given {
		t.persistent = &stays
	}
	t.content = c.content(s, nil)
	c.warnOfContent(s, t.content)
	c.noteShown(s, t.content)
	switch before := c.templates[id]; {
	case !s.has("id"), kindOf(s.values["id"]) != aText:
	case !identifier.MatchString(id):
		s.wrong(s.at("id"), identifierRule, "the id %q cannot be used", id)
	case before != nil:
		s.wrong(s.at("id"), "give one of the two another id", "the id is used already in %s:%d", before.at.File, before.at.Line)
	default:
		c.templates[id] = t
	}
	if len(t.content.Steps) == 0 {
		// Reported; what messages make of it needs a step.
		t.content.Steps = []content.StepTemplate{{Name: "step-1"}}
	}
}

// paramNames are the names that the texts of a template or of a message with one may read; nil for other messages.
func paramNames(s section, base *template) []string {
	switch {
	case base != nil:
		return base.params
	case !s.has("params") && !s.has("template"):
		return nil
	case aTextList.accepts(s.values["params"]):
		return s.texts("params")
	}
	// A message whose template is not there: what it writes is known at least.
	return slices.Sorted(maps.Keys(s.table("params")))
}

// templateOf is the template that a message names, or nil.
func (c *check) templateOf(s section) *template {
	id, given := s.values["template"].(string)
	if !given {
		return nil
	}
	base := c.templates[id]
	if base != nil {
		return base
	}
	all := slices.Sorted(maps.Keys(c.templates))
	fix := "add one that begins with [[templates]], or write the content here"
	if similar := audience.Nearest(id, slices.Values(all)); similar != "" {
		fix = fmt.Sprintf("write %q", similar)
	} else if len(all) > 0 {
		fix = "the templates are " + quoted(all)
	}
	s.wrong(s.at("template"), fix, "there is no template %q", id)
	return nil
}

// params reads what a message fills in.
func (c *check) params(s section, base *template) map[string]any {
	values := s.table("params")
	if base == nil {
		if s.has("params") && !s.has("template") {
			s.wrong(s.at("params"), `add template = "…", or take params away`, "params are there for a template, and the message has none")
		}
		return nil
	}
	if s.has("params") && values == nil {
		return nil // reported as being of a wrong type
	}
	c.unknownParams(s, base, values)
	for _, name := range base.params {
		if _, given := values[name]; !given {
			s.wrong(s.at("params"), fmt.Sprintf(`add %s = "…" to params`, name), "template %q needs the param %q", base.id, name)
		}
	}
	return values
}

// unknownParams reports params that a template does not have.
func (c *check) unknownParams(s section, base *template, values map[string]any) {
	at := section{check: c, file: s.file, subject: s.subject, place: s.place.key("params"), offset: s.at("params")}
	for name := range values {
		if slices.Contains(base.params, name) {
			continue
		}
		fix := "it has no params"
		if similar := audience.Nearest(name, slices.Values(base.params)); similar != "" {
			fix = fmt.Sprintf("write %q", similar)
		} else if len(base.params) > 0 {
			fix = "its params are " + quoted(base.params)
		}
		at.wrong(at.at(name), fix, "template %q has no param %q", base.id, name)
	}
}
