package workspace

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"handbill/engine/audience"
	"handbill/engine/content"
)

// eachLocale calls f for the languages of a message that can be read, in the order of their names.
func (c *check) eachLocale(s section, f func(l section, name string)) {
	locales := s.table("locales")
	at := s.child(s.subject, locales, s.place.key("locales"), s.at("locales"))
	for _, name := range slices.Sorted(maps.Keys(locales)) {
		values, ok := locales[name].(map[string]any)
		if !ok {
			continue
		}
		f(s.child(fmt.Sprintf("%s, locale %q", s.subject, name), values, at.place.key(name), at.at(name)), name)
	}
}

// translations reads a message's other languages. What one does not say is as the message itself has it.
func (c *check) translations(s section, own *content.Template, base *template, params map[string]any) []content.Translation {
	locales := s.table("locales")
	if len(locales) > 0 && c.settings.locale == "" {
		if !c.settings.uncertain {
			s.wrong(s.at("locales"), `add locale = "en", or what it is, to [workspace]`, "the message has locales, and the workspace does not say in which language its texts are")
		}
		return nil
	}
	each, _ := find(messageKeys, "locales")
	at := s.child(s.subject, locales, s.place.key("locales"), s.at("locales"))
	for name, values := range locales {
		if kindOf(values) != aTable {
			at.wrong(at.at(name), "write "+each.each.example, "locale %q must be a table, but is %s", name, kindOf(values))
		}
	}
	var translations []content.Translation
	seen := map[string]bool{c.settings.locale: true}
	c.eachLocale(s, func(l section, name string) {
		tag, err := content.CheckLocale(name)
		switch {
		case err != nil:
			c.wrongContent(l, l.offset, err)
		case tag == c.settings.locale:
			l.wrong(l.offset, "write these texts in the message itself", "%q is the workspace's own language", name)
		case seen[tag]:
			l.wrong(l.offset, "keep one of the two", "the language is there twice")
		}
		seen[tag] = true
		translations = append(translations, c.translation(l, tag, s, own, base, params))
	})
	return translations
}

func (c *check) translation(l section, tag string, s section, own *content.Template, base *template, params map[string]any) content.Translation {
	made := content.Translation{Locale: tag, Template: own.Clone(), Params: params}
	l.checkKeys(localeKeys)
	names := paramNames(s, base)
	if overlay := l.table("params"); overlay != nil {
		switch {
		case base != nil:
			c.unknownParams(l, base, overlay)
		case !s.has("template"):
			l.wrong(l.at("params"), `add template = "…" to the message, or take params away`, "params are there for a template, and the message has none")
		}
		made.Params = maps.Clone(params)
		if made.Params == nil {
			made.Params = make(map[string]any)
		}
		maps.Copy(made.Params, overlay)
	}
	stepped := s.has("steps") || base != nil && base.stepped
	if !stepped {
		c.overlay(l, &made.Template.Steps[0], names)
	} else {
		for _, name := range []string{"title", "text", "html", "image", "fields", "buttons"} {
			if l.has(name) {
				l.wrong(l.at(name), fmt.Sprintf("move it into [messages.locales.%s.steps.…] with the step's name", tag), "%s stands beside the message's steps", name)
			}
		}
	}
	c.overlaySteps(l, made.Template, stepped, names)
	return made
}

func (c *check) overlaySteps(l section, made *content.Template, stepped bool, names []string) {
	steps := l.table("steps")
	at := l.child(l.subject, steps, l.place.key("steps"), l.at("steps"))
	if len(steps) > 0 && !stepped {
		l.wrong(l.at("steps"), "write title and text without steps, as the message does", "the message has no steps")
		return
	}
	var all []string
	for _, step := range made.Steps {
		all = append(all, step.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(steps)) {
		values, ok := steps[name].(map[string]any)
		index := slices.Index(all, name)
		switch {
		case !ok:
			at.wrong(at.at(name), "write [messages.locales.de.steps.welcome]", "step %q must be a table, but is %s", name, kindOf(steps[name]))
		case index < 0:
			fix := "the steps are " + quoted(all)
			if similar := audience.Nearest(name, slices.Values(all)); similar != "" {
				fix = fmt.Sprintf("write %q", similar)
			}
			at.wrong(at.at(name), fix, "the message has no step %q", name)
		default:
			child := l.child(fmt.Sprintf("%s, step %q", l.subject, name), values, at.place.key(name), at.at(name))
			child.checkKeys(stepLocaleKeys)
			c.overlay(child, &made.Steps[index], names)
		}
	}
}

// overlay puts the texts of another language over those of a step.
func (c *check) overlay(l section, step *content.StepTemplate, names []string) {
	if c.notEmpty(l, "title") {
		step.Title = c.liquid(l, "title", content.Plain, names)
	}
	if c.notEmpty(l, "text") {
		step.Body = c.liquid(l, "text", content.Rich, names)
	}
	if c.notEmpty(l, "html") {
		step.Body = c.liquid(l, "html", content.Markup, names)
		if l.has("text") {
			l.wrong(l.at("html"), "keep one of the two", "html stands beside text")
		}
	}
	if values := l.table("image"); values != nil {
		i := l.child(l.subject+", image", values, l.place.key("image"), l.at("image"))
		i.checkKeys(imageLocaleKeys)
		if step.Image == nil {
			i.wrong(i.offset, "add image to the message itself, or take it away", "the message has no image to say in another language")
			return
		}
		if c.notEmpty(i, "src") {
			step.Image.Src = c.liquid(i, "src", content.ImageAddress, names)
		}
		if i.has("alt") {
			step.Image.Alt = c.liquid(i, "alt", content.Plain, names)
		}
	}
	c.overlayFields(l, step, names)
	c.overlayButtons(l, step, names)
}

func (c *check) overlayButtons(l section, step *content.StepTemplate, names []string) {
	texts := l.table("buttons")
	b := l.child(l.subject+", buttons", texts, l.place.key("buttons"), l.at("buttons"))
	var all []string
	for _, button := range step.Buttons {
		all = append(all, button.Name)
	}
	for name, text := range texts {
		index := slices.Index(all, name)
		switch {
		case kindOf(text) != aText:
			b.wrong(b.at(name), fmt.Sprintf(`write %s = "…"`, name), "the button %q must be text, but is %s", name, kindOf(text))
		case index < 0 && len(all) == 0:
			b.wrong(b.at(name), "add it to the message itself, or take it away", "there is no button %q", name)
		case index < 0:
			fix := "the buttons are " + quoted(all)
			if similar := audience.Nearest(name, slices.Values(all)); similar != "" {
				fix = fmt.Sprintf("write %q", similar)
			}
			b.wrong(b.at(name), fix, "there is no button %q", name)
		case c.notEmpty(b, name):
			step.Buttons[index].Text = c.liquid(b, name, content.Plain, names)
		}
	}
}

// warnOfLocales reports what a message says in its own language and not in another.
func (c *check) warnOfLocales(s section, own *content.Template) {
	c.eachLocale(s, func(l section, name string) {
		var missing []string
		for param, value := range s.table("params") {
			if _, given := l.table("params")[param]; !given && kindOf(value) == aText {
				missing = append(missing, "params."+param)
			}
		}
		slices.Sort(missing)
		if !s.has("steps") {
			missing = append(missing, holes(s, l.values, own.Steps)...)
		}
		steps := l.table("steps")
		for i, step := range own.Steps {
			if i >= len(s.tables("steps")) {
				break
			}
			said, _ := steps[step.Name].(map[string]any)
			for _, hole := range holes(c.stepSection(s, i), said, own.Steps[i:]) {
				missing = append(missing, "steps."+step.Name+"."+hole)
			}
		}
		if len(missing) > 0 {
			l.doubtful(l.offset, fmt.Sprintf("add it under [messages.locales.%s]", name), "there is no %s in this language, and %q shows instead", strings.Join(missing, ", "), c.settings.locale)
		}
	})
}

// holes are the texts that a section writes and that are not said in another language. The first of the steps is the section's.
func holes(s section, said map[string]any, steps []content.StepTemplate) []string {
	var missing []string
	for _, name := range []string{"title", "text", "html"} {
		_, given := said[name]
		if _, other := said["html"]; name == "text" {
			given = given || other
		}
		if s.has(name) && !given {
			missing = append(missing, name)
		}
	}
	image, _ := said["image"].(map[string]any)
	if alt, _ := s.table("image")["alt"].(string); alt != "" {
		if _, given := image["alt"]; !given {
			missing = append(missing, "image.alt")
		}
	}
	if len(steps) == 0 {
		return missing
	}
	if s.has("fields") {
		missing = append(missing, fieldHoles(said, steps[0].Fields)...)
	}
	if !s.has("buttons") {
		return missing
	}
	buttons, _ := said["buttons"].(map[string]any)
	for _, button := range steps[0].Buttons {
		if _, given := buttons[button.Name]; !given {
			missing = append(missing, "buttons."+button.Name)
		}
	}
	return missing
}
