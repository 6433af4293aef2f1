package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAVisitorOfTheExampleSite is the whole story: a site that nobody touched, a message on it, and a dismissal that holds.
func TestAVisitorOfTheExampleSite(t *testing.T) {
	s, b := demo(t, nil), newVisitor(t)
	home := "http://" + s.edge + "/"
	opened := time.Now()
	b.open(home)
	b.await(in(`dialog[open] section[data-step="welcome"]`))
	t.Logf("the message was there after %s", time.Since(opened).Round(time.Millisecond))
	b.await(in(`img`) + `.complete`)
	b.click(`button[name="show-me"]`)
	b.await(in(`dialog[open] section[data-step="first-job"]`))
	b.click(`button[name="done"]`)
	b.await(`!document.querySelector("handbill-message")`)
	b.expectEvents(
		event{"opened", map[string]string{"messageId": "welcome", "deliveryId": "*"}},
		event{"action", map[string]string{"messageId": "welcome", "deliveryId": "*", "actionName": "show-me", "actionValue": "next"}},
		event{"changed", map[string]string{"messageId": "welcome", "deliveryId": "*", "actionName": "first-job", "actionValue": "next"}},
		event{"action", map[string]string{"messageId": "welcome", "deliveryId": "*", "actionName": "done", "actionValue": "dismiss"}},
		event{"dismissed", map[string]string{"messageId": "welcome", "deliveryId": "*"}},
	)
	b.await(acknowledged("dismissed"))

	b.open(home)
	b.expectNothing("after a reload")
	s.end(syscall.SIGTERM)
	s.start()
	b.open(home)
	b.expectNothing("after a restart")
	s.end(syscall.SIGKILL)
	s.start()
	b.open(home)
	b.expectNothing("after kill -9")

	// What the operator is told: one delivery, which was opened, clicked and dismissed; nothing failed.
	if counts := s.statistics()["welcome"]; counts != "DELIVERIES 1, OPENED 1, CLICKED 1, DISMISSED 1, VIEWERS 1" {
		t.Errorf("messages stats says of welcome: %s", counts)
	}
	// Somebody else still sees it.
	other := newVisitor(t)
	other.open(home)
	other.await(in(`dialog[open] section[data-step="welcome"]`))
}

func TestADismissalAcknowledgedJustBeforeAPowerCutHolds(t *testing.T) {
	s := demo(t, nil)
	for i := range 3 {
		b := newVisitor(t)
		b.open("http://" + s.edge + "/")
		b.click(`button.close`)
		b.await(acknowledged("dismissed"))
		s.end(syscall.SIGKILL)
		s.start()
		b.open("http://" + s.edge + "/")
		b.expectNothing(fmt.Sprintf("after power cut %d", i+1))
	}
}

func TestAnImageThatFailsIsAnErrorAndTheMessageStays(t *testing.T) {
	s, b := demo(t, map[string]string{"picture.toml": `
[[messages]]
id = "broken-picture"
pages = ["/docs/"]
display = "modal"
title = "A picture that is not there"
image = { src = "/img/gone.png", alt = "Nothing", width = 64, height = 64 }
buttons = [{ text = "Fine", action = "dismiss" }]
`}), newVisitor(t)
	b.open("http://" + s.edge + "/docs/")
	b.expectEvents(
		event{"opened", map[string]string{"messageId": "broken-picture", "deliveryId": "*"}},
		event{"error", map[string]string{"messageId": "broken-picture", "deliveryId": "*", "reason": "image"}},
	)
	b.await(in("dialog[open] h2"))
	b.click(`button[name="fine"]`)
	b.await(`!document.querySelector("handbill-message")`)
	b.await(`JSON.parse(sessionStorage.getItem("seen")).length === 4`)
	until(t, "the error and the dismissal are counted", func() bool {
		return s.statistics()["broken-picture"] == "DELIVERIES 1, OPENED 1, CLICKED 1, DISMISSED 1, ERRORS 1, VIEWERS 1"
	})
}

func TestARouteOfASinglePageApplicationShowsItsMessage(t *testing.T) {
	s, b := demo(t, nil), newVisitor(t)
	b.open("http://" + s.edge + "/app/")
	b.expectNothing("on the first route")
	js[any](b, `(() => { window.samePage = true; document.querySelector('#app-nav a[href="/app/settings"]').click(); return null })()`)
	b.await(in(`[data-position="bottom"] section`))
	if !js[bool](b, `window.samePage === true && location.pathname === "/app/settings"`) {
		t.Error("the page was loaded anew, so this was no route")
	}
	js[any](b, `(() => { history.back(); return null })()`)
	b.await(`location.pathname === "/app/" && !document.querySelector("handbill-message")`)
}

func TestASiteThatCallsPageItselfShowsTheRoutesMessage(t *testing.T) {
	s, b := plainServer(t, filepath.Join(checkout, "examples/messages"), ""), newVisitor(t)
	b.open("http://" + s.edge + "/")
	b.click(`button.close`)
	b.await(acknowledged("dismissed"))
	js[any](b, `(() => { history.pushState(null, "", "/app/settings"); return null })()`)
	b.expectNothing("before page() is called")
	// The next poll would come after ten seconds at the earliest, so what shows now was asked for by page().
	called := time.Now()
	js[any](b, `(() => { cioanalytics.page(); return null })()`)
	b.await(in(`[data-position="bottom"] section`))
	t.Logf("the message was there after %s", time.Since(called).Round(time.Millisecond))
}

func TestTheInlineSnippetShowsMessages(t *testing.T) {
	s, b := plainServer(t, filepath.Join(checkout, "examples/messages"), "snippet inline"), newVisitor(t)
	b.open("http://" + s.edge + "/")
	b.await(in(`dialog[open] section[data-step="welcome"]`))
	if scripts := js[string](b, `document.head.firstElementChild.textContent`); !strings.Contains(scripts, "SNIPPET_VERSION") {
		t.Errorf("the page does not begin with the stub: %s", scripts)
	}
}

// plainServer serves the example site itself, with more words for the directive.
func plainServer(t *testing.T, workspace, words string) *server {
	t.Helper()
	site, err := filepath.Abs(filepath.Join(checkout, "examples/site"))
	if err != nil {
		t.Fatal(err)
	}
	if workspace, err = filepath.Abs(workspace); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+"\n}\nhttp://EDGE {\n\thandbill {\n\t\t"+
		words+"\n\t}\n\troot "+site+"\n\tfile_server\n}\n")
	s.start()
	return s
}

func TestABannerShowsOnPagesThatItsRuleFits(t *testing.T) {
	s, b := demo(t, nil), newVisitor(t)
	b.open("http://" + s.edge + "/docs/")
	b.expectNothing("on another page")
	b.open("http://" + s.edge + "/pricing/")
	b.await(in(`[data-position="top"] section`))
	b.click(`button[name="see-offers"]`)
	b.await(`location.pathname === "/offers/"`)
	b.expectEvents(
		event{"opened", map[string]string{"messageId": "yearly-offer", "deliveryId": "*"}},
		event{"action", map[string]string{"messageId": "yearly-offer", "deliveryId": "*", "actionName": "see-offers", "actionValue": "/offers/"}},
		event{"dismissed", map[string]string{"messageId": "yearly-offer", "deliveryId": "*"}},
	)
	b.open("http://" + s.edge + "/pricing/")
	b.expectNothing("after its button was pressed")
}

// TestAHelloInAnEmptyWorkspaceIsTheFirstThingThatWorks follows docs/getting-started.md up to the first message.
func TestAHelloInAnEmptyWorkspaceIsTheFirstThingThatWorks(t *testing.T) {
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, "")
	s := plainServer(t, workspace, "")

	out, err := s.messages("send", "--test", "ines@tallowby.test")
	if err == nil || !strings.Contains(out, "must identify first") {
		t.Errorf("a send to an unknown e-mail address: %v\n%s", err, out)
	}
	b := newVisitor(t)
	b.open("http://" + s.edge + "/pricing/")
	b.expectNothing("in an empty workspace")
	js[any](b, `(() => { cioanalytics.identify("ines", {email: "Ines@Tallowby.test"}); return null })()`)
	until(t, "the e-mail address is known", func() bool {
		out, err = s.messages("send", "--test", "ines@tallowby.test")
		return err == nil
	})
	if !strings.Contains(out, "waits for ines@tallowby.test (u:ines), until ") {
		t.Errorf("the receipt says:\n%s", out)
	}
	b.open("http://" + s.edge + "/pricing/")
	b.await(in("section"))
	b.click(`button.close`)
	b.await(`!document.querySelector("handbill-message")`)
	b.await(acknowledged("dismissed"))
	b.open("http://" + s.edge + "/pricing/")
	b.expectNothing("after the hello was closed")
	for message, counts := range s.statistics() {
		if counts != "" {
			t.Errorf("the test send is counted: %s %s", message, counts)
		}
	}
}
