//go:build sites

package sites

import (
	"net/http"
	"testing"
)

func TestReactRouterStreamsAndHydratesBehindHandbill(t *testing.T) {
	app := serve(t, "reactrouter", []string{"NODE_ENV=production"}, "node", "node_modules/@react-router/serve/bin.js", "build/server/index.js")
	for _, coding := range []string{"gzip", "identity"} {
		t.Run("each part arrives before the next is sent, in "+coding, func(t *testing.T) { app.expectParts(t, coding) })
	}
	t.Run("the page is hydrated and its console is empty", func(t *testing.T) { app.expectHydrated(t) })
	t.Run("what its router asks for is untouched", func(t *testing.T) {
		app.expectSameBytes(t, "/orders.data", http.Header{"Accept": {"*/*"}, "Sec-Fetch-Dest": {"empty"}})
	})
}
