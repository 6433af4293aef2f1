package client_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"handbill/engine/content"
)

func TestTheModalTellsItsWholeStory(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)

	opened := `opened {"messageId":"welcome","deliveryId":"delivery-of-welcome"}`
	b.await(dialog)
	b.awaitEvents(opened)
	b.click(button("show-me"))
	action := `action {"messageId":"welcome","deliveryId":"delivery-of-welcome","actionName":"show-me","actionValue":"next"}`
	changed := `changed {"messageId":"welcome","deliveryId":"delivery-of-welcome","actionName":"first-job","actionValue":"next"}`
	b.awaitEvents(opened, action, changed)
	b.expect(shadow+`.querySelector("h2").textContent`, `"Begin with one job"`)

	b.click(button("ask"))
	asked := `action {"messageId":"welcome","deliveryId":"delivery-of-welcome","actionName":"ask","actionValue":"event:open-chat"}`
	b.awaitEvents(opened, action, changed, asked)
	b.expect("!!"+dialog, "true")

	b.click(button("done"))
	done := `action {"messageId":"welcome","deliveryId":"delivery-of-welcome","actionName":"done","actionValue":"dismiss"}`
	dismissed := `dismissed {"messageId":"welcome","deliveryId":"delivery-of-welcome"}`
	b.awaitEvents(opened, action, changed, asked, done, dismissed)
	b.expect(messages+".length", "0")

	e.waitReports("welcome opened", "welcome clicked show-me=next", "welcome changed first-job=next",
		"welcome clicked ask=event:open-chat", "welcome clicked done=dismiss", "welcome dismissed")
	ids := map[string]bool{}
	for _, event := range e.waitEvents(6) {
		ids[event.MessageID] = true
		if event.Properties["messageId"] != "welcome" || event.Type != "track" || event.Timestamp.IsZero() || event.AnonymousID == "" {
			t.Errorf("the report %+v is not whole", event)
		}
	}
	if len(ids) != 6 {
		t.Errorf("6 reports have %d ids", len(ids))
	}
}

func TestABannerStandsAtItsEdgeAndLeavesTheFocusAlone(t *testing.T) {
	for _, c := range []struct{ position, near, first string }{
		{"top", "top < 40", "firstElementChild"},
		{"", "top < 40", "firstElementChild"},
		{"bottom", "innerHeight - bottom < 40", "lastElementChild"},
	} {
		t.Run("position "+c.position, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(external, `<script>document.getElementById("field").focus()</script>`)
			e.messages = always(deliver("yearly-offer", offer(c.position)))
			b.open(e.URL)
			b.awaitEvents(`opened {"messageId":"yearly-offer","deliveryId":"delivery-of-yearly-offer"}`)
			b.expect("document.activeElement.id", `"field"`)
			b.expect("(({ top, bottom }) => "+c.near+")("+banner+".getBoundingClientRect())", "true")
			b.expect("document.body."+c.first+".localName", `"handbill-message"`)
			b.expect(banner+".ariaLabel", `"Pay by the year and get two months free."`)
			b.click(closing)
			b.await(messages + ".length === 0")
			b.expect("document.activeElement.id", `"field"`)
			e.waitReports("yearly-offer opened", "yearly-offer dismissed")
		})
	}
}

func TestAButtonWithAnAddressLeadsThereAfterItsReports(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/offers/"] = page("", "")
	e.messages = always(deliver("yearly-offer", offer("top")))
	e.pages["/"] = page(external+`<script>
  addEventListener("pagehide", () => localStorage.setItem("seen", JSON.stringify(seen)));
</script>`, "")
	b.open(e.URL)
	b.await(banner)
	b.await("seen.length")
	b.click(button("see-offers"))
	b.await(`location.pathname === "/offers/"`)
	e.waitReports("yearly-offer opened", "yearly-offer clicked see-offers=/offers/", "yearly-offer dismissed")
	b.expect(`JSON.parse(localStorage.getItem("seen")).map((line) => line.split(" ")[0])`, `["opened","action","dismissed"]`)
}

func TestAddressesThatAreNotSafeLeadNowhere(t *testing.T) {
	for _, action := range []string{"javascript:document.title='run'", " JavaScript:document.title='run'", "data:text/html,run", "blob:x", "vbscript:x"} {
		t.Run(action, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			shown := content.Content{Display: "modal", Steps: []content.Step{{
				Name: "step-1", Body: []content.Node{{Tag: "a", Href: action, Children: []content.Node{{Text: "a link"}}}},
				Buttons: []content.Button{{Name: "run", Text: "Run", Action: action}},
			}}}
			e.messages = always(deliver("m", shown))
			b.open(e.URL)
			b.await("seen.length")
			b.expect(shadow+`.querySelector("a").hasAttribute("href")`, "false")
			b.do(button("run") + ".click()")
			b.await("seen.length === 2")
			e.waitReports("m opened", "m clicked run="+action)
			b.expect("[document.title, location.pathname, !!"+dialog+"]", `["Tallowby","/",true]`)
		})
	}
}

func TestAnImageThatFailsIsAnErrorAndTheMessageShowsWithoutIt(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Failed to load resource")
	broken := welcome
	broken.Steps = slices.Clone(welcome.Steps)
	broken.Steps[0].Image = &content.Image{Src: "/img/nowhere.png", Alt: "A planning board", Width: 640, Height: 360}
	e.messages = always(deliver("welcome", broken))
	b.open(e.URL)
	b.awaitEvents(
		`opened {"messageId":"welcome","deliveryId":"delivery-of-welcome"}`,
		`error {"messageId":"welcome","deliveryId":"delivery-of-welcome","reason":"image"}`)
	b.expect("[!!"+dialog+", "+shadow+`.querySelectorAll("img").length]`, "[true,0]")
	e.waitReports("welcome opened", "welcome error image")
}

func TestAPictureMovesNothingWhenItArrives(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	arrive := make(chan struct{})
	e.Config.Handler = before(e.Config.Handler, "/img/board.svg", func() { <-arrive })
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await("seen.length")
	place := shadow + `.querySelector("h2").getBoundingClientRect().y`
	first := b.js(place)
	b.expect(shadow+`.querySelector("img").complete`, "false")
	close(arrive)
	b.await(shadow + `.querySelector("img").complete`)
	if last := b.js(place); last != first {
		t.Errorf("the title moved from %v to %v", first, last)
	}
	b.expect(`new Promise((done) => new PerformanceObserver((list) => done(list.getEntries().length)).observe({ type: "layout-shift", buffered: true })
    || setTimeout(() => done(0), 200))`, "0")
}

func TestOneMessageStandsInEachPlaceAndTheNextFollows(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	second := content.Content{Display: "modal", Steps: []content.Step{{Name: "step-1", Title: "Second"}}}
	e.messages = always(deliver("first", welcome), deliver("second", second), deliver("top", offer("top")), deliver("below", offer("top")), deliver("bottom", offer("bottom")))
	b.open(e.URL)
	b.await("seen.length >= 3")
	e.waitReports("top opened", "bottom opened", "first opened")
	b.expect(messages+`.map((host) => host.shadowRoot.querySelector("h2, .body").textContent).sort()`,
		`["Pay by the year and get two months free.","Pay by the year and get two months free.","Welcome to Tallowby"]`)

	modal := messages + `.map((host) => host.shadowRoot.querySelector("dialog")).find(Boolean)`
	b.do("(" + modal + `).querySelector(".close").click()`)
	e.waitReports("top opened", "bottom opened", "first opened", "first dismissed", "second opened")
	b.do("(" + modal + `).querySelector(".close").click()`)
	b.do(banner + `.querySelector(".close").click()`)
	e.waitReports("top opened", "bottom opened", "first opened", "first dismissed", "second opened", "second dismissed", "top dismissed", "below opened")
}

func TestWhatTheEdgeNoLongerListsIsHiddenQuietly(t *testing.T) {
	for _, shown := range []content.Content{welcome, offer("bottom")} {
		t.Run(shown.Display, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.messages = always(deliver("m", shown))
			b.open(e.URL)
			b.await("seen.length")
			e.set(func() { e.messages = always() })
			b.do("cioanalytics.page()")
			b.await(messages + ".length === 0")
			e.set(func() { e.messages = always(deliver("m", shown)) })
			b.do("cioanalytics.page()")
			b.await("seen.length === 2")
			e.waitReports("m opened", "m opened")
		})
	}
}

func TestAMessageStaysWhenTheVisitorIdentifies(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = func(asked poll) []message {
		m := deliver("yearly-offer", offer("top"))
		if asked.UserID == "" {
			return []message{m}
		}
		m.DeliveryID = "delivery-to-" + asked.UserID
		return []message{m, deliver("for-customers", offer("bottom"))}
	}
	b.open(e.URL)
	b.await("seen.length")
	b.do("window.before = " + banner + "; cioanalytics.identify('ines')")
	b.await("seen.length === 2")
	b.expect("before === "+banner, "true")
	b.click(closing)
	e.waitReports("yearly-offer opened", "for-customers opened", "delivery-to-ines dismissed")
}

func TestWhatCannotBeShownSaysSoOnceAndMakesWay(t *testing.T) {
	for _, c := range []struct {
		name, reason string
		content      any
	}{
		{"a display of a later version", "display", map[string]any{"display": "hologram", "steps": []any{}}},
		{"a position that does not exist", "display", map[string]any{"display": "banner", "position": "left", "steps": []any{}}},
		{"the name of something else", "display", map[string]any{"display": "constructor", "steps": []any{}}},
		{"no content", "display", nil},
		{"no steps", "content", map[string]any{"display": "modal"}},
		{"an empty list of steps", "content", map[string]any{"display": "modal", "steps": []any{}}},
		{"a step that is none", "content", map[string]any{"display": "modal", "steps": []any{"hello"}}},
		{"a button that is none", "content", map[string]any{"display": "modal", "steps": []any{map[string]any{"name": "s", "buttons": []any{nil}}}}},
		{"a body that is none", "content", map[string]any{"display": "modal", "steps": []any{map[string]any{"name": "s", "body": 1}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			nameless := message{Content: c.content}
			e.messages = always(nameless, message{MessageID: "odd", DeliveryID: "delivery-of-odd", Content: c.content}, deliver("welcome", welcome))
			b.open(e.URL)
			b.awaitEvents(`error {"messageId":"odd","deliveryId":"delivery-of-odd","reason":"`+c.reason+`"}`,
				`opened {"messageId":"welcome","deliveryId":"delivery-of-welcome"}`)
			b.do("cioanalytics.page()")
			e.waitPolls(2)
			e.waitReports("odd error "+c.reason, "welcome opened")
		})
	}
}

func TestAMessageThatAPageTakesOffComesBackAtItsStep(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.click(button("show-me"))
	b.await("seen.length === 3")
	b.do(`document.body.replaceWith(document.createElement("body"))`)
	b.await(dialog + ` && ` + shadow + `.querySelector("h2").textContent === "Begin with one job"`)
	b.press(keyEscape)
	b.await(messages + ".length === 0")
	e.waitReports("welcome opened", "welcome clicked show-me=next", "welcome changed first-job=next", "welcome dismissed")
}

func TestAPageThatTakesEveryMessageOffHasItsWill(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(external+`<script>
  new MutationObserver(() => document.querySelectorAll("body > handbill-message").forEach((host) => host.remove())).observe(document, { childList: true, subtree: true });
</script>`, "")
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	e.waitPolls(2)
	before, after := 0, len(e.waitPolls(2))
	for range 20 {
		b.js("new Promise((done) => setTimeout(done, 1000))")
		if before, after = after, len(e.allPolls()); before == after {
			break
		}
	}
	if after != before || after > 20 {
		t.Errorf("the client asked %d times, and then %d times", before, after)
	}
}

func TestNothingIsToldAfterTheDismissal(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Failed to load resource")
	slow := welcome
	slow.Steps = slices.Clone(welcome.Steps)
	slow.Steps[0].Image = &content.Image{Src: "/img/slow.png", Alt: "A planning board"}
	fail := make(chan struct{})
	e.Config.Handler = before(e.Config.Handler, "/img/slow.png", func() { <-fail })
	e.pages["/"] = page(external+`<script>
  document.addEventListener("in-app:message-opened", ({ detail }) => {
    window.kept = [...document.querySelector("handbill-message").shadowRoot.querySelectorAll("button, img")];
    detail.message.dismiss();
    detail.message.dismiss();
  });
</script>`, "")
	e.messages = always(deliver("welcome", slow))
	b.open(e.URL)
	b.await("seen.length === 2")
	b.do("for (const part of kept) part.click()")
	close(fail)
	b.await("kept.find((part) => part.localName === 'img').complete")
	e.waitReports("welcome opened", "welcome dismissed")
	b.expect("seen.length", "2")
}

func TestTheSiteMayDismissAMessage(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(external+`<script>
  document.addEventListener("in-app:message-action", ({ detail }) => detail.message.dismiss());
</script>`, "")
	once := welcome
	once.Steps = welcome.Steps[1:]
	e.messages = always(deliver("welcome", once))
	b.open(e.URL)
	b.await("seen.length")
	b.click(button("ask"))
	e.waitReports("welcome opened", "welcome clicked ask=event:open-chat", "welcome dismissed")
	b.expect(messages+".length", "0")
}

func TestATestMessageShowsAgainWhenItIsSentAgain(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	test := deliver("welcome", welcome)
	test.Test = true
	e.messages = always(test)
	b.open(e.URL)
	b.await("seen.length")
	b.click(closing)
	b.await("seen.length === 2")
	// The report is still on its way: the edge's next answer holds the message, and it stays away.
	e.set(func() { e.messages = always(test, deliver("second", offer("top"))) })
	b.do("cioanalytics.page()")
	b.await("seen.length === 3")
	e.set(func() { e.messages = always(deliver("third", offer("bottom"))) })
	b.do("cioanalytics.page()")
	b.await("seen.length === 4")
	e.set(func() { e.messages = always(test) })
	b.do("cioanalytics.page()")
	b.await("seen.length === 5")
	e.waitReports("welcome opened", "welcome dismissed", "second opened", "third opened", "welcome opened")
}

// before lets something happen before a path is answered.
func before(handler http.Handler, path string, first func()) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path {
			first()
		}
		handler.ServeHTTP(w, r)
	})
}

func TestABrowserThatTheSiteHasBrokenStaysQuiet(t *testing.T) {
	for _, c := range []struct{ name, broken, told string }{
		{"fetch throws", `window.fetch = () => { throw new TypeError("no") }`, ""},
		{"fetch is gone", `window.fetch = undefined`, ""},
		{"fetch gives nothing", `window.fetch = async () => undefined`, ""},
		{"no shadow roots", `Element.prototype.attachShadow = () => { throw new TypeError("no") }`, "error content"},
		{"no style sheets of our own", `window.CSSStyleSheet = undefined`, "error content"},
		{"no dialogs", `HTMLDialogElement.prototype.showModal = undefined`, "error content"},
		{"no random ids", `crypto.__proto__.randomUUID = undefined`, "opened"},
		{"more on every object", `Object.prototype.extra = Array.prototype.extra = () => { throw new TypeError("no") }`, "opened"},
		{"no signals", `AbortSignal.timeout = undefined`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(`<script>`+c.broken+`</script>`+external, "")
			e.messages = always(deliver("welcome", welcome))
			b.open(e.URL)
			if c.told != "" {
				e.waitReports("welcome " + c.told)
				return
			}
			b.await("window.cioanalytics")
			b.js("cioanalytics.identify('ines')")
			b.js("cioanalytics.page()")
			b.expect(messages+".length", "0")
		})
	}
}

// Prototype 1.6 gives lists a toJSON from before browsers had JSON, with which JSON.stringify makes texts of them.
func TestListsGoToTheEdgeAsListsWhereThePageMakesTextsOfThem(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(`<script>Array.prototype.toJSON = function () { return "[" + this.join(",") + "]"; }</script>`+external, "")
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	e.waitReports("welcome opened")
	b.expect(messages+"[0].dataset.scheme", `"normal"`)
	b.js(`cioanalytics.track("Cart Viewed", { lines: [1, 2] })`)
	e.wait("the event", func() bool {
		return slices.ContainsFunc(e.events, func(one sent) bool {
			return one.Event == "Cart Viewed" && fmt.Sprint(one.Properties) == "map[lines:[1 2]]"
		})
	})
	// What the page's own code relies on is there as before.
	b.expect("[1, 2].toJSON()", `"[1,2]"`)
}

func TestTheMessageSaysWhichLanguageItIsIn(t *testing.T) {
	for _, c := range []struct {
		name, lang, dir, want string
	}{
		{"from right to left", "ar", "rtl", `"ar rtl rtl"`},
		{"from left to right", "pt-BR", "ltr", `"pt-BR ltr ltr"`},
		{"none is said: as the page", "", "", `"  ltr"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			shown := welcome
			shown.Lang, shown.Dir = c.lang, c.dir
			e.messages = always(deliver("welcome", shown))
			b.open(e.URL)
			b.await(dialog)
			b.expect(`(([host]) => [host.lang, host.dir, getComputedStyle(host.shadowRoot.querySelector("h2")).direction].join(" "))(`+messages+`)`, c.want)
		})
	}
}
