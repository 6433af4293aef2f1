package workspace

import (
	"cmp"
	"fmt"
	"slices"

	"handbill/engine/content"
)

// standing is what a display has.
type standing struct {
	display string
	// noun is how problems call a message of the display.
	noun string
	// positions are where it can be, the default first; none where it has none.
	positions []string
	// keys are those that not every display has.
	keys []string
}

var standings = []standing{
	{content.DisplayModal, "a modal", []string{content.PositionCenter, content.PositionTop, content.PositionBottom}, []string{"width", "overlay_color", "close_outside"}},
	{content.DisplayFullscreen, "a fullscreen message", nil, nil},
	{content.DisplayBanner, "a banner", []string{content.PositionTop, content.PositionBottom}, []string{"flow", "width"}},
	{content.DisplayToast, "a toast", []string{
		content.PositionBottomRight, content.PositionBottomLeft, content.PositionBottom,
		content.PositionTopRight, content.PositionTopLeft, content.PositionTop,
	}, []string{"width"}},
	{content.DisplayInline, "an inline message", []string{
		content.PositionInside, content.PositionReplace, content.PositionBefore, content.PositionAfter,
		content.PositionPrepend, content.PositionAppend,
	}, []string{"target", "width"}},
	{content.DisplayTooltip, "a tooltip", []string{content.PositionBottom, content.PositionTop, content.PositionLeft, content.PositionRight}, []string{"target", "width", "arrow_color", "beacon"}},
	{content.DisplayInbox, "a message in the inbox", nil, nil},
}

// standingOf is what a display has, if there is one of the name.
func standingOf(display string) (standing, bool) {
	for _, one := range standings {
		if one.display == display {
			return one, true
		}
	}
	return standing{}, false
}

// allPositions are the positions of all displays.
func allPositions() []string {
	var all []string
	for _, one := range standings {
		for _, position := range one.positions {
			if !slices.Contains(all, position) {
				all = append(all, position)
			}
		}
	}
	return all
}

// having are the displays that have a key.
func having(name string) []string {
	var all []string
	for _, one := range standings {
		if slices.Contains(one.keys, name) {
			all = append(all, one.display)
		}
	}
	return all
}

// The bounds of width, in pixels.
const narrowest, widest = 100, 2000

// placement reads where a message, a template or a step stands. What it does not say is as base has it, where that is of
// the same display; a position also where another display has the same.
func (c *check) placement(s section, base content.Placement) content.Placement {
	made := content.Placement{Display: s.word("display", cmp.Or(base.Display, content.DisplayBanner))}
	all, known := standingOf(made.Display)
	if !known {
		return made // reported as a word that is not known, or another's to read
	}
	switch made.Display {
	case base.Display:
		made = base
	case content.DisplayModal:
		closes := true
		made.CloseOutside = &closes
	}
	made.Position = c.position(s, all, base.Position)
	c.misplaced(s, all)
	if s.has("target") {
		made.Target = s.selector("target")
	}
	made.Flow = s.word("flow", made.Flow)
	if made.Display == content.DisplayBanner {
		made.Flow = cmp.Or(made.Flow, content.FlowOver)
	}
	if width, given := s.number("width"); given {
		if width < narrowest || width > widest {
			s.wrong(s.at("width"), fmt.Sprintf("write pixels, %d to %d", narrowest, widest), "width %d is out of range", width)
		}
		made.Width = int(width)
	}
	for name, colour := range map[string]*string{"overlay_color": &made.OverlayColor, "arrow_color": &made.ArrowColor} {
		text, given := s.values[name].(string)
		if !given {
			continue
		}
		*colour = text
		if wrong := content.CheckColour(text); wrong != nil {
			example, _ := find(placementKeys, name)
			s.wrong(s.at(name), "write it in hexadecimal digits: "+example.example, "%s: %s", name, wrong.Problem)
		}
	}
	if closes, given := s.values["close_outside"].(bool); given {
		made.CloseOutside = &closes
	}
	return made
}

// position is where a message of a display is.
func (c *check) position(s section, all standing, before string) string {
	if len(all.positions) == 0 {
		if s.has("position") {
			s.wrong(s.at("position"), "take it away", "%s has no position", all.noun)
		}
		return ""
	}
	fallback := all.positions[0]
	if slices.Contains(all.positions, before) {
		fallback = before
	}
	position := s.word("position", fallback)
	if slices.Contains(allPositions(), position) && !slices.Contains(all.positions, position) {
		s.wrong(s.at("position"), "write "+quoted(all.positions), "%s has no position %q", all.noun, position)
	}
	return position
}

// misplaced reports keys that the display does not have.
func (c *check) misplaced(s section, all standing) {
	for _, name := range []string{"target", "flow", "width", "overlay_color", "arrow_color", "close_outside"} {
		if s.has(name) && !slices.Contains(all.keys, name) {
			s.wrong(s.at(name), "take it away, or write display = "+quoted(having(name)), "%s has no %s", all.noun, name)
		}
	}
}

// ownPlacement is where a step stands, if it says anything of it.
func (c *check) ownPlacement(s section, at content.Placement) *content.Placement {
	if !slices.ContainsFunc(placementKeys, func(k key) bool { return s.has(k.name) }) {
		return nil
	}
	if s.text("display") == content.DisplayInbox {
		s.wrong(s.at("display"), "make it a message of its own", "a step cannot lie in the inbox")
		return nil
	}
	if s.word("display", at.Display) != at.Display {
		at = content.Placement{}
	}
	made := c.placement(s, at)
	c.needsTarget(s, made)
	return &made
}

// targets reports a message whose steps stand at no element although they should.
func (c *check) targets(s section, shown *content.Template) {
	if slices.ContainsFunc(shown.Steps, func(step content.StepTemplate) bool { return step.Own == nil }) {
		c.needsTarget(s, shown.Placement)
	}
}

func (c *check) needsTarget(s section, at content.Placement) {
	all, known := standingOf(at.Display)
	if known && slices.Contains(all.keys, "target") && at.Target == "" && !s.has("target") {
		s.wrong(s.at("display"), `add target = "#…", the CSS selector of the element where it belongs`, "%s needs a target", all.noun)
	}
}

// beacon reads whether a tooltip begins as a dot.
func (c *check) beacon(s section, shown *content.Template) {
	if begins, given := s.values["beacon"].(bool); given {
		shown.Beacon = begins
	}
	at := shown.Placement
	if len(shown.Steps) > 0 && shown.Steps[0].Own != nil {
		at = *shown.Steps[0].Own
	}
	all, known := standingOf(at.Display)
	if known && at.Display != content.DisplayTooltip {
		if s.has("beacon") {
			s.wrong(s.at("beacon"), "take it away, or write display = "+quoted(having("beacon")), "%s has no beacon", all.noun)
		}
		shown.Beacon = false
	}
}

// persistent is whether a message that was shown stays until it is closed.
func persistent(s section, base *template, frequency Frequency) bool {
	if said, given := persistentSaid(s, base); given {
		return said
	}
	return frequency.Name == FrequencyUntilDismissed
}

// stays is whether the reference client shows a message until it is closed. It says of no other that it was closed, and
// shows others once in a visit.
func stays(s section, base *template, m *Message) bool {
	if said, given := persistentSaid(s, base); given {
		return said
	}
	switch {
	case m.Frequency.Wire, m.Kind == KindTransactional:
		return false
	}
	return m.Frequency.StopOnDismiss || !m.Frequency.bounded()
}

func persistentSaid(s section, base *template) (said, given bool) {
	if said, given = s.values["persistent"].(bool); given {
		return said, true
	}
	if base != nil && base.persistent != nil {
		return *base.persistent, true
	}
	return false, false
}
