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

// hypermediaFiles are the libraries that change pages by what a server sends.
const hypermediaFiles = "testdata/hypermedia/node_modules/"

// hypermedia is a library, and how a page uses it.
type hypermedia struct {
	name, script string
	// body is the body's attributes.
	body string
	// part is an element that a link in it replaces, and list a form that the server answers with one more item of a list.
	part, list string
	// told is the event after which a page may say that it is another one.
	told string
}

var libraries = []hypermedia{
	{
		name: "htmx 4", script: "htmx.org/dist/htmx.js", body: `hx-boost:inherited="true"`, told: "htmx:after:history:update",
		part: `<div id="part"><a id="more" href="/part" hx-get="/part" hx-boost="false" hx-target="#part" hx-swap="innerHTML">More</a></div>`,
		list: `<form hx-post="/orders/" hx-target="#orders" hx-swap="beforeend"><button id="order">Order</button></form>`,
	},
	{
		name: "htmx 2", script: "htmx2/dist/htmx.js", body: `hx-boost="true"`, told: "htmx:pushedIntoHistory",
		part: `<div id="part"><a id="more" href="/part" hx-get="/part" hx-boost="false" hx-target="#part" hx-swap="innerHTML">More</a></div>`,
		list: `<form hx-post="/orders/" hx-target="#orders" hx-swap="beforeend"><button id="order">Order</button></form>`,
	},
	{
		name: "Turbo", script: "@hotwired/turbo/dist/turbo.es2017-umd.js", told: "turbo:load",
		part: `<turbo-frame id="part"><a id="more" href="/part">More</a></turbo-frame>`,
		list: `<form action="/orders/" method="post"><button id="order">Order</button></form>`,
	},
}

// hypermediaWorkspace has a message on every page, one in the orders, and one at a button of theirs.
const hypermediaWorkspace = `
[workspace]
site_id = "tallowby"

[[messages]]
id = "closing-day"
pages = ["*"]
display = "banner"
text = "The workshop is closed on Monday."

[[messages]]
id = "new-list"
pages = ["/orders/"]
display = "inline"
position = "inside"
target = "#notice"
text = "The list is sorted by date now."

[[messages]]
id = "filter"
pages = ["/orders/"]
display = "tooltip"
target = "#filter"
text = "Only those that are late."

[[messages]]
id = "team-day"
pages = ["/team/"]
display = "toast"
text = "The team meets on Friday."
`

// site serves the pages of a shop that uses the library.
func (l hypermedia) site(t *testing.T, head string) (address string) {
	t.Helper()
	routes := http.NewServeMux()
	html := func(path, document string) {
		routes.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, document)
		})
	}
	page := func(path, title, main string) {
		html("GET "+path+"{$}", `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>`+title+`</title>
<link rel="icon" href="data:,"><script src="/library.js"></script>`+head+`</head><body `+l.body+`>
<nav><a href="/">Home</a> <a href="/orders/">Orders</a> <a href="/team/">Team</a></nav><main><h1>`+title+`</h1>`+main+`</main></body></html>`)
	}
	page("/", "Home", "")
	page("/orders/", "Orders", `<div id="notice"><p>Three orders are late.</p></div><button id="filter">Late</button>`+l.part+`<ul id="orders"><li>Shelf</li></ul>`+l.list)
	page("/team/", "Team", "<p>Ines, Ferro.</p>")
	html("GET /part", `<turbo-frame id="part"><p id="arrived">A stool and two shelves.</p></turbo-frame>`)
	routes.HandleFunc("POST /orders/", func(w http.ResponseWriter, r *http.Request) {
		item := "<li>Stool</li>"
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if strings.Contains(r.Header.Get("Accept"), "turbo-stream") {
			w.Header().Set("Content-Type", "text/vnd.turbo-stream.html; charset=utf-8")
			item = `<turbo-stream action="append" target="orders"><template>` + item + `</template></turbo-stream>`
		}
		fmt.Fprint(w, item)
	})
	routes.HandleFunc("GET /library.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(hypermediaFiles, l.script))
	})
	server := httptest.NewServer(routes)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// edgeOf puts a server in front of the site that is asked for messages only when there is a reason to.
func (l hypermedia) edge(t *testing.T, head, words string) *server {
	t.Helper()
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, hypermediaWorkspace)
	s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+
		" {\n\t\tpoll_slow 1h\n\t\tpoll_fast 1h\n\t}\n}\nhttp://EDGE {\n\thandbill {\n\t\t"+words+"\n\t}\n\treverse_proxy "+l.site(t, head)+"\n}\n")
	s.start()
	return s
}

// standing is what stands on the page in messages: the texts that can be seen, sorted.
const standing = `[...document.querySelectorAll("handbill-message")].map((host) =>
	host.shadowRoot?.querySelector("section .body")?.checkVisibility() ? host.shadowRoot.querySelector(".body").textContent : "nothing").sort().join(" ")`

// awaitStanding returns when these texts stand on the page, in their alphabetical order, and nothing else.
func (b *tab) awaitStanding(texts ...string) {
	b.t.Helper()
	b.await(standing + " === " + quote(strings.Join(texts, " ")))
}

// follow clicks the link to a page, and waits until the library has brought it.
func (b *tab) follow(path, title string) {
	b.t.Helper()
	js[any](b, `(() => { document.querySelector("nav a[href='`+path+`']").click(); return null })()`)
	b.await(`document.querySelector("h1").textContent === ` + quote(title) + ` && location.pathname === ` + quote(path))
}

// told are the events until the team's page, sorted: what was on the screen all the time was opened once.
var told = []string{"opened closing-day", "opened filter", "opened new-list", "opened team-day"}

// What the messages say.
const (
	closingDay = "The workshop is closed on Monday."
	newList    = "The list is sorted by date now."
	lateFilter = "Only those that are late."
	teamDay    = "The team meets on Friday."
)

func TestMessagesLiveOnPagesThatALibraryChanges(t *testing.T) {
	for _, l := range libraries {
		for _, c := range []struct{ name, head, words string }{
			{"routes are noticed", "", "spa_routes on"},
			{"routes are noticed, inline snippet", "", "spa_routes on\n\t\tsnippet inline"},
			{"the site says when the page is another one", `<script>document.addEventListener("` + l.told + `", () => window.cioanalytics?.page?.())</script>`, ""},
			{"nobody says it", "", ""},
		} {
			t.Run(l.name+", "+c.name, func(t *testing.T) {
				s, b := l.edge(t, c.head, c.words), newVisitor(t)
				console := listen(b)
				b.open("http://" + s.edge + "/")
				b.awaitStanding(closingDay)
				js[any](b, `(() => { window.samePage = true; return null })()`)

				// What is due on the next page as well survives; what is due there comes, and what is not leaves.
				b.follow("/orders/", "Orders")
				b.awaitStanding(lateFilter, newList, closingDay)
				l.expectParts(b)
				b.follow("/team/", "Team")
				b.awaitStanding(teamDay, closingDay)

				// The page comes back as it was, with its message where it belongs. Closed, it leaves what stood there.
				js[any](b, `(() => { history.back(); return null })()`)
				b.await(`document.querySelector("h1").textContent === "Orders"`)
				b.awaitStanding(lateFilter, newList, closingDay)
				js[any](b, `(() => { document.querySelector("#notice handbill-message").shadowRoot.querySelector(".close").click(); return null })()`)
				b.awaitStanding(lateFilter, closingDay)
				if notice := js[string](b, `document.querySelector("#notice").innerHTML`); notice != "<p>Three orders are late.</p>" {
					t.Errorf("the page's own notice is %s", notice)
				}

				if !js[bool](b, "window.samePage === true") {
					t.Error("a page was loaded anew")
				}
				if scripts := js[int](b, `document.querySelectorAll("script[src*='_handbill/client.js']").length`); scripts != 1 && !strings.Contains(c.words, "inline") {
					t.Errorf("the snippet is in the page %d times", scripts)
				}
				if opened := js[[]string](b, `JSON.parse(sessionStorage.getItem("seen")).map(({name, detail}) => name + " " + detail.messageId)`); quote(slices.Sorted(slices.Values(opened[:4]))) != quote(told) || slices.Contains(opened[4:], "opened closing-day") {
					t.Errorf("the events are %q", opened)
				}
				if lines := console.lines(); len(lines) > 0 {
					t.Errorf("the console says %q", lines)
				}
			})
		}
	}
}

// expectParts has the library bring a part of the page, and one more item of its list. Neither is touched.
func (l hypermedia) expectParts(b *tab) {
	b.t.Helper()
	for _, c := range []struct{ press, arrived, part, want string }{
		{"#more", `document.querySelector("#arrived")`, "#arrived", `<p id="arrived">A stool and two shelves.</p>`},
		{"#order", `document.querySelector("#orders").children.length === 2`, "#orders li:last-child", "<li>Stool</li>"},
	} {
		js[any](b, `(() => { document.querySelector(`+quote(c.press)+`).click(); return null })()`)
		b.await(c.arrived)
		if got := js[string](b, `document.querySelector(`+quote(c.part)+`).outerHTML.replace(/ (data-hx|class)[^ >]*/g, "")`); got != c.want {
			b.t.Errorf("%s is now %s", c.part, got)
		}
		if scripts := js[int](b, `document.body.querySelectorAll("script").length`); scripts > 0 {
			b.t.Errorf("there are %d scripts in the body", scripts)
		}
	}
	shown := strings.Split(js[string](b, standing), ".")
	if !slices.ContainsFunc(shown, func(text string) bool { return strings.HasPrefix(closingDay, strings.TrimSpace(text)) }) {
		b.t.Errorf("the messages are %q", shown)
	}
}
