package wire_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"handbill/engine"
	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/wire"
)

// newLoggingHandler makes a handler whose events are kept in a log in the folder.
func newLoggingHandler(t *testing.T, dir string) *wire.Handler {
	t.Helper()
	events, err := eventlog.Open(dir, eventlog.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = events.Close() })
	memory := store.NewMemory()
	t.Cleanup(func() { _ = memory.Close() })
	e, err := engine.New(context.Background(), engine.Options{Workspace: "shop", Store: memory, Events: events})
	if err != nil {
		t.Fatal(err)
	}
	h, err := wire.New(wire.Options{
		Engine: e, Site: wire.Site{Anonymous: true}, Client: fstest.MapFS{"client.js": {Data: []byte(bundle)}},
		Scheme: func(*http.Request) string { return "https" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAnEventOfABrowserThatHasGoneIsKept(t *testing.T) {
	dir := t.TempDir()
	h := newLoggingHandler(t, dir)
	gone, leave := context.WithCancel(t.Context())
	leave()
	body := `{"anonymousId": "8c6d1e0a", "messageId": "e1", "event": "Cart Viewed"}`
	r := httptest.NewRequestWithContext(gone, http.MethodPost, origin+"/_handbill/v1/t", strings.NewReader(body))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	h.ServeHTTP(httptest.NewRecorder(), r)
	kept := 0
	for event, err := range eventlog.Read(dir) {
		if kept++; err != nil || event.ID != "e1" {
			t.Errorf("kept %+v, error %v", event, err)
		}
	}
	if kept != 1 {
		t.Errorf("%d events were kept", kept)
	}
}

func TestAnEventThatTheLogCannotHoldIsRefused(t *testing.T) {
	dir := t.TempDir()
	h := newLoggingHandler(t, dir)
	const depth = 200
	cart := strings.Repeat("[", depth) + strings.Repeat("]", depth)
	for name, c := range map[string]struct {
		cart   string
		status int
		says   string
	}{
		"properties nested too deeply": {cart, http.StatusBadRequest, "flatter"},
		"plain properties":             {"[41]", http.StatusOK, "success"},
	} {
		t.Run(name, func(t *testing.T) {
			body := fmt.Sprintf(`{"anonymousId": "8c6d1e0a", "messageId": "e1", "event": "Cart Viewed", "properties": {"cart": %s}}`, c.cart)
			answer := newBrowser(t, h).do(http.MethodPost, "/_handbill/v1/t", body)
			text, err := io.ReadAll(answer.Body)
			if err != nil || answer.StatusCode != c.status || !strings.Contains(string(text), c.says) {
				t.Errorf("status %d, answer %s, error %v", answer.StatusCode, text, err)
			}
		})
	}
	kept := 0
	for event, err := range eventlog.Read(dir) {
		if kept++; err != nil || event.Name != "Cart Viewed" {
			t.Errorf("kept %+v, error %v", event, err)
		}
	}
	if kept != 1 {
		t.Errorf("%d events were kept", kept)
	}
}
