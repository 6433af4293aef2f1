package main

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// theIframe is the reference client's frame.
const theIframe = `document.querySelector("iframe[id^=gist]")`

func TestTheReferenceClientShowsOurMessageInOurRenderer(t *testing.T) {
	s := rendererSite(t, `
[[messages]]
id = "offer"
pages = ["/pricing"]
display = "modal"

[[messages.steps]]
name = "why"
title = "Two months free"
text = "Pay by the **year**, and two months are free. [How it works](/docs/yearly?a=1&b=2#how)"
image = { src = "/board.svg", alt = "The board", width = 640, height = 240 }
buttons = [{ text = "Next", action = "next" }, { text = "Tell the site", action = "event:wants-yearly" }, { text = "Code", action = "copy:SPRING-20" }]

[[messages.steps]]
name = "how"
title = "In one minute"
text = "Your data stays where it is."
buttons = [{ text = "Back", action = "back" }, { text = "See the prices", action = "/pricing/yearly?from=message" }]

[[messages]]
id = "sign-up"
pages = ["/join"]
display = "modal"
title = "Come along"
text = "[Read how](/docs/join?a=1&b=2#how)"
buttons = [{ text = "Later", action = "snooze:24h" }]
`)
	b := newVisitor(t)
	b.screen(1000, 800)
	b.open("http://" + s.edge + "/pricing")
	b.hears("shown offer")
	f := b.frame()
	f.await(in("h2") + `.textContent === "Two months free"`)
	b.await(theIframe + `.title === "Two months free"`)
	// The dialog has the focus, as in our own client, and is as high as its frame.
	f.await(`document.activeElement.shadowRoot.activeElement.role === "dialog"`)
	b.await(`getComputedStyle(` + theIframe + `).opacity === "1" && Math.round(` + theIframe + `.getBoundingClientRect().height) === said.filter(({ method }) => method === "sizeChanged").at(-1).parameters.height`)
	b.pictured("modal")
	b.press("[value='event:wants-yearly']")
	b.press("[value='copy:SPRING-20']")
	f.await(in("[data-done]"))
	b.press("[value='next']")
	f.await(in("h2") + `.textContent === "In one minute"`)
	b.await(theIframe + `.title === "In one minute"`)
	b.press("[value='back']")
	f.await(in("h2") + `.textContent === "Two months free"`)
	b.press("[value='next']")
	f.await(in("h2") + `.textContent === "In one minute"`)
	b.press("[value^='/pricing']")
	b.await(`typeof heard === "function" && location.pathname === "/pricing/yearly"`)
	// What comes after the address may come too late for the page that is left.
	b.hearsFirst("shown offer", "tell-the-site=event:wants-yearly", "code=copy:SPRING-20", "next=next", "back=back", "next=next",
		"see-the-prices=/pricing/yearly?from=message", "see-the-prices=gist://loadPage?url=/pricing/yearly?from=message")

	// A link in the text leads the page; what closes for a while says so to the edge.
	b = newVisitor(t)
	b.open("http://" + s.edge + "/join")
	b.press("a")
	b.await(`typeof heard === "function" && location.pathname === "/docs/join"`)
	b.hears("shown sign-up", "Read how=gist://loadPage?url=/docs/join?a=1&b=2#how")
	b = newVisitor(t)
	b.open("http://" + s.edge + "/join")
	b.press("[value^='snooze']")
	b.hears("shown sign-up", "later=snooze:24h", "later=gist://snooze?showIn=1440", "dismissed sign-up")
	b.await(`told.includes("Report Delivery Event dismissed")`)
}

func TestAFormInOurRendererReachesTheEdge(t *testing.T) {
	s := rendererSite(t, `
traits = { mail = "string" }

[[messages]]
id = "survey"
pages = ["*"]
display = "modal"

[[messages.steps]]
name = "ask"
title = "How are we doing?"
fields = [
	{ name = "score", type = "nps", label = "Would you recommend us?", required = true, ranges = [{ from = 0, to = 6, goto = "sorry" }] },
	{ name = "mail", type = "email", label = "Your address", trait = "mail" },
]
buttons = [{ text = "Send", action = "submit" }]

[[messages.steps]]
name = "thanks"
title = "Thank you"

[[messages.steps]]
name = "sorry"
title = "What went wrong?"
buttons = [{ text = "Never mind", action = "dismiss" }]
`)
	b := newVisitor(t)
	b.screen(1000, 900)
	b.open("http://" + s.edge + "/")
	b.press("[value=submit]")
	f := b.frame()
	f.await(in(".error"))
	b.pictured("form")
	js[any](f, in("[name=mail]")+`.value = "ines@example.com", null`)
	b.press("input[value='3']")
	b.press("[value=submit]")
	f.await(in("h2") + `.textContent === "What went wrong?"`)
	b.await(theIframe + `.title === "What went wrong?"`)
	b.press("[value=dismiss]")
	b.hears("shown survey", "send=submit", "never-mind=dismiss", "never-mind=gist://close", "dismissed survey")
	b.await(`told.filter((one) => one === "Report Delivery Event clicked").length === 3 && told.includes("Report Delivery Event dismissed")`)
	if counts := s.statistics()["survey"]; !strings.Contains(counts, "OPENED 1") || !strings.Contains(counts, "CLICKED 1") || !strings.Contains(counts, "DISMISSED 1") {
		t.Errorf("the edge has counted %s", counts)
	}
}

// exported is a document as it is written for the reference client: its steps stand side by side, and it speaks to a bridge.
const exported = `<!DOCTYPE html><html><head><meta charset="utf-8"><title>Boats</title>
<style>body{margin:0;font-family:sans-serif}.step{background:#0057c4;color:#fff;padding:16px}</style></head><body>
<div class="step cio-message-visible" data-message-name="One" data-message-display-type="modal" data-message-display-modal-position="center" data-message-display-max-width="448">
<p>Boats from <b>May</b> on. <a href="https://elsewhere.example/" target="_blank" data-tracked-name="learn-more">Learn more</a></p>
<button id="two" onclick="message.showMessage(event, 'Two', {&quot;name&quot;:&quot;to-two&quot;})">Next</button>
</div>
<div class="step cio-message-hidden" data-message-name="Two" data-message-display-type="overlay" data-message-display-overlay-position="bottomRight" data-message-display-max-width="360">
<p>Call us, or write.</p><button id="close" onclick="message.dismiss({name: 'enough'})">Close</button>
</div>
<script>
const tried = [() => top.document.title, () => localStorage.length, () => document.cookie].map((reach) => { try { reach(); return "reached"; } catch { return "refused"; } });
message.performAction("event:" + tried.join(), { name: "tried" });
message.track("Boat seen", { kind: "sail" });
</script></body></html>`

func TestADocumentForTheReferenceClientIsDrawnInAnOriginOfItsOwn(t *testing.T) {
	s := rendererSite(t, "")
	b := newVisitor(t)
	b.screen(1000, 700)
	b.open("http://" + s.edge + "/")
	b.await(`ready.then(() => true)`)
	var packed bytes.Buffer
	writer := zlib.NewWriter(&packed)
	_, _ = writer.Write([]byte(exported))
	_ = writer.Close()
	js[any](b, `Gist.showMessage({messageId: "boats", properties: {gist: {messageWidth: 448, exitClick: false, encodedMessageHtml: `+
		quote(base64.StdEncoding.EncodeToString(packed.Bytes()))+`}}}).then(() => null)`)
	b.hears("tried=event:refused,refused,refused", "shown boats")
	b.await(theIframe + `.title === "Boats"`)
	b.await(`getComputedStyle(` + theIframe + `).opacity === "1"`)
	b.pictured("document-one")
	b.await(`told.includes("Boat seen ")`)
	f := b.frame()
	click := func(selector string) {
		t.Helper()
		js[any](f, `document.querySelector(`+quote(selector)+`).click(), null`)
	}
	click("#two")
	// The second step stands elsewhere: the client makes its frame anew, with that step in it.
	b.await(`document.querySelector("#x-gist-floating-bottom-right iframe") && said.filter(({ method }) => method === "routeLoaded").at(-1).parameters.route === "Two"`)
	b.await(`Math.abs(` + theIframe + `.getBoundingClientRect().height - said.filter(({ method }) => method === "sizeChanged").at(-1).parameters.height) < 1`)
	b.pictured("document-two")
	f = b.frame()
	f.await(`document.querySelector("#close").offsetHeight > 0 && document.querySelector("#two").offsetHeight === 0`)
	click("#close")
	b.await(`heard().at(-1) === "dismissed boats"`)
	heard := js[[]string](b, `new Promise((done) => setTimeout(() => done(heard()), 300))`) // in which there comes no more
	if got := strings.Join(heard, " "); !strings.HasSuffix(got, "to-two=goto:Two tried=event:refused,refused,refused enough=gist://close dismissed boats") {
		t.Errorf("the page heard %s", got)
	}
}

func TestWhatCannotBeDrawnIsSaidAndMakesWay(t *testing.T) {
	s := rendererSite(t, "")
	b := newVisitor(t)
	b.open("http://" + s.edge + "/")
	b.await(`ready.then(() => true)`)
	var want []string
	for name, properties := range map[string]string{
		"nothing":          `{}`,
		"no-content":       `{gist: {}, handbill: {}}`,
		"a-word":           `{gist: {}, handbill: {content: "modal"}}`,
		"no-steps":         `{gist: {}, handbill: {content: {display: "modal"}}}`,
		"an-empty-list":    `{gist: {}, handbill: {content: {display: "modal", steps: []}}}`,
		"an-empty-step":    `{gist: {}, handbill: {content: {display: "modal", steps: [{name: "a"}]}}}`,
		"another-display":  `{gist: {}, handbill: {content: {display: "hologram", steps: [{name: "a", title: "A"}]}}}`,
		"a-broken-text":    `{gist: {}, handbill: {content: {display: "modal", steps: [{name: "a", title: "A", body: [null]}]}}}`,
		"no-base64":        `{gist: {encodedMessageHtml: "%%%"}}`,
		"not-packed":       `{gist: {encodedMessageHtml: btoa("<p>Hello</p>")}}`,
		"an-ended-archive": `{gist: {encodedMessageHtml: "H4sIAAAAAAAAA7M="}}`,
		"an-empty-text":    `{gist: {encodedMessageHtml: ""}}`,
	} {
		js[any](b, `Gist.showMessage({messageId: `+quote(name)+`, properties: `+properties+`}).then(() => null)`)
		want = append(want, "error "+name)
		b.hears(want...)
		b.await(`!` + theIframe + ` && !Gist.overlayInstanceId`)
	}
}

func TestTheRendererIsServedInASandbox(t *testing.T) {
	s := rendererSite(t, `
[[messages]]
id = "offer"
pages = ["*"]
display = "modal"
title = "Two months free"
`)
	for _, c := range []struct{ query, embedder, resource string }{{"", "", ""}, {"?coi=1", "require-corp", "cross-origin"}} {
		answer, err := http.Get("http://" + s.edge + "/_handbill/renderer/index.html" + c.query)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		header := answer.Header
		if answer.StatusCode != http.StatusOK || header.Get("Content-Type") != "text/html; charset=utf-8" || header.Get("ETag") == "" ||
			header.Get("Content-Security-Policy") != "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-forms" ||
			header.Get("Cross-Origin-Embedder-Policy") != c.embedder || header.Get("Cross-Origin-Resource-Policy") != c.resource {
			t.Errorf("%s answers %s %v", c.query, answer.Status, header)
		}
	}
	// A page that is isolated from other origins shows the message, too; and the page's dark scheme is the message's.
	b := newVisitor(t)
	b.open("http://" + s.edge + "/?isolated")
	if !js[bool](b, `crossOriginIsolated`) {
		t.Fatal("the page is not isolated")
	}
	b.hears("shown offer")
	b = newVisitor(t)
	b.open("http://" + s.edge + "/?scheme=auto")
	b.hears("shown offer")
	f := b.frame()
	js[any](b, `document.documentElement.style.colorScheme = "dark", document.documentElement.style.background = "#111", null`)
	f.await(`getComputedStyle(document.body).colorScheme === "dark" && getComputedStyle(` + in("section.framed, section") + `).color === "rgb(242, 242, 243)"`)
	b.await(`getComputedStyle(` + theIframe + `).opacity === "1"`)
	b.pictured("dark")
}

func TestStepsInOtherPlacesAreDrawnThere(t *testing.T) {
	s := rendererSite(t, `
[[messages]]
id = "tour"
pages = ["*"]
display = "toast"

[[messages.steps]]
name = "hello"
title = "Have a look around"
text = "It takes a minute."
buttons = [{ text = "Next", action = "next" }]

[[messages.steps]]
name = "account"
display = "tooltip"
target = "#target"
title = "Your account"
buttons = [{ text = "Next", action = "next" }]

[[messages.steps]]
name = "slot"
display = "inline"
target = "#slot"
title = "Here is what you hired"
buttons = [{ text = "Next", action = "next" }]

[[messages.steps]]
name = "whole"
display = "fullscreen"
title = "That was it"
buttons = [{ text = "Back", action = "back" }, { text = "Done", action = "dismiss" }]
`)
	b := newVisitor(t)
	b.screen(1000, 700)
	b.open("http://" + s.edge + "/")
	for _, step := range []struct{ name, iframe string }{
		{"hello", "#x-gist-floating-bottom-right iframe"},
		{"account", "[id^=gist-tooltip] iframe"},
		{"slot", "#slot iframe"},
		{"whole", "#gist-overlay iframe"},
	} {
		frame := `document.querySelector(` + quote(step.iframe) + `)`
		b.await(frame + ` && said.filter(({ method }) => method === "routeLoaded").at(-1)?.parameters.route === ` + quote(step.name))
		// It is as high as what is in it, or as the window.
		b.await(`Math.abs(` + frame + `.getBoundingClientRect().height - Math.min(innerHeight, said.filter(({ method }) => method === "sizeChanged").at(-1).parameters.height)) < 1`)
		b.await(`getComputedStyle(` + frame + `).opacity === "1"`)
		b.pictured("step-" + step.name)
		if step.name != "whole" {
			b.press("[value=next]")
		}
	}
	b.press("[value=back]")
	b.await(`document.querySelector("#slot iframe")`)
	b.press("[value=next]")
	b.await(`document.querySelector("#gist-overlay iframe")`)
	b.press("[value=dismiss]")
	b.hears("shown tour", "next=next", "next=next", "next=next", "back=back", "next=next", "done=dismiss", "done=gist://close", "dismissed tour")
}

func TestADocumentOfOurOwnClientIsDrawnAlikeAloneAndInAStep(t *testing.T) {
	const document = `"""<!doctype html><title>Wheel</title><body style="margin:0;font-family:sans-serif"><p style="margin:0;height:120px;background:#fd0">20 % off.</p>
<script>parent.postMessage({ handbill: "resize", height: 120 }, "*");
addEventListener("click", () => parent.postMessage({ handbill: "action", name: "turn", action: "event:turned" }, "*"));
addEventListener("keydown", () => parent.postMessage({ handbill: "dismiss" }, "*"));</script>"""`
	s := rendererSite(t, `
[[messages]]
id = "alone"
pages = ["/alone"]
display = "modal"
html_sandbox = `+document+`

[[messages]]
id = "in-a-step"
pages = ["/step"]
display = "modal"
title = "Turn the wheel"
html_sandbox = `+document+`
buttons = [{ text = "No", action = "dismiss" }]
`)
	for _, c := range []struct {
		id, path string
		at       float64 // where in the frame the document stands, from its top
	}{{"alone", "/alone", 60}, {"in-a-step", "/step", 130}} {
		b := newVisitor(t)
		b.screen(1000, 700)
		b.open("http://" + s.edge + c.path)
		b.hears("shown " + c.id)
		b.frame().await(in(".close"))
		b.await(`getComputedStyle(` + theIframe + `).opacity === "1" && said.filter(({ method }) => method === "sizeChanged").at(-1).parameters.height >= 120`)
		b.pictured("document-" + c.id)
		around := js[[]float64](b, `(({x, y, width}) => [x + width / 2, y])(`+theIframe+`.getBoundingClientRect())`)
		if err := chromedp.Do(b.ctx, chromedp.MouseClickXY(around[0], around[1]+c.at)); err != nil {
			t.Fatal(err)
		}
		b.hears("shown "+c.id, "turn=event:turned")
		if err := chromedp.Do(b.ctx, chromedp.KeyEvent("x")); err != nil {
			t.Fatal(err)
		}
		b.await(`heard().at(-1) === "dismissed ` + c.id + `"`)
	}
}
