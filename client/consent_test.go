package client_test

import "testing"

// kept is all that the page can see of what the browser keeps.
const kept = `[document.cookie.split("; ").map((pair) => pair.split("=")[0]).sort().join(" "), Object.keys(localStorage).sort().join(" "), Object.keys(sessionStorage).sort().join(" ")]`

func TestBeforeConsentNothingIsStoredAndWithdrawingRemovesAll(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.consent = map[string]any{"mode": "persistent", "cookie": "cookie_ok", "value": "yes"}
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await(dialog)
	b.js("cioanalytics.identify('ines')")
	b.js("cioanalytics.track('Job planned')")
	asked := e.waitPolls(2)
	events := e.waitEvents(2)
	if asked[1].UserID != "ines" || asked[0].Tab != asked[1].Tab || asked[0].visit != asked[1].visit {
		t.Errorf("within a page the visitor is not one: %+v", asked)
	}
	for _, event := range events {
		if event.AnonymousID != asked[0].View {
			t.Errorf("the %s is of the browser %q, the polls are of the view %q", event.Type, event.AnonymousID, asked[0].View)
		}
	}
	b.expect(kept, `["","",""]`)

	// The banner's cookie.
	b.do("document.cookie = 'cookie_ok=yes;path=/'; cioanalytics.page()")
	e.waitPolls(3)
	b.js("cioanalytics.identify('ines')")
	b.expect(kept, `["ajs_user_id cookie_ok","ajs_user_id handbill_visit",""]`)

	// The visitor withdraws, by the cookie or by the page's call.
	b.do("document.cookie = 'cookie_ok=;path=/;max-age=0'; cioanalytics.page()")
	e.waitPolls(5)
	b.expect(kept, `["","",""]`)
	b.do("document.cookie = 'cookie_ok=yes;path=/'; cioanalytics.identify('ines')")
	e.waitPoll("ines again", func(asked poll) bool { return asked.UserID == "ines" })
	b.do("cioanalytics.consent('none')")
	e.waitPoll("a withdrawal", func(asked poll) bool { return asked.Consent == "none" })
	b.expect(kept, `["cookie_ok","",""]`)
	b.open(e.URL + "/?left") // what a page stores as it is left
	b.await("window.cioanalytics")
	if last := e.waitPolls(8)[7]; last.Consent != "" {
		t.Errorf("a consent to less was remembered as %q", last.Consent)
	}
}

func TestWhatThePageSaysOfConsentHolds(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.consent = map[string]any{"mode": "none"}
	e.pages["/"] = page(`<script>(window.cioanalytics ??= []).push(["identify", "ines"])</script>`+external, "")
	b.open(e.URL)
	e.waitPolls(1)
	b.expect(kept, `["","",""]`)
	b.do("cioanalytics.consent('visit')")
	e.waitPoll("a consent to the visit", func(asked poll) bool { return asked.Consent == "visit" })
	b.open(e.URL + "/?next")
	e.waitPoll("the next page with it", func(asked poll) bool { return asked.Consent == "visit" && asked.UserID == "ines" })
	b.await(`document.cookie.includes("ajs_user_id=ines")`)
	b.expect(`[Object.keys(localStorage).length, sessionStorage.handbill_consent]`, `[0,"visit"]`)
	b.expect(`cookieStore.get("ajs_user_id").then(({ expires }) => expires)`, `null`)
	b.do("cioanalytics.consent('persistent')")
	e.waitPoll("a consent to all", func(asked poll) bool { return asked.Consent == "persistent" })
	b.expect(`[localStorage.handbill_consent, "handbill_visit" in localStorage]`, `["persistent",true]`)
}

func TestPrivacySignalsAreHeededWhereTheSiteSaysSo(t *testing.T) {
	for _, c := range []struct {
		name, signal string
		heeds        string
		stored       bool
	}{
		{"Global Privacy Control", "globalPrivacyControl: { get: () => true }", "gpc", false},
		{"Do Not Track", "doNotTrack: { get: () => '1' }", "dnt", false},
		{"Do Not Track where only the other is heeded", "doNotTrack: { get: () => '1' }", "gpc", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.consent = map[string]any{"mode": "persistent", c.heeds: true}
			e.pages["/"] = page(`<script>Object.defineProperties(navigator, { `+c.signal+` })</script>`+external, "")
			b.open(e.URL)
			e.waitPolls(1)
			b.expect(`"handbill_visit" in localStorage`, map[bool]string{true: "true", false: "false"}[c.stored])
		})
	}
}
