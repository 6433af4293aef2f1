//go:build sites

package sites

import (
	"net/http"
	"testing"
)

func TestNextStreamsAndHydratesBehindHandbill(t *testing.T) {
	app := serve(t, "next", []string{"NEXT_TELEMETRY_DISABLED=1"}, "node", "node_modules/next/dist/bin/next", "start", "--hostname", "127.0.0.1", "--port", "PORT")
	for _, coding := range []string{"gzip", "identity"} {
		t.Run("each part arrives before the next is sent, in "+coding, func(t *testing.T) { app.expectParts(t, coding) })
	}
	t.Run("the page is hydrated and its console is empty", func(t *testing.T) { app.expectHydrated(t) })
	t.Run("what its router asks for is untouched", func(t *testing.T) {
		app.expectSameBytes(t, "/about?_rsc=1", http.Header{"Rsc": {"1"}, "Accept": {"*/*"}, "Sec-Fetch-Dest": {"empty"}})
	})
}

// TestNextHasNothingToWarnOfInDevelopment runs the development server, which warns of much that a built application is silent
// about, such as attributes that differ from those that the server sent.
func TestNextHasNothingToWarnOfInDevelopment(t *testing.T) {
	app := serve(t, "next", []string{"NEXT_TELEMETRY_DISABLED=1"}, "node", "node_modules/next/dist/bin/next", "dev", "--hostname", "127.0.0.1", "--port", "PORT")
	app.expectHydrated(t, "Download the React DevTools", "[HMR] connected", "[Fast Refresh]")
}
