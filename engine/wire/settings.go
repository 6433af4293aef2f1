package wire

import "net/http"

// serveSettings answers what the analytics clients load first: GET /v1/projects/KEY/settings. It never fails, because a
// client whose settings fail sends no events at all. With in-app messaging off, the in-app plugin is not in it.
func (h *Handler) serveSettings(w http.ResponseWriter, r *http.Request, key string) {
	origin := h.origin(r)
	protocol, host := "https", origin
	for _, scheme := range []string{"https", "http"} {
		if len(origin) > len(scheme)+3 && origin[:len(scheme)+3] == scheme+"://" {
			protocol, host = scheme, origin[len(scheme)+3:]
		}
	}
	integrations := map[string]any{
		"Customer.io Data Pipelines": map[string]any{
			"apiKey": key, "apiHost": host + h.site.Prefix + "/v1", "protocol": protocol,
		},
	}
	if snapshot := h.engine.Snapshot(); snapshot != nil && snapshot.InApp {
		integrations["Customer.io In-App Plugin"] = map[string]any{"siteId": h.siteID(), "anonymousInApp": h.site.Anonymous}
	}
	answer(w, http.StatusOK, map[string]any{
		"integrations": integrations,
		"metrics":      map[string]any{"sampleRate": 0},
	})
}
