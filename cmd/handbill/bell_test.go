package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// lettersPolicy is that of a page on which our own client shows everything that it has.
const lettersPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; require-trusted-types-for 'script'"

// lettersSite is a server of a workspace, whose page has some elements in its header, under a strict policy.
func lettersSite(t *testing.T, workspace, elements string) *server {
	t.Helper()
	path := filepath.Join(t.TempDir(), "messages.toml")
	page := `<!doctype html><html lang='en'><meta charset='utf-8'><meta name='color-scheme' content='light dark'><title>Tallowby</title><header>` + elements + `</header><main><h1>Tallowby</h1></main></html>`
	s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+path+" {\n\t\tstore memory\n\t}\n}\nhttp://EDGE {\n\thandbill {\n\t\tidentity unsigned\n\t}\n"+
		"\theader Content-Security-Policy \""+lettersPolicy+"\"\n\troute {\n\t\trespond /boots.svg `<svg xmlns='http://www.w3.org/2000/svg' width='480' height='240'><rect width='480' height='240' fill='#1f5c4a'/></svg>`\n\t\theader Content-Type text/html\n\t\trespond `"+page+"`\n\t}\n\theader /boots.svg Content-Type image/svg+xml\n}\n")
	writeFile(t, path, strings.ReplaceAll(workspace, "EDGE", s.edge)) // an address that is known now
	s.start()
	return s
}

// inBell finds something in the inbox on the page.
func inBell(selector string) string {
	return `document.querySelector("handbill-inbox")?.shadowRoot?.querySelector(` + quote(selector) + `)`
}

// ourLetters are the messages in our client's inbox: their ids, with a star where they were not read.
const ourLetters = `cioanalytics.inbox().messages().then((all) => all.map(({messageId, opened}) => messageId + (opened ? "" : "*")).join(" "))`

// expectJS waits until an expression is a text.
func (b *tab) expectJS(what, expression, want string) {
	b.t.Helper()
	var got string
	defer func() {
		if b.t.Failed() {
			b.t.Logf("%s: last was %q, want %q", what, got, want)
		}
	}()
	until(b.t, what, func() bool {
		got = js[string](b, expression)
		return got == want
	})
}

func (b *tab) keys(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		if err := chromedp.Do(b.ctx, chromedp.KeyEvent(key)); err != nil {
			b.t.Fatal(err)
		}
	}
}

// scheme makes the visitor like light or dark pages.
func (b *tab) scheme(scheme string) {
	b.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.t.Fatal(err)
	}
}

// axe returns what hinders people on the page, in the light and in the dark.
func (b *tab) axe() string {
	b.t.Helper()
	source, err := os.ReadFile(filepath.Join(checkout, "client/testdata/node_modules/axe-core/axe.min.js"))
	if err != nil {
		b.t.Fatalf("%v; run scripts/install-test-tools.sh", err)
	}
	js[chromedp.Void](b, string(source)+"; undefined")
	var found []string
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		found = append(found, js[[]string](b, `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then(({ violations }) =>
			violations.map(({ id, nodes }) => "`+scheme+` " + id + ": " + nodes.map(({ target, failureSummary }) => target.flat().join(" ") + " " + failureSummary).join("; ")))`)...)
	}
	return strings.Join(found, "\n")
}

func TestOurClientHasTheReferenceClientsInbox(t *testing.T) {
	s := lettersSite(t, mail, "")
	b := newVisitor(t)
	b.open("http://" + s.edge + "/")
	b.await(`window.cioanalytics?.inbox`)
	b.expectJS("everything but what is for others", ourLetters, "boots* tips* orders*")
	js[chromedp.Void](b, `{
		window.heard = [];
		window.orders = cioanalytics.inbox("orders");
		window.end = orders.onUpdates((all) => heard.push(all.map(({opened}) => opened).join()));
		for (const name of ["opened", "dismissed", "action"]) cioanalytics.on("in-app-inbox:message-" + name, ({detail}) => heard.push(name + " " + detail.messageId + " " + (detail.actionName ?? "")));
	}`)
	if got := js[string](b, `Promise.all([orders.total(), orders.totalUnopened(), orders.messages()]).then(([total, unopened, [first]]) => JSON.stringify([total, unopened, first.properties.title, first.properties.icon, first.type, first.topics, first.expiresAt ?? null, Math.abs(Date.parse(first.sentAt) - Date.now()) < 60000]))`); got != `[1,1,"Order 1001","truck","card",["orders"],null,true]` {
		t.Errorf("the inbox of one topic is %s", got)
	}
	if got := js[int](b, `cioanalytics.inbox("_cio_other").total()`); got != 0 {
		t.Errorf("of an unknown topic are %d", got)
	}
	js[any](b, `orders.messages().then(async ([first]) => { await first.markOpened(); await first.markOpened(); await first.trackClick("track", "/orders/1001"); await first.markUnopened() }).then(() => null)`)
	until(t, "the edge has counted", func() bool {
		return strings.Contains(s.statistics()["orders"], "OPENED 1") && strings.Contains(s.statistics()["orders"], "CLICKED 1")
	})
	b.expectJS("it was put back", ourLetters, "boots* tips* orders*")
	js[any](b, `orders.messages().then(([first]) => first.markDeleted()).then(() => null)`)
	b.expectJS("it is gone", ourLetters, "boots* tips*")
	b.expectJS("what was heard", `JSON.stringify(heard)`, `["opened orders ","true","action orders track","false","dismissed orders ",""]`)
	js[any](b, `end()`)
	b.open("http://" + s.edge + "/boots")
	b.await(`window.cioanalytics?.inbox`)
	b.expectJS("another page finds it so", ourLetters, "boots* tips*")

	// Who identifies has what is for them, and what they deleted before is gone; another tab hears of what is done here.
	js[any](b, `cioanalytics.identify("ines").then(() => null)`)
	b.expectJS("what is for those who identified", ourLetters, "boots* tips* points*")
	js[any](b, `cioanalytics.inbox().messages().then((all) => all.at(-1).markOpened()).then(() => null)`)
	other := newVisitor(t)
	other.open("http://" + s.edge + "/")
	other.await(`window.cioanalytics?.inbox`)
	js[any](other, `cioanalytics.identify("ines").then(() => null)`)
	other.expectJS("what is read is read on every device", ourLetters, "boots* tips* points")
	js[any](b, `cioanalytics.inbox().messages().then(([first]) => first.markDeleted()).then(() => null)`)
	other.expectJS("the other device is told", ourLetters, "tips* points")
	js[any](other, `cioanalytics.reset()`)
	other.expectJS("the next person has an inbox of their own", ourLetters, "boots* tips* orders*")
}

func TestOurClientDrawsABellWhereThereIsMail(t *testing.T) {
	s := lettersSite(t, mail, "")
	b := newVisitor(t)
	console := listen(b)
	b.scheme("light")
	b.open("http://" + s.edge + "/")
	b.await(inBell(`[part="count"]`) + `?.textContent === "2"`)
	if got := js[string](b, inBell(".bell")+`.ariaLabel`); got != "Inbox, 2 unread" {
		t.Errorf("the bell says %q", got)
	}
	if found := b.axe(); found != "" {
		t.Error(found)
	}
	b.scheme("light")

	// The keyboard opens the panel, walks through it, and closes it.
	js[any](b, inBell(".bell")+`.focus()`)
	b.keys(kb.Enter)
	b.await(inBell(`[part="panel"]:popover-open`))
	const focused = `(() => { const at = document.activeElement.shadowRoot?.activeElement ?? document.activeElement; return at.getAttribute("part") ?? at.textContent })()`
	b.expectJS("the focus is in the panel", focused, "panel")
	b.expectJS("opening reads", ourLetters, "boots tips orders*")
	if got := js[int](b, `document.querySelector("handbill-inbox").shadowRoot.querySelectorAll("li.unread").length`); got != 2 {
		t.Errorf("%d are marked as new, want 2", got)
	}
	b.picture("bell")
	if got := js[string](b, `document.querySelector("handbill-inbox").shadowRoot.querySelector("li").innerText`); !strings.Contains(got, "The new season.") || !strings.Contains(got, "Twenty percent off") {
		t.Errorf("the first says %q", got)
	}
	var walked []string
	for range 5 {
		b.keys(kb.Tab)
		walked = append(walked, js[string](b, focused))
	}
	if want := []string{"close", "See them", "Delete", "delete", "delete"}; !slices.Equal(walked, want) {
		t.Errorf("the keyboard comes by %q, want %q", walked, want)
	}
	if found := b.axe(); found != "" {
		t.Error(found)
	}
	b.picture("bell-dark")
	b.scheme("light")
	b.keys(kb.Enter)
	b.expectJS("one is deleted", ourLetters, "boots orders*")
	b.expectJS("the focus stays near", focused, "delete")
	b.keys(kb.Escape)
	b.await(`!(` + inBell(`[part="panel"]:popover-open`) + `)`)
	b.expectJS("the focus is back", focused, "bell")
	b.await(`!document.querySelector("handbill-inbox").shadowRoot.querySelector("li.unread")`)
	until(t, "the edge has counted", func() bool {
		return strings.Contains(s.statistics()["tips"], "DISMISSED 1") && strings.Contains(s.statistics()["boots"], "OPENED 1")
	})
	// A link leads on, and is counted.
	b.keys(kb.Enter)
	b.await(inBell(`[part="panel"]:popover-open`))
	b.keys(kb.Tab, kb.Tab, kb.Enter)
	b.await(`location.pathname === "/boots"`)
	until(t, "the click is counted", func() bool { return strings.Contains(s.statistics()["boots"], "CLICKED 1") })
	if lines := console.lines(); len(lines) > 0 {
		t.Errorf("the page was not quiet: %q", lines)
	}
}

func TestASitePlacesTheInboxInItsOwnWords(t *testing.T) {
	s := lettersSite(t, mail, `<p dir='rtl' lang='ar'><handbill-inbox topics='orders' label='الوارد' unread='غير مقروء' delete='حذف' close='إغلاق'></handbill-inbox></p>`)
	b := newVisitor(t)
	if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(320, 480)); err != nil {
		t.Fatal(err)
	}
	b.open("http://" + s.edge + "/")
	b.await(inBell(`[part="count"]`) + `?.textContent === "1"`)
	if got := js[string](b, inBell(".bell")+`.ariaLabel`); got != "الوارد, 1 غير مقروء" {
		t.Errorf("the bell says %q", got)
	}
	js[any](b, inBell(".bell")+`.click()`)
	b.await(inBell(`[part="panel"]:popover-open h3`) + `?.textContent === "Order 1001"`)
	if got := js[string](b, `(() => { const {left, right} = `+inBell(`[part="panel"]`)+`.getBoundingClientRect(); return left >= 0 && right <= innerWidth ? "inside" : left + " " + right })()`); got != "inside" {
		t.Errorf("the panel stands at %s of 320 pixels", got)
	}
	if found := b.axe(); found != "" {
		t.Error(found)
	}
	b.picture("bell-rtl")
	if got := js[int](b, `document.querySelectorAll("handbill-inbox").length`); got != 1 {
		t.Errorf("there are %d inboxes", got)
	}
	// While it is open, what comes is there at once.
	b.expectJS("what is read is read", `cioanalytics.inbox("orders").totalUnopened().then(String)`, "0")
	js[any](b, inBell(".bell")+`.click()`)
	b.await(`!(` + inBell(`[part="panel"]:popover-open`) + `)`)
	js[any](b, `cioanalytics.inbox("orders").messages().then(([first]) => first.markUnopened()).then(() => null)`)
	b.await(inBell(`[role="status"]`) + `.textContent === "1 غير مقروء"`)
}
