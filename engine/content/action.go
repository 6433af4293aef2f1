package content

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ActionKind is what a button does.
type ActionKind int

const (
	// OpenURL opens an address and closes the message.
	OpenURL ActionKind = iota
	// Dismiss closes the message.
	Dismiss
	// Next goes to the next step.
	Next
	// Back goes to the step before.
	Back
	// Goto goes to a step.
	Goto
	// CustomEvent tells the site, which decides what happens; the message stays.
	CustomEvent
	// Copy puts a text on the clipboard; the message stays.
	Copy
	// Snooze closes the message and lets it come back later.
	Snooze
	// ShowMessage closes the message and shows another.
	ShowMessage
	// SetTrait sets a trait of the visitor, and goes on: to the next step, or closes the last one.
	SetTrait
	// Submit sends the step's fields when they are filled in right, and goes on like SetTrait where no answer leads elsewhere.
	Submit
)

// Action is a button's action, understood.
type Action struct {
	Kind ActionKind
	// Argument is the step's name (Goto), the event's name (CustomEvent), the text (Copy), the message's id (ShowMessage) or
	// the trait's name (SetTrait).
	Argument string
	// Value is what SetTrait sets: true, false, a float64, or a string.
	Value any
	// Length is how long Snooze lets the message rest.
	Length time.Duration
}

// Turns reports whether the action only turns to another step of its message.
func (a Action) Turns() bool { return a.Kind == Next || a.Kind == Back || a.Kind == Goto }

// Closes reports whether the action does no more than close the message, for good or for a while.
func (a Action) Closes() bool { return a.Kind == Dismiss || a.Kind == Snooze }

// fixedWords begin actions that must be the same for every visitor: what the edge does for them, it does only where the
// workspace says so.
var fixedWords = map[string]bool{"goto": true, "snooze": true, "show": true, "set": true}

func notFixed(action string) *Error {
	word, _, _ := strings.Cut(action, ":")
	return &Error{fmt.Sprintf("the action %q depends on the visitor", word+":…"), "write one button for each case: only addresses, event: and copy: may hold values of a visitor"}
}

const (
	copyPrefix = "copy:"
	// maximumNameLength bounds names that travel in reports, in characters.
	maximumNameLength = 100
	// maximumActionLength bounds an action, in bytes: it travels in reports, too.
	maximumActionLength = 1000
	// maximumTraitName bounds a trait's name, in bytes, as records do.
	maximumTraitName = 128
	// The bounds of a snooze.
	shortestSnooze, longestSnooze = time.Minute, 366 * 24 * time.Hour

	actionForms = `write "dismiss", "next", "back", "submit", one of "goto:", "event:", "copy:", "snooze:", "show:" and "set:" with what belongs to it, a path such as "/offers", or a URL`
)

// actions read what stands behind the colon.
var actions = map[string]func(argument string) (Action, *Error){
	"goto":   func(step string) (Action, *Error) { return Action{Kind: Goto, Argument: step}, CheckName(step) },
	"event":  func(name string) (Action, *Error) { return Action{Kind: CustomEvent, Argument: name}, CheckName(name) },
	"copy":   readCopy,
	"snooze": readSnooze,
	"show":   func(id string) (Action, *Error) { return Action{Kind: ShowMessage, Argument: id}, CheckName(id) },
	"set":    readSet,
}

// bareActions have nothing behind them.
var bareActions = map[string]ActionKind{"dismiss": Dismiss, "next": Next, "back": Back, "submit": Submit}

// ParseAction understands a button's action as authors write it: "dismiss", "next", "back", "submit", "goto:" and a step,
// "event:" and a name, "copy:" and a text, "snooze:" and a length of time, "show:" and a message's id, "set:" and a
// trait=value, a URL, or an address relative to the page that starts with /, #, ? or a dot. The error is an *[Error].
func ParseAction(text string) (Action, error) {
	if text == "" {
		return Action{}, &Error{"the action is empty", actionForms}
	}
	if kind, known := bareActions[text]; known {
		return Action{Kind: kind}, nil
	}
	word, argument, found := strings.Cut(text, ":")
	if read, known := actions[word]; known && found {
		action, wrong := read(argument)
		if wrong != nil {
			return Action{}, &Error{fmt.Sprintf("the action %q: %s", text, wrong.Problem), wrong.Fix}
		}
		return action, nil
	}
	if !strings.ContainsRune("/#?.", rune(text[0])) && !hasScheme(text) {
		return Action{}, &Error{fmt.Sprintf("the action %q is not known", text), actionForms}
	}
	if err := CheckLink(text); err != nil {
		return Action{}, err
	}
	return Action{}, nil
}

func readCopy(text string) (Action, *Error) {
	switch {
	case strings.TrimSpace(text) == "":
		return Action{}, &Error{"there is no text to copy", `write for example "copy:SPRING-20"`}
	case len(copyPrefix)+len(text) > maximumActionLength:
		return Action{}, &Error{fmt.Sprintf("the text to copy has %d bytes", len(text)), fmt.Sprintf("shorten it to %d", maximumActionLength-len(copyPrefix))}
	}
	return Action{Kind: Copy, Argument: text}, nil
}

// length is a number and its unit.
var length = regexp.MustCompile(`^([0-9]{1,6})([smhdw])$`)

func readSnooze(text string) (Action, *Error) {
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	found := length.FindStringSubmatch(text)
	if found == nil {
		return Action{}, &Error{fmt.Sprintf("%q is no length of time", text), `write for example "snooze:30m", "snooze:24h", "snooze:3d" or "snooze:1w"`}
	}
	number, _ := strconv.Atoi(found[1]) // six digits
	snooze := time.Duration(number) * units[found[2]]
	if snooze < shortestSnooze || snooze > longestSnooze {
		return Action{}, &Error{"the length is out of range", "write one from a minute to 366 days"}
	}
	return Action{Kind: Snooze, Length: snooze}, nil
}

func readSet(text string) (Action, *Error) {
	trait, value, found := strings.Cut(text, "=")
	switch {
	case !found:
		return Action{}, &Error{"there is no value", `write for example "set:newsletter=true"`}
	case len("set:")+len(text) > maximumActionLength:
		return Action{}, &Error{fmt.Sprintf("trait and value have %d bytes", len(text)), fmt.Sprintf("shorten them to %d", maximumActionLength-len("set:"))}
	}
	if wrong := CheckTrait(trait); wrong != nil {
		return Action{}, wrong
	}
	action := Action{Kind: SetTrait, Argument: trait, Value: value}
	if value == "true" || value == "false" {
		action.Value = value == "true"
	} else if number, err := strconv.ParseFloat(value, 64); err == nil && plainNumber.MatchString(value) {
		action.Value = number
	}
	return action, nil
}

// plainNumber is what people write for one: no exponents, no leading zeros, which ids have.
var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?$`)

// CheckTrait reports why a name cannot be that of a trait.
func CheckTrait(name string) *Error {
	switch {
	case len(name) > maximumTraitName:
		return &Error{fmt.Sprintf("the trait's name has %d bytes", len(name)), fmt.Sprintf("shorten it to %d", maximumTraitName)}
	case name == "" || strings.TrimSpace(name) != name || strings.ContainsFunc(name, unicode.IsControl):
		return &Error{fmt.Sprintf("%q is no trait's name", name), `write one such as "newsletter"`}
	}
	return nil
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
