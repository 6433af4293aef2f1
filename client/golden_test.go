package client_test

import (
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"handbill/engine/content"
)

// A message's tree is written in two places: as HTML by Go and as DOM by the client. They are the same.
func TestTheClientBuildsTheTreeThatGoWrites(t *testing.T) {
	for _, c := range []struct {
		name, markdown string
		markup         string
		step           content.Step
	}{
		{name: "plain words", markdown: "Pay by the year."},
		{name: "everything that Markdown has here", markdown: `# A heading

Three things, the first *long asked for*, the second **important**, the third ` + "`TB-2026`" + `.\
A [link](/docs/?a=1&b=2#part "title"), an <https://example.com/ä> and ines@example.com.

- one
- two

  with a paragraph
  1. nested
  2. list

> A quote
> of two lines

` + "```\nif a < b && c > d {\n\treturn \"x\"\n}\n```"},
		{name: "what looks like markup", markdown: `<b>bold</b> & <script>alert("x")</script> &amp; &lt;i&gt; "quoted" 'twice'`},
		{name: "every alphabet", markdown: "Grüße, 伊藤さん, שלום, 👩‍🔧 and a soft\u00adhyphen"},
		{name: "a whole step", markdown: "Plan the **whole week**.", step: content.Step{
			Title:   `A "title" with <tags> & more`,
			Image:   &content.Image{Src: "/img/board.svg?a=1&b=2", Alt: `The "board" <here>`, Width: 640, Height: 360},
			Buttons: []content.Button{{Name: "show-me", Text: "Show <me>", Action: "next"}, {Name: `a"b`, Text: "Away", Action: "/a?b=1&c='2'"}},
		}},
		{name: "an image of unknown size", step: content.Step{Image: &content.Image{Src: "/img/board.svg"}}},
		{name: "HTML with everything that it may have", markup: `<h1>Plans</h1><p>From <b>May</b> on, <i>two</i> <u>new</u> <s>old</s> <small>small</small> <mark>marked</mark> x<sub>1</sub><sup>2</sup> <kbd>K</kbd>
<code>a &lt; b</code> <a href="/docs/?a=1&amp;b=2">the docs</a><br><span>&copy; 2026 &amp; "more"</span></p><h5>Small</h5><pre>  a
 b</pre><ul><li>one<ol><li>nested</li></ol></li></ul><dl><dt>Term</dt><dd>Meaning</dd></dl><blockquote>Quoted</blockquote><hr>
<figure><img src="/img/board.svg" alt="The board" width="64" height="36"><figcaption>A board</figcaption></figure><img src="/img/board.svg">
<video src="/video/tour.mp4" alt="A tour of the board" width="640" height="360" poster="/img/board.svg"><track src="/video/tour.en.vtt" srclang="en" label="English"></video>
<table><thead><tr><th>Plan</th></tr></thead><tbody><tr><td>Solo</td></tr></tbody></table><div>End</div>`},
		{name: "a form of every type of field", step: content.Step{Title: "Tell us", Fields: everyField, Buttons: []content.Button{{Name: "send", Text: "Send", Action: "submit"}}}},
		{name: "a title alone", step: content.Step{Title: "Dark mode is here"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, err := content.Markdown(c.markdown)
			if err != nil {
				t.Fatal(err)
			}
			if c.markup != "" {
				if body, err = content.HTML(c.markup); err != nil {
					t.Fatal(err)
				}
			}
			c.step.Name, c.step.Body = "step-1", body
			shown := withParts(content.Content{Display: "modal", Steps: []content.Step{c.step}})
			e, b := newEdge(t), newTab(t)
			e.pages["/video/tour.mp4"] = "a film that nobody can read, and nobody plays"
			e.messages = always(deliver("m", shown))
			b.open(e.URL)
			b.await("seen.length")
			built := b.js(shadow + `.querySelector("[data-step]").outerHTML`).(string)
			if got, want := normal(t, built), normal(t, shown.HTML()); got != want {
				t.Errorf("the client builds\n%s\nGo writes\n%s", got, want)
			}
			// Parsed by the browser, Go's HTML is the client's tree node by node: nothing in it became markup.
			text, err := json.Marshal(shown.HTML())
			if err != nil {
				t.Fatal(err)
			}
			b.expect(shadow+`.querySelector("[data-step]").isEqualNode(new DOMParser().parseFromString(`+string(text)+`, "text/html").body.firstChild)`, "true")
		})
	}
}

// normal is HTML as one serializer writes it.
func normal(t *testing.T, text string) string {
	t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(text), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, node := range nodes {
		if err := html.Render(&out, node); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}
