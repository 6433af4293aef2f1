package main

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience bounds every wait in the browser; nothing waits for it when all is well.
const patience = time.Minute

var closeBrowser = func() {}

// browser is the one Chromium of these tests.
var browser = sync.OnceValues(func() (context.Context, error) {
	// Chromium refuses its sandbox to root, which is what tests in containers run as. The pages are our own.
	allocator, closeAllocator := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	ctx, closeContext := chromedp.NewContext(allocator)
	closeBrowser = func() { closeContext(); closeAllocator() }
	return ctx, chromedp.Do(ctx)
})

// tab is a page of a visitor who has a browser profile of their own.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// keepNotes writes down the in-app events of all pages of the tab, and what the edge has acknowledged to this one.
const keepNotes = `const ask = window.fetch;
window.acknowledged = "";
window.fetch = async (address, options) => {
	const answer = await ask(address, options);
	if (answer.ok && String(address).includes("/v1/")) window.acknowledged += options?.body;
	return answer;
};
for (const name of ["opened", "dismissed", "action", "error", "changed"]) {
	document.addEventListener("in-app:message-" + name, ({detail}) => {
		const seen = JSON.parse(sessionStorage.getItem("seen") || "[]");
		sessionStorage.setItem("seen", JSON.stringify([...seen, {name, detail}]));
	});
}`

// newVisitor opens an empty tab.
func newVisitor(t *testing.T) *tab {
	t.Helper()
	parent, err := browser()
	if err != nil {
		t.Fatalf("Chromium does not start (install Debian's package chromium): %v", err)
	}
	ctx, closeTab := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	b := &tab{t: t, ctx: ctx}
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: keepNotes}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *tab) open(address string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate(address)); err != nil {
		b.t.Fatalf("opening %s: %v", address, err)
	}
}

// js evaluates an expression in the page into result; promises are awaited.
func js[Result any](b *tab, expression string) Result {
	b.t.Helper()
	result, err := chromedp.Run(b.ctx, chromedp.Evaluate[Result](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return result
}

// await returns when an expression is true in the page. A navigation may happen in between.
func (b *tab) await(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for {
		reached, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if reached {
			return
		}
		if ctx.Err() != nil {
			b.t.Fatalf("never true: %s (%v); events: %s\n%s", expression, err, sessionEvents(b), js[string](b, "document.documentElement.outerHTML"))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// in is the expression for what a selector finds in the message on the screen.
func in(selector string) string {
	return `[...document.querySelectorAll("handbill-message")].map((host) => host.shadowRoot.querySelector(` + quote(selector) + `)).find(Boolean)`
}

// click presses what a selector finds in the message on the screen.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.await(in(selector))
	// What still slides in is not where it was asked for a moment ago.
	b.await(in(selector) + `.getRootNode().getAnimations().length === 0`)
	at := js[[]float64](b, `(() => { const r = (`+in(selector)+`).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`)
	if err := chromedp.Do(b.ctx, chromedp.MouseClickXY(at[0], at[1])); err != nil {
		b.t.Fatal(err)
	}
}

// answered is the number of polls that this load of the page has an answer to.
const answered = `performance.getEntriesByType("resource").filter((entry) => entry.name.includes("/api/v4/users") && entry.responseEnd > 0).length`

// expectNothing waits until the page has asked what to show, and makes sure that nothing is.
func (b *tab) expectNothing(when string) {
	b.t.Helper()
	b.await(answered)
	js[any](b, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))`)
	if js[int](b, `document.querySelectorAll("handbill-message").length`) != 0 {
		b.t.Errorf("%s a message is on the screen: %s", when, js[string](b, in("section")+".textContent"))
	}
}

// acknowledged is true in the page once the edge has acknowledged a report.
func acknowledged(metric string) string {
	return `window.acknowledged.includes(` + quote(`"metric":"`+metric+`"`) + `)`
}

// event is an in-app event as the site's code receives it.
type event struct {
	Name   string            `json:"name"`
	Detail map[string]string `json:"detail"`
}

func sessionEvents(b *tab) string { return js[string](b, `sessionStorage.getItem("seen") || "[]"`) }

// expectEvents waits for as many events as are wanted and compares them. Where a detail's value is "*", it may be
// anything but empty, as long as it is the same in all.
func (b *tab) expectEvents(want ...event) {
	b.t.Helper()
	b.await(`JSON.parse(sessionStorage.getItem("seen") || "[]").length >= ` + quote(len(want)))
	var got []event
	if err := json.Unmarshal([]byte(sessionEvents(b)), &got); err != nil {
		b.t.Fatal(err)
	}
	delivery := ""
	for i := range got {
		switch id := got[i].Detail["deliveryId"]; {
		case id == "":
			b.t.Errorf("event %d has no deliveryId: %v", i, got[i])
		case delivery == "":
			delivery = id
		case delivery != id:
			b.t.Errorf("event %d has the deliveryId %s, those before %s", i, id, delivery)
		}
		got[i].Detail["deliveryId"] = "*"
	}
	if gotText, wantText := quote(got), quote(want); gotText != wantText {
		b.t.Errorf("the events are\n%s\nwant\n%s", strings.ReplaceAll(gotText, "},{", "},\n {"), strings.ReplaceAll(wantText, "},{", "},\n {"))
	}
}

// quote writes a value as JavaScript.
func quote(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // only plain values are quoted here
	}
	return string(text)
}
