package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// rendererPage is a page that uses the reference client, and does with what that says what the plugin of the analytics
// client does: it tells the edge. It keeps what it heard in its session, so that it is there on the next page, too.
const rendererPage = `<!DOCTYPE html>
<html lang="en"><head><title>Tallowby</title>
<script>
const hosts = {consumer: "/_handbill", realtime: "/_handbill", renderer: "/_handbill/renderer", engine: "/_handbill"};
Object.defineProperty(Object.prototype, "__edge", {configurable: true, get() {
	const [, host] = /^https:\/\/(\w+)\./.exec(typeof this.prod === "string" ? this.prod : "") ?? [];
	return host === "code" ? "null" : host && hosts[host] && location.origin + hosts[host];
}});
document.cookie = "secret=1";
window.told = [];
window.said = [];
</script>
<script src="/gist.min.js"></script>
<script>
const hear = (text) => sessionStorage.setItem("heard", JSON.stringify([...heard(), text]));
const heard = () => JSON.parse(sessionStorage.getItem("heard") || "[]");
const tell = (event, properties) => fetch("/_handbill/v1/t", {method: "POST", keepalive: true, headers: {"Content-Type": "text/plain"},
	body: JSON.stringify({type: "track", event, properties, messageId: crypto.randomUUID(), timestamp: new Date().toISOString()})})
	.then((answer) => answer.ok && told.push(event + " " + (properties.metric ?? "")));
addEventListener("message", ({data}) => data.gist && said.push(data.gist));
const deliveryOf = (message) => message.properties.gist.campaignId;
window.ready = Gist.setup({siteId: "tallowby", env: "__edge", useAnonymousSession: true, colorScheme: new URLSearchParams(location.search).get("scheme") ?? "default"}).then(() => {
	Gist.events.on("messageShown", (message) => {
		hear("shown " + message.messageId);
		tell("Report Delivery Event", {deliveryId: deliveryOf(message), metric: "opened"});
	});
	Gist.events.on("messageDismissed", ({messageId}) => hear("dismissed " + messageId));
	Gist.events.on("messageError", ({messageId}) => hear("error " + messageId));
	Gist.events.on("messageAction", ({message, action, name}) => {
		hear(name + "=" + action.replace(location.origin, ""));
		if (action !== "gist://close") tell("Report Delivery Event", {deliveryId: deliveryOf(message), metric: "clicked", actionName: name, actionValue: action});
	});
	Gist.events.on("eventDispatched", ({name, payload}) => name === "analytics:track" && tell(payload.event, payload.properties));
	return Gist.setCurrentRoute(location.href);
});
</script>
</head><body><h1>Tallowby</h1><p>Boats for hire, by the hour and by the day.</p><div id="slot"></div><a id="target" href="/account">Account</a></body></html>`

// rendererSite is the site of rendererPage behind the real server, with a workspace.
func rendererSite(t *testing.T, workspace string) *server {
	t.Helper()
	bundle, err := os.ReadFile(referenceClient)
	if err != nil {
		t.Fatalf("%v; run scripts/install-test-tools.sh", err)
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/gist.min.js":
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(bundle)
		case r.URL.Path == "/board.svg":
			w.Header().Set("Content-Type", "image/svg+xml")
			fmt.Fprint(w, `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="240"><rect width="640" height="240" fill="#3a6ea5"/></svg>`)
		case r.URL.Query().Has("isolated"):
			w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
			w.Header().Set("Cross-Origin-Embedder-Policy", "require-corp")
			fallthrough
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, rendererPage)
		}
	}))
	t.Cleanup(site.Close)
	path := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, path, "[workspace]\nsite_id = \"tallowby\"\n"+workspace)
	s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+path+
		" {\n\t\tstore memory\n\t}\n}\nhttp://EDGE {\n\thandbill {\n\t\tsnippet off\n\t}\n\treverse_proxy "+site.Listener.Addr().String()+"\n}\n")
	s.start()
	return s
}

// frame is the page of ours in the iframe of the reference client: in an origin and, in Chromium, a process of its own.
func (b *tab) frame() *tab {
	b.t.Helper()
	b.await(`document.querySelector("iframe[id^=gist]")`)
	page := chromedp.FromContext(b.ctx).Target
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		all, err := chromedp.Targets(b.ctx)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, one := range all {
			if one.Type == "iframe" && strings.Contains(one.URL, "/renderer/index.html") && one.ParentID == page.TargetID {
				ctx, leave := chromedp.NewContext(b.ctx, chromedp.WithTargetID(one.TargetID))
				b.t.Cleanup(leave)
				// The first use of a context must not be bounded: the frame would be left with it.
				if err := chromedp.Do(ctx); err != nil {
					b.t.Fatal(err)
				}
				return &tab{t: b.t, ctx: ctx}
			}
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("the message has no frame of its own: %s", js[string](b, "document.documentElement.outerHTML"))
		}
	}
}

// press clicks with the mouse on what a selector finds in the message in the frame.
func (b *tab) press(selector string) {
	b.t.Helper()
	f := b.frame()
	f.await(in(selector))
	// The client makes the frame as high as the message, and moves it; where it is twice the same it has come to rest.
	const box = `JSON.stringify(document.querySelector("iframe[id^=gist]").getBoundingClientRect())`
	for last := ""; ; time.Sleep(60 * time.Millisecond) {
		now := js[string](b, box+` + getComputedStyle(document.querySelector("iframe[id^=gist]")).opacity`)
		if now == last {
			break
		}
		last = now
	}
	around := js[[]float64](b, `(({x, y}) => [x, y])(document.querySelector("iframe[id^=gist]").getBoundingClientRect())`)
	at := js[[]float64](f, `(() => { const r = (`+in(selector)+`).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`)
	if err := chromedp.Do(b.ctx, chromedp.MouseClickXY(around[0]+at[0], around[1]+at[1])); err != nil {
		b.t.Fatal(err)
	}
}

// hears waits until the page has heard as many things as are wanted and compares them.
func (b *tab) hears(want ...string) {
	b.t.Helper()
	b.await(fmt.Sprintf(`heard().length >= %d`, len(want)))
	if got := js[[]string](b, `heard()`); !slices.Equal(got, want) {
		b.t.Errorf("the page heard\n%s\nwant\n%s", quote(got), quote(want))
	}
}

// hearsFirst waits until the page has heard these things, before others that it may hear.
func (b *tab) hearsFirst(want ...string) {
	b.t.Helper()
	b.await(fmt.Sprintf(`heard().length >= %d`, len(want)))
	if got := js[[]string](b, `heard()`); !slices.Equal(got[:len(want)], want) {
		b.t.Errorf("the page heard\n%s\nwant first\n%s", quote(got), quote(want))
	}
}

// pictured is what the visitor sees; it is written to a file where the test's environment names a folder for pictures.
func (b *tab) pictured(name string) []byte {
	b.t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if folder := os.Getenv("HANDBILL_PICTURES"); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	return picture
}

// screen sets the size of the visitor's window.
func (b *tab) screen(width, height int64) {
	b.t.Helper()
	parameters := emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1}
	if _, err := cdp.Call(b.ctx, chromedp.FromContext(b.ctx).Target, emulation.SetDeviceMetricsOverride, parameters); err != nil {
		b.t.Fatal(err)
	}
}
