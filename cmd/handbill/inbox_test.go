package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// mail is a workspace with an inbox.
const mail = `
[workspace]
site_id = "tallowby"
theme = "brand"

[[themes]]
id = "brand"
background = { light = "#ffffff", dark = "#10211c" }
text = { light = "#10211c", dark = "#eef5f2" }
accent = { light = "#1f5c4a", dark = "#7fd1b4" }
accent_text = { light = "#ffffff", dark = "#10211c" }
radius = "8px"

[[messages]]
id = "boots"
display = "inbox"
priority = 10
title = "Boots are in"
text = "The **new** season.\n\nTwenty percent off until Sunday."
image = { src = "/boots.svg", alt = "Two boots" }
buttons = [{ text = "See them", action = "/boots" }, { text = "Delete", action = "dismiss" }]

[[messages]]
id = "tips"
display = "inbox"
type = "notice"
title = "Three tips"
text = "For your garden in November."

[[messages]]
id = "orders"
display = "inbox"
topics = ["orders"]
properties = { icon = "truck" }
title = "Order 1001"

[[messages]]
id = "points"
display = "inbox"
audience = "identified"
title = "120 points"

[[messages]]
id = "draft"
display = "inbox"
status = "draft"
title = "Not yet"
`

// lying are the messages in the reference client's inbox: their ids, with a star where they were not read.
const lying = `Gist.getInboxMessages().then((all) => all.map(({messageId, opened}) => messageId + (opened ? "" : "*")).sort().join(" "))`

// inPanel finds something in the panel of the inbox.
func inPanel(selector string) string {
	return `document.querySelector("#gist-inbox-panel ` + selector + `")`
}

func TestTheReferenceClientDrawsTheInbox(t *testing.T) {
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, mail)
	s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+
		"\n}\nhttp://EDGE {\n\thandbill {\n\t\tsnippet off\n\t\tidentity unsigned\n\t}\n\treverse_proxy "+referenceSite(t)+"\n}\n")
	s.start()

	b := newVisitor(t)
	b.open("http://" + s.edge + "/")
	b.await(`ready.then(() => true)`)
	b.await(`document.querySelector("#gist-inbox-badge")?.textContent === "2"`)
	if got, want := js[string](b, lying), "boots* orders* tips*"; got != want {
		t.Errorf("in a guest's inbox lie %s, want %s", got, want)
	}
	if got := js[string](b, `Gist.getInboxMessages().then((all) => JSON.stringify(all.find(({messageId}) => messageId === "orders")))`); !strings.Contains(got, `"icon":"truck"`) || !strings.Contains(got, `"topics":["orders"]`) {
		t.Errorf("the message for the site's own inbox is %s", got)
	}

	// Opening the inbox draws what is in it, and marks it as read.
	js[any](b, `document.querySelector("#gist-inbox-button").click()`)
	b.await(inPanel(".jist__heading") + ` && document.querySelector("#gist-inbox-panel").classList.contains("gist-inbox-panel--open")`)
	b.await(`!document.querySelector("#gist-inbox-badge")`)
	shown := js[[]string](b, `[...document.querySelectorAll("#gist-inbox-panel .gist-inbox-message-row")].map((row) => row.innerText)`)
	for i, want := range [][]string{{"Boots are in", "The new season.", "Twenty percent off until Sunday.", "See them", "Delete"}, {"Three tips", "For your garden in November."}} {
		for _, text := range want {
			if i >= len(shown) || !strings.Contains(shown[i], text) {
				t.Errorf("the inbox does not show %q: %q", text, shown)
			}
		}
	}
	if got := js[string](b, inPanel(".jist__image img")+`.getAttribute("src") + " " + `+inPanel(".jist__image img")+`.alt`); got != "/boots.svg Boots are in" {
		t.Errorf("the picture is %s", got)
	}
	if got := js[string](b, `getComputedStyle(document.querySelector("#gist-inbox-button")).backgroundColor`); got != "rgb(31, 92, 74)" {
		t.Errorf("the button is %s", got)
	}
	if got := js[string](b, inPanel("time")+`.textContent`); got == "" {
		t.Error("no date is shown")
	}
	b.picture("inbox")
	if got, want := js[string](b, lying), "boots orders* tips"; got != want {
		t.Errorf("after the inbox was opened lie in it %s, want %s", got, want)
	}

	// Another load of the page finds it as it was left; the site's code puts one back, and deletes one.
	b.open("http://" + s.edge + "/boots")
	b.await(`ready.then(() => true)`)
	js[any](b, `Gist.getInboxMessages().then((all) => Gist.updateInboxMessageOpenState(all.find(({messageId}) => messageId === "tips").queueId, false)).then(() => null)`)
	b.await(`document.querySelector("#gist-inbox-badge")?.textContent === "1"`)
	js[any](b, `document.querySelector("#gist-inbox-button").click()`)
	b.await(inPanel(".gist-inbox-message-row"))
	js[any](b, `[...document.querySelectorAll("#gist-inbox-panel button")].find(({textContent}) => textContent === "Delete").click()`)
	b.awaitInbox("orders* tips")
	until(t, "the message is deleted at the edge", func() bool { return strings.Contains(s.statistics()["boots"], "DISMISSED 1") })

	// Who identifies has what they read and deleted before, and what is for people who identified; also in another browser.
	js[any](b, `fetch("/_handbill/v1/i", {method: "POST", body: JSON.stringify({userId: "ines", anonymousId: "x", messageId: "i1"})}).then(() => null)`)
	js[any](b, `Gist.setUserToken("ines").then(() => null)`)
	b.awaitInbox("orders* points tips") // the panel is open, so what comes is read
	other := newVisitor(t)
	other.open("http://" + s.edge + "/")
	other.await(`ready.then(() => true)`)
	js[any](other, `Gist.setUserToken("ines").then(() => null)`)
	other.awaitInbox("orders* points tips")
	if got := s.statistics()["boots"]; !strings.Contains(got, "OPENED 1") {
		t.Errorf("counted of what was read: %s", got)
	}

	// In the dark the inbox is dark.
	js[any](other, `Gist.setColorScheme("system"); document.querySelector("#gist-inbox-button").click()`)
	dark := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}
	if _, err := chromedp.Call(other.ctx, emulation.SetEmulatedMedia, dark); err != nil {
		t.Fatal(err)
	}
	other.await(`getComputedStyle(document.querySelector("#gist-inbox-panel")).backgroundColor === "rgb(16, 33, 28)"`)
	other.picture("inbox-dark")

	out, err := s.messages("explain", "--url", "http://"+s.edge+"/", "--visitor", "ines")
	if err != nil || !strings.Contains(out, "the visitor has deleted it") {
		t.Errorf("explain says %s, error %v", out, err)
	}
}

// awaitInbox waits until something lies in the inbox.
func (b *tab) awaitInbox(want string) {
	b.t.Helper()
	until(b.t, "in the inbox lies "+want, func() bool { return js[string](b, lying) == want })
}

// picture keeps what the tab shows where HANDBILL_PICTURES names a folder, for a person to look at.
func (b *tab) picture(name string) {
	b.t.Helper()
	folder := os.Getenv("HANDBILL_PICTURES")
	if folder == "" {
		return
	}
	data, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	writeFile(b.t, filepath.Join(folder, fmt.Sprintf("%s.png", name)), string(data))
}
