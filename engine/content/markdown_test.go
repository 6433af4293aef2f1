package content

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// written is the nodes as HTML, which is the shortest way to read a tree.
func written(nodes []Node) string {
	var out strings.Builder
	writeNodes(&out, nodes)
	return out.String()
}

func TestMarkdownBecomesNodes(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"a line is a paragraph", "Spring sale", "<p>Spring sale</p>"},
		{"emphasis", "Plan the **whole week** on *one* board", "<p>Plan the <strong>whole week</strong> on <em>one</em> board</p>"},
		{"emphasis in emphasis", "***all***", "<p><em><strong>all</strong></em></p>"},
		{"a line break in the source is a blank", "Plan the\nwhole week", "<p>Plan the whole week</p>"},
		{"two blanks or a backslash at the end break the line", "Plan  \nthe\\\nweek", "<p>Plan<br>the<br>week</p>"},
		{"an empty line parts paragraphs", "Plan.\n\nDo.", "<p>Plan.</p><p>Do.</p>"},
		{"a text indented along with its TOML is no code", "    Plan the week.\n    - jobs\n      - tools\n\n    Then rest.\n", "<p>Plan the week.</p><ul><li>jobs<ul><li>tools</li></ul></li></ul><p>Then rest.</p>"},
		{"four blanks more than the text around make code", "Type:\n\n    handbill run\n", "<p>Type:</p><pre><code>handbill run\n</code></pre>"},
		{"a link", "[The plans](/pricing/)", `<p><a href="/pricing/">The plans</a></p>`},
		{"a link with emphasis", "[**The** plans](https://example.com/a?b=1&c=2#d)", `<p><a href="https://example.com/a?b=1&amp;c=2#d"><strong>The</strong> plans</a></p>`},
		{"a link's title is left out", `[plans](/pricing/ "All plans")`, `<p><a href="/pricing/">plans</a></p>`},
		{"a link defined below", "See [the plans][1].\n\n[1]: /pricing/\n", `<p>See <a href="/pricing/">the plans</a>.</p>`},
		{"an address in angle brackets", "<https://example.com/> or <info@example.com>", `<p><a href="https://example.com/">https://example.com/</a> or <a href="mailto:info@example.com">info@example.com</a></p>`},
		{"blanks in an address are encoded", "[a](</my page>)", `<p><a href="/my%20page">a</a></p>`},
		{"letters in an address are encoded", "[a](/büro)", `<p><a href="/b%C3%BCro">a</a></p>`},
		{"a telephone number", "[Call us](tel:+4930123456)", `<p><a href="tel:+4930123456">Call us</a></p>`},
		{"code", "Press `Ctrl`+`C` in ``a `b` c``", "<p>Press <code>Ctrl</code>+<code>C</code> in <code>a `b` c</code></p>"},
		{"code keeps tags and entities as they are", "`<b>&amp;</b>`", "<p><code>&lt;b&gt;&amp;amp;&lt;/b&gt;</code></p>"},
		{"a code block", "```toml\nid = \"x\"\n<b>\n```", "<pre><code>id = &#34;x&#34;\n&lt;b&gt;\n</code></pre>"},
		{"a list", "- one\n- two\n  - three", "<ul><li>one</li><li>two<ul><li>three</li></ul></li></ul>"},
		{"a list of paragraphs", "1. one\n\n   more\n\n2. two", "<ol><li><p>one</p><p>more</p></li><li><p>two</p></li></ol>"},
		{"a quote", "> Now the board\n> is the shoebox.", "<blockquote><p>Now the board is the shoebox.</p></blockquote>"},
		{"every heading is an h3", "# New\n\nAnd\n---\n", "<h3>New</h3><h3>And</h3>"},
		{"a line of dashes stays text", "one\n\n---\n", "<p>one</p><p>---</p>"},
		{"entities are characters", "20&nbsp;% &amp; more &copy; &#33; &lt;b&gt;", "<p>20\u00a0% &amp; more © ! &lt;b&gt;</p>"},
		{"a backslash takes the meaning away", `\*not\* \&amp; \<b>`, "<p>*not* &amp;amp; &lt;b&gt;</p>"},
		{"HTML stays text", `<b onclick="x()">Hello</b>`, "<p>&lt;b onclick=&#34;x()&#34;&gt;Hello&lt;/b&gt;</p>"},
		{"a block of HTML stays text", "<script>\nalert(1)\n</script>", "<p>&lt;script&gt; alert(1) &lt;/script&gt;</p>"},
		{"a comment stays text", "<!-- hidden -->", "<p>&lt;!-- hidden --&gt;</p>"},
		{"NUL becomes the replacement character", "a\x00b", "<p>a\ufffdb</p>"},
		{"nothing", " \n ", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			nodes, err := Markdown(test.source)
			if err != nil {
				t.Fatal(err)
			}
			if got := written(nodes); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestMarkdownThatMessagesDoNotHaveIsAnError(t *testing.T) {
	for _, test := range []struct{ name, source, problem, fix string }{
		{
			"a link to a script", "[a](javascript:alert(1))",
			`a link in the text: the address "javascript:alert(1)" has the scheme "javascript"`,
			`use a path such as "/offers", or one of http, https, mailto, tel`,
		},
		{
			"a link to a script in disguise", "[a](&#106;ava&#115;cript&colon;alert(1))",
			`a link in the text: the address "javascript:alert(1)" has the scheme "javascript"`,
			`use a path such as "/offers", or one of http, https, mailto, tel`,
		},
		{
			"an address in angle brackets with another scheme", "<data:text/html,x>",
			`a link in the text: the address "data:text/html,x" has the scheme "data"`,
			`use a path such as "/offers", or one of http, https, mailto, tel`,
		},
		{
			"an image", "![The sale](/img/sale.png)",
			`the text holds the image "/img/sale.png"`,
			`put it beside the text: image = { src = "/img/sale.png", alt = "what it shows" }`,
		},
		{"a link without an address", "[a]()", "a link in the text: the address is empty", `write a path such as "/offers", or a URL`},
		{"a text that is too long", strings.Repeat("a", maximumTextLength+1), "the text has 65537 bytes", "shorten it to 65536"},
		{"quotes in quotes in quotes", strings.Repeat("> ", 40) + "a", "the text nests quotes, lists or emphasis deeper than 16 levels", "make it flatter"},
		{"emphasis in emphasis in emphasis", strings.Repeat("*a **b ", 40) + "c" + strings.Repeat("** a*", 40), "the text nests quotes, lists or emphasis deeper than 16 levels", "make it flatter"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Markdown(test.source)
			var wrong *Error
			if !errors.As(err, &wrong) || wrong.Problem != test.problem || wrong.Fix != test.fix {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestTagsInTextAreFoundButNotInCode(t *testing.T) {
	for source, want := range map[string]string{
		"Hello <b>you</b>":           "<b>",
		"- one\n- </p> two":          "</p>",
		"<!-- later -->":             "<!--",
		"a < b and c > d":            "",
		"`<b>` is bold":              "",
		"```\n<b>\n```":              "",
		"I <3 you":                   "",
		"<https://example.com/> too": "",
	} {
		nodes, err := Markdown(source)
		if err != nil {
			t.Fatal(err)
		}
		if got := HTMLInText(nodes); got != want {
			t.Errorf("%q holds %q, want %q", source, got, want)
		}
	}
}

// allowed are the elements that a text may consist of, and their attributes.
var allowed = map[string][]string{
	"p": nil, "br": nil, "strong": nil, "em": nil, "code": nil, "pre": nil, "a": {"href"},
	"ul": nil, "ol": nil, "li": nil, "blockquote": nil, "h3": nil,
}

func FuzzMarkdownNeverBecomesMarkup(f *testing.F) {
	for _, seed := range []string{
		"Plan the **whole week**", "[a](javascript:x)", "[a]( java\tscript:x)", "<script>x</script>", "<a href='x'>", "> - 1. `a`",
		"![a](b)", "[a]: b\n\n[a]", "&lt;b&gt;", "\\<b>", "a  \nb", "```\n</pre>\n```", "[a](\x01javascript:x)", "<javascript:x>", "*a **b* c**",
		"  a\n\n      b\n\tc", "a\n    b", "- a\n\n      b\n c", "> a\nb\n=",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		nodes, err := Markdown(source)
		if err != nil {
			var wrong *Error
			if !errors.As(err, &wrong) || wrong.Problem == "" || wrong.Fix == "" {
				t.Fatalf("the error says too little: %v", err)
			}
			return
		}
		if utf8.ValidString(source) && !strings.ContainsAny(source, "[<&\\`~") && letters(source) != letters(said(nodes)) {
			t.Fatalf("of the letters %q come out %q", letters(source), letters(said(nodes)))
		}
		body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
		parsed, err := html.ParseFragment(strings.NewReader(written(nodes)), body)
		if err != nil {
			t.Fatal(err)
		}
		for _, node := range parsed {
			checkMarkup(t, node)
		}
	})
}

// said is all that the nodes say.
func said(nodes []Node) string {
	var all strings.Builder
	walk(nodes, func(node Node) { all.WriteString(node.Text) })
	return all.String()
}

func walk(nodes []Node, visit func(Node)) {
	for _, node := range nodes {
		visit(node)
		walk(node.Children, visit)
	}
}

func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, text)
}

func checkMarkup(t *testing.T, node *html.Node) {
	t.Helper()
	switch node.Type {
	case html.TextNode:
	case html.ElementNode:
		attributes, known := allowed[node.Data]
		if !known {
			t.Fatalf("the element <%s> came out", node.Data)
		}
		for _, attribute := range node.Attr {
			if !slices.Contains(attributes, attribute.Key) {
				t.Fatalf("the attribute %s came out on <%s>", attribute.Key, node.Data)
			}
			if err := CheckLink(attribute.Val); err != nil {
				t.Fatal(err)
			}
		}
	default:
		t.Fatalf("a node of type %d came out", node.Type)
	}
	for child := range node.ChildNodes() {
		checkMarkup(t, child)
	}
}
