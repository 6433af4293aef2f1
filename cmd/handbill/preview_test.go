package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sketches is a workspace whose author is writing.
const sketches = `
[workspace]
site_id = "tallowby"

[[messages]]
id = "offer"
status = "draft"
pages = ["/pricing"]
display = "modal"
title = "Two months free"
text = "Pay by the year."

[[messages]]
id = "live"
pages = ["*"]
display = "modal"
text = "Live."
`

// link is what messages preview prints for a page.
func (s *server) link(message, page string) string {
	s.t.Helper()
	out, err := s.messages("preview", message, "--url", page)
	if err != nil {
		s.t.Fatalf("messages preview: %v\n%s", err, out)
	}
	link, _, _ := strings.Cut(out, "\n")
	return link
}

func TestAPreviewShowsADraftInBothClients(t *testing.T) {
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, sketches)
	caddyfile := func(site, more string) string {
		return "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill " + workspace + " {\n\t\tstore memory\n\t}\n}\nhttp://EDGE {\n\thandbill {\n" + more + "\t}\n\t" + site + "\n}\n"
	}

	t.Run("the reference client", func(t *testing.T) {
		s := newServer(t, caddyfile("reverse_proxy "+bodySite(t), "\t\tsnippet off\n"))
		s.start()
		b := newVisitor(t)
		b.open(s.link("offer", "http://"+s.edge+"/anywhere"))
		b.await(`ready.then(() => true)`)
		const kept = `Object.keys(sessionStorage).filter((key) => /^gist\.web\.message\.user\.[0-9a-f]{64}$/.test(key))
			.flatMap((key) => JSON.parse(sessionStorage.getItem(key)).value)`
		b.await(`(` + kept + `).length > 0`)
		if got := js[string](b, `(`+kept+`).map(({messageId, properties}) => messageId + " " + properties.gist.livePreview).join()`); got != "offer true" {
			t.Errorf("the client shows %s", got)
		}
		b.await(`document.querySelector("#gist-embed-message iframe.gist-visible") && document.querySelector("#gist-preview-bar:not(.gist-pb-hidden)")`)
		b.picture("preview-reference")
		// What is chosen on the bar is there after the page is loaded anew.
		js[any](b, `(() => {
			const select = document.querySelector("#gist-preview-bar option[value=overlay]").closest("select");
			select.value = "overlay";
			select.dispatchEvent(new Event("change"));
		})()`)
		b.await(`document.querySelector("#x-gist-floating-top iframe")`)
		until(t, "the edge holds what was chosen", func() bool {
			return js[string](b, `fetch("/_handbill/api/v4/users", {method: "POST", headers: {"X-Gist-Encoded-User-Token": btoa(new URLSearchParams(location.search).get("cioPreviewId"))}, body: "{}"})
				.then((answer) => answer.json()).then(({inAppMessages: [{properties}]}) => properties.gist.elementId ?? "")`) == "x-gist-floating-top"
		})
		js[any](b, `[...document.querySelectorAll("#gist-preview-bar button")].find(({textContent}) => textContent === "End session").click()`)
		b.await(`document.querySelector("#gist-preview-bar .gist-pb-ended-row")`)
		s.expectUncounted()
	})
	t.Run("our client", func(t *testing.T) {
		s := newServer(t, caddyfile("header Content-Type text/html\n\trespond \"<!doctype html><title>Tallowby</title><h1>Tallowby</h1>\"", ""))
		s.start()
		b := newVisitor(t)
		b.open(s.link("offer", "http://"+s.edge+"/anywhere"))
		b.await(in("h2") + `?.textContent === "Two months free"`)
		b.await(acknowledged("opened"))
		b.picture("preview-ours")
		s.expectUncounted()
		b.open("http://" + s.edge + "/anywhere")
		b.await(in("section") + `?.textContent.includes("Live.")`)
	})
}

// bodySite is a site that sets the reference client up when there is a body, as its own plugin does: the preview's bar stands in it.
func bodySite(t *testing.T) (address string) {
	t.Helper()
	bundle, err := os.ReadFile(referenceClient)
	if err != nil {
		t.Fatalf("%v; run scripts/install-test-tools.sh", err)
	}
	page := strings.Replace(referencePage, "<script>\nwindow.ready", "</head><body><h1>Tallowby</h1><script>\nwindow.ready", 1)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gist.min.js" {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(bundle)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(site.Close)
	return site.Listener.Addr().String()
}

// expectUncounted makes sure that nothing was counted of any message.
func (s *server) expectUncounted() {
	s.t.Helper()
	for message, counts := range s.statistics() {
		if counts != "" {
			s.t.Errorf("of %s is counted %s", message, counts)
		}
	}
}
