package content

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/parser"
)

// ines is a visitor with traits as identify brings them.
var ines = Values{
	Traits: map[string]any{
		"first_name": "Ines", "plan": "team", "seats": 12.0, "revenue": 1250000.5, "trial": false, "admin": true, "nothing": nil,
		"projects": []any{"Roof", "Attic", "Cellar"}, "company": map[string]any{"name": "Dach & Söhne", "city": "Kassel", "floors": 2.0},
		"renews": "2026-12-24T18:30:00Z", "path": "/billing/team", "site": "https://example.com/a b?c=d", "city": "Köln/Bonn",
		"script": "javascript:alert(1)", "html": `<b onclick="x()">Hi</b> **bold** [a](javascript:x)`,
	},
	User: "ines-17",
	Page: Page{URL: "https://example.com/billing/?a=1", Path: "/billing/", Name: "Billing"},
}

// spoken is a plain template's text.
func spoken(t *testing.T, source string, values Values, params map[string]any) (string, error) {
	t.Helper()
	text, err := ParseText(Plain, source, []string{"title"})
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	r := &rendering{bindings: values.bind(params, "de"), budget: newBudget(defaultLimits)}
	return r.plain(text)
}

func TestLiquidSaysWhatItsAuthorMeans(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"a trait", "Hello {{ traits.first_name }}", "Hello Ines"},
		{"a default that is not needed", "Hello {{ traits.first_name | default: 'there' }}", "Hello Ines"},
		{"a default", "Hello {{ traits.last_name | default: 'there' }}", "Hello there"},
		{"a default for null", "{{ traits.nothing | default: 'none' }}", "none"},
		{"a trait that is missing is empty", "Hello {{ traits.last_name }}!", "Hello !"},
		{"so is what is missing inside of it", "Hello {{ traits.a.b.c }}!", "Hello !"},
		{"a trait inside a trait", "{{ traits.company.name }}", "Dach & Söhne"},
		{"a name in brackets", "{{ traits['company']['city'] }}", "Kassel"},
		{"a whole number", "{{ traits.seats }}", "12"},
		{"a large number", "{{ traits.revenue }}", "1250000.5"},
		{"true and false", "{{ traits.admin }} {{ traits.trial }}", "true false"},
		{"an item of a list", "{{ traits.projects[1] }} of {{ traits.projects.size }}", "Attic of 3"},
		{"the visitor", "{{ visitor.id }} {{ visitor.anonymous }}", "ines-17 false"},
		{"the page", "{{ page.path }} {{ page.name }} {{ page.url }}", "/billing/ Billing https://example.com/billing/?a=1"},
		{"a param and the locale", "{{ params.title }} ({{ locale }})", "Neu (de)"},
		{"a condition", "{% if traits.plan == 'team' %}Team{% else %}Solo{% endif %}", "Team"},
		{"else if", "{% if traits.seats > 20 %}many{% elsif traits.seats >= 12 %}some{% else %}few{% endif %}", "some"},
		{"a number compared", "{% if traits.seats == 12 and traits.admin %}yes{% endif %}", "yes"},
		{"unless", "{% unless traits.trial %}paid{% endunless %}", "paid"},
		{"contains", "{% if traits.projects contains 'Roof' %}Roof{% endif %}", "Roof"},
		{"a case", "{% case traits.plan %}{% when 'solo', 'one' %}1{% when 'team' %}2{% else %}3{% endcase %}", "2"},
		{"a case's else", "{% case traits.plan %}{% when 'solo' %}1{% else %}3{% endcase %}", "3"},
		{"a loop", "{% for p in traits.projects %}{{ forloop.index }}. {{ p }}{% unless forloop.last %}, {% endunless %}{% endfor %}", "1. Roof, 2. Attic, 3. Cellar"},
		{"a loop with a limit and an offset", "{% for p in traits.projects limit: 1 offset: 1 %}{{ p }}{% endfor %}", "Attic"},
		{"a loop the other way round", "{% for p in traits.projects reversed %}{{ p }} {% endfor %}", "Cellar Attic Roof "},
		{"a loop over numbers", "{% for i in (1..3) %}{{ i }}{% endfor %}", "123"},
		{"a loop as far as a trait says", "{% for i in (1..traits.company.floors) %}{{ i }}{% endfor %}", "12"},
		{"a loop over a table", "{% for pair in traits.company %}{{ pair[0] }}={{ pair[1] }};{% endfor %}", "city=Kassel;floors=2;name=Dach & Söhne;"},
		{"a loop over nothing", "{% for p in traits.none %}{{ p }}{% else %}none{% endfor %}", "none"},
		{"break and continue", "{% for p in traits.projects %}{% if p == 'Roof' %}{% continue %}{% endif %}{{ p }}{% break %}{% endfor %}", "Attic"},
		{"a cycle", "{% for p in traits.projects %}{% cycle 'odd', 'even' %} {% endfor %}", "odd even odd "},
		{"a variable", "{% assign name = traits.first_name | upcase %}{{ name }}!", "INES!"},
		{"a captured text", "{% capture name %}{{ traits.first_name }} of {{ traits.company.city }}{% endcapture %}({{ name }})", "(Ines of Kassel)"},
		{"a comment", "a{% comment %}{{ x }} {% y %}{% endcomment %}b", "ab"},
		{"raw", "{% raw %}{{ traits.first_name }}{% endraw %}", "{{ traits.first_name }}"},
		{"dashes take blanks away", "a  {{- traits.plan -}}  b {%- if traits.admin -%} c {%- endif %}", "ateambc"},
		{"a brace of its own", "} }} %} {a}", "} }} %} {a}"},
		{"what the library escapes is not escaped twice", "{{ traits.company.name | escape }}", "Dach & Söhne"},
		{"filters on text", "{{ ' Ines M ' | strip | downcase | replace: 'm', 'n' | append: '!' | prepend: '¡' | capitalize }}", "¡ines n!"},
		{"capitals with an accent", "{{ 'élan' | capitalize }} {{ 'köln' | upcase }}", "Élan KÖLN"},
		{"parts of a text", "{{ 'Cellar' | slice: 1, 3 }} {{ 'Cellar' | slice: -2, 2 }} {{ 'one two three' | truncatewords: 2 }} {{ 'Grüße aus Köln' | truncate: 8 }}", "ell ar one two... Grüße..."},
		{"a list from a text", "{{ 'a,b,,c' | split: ',' | join: '-' }} {{ traits.projects | sort | first }} {{ traits.projects | reverse | last }}", "a-b--c Attic Roof"},
		{"filters on lists", "{{ traits.projects | concat: traits.projects | uniq | size }} {{ traits.projects | join }}", "3 Roof Attic Cellar"},
		{"filters on numbers", "{{ traits.seats | plus: 1 | times: 2 | minus: 1.5 }} {{ 7 | divided_by: 2 }} {{ 7 | divided_by: 2.5 }} {{ 7 | modulo: 4 }} {{ 1.25 | round: 1 }} {{ 1.2 | ceil }} {{ 1.8 | floor }} {{ -3 | abs }}", "24.5 3 2.8 3 1.3 2 1 3"},
		{"a number that is missing counts as zero", "{{ traits.none | plus: 1 }}{{ traits.plan | times: 2 }}", "10"},
		{"bounds of a number", "{{ traits.seats | at_most: 10 }} {{ traits.seats | at_least: 20 }}", "10 20"},
		{"a date", "{{ traits.renews | date: '%d.%m.%Y, %H:%M' }}", "24.12.2026, 18:30"},
		{"a date of seconds", "{{ 0 | date: '%Y' }}", "1970"},
		{"what is no date", "{{ traits.plan | date: '%Y' }}", "team"},
		{"a part of an address", "{{ traits.city | url_encode }} {{ 'a+b%21' | url_decode }}", "K%C3%B6ln%2FBonn a b!"},
		{"JSON", "{{ traits.projects | json }}", `["Roof","Attic","Cellar"]`},
		{"HTML is text", "{{ traits.html }}", `<b onclick="x()">Hi</b> **bold** [a](javascript:x)`},
		{"tags taken out", "{{ traits.html | strip_html }}", `Hi **bold** [a](javascript:x)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := spoken(t, test.source, ines, map[string]any{"title": "Neu"})
			if err != nil || got != test.want {
				t.Errorf("%s\ngot  %q (%v)\nwant %q", test.source, got, err, test.want)
			}
		})
	}
}

func TestEveryFilterTakesEveryValue(t *testing.T) {
	values := []string{"traits.none", "traits.first_name", "traits.seats", "traits.revenue", "traits.admin", "traits.projects", "traits.company", "traits.html", "''", "-1", "1.5", "page", "visitor"}
	for _, filter := range filterNames() {
		for _, value := range values {
			for _, argument := range append(values, "") {
				source := "{{ " + value + " | " + filter
				if argument != "" {
					source += ": " + argument
				}
				text, err := ParseText(Plain, source+" }}", nil)
				if err != nil {
					t.Fatalf("%s }}: %v", source, err)
				}
				r := &rendering{bindings: ines.bind(nil, ""), budget: newBudget(defaultLimits)}
				if _, err := r.plain(text); err != nil && strings.Contains(err.Error(), "failed") {
					t.Errorf("%s }}: %v", source, err)
				}
			}
		}
	}
}

func TestATemplateThatCannotBeReadSaysWhy(t *testing.T) {
	for _, test := range []struct{ name, source, problem, fix string }{
		{"an unknown filter", "{{ traits.first_name | defalt: 'x' }}", `there is no filter "defalt", in {{ traits.first_name | defalt: 'x' }}`, "the filters are abs, append"},
		{"an unknown filter inside a tag", "{% if traits.plan | dwoncase == 'a' %}{% endif %}", `there is no filter "dwoncase"`, "the filters are"},
		{"an unknown tag", "{% render 'x' %}", `there is no tag "{% render 'x' %}"`, "the tags are if, unless"},
		{"an include", "{% include '/etc/passwd' %}", `there is no tag "{% include '/etc/passwd' %}"`, "the tags are"},
		{"an unknown variable", "{{ user.name }}", `there is no variable "user", in {{ user.name }}`, "what a text can read is traits, visitor, page, locale, event, data and params"},
		{"an unknown field", "{{ page.title }}", `page has no "title", in {{ page.title }}`, "it has url, path and name"},
		{"an unknown param", "{{ params.tilte }}", `the template has no param "tilte"`, "its params are title"},
		{"an output that is not closed", "Hello {{ traits.first_name", `"{{ traits.first_name" is not closed in its line`, "write }} where it ends"},
		{"an output over two lines", "{{ traits\n.a }}", `"{{ traits" is not closed in its line`, "write }} where it ends"},
		{"a tag that is not closed", "{% if traits.a ", `"{% if traits.a " is not closed in its line`, "write %} where it ends"},
		{"a block that is not closed", "{% if traits.a %}x", `the tag {% if traits.a %} is not closed`, "write {% endif %} where it ends"},
		{"a comment that is not closed", "a{% comment %}b", `{% comment %} is not closed`, "write {% endcomment %} where it ends"},
		{"an end without a beginning", "a{% endfor %}b", `endfor not inside`, "open it before, or take it away"},
		{"an else outside", "a{% else %}b", `else not inside`, "open it before, or take it away"},
		{"words that are no expression", "{{ traits.a b }}", `the template cannot be read`, "write for example {{ traits.first_name | default: 'there' }}"},
		{"a filter without a name", "{{ traits.a | }}", `the template cannot be read`, "write for example"},
		{"nothing in the braces", "{{ }}", `the template cannot be read`, "write for example"},
		{"a number without end", "{{ 99999999999999999999999 }}", `the template cannot be read`, "write for example"},
		{"a quote that is not closed", "{% if traits.a contains 'b %}a{% endif %}", `a quote is not closed, in {% if traits.a contains 'b %}`, "write the same quote"},
		{"a condition that is none", "{% if %}a{% endif %}", `the template cannot be read at {% if %}`, "docs/personalisation.md"},
		{"a loop that is none", "{% for a of traits.b %}{% endfor %}", `the template cannot be read at {% for a of traits.b %}`, "docs/personalisation.md"},
		{"a range outside of a loop", "{{ (1..9) | join }}", `a range stands outside of a loop`, "(1..5)"},
		{"a range that a filter gets", "{% for i in (1..9) | reverse %}{% endfor %}", `a range stands outside of a loop`, "(1..5)"},
		{"a range that is kept", "{% assign a = (1..999999999) %}", `a range stands outside of a loop`, "(1..5)"},
		{"a variable of a loop after it", "{% for a in traits.b %}{% endfor %}{{ a }}", `there is no variable "a"`, "what a text can read"},
		{"tags in each other without end", strings.Repeat("{% if traits.a %}", 30) + strings.Repeat("{% endif %}", 30), "deeper", "flatter"},
		{"a character of a private use area", "a\U000F0001b{{ traits.a }}", "private use area", "take it away"},
		{"a text that is too long", strings.Repeat("x", 70<<10), "the text has 71680 bytes", "shorten it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseText(Plain, test.source, []string{"title"})
			var wrong *Error
			if !errors.As(err, &wrong) || !strings.Contains(wrong.Problem, test.problem) && test.problem != "deeper" || !strings.Contains(wrong.Fix, test.fix) {
				t.Errorf("got  %v\nwant %s; %s", err, test.problem, test.fix)
			}
		})
	}
}

func TestParamsAreThoseOfATemplateAlone(t *testing.T) {
	if _, err := ParseText(Plain, "{{ params.title }}", nil); err == nil || !strings.Contains(err.Error(), "only a message with a template has params") {
		t.Errorf("got %v", err)
	}
}

// Whatever a template does, it ends, and soon.
func TestRenderingIsBounded(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"a loop that goes far", "{% for i in (1..999999999) %}{% endfor %}", "a list becomes too long"},
		{"a loop as far as a trait says", "{% for i in (1..traits.many) %}x{% endfor %}", "a list becomes too long"},
		{"loops in loops that write nothing", "{% for i in (1..1000) %}{% for j in (1..1000) %}{% endfor %}{% endfor %}", "too many steps"},
		{"a text that doubles", "{% assign a = 'xxxxxxxxxxxxxxxx' %}{% for i in (1..100) %}{% assign a = a | append: a %}{% endfor %}", "a value becomes too long"},
		{"a list that doubles", "{% assign a = traits.projects %}{% for i in (1..100) %}{% assign a = a | concat: a %}{% endfor %}", "a list becomes too long"},
		{"a text put in place of every letter", "{{ traits.long | replace: 'x', traits.long }}", "a value becomes too long"},
		{"a long text between items", "{{ traits.long | split: '' | join: traits.long }}", "becomes too long"},
		{"the same value again and again", "{% for i in (1..5000) %}{{ traits.long }}{% endfor %}", "the text becomes too long"},
		{"captured again and again", "{% for i in (1..5000) %}{% capture a %}{{ a }}{{ traits.long }}{% endcapture %}{% endfor %}", "the text becomes too long"},
		{"a date as wide as a page", "{{ 0 | date: '%999999999d' }}", "a value becomes too long"},
		{"a division by zero", "{{ 1 | divided_by: traits.none }}", "a number is divided by zero"},
	} {
		t.Run(test.name, func(t *testing.T) {
			values := Values{Traits: map[string]any{"many": 1e9, "long": strings.Repeat("x", 9000), "projects": []any{"a", "b"}}}
			source := strings.Replace(test.source, "{{ a }}", "", 1)
			if got, err := spoken(t, source, values, nil); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %d bytes (%v), want: %s", len(got), err, test.want)
			}
		})
	}
}

func TestRenderingStopsWhenItsTimeIsOver(t *testing.T) {
	text, err := ParseText(Plain, "{% for i in (1..1000) %}{{ i }}{% endfor %}", nil)
	if err != nil {
		t.Fatal(err)
	}
	over := defaultLimits
	over.time = -1
	r := &rendering{bindings: ines.bind(nil, ""), budget: newBudget(over)}
	if _, err := r.plain(text); err == nil || !strings.Contains(err.Error(), "takes too long") {
		t.Errorf("got %v", err)
	}
}

// Texts without tags are read here as the library reads them.
func TestTextsWithoutTagsAreReadAsTheLibraryReadsThem(t *testing.T) {
	said := func(tree parser.ASTNode, err error) string {
		if err != nil {
			return err.Error()
		}
		var all strings.Builder
		for _, part := range tree.(*parser.ASTSeq).Children {
			switch part := part.(type) {
			case *parser.ASTText:
				fmt.Fprintf(&all, "text %q ", part.Source)
			case *parser.ASTObject:
				value, err := part.Expr.Evaluate(expressions.NewContext(map[string]any{"traits": map[string]any{"name": "Ada"}}, liquid().Config.Config))
				fmt.Fprintf(&all, "output %q %q %v %v ", part.Source, part.Args, value, err)
			default:
				fmt.Fprintf(&all, "%T ", part)
			}
		}
		return all.String()
	}
	pieces := []string{"{{", "}}", " traits.name ", "traits.name", " | default: 'you'", " | upcase", "{", "}", "\n", " ", "Hello, ", "\"}}\"", "'{{'", "é", "|", "%}", "{{ traits.name }}", "{{traits.name}}"}
	random := rand.New(rand.NewPCG(7, 11))
	for range 2000 {
		text := ""
		for range random.IntN(9) {
			text += pieces[random.IntN(len(pieces))]
		}
		tree, err := liquid().Parse(text, parser.SourceLoc{})
		var want string
		if err != nil {
			want = unreadable(err).Error()
		} else {
			want = said(tree, nil)
		}
		if got := said(readOutputs(text)); got != want {
			t.Fatalf("%q is read as\n%s\nand by the library as\n%s", text, got, want)
		}
	}
}
