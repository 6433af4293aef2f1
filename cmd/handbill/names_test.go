package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// namedMessages are shown, each on a page of its own, by what the client loads from the endpoint in different ways.
const namedMessages = `
[workspace]
site_id = "tallowby"

[[messages]]
id = "offer"
pages = ["/"]
display = "modal"
title = "“Zwei Monate” & <b>frei</b> 🎉"
text = "ادفع مرة واحدة في السنة. Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft – {{ 'שלום' }}"
buttons = [{ text = "Ça marche – weiter", action = "/docs" }]

[[messages]]
id = "note"
pages = ["/shop"]
display = "inline"
target = "#note"
embed = true
frequency = "always"
text = "We ship for free."

[[messages]]
id = "survey"
pages = ["/docs"]
display = "modal"
title = "A survey"
html_sandbox = "<p id=asked>Do you like the boats?</p>"
`

// TestWhatASiteCallsItsEndpointIsFollowedEverywhere runs the published client on a site that has names of its own for all that can be named.
func TestWhatASiteCallsItsEndpointIsFollowedEverywhere(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!DOCTYPE html><html lang="en"><head><title>Tallowby</title><link rel="icon" href="data:,"></head><body><h1>Tallowby</h1><div id="note"></div></body></html>`)
	}))
	t.Cleanup(site.Close)
	folder, err := filepath.Abs(publishedFolder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "standalone.js")); err != nil {
		t.Fatalf("%v; run scripts/install-test-tools.sh", err)
	}
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, namedMessages)
	const prefix = "/-/in.app"
	s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+" {\n\t\tstore memory\n\t}\n}\n"+
		"http://EDGE {\n\thandbill {\n\t\tclient reference "+folder+"\n\t\tprefix "+prefix+"\n\t\tglobal_name shopAnalytics\n\t\tsite_id Tallowby.Soehne_1\n\t\twrite_key tallowby-web.2\n\t\tcookie {\n\t\t\tname visitor\n\t\t}\n\t}\n\treverse_proxy "+
		site.Listener.Addr().String()+"\n}\n")
	s.start()
	for _, page := range []struct{ path, shows string }{
		{"/", in(`h2`) + `.textContent === "“Zwei Monate” & <b>frei</b> 🎉" && document.documentElement.scrollWidth <= innerWidth`},
		{"/shop", in(`p`) + `.textContent === "We ship for free."`},
		{"/docs", in(`iframe`)},
	} {
		t.Run(page.path, func(t *testing.T) {
			b := newVisitor(t)
			asked := record(b)
			b.open("http://" + s.edge + page.path)
			b.frame().await(page.shows)
			if got := js[string](b, `shopAnalytics.settings ? typeof window.cioanalytics : "no client"`); got != "undefined" {
				t.Errorf("the client is not at its name alone: %s", got)
			}
			js[any](b, `shopAnalytics.track("Ordered").then(() => null)`)
			asked.expectOwnOrigin(t, "http://"+s.edge)
			for _, path := range asked.paths() {
				if path != page.path && !strings.HasPrefix(path, prefix+"/") {
					t.Errorf("the page asked for %s", path)
				}
			}
		})
	}
}
