package client_test

import (
	"net/http"
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
