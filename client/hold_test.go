package client_test

import (
	"strings"
	"testing"

	"handbill/engine/content"
)

// told notes what the site hears before a message shows, and when one does not: by the document, by on, and by the events option.
const told = `<script>
  window.told = [];
  for (const kind of ["opening", "suppressed"]) {
    document.addEventListener("in-app:message-" + kind, ({ type, detail }) =>
      told.push([type.slice(15), detail.messageId, detail.deliveryId, detail.reason].filter(Boolean).join(" ")));
  }
</script>`

func TestASiteMayKeepAMessageAwayBeforeItOpens(t *testing.T) {
	const prevent = `{ if (event.type === "in-app:message-opening" && event.detail.messageId === "welcome" && location.hash !== "#now") event.preventDefault(); }`
	for name, by := range map[string]string{
		"by the document":            external + `<script>document.addEventListener("in-app:message-opening", (event) => ` + prevent + `)</script>`,
		"by on":                      external + `<script>(window.cioanalytics ??= []).push(["on", "in-app:message-opening", (event) => ` + prevent + `])</script>`,
		"by the events option":       withOwn(`{ anonymousInApp: true, events: (event) => ` + prevent + ` }`),
		"by an object with a method": withOwn(`{ anonymousInApp: true, events: { handleEvent(event) ` + prevent + ` } }`),
	} {
		t.Run(name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(told+by, "")
			e.messages = always(deliver("welcome", welcome), deliver("yearly-offer", offer("top")))
			b.open(e.URL)
			b.awaitEvents(`opened {"messageId":"yearly-offer","deliveryId":"delivery-of-yearly-offer"}`)
			b.await("told.length === 3")
			b.expect("told.toSorted()", `["opening welcome delivery-of-welcome","opening yearly-offer delivery-of-yearly-offer","suppressed welcome delivery-of-welcome prevented"]`)
			b.expect(messages+".length", "1")
			e.waitReports("yearly-offer opened")
			// It is not tried again on this page, but on the next.
			b.js("cioanalytics.page()")
			e.waitPolls(2)
			b.expect("told.length", "3")
			b.do(`location.hash = "now"; cioanalytics.page()`)
			b.await("seen.length === 2")
			e.waitReports("yearly-offer opened", "welcome opened")
		})
	}
}

func TestWhilePausedNothingOpensAndWhatIsOpenStays(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(told+`<script>(window.cioanalytics ??= []).push(["pause"])</script>`+external, "")
	e.messages = always(deliver("yearly-offer", offer("top")))
	b.open(e.URL)
	b.await("told.length")
	b.expect("told", `["suppressed yearly-offer delivery-of-yearly-offer paused"]`)
	b.expect(messages+".length", "0")
	b.do("cioanalytics.resume()")
	b.awaitEvents(`opened {"messageId":"yearly-offer","deliveryId":"delivery-of-yearly-offer"}`)
	b.do("cioanalytics.pause()")
	e.set(func() { e.messages = always(deliver("yearly-offer", offer("top")), deliver("welcome", welcome)) })
	b.do("cioanalytics.page()")
	b.await("told.at(-1) === 'suppressed welcome delivery-of-welcome paused'")
	b.expect(messages+".length", "1")
	b.do("cioanalytics.resume()")
	b.await("seen.length === 2")
	e.waitReports("yearly-offer opened", "welcome opened")
}

func TestAMessageThatWaitsForItsTargetIsHeldBackByAPause(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(told+external, "")
	e.messages = always(deliver("exports", standing(content.Placement{Display: "inline", Target: "#place"}, false)))
	b.open(e.URL)
	e.waitPolls(1)
	b.await(`performance.getEntriesByType("resource").some(({ name }) => name.includes("/parts/inline-"))`)
	b.do("cioanalytics.pause()")
	b.await("told.length")
	b.do(`document.body.append(Object.assign(document.createElement("p"), { id: "place", textContent: "Here" }))`)
	b.do("cioanalytics.page()")
	e.waitPolls(2)
	b.expect("[told[0], seen.length]", `["suppressed exports delivery-of-exports paused",0]`)
	b.do("cioanalytics.resume()")
	b.awaitEvents(`opened {"messageId":"exports","deliveryId":"delivery-of-exports"}`)
}

func TestWhyAMessageStaysAwayOrLeavesIsTold(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(told+external, "")
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await("seen.length")
	e.set(func() { e.messages = always(deliver("welcome", welcome), deliver("yearly-offer", offer("top"))) })
	b.do("cioanalytics.page()")
	b.await("told.includes('suppressed yearly-offer delivery-of-yearly-offer slot')")
	b.do(`document.querySelector("handbill-message").remove(); cioanalytics.page()`)
	b.await("told.includes('suppressed welcome delivery-of-welcome removed')")
	e.set(func() { e.messages = always() })
	b.do("cioanalytics.page()")
	b.await("told.includes('suppressed welcome delivery-of-welcome withdrawn')")
	b.expect(messages+".length", "0")
}

func TestAPageThatTakesAMessageOffEachTimeHasItsWillAndHearsIt(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(told+external, `<script>
  window.taken = 0;
  document.addEventListener("in-app:message-suppressed", () => (window.heardAt = taken));
  new MutationObserver(() => {
    for (const host of document.querySelectorAll("handbill-message")) host.remove(taken++);
  }).observe(document.body, { childList: true });
</script>`)
	e.messages = always(deliver("yearly-offer", offer("top")))
	b.open(e.URL)
	b.await("taken === 11 && heardAt === 11")
	b.expect("told.at(-1)", `"suppressed yearly-offer delivery-of-yearly-offer removed"`)
	b.js("new Promise((done) => setTimeout(done, 500))")
	b.expect("[taken, "+messages+".length]", "[11,0]")
}

func TestTheSiteShowsAMessageAndHearsWhatBecameOfIt(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(told+external, "")
	e.messages = func(asked poll) []message {
		if by, is := asked.Show["welcome"]; is && by == "" {
			return []message{deliver("welcome", welcome)}
		}
		return nil
	}
	e.refused = map[string]string{"members-only": "audience"}
	b.open(e.URL)
	b.await("window.cioanalytics")
	b.expect(`cioanalytics.show("members-only")`, `{"reason":"audience","shown":false}`)
	b.expect(`cioanalytics.show("welcome")`, `{"shown":true}`)
	b.expect("seen.length", "1")
	b.expect(`cioanalytics.show("welcome")`, `{"shown":true}`)
	if asked := e.waitPolls(3)[2].Show; len(asked) != 1 {
		t.Errorf("what was refused is still asked for: %q", asked)
	}
	b.click(closing)
	e.waitPoll("a poll that asks for nothing", func(asked poll) bool { return len(asked.Show) == 0 })
	b.do("cioanalytics.pause()")
	b.expect(`cioanalytics.show("welcome")`, `{"reason":"paused","shown":false}`)
	b.do("cioanalytics.resume()")
	e.waitReports("welcome opened", "welcome dismissed")
}

func TestWhereNobodyMayHaveMessagesNoneIsShownOnCall(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(withOwn(`{}`), "")
	b.open(e.URL)
	b.await("window.cioanalytics?.initialize")
	b.expect(`cioanalytics.show("welcome")`, `{"reason":"off","shown":false}`)
	e.mu.Lock()
	defer e.mu.Unlock()
	if strings.Contains(strings.Join(e.requests, " "), pollPath) {
		t.Error("the edge was asked")
	}
}
