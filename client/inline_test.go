package client_test

import (
	"testing"

	"handbill/engine/content"
)

// patient has impatient make them long, until the page is told otherwise.
const patient = `<script>window.patience = 60000</script>`

// impatient makes the ten seconds that a message waits for its target short.
const impatient = `<script>{
  const wait = setTimeout;
  window.setTimeout = (callback, length, ...rest) => wait(callback, length === 10000 ? window.patience ?? 300 : length, ...rest);
}</script>`

// watched counts the observers of the page that are at work.
const watched = `<script>{
  window.observers = new Set();
  const { observe, disconnect } = MutationObserver.prototype;
  MutationObserver.prototype.observe = function (...rest) { observers.add(this); return observe.apply(this, rest); };
  MutationObserver.prototype.disconnect = function () { observers.delete(this); return disconnect.call(this); };
}</script>`

func inlineAt(position string) content.Content {
	return standing(content.Placement{Display: "inline", Position: position, Target: "#place"}, false)
}

const opened = `opened {"messageId":"exports","deliveryId":"delivery-of-exports"}`

func TestAnInlineMessageStandsAtItsTargetAndLeavesThePageAsItWas(t *testing.T) {
	const before = `<div id="around"><p id="place">One <b>two</b></p><p id="next">Three</p></div>`
	for position, want := range map[string]string{
		"before":  `["HOST","place","next"]`,
		"after":   `["place","HOST","next"]`,
		"prepend": `["place: HOST One  two","next"]`,
		"append":  `["place: One  two HOST","next"]`,
		"inside":  `["place: HOST","next"]`,
		"replace": `["HOST","(place)","next"]`,
	} {
		t.Run(position, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(external, before)
			e.messages = always(deliver("exports", inlineAt(position)))
			b.open(e.URL)
			b.awaitEvents(opened)
			b.expect(`[...around.children].map((child) => {
  if (child.localName === "handbill-message") return "HOST";
  const name = getComputedStyle(child).display === "none" ? "(" + child.id + ")" : child.id;
  return child.querySelector("handbill-message") ? name + ": " + [...child.childNodes].map((node) => node.localName === "handbill-message" ? "HOST" : node.textContent).join(" ") : name;
})`, want)
			b.expect(rect("inline", "r.width > 200 && r.height > 40"), "true")
			b.do(closing + ".click()")
			b.await(messages + ".length === 0")
			b.expect("around.outerHTML", `"\u003cdiv id=\"around\"\u003e\u003cp id=\"place\"`+map[bool]string{true: ` style=\"\"`}[position == "replace"]+`\u003eOne \u003cb\u003etwo\u003c/b\u003e\u003c/p\u003e\u003cp id=\"next\"\u003eThree\u003c/p\u003e\u003c/div\u003e"`)
		})
	}
}

func TestAnInlineMessageWaitsForItsPlaceWithOneObserver(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(watched+external, "")
	e.messages = always(deliver("exports", inlineAt("inside")))
	b.open(e.URL)
	b.await("observers.size === 1")
	b.expect("seen", "[]")
	b.do(`document.body.append(Object.assign(document.createElement("div"), { id: "place" }))`)
	b.awaitEvents(opened)
	b.expect("observers.size", "0")
}

func TestAPlaceThatIsReservedDoesNotMove(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(external, `<div id="place" style="min-height:700px"></div><p>After it</p>`)
	pictured := inlineAt("inside")
	pictured.Steps[0].Image = &content.Image{Src: "/img/board.svg", Alt: "A planning board"}
	e.messages = always(deliver("exports", pictured))
	b.open(e.URL)
	b.awaitEvents(opened)
	b.expect(`new Promise((done) => {
  new PerformanceObserver((list) => done(list.getEntries().length)).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(0), 200);
})`, "0")
}

func TestAPictureOfUnknownSizeIsWaitedFor(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	arrive := make(chan struct{})
	e.Config.Handler = before(e.Config.Handler, "/img/board.svg", func() { <-arrive })
	e.pages["/"] = page(external, `<div id="place"></div>`)
	pictured := inlineAt("inside")
	pictured.Steps[0].Image = &content.Image{Src: "/img/board.svg", Alt: "A planning board"}
	e.messages = always(deliver("exports", pictured))
	b.open(e.URL)
	b.await(`performance.getEntriesByType("resource").some(({ name }) => name.includes("/parts/inline-"))`)
	b.expect(messages+".length", "0")
	close(arrive)
	b.awaitEvents(opened)
	b.expect(rect("inline", "r.height > 300"), "true")
}

func TestAMissingTargetIsAnErrorAndTheMessageComesWhereItIs(t *testing.T) {
	for _, display := range []string{"inline", "tooltip"} {
		for _, target := range []string{"#place", "#", ""} {
			t.Run(display+" "+target, func(t *testing.T) {
				e, b := newEdge(t), newTab(t)
				e.pages["/"] = page(impatient+watched+external, "")
				at := content.Placement{Display: display, Target: target}
				e.messages = always(deliver("exports", standing(at, false)), deliver("yearly-offer", offer("top")))
				b.open(e.URL)
				b.await("seen.length === 2")
				b.expect(`seen.includes('error {"messageId":"exports","deliveryId":"delivery-of-exports","reason":"target"}')`, "true")
				b.expect("observers.size", "0")
				if target != "#place" {
					return
				}
				// Not again on this page, but on the next.
				b.do("cioanalytics.page()")
				e.waitPolls(2)
				b.do(`document.body.append(Object.assign(document.createElement("p"), { id: "place", textContent: "Here" }));
history.pushState(null, "", "/invoices"); cioanalytics.page()`)
				b.await("seen.length === 3")
				b.expect("seen[2]", `"opened {\"messageId\":\"exports\",\"deliveryId\":\"delivery-of-exports\"}"`)
			})
		}
	}
}

func TestAnInlineMessageThatThePageTookOffComesBack(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(external, `<div id="place"></div>`)
	e.messages = always(deliver("exports", inlineAt("inside")))
	b.open(e.URL)
	b.await("seen.length")
	b.do("place.replaceChildren()")
	b.await("place.firstChild?.shadowRoot")
	b.awaitEvents(opened)
	e.waitReports("exports opened")
}
