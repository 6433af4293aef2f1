package client_test

import (
	"testing"
)

// focused is what has the focus, through our shadow root: the name of a button or the kind of an element.
const focused = `(() => {
  const at = document.activeElement.shadowRoot?.activeElement ?? document.activeElement;
  return at.name || at.id || at.className || at.localName;
})()`

func TestTheModalIsWalkedByKeyboardAlone(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page("", `<script>
  document.getElementById("save").onclick = () => {
    const script = document.createElement("script");
    script.src = "/_handbill/client.js";
    script.dataset.anonymousInApp = "";
    document.head.append(script);
  };
</script>`)
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.do("document.getElementById('save').focus()")
	b.press(keyEnter)
	b.awaitEvents(`opened {"messageId":"welcome","deliveryId":"delivery-of-welcome"}`)

	// Heard from its name on; a key meant for the page presses nothing.
	b.expect(focused, `"modal"`)
	b.expect("["+dialog+".ariaLabel, "+dialog+".ariaDescribedByElements.map((body) => body.textContent), "+dialog+".matches(':modal')]",
		`["Welcome to Tallowby",["Plan the whole week on one board. It takes two minutes to see how."],true]`)
	for _, want := range []string{"close", "show-me", "not-now"} {
		b.press(keyTab)
		b.expect(focused, `"`+want+`"`)
	}
	b.press(keyShiftTab)
	b.expect(focused, `"show-me"`)
	b.press(keyEnter)
	b.await("seen.length === 3")
	b.expect("["+focused+", "+dialog+".ariaLabel]", `["modal","Begin with one job"]`)
	for _, want := range []string{"close", "read-more", "ask", "done"} {
		b.press(keyTab)
		b.expect(focused, `"`+want+`"`)
	}
	b.press(keyEscape)
	b.await("seen.length === 4")
	b.expect(focused, `"save"`)
	e.waitReports("welcome opened", "welcome clicked show-me=next", "welcome changed first-job=next", "welcome dismissed")
}

func TestTheBannerIsReachedAndClosedByKeyboardAlone(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = always(deliver("yearly-offer", offer("bottom")))
	b.open(e.URL)
	b.await("seen.length")
	b.do("document.getElementById('save').focus()")
	for _, want := range []string{"close", "see-offers"} {
		b.press(keyTab)
		b.expect(focused, `"`+want+`"`)
	}
	b.press(keyEscape)
	b.await("seen.length === 2")
	b.expect(focused, `"save"`)
	e.waitReports("yearly-offer opened", "yearly-offer dismissed")
}

func TestEscapeOutsideABannerIsThePages(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(external, `<script>addEventListener("keydown", ({ key }) => (window.pressed = key))</script>`)
	e.messages = always(deliver("yearly-offer", offer("top")))
	b.open(e.URL)
	b.await("seen.length")
	b.press(keyEscape)
	b.await("pressed === 'Escape'")
	b.expect("!!"+banner, "true")
}

func TestEveryControlCanBeHitAndHasAName(t *testing.T) {
	for _, c := range []struct {
		name  string
		shown message
		frame string
	}{
		{"modal", deliver("welcome", welcome), dialog},
		{"banner", deliver("yearly-offer", offer("top")), banner},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.messages = always(c.shown)
			b.open(e.URL)
			b.await("seen.length")
			b.expect("["+c.frame+`].flatMap((frame) => [...frame.querySelectorAll("button")])
  .filter((button) => button.offsetWidth < 24 || button.offsetHeight < 24 || !(button.ariaLabel || button.textContent))
  .map((button) => button.outerHTML)`, "[]")
			b.expect(closing+".ariaLabel", `"Close"`)
		})
	}
}

func TestWhatStandsBesideThePageOrInItIsWalkedByKeyboardAlone(t *testing.T) {
	for name, c := range map[string]struct {
		start  string // has the focus when it comes
		before []string
		close  []string
		after  string
	}{
		// What is modal takes the focus, and holds it until it is closed.
		"fullscreen": {"save", []string{"fullscreen"}, []string{keyTab, keyEscape}, "save"},
		// The others wait until the visitor comes by.
		"toast":         {"invoices", []string{"invoices", "", "close"}, []string{keyEscape}, "a"},
		"inline":        {"invoices", []string{"invoices", "close"}, []string{keyTab, keyTab, keyEnter}, "invoices"},
		"banner push":   {"", []string{"body", "close"}, []string{keyEscape}, "body"},
		"banner sticky": {"invoices", []string{"invoices", "", "close"}, []string{keyEscape}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(external, accountPage)
			if c.start != "" {
				e.pages["/"] = page(external, accountPage+`<script>document.getElementById("`+c.start+`").focus()</script>`)
			}
			e.messages = always(deliver("exports", everyDisplay[name]))
			b.open(e.URL)
			b.await("seen.length")
			for i, want := range c.before {
				if i > 0 {
					b.press(keyTab)
				}
				if want != "" {
					b.expect(focused, `"`+want+`"`)
				}
			}
			b.press(c.close...)
			b.await("seen.at(-1).startsWith('dismissed')")
			b.expect(focused, `"`+c.after+`"`)
		})
	}
}
