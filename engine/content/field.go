package content

import (
	"fmt"
	"math"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"
)

// FieldType is what a field of a form asks for.
type FieldType string

// The types of fields.
const (
	FieldText     FieldType = "text"
	FieldEmail    FieldType = "email"
	FieldTextarea FieldType = "textarea"
	FieldNumber   FieldType = "number"
	FieldSingle   FieldType = "single"
	FieldMulti    FieldType = "multi"
	FieldRating   FieldType = "rating"
	FieldNPS      FieldType = "nps"
	FieldConsent  FieldType = "consent"
)

// The scales of a rating.
const (
	ScaleNumbers = "numbers"
	ScaleStars   = "stars"
	ScaleEmoji   = "emoji"
)

// Bounds of forms.
const (
	// MaximumFields is how many fields a step may have, MaximumOptions how many options a field.
	MaximumFields, MaximumOptions = 20, 50
	// The longest answers, in characters.
	longestLine, longestText = 500, 5000
	// highestNPS ends the scale of an NPS, which begins with 0. A rating's begins with 1.
	highestNPS = 10
)

// Field is one question of a step.
type Field struct {
	// Name is unique in the step; answers go by it.
	Name string    `json:"name"`
	Type FieldType `json:"type"`
	// Label is the question.
	Label       string `json:"label"`
	Placeholder string `json:"placeholder,omitempty"`
	Required    bool   `json:"required,omitempty"`
	// Min and Max bound a number, the characters of a text, and how many options of several may be chosen. Of a rating and
	// an NPS they are the ends of the scale.
	Min *int `json:"min,omitempty"`
	Max *int `json:"max,omitempty"`
	// Scale is how a rating looks: ScaleNumbers, ScaleStars or ScaleEmoji.
	Scale string `json:"scale,omitempty"`
	// Low and High say what the ends of a scale mean.
	Low  string `json:"low,omitempty"`
	High string `json:"high,omitempty"`
	// Error is what is said of an answer that is missing or wrong; empty: in the browser's own words.
	Error   string   `json:"error,omitempty"`
	Options []Option `json:"options,omitempty"`
	Ranges  []Range  `json:"ranges,omitempty"`
}

// Option is one answer to choose.
type Option struct {
	Value string `json:"value"`
	Text  string `json:"text"`
	// Goto is the step that comes after this answer; empty: the next one.
	Goto string `json:"goto,omitempty"`
}

// Range leads from the answers between two numbers, which belong to it, to a step.
type Range struct {
	From int    `json:"from"`
	To   int    `json:"to"`
	Goto string `json:"goto"`
}

// FieldTemplate is a [Field] before it is known who is asked. Its texts are Plain.
type FieldTemplate struct {
	Field
	Label, Placeholder, Low, High, Error *Text
	// Trait is the visitor's attribute that the answer becomes; empty for none.
	Trait string
	// Texts are those of the options, in their order.
	Texts []*Text
}

// texts are all that the field says.
func (f *FieldTemplate) texts() []**Text {
	all := []**Text{&f.Label, &f.Placeholder, &f.Low, &f.High, &f.Error}
	for i := range f.Texts {
		all = append(all, &f.Texts[i])
	}
	return all
}

func (r *rendering) field(t *FieldTemplate) (Field, error) {
	made := t.Field
	made.Options = slices.Clone(t.Options)
	into := []*string{&made.Label, &made.Placeholder, &made.Low, &made.High, &made.Error}
	for i := range made.Options {
		into = append(into, &made.Options[i].Text)
	}
	for i, text := range t.texts() {
		var err error
		if *into[i], err = r.plain(*text); err != nil {
			return Field{}, err
		}
	}
	// What nobody could read would be no question.
	if strings.TrimSpace(made.Label) == "" {
		made.Label = made.Name
	}
	for i := range made.Options {
		if strings.TrimSpace(made.Options[i].Text) == "" {
			made.Options[i].Text = made.Options[i].Value
		}
	}
	return made, nil
}

// Scaled reports whether the field's answer is a number on a scale.
func (t FieldType) Scaled() bool { return t == FieldRating || t == FieldNPS }

// Chosen reports whether the field's answer is one or several of its options.
func (t FieldType) Chosen() bool { return t == FieldSingle || t == FieldMulti }

// Bound is the field with the bounds that its type has where the author names none.
func (f Field) Bound() Field {
	low, high := 1, 5
	switch {
	case f.Type == FieldNPS:
		low, high = 0, highestNPS
	case f.Type == FieldTextarea:
		low, high = 0, longestText
	case f.Type == FieldText || f.Type == FieldEmail:
		low, high = 0, longestLine
	case f.Type != FieldRating:
		return f
	}
	if f.Min == nil && (f.Type.Scaled()) {
		f.Min = &low
	}
	if f.Max == nil {
		f.Max = &high
	}
	return f
}

// Answers checks what a visitor answered to the fields of a step, and returns it as it is kept: text, a float64, true or
// false, or a list of texts. A field that is not required and not answered is left out.
func Answers(fields []FieldTemplate, given map[string]any) (map[string]any, error) {
	kept := make(map[string]any, len(fields))
	for i := range fields {
		f := &fields[i].Field
		value, err := f.answer(given[f.Name])
		switch {
		case err != nil:
			return nil, fmt.Errorf("the answer to %q %w", f.Name, err)
		case value != nil:
			kept[f.Name] = value
		case f.Required:
			return nil, fmt.Errorf("the answer to %q is missing", f.Name)
		}
	}
	for name := range given {
		if !slices.ContainsFunc(fields, func(f FieldTemplate) bool { return f.Name == name }) {
			return nil, fmt.Errorf("the form has no field %.40q", name)
		}
	}
	return kept, nil
}

// answer is a value as it is kept; nil where nothing was answered.
func (f *Field) answer(value any) (any, error) {
	switch f.Type {
	case FieldConsent:
		given, ok := value.(bool)
		switch {
		case value == nil || ok && !given && f.Required:
			return nil, nil
		case !ok:
			return nil, fmt.Errorf("is neither true nor false")
		}
		return given, nil
	case FieldNumber, FieldRating, FieldNPS:
		return f.number(value)
	case FieldMulti:
		return f.several(value)
	}
	text, ok := value.(string)
	text = strings.TrimSpace(text)
	switch {
	case value != nil && !ok:
		return nil, fmt.Errorf("is no text")
	case text == "":
		return nil, nil
	case f.Type == FieldSingle && !f.has(text):
		return nil, fmt.Errorf("is none of its options")
	case f.Type == FieldSingle:
		return text, nil
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return nil, fmt.Errorf("is no text")
	case f.Type == FieldEmail && !isEmail(text):
		return nil, fmt.Errorf("is no e-mail address")
	}
	return text, f.within(utf8.RuneCountInString(text), "characters")
}

func (f *Field) has(value string) bool {
	return slices.ContainsFunc(f.Options, func(option Option) bool { return option.Value == value })
}

func (f *Field) number(value any) (any, error) {
	number, ok := value.(float64)
	switch {
	case value == nil:
		return nil, nil
	case !ok || math.IsNaN(number) || math.IsInf(number, 0):
		return nil, fmt.Errorf("is no number")
	case f.Type.Scaled() && number != math.Trunc(number):
		return nil, fmt.Errorf("is not on its scale")
	case f.Min != nil && number < float64(*f.Min), f.Max != nil && number > float64(*f.Max):
		return nil, fmt.Errorf("is out of range")
	}
	return number, nil
}

func (f *Field) several(value any) (any, error) {
	list, ok := value.([]any)
	if value != nil && !ok {
		return nil, fmt.Errorf("is no list")
	}
	if len(list) == 0 {
		return nil, nil
	}
	chosen := make([]any, 0, len(list))
	for _, item := range list {
		text, ok := item.(string)
		if !ok || !f.has(text) || slices.Contains(chosen, any(text)) {
			return nil, fmt.Errorf("holds what is none of its options, or one of them twice")
		}
		chosen = append(chosen, text)
	}
	return chosen, f.within(len(chosen), "options")
}

// within checks a length.
func (f *Field) within(length int, of string) error {
	switch {
	case f.Min != nil && length < *f.Min:
		return fmt.Errorf("has fewer than %d %s", *f.Min, of)
	case f.Max != nil && length > *f.Max:
		return fmt.Errorf("has more than %d %s", *f.Max, of)
	}
	return nil
}

// isEmail accepts what browsers accept in their fields for one.
func isEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text
}
