//go:build sites

package sites

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// tab is a page in Chromium.
type tab struct {
	t     *testing.T
	ctx   context.Context
	lines chan []string
}

const endOfLines = "the end of these lines"

// open opens an address in a browser of its own and collects its console.
func open(t *testing.T, address string) *tab {
	t.Helper()
	// Chromium refuses its sandbox to root, which is what tests in containers run as. The pages are our own.
	allocator, closeAllocator := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(func() { closeTab(); closeAllocator() })
	b := &tab{t: t, ctx: ctx, lines: make(chan []string, 1)}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium does not start (install Debian's package chromium): %v", err)
	}
	console := chromedp.Console(ctx)
	go func() {
		var lines []string
		for line, err := range console {
			if err != nil || line.Text == endOfLines {
				break
			}
			lines = append(lines, line.String()+" ("+line.URL+")")
		}
		b.lines <- lines
	}()
	b.do(chromedp.Navigate(address))
	return b
}

func (b *tab) do(action chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, action); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) js(expression string) string {
	b.t.Helper()
	result, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	text, err := json.Marshal(result)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// await returns when an expression is true in the page.
func (b *tab) await(expression string) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if reached, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!!("+expression+")")); err == nil && reached {
			return
		}
	}
	b.t.Fatalf("never true: %s in\n%s", expression, b.js("document.documentElement.outerHTML"))
}

// console ends the collecting and returns the lines.
func (b *tab) console() []string {
	b.t.Helper()
	b.js(`console.debug("` + endOfLines + `")`)
	return <-b.lines
}

// shown is true when the message is on the screen.
const shown = `[...document.querySelectorAll("handbill-message")].some((host) => host.shadowRoot.querySelector("section"))`

// hydrated is true when the page's components answer, all of them.
const hydrated = `document.querySelectorAll("[data-hydrated=true]").length === document.querySelectorAll("[data-hydrated]").length`

// counters are the components of the page, each of which counts its presses.
const counters = `[...document.querySelectorAll("[data-hydrated] button")]`

// expectHydrated opens the orders page with Handbill and without, uses it, and goes to another route. Nothing may be on the
// console but lines with a text that the framework writes there always.
func (app application) expectHydrated(t *testing.T, always ...string) {
	t.Helper()
	var markup [2]string
	for lane, address := range []string{app.with, app.without} {
		b := open(t, "http://"+address+"/orders")
		b.await(`document.querySelectorAll("[data-hydrated]").length === 4`)
		b.await(hydrated)
		if lane == 0 {
			b.await(shown)
		}
		b.js(counters + `.forEach((button) => button.click())`)
		b.await(counters + `.every((button) => button.textContent === "1")`)
		markup[lane] = b.js(`document.querySelector("main").outerHTML`)
		b.js(`window.samePage = true, document.querySelector('a[href="/about"]').click()`)
		b.await(`location.pathname === "/about" && document.querySelector("h1").textContent === "About the workshop"`)
		if lane == 0 {
			b.await(shown)
			if at := b.js(`[...document.querySelectorAll('script[src="/_handbill/client.js"]')].map((script) => script.parentNode.nodeName)`); at != `["HEAD"]` {
				t.Errorf("the snippet is in %s", at)
			}
		}
		if b.js("window.samePage") != "true" {
			t.Errorf("the route was loaded as a page")
		}
		for _, line := range b.console() {
			if slices.ContainsFunc(always, func(text string) bool { return strings.Contains(line, text) }) {
				continue
			}
			t.Errorf("the console of %s says: %s", []string{"the page", "the page without Handbill"}[lane], line)
		}
	}
	if markup[0] != markup[1] {
		t.Errorf("the page is\n%s\nwithout Handbill\n%s", markup[0], markup[1])
	}
}
