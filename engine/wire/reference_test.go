package wire_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"handbill/engine/wire"
)

// published stands for the folder of the published client.
func published() fstest.MapFS {
	return fstest.MapFS{
		"standalone.js":      {Data: []byte("/* standalone */")},
		"573.js":             {Data: []byte("/* 573 */")},
		"inAppPlugin.js":     {Data: []byte("/* inAppPlugin */")},
		"inAppPlugin.js.map": {Data: []byte("{}")},
		"573.js.gz":          {Data: []byte("packed")},
		".hidden.js":         {Data: []byte("secret")},
		"src/index.js":       {Data: []byte("secret")},
		"LICENSE.MD":         {Data: []byte("MIT")},
	}
}

func newReferenceHandler(t *testing.T, site wire.Site, folder fstest.MapFS) *wire.Handler {
	t.Helper()
	return newHandlerOf(t, site, shop, wire.OpenReference(folder, slog.New(slog.DiscardHandler)))
}

func TestThePublishedClientIsServedAsItIs(t *testing.T) {
	h := newReferenceHandler(t, wire.Site{Anonymous: true}, published())
	for path, want := range map[string]string{
		"/v1/analytics-js/snippet/shop-web/analytics.min.js":   "/* standalone */",
		"/v1/analytics-js/snippet/hosted-key/analytics.min.js": "/* standalone */",
		"/v1/analytics-js/573.js":                              "/* 573 */",
		"/v1/analytics-js/inAppPlugin.js":                      "/* inAppPlugin */",
		"/v1/analytics-js/inAppPlugin.js.map":                  "",
		"/v1/analytics-js/573.js.gz":                           "",
		"/v1/analytics-js/.hidden.js":                          "",
		"/v1/analytics-js/src/index.js":                        "",
		"/v1/analytics-js/../../etc/passwd.js":                 "",
		"/v1/analytics-js/..%2f..%2fetc%2fpasswd.js":           "",
		"/v1/analytics-js/612.js":                              "",
		"/v1/analytics-js/LICENSE.MD":                          "",
		"/v1/analytics-js/":                                    "",
	} {
		t.Run(path, func(t *testing.T) {
			b := newBrowser(t, h)
			answer := b.do("GET", "/_handbill"+path, "")
			if want == "" {
				if answer.StatusCode != http.StatusNotFound {
					t.Errorf("status %d: %s", answer.StatusCode, text(t, answer))
				}
				return
			}
			if body := text(t, answer); answer.StatusCode != 200 || body != want {
				t.Errorf("status %d: %s", answer.StatusCode, body)
			}
			if kind := answer.Header.Get("Content-Type"); kind != "text/javascript; charset=utf-8" {
				t.Errorf("Content-Type %q", kind)
			}
			if head := b.do("HEAD", "/_handbill"+path, ""); head.StatusCode != 200 || text(t, head) != "" {
				t.Errorf("HEAD: status %d", head.StatusCode)
			}
			b.header.Set("If-None-Match", answer.Header.Get("ETag"))
			if again := b.do("GET", "/_handbill"+path, ""); again.StatusCode != http.StatusNotModified {
				t.Errorf("asked again: status %d", again.StatusCode)
			}
		})
	}
}

func TestTheSnippetOfTheReferenceClientStandsBeforeTheSitesCode(t *testing.T) {
	for _, test := range []struct {
		form wire.SnippetForm
		want string
	}{
		{wire.External, `<script src="/_handbill/client.js?reference"></script>`},
		{wire.Shim, `<script src="/_handbill/shim.js"></script>`},
		{wire.Inline, `<script>(()=>{/* reference */` + "\n" + `handbillReference.point({"prefix":"/_handbill","siteId":"shop","writeKey":"shop-web","globalName":"cioanalytics","anonymousInApp":true,"loads":true})})();</script>`},
	} {
		t.Run(string(test.form), func(t *testing.T) {
			snippet, ok := newReferenceHandler(t, wire.Site{Anonymous: true, Snippet: test.form}, published()).Snippet()
			if !ok || string(snippet.Markup) != test.want || string(snippet.Markup[:snippet.NonceAt]) != "<script" {
				t.Errorf("%t: %s", ok, snippet.Markup)
			}
		})
	}
	b := newBrowser(t, newReferenceHandler(t, wire.Site{Anonymous: true, Snippet: wire.Inline}, published()))
	if client := text(t, b.do("GET", "/_handbill/client.js", "")); !strings.Contains(client, `"loads":true`) {
		t.Errorf("client.js is %s", client)
	}
	if shim := text(t, b.do("GET", "/_handbill/shim.js", "")); !strings.Contains(shim, `"loads":false`) {
		t.Errorf("shim.js is %s", shim)
	}
}

func TestAFolderThatCannotBeUsedSaysWhatToDoAndIsTriedAgain(t *testing.T) {
	packed := fstest.MapFS{"package.json": {Data: []byte("{}")}, "dist/umd/standalone.js": {Data: []byte("1")}}
	for name, test := range map[string]struct {
		folder fstest.MapFS
		want   string
	}{
		"the whole package":       {packed, "is the whole package; name the folder dist/umd in it"},
		"a folder of something":   {fstest.MapFS{"index.js": {Data: []byte("1")}}, "has no standalone.js; name the folder dist/umd of the npm package @customerio/cdp-analytics-browser"},
		"a file that is not done": {fstest.MapFS{"standalone.js": {}}, "standalone.js is empty; it may be being written"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			reference := wire.OpenReference(test.folder, slog.New(slog.NewTextHandler(&log, nil)))
			h := newHandlerOf(t, wire.Site{Anonymous: true}, shop, reference)
			if !strings.Contains(log.String(), test.want) {
				t.Errorf("the log says %s", &log)
			}
			if _, ok := h.Snippet(); ok {
				t.Error("pages would load a client that is not there")
			}
			answer := newBrowser(t, h).do("GET", "/_handbill/v1/analytics-js/snippet/shop-web/analytics.min.js", "")
			if body := text(t, answer); answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "the server's log says why") {
				t.Errorf("status %d: %s", answer.StatusCode, body)
			}
			for name, file := range published() {
				test.folder[name] = file
			}
			reference.LookAgain()
			if _, ok := h.Snippet(); !ok {
				t.Error("the folder that is right now is not taken")
			}
		})
	}
}

func TestANewVersionInTheFolderIsTaken(t *testing.T) {
	folder := t.TempDir()
	write := func(text string, at time.Time, name ...string) {
		t.Helper()
		file := filepath.Join(folder, append(name, "standalone.js")[0])
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	write("/* 0.5.10 */", time.Now().Add(-time.Hour))
	write("/* part of 0.5.10 */", time.Now().Add(-time.Hour), "573.js")
	reference := wire.OpenReference(os.DirFS(folder), slog.New(slog.DiscardHandler))
	b := newBrowser(t, newHandlerOf(t, wire.Site{}, shop, reference))
	const path = "/_handbill/v1/analytics-js/snippet/shop-web/analytics.min.js"
	before := b.do("GET", path, "")
	write("/* 0.5.11 */", time.Now())
	if err := os.Remove(filepath.Join(folder, "573.js")); err != nil {
		t.Fatal(err)
	}
	reference.LookAgain()
	after := b.do("GET", path, "")
	if text(t, before) != "/* 0.5.10 */" || text(t, after) != "/* 0.5.11 */" || before.Header.Get("ETag") == after.Header.Get("ETag") {
		t.Errorf("ETags %s and %s", before.Header.Get("ETag"), after.Header.Get("ETag"))
	}
	if part := b.do("GET", "/_handbill/v1/analytics-js/573.js", ""); text(t, part) != "/* part of 0.5.10 */" {
		t.Error("a page that began with the version before misses a part")
	}
	write("/* 0.5.12 */", time.Now().Add(time.Hour))
	reference.LookAgain()
	if part := b.do("GET", "/_handbill/v1/analytics-js/573.js", ""); part.StatusCode != http.StatusNotFound {
		t.Errorf("a part of two versions ago: status %d", part.StatusCode)
	}
	if err := os.Remove(filepath.Join(folder, "standalone.js")); err != nil {
		t.Fatal(err)
	}
	reference.LookAgain()
	if kept := b.do("GET", path, ""); text(t, kept) != "/* 0.5.12 */" {
		t.Error("the version from before is gone while there is no other")
	}
}
