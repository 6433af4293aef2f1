package content

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// texts of a step, for tests.
type step struct{ title, text, src, alt, button, action string }

// edition makes a step's texts one edition without a language.
func edition(t *testing.T, s step, params map[string]any) *Edition {
	t.Helper()
	names := []string{}
	for name := range params {
		names = append(names, name)
	}
	parse := func(kind Kind, source string) *Text {
		text, err := ParseText(kind, source, names)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		return text
	}
	made := StepTemplate{Name: "step-1"}
	if s.title != "" {
		made.Title = parse(Plain, s.title)
	}
	if s.text != "" {
		made.Body = parse(Rich, s.text)
	}
	if s.src != "" {
		made.Image = &ImageTemplate{Src: parse(ImageAddress, s.src), Alt: parse(Plain, s.alt)}
	}
	if s.action != "" {
		made.Buttons = []ButtonTemplate{{Name: "go", Text: parse(Plain, s.button), Action: parse(ActionAddress, s.action)}}
	}
	l, err := Localize([]Translation{{Template: &Template{Placement: Placement{Display: DisplayModal}, Steps: []StepTemplate{made}}, Params: params}})
	if err != nil {
		t.Fatal(err)
	}
	return l.In(nil)
}

func TestValuesStandInTextAsText(t *testing.T) {
	values := ines
	values.Traits = map[string]any{
		"name": "Ines", "bold": "**x** `y` [a](/b) <b>", "line": "# A\n\n- b\n> c", "end": "**", "slash": `\`, "url": "https://example.com/a?b=c&d", "list": []any{"Roof", "**Attic**"},
		"bad": "javascript:alert(1)", "blank": "java\tscript:x", "part": "a/b?c#d&e f", "trial": true, "private": "a\U000F0000b\U000F0001", "ends": `"><img src=x onerror=alert(1)>`,
	}
	for _, test := range []struct{ name, text, want string }{
		{"in a paragraph", "Hello {{ traits.name }}!", "<p>Hello Ines!</p>"},
		{"alone", "{{ traits.name }}", "<p>Ines</p>"},
		{"in bold", "Hello **{{ traits.name }}**.", "<p>Hello <strong>Ines</strong>.</p>"},
		{"Markdown in a value is text", "{{ traits.bold }}", "<p>**x** `y` [a](/b) &lt;b&gt;</p>"},
		{"so are lines", "{{ traits.line }}", "<p># A\n\n- b\n&gt; c</p>"},
		{"a value closes nothing", "**a {{ traits.end }} b**", "<p><strong>a ** b</strong></p>"},
		{"a value takes no meaning away", "{{ traits.slash }}*a*", `<p>\<em>a</em></p>`},
		{"in code", "`{{ traits.bold }}`", "<p><code>**x** `y` [a](/b) &lt;b&gt;</code></p>"},
		{"in a block of code", "```\n{{ traits.line }}\n```", "<pre><code># A\n\n- b\n&gt; c\n</code></pre>"},
		{"in a heading and a list", "# {{ traits.name }}\n\n- {{ traits.line }}", "<h3>Ines</h3><ul><li># A\n\n- b\n&gt; c</li></ul>"},
		{"in a link's text", "[{{ traits.bold }}](/offers)", `<p><a href="/offers">**x** ` + "`y`" + ` [a](/b) &lt;b&gt;</a></p>`},
		{"in a link's path", "[a](/u/{{ traits.part }}/x)", `<p><a href="/u/a%2Fb%3Fc%23d%26e%20f/x">a</a></p>`},
		{"in a link's query, encoded by hand", "[a](</u?a={{ traits.part | url_encode }}>)", `<p><a href="/u?a=a%2Fb%3Fc%23d%26e+f">a</a></p>`},
		{"as a link", "[a]({{traits.url}})", `<p><a href="https://example.com/a?b=c&amp;d">a</a></p>`},
		{"a script as a link", "before [a **b**]({{traits.bad}}) after", "<p>before a <strong>b</strong> after</p>"},
		{"a script that a browser would mend", "[a]({{traits.blank}})", "<p>a</p>"},
		{"a script made of two parts", "[a](java{{traits.bad}})", `<p><a href="javajavascript%3Aalert%281%29">a</a></p>`},
		{"the end of an attribute", "[a](/{{traits.ends}})", `<p><a href="/%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E">a</a></p>`},
		{"no link at all", "[a]({{traits.none}})", "<p>a</p>"},
		{"characters that stand for values inside", "{{ traits.private }} {{ traits.name }}", "<p>a\U000F0000b\U000F0001 Ines</p>"},
		{"a captured text is a value", "{% capture a %}**{{ traits.name }}**{% endcapture %}{{ a }}", "<p>**Ines**</p>"},
		{"Markdown depends on a condition", "{% if traits.trial %}**Trial** of {{ traits.bold }}{% else %}Paid{% endif %}", "<p><strong>Trial</strong> of **x** `y` [a](/b) &lt;b&gt;</p>"},
		{"a list is made by a loop", "{% for r in traits.list -%}\n- {{ r }}\n{% endfor %}", "<ul><li>Roof</li><li>**Attic**</li></ul>"},
		{"what is missing leaves no empty paragraph", "A\n\n{{ traits.none }}\n\nB", "<p>A</p><p>B</p>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			rendered, err := edition(t, step{text: test.text}, nil).Render(values)
			if err != nil {
				t.Fatal(err)
			}
			if got := htmlOf(rendered.Content.Steps[0].Body); got != test.want {
				t.Errorf("%s\ngot  %s\nwant %s", test.text, got, test.want)
			}
		})
	}
}

// htmlOf is the nodes as HTML.
func htmlOf(nodes []Node) string {
	var out strings.Builder
	writeNodes(&out, nodes)
	return out.String()
}

func TestAddressesOfValuesAreCheckedWhenTheyAreKnown(t *testing.T) {
	for _, test := range []struct {
		name, action, src string
		traits            map[string]any
		wantAction        string
		wantSrc           string
		dropped           int
	}{
		{"a part of a path", "/users/{{ traits.id }}", "/img/{{ traits.id }}.png", map[string]any{"id": "a b/c"}, "/users/a%20b%2Fc", "/img/a%20b%2Fc.png", 0},
		{"a whole address", "{{ traits.url }}", "{{ traits.url }}", map[string]any{"url": "https://example.com/ä?b=1"}, "https://example.com/%C3%A4?b=1", "https://example.com/%C3%A4?b=1", 0},
		{"a script", "{{ traits.url }}", "{{ traits.url }}", map[string]any{"url": "javascript:alert(1)"}, "", "", 2},
		{"data", "{{ traits.url }}", "{{ traits.url }}", map[string]any{"url": "data:text/html,x"}, "", "", 2},
		{"nothing", "{{ traits.url }}", "{{ traits.url }}", nil, "", "", 2},
		{"a word that buttons know", "{{ traits.url }}", "/a.png", map[string]any{"url": "next"}, "", "/a.png", 1},
		{"an event", "event:open-{{ traits.id }}", "/a.png", map[string]any{"id": "chat"}, "event:open-chat", "/a.png", 0},
		{"a telephone number", "tel:{{ traits.id }}", "/a.png", map[string]any{"id": "+4930"}, "tel:%2B4930", "/a.png", 0},
		{"a choice", "{% if traits.id %}/a{% else %}dismiss{% endif %}", "/a.png", nil, "dismiss", "/a.png", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			rendered, err := edition(t, step{title: "A", src: test.src, alt: "{{ traits.id }}", button: "Go", action: test.action}, nil).Render(Values{Traits: test.traits})
			if err != nil {
				t.Fatal(err)
			}
			shown, action, src := rendered.Content.Steps[0], "", ""
			if len(shown.Buttons) > 0 {
				action = shown.Buttons[0].Action
			}
			if shown.Image != nil {
				src = shown.Image.Src
			}
			if action != test.wantAction || src != test.wantSrc || len(rendered.Dropped) != test.dropped {
				t.Errorf("the button leads to %q, the image is %q, dropped are %v", action, src, rendered.Dropped)
			}
		})
	}
}

func TestAddressesAreCheckedBeforeTheyAreKnown(t *testing.T) {
	for _, test := range []struct {
		kind         Kind
		source, want string
	}{
		{ActionAddress, "javascript:{{ traits.a }}", `has the scheme "javascript"`},
		{ActionAddress, "nxt{{ traits.a }}", `is not known`},
		{ImageAddress, "img/{{ traits.a }}.png", "means another file on every page"},
		{Rich, "[a](javascript:{{traits.a}})", `has the scheme "javascript"`},
		{Rich, "{% if traits.a %}a{% else %}[a](javascript:x){% endif %}", `has the scheme "javascript"`},
		{Rich, "{% for a in traits.b %}![a](/b.png){% endfor %}", `the text holds the image "/b.png"`},
	} {
		if _, err := ParseText(test.kind, test.source, nil); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.source, err, test.want)
		}
	}
}

func TestParamsAreInsertedOnceAndForAll(t *testing.T) {
	e := edition(t, step{title: "{{ params.title }}", text: "{{ params.body }} [a]({{ params.link }})", button: "{{ params.button | upcase }}", action: "{{ params.action }}"}, map[string]any{
		"title": "Dark mode", "body": "It *is* dark", "link": "/docs?a=1", "button": "ok", "action": "dismiss",
	})
	if e.Same() == nil {
		t.Fatal("it is rendered for each visitor")
	}
	if got := e.Same().HTML(); got != `<section data-step="step-1"><h2>Dark mode</h2><div class="body"><p>It *is* dark <a href="/docs?a=1">a</a></p></div><div class="buttons"><button type="button" name="go" value="dismiss">OK</button></div></section>` {
		t.Errorf("got %s", got)
	}
}

func TestAContentWithoutAnythingToShowIsAnError(t *testing.T) {
	if _, err := edition(t, step{title: "{{ traits.none }}"}, nil).Render(Values{}); err == nil || !strings.Contains(err.Error(), "nothing to show") {
		t.Errorf("got %v", err)
	}
}

// hostile are values that mean something in Markdown, in HTML, in addresses, in JSON or to Liquid.
var hostile = []string{
	"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "**a**", "](javascript:alert(1))", "[a](javascript:alert(1))", "javascript:alert(1)", "JaVaScRiPt:x", "\x00java\x01script:x",
	"data:text/html,<script>", "//evil.example", "https://user@evil.example/", "\\\\evil", "{{ traits.b }}", "{% if %}", "\U000F0000", "\U000F0001\U000F0000", "\n\n# a\n\n- b\n", "```\n", "`", "&lt;b&gt;", "&#60;b>",
	"<http://evil.example>", "\u202eevil", "\xff\xfe", "</section>", "]]>", "<!--", "--></script>", `\`, "_a_", "| upcase }}", "event:x", "next", "dismiss", strings.Repeat("*", 2000),
}

// places are every place of a message that a value can stand in.
var places = step{
	title: "T {{ traits.a }} {{ traits.b | FILTER }}", button: "B {{ traits.a }}{{ traits.b | FILTER }}", alt: "A {{ traits.a }}{{ traits.b | FILTER }}",
	text: "{{ traits.a }} **{{ traits.b | FILTER }}** _{{ traits.a }}_ `{{ traits.b }}` [{{ traits.a }}](/x/{{ traits.a }}?{{ traits.b | FILTER }}) [k]({{ traits.a | FILTER }})\n\n# {{ traits.b | FILTER }}\n\n- {{ traits.a }}\n\n> {{ traits.b }}\n\n    {{ traits.a }}\n\n" +
		"{% if traits.a contains 'a' %}**{{ traits.b | FILTER }}**{% else %}[x]({{ traits.b | FILTER }}){% endif %}{% capture c %}{{ traits.a }}{% endcapture %}{{ c | FILTER }}",
	src: "{{ traits.a | FILTER }}", action: "{{ traits.b | FILTER }}",
}

// shape is a tree without its texts and addresses: what no value may change.
func shape(nodes []Node) string {
	var out strings.Builder
	for _, node := range nodes {
		switch node.Tag {
		case "":
		case "a":
			// A link is there or is dropped.
			out.WriteString(shape(node.Children))
		default:
			out.WriteString("<" + node.Tag + ">" + shape(node.Children) + "</" + node.Tag + ">")
		}
	}
	return out.String()
}

// harmless checks what no value may ever do to a content.
func harmless(t *testing.T, made Content) {
	t.Helper()
	for _, step := range made.Steps {
		walk(step.Body, func(node Node) {
			if _, known := allowed[node.Tag]; node.Tag != "" && !known {
				t.Errorf("a value became the tag %q", node.Tag)
			}
			if node.Tag == "a" && CheckLink(node.Href) != nil {
				t.Errorf("a link leads to %q", node.Href)
			}
		})
		if step.Image != nil && CheckImage(step.Image.Src) != nil {
			t.Errorf("an image comes from %q", step.Image.Src)
		}
		for _, button := range step.Buttons {
			if _, err := ParseAction(button.Action); err != nil {
				t.Errorf("a button's action is %q", button.Action)
			}
		}
	}
	// A browser reads the HTML as the tree that was written.
	tokens := html.NewTokenizer(strings.NewReader(made.HTML()))
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		name, more := tokens.TagName()
		_, known := allowed[string(name)]
		known = known || slices.Contains([]string{"section", "h2", "img", "div", "button"}, string(name))
		if kind != html.TextToken && !known {
			t.Errorf("the HTML has %s", tokens.Raw())
		}
		for more {
			var key []byte
			key, _, more = tokens.TagAttr()
			if !slices.Contains([]string{"data-step", "src", "alt", "width", "height", "class", "href", "type", "name", "value"}, string(key)) {
				t.Errorf("the HTML has the attribute %s", key)
			}
		}
	}
	encoded, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	var again Content
	if err := json.Unmarshal(encoded, &again); err != nil || again.HTML() != made.HTML() {
		t.Errorf("through JSON it becomes %s (%v)", encoded, err)
	}
}

// A value never becomes markup, whatever the filter and wherever it stands.
func TestNoValueBecomesMarkup(t *testing.T) {
	for _, filter := range filterNames() {
		s := step{}
		for _, field := range [][2]*string{{&s.title, &places.title}, {&s.text, &places.text}, {&s.src, &places.src}, {&s.alt, &places.alt}, {&s.button, &places.button}, {&s.action, &places.action}} {
			*field[0] = strings.ReplaceAll(*field[1], "FILTER", filter)
		}
		e := edition(t, s, nil)
		plain, err := e.Render(Values{Traits: map[string]any{"a": "b", "b": "c"}})
		if err != nil && filter != "divided_by" {
			t.Fatalf("%s: %v", filter, err)
		}
		for _, a := range hostile {
			for _, b := range []string{a, "x"} {
				// A value with an a in it takes the other way of the condition, whose shape is another.
				rendered, err := e.Render(Values{Traits: map[string]any{"a": strings.NewReplacer("a", "", "A", "").Replace(a) + "z", "b": b}})
				if err != nil {
					continue
				}
				harmless(t, rendered.Content)
				if got, want := shape(rendered.Content.Steps[0].Body), shape(plain.Content.Steps[0].Body); got != want && filter != "size" && b != "x" && strings.Count(got, "<") > strings.Count(want, "<") {
					t.Errorf("%s of %q makes of\n%s\n%s", filter, a, want, got)
				}
			}
		}
	}
}

// FuzzTemplate: whatever an author and a visitor write, rendering ends, fails
// with an error alone, and no value becomes markup.
func FuzzTemplate(f *testing.F) {
	for _, value := range hostile {
		f.Add(places.text, value, "b")
		f.Add("{{ traits.a }}", value, value)
	}
	for _, source := range []string{
		"{% for i in (1..traits.a) %}{{ i }}{% endfor %}", "{% case traits.a %}{% when 'b' %}*x*{% else %}y{% endcase %}", "{% assign c = traits.a | append: traits.b %}{{ c }}", "[{{traits.a}}]: /x\n\n[{{traits.a}}]",
		"{% cycle 'a' %}", "{{ traits.a | date: traits.b }}", "{% raw %}{{{% endraw %}", "<{{ traits.a }}>", "<https://{{traits.a}}>", "{{-traits.a-}}", "{% if traits.a contains 'b %}{% endif %}", "{{ traits.a | truncate: -5, traits.b }}",
	} {
		f.Add(source, "a", "b")
	}
	f.Fuzz(func(t *testing.T, source, a, b string) {
		source = strings.ToValidUTF8(source, "") // as every file of a workspace is
		values := Values{Traits: map[string]any{"a": a, "b": b}}
		for _, kind := range []Kind{Plain, Rich, ActionAddress, ImageAddress} {
			text, err := ParseText(kind, strings.ReplaceAll(source, "FILTER", "strip"), nil)
			if err != nil {
				continue
			}
			made := StepTemplate{Name: "step-1", Title: &Text{plain: "T"}}
			switch kind {
			case Plain:
				made.Title = text
			case Rich:
				made.Body = text
			case ActionAddress:
				made.Buttons = []ButtonTemplate{{Name: "b", Text: &Text{plain: "B"}, Action: text}}
			case ImageAddress:
				made.Image = &ImageTemplate{Src: text}
			}
			l, err := Localize([]Translation{{Template: &Template{Placement: Placement{Display: DisplayModal}, Steps: []StepTemplate{made}}}})
			if err != nil {
				continue // the text says the same to everybody, and it may not
			}
			if rendered, err := l.In(nil).Render(values); err == nil {
				harmless(t, rendered.Content)
			}
		}
	})
}
