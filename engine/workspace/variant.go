package workspace

import (
	"fmt"
	"maps"
	"slices"
)

// variants reads what a message shows to a part of its visitors. Where the message itself is wrong, the variants' contents
// are not looked at: most of what is wrong with it would be said again of each.
func (c *check) variants(s section, m, before *Message, base *template, right bool) {
	tables := s.tables("variants")
	switch {
	case len(tables) > 0:
	case s.has("variants") && aTables.accepts(s.values["variants"]):
		s.wrong(s.at("variants"), "add a variant, or leave the key out", "variants is empty")
		return
	default:
		return
	}
	variants, sections := make([]Variant, len(tables)+1), make([]section, len(tables))
	warnings, used := c.warnings, make(map[string]int)
	for i := range tables {
		v := s.child(fmt.Sprintf("%s, variant %d", s.subject, i+1), tables[i], s.place.key("variants").item(i), s.at("variants"))
		if id := v.text("id"); id != "" {
			v.subject = fmt.Sprintf("%s, variant %q", s.subject, id)
		}
		v.checkKeys(variantKeys)
		sections[i] = v
		made := *m
		made.Variant = c.variantID(v, used, i)
		variants[i+1].Message = &made
		if right {
			c.variant(s, v, &made, before, base)
			m.ReadsEvent = m.ReadsEvent || made.ReadsEvent
			m.shows = slices.Concat(m.shows, made.shows)
		}
	}
	c.warnings = slices.Concat(warnings, newer(c.warnings[len(warnings):], warnings))
	c.shares(s, sections, variants)
	control := *m
	control.Variant = Control
	variants[0].Message = &control
	m.Variants = variants
}

// variant reads what one variant shows.
func (c *check) variant(of, v section, made, before *Message, base *template) {
	s := varied(of, v)
	var known *Message
	if before != nil {
		known = before.variant(made.Variant)
	}
	if known != nil {
		made.Content, made.Localized, made.template = known.Content, known.Localized, known.template
	} else {
		c.compileContent(s, made, base)
	}
	c.inboxVariant(of, v, made, base)
	made.Slot, made.Stays, made.document = slotOf(made.Content), stays(s, base, made), s.text("html_sandbox")
	c.checkReads(s, made)
	c.warnOfContent(s, made.template)
	c.warnOfLocales(s, made.template)
	if v.has("buttons") || v.has("steps") {
		made.shows = c.noteShown(s, made.template)
	}
}

// newer are the warnings at places of which nothing was said before: a variant has most of its message.
func newer(warnings, before []located) []located {
	var all []located
	for _, warning := range warnings {
		if !slices.ContainsFunc(before, func(known located) bool {
			return known.order == warning.order && known.Line == warning.Line && known.Column == warning.Column
		}) {
			all = append(all, warning)
		}
	}
	return all
}

// replaces are the keys of a message in whose place one of a variant comes, beside its own.
var replaces = map[string][]string{
	"text":         {"html", "html_sandbox"},
	"html":         {"text", "html_sandbox"},
	"html_sandbox": {"text", "html"},
	"display":      {"position", "target", "flow", "width", "overlay_color", "arrow_color", "close_outside", "beacon"},
	"steps":        {"title", "text", "html", "html_sandbox", "image", "fields", "buttons"},
}

// translated are the keys that other languages have, too.
var translated = []string{"title", "text", "html", "html_sandbox", "image", "fields", "buttons", "steps"}

// varied is a message's section with what a variant writes in place of what the message does. A text that a variant writes
// has no other languages but the variant's own.
func varied(s, v section) section {
	made := s
	made.subject = v.subject
	made.values, made.place = maps.Clone(s.values), &place{offset: v.offset, keys: make(map[string]*place)}
	if s.place != nil {
		maps.Copy(made.place.keys, s.place.keys)
	}
	made.offset = v.offset
	delete(made.values, "variants")
	drop := func(name string) { delete(made.values, name) }
	for name := range v.values {
		for _, other := range replaces[name] {
			if !v.has(other) {
				drop(other)
			}
		}
	}
	made.values["locales"] = v.withoutTranslations(s.table("locales"))
	for name, value := range v.values {
		at := v.place.key(name)
		switch name {
		case "id", "weight":
			continue
		case "params", "locales":
			if table, ok := value.(map[string]any); ok {
				own, _ := made.values[name].(map[string]any)
				value, at = joined(own, table), at.over(s.place.key(name))
			}
		}
		made.values[name], made.place.keys[name] = value, at
	}
	if len(made.table("locales")) == 0 && !s.has("locales") && !v.has("locales") {
		drop("locales")
	}
	return made
}

// withoutTranslations are a message's other languages without what the variant writes itself.
func (s section) withoutTranslations(locales map[string]any) map[string]any {
	kept := make(map[string]any, len(locales))
	for tag, said := range locales {
		values, ok := said.(map[string]any)
		if !ok {
			kept[tag] = said
			continue
		}
		values = maps.Clone(values)
		for _, name := range translated {
			if s.has(name) {
				delete(values, name)
				for _, other := range replaces[name] {
					delete(values, other)
				}
			}
		}
		if params, ok := values["params"].(map[string]any); ok {
			params = maps.Clone(params)
			for name := range s.table("params") {
				delete(params, name)
			}
			values["params"] = params
		}
		kept[tag] = values
	}
	return kept
}

// joined is a table with what another writes in place of it, down to the tables in it.
func joined(under, over map[string]any) map[string]any {
	all := maps.Clone(under)
	if all == nil {
		all = make(map[string]any, len(over))
	}
	for name, value := range over {
		a, isTable := all[name].(map[string]any)
		if b, too := value.(map[string]any); isTable && too {
			value = joined(a, b)
		}
		all[name] = value
	}
	return all
}

// over is a place with the keys of another one under it that it does not have.
func (p *place) over(under *place) *place {
	if p == nil || under == nil || len(p.items) > 0 {
		if p == nil {
			return under
		}
		return p
	}
	all := *p
	all.keys = maps.Clone(under.keys)
	if all.keys == nil {
		all.keys = make(map[string]*place, len(p.keys))
	}
	for name, at := range p.keys {
		all.keys[name] = at.over(under.keys[name])
	}
	return &all
}

// movedTo is the message at another line of its file.
func (m *Message) movedTo(line int) *Message {
	moved := *m
	moved.Line = line
	moved.Variants = slices.Clone(m.Variants)
	for i := range moved.Variants {
		moved.Variants[i].Message = moved.Variants[i].Message.movedTo(line)
	}
	return &moved
}
