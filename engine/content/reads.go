package content

import (
	"errors"
	"slices"
)

// Reads says whether what the message shows depends on a variable, such as "traits", in any language.
func (l *Localized) Reads(variable string) bool {
	if l == nil {
		return false
	}
	return slices.ContainsFunc(l.editions, func(e *Edition) bool { return e.template.reads(variable) })
}

// asksTime says whether a text has a template that looks at the clock.
func (t *Template) asksTime() bool {
	return t.each(func(text **Text) error {
		if !(*text).Static() && (*text).program.clock {
			return errors.New("it does")
		}
		return nil
	}) != nil
}

func (t *Template) reads(variable string) bool {
	found := errors.New("it does")
	return t.each(func(text **Text) error {
		if !(*text).Static() && slices.Contains((*text).program.roots, variable) {
			return found
		}
		return nil
	}) != nil
}
