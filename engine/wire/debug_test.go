package wire_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"handbill/client"
	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/wire"
	"handbill/engine/workspace"
)

const debugged = `
[workspace]
name = "Shop"

[[messages]]
id = "welcome"
pages = ["/pricing"]
text = "Welcome."

[[messages]]
id = "for-pro"
pages = ["*"]
audience = "identified"
where = 'traits.plan == "pro"'
text = "Hello {{ traits.plan }}"
`

// debugEdge is an endpoint whose clock and secret a test holds.
type debugEdge struct {
	*browser
	engine *engine.Engine
	now    time.Time
}

func newDebugEdge(t *testing.T, site wire.Site, name string, memory store.Store) *debugEdge {
	t.Helper()
	e := &debugEdge{now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)}
	loaded, err := engine.New(context.Background(), engine.Options{Workspace: name, Store: memory, Now: func() time.Time { return e.now }})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, problems := workspace.Compile([]workspace.File{{Path: "messages.toml", Text: debugged}}, workspace.Options{})
	if problems.Failed() {
		t.Fatal(problems)
	}
	loaded.Use(snapshot)
	handler, err := wire.New(wire.Options{Engine: loaded, Site: site, Client: client.Files(), Inspect: func(_ context.Context, page *url.URL, header http.Header) any {
		return map[string]string{"outcome": "injected", "saw": page.Path + " with " + header.Get("Accept-Language")}
	}})
	if err != nil {
		t.Fatal(err)
	}
	e.engine, e.browser = loaded, newBrowser(t, handler)
	return e
}
