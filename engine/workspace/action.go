package workspace

import (
	"fmt"
	"maps"
	"slices"

	"handbill/engine/audience"
	"handbill/engine/content"
)

// written is what an author calls a button by.
func written(button content.ButtonTemplate) string {
	if text := button.Text.Plain(); text != "" {
		return text
	}
	return button.Name
}

// actionOf is a button's action where it is the same for everybody and right.
func actionOf(button content.ButtonTemplate) (content.Action, bool) {
	action, err := content.ParseAction(button.Action.Plain())
	return action, err == nil
}

// leads reports whether a button leads to another step.
func leads(button content.ButtonTemplate) bool {
	action, known := actionOf(button)
	return known && (action.Turns() || action.Kind == content.Submit || action.Kind == content.SetTrait)
}

// reached reports whether a button or an answer leads to a step by its name.
func reached(steps []content.StepTemplate, name string) bool {
	for _, step := range steps {
		for _, button := range step.Buttons {
			if action, known := actionOf(button); known && action.Kind == content.Goto && action.Argument == name {
				return true
			}
		}
		for _, field := range step.Fields {
			if slices.ContainsFunc(field.Options, func(option content.Option) bool { return option.Goto == name }) ||
				slices.ContainsFunc(field.Ranges, func(r content.Range) bool { return r.Goto == name }) {
				return true
			}
		}
	}
	return false
}

// checkActions reports actions that lead nowhere, of the steps that a section writes itself.
func (c *check) checkActions(s section, steps []content.StepTemplate) {
	var all []string
	for _, step := range steps {
		all = append(all, step.Name)
	}
	for i, step := range steps {
		if !s.has("steps") && (i > 0 || !s.has("buttons") && !s.has("fields")) {
			return
		}
		own := c.stepSection(s, i)
		c.checkForm(own, step, all)
		for n, button := range step.Buttons {
			action, known := actionOf(button)
			at := own.atItem("buttons", n)
			switch {
			case !known:
			case action.Kind == content.Next && i == len(steps)-1:
				own.wrong(at, `write action = "dismiss", or add a step`, `the button %q has the action "next", but no step follows`, written(button))
			case action.Kind == content.Back && i == 0:
				own.wrong(at, `write action = "dismiss"`, `the button %q has the action "back", but there is no step before`, written(button))
			case action.Kind == content.Goto:
				own.checkStep(at, fmt.Sprintf("the button %q", written(button)), action.Argument, all)
			}
		}
	}
}

// checkStep reports that something leads to a step which is not there.
func (s section) checkStep(at int, what, step string, all []string) {
	if slices.Contains(all, step) {
		return
	}
	fix := "the steps are " + quoted(all)
	if similar := audience.Nearest(step, slices.Values(all)); similar != "" {
		fix = fmt.Sprintf("write %q", similar)
	}
	s.wrong(at, fix, "%s leads to the step %q, which is not there", what, step)
}

// shownBy is a button that shows a message.
type shownBy struct {
	section section
	at      int
	button  string
	message string
}

// noteShown keeps what the buttons that a section writes itself show, until all messages are known, and returns the ids.
func (c *check) noteShown(s section, shown *content.Template) (ids []string) {
	for i, step := range shown.Steps {
		if !s.has("steps") && (i > 0 || !s.has("buttons")) {
			break
		}
		own := c.stepSection(s, i)
		for n, button := range step.Buttons {
			if action, known := actionOf(button); known && action.Kind == content.ShowMessage {
				c.shown = append(c.shown, shownBy{own, own.atItem("buttons", n), written(button), action.Argument})
				ids = append(ids, action.Argument)
			}
		}
	}
	return ids
}

// checkShown reports buttons that show a message which is not there.
func (c *check) checkShown() {
	for _, id := range c.shownByKept {
		if _, known := c.ids[id]; !known {
			c.doubtful = true
		}
	}
	for _, by := range c.shown {
		if _, known := c.ids[by.message]; known {
			continue
		}
		all := slices.Sorted(maps.Keys(c.ids))
		fix := "add a message with this id"
		if similar := audience.Nearest(by.message, slices.Values(all)); similar != "" {
			fix = fmt.Sprintf("write %q", "show:"+similar)
		}
		by.section.wrong(by.at, fix, "the button %q shows the message %q, which is not there", by.button, by.message)
	}
}

// HasAction reports whether a button of the message has an action, in any of its languages.
func (m *Message) HasAction(kind content.ActionKind, argument string) bool {
	return m.Localized != nil && m.Localized.HasAction(kind, argument)
}
