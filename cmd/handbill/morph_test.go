package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// morph is a way in which a library turns the page that is there into the one that a server sends, element by element.
type morph struct {
	name    string
	scripts []string
	// head is what the page needs in its head, body the body's attributes, and press what has the page brought anew.
	head, body, press string
}

var morphs = []morph{
	{
		name: "Turbo", scripts: []string{"@hotwired/turbo/dist/turbo.es2017-umd.js"},
		head:  `<meta name="turbo-refresh-method" content="morph"><meta name="turbo-refresh-scroll" content="preserve">`,
		press: `<button id="refresh" onclick="Turbo.renderStreamMessage('<turbo-stream action=&quot;refresh&quot;></turbo-stream>')">Refresh</button>`,
	},
	{
		name: "htmx 4, the body", scripts: []string{"htmx.org/dist/htmx.js"},
		press: `<button id="refresh" hx-get="/orders/" hx-target="body" hx-swap="innerMorph">Refresh</button>`,
	},
	{
		name: "htmx 4, a part", scripts: []string{"htmx.org/dist/htmx.js"},
		press: `<button id="refresh" hx-get="/orders/" hx-target="main" hx-select="main" hx-swap="outerMorph">Refresh</button>`,
	},
	{
		name: "htmx 2 with idiomorph, the body", scripts: []string{"htmx2/dist/htmx.js", "idiomorph/dist/idiomorph-ext.js"}, body: `hx-ext="morph"`,
		press: `<button id="refresh" hx-get="/orders/" hx-target="body" hx-swap="morph:innerHTML">Refresh</button>`,
	},
	{
		name: "htmx 2 with idiomorph, a part", scripts: []string{"htmx2/dist/htmx.js", "idiomorph/dist/idiomorph-ext.js"}, body: `hx-ext="morph"`,
		press: `<button id="refresh" hx-get="/orders/" hx-target="main" hx-select="main" hx-swap="morph:outerHTML">Refresh</button>`,
	},
}

// morphWorkspace adds a question, and a letter, to the messages of the orders.
const morphWorkspace = hypermediaWorkspace + `
[[messages]]
id = "missing"
pages = ["/orders/"]
display = "toast"
text = "What do you miss here?"
fields = [{ name = "words", type = "text", label = "In your words" }]
buttons = [{ text = "Send", action = "submit" }]

[[messages]]
id = "letter"
display = "inbox"
title = "Orders by post"
`

const missing = "What do you miss here?"

// site serves the orders, each time with one more of them, and perhaps with a place for the inbox.
func (m morph) site(t *testing.T, place string) (address string) {
	t.Helper()
	routes := http.NewServeMux()
	orders := 0
	scripts := ""
	for i, script := range m.scripts {
		scripts += fmt.Sprintf(`<script src="/library-%d.js"></script>`, i)
		routes.HandleFunc(fmt.Sprintf("GET /library-%d.js", i), func(w http.ResponseWriter, r *http.Request) {
			http.ServeFile(w, r, filepath.Join(hypermediaFiles, script))
		})
	}
	routes.HandleFunc("GET /orders/", func(w http.ResponseWriter, r *http.Request) {
		orders++
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Orders</title><link rel="icon" href="data:,">%s%s</head><body %s>
<nav><a href="/orders/">Orders</a> %s</nav><main><h1>Orders</h1><p id="count">%d orders</p><div id="notice"><p>Three of %d are late.</p></div>
<button id="filter">Late</button>%s<ul><li>Shelf</li></ul></main></body></html>`, m.head, scripts, m.body, place, orders, orders, m.press)
	})
	server := httptest.NewServer(routes)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestMessagesLiveOnPagesThatAreMorphed(t *testing.T) {
	for _, m := range morphs {
		for name, place := range map[string]string{"an inbox of the site's": "<handbill-inbox></handbill-inbox>", "an inbox of ours": ""} {
			t.Run(m.name+", "+name, func(t *testing.T) {
				workspace := filepath.Join(t.TempDir(), "messages.toml")
				writeFile(t, workspace, morphWorkspace)
				s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+
					" {\n\t\tpoll_slow 1h\n\t\tpoll_fast 1h\n\t}\n}\nhttp://EDGE {\n\thandbill {\n\t\tidentity unsigned\n\t}\n\treverse_proxy "+m.site(t, place)+"\n}\n")
				s.start()
				b := newVisitor(t)
				console := listen(b)
				b.open("http://" + s.edge + "/orders/")
				all := []string{lateFilter, closingDay, newList, missing}
				slices.Sort(all)
				b.awaitStanding(all...)
				b.await(inBell("[part=count]") + `?.textContent === "1"`)
				const words = `[...document.querySelectorAll("handbill-message")].map((host) => host.shadowRoot?.querySelector("input")).find(Boolean)`
				js[any](b, `(() => { `+words+`.value = "A search"; window.samePage = true; return null })()`)

				// More often than a message comes again on a page that does not want it.
				for range 12 {
					before := js[string](b, `document.querySelector("#count").textContent`)
					js[any](b, `(() => { document.querySelector("#refresh").click(); return null })()`)
					b.await(`document.querySelector("#count").textContent !== ` + quote(before))
					b.awaitStanding(all...)
					b.await(inBell("[part=count]") + `?.textContent === "1" && document.querySelectorAll("handbill-inbox").length === 1`)
				}
				b.expectJS("what was written is there", words+".value", "A search")
				b.expectJS("the inbox has its colours", `String(!!document.querySelector("handbill-inbox").dataset.scheme)`, "true")
				opened := js[[]string](b, `JSON.parse(sessionStorage.getItem("seen")).map(({name, detail}) => name + " " + detail.messageId)`)
				slices.Sort(opened)
				if want := []string{"opened closing-day", "opened filter", "opened missing", "opened new-list"}; !slices.Equal(opened, want) {
					t.Errorf("the events are %q, want %q", opened, want)
				}

				// Closed, it leaves what the page has there by now, once.
				js[any](b, `(() => { document.querySelector("#notice handbill-message").shadowRoot.querySelector(".close").click(); return null })()`)
				all = slices.DeleteFunc(all, func(text string) bool { return text == newList })
				b.awaitStanding(all...)
				count, _, _ := strings.Cut(js[string](b, `document.querySelector("#count").textContent`), " ")
				if notice := js[string](b, `document.querySelector("#notice").innerHTML`); notice != "<p>Three of "+count+" are late.</p>" {
					t.Errorf("after %s orders the page's own notice is %s", count, notice)
				}
				if !js[bool](b, "window.samePage === true") {
					t.Error("the page was loaded anew")
				}
				if lines := console.lines(); len(lines) > 0 {
					t.Errorf("the console says %q", lines)
				}
				until(t, "the edge has counted each once", func() bool {
					counts := s.statistics()
					return strings.Contains(counts["new-list"], "OPENED 1, DISMISSED 1") && strings.Contains(counts["missing"], "OPENED 1") && strings.Contains(counts["closing-day"], "OPENED 1")
				})
			})
		}
	}
}
