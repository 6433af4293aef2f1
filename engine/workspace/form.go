package workspace

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"handbill/engine/audience"
	"handbill/engine/content"
)

// formEvent is the name of the event that answers become.
func (c *check) formEvent(s section) string {
	name, given := s.values["form_event"].(string)
	if !given {
		return DefaultFormEvent
	}
	if err := content.CheckName(name); err != nil {
		s.wrong(s.at("form_event"), `write for example form_event = "Survey Answered"`, "form_event: %s", err.Problem)
	}
	return name
}

// fields reads the questions of a step.
func (c *check) fields(s section, params []string) []content.FieldTemplate {
	tables := s.tables("fields")
	if len(tables) > content.MaximumFields {
		s.wrong(s.at("fields"), fmt.Sprintf("ask at most %d in one step", content.MaximumFields), "there are %d fields", len(tables))
		tables = tables[:content.MaximumFields]
	}
	var fields []content.FieldTemplate
	used := make(map[string]int)
	for i, values := range tables {
		f := s.child(fmt.Sprintf("%s, field %d", s.subject, i+1), values, s.place.key("fields").item(i), s.at("fields"))
		field := c.field(f, params)
		if before, ok := used[field.Name]; ok {
			f.wrong(f.at("name"), "give one of the two another name", "the name %q is that of field %d already", field.Name, before)
		}
		used[field.Name] = i + 1
		fields = append(fields, field)
	}
	return fields
}

func (c *check) field(s section, params []string) content.FieldTemplate {
	s.checkKeys(fieldKeys)
	f := content.FieldTemplate{Field: content.Field{Name: s.text("name"), Type: content.FieldType(s.text("type"))}, Trait: s.text("trait")}
	if kindOf(s.values["name"]) == aText && !identifier.MatchString(f.Name) {
		s.wrong(s.at("name"), identifierRule, "the name %q cannot be used", f.Name)
	}
	f.Required, _ = s.values["required"].(bool)
	for name, text := range map[string]**content.Text{"label": &f.Label, "placeholder": &f.Placeholder, "low": &f.Low, "high": &f.High, "error": &f.Error} {
		if c.notEmpty(s, name) {
			*text = c.liquid(s, name, content.Plain, params)
		}
	}
	if err := content.CheckTrait(f.Trait); s.has("trait") && kindOf(s.values["trait"]) == aText && err != nil {
		s.wrong(s.at("trait"), err.Fix, "%s", err.Problem)
	}
	c.fieldKeysFit(s, f.Type)
	c.fieldBounds(s, &f)
	if f.Type == content.FieldRating {
		f.Scale = s.word("scale", content.ScaleNumbers)
	}
	c.options(s, &f, params)
	c.ranges(s, &f)
	return f
}

// fieldHas are the keys that not every type of field has.
var fieldHas = map[string][]content.FieldType{
	"placeholder": {content.FieldText, content.FieldEmail, content.FieldTextarea, content.FieldNumber},
	"min":         {content.FieldText, content.FieldEmail, content.FieldTextarea, content.FieldNumber, content.FieldMulti},
	"max":         {content.FieldText, content.FieldEmail, content.FieldTextarea, content.FieldNumber, content.FieldMulti, content.FieldRating},
	"scale":       {content.FieldRating},
	"low":         {content.FieldRating, content.FieldNPS},
	"high":        {content.FieldRating, content.FieldNPS},
	"options":     {content.FieldSingle, content.FieldMulti},
	"ranges":      {content.FieldNumber, content.FieldRating, content.FieldNPS},
}

func (c *check) fieldKeysFit(s section, is content.FieldType) {
	known, _ := find(fieldKeys, "type")
	if !slices.Contains(known.words, string(is)) {
		return // reported
	}
	for _, name := range slices.Sorted(maps.Keys(fieldHas)) {
		if s.has(name) && !slices.Contains(fieldHas[name], is) {
			s.wrong(s.at(name), "take it away, or choose another type", "a field of the type %q has no %s", is, name)
		}
	}
}

// maximumBound keeps bounds within what a browser counts exactly.
const maximumBound = 1_000_000_000

func (c *check) fieldBounds(s section, f *content.FieldTemplate) {
	for name, bound := range map[string]**int{"min": &f.Min, "max": &f.Max} {
		value, given := s.number(name)
		if !given || !slices.Contains(fieldHas[name], f.Type) {
			continue
		}
		low, high := int64(0), int64(5000)
		switch f.Type {
		case content.FieldNumber:
			low, high = -maximumBound, maximumBound
		case content.FieldMulti:
			low, high = 0, content.MaximumOptions
		case content.FieldRating:
			low, high = 2, 10
		case content.FieldText, content.FieldEmail:
			high = 500
		}
		if value < low || value > high {
			s.wrong(s.at(name), fmt.Sprintf("write a number from %d to %d", low, high), "%s %d is out of range", name, value)
			continue
		}
		number := int(value)
		*bound = &number
	}
	if f.Min != nil && f.Max != nil && *f.Min > *f.Max {
		s.wrong(s.at("min"), "make max greater, or min smaller", "min (%d) is greater than max (%d)", *f.Min, *f.Max)
	}
	if f.Type == content.FieldRating && s.text("scale") == content.ScaleEmoji && f.Max != nil && *f.Max != 5 {
		s.wrong(s.at("max"), `take max away, or write scale = "stars"`, "a scale of emoji has 5 faces")
	}
	f.Field = f.Bound()
}

func (c *check) options(s section, f *content.FieldTemplate, params []string) {
	tables := s.tables("options")
	switch {
	case f.Type.Chosen() && len(tables) < 2 && (!s.has("options") || aTables.accepts(s.values["options"])):
		s.wrong(s.at("options"), `write options = [{ value = "a", text = "A" }, { value = "b", text = "B" }]`, "there are fewer than two options to choose from")
	case len(tables) > content.MaximumOptions:
		s.wrong(s.at("options"), fmt.Sprintf("offer at most %d", content.MaximumOptions), "there are %d options", len(tables))
		return
	}
	for i, values := range tables {
		o := s.child(fmt.Sprintf("%s, option %d", s.subject, i+1), values, s.place.key("options").item(i), s.at("options"))
		o.checkKeys(optionKeys)
		option := content.Option{Value: o.text("value"), Goto: o.text("goto")}
		if err := content.CheckName(option.Value); err != nil && kindOf(o.values["value"]) == aText {
			o.wrong(o.at("value"), `write one such as "price"`, "the value%s", strings.TrimPrefix(err.Problem, "the name"))
		}
		if slices.ContainsFunc(f.Options, func(before content.Option) bool { return before.Value == option.Value }) {
			o.wrong(o.at("value"), "give one of the two another value", "the value %q is there twice", option.Value)
		}
		var text *content.Text
		if c.notEmpty(o, "text") {
			text = c.liquid(o, "text", content.Plain, params)
		}
		f.Options, f.Texts = append(f.Options, option), append(f.Texts, text)
	}
	if f.Min != nil && f.Type == content.FieldMulti && *f.Min > len(tables) {
		s.wrong(s.at("min"), "make it smaller", "min is %d, and there are %d options", *f.Min, len(tables))
	}
}

func (c *check) ranges(s section, f *content.FieldTemplate) {
	for i, values := range s.tables("ranges") {
		r := s.child(fmt.Sprintf("%s, range %d", s.subject, i+1), values, s.place.key("ranges").item(i), s.at("ranges"))
		r.checkKeys(rangeKeys)
		from, _ := r.number("from")
		to, _ := r.number("to")
		if from > to || from < -maximumBound || to > maximumBound {
			r.wrong(r.at("from"), "write the lower number as from", "the range from %d to %d holds no number", from, to)
			continue
		}
		f.Ranges = append(f.Ranges, content.Range{From: int(from), To: int(to), Goto: r.text("goto")})
	}
}

// checkForm reports a form that cannot be sent, and answers that lead nowhere.
func (c *check) checkForm(own section, step content.StepTemplate, all []string) {
	submits := slices.IndexFunc(step.Buttons, func(button content.ButtonTemplate) bool {
		action, known := actionOf(button)
		return known && action.Kind == content.Submit
	})
	switch {
	case submits >= 0 && len(step.Fields) == 0:
		own.wrong(own.atItem("buttons", submits), "add fields, or write another action", `the button %q has the action "submit", but there are no fields`, written(step.Buttons[submits]))
	case submits < 0 && len(step.Fields) > 0:
		own.wrong(own.at("fields"), `add buttons = [{ text = "Send", action = "submit" }]`, "no button sends the answers")
	}
	for i, field := range step.Fields {
		at := own.atItem("fields", i)
		for _, option := range field.Options {
			if option.Goto != "" {
				own.checkStep(at, fmt.Sprintf("the option %q of the field %q", option.Value, field.Name), option.Goto, all)
			}
		}
		for _, r := range field.Ranges {
			if r.Goto != "" {
				own.checkStep(at, fmt.Sprintf("a range of the field %q", field.Name), r.Goto, all)
			}
		}
	}
}

// overlayFields puts the texts of another language over those of a step's fields.
func (c *check) overlayFields(l section, step *content.StepTemplate, names []string) {
	tables := l.table("fields")
	at := l.child(l.subject, tables, l.place.key("fields"), l.at("fields"))
	var all []string
	for _, field := range step.Fields {
		all = append(all, field.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		values, ok := tables[name].(map[string]any)
		index := slices.Index(all, name)
		switch {
		case !ok:
			at.wrong(at.at(name), "write [messages.locales.de.fields.score]", "field %q must be a table, but is %s", name, kindOf(tables[name]))
		case index < 0:
			at.wrong(at.at(name), nearestOr(name, all, "add it to the message itself, or take it away", "the fields are "), "there is no field %q", name)
		default:
			c.overlayField(l.child(fmt.Sprintf("%s, field %q", l.subject, name), values, at.place.key(name), at.at(name)), &step.Fields[index], names)
		}
	}
}

func (c *check) overlayField(l section, field *content.FieldTemplate, names []string) {
	l.checkKeys(fieldLocaleKeys)
	for name, text := range map[string]**content.Text{
		"label": &field.Label, "placeholder": &field.Placeholder, "low": &field.Low, "high": &field.High, "error": &field.Error,
	} {
		if c.notEmpty(l, name) {
			*text = c.liquid(l, name, content.Plain, names)
		}
	}
	texts := l.table("options")
	o := l.child(l.subject+", options", texts, l.place.key("options"), l.at("options"))
	var all []string
	for _, option := range field.Options {
		all = append(all, option.Value)
	}
	for _, value := range slices.Sorted(maps.Keys(texts)) {
		index := slices.Index(all, value)
		switch {
		case kindOf(texts[value]) != aText:
			o.wrong(o.at(value), fmt.Sprintf(`write %s = "…"`, value), "the option %q must be text, but is %s", value, kindOf(texts[value]))
		case index < 0:
			o.wrong(o.at(value), nearestOr(value, all, "add it to the field itself, or take it away", "the options are "), "there is no option %q", value)
		case c.notEmpty(o, value):
			field.Texts[index] = c.liquid(o, value, content.Plain, names)
		}
	}
}

// nearestOr says which of the words was meant, or which there are.
func nearestOr(word string, all []string, none, list string) string {
	if similar := audience.Nearest(word, slices.Values(all)); similar != "" {
		return fmt.Sprintf("write %q", similar)
	}
	if len(all) == 0 {
		return none
	}
	return list + quoted(all)
}

// fieldHoles are the texts of fields that are not said in another language.
func fieldHoles(said map[string]any, fields []content.FieldTemplate) []string {
	var missing []string
	tables, _ := said["fields"].(map[string]any)
	for _, field := range fields {
		table, _ := tables[field.Name].(map[string]any)
		for name, text := range map[string]*content.Text{"label": field.Label, "placeholder": field.Placeholder, "low": field.Low, "high": field.High, "error": field.Error} {
			if _, given := table[name]; text != nil && !given {
				missing = append(missing, "fields."+field.Name+"."+name)
			}
		}
		options, _ := table["options"].(map[string]any)
		for i, option := range field.Options {
			if _, given := options[option.Value]; field.Texts[i] != nil && !given {
				missing = append(missing, "fields."+field.Name+".options."+option.Value)
			}
		}
	}
	slices.Sort(missing)
	return missing
}
