package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The secret of docs/identity.md, with which the hash in its example is made.
var documentedSecret = regexp.MustCompile("with the secret\n`([0-9a-f]{64})`")

// TestAPageThatProvesItsUserGetsTheirMessage runs the example of docs/identity.md in Chromium: as it stands, and forged.
func TestAPageThatProvesItsUserGetsTheirMessage(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(checkout, "docs/identity.md"))
	if err != nil {
		t.Fatal(err)
	}
	secret := documentedSecret.FindStringSubmatch(string(data))[1]
	example := regexp.MustCompile("(?s)```html\n(.*?userHash.*?)```").FindStringSubmatch(string(data))[1]
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, `
[[messages]]
id = "invoice"
pages = ["*"]
where = "visitor.verified"
display = "modal"
title = "Your invoice is ready"
text = "Nobody else sees this."
`)
	documents := map[string]string{
		"/":       example,
		"/forged": strings.Replace(example, `"ada"`, `"grace"`, 1),
		"/later":  "", // the browser remembers
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><head><title>Tallowby</title><script>
window.warned = []; console.warn = (text) => warned.push(text)</script></head><body>%s</body></html>`, documents[r.URL.Path])
	}))
	t.Cleanup(site.Close)
	s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+" {\n\t\tstore memory\n\t}\n}\nhttp://EDGE {\n\thandbill {\n\t\t"+
		"identity signed {\n\t\t\tsecret "+secret+"\n\t\t}\n\t}\n\treverse_proxy "+site.Listener.Addr().String()+"\n}\n")
	s.start()

	forger := newVisitor(t)
	forger.open("http://" + s.edge + "/forged")
	forger.await(`warned.length`)
	if warned := js[[]string](forger, `warned`); !strings.HasPrefix(warned[0], "Handbill: refused: wrong: the user hash is not the HMAC-SHA256") {
		t.Errorf("the console says %q", warned)
	}
	forger.expectNothing("for a forged proof")

	ada := newVisitor(t)
	ada.open("http://" + s.edge + "/")
	ada.await(in(`dialog[open] h2`))
	if cookies := js[string](ada, `document.cookie`); strings.Contains(cookies, "handbill_id") {
		t.Errorf("scripts can read %q", cookies)
	}
	ada.open("http://" + s.edge + "/later")
	ada.await(in(`dialog[open] h2`))
	js[any](ada, `(() => { cioanalytics.reset(); return null })()`)
	ada.await(`!document.querySelector("handbill-message")`)
	js[any](ada, `cioanalytics.identify("ada").then(() => null)`)
	ada.await(`warned.length`)
	if warned := js[[]string](ada, `warned`); !strings.HasPrefix(warned[0], "Handbill: refused: unproven: ") {
		t.Errorf("after a reset the console says %q", warned)
	}
	ada.expectNothing("after a reset")

	var explanation struct {
		Level   string
		Refused struct{ User, Reason string }
	}
	answer, err := http.Get("http://" + s.admin + "/handbill/default/explain?url=http://" + s.edge + "/&visitor=grace")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&explanation); err != nil || explanation.Refused.User != "grace" || explanation.Level != "claimed" {
		t.Errorf("explain says %+v, %v", explanation, err)
	}
}
