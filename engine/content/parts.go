package content

import "strings"

// partActions are the actions, by their first words, for which the client loads a part of itself.
var partActions = map[string]bool{"back": true, "goto": true, "copy": true, "snooze": true, "show": true, "set": true}

// Parts are the parts of the client that a content needs besides its core: it loads them before it shows the message.
func Parts(c *Content) []string {
	var actions, forms, inline, markup, sandbox, sticky, tooltip, tour bool
	for i, step := range c.Steps {
		at := c.PlacementOf(i)
		inline = inline || at.Display == DisplayInline
		sticky = sticky || at.Flow == FlowSticky
		tooltip = tooltip || at.Display == DisplayTooltip
		tour = tour || step.Display != ""
		sandbox = sandbox || step.Frame != ""
		markup = markup || needsMarkup(step.Body)
		forms = forms || len(step.Fields) > 0
		for _, button := range step.Buttons {
			word, _, _ := strings.Cut(button.Action, ":")
			actions = actions || partActions[word]
		}
	}
	var parts []string
	for _, part := range [...]struct {
		name   string
		needed bool
	}{
		{"actions", actions},
		{"forms", forms},
		{"inline", inline},
		{"keep", c.Persistent && len(c.Steps) > 1},
		{"markup", markup},
		{"sandbox", sandbox},
		{"sticky", sticky},
		{"tooltip", tooltip},
		{"tour", tour},
	} {
		if part.needed {
			parts = append(parts, part.name)
		}
	}
	return parts
}
