package content

import "strings"

// partActions are the actions, by their first words, for which the client loads a part of itself.
var partActions = map[string]bool{"back": true, "goto": true, "copy": true, "snooze": true, "show": true, "set": true}

// Parts are the parts of the client that steps need besides its core: it loads them before it shows a message.
func Parts(steps []Step) []string {
	var forms, actions, markup, sandbox bool
	for _, step := range steps {
		sandbox = sandbox || step.Frame != ""
		markup = markup || needsMarkup(step.Body)
		forms = forms || len(step.Fields) > 0
		for _, button := range step.Buttons {
			word, _, _ := strings.Cut(button.Action, ":")
			actions = actions || partActions[word]
		}
	}
	var parts []string
	if actions {
		parts = append(parts, "actions")
	}
	if forms {
		parts = append(parts, "forms")
	}
	if markup {
		parts = append(parts, "markup")
	}
	if sandbox {
		parts = append(parts, "sandbox")
	}
	return parts
}
