package client_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestReportsThatCouldNotBeSentAreSentAgainAsTheyWere(t *testing.T) {
	for name, fails := range map[string]http.HandlerFunc{
		"503":       status(http.StatusServiceUnavailable),
		"429":       status(http.StatusTooManyRequests),
		"no answer": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t, "Failed to load resource")
			e.messages = always(deliver("welcome", welcome))
			e.refuseFirst(2, eventPath, fails)
			e.pages["/"] = page(eager+external, "")
			b.open(e.URL)
			b.await("seen.length")
			b.click(closing)
			e.waitReports("welcome opened", "welcome dismissed")
		})
	}
}

func TestReportsThatAreRefusedAreNotSentAgain(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Failed to load resource")
	e.messages = always(deliver("welcome", welcome))
	e.refuseFirst(1, eventPath, status(http.StatusBadRequest))
	b.open(e.URL)
	b.await("seen.length")
	e.wait("the refused report", func() bool { return strings.Contains(strings.Join(e.requests, " "), "/v1/") })
	b.click(closing)
	e.waitReports("welcome dismissed")
}

func TestReportsOutliveTheirPage(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/pricing/"] = page("", "")
	e.pages["/"] = page(external+`<script>
  // The site goes elsewhere in the same moment.
  document.addEventListener("in-app:message-opened", () => (location.href = "/pricing/"));
</script>`, "")
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await("location.pathname === '/pricing/'")
	e.waitReports("welcome opened")
}

func TestNothingWaitsWithoutBound(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Failed to load resource")
	e.refuseFirst(1000, eventPath, status(http.StatusServiceUnavailable))
	b.open(e.URL)
	b.await("window.cioanalytics")
	b.do("for (let number = 1; number <= 1000; number++) cioanalytics.track('Event ' + number, { text: 'x'.repeat(500) })")
	e.wait("a refused batch", func() bool { return len(e.requests) > 1 })
	e.set(func() { e.refuse = nil })
	b.js("cioanalytics.track('last')")
	events := e.waitEvents(200)
	e.wait("the last event", func() bool { return e.events[len(e.events)-1].Event == "last" })
	if events[0].Event == "Event 1" || len(e.waitEvents(1)) > 220 {
		t.Errorf("%d events were kept, from %q on", len(e.waitEvents(1)), events[0].Event)
	}
}

// TestAPageAsksWhenTheEdgeHasHeardWhatHappenedOnTheLast: what a page says when it is left may be slower than the next page, or be
// refused.
func TestAPageAsksWhenTheEdgeHasHeardWhatHappenedOnTheLast(t *testing.T) {
	for _, fate := range []string{"late", "refused"} {
		t.Run(fate, func(t *testing.T) {
			e, b, over := newEdge(t), newTab(t, "Failed to load resource"), make(chan struct{})
			defer close(over)
			e.pages["/pricing/"] = page(external, "")
			e.messages = func(poll) []message {
				if slices.Contains(reportsOf(e.events), "welcome dismissed") {
					return nil
				}
				return []message{deliver("welcome", welcome)}
			}
			e.refuse = func(w http.ResponseWriter, r *http.Request) bool {
				ill := strings.HasPrefix(r.URL.Path, eventPath) && !strings.HasSuffix(r.Referer(), "/pricing/")
				switch {
				case ill && fate == "late":
					<-over
				case ill:
					w.WriteHeader(http.StatusServiceUnavailable)
				}
				return ill
			}
			b.open(e.URL)
			b.await("seen.length")
			b.click(closing)
			b.do(`void cioanalytics.track("Job created"); void cioanalytics.identify("ines", { plan: "team" })`)
			e.wait("a report", func() bool {
				return slices.ContainsFunc(e.requests, func(path string) bool { return strings.HasPrefix(path, "/v1/") })
			})
			before := len(e.allPolls())
			b.open(e.URL + "/pricing/")
			var told []string
			e.wait("the next page's poll", func() bool {
				told = nil
				for _, event := range e.events {
					told = append(told, event.Type)
				}
				return slices.ContainsFunc(e.polls[min(before, len(e.polls)):], func(p poll) bool { return strings.HasSuffix(p.Page.URL, "/pricing/") })
			})
			if want := []string{"track", "track", "track", "identify"}; !slices.Equal(told, want) {
				t.Errorf("when the next page asks, the edge has heard %q, want %q", told, want)
			}
			b.expect(messages+".length", "0")
		})
	}
}

// TestWhatSomebodyDidIsNotSaidAgainInTheNameOfWhoComesNext: they sign out where nothing of what they did has arrived.
func TestWhatSomebodyDidIsNotSaidAgainInTheNameOfWhoComesNext(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Failed to load resource")
	e.pages["/pricing/"] = page(external, "")
	e.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		ill := strings.HasPrefix(r.URL.Path, eventPath) && !strings.HasSuffix(r.Referer(), "/pricing/")
		if ill {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return ill
	}
	b.open(e.URL)
	b.await("window.cioanalytics")
	b.js(`cioanalytics.identify("ines")`)
	b.do(`cioanalytics.reset()`)
	b.open(e.URL + "/pricing/")
	b.await("window.cioanalytics")
	b.js(`cioanalytics.track("Job created")`)
	if events := e.waitEvents(1); events[0].Event != "Job created" {
		t.Errorf("the next page says %+v", events)
	}
}
