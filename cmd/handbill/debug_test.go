package main

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// pieces is a workspace with messages that show and others that do not, each for a reason of its own.
const pieces = `
[workspace]
site_id = "tallowby"

[[messages]]
id = "welcome"
pages = ["equals:http://EDGE/pricing"]
display = "toast"
title = "Welcome"
text = "Plan the whole week on one board."

[[messages]]
id = "draft"
status = "draft"
pages = ["*"]
text = "Not yet."

[[messages]]
id = "billing"
pages = ["/billing"]
text = "Your invoices."
`

// inPanelOfDebug finds something in the panel of a debug link.
func inPanelOfDebug(selector string) string {
	return `document.querySelector("handbill-debug")?.shadowRoot.querySelector(` + quote(selector) + `)`
}

func TestADebugLinkOpensAPanelOfAllMessages(t *testing.T) {
	s := lettersSite(t, pieces, "")
	b := newVisitor(t)
	console := listen(b)
	b.scheme("light")
	out, err := s.messages("preview", "--debug", "--url", "http://"+s.edge+"/pricing")
	if err != nil {
		t.Fatalf("messages preview: %v\n%s", err, out)
	}
	link, _, _ := strings.Cut(out, "\n")
	b.open(link)
	b.await(inPanelOfDebug(`[role="status"]`) + `?.textContent === "1 of 3 messages are due here"`)
	b.await(in("h2") + `?.textContent === "Welcome"`)
	const told = `[...document.querySelector("handbill-debug").shadowRoot.querySelectorAll("summary")].map((line) => line.textContent).join(", ")`
	if got, want := js[string](b, told), "welcome due, draft not_live, billing page"; got != want {
		t.Errorf("the panel tells %q, want %q", got, want)
	}
	facts := js[string](b, inPanelOfDebug("dl")+`.innerText`)
	for _, want := range []string{"http://" + s.edge + "/pricing\n", "(anonymous; nothing is remembered)", "The page has its snippet.", "Workspace", "Link ends"} {
		if !strings.Contains(facts, want) {
			t.Errorf("the facts %q do not say %q", facts, want)
		}
	}

	// The keyboard opens the checks of a message, moves the panel, and closes it.
	const focused = `document.activeElement.shadowRoot?.activeElement?.name || document.activeElement.shadowRoot?.activeElement?.textContent`
	js[any](b, inPanelOfDebug(`[data-message="billing"] summary`)+`.focus()`)
	b.keys(kb.Enter)
	b.await(inPanelOfDebug(`[data-message="billing"] .no`))
	if got := js[string](b, inPanelOfDebug(`[data-message="billing"]`)+`.innerText`); !strings.Contains(got, "messages.toml:") || !strings.Contains(got, "add a rule that fits this page") {
		t.Errorf("of a message it tells %q", got)
	}
	if found := b.axe(); found != "" {
		t.Error(found)
	}
	b.picture("debug-dark")
	b.scheme("light")
	b.picture("debug")
	const corner = `(() => { const {left, top} = document.querySelector("handbill-debug").shadowRoot.querySelector("section").getBoundingClientRect(); return [Math.round(left), Math.round(top)] })()`
	before := js[[]int](b, corner)
	js[any](b, inPanelOfDebug(`[name="move"]`)+`.focus()`)
	b.keys(kb.ArrowLeft, kb.ArrowUp)
	if after := js[[]int](b, corner); after[0] != before[0]-32 || after[1] != before[1]-32 {
		t.Errorf("the arrow keys move it from %v to %v", before, after)
	}
	b.keys(kb.Enter)
	if at := js[[]int](b, corner); at[0] != 8 {
		t.Errorf("pressing moves it to %v", at)
	}
	at := js[[]float64](b, `(() => { const r = `+inPanelOfDebug("h2")+`.getBoundingClientRect(); return [r.x + 20, r.y + 10] })()`)
	if err := chromedp.Do(b.ctx, chromedp.MouseEvent(chromedp.MousePressed, at[0], at[1], chromedp.ButtonLeft), chromedp.MouseEvent(chromedp.MouseMoved, at[0]+100, at[1]-10, chromedp.ButtonLeft), chromedp.MouseEvent(chromedp.MouseReleased, at[0]+100, at[1]-10, chromedp.ButtonLeft)); err != nil {
		t.Fatal(err)
	}
	b.await(`(` + corner + `)[0] > 50`)
	js[any](b, inPanelOfDebug("input")+`.focus()`)
	b.keys("not_live")
	b.await(`document.querySelector("handbill-debug").shadowRoot.querySelectorAll("ul > li:not([hidden])").length === 1`)

	// When something happens to a message, the panel asks again.
	b.click(`.close`)
	b.await(inPanelOfDebug(`[data-message="welcome"] summary`) + `?.textContent === "welcome dismissed"`)
	b.expectJS("the facts are new", inPanelOfDebug("dl")+`.innerText.includes("there is a record") + ""`, "true")
	js[any](b, inPanelOfDebug(`[name="move"]`)+`.focus()`)
	b.keys(kb.Escape)
	b.await(`!document.querySelector("handbill-debug")`)
	if got := js[string](b, focused+` + ""`); strings.Contains(got, "move") {
		t.Errorf("the focus is at %q", got)
	}
	if lines := console.lines(); len(lines) > 0 {
		t.Errorf("the page was not quiet: %q", lines)
	}

	// The next page has no link in its address; a link that is not whole tells nothing.
	b.open("http://" + s.edge + "/billing")
	b.await(in("section"))
	if js[bool](b, `!!document.querySelector("handbill-debug")`) {
		t.Error("a page without the link has a panel")
	}
	b.open(link[:len(link)-2] + "AA")
	b.await(inPanelOfDebug(`[role="status"]`) + `?.textContent.includes("this link has ended, or was not made here")`)
	if got := js[string](b, inPanelOfDebug("ul")+`.textContent`); got != "" {
		t.Errorf("a link that is not whole tells %q", got)
	}
}
