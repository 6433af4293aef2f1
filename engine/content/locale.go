package content

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Localized is a message's content in every language that it is written in. It is never changed.
type Localized struct {
	// editions are the languages, that of the workspace first.
	editions []*Edition
	byLocale map[string]*Edition
	// byTongue has the edition for somebody who reads a language in a form that is not among them.
	byTongue map[tongue]*Edition
}

// tongue is a language without its region: who reads it in one form understands it in another one. Its script, which may
// follow from the region, belongs to it: zh-CN is written as zh-Hans is, and zh-TW is not.
type tongue struct {
	base   language.Base
	script language.Script
}

func tongueOf(tag language.Tag) tongue {
	base, _ := tag.Base()
	script, _ := tag.Script()
	return tongue{base, script}
}

// Edition is a message in one language.
type Edition struct {
	locale, dir string
	params      map[string]any
	template    *Template
	// same is what everybody gets; nil where it depends on the visitor.
	same *Content
}

// Translation is a template in one language, with what its params are.
type Translation struct {
	// Locale is a BCP 47 tag; empty where the workspace names no language.
	Locale   string
	Template *Template
	Params   map[string]any
}

// Localize makes a message of its translations, the first of which is for
// those who understand none of the others. It renders what is the same for
// everybody. The error is an *[Error].
func Localize(translations []Translation) (*Localized, error) {
	l := &Localized{byLocale: make(map[string]*Edition, len(translations)), byTongue: make(map[tongue]*Edition, len(translations))}
	for _, t := range translations {
		template, err := t.Template.fixed(t.Params, t.Locale)
		if err != nil {
			return nil, err
		}
		for _, step := range template.Steps {
			for _, button := range step.Buttons {
				if !button.Action.Static() && button.Action.leavesFixed() {
					return nil, notFixed(button.Action.plain)
				}
			}
		}
		e := &Edition{locale: t.Locale, dir: direction(t.Locale), params: t.Params, template: template}
		if template.static() {
			// A step with nothing to show is reported where it stands.
			if rendered, err := e.make(Values{}, newBudget(defaultLimits)); err == nil {
				e.same = &rendered.Content
			}
		}
		l.editions = append(l.editions, e)
		l.byLocale[strings.ToLower(t.Locale)] = e
		l.understand(e)
	}
	return l, nil
}

// understand makes an edition that for its tongue, where it is the first, or has the region where most people who read it live:
// pt-BR stands for pt even where there is pt-AO, too. The workspace's own keeps its place.
func (l *Localized) understand(e *Edition) {
	tag, err := language.Parse(e.locale)
	if err != nil {
		return // the workspace names no language
	}
	key := tongueOf(tag)
	first := l.byTongue[key]
	if first == nil {
		l.byTongue[key] = e
		return
	}
	likely, err := language.Compose(key.base, key.script)
	if err != nil || first == l.editions[0] {
		return
	}
	home, _ := likely.Region()
	if region, _ := tag.Region(); region == home {
		l.byTongue[key] = e
	}
}

// Static is what everybody gets, in whatever language they read; nil where that depends on the visitor.
func (l *Localized) Static() *Content {
	if len(l.editions) == 1 {
		return l.editions[0].same
	}
	return nil
}

// Locales are the languages that the message is written in, that of the workspace first.
func (l *Localized) Locales() []string {
	var all []string
	for _, e := range l.editions {
		all = append(all, e.locale)
	}
	return all
}

// In is the edition for somebody who reads languages, the best first. Each is
// a tag or a whole list as Accept-Language has it (RFC 9110, section 12.5.4).
// A language is looked for as it is and then with less and less detail, pt-BR
// and then pt (RFC 4647, section 3.4), and at last in the form of another
// region: who asks for pt or pt-PT understands pt-BR.
func (l *Localized) In(languages []string) *Edition {
	if len(l.editions) > 1 {
		for _, listed := range languages {
			if e := l.lookup(listed); e != nil {
				return e
			}
		}
	}
	return l.editions[0]
}

// maximumLanguages bounds a list of languages, in bytes.
const maximumLanguages = 500

func (l *Localized) lookup(listed string) *Edition {
	if len(listed) > maximumLanguages {
		return nil
	}
	tags, weights, err := language.ParseAcceptLanguage(strings.ReplaceAll(listed, "_", "-"))
	if err != nil {
		return nil
	}
	for i, tag := range tags {
		if weights[i] == 0 {
			continue
		}
		for name := strings.ToLower(tag.String()); name != ""; name = shorter(name) {
			if e := l.byLocale[name]; e != nil {
				return e
			}
		}
		if e := l.byTongue[tongueOf(tag)]; e != nil {
			return e
		}
		// The workspace's own language is understood in any form.
		if base, _ := tag.Base(); base.String() == baseOf(l.editions[0].locale) && l.editions[0].locale != "" {
			return l.editions[0]
		}
	}
	return nil
}

// shorter takes the last part of a tag away, and a single letter before it.
func shorter(tag string) string {
	at := strings.LastIndexByte(tag, '-')
	if at < 0 {
		return ""
	}
	tag = tag[:at]
	if at := strings.LastIndexByte(tag, '-'); at == len(tag)-2 && at >= 0 {
		tag = tag[:at]
	}
	return tag
}

func baseOf(locale string) string {
	base, _ := language.Make(locale).Base()
	return base.String()
}

// CheckLocale returns a language's tag as it is written in pages, "pt-BR" for "pt-br". The error is an *[Error].
func CheckLocale(locale string) (string, error) {
	tag, err := language.Parse(locale)
	if err != nil || tag == language.Und || strings.ContainsAny(locale, "_ ") {
		return "", &Error{fmt.Sprintf("%q is no language", locale), `write a tag such as "en", "de" or "pt-BR"`}
	}
	return tag.String(), nil
}

// rightToLeft are the scripts that are.
var rightToLeft = map[string]bool{
	"Arab": true, "Hebr": true, "Thaa": true, "Syrc": true, "Nkoo": true, "Adlm": true, "Rohg": true, "Mand": true, "Samr": true,
}

// direction is how a language is written, "" for none.
func direction(locale string) string {
	if locale == "" {
		return ""
	}
	if script, _ := language.Make(locale).Script(); rightToLeft[script.String()] {
		return "rtl"
	}
	return "ltr"
}

// Locale is the edition's language; empty where the workspace names none.
func (e *Edition) Locale() string { return e.locale }

// Same is what everybody gets who reads this language; nil where it depends on the visitor.
func (e *Edition) Same() *Content { return e.same }

// AsksTime says whether what is made depends on when.
func (e *Edition) AsksTime() bool { return e.same == nil && e.template.asksTime() }

// Rendered is a content made for one visitor.
type Rendered struct {
	Content Content
	// Dropped says which links, buttons and pictures are left out because a value in their address makes one that may
	// not be used.
	Dropped []error
}

// Render makes the content for one visitor. It fails when a template goes over
// a limit, divides by zero, or leaves nothing to show. It is bounded in time,
// steps and size whatever the values are.
func (e *Edition) Render(values Values) (Rendered, error) {
	if e.same != nil {
		return Rendered{Content: *e.same}, nil
	}
	return e.make(values, newBudget(defaultLimits))
}

func (e *Edition) make(values Values, b *budget) (Rendered, error) {
	r := &rendering{bindings: values.bind(e.params, e.locale), budget: b}
	made, err := r.render(e.template)
	made.Lang, made.Dir, made.Parts = e.locale, e.dir, Parts(&made)
	return Rendered{Content: made, Dropped: r.dropped}, err
}

// HasAction reports whether a button has an action of a kind with an argument, in any language.
func (l *Localized) HasAction(kind ActionKind, argument string) bool {
	for _, e := range l.editions {
		for _, step := range e.template.Steps {
			for _, button := range step.Buttons {
				if action, err := ParseAction(button.Action.Plain()); err == nil && action.Kind == kind && action.Argument == argument {
					return true
				}
			}
		}
	}
	return false
}

// Sets is what a button's action, as a report has it, sets; false where no button of the message has this action.
func (l *Localized) Sets(written string) (trait string, value any, ok bool) {
	action, err := ParseAction(written)
	if err != nil || action.Kind != SetTrait {
		return "", nil, false
	}
	for _, e := range l.editions {
		for _, step := range e.template.Steps {
			if slices.ContainsFunc(step.Buttons, func(button ButtonTemplate) bool { return button.Action.Plain() == written }) {
				return action.Argument, action.Value, true
			}
		}
	}
	return "", nil, false
}

// Fields are those of a step, by its name; none where there is no such step.
func (l *Localized) Fields(step string) []FieldTemplate {
	for _, s := range l.editions[0].template.Steps {
		if s.Name == step {
			return s.Fields
		}
	}
	return nil
}
