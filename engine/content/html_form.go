package content

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

// writeField writes a field as the client builds it. A choice is a fieldset with its question as the legend; everything
// else is a label and a native form element.
func writeField(out *strings.Builder, field Field) {
	if field.Type.Chosen() || field.Type.Scaled() {
		writeChoice(out, field)
		return
	}
	open(out, "div", "class", "field", "data-type", string(field.Type))
	id := "field-" + field.Name
	if field.Type == FieldConsent {
		open(out, "input", attributes("id", id, "name", field.Name, "type", "checkbox", "value", "true", "required", flag(field.Required))...)
	}
	open(out, "label", "for", id)
	out.WriteString(html.EscapeString(field.Label) + "</label>")
	control := []string{"id", id, "name", field.Name, "placeholder", field.Placeholder, "required", flag(field.Required)}
	switch field.Type {
	case FieldConsent:
	case FieldTextarea:
		open(out, "textarea", attributes(append(control, "rows", "3", "minlength", digits(field.Min), "maxlength", digits(field.Max))...)...)
		out.WriteString("</textarea>")
	case FieldNumber:
		open(out, "input", attributes(append(control, "type", "number", "step", "any", "min", digits(field.Min), "max", digits(field.Max))...)...)
	default:
		open(out, "input", attributes(append(control, "type", string(field.Type), "minlength", digits(field.Min), "maxlength", digits(field.Max))...)...)
	}
	out.WriteString("</div>")
}

func writeChoice(out *strings.Builder, field Field) {
	open(out, "fieldset", attributes("class", "field", "data-type", string(field.Type), "data-scale", field.Scale)...)
	open(out, "legend")
	out.WriteString(html.EscapeString(field.Label) + "</legend>")
	open(out, "div", "class", "options")
	kind := "radio"
	if field.Type == FieldMulti {
		kind = "checkbox"
	}
	for _, choice := range choices(field) {
		open(out, "label")
		open(out, "input", attributes("type", kind, "name", field.Name, "value", choice.value, "aria-label", choice.name, "required", flag(field.Required && kind == "radio"))...)
		open(out, "span")
		out.WriteString(html.EscapeString(choice.text) + "</span></label>")
	}
	out.WriteString("</div>")
	if field.Low != "" || field.High != "" {
		open(out, "p", "class", "ends")
		out.WriteString("<span>" + html.EscapeString(field.Low) + "</span><span>" + html.EscapeString(field.High) + "</span></p>")
	}
	out.WriteString("</fieldset>")
}

// choice is one radio button or box. A name is what it is called where its text is a picture.
type choice struct{ value, text, name string }

var faces = []string{"\U0001F61E", "\U0001F641", "\U0001F610", "\U0001F642", "\U0001F600"}

func choices(field Field) []choice {
	var all []choice
	for _, option := range field.Options {
		all = append(all, choice{value: option.Value, text: option.Text})
	}
	if !field.Type.Scaled() {
		return all
	}
	for number := *field.Min; number <= *field.Max; number++ {
		made := choice{value: strconv.Itoa(number), text: strconv.Itoa(number)}
		switch field.Scale {
		case ScaleStars:
			made.text = "\u2605"
		case ScaleEmoji:
			made.text = faces[(number-1)%len(faces)]
		}
		if made.text != made.value {
			made.name = fmt.Sprintf("%d/%d", number, *field.Max)
		}
		all = append(all, made)
	}
	return all
}

// set stands for an attribute that is there and has no value.
const set = "\x00"

func flag(on bool) string {
	if on {
		return set
	}
	return ""
}

func digits(bound *int) string {
	if bound == nil {
		return ""
	}
	return strconv.Itoa(*bound)
}

// attributes leaves out those that are empty.
func attributes(pairs ...string) []string {
	kept := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		switch pairs[i+1] {
		case "":
		case set:
			kept = append(kept, pairs[i], "")
		default:
			kept = append(kept, pairs[i], pairs[i+1])
		}
	}
	return kept
}
