package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// galleryShows are the displays of the gallery: how each is asked for, and what then stands on the page.
var galleryShows = []struct{ show, shown string }{
	{"modal", `dialog.modal[open]`},
	{"fullscreen", `dialog.fullscreen[open]`},
	{"banner", `.banner[data-flow="over"]:popover-open`},
	{"push", `.banner[data-flow="push"]`},
	{"sticky", `.banner[data-flow="sticky"]:popover-open`},
	{"toast", `.toast:popover-open`},
	{"inline", `.inline [data-step]`},
	{"tooltip", `.tooltip:popover-open`},
	{"beacon", `.beacon:popover-open`},
	{"tour", `dialog.modal[open]`},
	{"survey", `dialog.modal[open] fieldset`},
	{"film", `dialog.modal[open] video`},
	{"toast", `.toast:popover-open`},
}

// carefulPolicy is what a careful site sends, with a nonce that no other page of these tests has.
const carefulPolicy = "script-src 'nonce-c3RyaWN0' 'strict-dynamic'; style-src 'self'; require-trusted-types-for 'script'"

// moreShows is what the gallery does not have: a document in a sandbox.
const moreShows = `
[[messages]]
id = "gallery-sandbox"
pages = ["/gallery/?show=sandbox"]
frequency = "always"
display = "modal"
title = "A sale"
html_sandbox = "<!doctype html><title>Sale</title><p>20 % off.</p><script>document.body.dataset.ran = 'yes'</script>"
`

// gallery is the demo's gallery with every page under a policy, where there is one, and room for what comes into it.
func gallery(t *testing.T, policy string) *server {
	t.Helper()
	root, workspace := t.TempDir(), t.TempDir()
	for folder, from := range map[string]string{root: "examples/site", workspace: "examples/messages"} {
		if err := os.CopyFS(folder, os.DirFS(filepath.Join(checkout, from))); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(workspace, "more.toml"), moreShows)
	sheet := filepath.Join(root, "css/site.css")
	look, err := os.ReadFile(sheet)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, sheet, string(look)+"\n#news { min-height: 14rem }\n")
	header := ""
	if policy != "" {
		header = "header Content-Security-Policy \"" + policy + "\"\n\t"
	}
	s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+" {\n\t\tstream on\n\t}\n}\n"+
		"http://EDGE {\n\thandbill {\n\t\tspa_routes on\n\t}\n\treverse_proxy SITE\n}\nhttp://SITE {\n\t"+header+"root "+root+"\n\tfile_server\n}\n")
	s.start()
	return s
}

// keepManners writes down before a page's first script which globals there are, and then what moves.
const keepManners = `window.before = new Set(Object.getOwnPropertyNames(window));
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach(({value, sources}) => shifts.push(value + " of " + sources.map(({node}) => node?.nodeName).join(", ")))).observe({type: "layout-shift", buffered: true});`

func TestEveryDisplayShowsUnderAStrictPolicyAndMovesNothing(t *testing.T) {
	s := gallery(t, carefulPolicy)
	b := newPolicyTab(t, s.edge)
	b.runFirst(keepManners)
	more := []struct{ show, shown string }{{"sandbox", `dialog.modal[open] iframe`}}
	for _, c := range slices.Concat(galleryShows, more) {
		t.Run(c.show, func(t *testing.T) {
			b.t, b.console.tab.t = t, t
			if seen := b.visit("/gallery/?show="+c.show, c.show != "beacon"); len(seen.told) > 0 {
				t.Errorf("the browser says: %s", strings.Join(seen.told, "\n"))
			}
			b.await(in(c.shown))
			// Two frames later the browser has told what the last one moved.
			js[any](b.tab, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100, null))))`)
			moves := c.show == "push" || c.show == "sticky" // such a banner makes itself room, where it comes late
			if shifts := js[[]string](b.tab, "shifts"); len(shifts) > 0 && !moves {
				t.Errorf("the page moved by %q", shifts)
			}
			if globals := js[[]string](b.tab, `Object.getOwnPropertyNames(window).filter((name) => !before.has(name) && !["before", "shifts"].includes(name))`); quote(globals) != `["cioanalytics"]` {
				t.Errorf("the page's globals are now %q", globals)
			}
			if lines := b.console.lines(); len(lines) > 0 {
				t.Errorf("the console says %q", lines)
			}
		})
	}
}

// runFirst has a script run before any of a page's own.
func (b *tab) runFirst(script string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
		b.t.Fatal(err)
	}
}
