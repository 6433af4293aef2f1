package client_test

import (
	"slices"
	"testing"
)

// leads is a page with a link and a form that lead away.
const leads = `<a id="pricing" href="/pricing/">Pricing</a> <form id="contact" action="/pricing/"><input name="email" value="ines@example.com"><button>Send</button></form>`

func TestWhatLeadsAwayIsTrackedBeforeThePageIsLeft(t *testing.T) {
	for _, c := range []struct{ name, track, act, to string }{
		{"trackLink", `cioanalytics.trackLink(document.getElementById("pricing"), "Left", (link) => ({ to: link.pathname }))`, `document.getElementById("pricing").click()`, "/pricing/"},
		{"trackClick of several", `cioanalytics.trackClick(document.querySelectorAll("a"), "Left", { to: "/pricing/" })`, `document.getElementById("pricing").click()`, "/pricing/"},
		{"trackForm", `cioanalytics.trackForm([document.getElementById("contact")], () => "Left", { to: "/pricing/" })`, `document.getElementById("contact").requestSubmit()`, "/pricing/?email=ines%40example.com"},
		{"trackSubmit", `cioanalytics.trackSubmit(document.getElementById("contact"), "Left", { to: "/pricing/" })`, `document.getElementById("contact").requestSubmit()`, "/pricing/?email=ines%40example.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"], e.pages["/pricing/"] = page(external, leads), page("", "")
			b.open(e.URL)
			b.await("window.cioanalytics")
			b.js(c.track + ".then(() => null)")
			b.do(c.act)
			b.await("location.pathname === '/pricing/'")
			b.expect("location.pathname + location.search", `"`+c.to+`"`)
			if left := e.waitEvents(1)[0]; left.Event != "Left" || left.Properties["to"] != "/pricing/" {
				t.Errorf("the event is %+v", left)
			}
		})
	}
}

func TestMiddlewaresChangeEventsOrKeepThemBack(t *testing.T) {
	e, b := newEdge(t), newTab(t, "a middleware's own mistake")
	e.pages["/"] = page(external+`<script>
  (window.cioanalytics ??= []).push(["addSourceMiddleware", ({ payload, next }) => {
    if (payload.event() === "Secret seen") return;
    if (payload.obj.properties?.email) payload.obj.properties.email = "…";
    next(payload);
  }]);
  cioanalytics.push(["track", "Secret seen"], ["track", "Job planned", { email: "ines@example.com" }]);
</script>`, "")
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	e.wait("the tracked event", func() bool {
		return slices.ContainsFunc(e.events, func(event sent) bool { return event.Event == "Job planned" && event.Properties["email"] == "…" })
	})
	b.js(`cioanalytics.addDestinationMiddleware("Webhooks", () => {}).then(() => null)`)
	b.js(`cioanalytics.addDestinationMiddleware("Customer.io Data Pipelines", ({ payload, integration, next }) => {
  payload.obj.properties.by = integration;
  next(payload);
}).then(() => null)`)
	b.js(`cioanalytics.track("Job moved", {})`)
	e.wait("the moved job", func() bool {
		last := e.events[len(e.events)-1]
		return last.Event == "Job moved" && last.Properties["by"] == "Customer.io Data Pipelines"
	})
	// What happens to messages is told whatever a site does with its own events.
	b.js(`cioanalytics.addSourceMiddleware(({ next }) => next(null)).then(() => null)`)
	b.js(`cioanalytics.track("Job lost")`)
	b.click(closing)
	e.waitReports("welcome opened", "welcome dismissed")
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range e.events {
		if event.Event == "Secret seen" || event.Event == "Job lost" {
			t.Errorf("%q was not kept back", event.Event)
		}
	}
}

func TestDebugWritesWhatIsCalledOnTheConsole(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(`<script>window.lines = []; const say = console.debug; console.debug = (...all) => all[0] === "Handbill:" ? lines.push(all.slice(1).flat()[0] + " " + all.slice(2).flat()[0]) : say(...all)</script>`+external, "")
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await("seen.length")
	b.js("cioanalytics.debug(true).then(() => null)")
	b.js(`cioanalytics.track("Job planned", { hours: 1 })`)
	b.click(closing)
	b.await("lines.length === 2")
	b.expect("lines", `["track Job planned","in-app in-app:message-dismissed"]`)
	b.js("cioanalytics.debug(false).then(() => null)")
	b.js(`cioanalytics.track("Job planned")`)
	b.expect("lines.length", "2")
}
