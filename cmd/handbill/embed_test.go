package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAMessageComesWithItsPage runs the published client, which finds the message in the page's own HTML.
func TestAMessageComesWithItsPage(t *testing.T) {
	folder, err := filepath.Abs(publishedFolder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "standalone.js")); err != nil {
		t.Fatalf("%v; run scripts/install-test-tools.sh", err)
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("ETag", `"tallowby"`)
		fmt.Fprint(w, `<!DOCTYPE html><html lang="en"><head><title>Tallowby</title><link rel="icon" href="data:,"></head><body><h1>Tallowby</h1><div id="note"></div></body></html>`)
	}))
	t.Cleanup(site.Close)
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, `
[workspace]
site_id = "tallowby"

[[messages]]
id = "free-shipping"
pages = ["/shop/*"]
display = "inline"
target = "#note"
embed = true
text = "We ship for **free** – until Sunday </script>."
`)
	s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+
		" {\n\t\tstore memory\n\t}\n}\nhttp://EDGE {\n\thandbill {\n\t\tclient reference "+folder+"\n\t}\n\treverse_proxy "+site.Listener.Addr().String()+"\n}\n")
	s.start()

	validators := map[string]string{}
	for path, comes := range map[string]bool{"/shop/boots": true, "/": false} {
		response, err := http.Get("http://" + s.edge + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		text := string(body)
		if got := strings.Contains(text, `data-cio-embed-payload="free-shipping"`); got != comes || strings.Contains(text, "Sunday </script>") {
			t.Errorf("%s has the message: %t\n%s", path, got, text)
		}
		validators[path] = response.Header.Get("ETag")
	}
	if validators["/"] == "" || validators["/"] == validators["/shop/boots"] {
		t.Errorf("the pages' validators are %v", validators)
	}

	b := newVisitor(t)
	b.open("http://" + s.edge + "/shop/boots")
	b.await(`document.querySelector("#note iframe.gist-frame")?.title`)
	b.picture("embed")
	if got := js[int](b, `(`+stored+`).length`); got != 0 {
		t.Errorf("the client was told of %d messages by its poll", got)
	}
	until(t, "what was shown is counted", func() bool { return strings.Contains(s.statistics()["free-shipping"], "OPENED 1") })
}
