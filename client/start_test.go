package client_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"handbill/client"
	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/wire"
	"handbill/engine/workspace"
)

// withOwn is a page whose author wrote the snippet, with options for the in-app plugin.
func withOwn(plugin string) string { return strings.Replace(own, "PLUGIN", plugin, 1) }

// heard notes what the events option hears, as the recorder notes what the document hears.
const heard = `<script>window.heard = []; window.hear = (event) => heard.push(event.type + " " + event.detail.messageId);</script>`

// inline is the snippet as the edge writes it into a page in its inline form.
func inline(t *testing.T) string {
	t.Helper()
	memory := store.NewMemory()
	defer func() { _ = memory.Close() }()
	e, err := engine.New(context.Background(), engine.Options{Workspace: "tallowby", Store: memory})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte("[workspace]\nsite_id = \"tallowby\"\nwrite_key = \"tallowby-web\"\n")}})
	if err != nil {
		t.Fatal(err)
	}
	e.Use(snapshot)
	edge, err := wire.New(wire.Options{Engine: e, Site: wire.Site{Anonymous: true, Snippet: wire.Inline}, Client: client.Files()})
	if err != nil {
		t.Fatal(err)
	}
	snippet, ok := edge.Snippet()
	if !ok {
		t.Fatal("the edge has no snippet")
	}
	return string(snippet.Markup)
}

func TestEveryWayToStartEndsInOneClient(t *testing.T) {
	inline := inline(t)
	const loud = `{ anonymousInApp: true, events: window.hear }`
	const object = `{ anonymousInApp: true, events: { handleEvent: window.hear } }`
	for _, c := range []struct {
		name, head string
		events     bool // the site's own listener hears
	}{
		{"the external snippet", external, false},
		{"the external snippet twice", external + external, false},
		{"the site's own snippet", heard + withOwn(loud), true},
		{"the site's own snippet, its listener an object", heard + withOwn(object), true},
		{"the site's own snippet, then the external one", heard + withOwn(loud) + external, true},
		{"the external snippet, then the site's own", external + heard + withOwn(loud), true},
		{"the external snippet long before the site's own", blocking(external) + heard + withOwn(loud), true},
		{"the edge's inline snippet", inline, false},
		{"the edge's inline snippet twice", inline + inline, false},
		{"the edge's inline snippet, then the site's own", inline + heard + withOwn(loud), true},
		{"the site's own snippet, then the edge's inline one", heard + withOwn(loud) + inline, true},
		{"all of them twice", external + heard + withOwn(loud) + external, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(c.head, "")
			e.messages = always(deliver("welcome", welcome))
			b.open(e.URL)
			b.awaitEvents(`opened {"messageId":"welcome","deliveryId":"delivery-of-welcome"}`)
			b.expect(messages+".length", "1")
			if c.events {
				b.await("heard.length")
				b.click(closing)
				b.await("heard.length === 3")
				b.expect("heard", `["in-app:message-opening welcome","in-app:message-opened welcome","in-app:message-dismissed welcome"]`)
			}
			// What the client is asked now comes after whatever it might have asked twice.
			b.js("cioanalytics.track('Job planned')")
			b.expect("[typeof cioanalytics.page, cioanalytics.length]", `["function",0]`)
			views := map[string]bool{}
			for _, asked := range e.waitPolls(1) {
				views[asked.View] = true
			}
			if len(views) != 1 {
				t.Errorf("%d clients polled", len(views))
			}
		})
	}
}

// blocking makes a script run where it stands.
func blocking(script string) string { return strings.Replace(script, " async", "", 1) }

func TestLoadAndPageTogetherAreOnePoll(t *testing.T) {
	for _, head := range []string{external, external + external, withOwn(`{ anonymousInApp: true }`)} {
		e, b := newEdge(t), newTab(t)
		e.pages["/"] = page(head, "")
		b.open(e.URL)
		e.waitPolls(1)
		b.js("cioanalytics.identify('ines')")
		if polls := e.waitPolls(2); len(polls) != 2 || polls[1].UserID != "ines" {
			t.Errorf("%d polls for one page and one identify, with %s", len(polls), head)
		}
	}
}

func TestALoadOfTheSiteThatDoesNotAskForAnonymousMessagesGetsNone(t *testing.T) {
	for _, plugin := range []string{`{}`, `{ siteId: "tallowby" }`, `{ anonymousInApp: false }`, `true`} {
		t.Run(plugin, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(withOwn(plugin), "")
			e.messages = always(deliver("welcome", welcome))
			b.open(e.URL)
			b.await("cioanalytics.initialize")
			b.js("cioanalytics.track('Job planned')")
			b.js("cioanalytics.page()")
			b.js("cioanalytics.identify('ines')")
			b.await(dialog)
			e.mu.Lock()
			defer e.mu.Unlock()
			for _, asked := range e.polls {
				if asked.UserID != "ines" {
					t.Errorf("a poll of %q", asked.UserID)
				}
			}
		})
	}
}

func TestInAppMessagesSwitchedOffMeansNoPoll(t *testing.T) {
	for _, plugin := range []string{`false`, `{ anonymousInApp: true, enabled: false }`} {
		e, b := newEdge(t), newTab(t)
		e.pages["/"] = page(withOwn(plugin), "")
		b.open(e.URL)
		b.await("cioanalytics.initialize")
		b.js("cioanalytics.identify('ines')")
		b.js("cioanalytics.track('Job planned')")
		e.mu.Lock()
		if len(e.polls) > 0 {
			t.Errorf("%d polls with %s", len(e.polls), plugin)
		}
		e.mu.Unlock()
	}
}

func TestCallsBeforeTheClientAreReplayedInOrder(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(withOwn(`{}`)+`<script>
  cioanalytics.identify("ines", { plan: "trial" });
  cioanalytics.track("Job planned", { hours: 3 });
  cioanalytics.group("brandt-joinery", { size: 2 });
  cioanalytics.alias("ines", "old-ines");
  cioanalytics.page("Board", { jobs: 4 });
</script>`, "")
	b.open(e.URL)
	events := e.waitEvents(5)
	var got []string
	for _, event := range events {
		got = append(got, event.Type)
		if event.UserID == nil {
			t.Errorf("%s names no user", event.Type)
		}
	}
	if want := "identify track group alias page"; strings.Join(got, " ") != want {
		t.Errorf("the events are %q, want %q", got, want)
	}
	if e := events[0]; e.Traits["plan"] != "trial" || *e.UserID != "ines" {
		t.Errorf("the identify is %+v", e)
	}
	if e := events[1]; e.Event != "Job planned" || e.Properties["hours"] != 3.0 {
		t.Errorf("the track is %+v", e)
	}
	if e := events[2]; e.GroupID != "brandt-joinery" || e.Traits["size"] != 2.0 {
		t.Errorf("the group is %+v", e)
	}
	if e := events[3]; *e.UserID != "ines" || e.PreviousID != "old-ines" {
		t.Errorf("the alias is %+v", e)
	}
	if e := events[4]; e.Name != "Board" || e.Properties["jobs"] != 4.0 {
		t.Errorf("the page is %+v", e)
	}
}

func TestAnotherClientsStubIsHeardAndLeftToIt(t *testing.T) {
	// The site's own snippet brings another client from elsewhere; it comes for the calls later.
	other := strings.ReplaceAll(withOwn(`{ anonymousInApp: true }`), `"/_handbill", {`, `"/other", {`)
	for _, head := range []string{other + external, blocking(external) + other} {
		e, b := newEdge(t), newTab(t)
		e.pages["/"] = page(head, "")
		e.messages = always(deliver("welcome", welcome))
		e.Config.Handler = script(e.Config.Handler, "/other/", `window.taken = JSON.stringify([...cioanalytics]); window.cioanalytics = { other: true };`)
		b.open(e.URL)
		b.await(dialog)
		b.await("window.taken")
		b.expect("JSON.parse(taken)", `[["page"]]`)
		b.expect("cioanalytics.other", "true")
	}
}

func TestAGlobalThatIsNoStubIsLeftAlone(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(`<script>window.cioanalytics = { mine: true }</script>`+external, "")
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await(dialog)
	b.expect("Object.keys(cioanalytics)", `["mine"]`)
}

func TestTheClientLeavesOneGlobal(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.site["globalName"] = "tallowby"
	e.pages["/"] = page(`<script>window.before = new Set(Object.getOwnPropertyNames(window))</script>`+external, "")
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await(dialog)
	b.expect("Object.getOwnPropertyNames(window).filter((name) => !before.has(name) && name !== 'before')", `["tallowby"]`)
}

func TestAFrameInAPageHasNoMessages(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(external, `<iframe src="/frame" title="frame"></iframe>`)
	e.pages["/frame"] = page(external, "")
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await(dialog)
	b.await("frames[0].document.readyState === 'complete'")
	b.expect("typeof frames[0].cioanalytics", `"undefined"`)
}

func TestTheMethodsOfTheStubAreThere(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	b.open(e.URL)
	b.await("window.cioanalytics")
	const promises = `Promise.all([
  cioanalytics.identify("ines"), cioanalytics.track("Job planned"), cioanalytics.page(), cioanalytics.group("brandt"), cioanalytics.alias("a", "b"),
  cioanalytics.ready(), cioanalytics.pageview(), cioanalytics.debug(false), cioanalytics.addSourceMiddleware(({ payload, next }) => next(payload)),
  cioanalytics.addIntegrationMiddleware(({ payload, next }) => next(payload)), cioanalytics.addDestinationMiddleware("Webhooks", () => {}), cioanalytics.reset(),
].map(async (result) => result instanceof Promise)).then((all) => all.every(Boolean))`
	b.expect(promises, "true")
	b.expect("cioanalytics.setAnonymousId('browser-7')", `"browser-7"`)
	b.expect("cioanalytics.user().anonymousId()", `"browser-7"`)
	b.expect(`new Promise((done) => cioanalytics.ready(() => done("ready")))`, `"ready"`)
	b.expect(`new Promise((done) => cioanalytics.track("Job planned", { hours: 1 }, {}, ({ event }) => done(event.properties.hours)))`, "1")
	b.expect(`(() => {
  const calls = [];
  cioanalytics.on("track", (...args) => calls.push(["on", ...args]));
  cioanalytics.once("track", (...args) => calls.push(["once", ...args]));
  cioanalytics.track("One", { n: 1 });
  cioanalytics.off("track");
  cioanalytics.track("Two");
  return calls;
})()`, `[["on","One",{"n":1}],["once","One",{"n":1}]]`)
}

// script serves a script below a path.
func script(handler http.Handler, below, text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, below) {
			handler.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, text)
	})
}
