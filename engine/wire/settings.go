package wire

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
)

// environment is the name by which the reference client's in-app part finds this endpoint, through what the snippet defines
// in the page. Without that it finds nothing, rather than the hosts of the hosted product.
const environment = "__edge"

// serveSettings answers what the analytics clients load first: GET /v1/projects/KEY/settings. It never fails, because a
// client whose settings fail sends no events at all: whatever the key is, and also before there is a workspace. Where
// in-app messaging is off, the in-app plugin is told so.
func (h *Handler) serveSettings(w http.ResponseWriter, r *http.Request, key string) {
	protocol, host, _ := strings.Cut(h.pageOrigin(r), "://")
	plugin := map[string]any{"siteId": cmp.Or(h.siteID(), h.engine.Workspace()), "_env": environment}
	if snapshot := h.engine.Snapshot(); snapshot != nil && !snapshot.InApp {
		plugin["enabled"] = false
	}
	if !h.site.Anonymous {
		plugin["anonymousInApp"] = false
	}
	answer(w, http.StatusOK, map[string]any{
		"integrations": map[string]any{
			"Customer.io Data Pipelines": map[string]any{
				"apiKey": cmp.Or(key, h.writeKey()), "apiHost": host + h.site.Prefix + "/v1", "protocol": protocol,
			},
			"Customer.io In-App Plugin": plugin,
		},
		"metrics": map[string]any{"sampleRate": 0},
	})
}

// pageOrigin is origin for a file that a page reads: browsers say no Origin then, but a Referer, which tells the scheme even
// when TLS ended at a proxy that the server does not know.
func (h *Handler) pageOrigin(r *http.Request) string {
	if h.site.Origin == "" && r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		if page, err := url.Parse(r.Header.Get("Referer")); err == nil && strings.EqualFold(page.Host, r.Host) && page.Scheme != "" {
			return page.Scheme + "://" + page.Host
		}
	}
	return h.origin(r)
}

// settingsKey is the write key in the address of settings, whatever it looks like.
func settingsKey(path string) (key string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/v1/projects/")
	if !ok {
		return "", false
	}
	if rest == "settings" {
		return "", true
	}
	return strings.CutSuffix(rest, "/settings")
}
