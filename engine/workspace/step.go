package workspace

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"handbill/engine/content"
)

// stepSection is the table of a message's step: its own, or the message's where it has no steps.
func (c *check) stepSection(s section, index int) section {
	if !s.has("steps") {
		return s
	}
	subject := fmt.Sprintf("%s, step %d", s.subject, index+1)
	return s.child(subject, s.tables("steps")[index], s.place.key("steps").item(index), s.at("steps"))
}

// step reads a step from its own table, or from the message's where there is
// one alone. A bare step has nothing to show by itself and is not reported for it.
func (c *check) step(s section, defaultName string, bare bool) content.Step {
	step := content.Step{Name: defaultName, Title: c.plainText(s, "title")}
	if s.has("name") && kindOf(s.values["name"]) == aText {
		step.Name = s.text("name")
		if err := content.CheckName(step.Name); err != nil {
			s.wrong(s.at("name"), err.Fix, "%s", err.Problem)
		}
	}
	if text := c.plainText(s, "text"); text != "" {
		body, err := content.Markdown(text)
		c.wrongContent(s, s.at("text"), err)
		step.Body = body
	}
	if values := s.table("image"); values != nil {
		step.Image = c.image(s.child(s.subject+", image", values, s.place.key("image"), s.at("image")))
	}
	step.Buttons = c.buttons(s)
	if !bare && !s.has("title") && !s.has("text") && !s.has("image") {
		s.wrong(s.offset, `add text = "…", a title or an image`, "there is nothing to show")
	}
	return step
}

// plainText is a key's text, which must not be empty or hold a template.
func (c *check) plainText(s section, name string) string {
	text, given := s.values[name].(string)
	switch {
	case !given:
	case strings.TrimSpace(text) == "":
		s.wrong(s.at(name), "write something, or leave the key out", "%s is empty", name)
	case strings.Contains(text, "{{") || strings.Contains(text, "{%"):
		s.wrong(s.at(name), "write the text without {{ … }} and {% … %} until then", "templates are not supported yet, and %s holds one", name)
	}
	return text
}

// wrongContent reports an error of package content.
func (c *check) wrongContent(s section, offset int, err error) {
	var wrong *content.Error
	if errors.As(err, &wrong) {
		s.wrong(offset, wrong.Fix, "%s", wrong.Problem)
	}
}

// maximumPixels bounds an image's sides.
const maximumPixels = 10_000

func (c *check) image(s section) *content.Image {
	s.checkKeys(imageKeys, "alt")
	if !s.has("alt") {
		s.wrong(s.offset, `add alt = "what it shows", or alt = "" for a picture that only decorates`, "alt is missing")
	}
	image := &content.Image{Src: c.plainText(s, "src"), Alt: s.text("alt")}
	if strings.Contains(image.Alt, "{{") {
		c.plainText(s, "alt")
	}
	if image.Src != "" {
		c.wrongContent(s, s.at("src"), content.CheckImage(image.Src))
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

func (c *check) buttons(s section) []content.Button {
	var buttons []content.Button
	used := make(map[string]int)
	for i, values := range s.tables("buttons") {
		b := s.child(fmt.Sprintf("%s, button %d", s.subject, i+1), values, s.place.key("buttons").item(i), s.at("buttons"))
		b.checkKeys(buttonKeys)
		button := content.Button{Text: c.plainText(b, "text"), Action: c.plainText(b, "action")}
		if _, err := content.ParseAction(button.Action); button.Action != "" {
			c.wrongContent(b, b.at("action"), err)
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

// buttonName is the button's name as written, or else made of its text.
func (c *check) buttonName(s section, text string, index int) string {
	if name, given := s.values["name"].(string); given {
		if err := content.CheckName(name); err != nil {
			s.wrong(s.at("name"), err.Fix, "%s", err.Problem)
		}
		return name
	}
	if name := content.Slug(text); name != "" {
		return name
	}
	return fmt.Sprintf("button-%d", index+1)
}

// checkNext reports a "next" that leads nowhere.
func (c *check) checkNext(s section, steps []content.Step) {
	if len(steps) == 0 {
		return
	}
	last := len(steps) - 1
	step := c.stepSection(s, last)
	for i, button := range steps[last].Buttons {
		if isNext(button) {
			step.wrong(step.atItem("buttons", i), `write action = "dismiss", or add a step`, `the button %q has the action "next", but no step follows`, button.Text)
		}
	}
}

// warnOfContent reports what is probably not meant.
func (c *check) warnOfContent(s section, shown content.Content) {
	for i, step := range shown.Steps {
		written := c.stepSection(s, i)
		if found := content.HTMLInText(step.Body); found != "" {
			written.doubtful(written.at("text"), "write Markdown: **bold**, [a link](/offers)", "the text holds %q, which is shown as it is written and not as HTML", found)
		}
		if i < len(shown.Steps)-1 && !slices.ContainsFunc(step.Buttons, isNext) {
			written.doubtful(written.offset, `add buttons = [{ text = "Next", action = "next" }]`, "no button leads to the next step")
		}
	}
}

func isNext(button content.Button) bool {
	action, err := content.ParseAction(button.Action)
	return err == nil && action == content.Next
}
