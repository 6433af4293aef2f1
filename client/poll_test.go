package client_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAPollSaysWhereTheVisitorIs(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/*"] = page(external, "")
	b.open(e.URL + "/billing/?tab=open#invoices")
	b.js("window.cioanalytics || new Promise((done) => addEventListener('load', done))")
	e.waitPolls(1)
	b.js("cioanalytics.page('Billing', { tab: 'open' })")
	e.waitPolls(2)
	b.do("history.pushState(null, '', '/pricing/'); cioanalytics.page()")
	polls := e.waitPolls(3)
	for i, want := range []struct{ url, name string }{
		{"/billing/?tab=open#invoices", ""}, {"/billing/?tab=open#invoices", "Billing"}, {"/pricing/", ""},
	} {
		if got := polls[i].Page; got.URL != e.URL+want.url || got.Name != want.name {
			t.Errorf("poll %d is of %+v, want %+v", i+1, got, want)
		}
		if polls[i].View != polls[0].View || polls[i].Tab != polls[0].Tab || polls[i].Tab == "" || polls[i].View == "" {
			t.Errorf("poll %d is of the tab %q and the view %q, poll 1 of %q and %q", i+1, polls[i].Tab, polls[i].View, polls[0].Tab, polls[0].View)
		}
	}
	if page := e.waitEvents(1)[0]; page.Type != "page" || page.Name != "Billing" || page.Properties["tab"] != "open" {
		t.Errorf("the page's event is %+v", page)
	}
}

func TestATabKeepsItsIdAndEveryPageViewHasItsOwn(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	b.open(e.URL)
	e.waitPolls(1)
	// A tab that this one opens starts with a copy of the session's storage.
	b.expect("sessionStorage.length", "0")
	b.open(e.URL + "/?next")
	polls := e.waitPolls(2)
	if polls[0].Tab != polls[1].Tab || polls[0].View == polls[1].View {
		t.Errorf("the tabs are %q and %q, the views %q and %q", polls[0].Tab, polls[1].Tab, polls[0].View, polls[1].View)
	}
}

func TestAnUnchangedPagePollsAgainAfterTheInterval(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.interval = 1
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	polls := e.waitPolls(3)
	if polls[0].Generation != "" || polls[1].Generation == "" || polls[2].Generation == "" {
		t.Errorf("the polls name the generations %q, %q, %q", polls[0].Generation, polls[1].Generation, polls[2].Generation)
	}
	// "Unchanged" keeps the list; an empty answer empties it.
	b.expect("[seen.length, !!"+dialog+"]", "[1,true]")
	e.set(func() { e.messages = always() })
	b.await(messages + ".length === 0")
	e.waitReports("welcome opened")
}

func TestTheListOfAnotherPageIsNotKept(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await("seen.length")
	b.do("cioanalytics.page()")
	if second := e.waitPolls(2)[1]; second.Generation != "" {
		t.Errorf("the poll of another page names the generation %q", second.Generation)
	}
}

func TestOnlyAVisibleTabPolls(t *testing.T) {
	const hidden = `<script>
  let visibility = "hidden";
  Object.defineProperty(document, "visibilityState", { get: () => visibility });
  window.become = (state) => { visibility = state; document.dispatchEvent(new Event("visibilitychange")); };
</script>`
	e, b := newEdge(t), newTab(t)
	e.interval = 1
	e.pages["/"] = page(hidden+external, "")
	b.open(e.URL)
	b.await("window.cioanalytics")
	b.js("cioanalytics.identify('ines')")
	b.js("cioanalytics.track('Job planned')")
	e.mu.Lock()
	if len(e.polls) > 0 {
		t.Errorf("a hidden tab polled")
	}
	e.mu.Unlock()
	b.do("become('visible')")
	e.waitPolls(2)
	b.do("become('hidden')")
	before, after := -1, len(e.allPolls())
	for tries := 0; before != after && tries < 10; tries++ { // a poll that is under way ends, none starts
		b.js("new Promise((done) => setTimeout(done, 1500))") // longer than the interval
		before, after = after, len(e.allPolls())
	}
	if before != after {
		t.Errorf("a hidden tab polled %d times", after-before)
	}
	b.do("become('visible')")
	e.waitPolls(before + 1)
}

func TestAPageFromTheBackForwardCachePollsAgain(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/pricing/"] = page("", "")
	e.pages["/"] = page(external+`<script>addEventListener("pageshow", ({ persisted }) => (window.restored = persisted))</script>`, "")
	b.open(e.URL)
	first := e.waitPolls(1)[0]
	b.open(e.URL + "/pricing/")
	b.do("history.back()")
	b.await("window.restored")
	if second := e.waitPolls(2)[1]; second.View != first.View || second.Tab != first.Tab || second.Page.Number != first.Page.Number+1 {
		t.Errorf("the poll after coming back is %+v", second)
	}
}

func TestAPageThatIsBeingPrerenderedAsksNothing(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page("", "")
	e.pages["/start/"] = page("", `<script type="speculationrules">{ "prerender": [{ "urls": ["/pricing/"], "eagerness": "immediate" }] }</script>
<script>fetch("/go").then(() => (location.href = "/pricing/"))</script>`)
	e.pages["/pricing/"] = page(external+`<script>
  // The client has run by then, and whatever it wanted to do at once it has done.
  addEventListener("load", () => setTimeout(() => document.prerendering && fetch("/prerendered"), 100));
</script>`, "")
	e.pages["/go"], e.pages["/prerendered"] = "", ""
	prerendered, left := make(chan struct{}), make(chan struct{})
	leave := sync.OnceFunc(func() { close(left) })
	defer leave()
	handler := before(e.Config.Handler, "/prerendered", func() { close(prerendered) })
	e.Config.Handler = before(handler, "/go", func() { <-left })
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	// A tab of its own: the browser prerenders nothing for one that is being debugged.
	b.do("window.open('/start/', '_blank', 'noopener')")
	select {
	case <-prerendered:
	case <-time.After(patience):
		t.Fatal("the browser did not prerender the page")
	}
	e.mu.Lock()
	if len(e.requests) > 0 {
		t.Errorf("a page that nobody looks at asked %q", e.requests)
	}
	e.mu.Unlock()
	leave()
	e.waitReports("welcome opened")
}

func TestAFailingEdgeIsAskedAgainLater(t *testing.T) {
	for _, c := range []struct {
		name  string
		fails http.HandlerFunc
	}{
		{"500", status(http.StatusInternalServerError)},
		{"429", status(http.StatusTooManyRequests)},
		{"400", status(http.StatusBadRequest)},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) }},
		{"another JSON", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`[1]`)) }},
		{"null", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`null`)) }},
		{"no answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t, "Failed to load resource")
			e.messages = always(deliver("welcome", welcome))
			e.refuseFirst(1, pollPath, c.fails)
			e.pages["/"] = page(eager+external, "")
			b.open(e.URL)
			b.await(dialog)
		})
	}
}

func TestRetryAfterIsHonouredByEveryPoll(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Failed to load resource")
	e.refuseFirst(1000, pollPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	b.open(e.URL)
	e.wait("the first poll", func() bool { return len(e.requests) > 0 })
	b.await("performance.getEntriesByType('resource').some(({ name, responseEnd }) => name.includes('/users') && responseEnd)")
	b.do("cioanalytics.page()")
	b.js("cioanalytics.identify('ines')")
	b.js("new Promise((done) => setTimeout(done, 500))")
	e.mu.Lock()
	defer e.mu.Unlock()
	if got := strings.Join(e.requests, " "); strings.Count(got, "users") != 1 {
		t.Errorf("the requests are %s", got)
	}
}

func TestRoutesAreNoticedWhenTheSiteAsksForIt(t *testing.T) {
	for _, asked := range []bool{true, false} {
		e, b := newEdge(t), newTab(t)
		e.site["spaRoutes"] = asked
		e.pages["/*"] = page(external, "")
		e.messages = func(asked poll) []message {
			if strings.HasSuffix(asked.Page.URL, "/app/settings") || strings.HasSuffix(asked.Page.URL, "#settings") {
				return []message{deliver("invoice-prefix", offer("bottom"))}
			}
			return nil
		}
		b.open(e.URL + "/app/")
		e.waitPolls(1)
		b.await("window.cioanalytics")
		for i, route := range []string{"/app/settings", "/app/#settings"} {
			b.do("history.pushState(null, '', '" + route + "')")
			if !asked {
				b.do("cioanalytics.page()")
			}
			b.await(fmt.Sprintf("seen.length === %d", i+1))
			// Another state of the same address is no other page.
			b.do("history.replaceState({ scrolled: 7 }, '')")
			b.do("history.pushState(null, '', '/app/')")
			if !asked {
				b.do("cioanalytics.page()")
			}
			b.await(messages + ".length === 0")
		}
		if polls := e.waitPolls(5); len(polls) != 5 {
			t.Errorf("%d polls for 5 pages", len(polls))
		}
		e.waitReports("invoice-prefix opened", "invoice-prefix opened")
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}
