package client_test

import (
	"strings"

	"handbill/engine/content"
)

// The snippet in its forms.
const (
	external = `<script async src="/_handbill/client.js" data-anonymous-in-app></script>`

	// own is what a site's author writes by hand: the reference snippet's behaviour, in other words, with options of its own.
	own = `<script>(function (name, address, options) {
  var stub = (window[name] = window[name] || []);
  if (stub.initialize) return;
  if (stub.invoked) { console.error("Snippet included twice."); return; }
  stub.invoked = true;
  stub.methods = ["trackSubmit", "trackClick", "trackLink", "trackForm", "pageview", "identify", "reset", "group", "track", "ready", "alias",
    "debug", "page", "once", "off", "on", "addSourceMiddleware", "addIntegrationMiddleware", "setAnonymousId", "addDestinationMiddleware"];
  stub.factory = function (method) {
    return function () {
      var call = Array.prototype.slice.call(arguments);
      call.unshift(method);
      stub.push(call);
      return stub;
    };
  };
  stub.methods.forEach(function (method) { stub[method] = stub.factory(method); });
  stub.load = function (key, options) {
    var script = document.createElement("script");
    script.async = true;
    script.setAttribute("data-global-customerio-analytics-key", name);
    script.src = address + "/v1/analytics-js/snippet/" + key + "/analytics.min.js";
    document.head.appendChild(script);
    stub._writeKey = key;
    stub._loadOptions = options;
  };
  stub.SNIPPET_VERSION = "4.15.3";
  stub.load("tallowby-web", options);
  stub.page();
})("cioanalytics", "/_handbill", { integrations: { "Customer.io In-App Plugin": PLUGIN } });</script>`

	// eager makes the client wait as short as it ever does before it tries again.
	eager = `<script>Math.random = () => 0</script>`

	// recorder keeps what the page sees, in the order in which it sees it.
	recorder = `<script>
  window.seen = [];
  window.note = (event) => seen.push(event.type.replace("in-app:message-", "") + " " + JSON.stringify(event.detail));
  for (const kind of ["opened", "dismissed", "action", "error", "changed"]) document.addEventListener("in-app:message-" + kind, note);
</script>`
)

// page is a plain page of a site with something in its head and in its body.
func page(head, body string) string {
	return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Tallowby</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">` + recorder + head + `</head>
<body><h1>Tallowby</h1><p>Planning and invoices for <a id="link" href="/docs/">small workshops</a>.</p>
<form><input id="field" aria-label="Workshop"><button id="save" type="button">Save</button></form>` + body + `</body></html>`
}

func paragraph(text string) []content.Node {
	return []content.Node{{Tag: "p", Children: []content.Node{{Text: text}}}}
}

// welcome is a modal of two steps.
var welcome = content.Content{Display: "modal", Position: "center", Steps: []content.Step{
	{
		Name: "welcome", Title: "Welcome to Tallowby",
		Body: []content.Node{{Tag: "p", Children: []content.Node{
			{Text: "Plan the "}, {Tag: "strong", Children: []content.Node{{Text: "whole week"}}}, {Text: " on one board. It takes two minutes to see how."},
		}}},
		Image:   &content.Image{Src: "/img/board.svg", Alt: "A planning board", Width: 640, Height: 360},
		Buttons: []content.Button{{Name: "show-me", Text: "Show me", Action: "next"}, {Name: "not-now", Text: "Not now", Action: "dismiss"}},
	},
	{
		Name: "first-job", Title: "Begin with one job", Body: paragraph("A name and a customer are enough. Everything else can wait."),
		Buttons: []content.Button{
			{Name: "read-more", Text: "How it works", Action: "/docs/first-job/"},
			{Name: "ask", Text: "Ask us", Action: "event:open-chat"},
			{Name: "done", Text: "Done", Action: "dismiss"},
		},
	},
}}

// offer is a banner.
func offer(position string) content.Content {
	return content.Content{Display: "banner", Position: position, Steps: []content.Step{{
		Name: "step-1", Body: paragraph("Pay by the year and get two months free."),
		Buttons: []content.Button{{Name: "see-offers", Text: "See the offer", Action: "/offers/"}},
	}}}
}

// withParts says which parts of the client a content needs, as the edge does.
func withParts(shown content.Content) content.Content {
	shown.Parts = content.Parts(&shown)
	return shown
}

// What tests look for in the page.
const (
	messages = `[...document.querySelectorAll("handbill-message")]`
	shadow   = `document.querySelector("handbill-message")?.shadowRoot`
	dialog   = shadow + `?.querySelector("dialog[open]")`
	banner   = shadow + `?.querySelector(".banner:popover-open")`
	closing  = shadow + `?.querySelector(".close")`
)

// button is the button with a name.
func button(name string) string {
	return shadow + `?.querySelector("button[name='` + name + `']")`
}

// landmarks puts everything of a page that stands outside of its main part into a header, as accessible pages do.
func landmarks(document string) string {
	document = strings.Replace(document, "<body>", "<body><header>", 1)
	return strings.Replace(document, "</form>", "</form></header>", 1)
}
