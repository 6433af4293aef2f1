package client_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"handbill/engine/content"
)

// standing is a message of one step that stands somewhere, with everything that the edge says of it.
func standing(at content.Placement, beacon bool) content.Content {
	shown := content.Content{Beacon: beacon, Steps: []content.Step{{
		Name: "exports", Title: "Exports are here", Body: paragraph("Send a month of invoices to your accountant, as one file."),
		Buttons: []content.Button{{Name: "try-it", Text: "Try it", Action: "event:try"}, {Name: "later", Text: "Later", Action: "dismiss"}},
	}}}
	shown.Place(at)
	return withParts(shown)
}

// frame is what a message of a display stands in.
func frame(display string) string { return shadow + `?.querySelector(".` + display + `")` }

// rect is an expression about the rectangle r of what a display stands in.
func rect(display, expression string) string {
	return "((r) => " + expression + ")(" + frame(display) + ".getBoundingClientRect())"
}

func TestEachDisplayStandsInItsPlace(t *testing.T) {
	const middle = "Math.abs(r.left + r.right - innerWidth) <= 1"
	no := false
	for _, c := range []struct {
		at   content.Placement
		want string
	}{
		{content.Placement{Display: "modal", Position: "center"}, middle + " && Math.abs(r.top + r.bottom - innerHeight) <= 1"},
		{content.Placement{Display: "modal", Position: "top", Width: 300}, middle + " && r.top < 40 && r.width === 300"},
		{content.Placement{Display: "modal", Position: "bottom", CloseOutside: &no}, middle + " && innerHeight - r.bottom < 40"},
		{content.Placement{Display: "modal", Position: "center", OverlayColor: "#00800080"},
			`getComputedStyle(` + dialog + `, "::backdrop").backgroundColor === "rgba(0, 128, 0, 0.5)"`},
		{content.Placement{Display: "fullscreen"}, `r.left === 0 && r.top === 0 && r.width === innerWidth && r.height === innerHeight && ` + dialog + `.matches(":modal")`},
		{content.Placement{Display: "banner", Position: "top", Flow: "over", Width: 360}, middle + " && r.top < 40 && r.width <= 360"},
		{content.Placement{Display: "toast", Position: "top-left"}, "r.left < 40 && r.top < 40"},
		{content.Placement{Display: "toast", Position: "top"}, middle + " && r.top < 40"},
		{content.Placement{Display: "toast", Position: "top-right"}, "innerWidth - r.right < 40 && r.top < 40"},
		{content.Placement{Display: "toast", Position: "bottom-left"}, "r.left < 40 && innerHeight - r.bottom < 40"},
		{content.Placement{Display: "toast", Position: "bottom"}, middle + " && innerHeight - r.bottom < 40"},
		{content.Placement{Display: "toast", Position: "bottom-right"}, "innerWidth - r.right < 40 && innerHeight - r.bottom < 40"},
		{content.Placement{Display: "toast", Position: "bottom-right", Width: 240}, "innerWidth - r.right < 40 && innerHeight - r.bottom < 40 && r.width === 240"},
	} {
		t.Run(fmt.Sprint(c.at.Display, " ", c.at.Position), func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.messages = always(deliver("exports", standing(c.at, false)))
			b.open(e.URL)
			b.awaitEvents(`opened {"messageId":"exports","deliveryId":"delivery-of-exports"}`)
			b.expect(rect(c.at.Display, c.want), "true")
			b.expect(frame(c.at.Display)+".ariaLabel", `"Exports are here"`)
		})
	}
}

func TestABannerMakesRoomForItself(t *testing.T) {
	for _, c := range []struct{ flow, position, atFirst, scrolled string }{
		{"push", "top", "r.top >= 0 && r.bottom < 120 && heading.top >= r.bottom", "r.bottom < 0"},
		{"push", "bottom", "r.top > innerHeight", "Math.abs(r.bottom - innerHeight) < 20"},
		{"sticky", "top", "r.top === 0 && r.width === document.documentElement.clientWidth && heading.top >= r.bottom", "r.top === 0"},
		{"sticky", "bottom", "r.bottom === innerHeight && end.bottom > innerHeight", "r.bottom === innerHeight && end.bottom <= r.top"},
	} {
		t.Run(c.flow+" "+c.position, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(external, `<div style="height:2000px"></div><p id="end">The end</p>`)
			e.messages = always(deliver("exports", standing(content.Placement{Display: "banner", Position: c.position, Flow: c.flow}, false)))
			b.open(e.URL)
			b.await("seen.length")
			in := func(expression string) string {
				return "((heading, end) => " + rect("banner", expression) + `)(document.querySelector("h1").getBoundingClientRect(), document.querySelector("#end").getBoundingClientRect())`
			}
			b.expect(in(c.atFirst), "true")
			b.do("scrollTo(0, document.documentElement.scrollHeight)")
			b.expect(in(c.scrolled), "true")
			b.do("scrollTo(0, 0); " + closing + ".click()")
			b.await(messages + ".length === 0")
			b.expect(`document.querySelector("h1").getBoundingClientRect().top < 40`, "true")
		})
	}
}

func TestAClickBesideAModalClosesItWhereItMay(t *testing.T) {
	for _, closes := range []bool{true, false} {
		t.Run(fmt.Sprint(closes), func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.messages = always(deliver("exports", standing(content.Placement{Display: "modal", CloseOutside: &closes}, false)))
			b.open(e.URL)
			b.await("seen.length")
			b.click(shadow + `?.querySelector("h2")`)
			b.expect("!!"+dialog, "true")
			b.run(chromedp.MouseClickXY(20, 20))
			if closes {
				b.awaitEvents(`opened {"messageId":"exports","deliveryId":"delivery-of-exports"}`, `dismissed {"messageId":"exports","deliveryId":"delivery-of-exports"}`)
			}
			b.expect("!!"+dialog, fmt.Sprint(!closes))
		})
	}
}

// everyDisplay has one message of each kind, on a page that has an element "invoices".
var everyDisplay = map[string]content.Content{
	"modal":         standing(content.Placement{Display: "modal", Position: "center"}, false),
	"fullscreen":    standing(content.Placement{Display: "fullscreen"}, false),
	"banner over":   standing(content.Placement{Display: "banner", Position: "top", Flow: "over"}, false),
	"banner push":   standing(content.Placement{Display: "banner", Position: "top", Flow: "push"}, false),
	"banner sticky": standing(content.Placement{Display: "banner", Position: "bottom", Flow: "sticky"}, false),
	"toast":         standing(content.Placement{Display: "toast", Position: "bottom-right"}, false),
	"inline":        standing(content.Placement{Display: "inline", Position: "after", Target: "#invoices"}, false),
	"tooltip":       standing(content.Placement{Display: "tooltip", Position: "right", Target: "#invoices", ArrowColor: "#1f5c4a"}, false),
	"beacon":        standing(content.Placement{Display: "tooltip", Position: "bottom", Target: "#invoices"}, true),
}

// accountPage is a page as it should be, with an element to point at.
const accountPage = `<main style="padding:16px"><h2>Account</h2><p>Your plan is Workshop.</p><button id="invoices" type="button" style="min-height:32px">Invoices</button>
<p>Everything else is in the <a href="/docs/">manual</a>.</p></main>`

// openEvery shows one message of everyDisplay, a beacon opened.
func openEvery(b *tab, address, name string) {
	b.t.Helper()
	b.open(address)
	if name == "beacon" {
		b.await(frame("beacon"))
		b.do(frame("beacon") + ".click()")
	}
	b.await("seen.length")
}

func TestOnAPhoneAndMagnifiedEveryDisplayFits(t *testing.T) {
	for name, shown := range everyDisplay {
		for _, dir := range []string{"ltr", "rtl"} {
			t.Run(name+" "+dir, func(t *testing.T) {
				e, b := newEdge(t), newTab(t)
				b.run(chromedp.EmulateViewport(320, 568))
				shown.Dir = dir
				e.pages["/"] = page(external, accountPage)
				e.messages = always(deliver("exports", shown))
				openEvery(b, e.URL, name)
				// What 1024 by 768 pixels are at 200 %.
				for _, size := range [][2]int64{{320, 568}, {512, 384}} {
					b.run(chromedp.EmulateViewport(size[0], size[1]))
					b.expect("document.documentElement.scrollWidth <= innerWidth", "true")
					b.await(`((all) => all.every((r) => r.left >= 0 && r.right <= innerWidth))([...` + shadow + `.querySelectorAll("[part], .buttons *, h2, .body")].map((part) => part.getBoundingClientRect()))`)
				}
			})
		}
	}
}
