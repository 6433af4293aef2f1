package workspace

import (
	"strings"
	"testing"
)

// What a browser's document.querySelector takes.
var selectors = []string{
	"#buy", ".cart", "a", "*", "main > #offers", "#a,#b , .c", "ul li:nth-child(2n + 1)", "a[href]", "a[href^='/shop']", "[data-step=\"2\" i]", "[lang|=de]",
	"a:not(.off):hover", "p::before", ".a.b#c", ".-x", ".--x", "#größe", "#\\31 st", ".md\\:flex", "h1 + p ~ p>em", "[ data-a = b ]", "  #buy  ", "button:is(.a, .b)",
	"[style=\"color: red; top: 0\"]", "#a\n.b", "section:has(> img)", "[href=\"a]b\"]", "input:checked", "li:first-child", "td:nth-last-of-type(2)", "[title='it\\'s']", ":root",
	"html:lang(en)", "my-card", "svg circle", "[data-x='{}']", "a:is([title=\"(\"])", "*|circle", "|p", "*|*", "use[*|href]",
}

var noSelectors = []struct {
	text, why string
}{
	{"##", `no name stands after "#"`},
	{"..", `no name stands after "."`},
	{"#", `no name stands after "#"`},
	{"#buy.", `no name stands after "."`},
	{". cart", `no name stands after "."`},
	{"#buy#", `no name stands after "#"`},
	{"#1st", `a name after "#" cannot begin with a digit, but [id="1…"] or [class~="1…"] can hold one`},
	{"#buy >", "it ends where another name is due"},
	{"> #buy", `before ">" stands no name`},
	{"a > > b", `before ">" stands no name`},
	{"*|", `no name stands after "|"`},
	{"*|.cart", `no name stands after "|"`},
	{"a,", "it ends where another name is due"},
	{",a", `before "," stands no name`},
	{"a,,b", `before "," stands no name`},
	{"a[href", `"[" is not closed with "]"`},
	{"a[]", `no attribute's name stands after "["`},
	{"a[href=/shop]", "an attribute's value that is no name must stand in quotes"},
	{"a[href='/shop]", "the quotes are not closed"},
	{"a[href!='/shop']", `"[" is not closed with "]"`},
	{"a]", `"]" has no meaning there`},
	{"a)", `")" has no meaning there`},
	{"a:not(.b", "the brackets are not closed"},
	{"a:not([b)]", "the brackets are not closed in the order in which they are opened"},
	{"a:not()", `nothing stands in the brackets of ":not"`},
	{"a:", `no name stands after ":"`},
	{"p: hover", `no name stands after ":"`},
	{".cart { color: red }", `"{" has no meaning there`},
	{"a;", `";" has no meaning there`},
	{"a!", `"!" has no meaning there`},
	{"//div[@id='a']", `"/" has no meaning there`},
	{"50%", `"5" has no meaning there`},
	{"$buy", `"$" has no meaning there`},
	{"button:contains('Buy')", `":contains" is jQuery's, and no browser knows it`},
	{"li:eq(2)", `":eq" is jQuery's, and no browser knows it`},
	{"a\\", `"\\" has no meaning there`},
}

func TestSelectorsThatBrowsersTakeAreTaken(t *testing.T) {
	for _, text := range selectors {
		if why := notSelector(text); why != "" {
			t.Errorf("%q: %s", text, why)
		}
	}
}

func TestItIsSaidWhyATextIsNoSelector(t *testing.T) {
	for _, test := range noSelectors {
		if why := notSelector(test.text); why != test.why {
			t.Errorf("%q: got %q, want %q", test.text, why, test.why)
		}
	}
}

// FuzzSelector: whatever the text, reading it ends, and what is said is a line.
func FuzzSelector(f *testing.F) {
	for _, text := range selectors {
		f.Add(text)
	}
	for _, test := range noSelectors {
		f.Add(test.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if why := notSelector(text); strings.ContainsAny(why, "\n\r") {
			t.Errorf("%q: %q", text, why)
		}
	})
}
