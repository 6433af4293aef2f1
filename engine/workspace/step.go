package workspace

import (
	"fmt"
	"strings"

	"handbill/engine/content"
)

// stepSection is the table of a message's step: its own, or the message's where it has no steps.
func (c *check) stepSection(s section, index int) section {
	tables := s.tables("steps")
	if index >= len(tables) {
		return s
	}
	subject := fmt.Sprintf("%s, step %d", s.subject, index+1)
	return s.child(subject, tables[index], s.place.key("steps").item(index), s.at("steps"))
}

// step reads a step from its own table, or from the message's where there is
// one alone. A bare step has nothing to show by itself and is not reported for
// it. Params are the names that its texts may read.
func (c *check) step(s section, defaultName string, bare bool, params []string) content.StepTemplate {
	step := content.StepTemplate{Name: defaultName}
	c.notEmpty(s, "title")
	step.Title = c.liquid(s, "title", content.Plain, params)
	if s.has("name") && kindOf(s.values["name"]) == aText {
		step.Name = s.text("name")
		if err := content.CheckName(step.Name); err != nil {
			s.wrong(s.at("name"), err.Fix, "%s", err.Problem)
		}
	}
	if c.notEmpty(s, "text") {
		step.Body = c.liquid(s, "text", content.Rich, params)
	}
	if c.notEmpty(s, "html") {
		step.Body = c.liquid(s, "html", content.Markup, params)
		if s.has("text") {
			s.wrong(s.at("html"), "keep one of the two", "html stands beside text")
		}
	}
	step.Frame = c.sandbox(s)
	if values := s.table("image"); values != nil {
		step.Image = c.image(s.child(s.subject+", image", values, s.place.key("image"), s.at("image")), params)
	}
	step.Fields = c.fields(s, params)
	step.Buttons = c.buttons(s, params)
	if !bare && !s.has("title") && !s.has("text") && !s.has("html") && !s.has("html_sandbox") && !s.has("image") && !s.has("fields") {
		s.wrong(s.offset, `add text = "…", a title or an image`, "there is nothing to show")
	}
	return step
}

// maximumDocument bounds a document that is shown in a sandbox, in bytes.
const maximumDocument = 256 << 10

// sandbox reads a document that is shown in a sandbox, and returns its name.
func (c *check) sandbox(s section) string {
	if !c.notEmpty(s, "html_sandbox") {
		return ""
	}
	for _, other := range []string{"text", "html"} {
		if s.has(other) {
			s.wrong(s.at("html_sandbox"), "keep one of the two", "html_sandbox stands beside %s", other)
		}
	}
	document := s.text("html_sandbox")
	if len(document) > maximumDocument {
		s.wrong(s.at("html_sandbox"), "load what is large from files", "html_sandbox has %d bytes, and may have %d", len(document), maximumDocument)
	}
	if !s.has("title") && !strings.Contains(strings.ToLower(document), "<title") {
		s.doubtful(s.at("html_sandbox"), `add title = "…"`, "without a title screen readers do not say what the message is")
	}
	for _, mark := range []string{"{{", "{%"} {
		if strings.Contains(document, mark) {
			s.doubtful(s.at("html_sandbox"), `write html = "…" where values of the visitor are shown, or take it away unless the document's own script reads it`, "%q in html_sandbox stays as it is: the document is the same for everybody", mark)
			break
		}
	}
	return content.Sandboxed(document)
}

// notEmpty reports a text that says nothing. It is false for one and for none.
func (c *check) notEmpty(s section, name string) bool {
	text, given := s.values[name].(string)
	if given && strings.TrimSpace(text) == "" {
		s.wrong(s.at(name), "write something, or leave the key out", "%s is empty", name)
		return false
	}
	return given
}

// maximumPixels bounds an image's sides.
const maximumPixels = 10_000

func (c *check) image(s section, params []string) *content.ImageTemplate {
	s.checkKeys(imageKeys, "alt")
	if !s.has("alt") {
		s.wrong(s.offset, `add alt = "what it shows", or alt = "" for a picture that only decorates`, "alt is missing")
	}
	image := &content.ImageTemplate{Alt: c.liquid(s, "alt", content.Plain, params)}
	if c.notEmpty(s, "src") {
		image.Src = c.liquid(s, "src", content.ImageAddress, params)
	}
	for name, side := range map[string]*int{"width": &image.Width, "height": &image.Height} {
		pixels, given := s.number(name)
		if given && (pixels < 1 || pixels > maximumPixels) {
			s.wrong(s.at(name), fmt.Sprintf("write the picture's %s in pixels, 1 to %d", name, maximumPixels), "%s %d is out of range", name, pixels)
		}
		*side = int(pixels)
	}
	return image
}

func (c *check) buttons(s section, params []string) []content.ButtonTemplate {
	var buttons []content.ButtonTemplate
	used := make(map[string]int)
	for i, values := range s.tables("buttons") {
		b := s.child(fmt.Sprintf("%s, button %d", s.subject, i+1), values, s.place.key("buttons").item(i), s.at("buttons"))
		b.checkKeys(buttonKeys)
		button := content.ButtonTemplate{}
		if c.notEmpty(b, "text") {
			button.Text = c.liquid(b, "text", content.Plain, params)
		}
		if c.notEmpty(b, "action") {
			button.Action = c.liquid(b, "action", content.ActionAddress, params)
		}
		button.Name = c.buttonName(b, button.Text, i)
		if before, ok := used[button.Name]; ok {
			b.wrong(b.at("name"), `give one of the two a name of its own: name = "…"`, "the name %q is that of button %d already", button.Name, before)
		}
		used[button.Name] = i + 1
		buttons = append(buttons, button)
	}
	return buttons
}

// buttonName is the button's name as written, or else made of its text where that is the same for everybody.
func (c *check) buttonName(s section, text *content.Text, index int) string {
	if name, given := s.values["name"].(string); given {
		if err := content.CheckName(name); err != nil {
			s.wrong(s.at("name"), err.Fix, "%s", err.Problem)
		}
		return name
	}
	if name := content.Slug(text.Plain()); name != "" {
		return name
	}
	return fmt.Sprintf("button-%d", index+1)
}
