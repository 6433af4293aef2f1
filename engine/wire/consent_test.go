package wire_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"handbill/engine/wire"
)

// pollSaying is a poll of our client on a page whose own code has said something about consent.
func (b *browser) pollSaying(said, view string) (*http.Response, queue) {
	b.t.Helper()
	body, err := json.Marshal(map[string]any{"page": map[string]any{"url": origin + "/shoes", "number": 1}, "tab": view, "view": view, "consent": said})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.poll(string(body))
}

func TestTheEdgeKeepsWhatTheVisitorConsentsTo(t *testing.T) {
	const lasting, session, nothing = "lasting", "of the session", "nothing"
	asks := wire.Consent{Cookie: "cookie_ok", Value: "yes"}
	short := wire.Consent{Mode: wire.ConsentVisit, Cookie: "cookie_ok", Value: "yes"}
	signals := wire.Consent{GPC: true, DNT: true}
	for _, test := range []struct {
		name    string
		consent wire.Consent
		header  [2]string
		cookie  string // cookie_ok
		said    string
		want    string
	}{
		{name: "without a word in the Caddyfile", want: lasting},
		{name: "persistent", consent: wire.Consent{Mode: wire.ConsentPersistent}, want: lasting},
		{name: "visit", consent: wire.Consent{Mode: wire.ConsentVisit}, want: session},
		{name: "none", consent: wire.Consent{Mode: wire.ConsentNone}, want: nothing},
		{name: "none, and the page says persistent", consent: wire.Consent{Mode: wire.ConsentNone}, said: "persistent", want: lasting},
		{name: "the page says visit", said: "visit", want: session},
		{name: "the page says none", said: "none", want: nothing},
		{name: "the page says what does not exist", said: "all", want: lasting},
		{name: "before the banner's cookie", consent: asks, want: nothing},
		{name: "the banner's cookie says no", consent: asks, cookie: "no", want: nothing},
		{name: "the banner's cookie says yes", consent: asks, cookie: "yes", want: lasting},
		{name: "the banner's cookie says yes to a visit", consent: short, cookie: "yes", want: session},
		{name: "the banner's cookie says yes, the page none", consent: asks, cookie: "yes", said: "none", want: nothing},
		{name: "Global Privacy Control where nobody heeds it", header: [2]string{"Sec-GPC", "1"}, want: lasting},
		{name: "Global Privacy Control", consent: signals, header: [2]string{"Sec-GPC", "1"}, want: nothing},
		{name: "Do Not Track", consent: signals, header: [2]string{"DNT", "1"}, want: nothing},
		{name: "Do Track", consent: signals, header: [2]string{"DNT", "0"}, want: lasting},
		{name: "Global Privacy Control, and the page says more", consent: signals, header: [2]string{"Sec-GPC", "1"}, said: "visit", want: session},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true, Consent: test.consent}, shop))
			if test.header[0] != "" {
				b.header.Set(test.header[0], test.header[1])
			}
			if test.cookie != "" {
				b.cookies["cookie_ok"] = test.cookie
			}
			answer, list := b.pollSaying(test.said, "view-1")
			if names(list) != "spring-sale" {
				t.Errorf("messages %q", names(list))
			}
			got := nothing
			for _, c := range answer.Cookies() {
				if got = session; c.MaxAge > 0 {
					got = lasting
				}
			}
			if got != test.want {
				t.Errorf("the browser keeps %s, want %s: %v", got, test.want, answer.Header["Set-Cookie"])
			}
		})
	}
}

func TestWithoutConsentAMessageStaysClosedInItsPageAndNothingIsRemembered(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true, Consent: wire.Consent{Mode: wire.ConsentNone}}, shop))
	_, list := b.pollSaying("", "view-1")
	for _, metric := range []string{"opened", "dismissed"} {
		report := `{"batch":[{"type":"track","event":"Report Delivery Event","messageId":"` + metric + `","anonymousId":"view-1","properties":{"deliveryId":"` +
			list.InAppMessages[0].DeliveryID + `","metric":"` + metric + `"}}]}`
		if answer := b.do("POST", "/_handbill/v1/b", report); answer.StatusCode != 200 || len(answer.Cookies()) > 0 {
			t.Fatalf("%s: status %d, %s", metric, answer.StatusCode, text(t, answer))
		}
	}
	if _, again := b.pollSaying("", "view-1"); names(again) != "" {
		t.Errorf("in the page where it was closed %q comes again", names(again))
	}
	if _, next := b.pollSaying("", "view-2"); names(next) != "spring-sale" {
		t.Errorf("somebody was known again on the next page: %q", names(next))
	}
	tracked := `{"batch":[{"type":"track","event":"Cart filled","messageId":"c","anonymousId":"view-1"}]}`
	if answer := b.do("POST", "/_handbill/v1/b", tracked); answer.StatusCode != 400 || !strings.Contains(text(t, answer), "has not consented") {
		t.Errorf("an event was taken: status %d", answer.StatusCode)
	}
	known := `{"batch":[{"type":"track","event":"Cart filled","messageId":"d","anonymousId":"view-1","userId":"ada"}]}`
	if answer := b.do("POST", "/_handbill/v1/b", known); answer.StatusCode != 200 {
		t.Errorf("an event of a person whom the site names: status %d", answer.StatusCode)
	}
	if len(b.cookies) > 0 {
		t.Errorf("the browser keeps %v", b.cookies)
	}
}

func TestAServerNeedsNoConsentCookie(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true, Consent: wire.Consent{Mode: wire.ConsentNone}}, shop))
	b.header = http.Header{}
	if answer := b.do("POST", "/_handbill/v1/t", `{"event":"Order shipped","messageId":"s","anonymousId":"browser-7"}`); answer.StatusCode != 200 {
		t.Errorf("status %d, %s", answer.StatusCode, text(t, answer))
	}
}

func TestWithdrawingTakesTheEdgesCookiesAway(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true, Cookie: wire.Cookie{MaxAge: time.Hour}}, shop))
	b.pollSaying("", "view-1")
	for _, test := range []struct {
		said   string
		maxAge int
	}{{"visit", 0}, {"none", -1}} {
		before := b.cookies["handbill_id"]
		answer, _ := b.pollSaying(test.said, "view-1")
		if c := answer.Cookies(); before == "" || len(c) != 1 || c[0].Name != "handbill_id" || c[0].MaxAge != test.maxAge {
			t.Errorf("%s: the answer sets %v", test.said, answer.Header["Set-Cookie"])
		}
	}
}

func TestTheClientIsToldWhatItMayKeep(t *testing.T) {
	for _, test := range []struct {
		name    string
		consent wire.Consent
		want    string
	}{
		{"no rules", wire.Consent{}, ""},
		{"everything", wire.Consent{Mode: wire.ConsentPersistent}, `handbillConsent({"mode":"persistent"})`},
		{"nothing", wire.Consent{Mode: wire.ConsentNone}, `handbillConsent({"mode":"none"})`},
		{"what a banner asks", wire.Consent{Cookie: "cookie_ok", Value: "yes", GPC: true}, `handbillConsent({"mode":"persistent","cookie":"cookie_ok","value":"yes","gpc":true})`},
	} {
		b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true, Consent: test.consent}, shop))
		file := text(t, b.do("GET", "/_handbill/client.js", ""))
		if strings.Contains(file, "handbillConsent") != (test.want != "") || !strings.Contains(file, test.want) {
			t.Errorf("%s: the client is started with %s", test.name, file)
		}
	}
}

func TestABrowserThatSignalsGetsAClientThatKeepsNothing(t *testing.T) {
	for _, test := range []struct {
		name, header string
		consent      wire.Consent
		want, vary   string
	}{
		{"Global Privacy Control", "Sec-GPC", wire.Consent{GPC: true}, `handbillConsent({"mode":"none","gpc":true})`, "Sec-GPC"},
		{"Do Not Track", "DNT", wire.Consent{DNT: true}, `handbillConsent({"mode":"none","dnt":true})`, "DNT"},
		{"a signal that is not heeded", "DNT", wire.Consent{GPC: true}, `handbillConsent({"mode":"persistent","gpc":true})`, "Sec-GPC"},
	} {
		b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true, Consent: test.consent}, shop))
		plain := b.do("GET", "/_handbill/client.js", "")
		if file := text(t, plain); !strings.Contains(file, `handbillConsent({"mode":"persistent"`) {
			t.Errorf("%s, unsaid: the client is started with %.400s", test.name, file)
		}
		b.header.Set(test.header, "1")
		signalled := b.do("GET", "/_handbill/client.js", "")
		if file := text(t, signalled); !strings.Contains(file, test.want) || signalled.Header.Get("Vary") != test.vary {
			t.Errorf("%s: Vary is %q, and the client is started with %.400s", test.name, signalled.Header.Get("Vary"), file)
		}
		if same := plain.Header.Get("ETag") == signalled.Header.Get("ETag"); same != strings.Contains(test.want, "persistent") {
			t.Errorf("%s: the two files have the same ETag: %t", test.name, same)
		}
	}
}
