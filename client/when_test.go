package client_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// when is what a message waits for, as the edge describes it.
type when map[string]any

// waiting has the message "help" wait until a poll says that it has happened; it is a banner then.
func waiting(what when) func(poll) []message {
	return func(asked poll) []message {
		if slices.ContainsFunc(asked.Fired, func(f fired) bool { return f.MessageID == "help" }) {
			return []message{deliver("help", offer("bottom"))}
		}
		return []message{{MessageID: "help", When: what}}
	}
}

// tall is a page to scroll, with what messages wait for in it.
const tall = `<button id="buy"><b>Buy</b></button><a id="other" href="#x">Other</a><div style="height:4000px"></div>`

// busy has the visitor do something all the time, until the test ends it.
const busy = `<script>moving = setInterval(() => dispatchEvent(new Event("pointermove")), 100)</script>`

// waits opens a page on which the message waits, and returns when the client has been told so.
func waits(t *testing.T, what when) (*edge, *tab) {
	t.Helper()
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(external, tall)
	if what["idle"] != nil {
		e.pages["/"] = page(busy+external, tall)
	}
	e.pages["/next"] = page(external, tall)
	e.messages = waiting(what)
	b.open(e.URL)
	e.waitPolls(1)
	b.await(`performance.getEntriesByType("resource").some(({ name }) => name.includes("/parts/when-"))`)
	return e, b
}

// notYet says that nothing has happened so far.
func (e *edge) notYet(what string) {
	e.t.Helper()
	time.Sleep(150 * time.Millisecond)
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, asked := range e.polls {
		if len(asked.Fired) > 0 {
			e.t.Fatalf("it has fired %s: %+v", what, asked.Fired)
		}
	}
}

// firstPoll is when the first poll came that is meant.
func (e *edge) firstPoll(is func(poll) bool) time.Time {
	e.t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	first := slices.IndexFunc(e.polls, is)
	if first < 0 {
		e.t.Fatalf("there is no such poll among %+v", e.polls)
	}
	return e.polls[first].at
}

// mouse moves the mouse there.
func (b *tab) mouse(x, y float64) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: x, Y: y}); err != nil {
		b.t.Fatal(err)
	}
}

func TestWhatAMessageWaitsForBringsIt(t *testing.T) {
	for _, test := range []struct {
		name string
		what when
		// not is what must not bring it, do what must.
		not, do func(*edge, *tab)
	}{
		{"a time", when{"after": 700}, nil, nil},
		{"a time on the page", when{"dwell": 700}, nil, nil},
		{"doing nothing", when{"idle": 3000}, func(*edge, *tab) { time.Sleep(3300 * time.Millisecond) }, func(_ *edge, b *tab) { b.do("clearInterval(moving)") }},
		{"scrolling", when{"scroll": 50}, func(_ *edge, b *tab) { b.do("scrollTo(0, 1000)") }, func(_ *edge, b *tab) { b.do("scrollTo(0, 1900)") }},
		{"scrolling past it", when{"scroll": 20}, nil, func(_ *edge, b *tab) { b.do("scrollTo(0, 9999)") }},
		{"scrolling to the end", when{"scroll": 100}, func(_ *edge, b *tab) { b.do("scrollTo(0, 3000)") }, func(_ *edge, b *tab) { b.do("scrollTo(0, 9999)") }},
		{"leaving the page", when{"exit": true}, func(_ *edge, b *tab) {
			time.Sleep(1100 * time.Millisecond)
			b.do(`document.documentElement.dispatchEvent(new MouseEvent("mouseleave", { clientX: -5, clientY: 300 }))`)
		}, func(_ *edge, b *tab) {
			b.mouse(200, 200)
			b.do(`document.documentElement.dispatchEvent(new MouseEvent("mouseleave", { clientX: 200, clientY: -5 }))`)
		}},
		{"a click", when{"click": "#buy"}, func(_ *edge, b *tab) { b.do(`document.querySelector("#other").click()`) }, func(_ *edge, b *tab) { b.do(`document.querySelector("#buy b").click()`) }},
		{"an element", when{"element": ".cart"}, func(_ *edge, b *tab) { b.do(`document.body.append(document.createElement("p"))`) }, func(_ *edge, b *tab) {
			b.do(`document.querySelector("p:last-of-type").className = "cart"`)
		}},
		{"an element that goes", when{"noElement": "#other"}, nil, func(_ *edge, b *tab) { b.do(`document.querySelector("#other").remove()`) }},
		{"a click while an element is there", when{"click": "#buy", "element": ".cart"}, func(_ *edge, b *tab) { b.do(`document.querySelector("#buy").click()`) }, func(_ *edge, b *tab) {
			b.do(`document.body.className = "cart"; document.querySelector("#buy").click()`)
		}},
		{"a time, when an element comes later", when{"after": 100, "element": ".cart"}, func(*edge, *tab) { time.Sleep(300 * time.Millisecond) }, func(_ *edge, b *tab) { b.do(`document.body.className = "cart"`) }},
		{"any of several", when{"after": 60_000, "scroll": 90, "click": "#buy"}, nil, func(_ *edge, b *tab) { b.do(`document.querySelector("#buy").click()`) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e, b := waits(t, test.what)
			if test.not != nil {
				test.not(e, b)
			}
			if test.not != nil || test.do != nil {
				e.notYet("too early")
			}
			if test.do != nil {
				test.do(e, b)
			}
			e.waitReports("help opened")
			b.expect("document.querySelectorAll('handbill-mark').length", "0")
		})
	}
}

func TestAnEventThatThePageTracksBringsAMessage(t *testing.T) {
	e, b := waits(t, when{"event": "Cart Viewed"})
	b.do(`cioanalytics.track("Cart Emptied", {})`)
	e.notYet("by another event")
	b.do(`cioanalytics.track("Cart Viewed", { total: 80, lines: [1, 2] })`)
	e.waitReports("help opened")
	e.waitPoll("the event with its properties", func(asked poll) bool {
		return len(asked.Fired) == 1 && asked.Fired[0].Event.Name == "Cart Viewed" && fmt.Sprint(asked.Fired[0].Event.Properties) == "map[lines:[1 2] total:80]"
	})
}

func TestAnEventBeforeThePartHasArrivedIsNotMissed(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = waiting(when{"event": "Cart Viewed"})
	e.pages["/"] = page(`<script>cioanalytics = []; cioanalytics.push(["track", "Cart Viewed", { total: 80 }])</script>`+external, "")
	b.open(e.URL)
	e.waitReports("help opened")
}

func TestAHugeEventIsToldWithoutItsProperties(t *testing.T) {
	e, b := waits(t, when{"event": "Cart Viewed"})
	b.do(`cioanalytics.track("Cart Viewed", { text: "x".repeat(20000) })`)
	e.waitPoll("the event alone", func(asked poll) bool { return len(asked.Fired) == 1 && asked.Fired[0].Event.Properties == nil })
}

func TestAfterAnEventThatCancelsNothingIsWaitedForInThisVisit(t *testing.T) {
	e, b := waits(t, when{"click": "#buy", "cancelEvent": "Order Completed"})
	b.do(`cioanalytics.track("Order Completed", {})`)
	b.do(`document.querySelector("#buy").click()`)
	e.notYet("although it was cancelled")
	b.open(e.URL + "/next")
	e.wait("a poll of the next page", func() bool { return strings.HasSuffix(e.polls[len(e.polls)-1].Page.URL, "/next") })
	time.Sleep(200 * time.Millisecond)
	b.do(`document.querySelector("#buy").click()`)
	e.notYet("on the next page, although it was cancelled")
}

func TestATimeGoesOnOverThePagesOfAVisit(t *testing.T) {
	const after = 5 * time.Second
	took := after
	for tries := 0; took >= after && tries < 5; tries++ { // a busy machine takes that long by itself
		e, b := waits(t, when{"after": after.Milliseconds()})
		time.Sleep(after * 2 / 3)
		b.open(e.URL + "/next")
		e.waitReports("help opened")
		fired := e.firstPoll(func(asked poll) bool { return len(asked.Fired) > 0 })
		if took := fired.Sub(e.firstPoll(func(poll) bool { return true })); took < after/2 {
			t.Errorf("it came after %s", took)
		}
		took = fired.Sub(e.firstPoll(func(asked poll) bool { return strings.HasSuffix(asked.Page.URL, "/next") }))
	}
	if took >= after {
		t.Errorf("it began anew on the next page: %s", took)
	}
}

// hides is a page that is hidden as soon as the part that waits is there, however long the test would take to hide it.
const hides = `<script>
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => window.hiddenNow ? "hidden" : "visible" });
  const watch = setInterval(() => {
    if (!performance.getEntriesByType("resource").some(({ name }) => name.includes("/parts/when-"))) return;
    clearInterval(watch);
    window.hiddenNow = true;
    document.dispatchEvent(new Event("visibilitychange"));
  }, 20);
</script>`

func TestNothingHappensWhileTheTabIsHidden(t *testing.T) {
	for _, what := range []when{{"after": 3000}, {"dwell": 3000}, {"idle": 3000}} {
		t.Run(fmt.Sprint(what), func(t *testing.T) {
			t.Parallel()
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(hides+external, "")
			e.messages = waiting(what)
			b.open(e.URL)
			e.waitPolls(1)
			b.await("window.hiddenNow")
			time.Sleep(4 * time.Second)
			e.notYet("while it was hidden")
			b.do(`hiddenNow = false; document.dispatchEvent(new Event("visibilitychange"))`)
			e.waitReports("help opened")
		})
	}
}

func TestWhatHappenedOnOnePageDoesNotCountOnTheNext(t *testing.T) {
	e, b := waits(t, when{"click": "#buy"})
	b.do(`document.querySelector("#buy").click()`)
	e.waitReports("help opened")
	b.do(`history.pushState({}, "", "/next"); cioanalytics.page()`)
	e.waitPoll("the next page, on which nothing has happened", func(asked poll) bool { return strings.HasSuffix(asked.Page.URL, "/next") && len(asked.Fired) == 0 })
	b.await(messages + ".length === 0")
	b.do(`document.querySelector("#buy").click()`)
	e.waitReports("help opened", "help opened")
}

func TestASelectorThatIsNoneWaitsForEver(t *testing.T) {
	e, b := waits(t, when{"click": "a[", "element": "b["})
	b.do(`document.querySelector("#buy").click(); document.body.append(document.createElement("p"))`)
	e.notYet("although no browser understands it")
}

func TestNothingTicksWhileAMessageWaits(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(`<script>timers = 0; const set = setTimeout; setTimeout = (...args) => (timers++, set(...args)); setInterval = () => { throw new Error("it ticks") }</script>`+external, tall)
	e.messages = waiting(when{"after": 60_000, "dwell": 60_000, "idle": 60_000, "scroll": 90, "exit": true, "element": ".cart"})
	b.open(e.URL)
	e.waitPolls(1)
	b.await(`document.querySelector("handbill-mark")`)
	b.comesToRest("before = timers", "timers - before === 1") // the test's own
}

func TestWhenAPlaceIsFreeTheNextIsAskedForAtOnce(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	reported := false
	e.messages = func(poll) []message {
		if reported = slices.Contains(reportsOf(e.events), "first dismissed"); reported {
			return []message{deliver("second", offer("bottom"))}
		}
		return []message{deliver("first", offer("bottom"))}
	}
	b.open(e.URL)
	e.waitReports("first opened")
	b.do(banner + `.querySelector(".close").click()`)
	e.waitReports("first opened", "first dismissed", "second opened")
}

func TestAPollSaysInWhichTimeZoneTheVisitorIs(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	b.open("about:blank")
	if _, err := chromedp.Call(b.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Australia/Lord_Howe"}); err != nil {
		t.Fatal(err)
	}
	b.open(e.URL)
	e.waitPoll("the zone", func(asked poll) bool { return asked.Zone == "Australia/Lord_Howe" })
}
