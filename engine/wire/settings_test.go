package wire_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"handbill/engine/wire"
)

func TestSettingsNeverFail(t *testing.T) {
	off := strings.Replace(shop, `name = "Shop"`, "name = \"Shop\"\nin_app = false", 1)
	for name, test := range map[string]struct {
		workspace, path string
		site            wire.Site
		key             string
		plugin          map[string]any
	}{
		"a workspace":            {shop, "shop-web/settings", wire.Site{Anonymous: true}, "shop-web", map[string]any{"siteId": "shop", "_env": "__edge"}},
		"in-app messaging off":   {off, "shop-web/settings", wire.Site{Anonymous: true}, "shop-web", map[string]any{"siteId": "shop", "_env": "__edge", "enabled": false}},
		"no workspace yet":       {"", "shop-web/settings", wire.Site{Anonymous: true}, "shop-web", map[string]any{"siteId": "shop", "_env": "__edge"}},
		"anonymous visitors off": {shop, "shop-web/settings", wire.Site{}, "shop-web", map[string]any{"siteId": "shop", "_env": "__edge", "anonymousInApp": false}},
		"another system's key":   {shop, "3fb2d0c7e1/settings", wire.Site{Anonymous: true}, "3fb2d0c7e1", map[string]any{"siteId": "shop", "_env": "__edge"}},
		"a key that is a path":   {shop, "a/b/settings", wire.Site{Anonymous: true}, "a/b", map[string]any{"siteId": "shop", "_env": "__edge"}},
		"no key":                 {shop, "/settings", wire.Site{Anonymous: true}, "shop-web", map[string]any{"siteId": "shop", "_env": "__edge"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t, newHandler(t, test.site, test.workspace))
			answer := b.do("GET", "/_handbill/v1/projects/"+test.path, "")
			var settings struct {
				Integrations map[string]map[string]any
				Metrics      map[string]any
			}
			if err := json.NewDecoder(answer.Body).Decode(&settings); err != nil || answer.StatusCode != 200 {
				t.Fatalf("status %d, error %v", answer.StatusCode, err)
			}
			pipelines := settings.Integrations["Customer.io Data Pipelines"]
			if pipelines["apiHost"] != "shop.example.com/_handbill/v1" || pipelines["protocol"] != "https" || pipelines["apiKey"] != test.key {
				t.Errorf("pipelines %v", pipelines)
			}
			plugin := settings.Integrations["Customer.io In-App Plugin"]
			if len(plugin) != len(test.plugin) {
				t.Errorf("plugin %v, want %v", plugin, test.plugin)
			}
			for option, want := range test.plugin {
				if plugin[option] != want {
					t.Errorf("plugin %v, want %v", plugin, test.plugin)
				}
			}
			if settings.Metrics["sampleRate"] != 0.0 {
				t.Errorf("metrics %v", settings.Metrics)
			}
			if head := b.do("HEAD", "/_handbill/v1/projects/"+test.path, ""); head.StatusCode != 200 {
				t.Errorf("HEAD: status %d", head.StatusCode)
			}
		})
	}
}

func TestSettingsNameTheSchemeOfThePageBehindATLSProxyThatIsNotKnown(t *testing.T) {
	b := newBrowser(t, newHandlerWith(t, wire.Site{Anonymous: true}, shop, "http"))
	b.header = http.Header{"Sec-Fetch-Site": {"same-origin"}, "Referer": {origin + "/pricing"}}
	if body := text(t, b.do("GET", "/_handbill/v1/projects/shop-web/settings", "")); !strings.Contains(body, `"protocol":"https"`) {
		t.Errorf("settings %s", body)
	}
	b.header.Set("Referer", "https://evil.example.net/")
	if body := text(t, b.do("GET", "/_handbill/v1/projects/shop-web/settings", "")); !strings.Contains(body, `"apiHost":"shop.example.com/`) || !strings.Contains(body, `"protocol":"http"`) {
		t.Errorf("settings %s", body)
	}
}

func TestWhatTheClientMeasuresOfItselfIsTakenAndDropped(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
	for _, body := range []string{`{"series":[{"type":"Counter","metric":"analytics_js.invoke","value":1,"tags":{}}]}`, "", "not JSON"} {
		if answer := b.do("POST", "/_handbill/v1/m", body); answer.StatusCode != 200 || len(answer.Cookies()) != 0 {
			t.Errorf("%q: status %d", body, answer.StatusCode)
		}
	}
}
