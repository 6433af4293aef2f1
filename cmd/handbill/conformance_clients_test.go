package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// way is how a site uses a client.
type way int

const (
	// builtin: the edge injects Handbill's own client.
	builtin way = iota
	// injected: the edge injects the published analytics library with its in-app plugin. The site's pages hold nothing.
	injected
	// loaded: the site's own pages load the published in-app library, without the analytics library.
	loaded
)

// client is a client in one version, as the suite runs it.
type client struct {
	// id names it in hosts and workspaces, title in the table.
	id, title string
	way       way
	// folder is where npm put its package; "" for our own.
	folder string
	// whole: every scenario is run with it, not the core alone.
	whole bool
}

// packages is where scripts/install-packages.sh puts the published clients.
const packages = "testdata/reference/node_modules"

// pinned are the versions that the lock file pins: the newest, the oldest that can be pointed at another host, and between
// them those that other versions of the analytics library have in them.
func pinned() []client {
	return []client{
		{id: "handbill", title: "Handbill", way: builtin, whole: true},
		{id: "analytics-0-5-11", title: "cdp-analytics-browser 0.5.11", way: injected, folder: packages + "/@customerio/cdp-analytics-browser", whole: true},
		{id: "analytics-0-5-9", title: "cdp-analytics-browser 0.5.9", way: injected, folder: packages + "/analytics-0.5.9"},
		{id: "analytics-0-5-6", title: "cdp-analytics-browser 0.5.6", way: injected, folder: packages + "/analytics-0.5.6"},
		{id: "analytics-0-4-16", title: "cdp-analytics-browser 0.4.16", way: injected, folder: packages + "/analytics-0.4.16", whole: true},
		{id: "gist-3-26-0", title: "gist-web 3.26.0", way: loaded, folder: packages + "/customerio-gist-web", whole: true},
		{id: "gist-3-25-0", title: "gist-web 3.25.0", way: loaded, folder: packages + "/gist-web-3.25.0"},
		{id: "gist-3-23-3", title: "gist-web 3.23.3", way: loaded, folder: packages + "/gist-web-3.23.3"},
		{id: "gist-3-21-18", title: "gist-web 3.21.18", way: loaded, folder: packages + "/gist-web-3.21.18", whole: true},
	}
}

// newestIn names a folder with packages that npm published since; make reference-newest fills it.
const newestIn = "HANDBILL_NEWEST_CLIENTS"

// clientsUnderTest are the pinned clients, or the newest ones where a folder of them is named.
func clientsUnderTest(t *testing.T) []client {
	t.Helper()
	folder := os.Getenv(newestIn)
	all := pinned()
	if folder != "" {
		all = []client{
			{id: "analytics-newest", way: injected, folder: filepath.Join(folder, "@customerio/cdp-analytics-browser"), whole: true},
			{id: "gist-newest", way: loaded, folder: filepath.Join(folder, "customerio-gist-web"), whole: true},
		}
	}
	for i, c := range all {
		if c.way == builtin {
			continue
		}
		name, version := published(t, c.folder)
		title := strings.TrimPrefix(strings.TrimPrefix(name, "@customerio/"), "customerio-") + " " + version
		if c.title != "" && c.title != title {
			t.Fatalf("%s has %s, not %s; run scripts/install-test-tools.sh", c.folder, title, c.title)
		}
		all[i].title = title
	}
	return all
}

// published is what a package says that it is.
func published(t *testing.T, folder string) (name, version string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "package.json"))
	if err != nil {
		t.Fatalf("%v; run scripts/install-test-tools.sh", err)
	}
	var said struct{ Name, Version string }
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatalf("%s/package.json: %v", folder, err)
	}
	return said.Name, said.Version
}

// directive are the words that make the edge serve the client.
func (c client) directive(t *testing.T) string {
	t.Helper()
	switch c.way {
	case injected:
		folder, err := filepath.Abs(filepath.Join(c.folder, "dist/umd"))
		if err != nil {
			t.Fatal(err)
		}
		return "client reference " + folder
	case loaded:
		return "snippet off"
	}
	return "client builtin"
}

// scripts are what the site's own pages have for the client, at their end: it needs the body.
func (c client) scripts(nonce string) string {
	if c.way != loaded {
		return ""
	}
	return strings.ReplaceAll(loadingScripts, "NONCE", nonce)
}

// loadingScripts uses the in-app library alone, as a site may that bundles it: the getter names our hosts, and the library's
// events are written down under the names that the plugin gives them.
const loadingScripts = `<script nonce="NONCE">
Object.defineProperty(Object.prototype, "__edge", {configurable: true, get() {
	const prod = this.prod;
	if (typeof prod !== "string") return undefined;
	if (prod.startsWith("https://renderer.")) return location.origin + "/_handbill/renderer";
	if (prod.startsWith("https://code.")) return "null";
	if (/^https:\/\/(consumer|realtime|engine)\./.test(prod)) return location.origin + "/_handbill";
}});
</script>
<script nonce="NONCE" src="/gist.min.js"></script>
<script nonce="NONCE">
{
	// A page that was left while it asked for the first time would keep all others from asking for ten minutes.
	const pause = "gist.web.userQueueNextPullCheck";
	for (const kept of [localStorage, sessionStorage]) if (JSON.parse(kept.getItem(pause))?.value === 600) kept.removeItem(pause);
	const idOf = (message) => ({messageId: message.messageId, deliveryId: message.properties?.gist?.campaignId ?? ""});
	window.ready = Gist.setup({siteId: "tallowby", env: "__edge", useAnonymousSession: true}).then(async () => {
		Gist.events.on("messageShown", (message) => hear("opened", idOf(message)));
		Gist.events.on("messageDismissed", (message) => hear("dismissed", idOf(message)));
		Gist.events.on("messageError", (message) => hear("error", idOf(message)));
		Gist.events.on("messageAction", ({message, action, name}) => hear("action", {...idOf(message), actionName: name, actionValue: action}));
		await Gist.setCurrentRoute(location.href.split("#")[0]);
	});
}
</script>`

// who does what on a page, by the client's own calls.
var calls = map[string]map[way]string{
	"identify": {builtin: `cioanalytics.identify(USER, {first_name: "Inês"})`, injected: `cioanalytics.identify(USER, {first_name: "Inês"})`, loaded: `Gist.setUserToken(USER)`},
	"reset":    {builtin: `cioanalytics.reset()`, injected: `cioanalytics.reset()`, loaded: `Gist.clearUserToken()`},
	"page":     {builtin: `cioanalytics.page()`, injected: `cioanalytics.page()`, loaded: `Gist.setCurrentRoute(location.href.split("#")[0])`},
	"named":    {builtin: `cioanalytics.page(NAME)`, injected: `cioanalytics.page(NAME)`, loaded: `Gist.setCurrentRoute(NAME)`},
}
