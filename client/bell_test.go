package client_test

import "testing"

// bell is the shadow root of the inbox on the page, and inBell something in it.
const bell = `document.querySelector("handbill-inbox")?.shadowRoot`

func inBell(selector string) string { return bell + `?.querySelector('` + selector + `')` }

// mail is one that was not read, with something to press, and one that was.
func mail() []letter {
	track := map[string]any{"button": map[string]any{"label": "Track it", "name": "track", "behavior": "openUrl", "action": "/orders/1001"}}
	return []letter{
		{MessageID: "order", DeliveryID: "delivery-of-order", SentAt: "2026-11-26T12:00:00.000Z", Type: "card", Topics: []string{"cio_inbox"},
			Properties: map[string]any{"title": "Order 1001", "text": "It is on its way.", "buttons": []any{track}}},
		{MessageID: "stool", DeliveryID: "delivery-of-stool", Opened: true, SentAt: "2026-11-20T12:00:00.000Z", Type: "notice", Topics: []string{"cio_inbox"},
			Properties: map[string]any{"title": "Order 988", "text": "It has come."}},
	}
}

// openBell opens a page that has a place for the inbox, and waits until it knows what is in it.
func openBell(e *edge, b *tab, head string) {
	b.t.Helper()
	e.pages["/"] = page(head, `<handbill-inbox></handbill-inbox>`)
	e.inbox = mail()
	b.open(e.URL)
	b.await(inBell("[part=count]") + `?.textContent === "1"`)
}

func TestTheInboxHasTheColoursOfMessages(t *testing.T) {
	for _, c := range schemes {
		t.Run(c.name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			b.media("prefers-color-scheme", c.system)
			openBell(e, b, c.head)
			for _, part := range []string{"bell", "panel"} {
				b.expect("getComputedStyle("+inBell("[part="+part+"]")+").backgroundColor", c.want)
			}
			// A site may ask for others while the page is open.
			b.do(`cioanalytics.load("tallowby-web", { integrations: { "Customer.io In-App Plugin": { anonymousInApp: true, colorScheme: "default" } } })`)
			b.await("getComputedStyle(" + inBell(".bell") + ").backgroundColor === " + lightSurface)
		})
	}
}

func TestInForcedColoursTheInboxCanBeSeen(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	b.media("forced-colors", "active")
	openBell(e, b, external)
	b.do(inBell(".bell") + ".focus({ focusVisible: true })")
	b.expect(ring+"("+inBell(".bell")+")", "true")
	b.expect(invisible+"("+bell+")", "[]")
	const edged = `(({ borderTopWidth, borderTopColor, outlineStyle, outlineColor, backgroundColor }) =>
  outlineStyle === "solid" ? outlineColor !== backgroundColor : borderTopWidth !== "0px" && borderTopColor !== backgroundColor)`
	for _, part := range []string{".bell", "[part=count]", "[part=panel]"} {
		b.expect(edged+"(getComputedStyle("+inBell(part)+"))", "true")
	}
	b.expect("(({ borderTopColor }) => borderTopColor !== getComputedStyle("+inBell("li")+`).backgroundColor)(getComputedStyle(`+inBell("li.unread")+`, "::before"))`, "true")
	b.press(keyEnter)
	b.await(inBell("[part=panel]:popover-open h3"))
	b.walkForced(bell)
}
