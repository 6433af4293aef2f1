package client_test

import (
	"testing"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// openAt opens a page of the edge and returns the number of polls before it.
func (e *edge) openAt(b *tab, path string) (before int) {
	e.t.Helper()
	e.set(func() { before = len(e.polls) })
	b.open(e.URL + path)
	e.waitPolls(before + 1)
	return before
}

// pollsOf is how many polls were of a page.
func (e *edge) pollsOf(path string) (count int) {
	e.set(func() {
		for _, asked := range e.polls {
			if asked.Page.URL == e.URL+path {
				count++
			}
		}
	})
	return count
}

func TestTheStreamOfATabThatIsClosedIsTakenOverByAnother(t *testing.T) {
	e, profile := offered(t), newTab(t)
	left := profile.another(false)
	e.pages["/*"] = page(external, "")
	e.openAt(left, "/left/")
	e.waitStreams("visitor-.seal")
	right := profile.another(false)
	e.openAt(right, "/right/")
	right.js("new Promise((done) => setTimeout(done, 500))") // in which a second stream would be opened
	e.waitStreams("visitor-.seal")
	left.expect("document.visibilityState", `"visible"`)
	right.expect("document.visibilityState", `"visible"`)

	// Both are told by the one stream.
	before := []int{e.pollsOf("/left/"), e.pollsOf("/right/")}
	e.say("poll")
	e.wait("a poll of both", func() bool { return len(e.polls) >= before[0]+before[1]+2 })
	if e.pollsOf("/left/") != before[0]+1 || e.pollsOf("/right/") != before[1]+1 {
		t.Errorf("the tabs polled %d and %d times more", e.pollsOf("/left/")-before[0], e.pollsOf("/right/")-before[1])
	}

	left.close()
	e.set(func() { e.messages = always(deliver("welcome", welcome)) })
	e.wait("that the stream changes hands", func() bool { return e.opened >= 2 && len(e.streams) == 1 })
	e.say("poll")
	right.await(dialog)
	e.waitReports("welcome opened")
}

func TestOfTheTabsOfAWindowTheOneThatIsSeenPollsAndHoldsTheStream(t *testing.T) {
	e, first := offered(t), newTab(t).another(true)
	e.pages["/*"], e.interval = page(external, ""), 1
	e.openAt(first, "/first/")
	e.waitStreams("visitor-.seal")
	second := first.another(true)
	e.openAt(second, "/second/")
	first.await(`document.visibilityState === "hidden"`)
	e.wait("that the stream changes hands", func() bool { return e.opened >= 2 && len(e.streams) == 1 })

	// A poll that was under way ends; then only the tab that is seen polls.
	e.waitPolls(e.pollsOf("/first/") + e.pollsOf("/second/") + 1)
	hidden, seen := e.pollsOf("/first/"), e.pollsOf("/second/")
	e.wait("three polls of the second tab", func() bool { return len(e.polls) >= hidden+seen+3 })
	if e.pollsOf("/first/") != hidden {
		t.Errorf("a tab that nobody sees polled %d times", e.pollsOf("/first/")-hidden)
	}

	e.set(func() { e.messages = always(deliver("welcome", welcome)) })
	if _, err := chromedp.Call(first.ctx, cdppage.BringToFront, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	second.await(`document.visibilityState === "hidden"`)
	first.await(dialog)
	e.wait("that the stream changes hands again", func() bool { return e.opened >= 3 && len(e.streams) == 1 })
}

func TestNothingOfTheClientKeepsAPageOutOfTheBackForwardCache(t *testing.T) {
	e, b := offered(t), newTab(t)
	e.site["spaRoutes"] = true
	e.pages["/"] = page(external+`<script>addEventListener("pageshow", ({ persisted }) => (window.restored = persisted))</script>`, `<div id="place"></div>`)
	e.pages["/pricing/"] = page(external, "")
	e.messages = func(asked poll) []message {
		if asked.Page.URL == e.URL+"/pricing/" {
			return nil
		}
		return []message{deliver("welcome", welcome), deliver("exports", inlineAt("inside")), deliver("yearly-offer", offer("bottom"))}
	}
	b.open(e.URL)
	b.await("seen.length === 3")
	e.waitStreams("visitor-.seal")
	first := e.waitPolls(1)[0]
	e.openAt(b, "/pricing/")
	e.wait("the stream of the next page", func() bool { return e.opened == 2 && len(e.streams) == 1 })
	b.do("history.back()")
	b.await("window.restored !== undefined")
	b.expect(`[restored, performance.getEntriesByType("navigation")[0].notRestoredReasons?.reasons?.map(({ reason }) => reason) ?? null]`, "[true,null]")

	// It is a page that was just opened: it asks, is counted as another page, listens, and what it showed is there.
	e.waitPoll("the poll of the page", func(asked poll) bool {
		return asked.View == first.View && asked.Tab == first.Tab && asked.Page.Number == first.Page.Number+1
	})
	e.wait("its stream", func() bool { return e.opened == 3 && len(e.streams) == 1 })
	b.await(messages + ".length === 3")
	b.expect("seen.length", "3")
}
