package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The reference client as published, unmodified: version 3.26.0 on npm.
const (
	referenceClient = "testdata/reference/node_modules/customerio-gist-web/dist/gist.min.js"
	referenceSum    = "77062aeea054b79d488d1e2bb63fe397fc2365002f93b0f4e79c2624a08eb249"
)

// referencePage uses the reference client. It has no option for its hosts, which it looks up in plain objects by the name of
// an environment; a getter on their prototype answers for an environment of ours.
const referencePage = `<!DOCTYPE html>
<html lang="en"><head><title>Tallowby</title>
<script>
Object.defineProperty(Object.prototype, "__edge", {configurable: true, get() {
	const prod = this.prod;
	if (typeof prod !== "string") return undefined;
	if (prod.startsWith("https://consumer.")) return location.origin + "/_handbill";
	if (prod.startsWith("https://realtime.")) return location.origin + "/_handbill";
	if (prod.startsWith("https://renderer.")) return location.origin + "/_handbill/renderer";
	if (prod.startsWith("https://code.")) return "null";
	if (prod.startsWith("https://engine.")) return location.origin + "/_handbill";
}});
</script>
<script src="/gist.min.js"></script>
<script>
window.ready = Gist.setup({siteId: "tallowby", env: "__edge", useAnonymousSession: true})
	.then(() => Gist.setCurrentRoute(location.href));
</script>
</head><body><h1>Tallowby</h1></body></html>`

// referenceSite is a site whose own pages use the reference client.
func referenceSite(t *testing.T) (address string) {
	t.Helper()
	bundle, err := os.ReadFile(referenceClient)
	if err != nil {
		t.Fatalf("%v; run scripts/install-test-tools.sh", err)
	}
	if sum := sha256.Sum256(bundle); hex.EncodeToString(sum[:]) != referenceSum {
		t.Fatalf("%s is not the published file", referenceClient)
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gist.min.js" {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(bundle)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, referencePage)
	}))
	t.Cleanup(site.Close)
	return site.Listener.Addr().String()
}

// stored are the messages that the reference client keeps for its visitor, in its order.
const stored = `Object.keys(localStorage).filter((key) => /^gist\.web\.message\.(user|broadcasts)\.[0-9a-f]{64}$/.test(key))
	.flatMap((key) => JSON.parse(localStorage.getItem(key)).value)`

func TestTheReferenceClientPollsUsAndKeepsItsMessages(t *testing.T) {
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, `
[workspace]
site_id = "tallowby"

[[messages]]
id = "offer"
pages = ["/pricing/*"]
except = ["/pricing/internal"]
priority = 10
display = "modal"
title = "Two months free"
text = "Pay by the year."

[[messages]]
id = "members"
audience = "identified"
pages = ["*"]
display = "modal"
text = "Good to see you again."

[[messages]]
id = "draft"
status = "draft"
pages = ["*"]
display = "modal"
text = "Not yet."
`)
	s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+
		" {\n\t\tstore memory\n\t}\n}\nhttp://EDGE {\n\thandbill {\n\t\tsnippet off\n\t}\n\treverse_proxy "+referenceSite(t)+"\n}\n")
	s.start()

	b := newVisitor(t)
	b.open("http://" + s.edge + "/")
	b.await(`ready.then(() => true)`)
	b.await(`(` + stored + `).length > 0`)
	if ids := messageIDs(t, b); !slices.Equal(ids, []string{"offer"}) {
		t.Errorf("a guest's messages are %v", ids)
	}
	var message struct {
		MessageID, QueueID string
		Priority           float64
		Properties         struct {
			Gist struct{ CampaignID, RouteRuleWeb string }
		}
	}
	if err := json.Unmarshal([]byte(js[string](b, `JSON.stringify((`+stored+`)[0])`)), &message); err != nil {
		t.Fatal(err)
	}
	if message.QueueID == "" || message.Properties.Gist.CampaignID == "" || message.Priority != 10 || message.Properties.Gist.RouteRuleWeb == "" {
		t.Errorf("the message lacks what the client reads: %+v", message)
	}

	// The client tests the page rule itself: it makes room for the message where the rule fits, and nowhere else.
	for path, shown := range map[string]bool{"/": false, "/pricing": true, "/pricing/yearly?from=mail": true, "/pricing/internal": false, "/prices": false} {
		v := newVisitor(t)
		v.open("http://" + s.edge + path)
		v.await(`(` + stored + `).length > 0`)
		if shown {
			v.await(`document.querySelector("#gist-embed-message iframe")`)
			continue
		}
		// The client has looked at what it stored when a route that fits shows it.
		if js[bool](v, `!!document.querySelector("#gist-embed-message iframe")`) {
			t.Errorf("%s makes room for the message", path)
		}
		js[any](v, `Gist.setCurrentRoute(location.origin + "/pricing/").then(() => null)`)
		v.await(`document.querySelector("#gist-embed-message iframe")`)
	}

	// Who identifies is polled for again, and gets what is for people who identified.
	js[any](b, `Gist.setUserToken("ines").then(() => null)`)
	b.await(`(` + stored + `).some(({messageId}) => messageId === "members")`)
	if strings.Contains(js[string](b, `JSON.stringify(`+stored+`)`), `"draft"`) {
		t.Error("a draft was delivered")
	}
}

func messageIDs(t *testing.T, b *tab) []string {
	t.Helper()
	return js[[]string](b, `(`+stored+`).map(({messageId}) => messageId)`)
}
