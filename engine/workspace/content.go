package workspace

import (
	"errors"
	"fmt"
	"slices"

	"handbill/engine/content"
)

// compileContent reads what a message shows, in all of its languages.
func (c *check) compileContent(s section, m *Message, base *template) {
	problems := len(c.problems)
	params := c.params(s, base)
	m.template = c.content(s, base)
	m.template.Persistent = persistent(s, base, m.Frequency)
	c.targets(s, m.template)
	if look := c.themeOf(s); look != nil {
		m.template.Style = look.css
	}
	translations := []content.Translation{{Locale: c.settings.locale, Template: m.template, Params: params}}
	translations = append(translations, c.translations(s, m.template, base, params)...)
	m.Content = content.Content{}
	m.Content.Place(m.template.Placement)
	if len(c.problems) > problems || s.has("template") && base == nil {
		return
	}
	localized, err := content.Localize(translations)
	if err != nil {
		c.wrongContent(s, s.offset, err)
		return
	}
	m.Localized = localized
	own := localized.In(nil)
	if same := own.Same(); same != nil {
		m.Content = *same
	} else if nobody, err := own.Render(content.Values{}); err == nil {
		m.Content = nobody.Content
	}
}

// content reads what a message or a template shows. What a message does not say itself is as its template has it.
func (c *check) content(s section, base *template) *content.Template {
	shown := &content.Template{}
	if base != nil {
		shown.Placement, shown.Beacon = base.content.Placement, base.content.Beacon
	}
	shown.Placement = c.placement(s, shown.Placement)
	names := paramNames(s, base)
	for _, name := range []string{"title", "text", "html", "html_sandbox", "image", "fields", "buttons"} {
		switch {
		case s.has("steps") && s.has(name):
			s.wrong(s.at(name), "move it into a step, or take the steps away", "%s stands beside steps", name)
		case base != nil && base.stepped && s.has(name):
			s.wrong(s.at(name), "write steps here too, or take it away", "template %q has steps, in whose place %s cannot stand", base.id, name)
		}
	}
	switch {
	case s.has("steps"):
		shown.Steps = c.steps(s, shown.Placement, names)
	case base != nil && base.stepped:
		shown.Steps = base.content.Clone().Steps
	default:
		step := c.step(s, "step-1", s.has("template"), names)
		if base != nil {
			step = over(base.content.Steps[0], step, s)
		}
		shown.Steps = []content.StepTemplate{step}
	}
	c.beacon(s, shown)
	c.checkActions(s, shown.Steps)
	return shown
}

func (c *check) steps(s section, at content.Placement, names []string) []content.StepTemplate {
	tables := s.tables("steps")
	if len(tables) == 0 && aTables.accepts(s.values["steps"]) {
		s.wrong(s.at("steps"), "add a step, or write title and text without steps", "steps is empty")
	}
	var steps []content.StepTemplate
	used := make(map[string]int)
	for i := range tables {
		step := c.stepSection(s, i)
		step.checkKeys(stepKeys)
		read := c.step(step, fmt.Sprintf("step-%d", i+1), false, names)
		if before, ok := used[read.Name]; ok {
			step.wrong(step.at("name"), "give one of the two another name", "the name %q is that of step %d already", read.Name, before)
		}
		used[read.Name] = i + 1
		read.Own = c.ownPlacement(step, at)
		steps = append(steps, read)
	}
	return steps
}

// over is a template's only step with what a message writes itself.
func over(base, own content.StepTemplate, s section) content.StepTemplate {
	if s.has("title") {
		base.Title = own.Title
	}
	if s.has("text") || s.has("html") || s.has("html_sandbox") {
		base.Body, base.Frame = own.Body, own.Frame
	}
	if s.has("image") {
		base.Image = own.Image
	}
	if s.has("fields") {
		base.Fields = own.Fields
	}
	if s.has("buttons") {
		base.Buttons = own.Buttons
	}
	return base
}

// textKey is what the reading of a text depends on.
type textKey struct {
	kind           content.Kind
	source, params string
}

// liquid is a key's text, read; nil where it is missing or wrong.
func (c *check) liquid(s section, name string, kind content.Kind, params []string) *content.Text {
	source := s.text(name)
	if source == "" {
		return nil
	}
	key := textKey{kind, source, fmt.Sprintf("%q", params)}
	if read, ok := c.texts[key]; ok {
		return read
	}
	read, err := content.ParseText(kind, source, params)
	if err != nil {
		c.wrongContent(s, s.at(name), err)
		return nil
	}
	if !read.Static() {
		c.texts[key] = read
	}
	return read
}

// wrongContent reports an error of package content.
func (c *check) wrongContent(s section, offset int, err error) {
	var wrong *content.Error
	if errors.As(err, &wrong) {
		s.wrong(offset, wrong.Fix, "%s", wrong.Problem)
	}
}

// warnOfContent reports what is probably not meant, in what the section writes itself.
func (c *check) warnOfContent(s section, shown *content.Template) {
	for i, step := range shown.Steps {
		if i > 0 && !s.has("steps") {
			return
		}
		own := c.stepSection(s, i)
		if own.has("text") {
			if found := content.HTMLInText(step.Body.Nodes()); found != "" {
				own.doubtful(own.at("text"), "write Markdown: **bold**, [a link](/offers)", "the text holds %q, which is shown as it is written and not as HTML", found)
			}
			c.warnOfMissing(own, "text", step.Body)
		}
		if own.has("html") {
			c.warnOfMissing(own, "html", step.Body)
		}
		if own.has("title") {
			c.warnOfMissing(own, "title", step.Title)
		}
		if s.has("steps") && i < len(shown.Steps)-1 && !slices.ContainsFunc(step.Buttons, leads) && !reached(shown.Steps, shown.Steps[i+1].Name) {
			own.doubtful(own.offset, `add buttons = [{ text = "Next", action = "next" }]`, "no button leads to the next step")
		}
	}
}

// warnOfMissing reports a trait that leaves a hole in a text for those who do not have it.
func (c *check) warnOfMissing(s section, name string, text *content.Text) {
	for _, trait := range text.Undefended() {
		s.doubtful(s.at(name), fmt.Sprintf("write {{ %s | default: '…' }}", trait), "%s puts out %s, which is empty for a visitor without it", name, trait)
	}
}
