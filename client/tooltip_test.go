package client_test

import (
	"fmt"
	"strings"
	"testing"

	"handbill/engine/content"
)

// unanchored is a browser that cannot have an element of the page as an anchor.
const unanchored = `<script>{
  const supports = CSS.supports;
  CSS.supports = (...rest) => rest[0] !== "position-area" && supports.apply(CSS, rest);
  const show = HTMLElement.prototype.showPopover;
  HTMLElement.prototype.showPopover = function (options) { void options?.source; show.call(this); };
}</script>`

// pointed is a page with an element to point at, in its middle.
func pointed(style string) string {
	return fmt.Sprintf(`<style>#place { position: absolute; width: 80px; height: 40px; left: 500px; top: 300px; %s }</style><button id="place" type="button">Invoices</button><button id="last" type="button">Last</button>`, style)
}

func tooltipAt(position string) content.Content {
	return standing(content.Placement{Display: "tooltip", Position: position, Target: "#place", Width: 280}, false)
}

// pointing is an expression about the rectangles r of the tooltip and p of what it points at.
func pointing(expression string) string {
	return "((p) => " + rect("tooltip", expression) + ")(place.getBoundingClientRect())"
}

// Where a tooltip is, seen from its target.
var beside = map[string]string{
	"bottom": "r.top >= p.bottom && r.top < p.bottom + 30 && r.width === 280",
	"top":    "r.bottom <= p.top && r.bottom > p.top - 30 && r.width === 280",
	"left":   "r.right <= p.left && r.right > p.left - 30",
	"right":  "r.left >= p.right && r.left < p.right + 30",
}

func TestATooltipStandsAtASideAndTurnsWhereThereIsNoRoom(t *testing.T) {
	for _, browser := range []string{"", unanchored} {
		for _, c := range []struct{ position, style, want string }{
			{"bottom", "", "bottom"}, {"top", "", "top"}, {"left", "", "left"}, {"right", "", "right"},
			{"bottom", "top: 700px", "top"}, {"top", "top: 10px", "bottom"}, {"left", "left: 10px", "right"}, {"right", "left: 920px", "left"},
			{"left", "left: 10px; width: 1000px", "bottom"},
			{"bottom", "left: 0", "bottom"}, {"bottom", "left: 940px", "bottom"},
		} {
			name := "anchored"
			if browser != "" {
				name = "measured"
			}
			t.Run(strings.Join([]string{name, c.position, c.style}, " "), func(t *testing.T) {
				e, b := newEdge(t), newTab(t)
				e.pages["/"] = page(browser+external, pointed(c.style))
				e.messages = always(deliver("exports", tooltipAt(c.position)))
				b.open(e.URL)
				b.awaitEvents(opened)
				b.await(frame("tooltip") + `.dataset.side === "` + c.want + `"`)
				b.expect(pointing(beside[c.want]+" && r.left >= 0 && r.right <= innerWidth && r.bottom <= innerHeight"), "true")
				// The arrow is at the middle of what it points at, as far as the box goes.
				b.expect(pointing(`((along) => Math.abs(Math.max(along[2] + 16, Math.min((along[0] + along[1]) / 2, along[3] - 16)) - along[2] - parseFloat(`+frame("tooltip")+`.style.getPropertyValue("--at"))) < 1)(
  /top|bottom/.test(`+frame("tooltip")+`.dataset.side) ? [p.left, p.right, r.left, r.right] : [p.top, p.bottom, r.top, r.bottom])`), "true")
			})
		}
	}
}

func TestATooltipGoesWithItsTarget(t *testing.T) {
	for name, browser := range map[string]string{"anchored": "", "measured": unanchored} {
		t.Run(name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(patient+impatient+watched+browser+external, pointed("")+`<div style="height:3000px"></div>`)
			shown := tooltipAt("bottom")
			shown.ArrowColor = "#1f5c4a"
			e.messages = always(deliver("exports", shown))
			b.open(e.URL)
			b.await("seen.length")
			b.expect(`getComputedStyle(`+frame("tooltip")+`, "::before").backgroundColor`, `"rgb(31, 92, 74)"`)
			b.do("scrollTo(0, 150)")
			b.await(pointing("p.top === 150 && " + beside["bottom"]))
			b.do("place.style.left = '200px'; dispatchEvent(new Event('resize'))")
			b.await(pointing("p.left === 200 && Math.abs(r.left + r.right - p.left - p.right) < 2"))
			b.do("place.style.display = 'none'")
			b.await(`getComputedStyle(` + frame("tooltip") + `).visibility === "hidden"`)
			b.do("place.style.display = ''")
			b.await(`getComputedStyle(` + frame("tooltip") + `).visibility === "visible"`)
			// Drawn anew by the site, it is found again.
			b.do("window.was = place; place.remove()")
			b.await("!" + frame("tooltip") + `.matches(":popover-open")`)
			b.do("const next = was.cloneNode(true); document.body.append(next)")
			b.await(frame("tooltip") + `.matches(":popover-open") && ` + pointing(beside["bottom"]))
			b.expect("seen.length", "1")
			// Gone for good, it goes too, and says why.
			b.do("window.patience = 300; place.remove()")
			b.await("seen.length === 2")
			b.expect("["+messages+".length, observers.size]", "[0,0]")
			e.waitReports("exports opened", "exports error target")
		})
	}
}

func TestATooltipOfATargetOutOfSightIsBesideItWhenThePageIsScrolledThere(t *testing.T) {
	for name, browser := range map[string]string{"anchored": "", "measured": unanchored} {
		t.Run(name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(browser+external, pointed("top: 900px")+`<div style="height:3000px"></div>`)
			e.messages = always(deliver("exports", tooltipAt("right")))
			b.open(e.URL)
			b.await("seen.length")
			b.do("scrollTo(0, 500)")
			b.await(pointing(beside["right"] + " && Math.abs(r.top + r.bottom - p.top - p.bottom) <= 1"))
			b.js("new Promise((done) => setTimeout(done, 100))")
			b.expect(frame("tooltip")+".dataset.side", `"right"`)
		})
	}
}

func TestATooltipIsTheKeyboardsNextStopAfterItsTarget(t *testing.T) {
	for name, browser := range map[string]string{"anchored": "", "measured": unanchored} {
		t.Run(name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(browser+external, pointed("")+`<script>document.getElementById("save").focus()</script>`)
			e.messages = always(deliver("exports", tooltipAt("bottom")))
			b.open(e.URL)
			b.await("seen.length")
			b.expect(focused, `"save"`)
			b.expect(shadow+`.querySelector("[aria-live] [data-step] h2").textContent`, `"Exports are here"`)
			b.press(keyTab)
			b.expect(focused, `"place"`)
			b.press(keyTab)
			if browser != "" {
				b.expect(focused, `"tooltip"`)
				b.press(keyTab)
			}
			for _, want := range []string{"close", "try-it", "later"} {
				b.expect(focused, `"`+want+`"`)
				b.press(keyTab)
			}
			if browser == "" {
				b.expect(focused, `"last"`)
				b.press(keyShiftTab)
				b.expect(focused, `"later"`)
			} else {
				b.do(button("later") + ".focus()")
			}
			b.press(keyEscape)
			b.await("seen.length === 2")
			b.expect(focused, map[string]string{"anchored": `"last"`, "measured": `"place"`}[name])
			e.waitReports("exports opened", "exports dismissed")
		})
	}
}

func TestEscapeAtTheTargetClosesATooltipAndElsewhereIsThePages(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(external, pointed(""))
	e.messages = always(deliver("exports", tooltipAt("top")))
	b.open(e.URL)
	b.await("seen.length")
	b.do("document.getElementById('save').focus()")
	b.press(keyEscape)
	b.expect(frame("tooltip")+".matches(':popover-open')", "true")
	b.do("place.focus()")
	b.press(keyEscape)
	e.waitReports("exports opened", "exports dismissed")
	b.expect(focused, `"place"`)
}

func TestABeaconOpensItsTooltip(t *testing.T) {
	for name, browser := range map[string]string{"anchored": "", "measured": unanchored} {
		t.Run(name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(browser+external, pointed("")+`<script>document.getElementById("place").focus()</script>`)
			shown := tooltipAt("bottom")
			shown.Beacon = true
			e.messages = always(deliver("exports", shown))
			b.open(e.URL)
			b.await(frame("beacon") + "?.matches(':popover-open')")
			b.expect(`((r, p) => Math.abs(r.left + r.right - 2 * p.right) < 2 && Math.abs(r.top + r.bottom - 2 * p.top) < 2 && r.width >= 24 && r.height >= 24)(`+frame("beacon")+`.getBoundingClientRect(), place.getBoundingClientRect())`, "true")
			b.expect("["+frame("beacon")+".ariaLabel, "+frame("beacon")+".ariaExpanded, "+frame("tooltip")+".matches(':popover-open'), seen.length]", `["Exports are here","false",false,0]`)
			b.press(keyTab)
			b.expect(focused, `"beacon"`)
			b.press(keyEnter)
			b.awaitEvents(opened)
			b.expect("["+frame("beacon")+".ariaExpanded, "+frame("tooltip")+".matches(':popover-open')]", `["true",true]`)
			b.press(keyEnter)
			b.await("!" + frame("tooltip") + ".matches(':popover-open')")
			b.press(keyEnter)
			b.await(frame("tooltip") + ".matches(':popover-open')")
			b.press(keyTab)
			b.press(keyEscape)
			b.await("seen.length === 2")
			b.expect(focused, `"place"`)
			e.waitReports("exports opened", "exports dismissed")
		})
	}
}
