package content

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Template is what a message shows before it is known to whom. It is never changed.
type Template struct {
	// Placement is where it stands, but for steps with one of their own.
	Placement
	// Persistent and Beacon are those of the [Content].
	Persistent, Beacon bool
	// Style is that of the [Content].
	Style string
	Steps []StepTemplate
}

// StepTemplate is one screen of a [Template]. A text that is not there is nil.
type StepTemplate struct {
	Name string
	// Own is where the step stands, if it says so itself.
	Own *Placement
	// Title is Plain, Body is Rich or Markup.
	Title, Body *Text
	Image       *ImageTemplate
	Frame       string
	Fields      []FieldTemplate
	Buttons     []ButtonTemplate
}

// ImageTemplate is a step's picture.
type ImageTemplate struct {
	// Src is an ImageAddress, Alt is Plain.
	Src, Alt      *Text
	Width, Height int
}

// ButtonTemplate is one button of a step.
type ButtonTemplate struct {
	Name string
	// Text is Plain, Action is an ActionAddress.
	Text, Action *Text
}

// Values are what the templates of a message can read.
type Values struct {
	// Traits are the visitor's attributes.
	Traits map[string]any
	// User is the id of an identified visitor, empty for an anonymous one.
	User string
	// Page says where the visitor is.
	Page Page
	// Event holds the properties of the event that started the message's campaign, Data what the message was sent with.
	Event, Data map[string]any
}

// Page is where a visitor is.
type Page struct{ URL, Path, Name string }

// each calls f for each text of the template, which may put another in its place.
func (t *Template) each(f func(**Text) error) error {
	for i := range t.Steps {
		step := &t.Steps[i]
		texts := []**Text{&step.Title, &step.Body}
		if step.Image != nil {
			texts = append(texts, &step.Image.Src, &step.Image.Alt)
		}
		for n := range step.Fields {
			texts = append(texts, step.Fields[n].texts()...)
		}
		for n := range step.Buttons {
			texts = append(texts, &step.Buttons[n].Text, &step.Buttons[n].Action)
		}
		for _, text := range texts {
			if err := f(text); err != nil {
				return err
			}
		}
	}
	return nil
}

// Clone is a copy whose texts can be replaced.
func (t *Template) Clone() *Template {
	clone := *t
	clone.Steps = append([]StepTemplate(nil), t.Steps...)
	for i := range clone.Steps {
		step := &clone.Steps[i]
		step.Buttons = append([]ButtonTemplate(nil), step.Buttons...)
		step.Fields = append([]FieldTemplate(nil), step.Fields...)
		for n := range step.Fields {
			step.Fields[n].Texts = append([]*Text(nil), step.Fields[n].Texts...)
		}
		if step.Image != nil {
			image := *step.Image
			step.Image = &image
		}
	}
	return &clone
}

// fixed is the template with params and a locale in all texts that depend on nothing else.
func (t *Template) fixed(params map[string]any, locale string) (*Template, error) {
	made := t.Clone()
	err := made.each(func(text **Text) (err error) {
		*text, err = (*text).fixed(params, locale)
		return err
	})
	return made, err
}

// Reads reports whether one of the texts reads a variable, such as [VariableData].
func (t *Template) Reads(variable string) bool {
	return t.each(func(text **Text) error {
		if *text != nil && (*text).program != nil && slices.Contains((*text).program.roots, variable) {
			return errors.New("read")
		}
		return nil
	}) != nil
}

// static reports whether everybody gets the same.
func (t *Template) static() bool {
	return t.each(func(text **Text) error {
		if !(*text).Static() {
			return errors.New("a template")
		}
		return nil
	}) == nil
}

// rendering is one content being made for one visitor.
type rendering struct {
	bindings map[string]any
	budget   *budget
	// dropped are the links, buttons and pictures whose address could not be used.
	dropped []error
}

// render makes the content of a template.
func (r *rendering) render(t *Template) (Content, error) {
	made := Content{Persistent: t.Persistent, Beacon: t.Beacon, Style: t.Style, Steps: make([]Step, 0, len(t.Steps))}
	first := t.placementOf(0)
	made.Place(first)
	for i := range t.Steps {
		step, err := r.step(&t.Steps[i])
		if err != nil {
			return Content{}, fmt.Errorf("step %q: %w", t.Steps[i].Name, err)
		}
		if place := t.placementOf(i); !place.Same(first) {
			step.Placement = place
		}
		made.Steps = append(made.Steps, step)
	}
	return made, nil
}

func (r *rendering) step(t *StepTemplate) (step Step, err error) {
	step = Step{Name: t.Name, Frame: t.Frame}
	if step.Title, err = r.plain(t.Title); err != nil {
		return step, fmt.Errorf("title: %w", err)
	}
	if t.Body != nil {
		text, slots, err := r.run(t.Body)
		if err == nil {
			step.Body, err = r.rich(t.Body, text, slots)
		}
		if err != nil {
			return step, fmt.Errorf("text: %w", err)
		}
	}
	if t.Image != nil {
		if step.Image, err = r.image(t.Image); err != nil {
			return step, fmt.Errorf("image: %w", err)
		}
	}
	for i := range t.Fields {
		field, err := r.field(&t.Fields[i])
		if err != nil {
			return step, fmt.Errorf("field %q: %w", t.Fields[i].Name, err)
		}
		step.Fields = append(step.Fields, field)
	}
	for i := range t.Buttons {
		button, err := r.button(&t.Buttons[i])
		if err != nil {
			return step, fmt.Errorf("button %q: %w", t.Buttons[i].Name, err)
		}
		if button != nil {
			step.Buttons = append(step.Buttons, *button)
		}
	}
	if strings.TrimSpace(step.Title) == "" && len(step.Body) == 0 && step.Image == nil && step.Frame == "" && len(step.Fields) == 0 {
		return step, errors.New("with this visitor's values there is nothing to show")
	}
	return step, nil
}

func (r *rendering) image(t *ImageTemplate) (*Image, error) {
	src, _, err := r.address(t.Src)
	if err != nil {
		return nil, err
	}
	alt, err := r.plain(t.Alt)
	if err != nil {
		return nil, err
	}
	if !t.Src.Static() {
		if err := CheckImage(src); err != nil {
			r.dropped = append(r.dropped, fmt.Errorf("a picture: %w", err))
			return nil, nil
		}
	}
	return &Image{Src: src, Alt: alt, Width: t.Width, Height: t.Height}, nil
}

func (r *rendering) button(t *ButtonTemplate) (*Button, error) {
	text, err := r.plain(t.Text)
	if err != nil {
		return nil, err
	}
	action, led, err := r.address(t.Action)
	if err != nil {
		return nil, err
	}
	if !t.Action.Static() {
		parsed, err := ParseAction(action)
		word, _, _ := strings.Cut(action, ":")
		switch {
		case err != nil:
		case led && parsed.Kind != OpenURL:
			err = &Error{fmt.Sprintf("the value %q is no address", action), "a value can be an address alone"}
		case fixedWords[word]:
			err = notFixed(action)
		}
		if err != nil {
			r.dropped = append(r.dropped, fmt.Errorf("button %q: %w", t.Name, err))
			return nil, nil
		}
	}
	if strings.TrimSpace(text) == "" {
		text = t.Name
	}
	return &Button{Name: t.Name, Text: text, Action: action}, nil
}

// run is what a text says with slots, and what belongs in them.
func (r *rendering) run(t *Text) (string, []slotValue, error) {
	if t.Static() {
		return t.plain, nil, nil
	}
	bindings := r.bindings
	if !t.program.plain {
		// What tags assign is the text's own.
		bindings = maps.Clone(bindings)
	}
	return t.program.execute(bindings, -1, r.budget)
}

func (r *rendering) plain(t *Text) (string, error) {
	if t == nil {
		return "", nil
	}
	text, slots, err := r.run(t)
	return inserted(text, slots), err
}

// address is an address with its values; led says that it begins with one.
func (r *rendering) address(t *Text) (made string, led bool, err error) {
	text, slots, err := r.run(t)
	return address(text, slots), startsWithSlot(text), err
}

// rich is the tree of a Rich text. That of a template without tags is there since the workspace was loaded.
func (r *rendering) rich(t *Text, text string, slots []slotValue) ([]Node, error) {
	if t.Static() {
		return t.nodes, nil
	}
	nodes := t.nodes
	if !t.program.plain {
		var err error
		read := Markdown
		if t.kind == Markup {
			read = HTML
		}
		if nodes, err = read(text); err != nil {
			return nil, err
		}
	}
	return r.fill(nodes, slots), nil
}

// fill puts values in the places of slots. What holds none is shared, not copied.
func (r *rendering) fill(nodes []Node, slots []slotValue) []Node {
	if !holdSlots(nodes) {
		return nodes
	}
	made := make([]Node, 0, len(nodes))
	for _, node := range nodes {
		if node.Tag == "" {
			if node.Text = inserted(node.Text, slots); node.Text != "" {
				made = append(made, node)
			}
			continue
		}
		node.Children = r.fill(node.Children, slots)
		if strings.ContainsFunc(node.Href, isSlot) {
			node.Href = address(node.Href, slots)
			if err := CheckLink(node.Href); err != nil {
				r.dropped = append(r.dropped, fmt.Errorf("a link: %w", err))
				made = append(made, node.Children...)
				continue
			}
		}
		if node.Alt = inserted(node.Alt, slots); strings.ContainsFunc(node.Src, isSlot) {
			node.Src = address(node.Src, slots)
			if err := CheckImage(node.Src); err != nil {
				r.dropped = append(r.dropped, fmt.Errorf("a picture: %w", err))
				continue
			}
		}
		if node.Tag == "p" && len(node.Children) == 0 {
			continue
		}
		made = append(made, node)
	}
	return made
}

func holdSlots(nodes []Node) bool {
	for i := range nodes {
		if strings.ContainsFunc(nodes[i].Text, isSlot) || strings.ContainsFunc(nodes[i].Href, isSlot) ||
			strings.ContainsFunc(nodes[i].Src, isSlot) || strings.ContainsFunc(nodes[i].Alt, isSlot) || holdSlots(nodes[i].Children) {
			return true
		}
	}
	return false
}

// bind is how templates see values.
func (v Values) bind(params map[string]any, locale string) map[string]any {
	return map[string]any{
		"traits":  native(v.Traits),
		"visitor": map[string]any{"id": v.User, "anonymous": v.User == ""},
		"page":    map[string]any{"url": v.Page.URL, "path": v.Page.Path, "name": v.Page.Name},
		"params":  native(params),
		"locale":  locale,

		VariableEvent: native(v.Event),
		VariableData:  native(v.Data),
	}
}

// native is a value from JSON or TOML with numbers and lists as Liquid counts and compares them.
func native(value any) any {
	switch value := value.(type) {
	case float64:
		return whole(value)
	case int64:
		return int(value)
	case []map[string]any:
		list := make([]any, len(value))
		for i, item := range value {
			list[i] = native(item)
		}
		return list
	case []any:
		list := make([]any, len(value))
		for i, item := range value {
			list[i] = native(item)
		}
		return list
	case map[string]any:
		table := make(map[string]any, len(value))
		for name, item := range value {
			table[name] = native(item)
		}
		return table
	}
	return value
}
