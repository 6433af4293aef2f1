package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// changingWorkspace has messages for one visitor, before and after they identify.
const changingWorkspace = welcome + `
[[messages]]
id = "terms"
audience = "identified"
pages = ["/account"]
display = "banner"
text = "Our terms have changed."
buttons = [{ name = "fine", text = "Fine", action = "dismiss" }]
`

// laterOffer comes into the workspace later: a published client holds all messages that are live, and others wait for it.
const laterOffer = `
[[messages]]
id = "offer"
audience = "identified"
pages = ["/offers"]
display = "modal"
text = "Two months free."
buttons = [{ name = "fine", text = "Fine", action = "dismiss" }]
`

// identityOf is who the browser's visitor is to the client, and what the browser keeps of it; the clients write text differently
// in localStorage, and read each other's.
const identityOf = `(() => {
	const cookie = (name) => decodeURIComponent(document.cookie.split("; ").find((pair) => pair.startsWith(name + "="))?.split("=")[1] ?? "");
	const kept = (name) => (localStorage.getItem(name) ?? "").replace(/^null$/, "").replaceAll('"', "");
	const user = cioanalytics.user();
	return ["ajs_anonymous_id", "ajs_user_id"].flatMap((name) => [cookie(name), kept(name)]).concat(user.anonymousId() ?? "", user.id() ?? "").join(" ");
})()`

// TestASiteChangesBetweenTheClients: the operator changes the client of a site, and back, on which a visitor is known. They
// stay who they are, and what they closed stays closed.
func TestASiteChangesBetweenTheClients(t *testing.T) {
	all := clientsUnderTest(t)
	for _, order := range [][2]client{{all[0], all[1]}, {all[1], all[0]}} {
		t.Run(order[0].title+" first", func(t *testing.T) {
			first, second := order[0], order[1]
			v := newChange(t)
			v.change(first)
			v.open("/")
			v.sees("days, hours and material").click("Fine")
			v.gone("days, hours and material")
			v.counted("welcome", "opened 1, clicked 1, dismissed 1")
			anonymous := v.identity("")

			v.change(second)
			v.open("/")
			v.nothing("for a guest who closed it with the other client")
			v.is(anonymous, "", "a guest, after the first change")
			v.identify("ines")
			v.open("/account")
			v.sees("Our terms have changed.").click("Fine")
			v.gone("Our terms have changed.")
			v.counted("terms", "opened 1, clicked 1, dismissed 1")
			v.is(anonymous, "ines", "who identified with the second client")

			v.change(first)
			for _, path := range []string{"/", "/account"} {
				v.open(path)
				v.nothing("on " + path + " after changing back")
			}
			v.is(anonymous, "ines", "who identified with the other client")
			v.edit(t, changingWorkspace+laterOffer)
			v.open("/offers")
			v.sees("Two months free.").click("Fine")
			v.gone("Two months free.")
			v.counted("offer", "opened 1, clicked 1, dismissed 1")

			v.change(second)
			for _, path := range []string{"/", "/account", "/offers"} {
				v.open(path)
				v.nothing("on " + path + " after the third change")
			}
			v.is(anonymous, "ines", "the visitor, after the third change")
			// No lease keeps them away: the edge knows, also what a guest closed before they identified.
			v.closed("welcome", "/")
			v.closed("terms", "/account")
			v.closed("offer", "/offers")
			v.counted("welcome", "opened 1, clicked 1, dismissed 1")
			v.call("reset")
			v.await(`document.cookie.includes("ajs_user_id=ines") === false`)

			v.change(first)
			v.open("/account")
			v.nothing("for whoever comes after a reset with the other client")
			v.await(`window.cioanalytics?.user`)
			if id := js[any](v.tab, `cioanalytics.user().id() ?? null`); id != nil {
				t.Errorf("after a reset the visitor is %v", id)
			}
			v.expectCleanWire()
		})
	}
}

// newChange is a visitor of a site whose client changes.
func newChange(t *testing.T) *guest {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!DOCTYPE html><html lang="en"><head><title>Tallowby</title><link rel="icon" href="data:,"></head><body><h1>Tallowby</h1></body></html>`)
	}))
	t.Cleanup(site.Close)
	folder := t.TempDir()
	r := &conformanceRun{suite: &suite{}, host: "tallowby.localhost", name: "default", file: filepath.Join(folder, "messages.toml")}
	r.edit(t, changingWorkspace)
	s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\thandbill "+r.file+" {\n\t\tpoll_slow 2s\n\t\tpoll_fast 1s\n\t}\n}\nhttp://tallowby.localhost:PORT {\n\tbind 127.0.0.1\n"+
		"\thandbill {\n\t\tidentity unsigned\n\t\tclient builtin\n\t}\n\treverse_proxy "+site.Listener.Addr().String()+"\n}\n")
	_, port, _ := strings.Cut(s.edge, ":")
	config, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, s.config, strings.ReplaceAll(string(config), ":PORT", ":"+port))
	s.start()
	r.suite.server, r.suite.road = s, newRoad(s.edge)
	t.Cleanup(func() { r.suite.road.CloseClientConnections(); r.suite.road.Close() })
	r.wire = r.suite.road.wire(r.host)
	return r.newVisit(t, nil)
}

// change gives the site another client, without a restart.
func (v *guest) change(to client) {
	v.t.Helper()
	v.client = to
	// A connection that the edge closes at this moment is no matter here.
	v.tab.open("about:blank")
	config, err := os.ReadFile(v.suite.server.config)
	if err != nil {
		v.t.Fatal(err)
	}
	text := bytes.Replace(config, []byte("client builtin"), []byte(to.directive(v.t)), 1)
	answer, err := http.Post("http://"+v.suite.server.admin+"/load", "text/caddyfile", bytes.NewReader(text))
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		v.t.Fatalf("loading the configuration with %s: %s", to.title, answer.Status)
	}
}

// closed makes sure that the edge knows of a message, which is for a page, that the user has closed it.
func (v *guest) closed(message, path string) {
	v.t.Helper()
	answer, err := http.Get("http://" + v.suite.server.admin + "/handbill/default/explain?visitor=ines&url=" + url.QueryEscape("http://"+v.host+path))
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	var explanation struct {
		Messages []struct{ Message, Reason string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&explanation); err != nil {
		v.t.Fatal(err)
	}
	for _, one := range explanation.Messages {
		if one.Message == message && one.Reason == "dismissed" {
			return
		}
	}
	v.t.Errorf("of %s the edge says %+v", message, explanation.Messages)
}

// identity is the visitor's anonymous id, once client and browser agree about both ids.
func (v *guest) identity(user string) (anonymous string) {
	v.t.Helper()
	said := ""
	until(v.t, "client, cookie and localStorage agree", func() bool {
		said = js[string](v.tab, `window.cioanalytics?.user ? `+identityOf+` : ""`)
		ids := strings.Split(said, " ")
		anonymous = ids[0]
		return len(ids) == 6 && anonymous != "" && ids[1] == anonymous && ids[4] == anonymous && ids[2] == user && ids[3] == user && ids[5] == user
	})
	return anonymous
}

// is makes sure of who the visitor is.
func (v *guest) is(anonymous, user, who string) {
	v.t.Helper()
	if now := v.identity(user); now != anonymous {
		v.t.Errorf("%s has the anonymous id %s and had %s", who, now, anonymous)
	}
}
