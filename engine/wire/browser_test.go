package wire_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/wire"
	"handbill/engine/workspace"
)

// aimed makes a handler for one message with a condition, and counts how often a country is looked up.
func aimed(t *testing.T, where string) (h *wire.Handler, lookups *int) {
	t.Helper()
	memory := store.NewMemory()
	t.Cleanup(func() { _ = memory.Close() })
	e, err := engine.New(context.Background(), engine.Options{Workspace: "shop", Store: memory})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte("[[messages]]\nid = \"aimed\"\npages = [\"*\"]\ntext = \"A\"\nwhere = '" + where + "'\n")}})
	if err != nil {
		t.Fatal(err)
	}
	e.Use(snapshot)
	lookups = new(int)
	h, err = wire.New(wire.Options{
		Engine: e, Site: wire.Site{Anonymous: true}, Client: fstest.MapFS{"client.js": {Data: []byte(bundle)}},
		Scheme:  func(*http.Request) string { return "https" },
		Country: func(r *http.Request) string { *lookups++; return r.Header.Get("CF-IPCountry") },
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, lookups
}

func TestPollsSayWhatTheRequestDoes(t *testing.T) {
	const iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_7_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
	for _, test := range []struct {
		name, where, body string
		header            http.Header
		shown             bool
	}{
		{"the browser", `request.browser == "Safari" && request.os == "iOS" && request.device == "mobile"`, "", http.Header{"User-Agent": {iPhone}}, true},
		{"hints", `request.browser == "Edge" && request.os == "macOS"`, "", http.Header{
			"Sec-Ch-Ua": {`"Microsoft Edge";v="132", "Chromium";v="132"`}, "Sec-Ch-Ua-Platform": {`"macOS"`},
		}, true},
		{"the languages", `request.languages == ["pt-BR", "pt", "en"]`, "", http.Header{"Accept-Language": {"en;q=0.5, pt-BR, pt;q=0.9"}}, true},
		{"the language of a client that sends no list", `request.language == "sv"`, "", http.Header{"Content-Language": {"sv"}}, true},
		{"the country", `request.country == "DE"`, "", http.Header{"Cf-Ipcountry": {"DE"}}, true},
		{"the page that linked here", `request.referrer.startsWith("https://news.example.org/")`, `,"referrer":"https://news.example.org/today"`, nil, true},
		{"a referrer that is none", `request.referrer == ""`, `,"referrer":"javascript:alert(1)"`, nil, true},
		{"a referrer that is endless", `request.referrer == ""`, `,"referrer":"https://` + strings.Repeat("a", 9000) + `/"`, nil, true},
		{"no referrer, although the page is one to the poll", `request.referrer == ""`, "", http.Header{"Referer": {origin + "/shoes"}}, true},
		{"a program", `request.bot`, "", http.Header{"User-Agent": {"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"}}, false},
		{"nothing", `has(request.country) || has(request.device) || has(request.browser) || has(request.os) || has(request.method)`, "", nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, _ := aimed(t, test.where)
			b := newBrowser(t, h)
			for name, values := range test.header {
				b.header[name] = values
			}
			answer := b.do(http.MethodPost, "/_handbill/api/v4/users", `{"page":{"url":"`+origin+`/shoes"},"tab":"t","view":"v"`+test.body+`}`)
			if shown := answer.StatusCode == http.StatusOK; shown != test.shown {
				t.Errorf("status %d", answer.StatusCode)
			}
		})
	}
}

func TestNoCountryIsLookedUpThatNobodyAsksFor(t *testing.T) {
	for where, want := range map[string]int{`visitor.new`: 0, `request.country == "DE"`: 1} {
		h, lookups := aimed(t, where)
		newBrowser(t, h).do(http.MethodPost, "/_handbill/api/v4/users", `{"page":{"url":"`+origin+`/"},"tab":"t","view":"v"}`)
		if *lookups != want {
			t.Errorf("%s: looked up %d times", where, *lookups)
		}
	}
}
