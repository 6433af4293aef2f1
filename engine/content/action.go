package content

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Action is what a button does.
type Action int

const (
	// OpenURL opens an address and closes the message.
	OpenURL Action = iota
	// Dismiss closes the message.
	Dismiss
	// Next goes to the next step.
	Next
	// CustomEvent tells the site, which decides what happens; the message stays.
	CustomEvent
)

const (
	eventPrefix = "event:"
	// maximumNameLength bounds names that travel in reports, in characters.
	maximumNameLength = 100

	actionForms = `write "dismiss", "next", "event:" and a name, a path such as "/offers", or a URL`
)

// laterActions are the words of actions that come with a later version.
var laterActions = map[string]bool{
	"back": true, "goto": true, "copy": true, "snooze": true, "show": true, "set": true, "submit": true,
}

// ParseAction understands a button's action as authors write it: "dismiss",
// "next", "event:" and a name, a URL, or an address relative to the page that
// starts with /, #, ? or a dot. The error is an *[Error].
func ParseAction(text string) (Action, error) {
	word, rest, _ := strings.Cut(text, ":")
	switch {
	case text == "":
		return 0, &Error{"the action is empty", actionForms}
	case text == "dismiss":
		return Dismiss, nil
	case text == "next":
		return Next, nil
	case strings.HasPrefix(text, eventPrefix):
		if err := CheckName(rest); err != nil {
			return 0, &Error{fmt.Sprintf("the action %q: %s", text, err.Problem), err.Fix}
		}
		return CustomEvent, nil
	case laterActions[word]:
		return 0, &Error{fmt.Sprintf("the action %q is not supported yet", text), actionForms}
	case !strings.ContainsRune("/#?.", rune(text[0])) && !hasScheme(text):
		return 0, &Error{fmt.Sprintf("the action %q is not known", text), actionForms}
	}
	if err := CheckLink(text); err != nil {
		return 0, err
	}
	return OpenURL, nil
}

// CheckName reports why a name cannot be that of a step, a button or an event:
// it is empty, longer than 100 characters, or has blanks around it or control
// characters in it.
func CheckName(name string) *Error {
	switch length := utf8.RuneCountInString(name); {
	case name == "":
		return &Error{"the name is empty", `write one such as "see-offers"`}
	case length > maximumNameLength:
		return &Error{fmt.Sprintf("the name has %d characters", length), fmt.Sprintf("shorten it to %d", maximumNameLength)}
	case strings.TrimSpace(name) != name:
		return &Error{fmt.Sprintf("the name %q has blanks around it", name), "take them away"}
	case strings.ContainsFunc(name, unicode.IsControl):
		return &Error{fmt.Sprintf("the name %q holds a line break or another control character", name), "take it away"}
	}
	return nil
}

// Slug makes a button's name of its text: small letters and digits, and one
// "-" for anything between them. It is empty for a text without letters and digits.
func Slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	slug := strings.Join(words, "-")
	if utf8.RuneCountInString(slug) > maximumNameLength {
		slug = strings.TrimRight(string([]rune(slug)[:maximumNameLength]), "-")
	}
	return slug
}
