package main

import (
	"net/http"
	"strings"
)

const letters = `
[[messages]]
id = "boots"
display = "inbox"
title = "Boots are in"
text = "The **new** season."
buttons = [{ text = "See them", action = "/boots" }]

[[messages]]
id = "shipped"
display = "inbox"
audience = "identified"
topics = ["orders"]
title = "Order 1001 is on its way"
properties = { icon = "truck" }
`

// inboxOf are the calls by which the site's own code reads its inbox of orders, and marks and deletes in it.
var inboxOf = map[string]map[way]string{
	"lying": {
		injected: `cioanalytics.inbox("orders").messages().then((all) => all.map(({properties, opened}) => properties.title + " " + properties.icon + (opened ? "" : "*")).join())`,
		loaded:   `Gist.getInboxMessages().then((all) => all.filter(({topics}) => topics.includes("orders")).map(({properties, opened}) => properties.title + " " + properties.icon + (opened ? "" : "*")).join())`,
	},
	"read": {
		injected: `cioanalytics.inbox("orders").messages().then(([message]) => message.markOpened()).then(() => null)`,
		loaded:   `Gist.getInboxMessages().then((all) => Gist.updateInboxMessageOpenState(all.find(({topics}) => topics.includes("orders")).queueId, true)).then(() => null)`,
	},
	"delete": {
		injected: `cioanalytics.inbox("orders").messages().then(([message]) => message.markDeleted()).then(() => null)`,
		loaded:   `Gist.getInboxMessages().then((all) => Gist.removeInboxMessage(all.find(({topics}) => topics.includes("orders")).queueId)).then(() => null)`,
	},
}

// inboxCall is one of them; our own client's are the reference client's.
func inboxCall(name string, c client) string {
	if c.way == builtin {
		c.way = injected
	}
	return inboxOf[name][c.way]
}

func inboxOfTheSite() scenario {
	return scenario{id: "inbox", title: "an inbox of the site's own: messages, read, deleted, the same on every device", messages: letters,
		run: func(v *guest) {
			lies := func(v *guest, want string) {
				v.t.Helper()
				v.await(`typeof window.cioanalytics?.inbox === "function" || window.Gist`)
				last := ""
				until(v.t, "in the inbox lies "+want, func() bool {
					last = js[string](v.tab, inboxCall("lying", v.client))
					return last == want
				})
			}
			v.open("/")
			v.identify("ines")
			lies(v, "Order 1001 is on its way truck*")
			js[any](v.tab, inboxCall("read", v.client))
			lies(v, "Order 1001 is on its way truck")
			if v.client.way != builtin { // ours sends reports
				v.sent(http.MethodPatch, "/api/v1/messages/.*", `"opened":true`)
			}
			v.counted("shipped", "opened 1")

			// Another browser of the same person has it as it was left, and deletes it.
			other := v.somebodyElse()
			other.open("/")
			other.identify("ines")
			lies(other, "Order 1001 is on its way truck")
			js[any](other.tab, inboxCall("delete", v.client))
			lies(other, "")
			if v.client.way != builtin {
				v.sent(http.MethodPost, "/api/v1/logs/queue/.*")
			}
			v.counted("shipped", "opened 1, dismissed 1")
			lies(v, "")
		}}
}

func inboxDrawn() scenario {
	return scenario{id: "drawn-inbox", title: "the inbox that the client draws, with its button and its badge", core: true, messages: letters,
		lacks: func(c client) string {
			if strings.HasSuffix(c.id, "0-4-16") || strings.HasSuffix(c.id, "3-21-18") {
				return "this version draws no inbox; gist-web 3.23.3, which is in cdp-analytics-browser 0.5.6, does"
			}
			return ""
		},
		run: func(v *guest) {
			v.open("/")
			if v.client.way == builtin {
				v.await(inBell(`[part="count"]`) + `?.textContent === "1"`)
				v.press(js[rectangle](v.tab, `(() => { const {x, y, width, height} = `+inBell(".bell")+`.getBoundingClientRect(); return {x, y, width, height}; })()`))
				v.await(inBell(`[part="panel"]:popover-open`) + `?.innerText.includes("Boots are in")`)
				v.counted("boots", "opened 1")
				return
			}
			v.await(`document.querySelector("#gist-inbox-badge")?.textContent === "1"`)
			at := js[rectangle](v.tab, `(() => { const {x, y, width, height} = document.querySelector("#gist-inbox-button").getBoundingClientRect(); return {x, y, width, height}; })()`)
			v.press(at)
			v.await(`document.querySelector("#gist-inbox-panel")?.innerText.includes("Boots are in")`)
			v.sent(http.MethodPatch, "/api/v1/messages/.*", `"opened":true`)
			v.sent(http.MethodGet, "/api/v1/branding")
			v.sent(http.MethodGet, "/api/v1/templates")
			v.counted("boots", "opened 1")
		}}
}

func previewed() scenario {
	return scenario{id: "preview", title: "a link that shows a draft", messages: `
[[messages]]
id = "offer"
status = "draft"
pages = ["/pricing"]
display = "modal"
text = "Two months free."
`, run: func(v *guest) {
		v.open("/pricing")
		v.nothing("of a draft")
		out, err := v.suite.server.messages("preview", "offer", "--workspace", v.name, "--url", v.suite.road.address(v.host)+"/pricing")
		if err != nil {
			v.t.Fatalf("messages preview: %v\n%s", err, out)
		}
		link, _, _ := strings.Cut(out, "\n")
		v.open(strings.TrimPrefix(link, v.suite.road.address(v.host)))
		v.sees("Two months free.")
		v.counted("offer", "")
	}}
}

func embedded() scenario {
	return scenario{id: "embed", title: "a message in the page's first HTML, which is shown without a poll", messages: `
[[messages]]
id = "free-shipping"
pages = ["/shop/*"]
display = "inline"
target = "#shipping-note"
embed = true
text = "We ship for free until Sunday."
buttons = [{ text = "Fine", action = "dismiss" }]
`, pages: map[string]string{"/shop/boots": `<div id="shipping-note" style="width:500px"></div>`},
		lacks: func(c client) string {
			switch {
			case c.way == builtin:
				return "our own client asks for it like for every other message"
			case c.way == loaded:
				return "a site that loads the in-app library by itself mounts embeds by itself"
			case !strings.HasSuffix(c.id, "0-5-11") && !strings.HasSuffix(c.id, "newest"):
				return "the client knows embeds from cdp-analytics-browser 0.5.11 on; older ones ask for the message like for every other"
			}
			return ""
		},
		run: func(v *guest) {
			v.open("/shop/boots")
			v.sees("We ship for free until Sunday.").click("Fine")
			v.gone("We ship for free")
			v.hearsAmong("opened free-shipping", "dismissed free-shipping")
			v.open("/shop/boots")
			v.nothing("after it was closed")
		}}
}
