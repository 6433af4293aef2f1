package client_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"handbill/engine/content"
)

// wheel is a document with what an author may do, and what nobody may.
const wheel = `<!doctype html><meta charset="utf-8"><p>20 % off.</p>
<script>
  const say = (what) => parent.postMessage(what, "*");
  const tried = [() => parent.document.title, () => localStorage.length, () => document.cookie].map((reach) => { try { reach(); return "reached"; } catch { return "refused"; } });
  say({ handbill: "resize", height: 321.5 });
  say({ handbill: "action", name: "tried", action: "event:" + tried.join() });
  addEventListener("message", ({ data }) => say(data));
</script>`

func TestADocumentIsShownInASandboxAndTalksToItsMessage(t *testing.T) {
	shown := asking(content.Step{Name: "step-1", Title: "Turn the wheel", Frame: "0a1b"})
	e, b := newEdge(t), newTab(t)
	e.documents = map[string]string{"0a1b": wheel}
	e.pages["/"] = strings.ReplaceAll(page(external, ""), "<script", `<script nonce="bm90LWEtc2VjcmV0"`)
	e.headers["Content-Security-Policy"] = "default-src 'none'; script-src 'nonce-bm90LWEtc2VjcmV0' 'strict-dynamic'; connect-src 'self'; img-src data:; frame-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
	e.messages = always(deliver("m", shown))
	b.open(e.URL)
	e.waitReports("m opened", "m clicked tried=event:refused,refused,refused")
	const frame = shadow + `.querySelector("iframe")`
	b.await(frame + ".offsetHeight === 322")
	// But for its address it is the tree that Go writes.
	written, err := json.Marshal(shown.HTML())
	if err != nil {
		t.Fatal(err)
	}
	b.expect(shadow+`.querySelector("[data-step]").outerHTML.replace(/ src="[^"]*"/, "").replace(/ height="[^"]*"/, "")`, string(written))
	// What is no word of the bridge, or comes from elsewhere, does nothing.
	b.do(`for (const said of [null, 7, {}, { handbill: "x" }, { handbill: "action" }, { handbill: "resize", height: -1 }, { handbill: "action", action: "javascript:document.title='run'" }]) ` + frame + `.contentWindow.postMessage(said, "*")`)
	b.do(`postMessage({ handbill: "dismiss" }, "*")`)
	e.waitReports("m opened", "m clicked tried=event:refused,refused,refused", "m clicked sandbox=javascript:document.title='run'")
	b.expect("[!!"+dialog+", document.title]", `[true,"Tallowby"]`)
	b.do(frame + `.contentWindow.postMessage({ handbill: "dismiss" }, "*")`)
	e.waitReports("m opened", "m clicked tried=event:refused,refused,refused", "m clicked sandbox=javascript:document.title='run'", "m dismissed")
}

// prize is a document that was written for the reference client.
const prize = `<!doctype html><meta charset="utf-8"><title>Prize</title>
<div data-message-name="ask"><button onclick="message.showMessage(event, 'won', { name: 'turn' })">Turn</button><a href="https://example.com/rules" target="_blank" data-tracked-name="rules">Rules</a></div>
<div data-message-name="won"><p style="height: 400px">20 % off.</p><button onclick="message.performAction('copy-code', { name: 'copy' })">Copy</button></div>
<script>
  setTimeout(() => {
    document.querySelector("button").click();
    document.querySelectorAll("button")[1].click();
    message.openUrl("app://prize", { name: "app" });
    message.track("Wheel Turned", { won: 20 });
    LAST;
  }, 100);
</script>`

func TestADocumentForTheReferenceClientFindsItsBridge(t *testing.T) {
	for last, want := range map[string][]string{
		"message.snooze(90, { name: 'later' })":                          {"m clicked later=snooze:90m", "m dismissed"},
		"message.dismiss({ name: 'no' })":                                {"m dismissed"},
		"message.openUrl('/offers', { name: 'use' })":                    {"m clicked use=/offers", "m dismissed"},
		"document.body.append('more'); message.dismiss()":                {"m dismissed"},
		"dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))": {"m dismissed"},
	} {
		t.Run(last, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.documents = map[string]string{"0a1b": strings.Replace(prize, "LAST", last, 1)}
			e.pages["/offers"] = page("", "")
			e.messages = always(deliver("m", asking(content.Step{Name: "step-1", Title: "Turn the wheel", Frame: "0a1b"})))
			b.open(e.URL)
			e.waitReports(append([]string{"m opened", "m clicked turn=goto:won", "m changed won=<nil>", "m clicked copy=copy-code", "m clicked app=app://prize"}, want...)...)
			e.wait("the document's event", func() bool {
				return slices.ContainsFunc(e.events, func(event sent) bool { return event.Event == "Wheel Turned" && event.Properties["won"] == 20.0 })
			})
		})
	}
}
