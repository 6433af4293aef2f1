package client_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"handbill/engine/content"
)

// stop is a step of a tour that stands somewhere.
func stop(name string, at content.Placement) content.Step {
	return content.Step{Name: name, Placement: at, Title: "About " + name, Buttons: []content.Button{
		{Name: "back", Text: "Back", Action: "back"}, {Name: "next", Text: "Next", Action: "next"},
	}}
}

// aroundTheHouse is a tour through every display.
func aroundTheHouse() content.Content {
	shown := content.Content{Persistent: true, Steps: []content.Step{
		stop("start", content.Placement{}),
		stop("again", content.Placement{}),
		stop("invoices", content.Placement{Display: "tooltip", Position: "bottom", Target: "#invoices"}),
		stop("plans", content.Placement{Display: "inline", Position: "append", Target: "main"}),
		stop("bar", content.Placement{Display: "banner", Position: "top", Flow: "sticky"}),
		stop("corner", content.Placement{Display: "toast", Position: "top-left"}),
		stop("all", content.Placement{Display: "fullscreen"}),
	}}
	shown.Place(content.Placement{Display: "modal", Position: "center"})
	return withParts(shown)
}

// stops are what each step of the tour stands in.
var stops = []string{"modal", "modal", "tooltip", "inline", "banner", "toast", "fullscreen"}

func TestATourWalksThroughEveryDisplayAndBackByKeyboard(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(external, accountPage+`<script>document.getElementById("save").focus();</script>`)
	e.messages = always(deliver("tour", aroundTheHouse()))
	b.open(e.URL)
	b.await("seen.length")
	at := func(i int) {
		t.Helper()
		name := aroundTheHouse().Steps[i].Name
		b.await(shadow + `?.querySelector("[data-step=` + name + `]")`)
		b.expect(`[...`+shadow+`.querySelectorAll("[part]:not(.close)")].map((part) => part.className)`, `["`+stops[i]+`"]`)
		b.expect(focused, `"`+stops[i]+`"`)
		b.expect(frame(stops[i])+".ariaLabel", `"About `+name+`"`)
	}
	at(0)
	for i := range stops[1:] {
		b.press(keyTab, keyTab, keyTab, keyEnter)
		at(i + 1)
	}
	for i := len(stops) - 2; i >= 0; i-- {
		b.press(keyTab, keyTab, keyEnter)
		at(i)
	}
	b.press(keyEscape)
	b.await(messages + ".length === 0")
	b.expect(focused, `"save"`)
	b.expect("localStorage.getItem('handbill_steps')", "null")
	reports := []string{"tour opened"}
	for _, step := range aroundTheHouse().Steps[1:] {
		reports = append(reports, "tour clicked next=next", "tour changed "+step.Name+"=next")
	}
	for i := len(stops) - 2; i >= 0; i-- {
		reports = append(reports, "tour clicked back=back", "tour changed "+aroundTheHouse().Steps[i].Name+"=back")
	}
	e.waitReports(append(reports, "tour dismissed")...)
}

func TestAStepWaitsForItsTargetAndThatOfTheOneBeforeStays(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(external, "<main></main>")
	e.messages = always(deliver("tour", aroundTheHouse()))
	b.open(e.URL)
	b.await("seen.length")
	b.click(button("next"))
	b.await(shadow + `?.querySelector("[data-step=again]")`)
	b.click(button("next"))
	b.await("seen.length === 4")
	b.do(button("next") + ".click()")
	b.expect("!!"+dialog, "true")
	b.do(`document.querySelector("main").innerHTML = '<div style="height:3000px"></div><button id="invoices">Invoices</button>'`)
	b.await(frame("tooltip") + "?.matches(':popover-open')")
	// What is said of it is looked at.
	b.await("((r) => r.top >= 0 && r.bottom <= innerHeight)(invoices.getBoundingClientRect())")
	b.await(rect("tooltip", "r.top >= 0 && r.bottom <= innerHeight"))
	e.waitReports("tour opened", "tour clicked next=next", "tour changed again=next", "tour clicked next=next", "tour changed invoices=next")
}

func TestAStepWithoutItsTargetIsAnErrorAndTheTourGoesOnThereOnTheNextPage(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(impatient+external, "<main></main>")
	e.pages["/account/"] = page(external, accountPage)
	e.messages = always(deliver("tour", aroundTheHouse()))
	b.open(e.URL)
	b.await("seen.length")
	for range 2 {
		b.do(button("next") + ".click()")
	}
	b.await(messages + ".length === 0")
	b.open(e.URL + "/account/")
	b.await("seen.length")
	b.expect("!!"+frame("tooltip"), "true")
	b.click(button("back"))
	b.await(dialog)
	b.expect(shadow+`.querySelector("[data-step]").dataset.step`, `"again"`)
	e.waitReports("tour opened", "tour clicked next=next", "tour changed again=next", "tour clicked next=next", "tour error target",
		"tour opened", "tour clicked back=back", "tour changed again=back")
}

func TestAPersistentMessageComesUpAgainAtTheStepWhereItWas(t *testing.T) {
	for name, c := range map[string]struct {
		head       string
		persistent bool
		want       string
	}{
		"persistent":          {"", true, "again"},
		"not persistent":      {"", false, "start"},
		"storage is blocked":  {`<script>Object.defineProperty(window, "localStorage", { get() { throw new DOMException("no") } })</script>`, true, "start"},
		"storage has rubbish": {`<script>addEventListener("pagehide", () => localStorage.setItem("handbill_steps", "[1"))</script>`, true, "start"},
		"a step is gone":      {`<script>addEventListener("pagehide", () => localStorage.setItem("handbill_steps", '{"tour ":["start","gone"]}'))</script>`, true, "start"},
	} {
		t.Run(name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(c.head+external, accountPage)
			shown := aroundTheHouse()
			shown.Persistent = c.persistent
			e.messages = always(deliver("tour", withParts(shown)))
			b.open(e.URL)
			b.await("seen.length")
			b.click(button("next"))
			b.await("seen.length === 3")
			b.open(e.URL)
			b.await("seen.length")
			b.expect(shadow+`.querySelector("[data-step]").dataset.step`, fmt.Sprintf("%q", c.want))
		})
	}
}

func TestAClickBesideTheFirstOfTwoModalsDoesNotEndTheTour(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	yes := true
	shown := content.Content{Steps: []content.Step{stop("one", content.Placement{}), stop("two", content.Placement{Display: "modal", Position: "bottom"})}}
	shown.Place(content.Placement{Display: "modal", Position: "top", CloseOutside: &yes})
	e.messages = always(deliver("tour", withParts(shown)))
	b.open(e.URL)
	b.await("seen.length")
	b.click(button("next"))
	b.await("seen.length === 3")
	b.run(chromedp.MouseClickXY(5, 5))
	b.expect(shadow+`.querySelector("dialog:modal [data-step]").dataset.step`, `"two"`)
	b.expect("seen.length", "3")
}
