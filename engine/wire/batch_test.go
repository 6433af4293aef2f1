package wire_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"handbill/engine/wire"
)

func TestAnEventThatIsWrongTakesNoOtherWithIt(t *testing.T) {
	const good = `{"type": "track", "userId": "ann", "event": "Cart Viewed", "messageId": "e1"}`
	for _, c := range []struct {
		name, batch string
		status      int
		says        string
	}{
		{"traits that are a list", good + `, {"type": "identify", "userId": "ann", "traits": ["gold"]}`, 200, `"index":1,"error":"event 1: traits: found array, expected object"`},
		{"a name that is a number", `{"type": "track", "userId": "ann", "event": 7}, ` + good, 200, `"index":0,"error":"event 0: event: found number, expected string"`},
		{"a text in place of an event", good + `, "Cart Viewed"`, 200, `event 1: the body: found string, expected object`},
		{"an id that is an object", good + `, {"type": "track", "userId": {"id": 5}, "event": "Cart Viewed"}`, 200, `event 1: userId: found object, expected string`},
		{"nothing in place of an event", good + `, null`, 200, `event 1: nobody is named`},
		{"all of them", `{"type": "track", "userId": "ann", "event": []}`, 400, `event 0: event: found array, expected string`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
			b.header = http.Header{}
			answer := b.do("POST", "/_handbill/v1/batch", `{"batch": [`+c.batch+`]}`)
			if got := text(t, answer); answer.StatusCode != c.status || !strings.Contains(got, c.says) {
				t.Errorf("status %d: %s\nwant %d: %s", answer.StatusCode, got, c.status, c.says)
			}
		})
	}
}

func TestAnIDMayBeANumber(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, `
[[messages]]
id = "to-gold"
where = 'traits.plan == "gold"'
pages = ["*"]
text = "Hello."
`))
	b.header = http.Header{}
	for path, body := range map[string]string{
		"/v1/i": `{"userId": 1001, "traits": {"plan": "gold"}}`,
		"/v1/g": `{"userId": 1001, "groupId": 17}`,
		"/v1/t": `{"userId": 1001, "anonymousId": 5, "event": "Cart Viewed"}`,
		"/v1/a": `{"userId": 1001, "previousId": -3}`,
	} {
		if answer := b.do("POST", "/_handbill"+path, body); answer.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d: %s", path, answer.StatusCode, text(t, answer))
		}
	}
	if _, list := b.poll(`{"page": {"url": "` + origin + `/"}, "userId": "1001"}`); names(list) != "to-gold" {
		t.Errorf("the number's digits name another visitor: %q is due", names(list))
	}
}

func TestAPollThatIsRefusedTellsWhenToPollAgain(t *testing.T) {
	for name, body := range map[string]string{
		"a list":                 `[]`,
		"half an object":         `{`,
		"a page of another site": `{"page": {"url": "https://elsewhere.example/"}}`,
		"a page without a host":  `{"page": {"url": "/pricing"}}`,
		"too much":               `{"tab": "` + strings.Repeat("t", 40<<10) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			answer, _ := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop)).poll(body)
			if answer.StatusCode < 400 || answer.Header.Get("X-Gist-Queue-Polling-Interval") == "" {
				t.Errorf("status %d, header %v", answer.StatusCode, answer.Header)
			}
		})
	}
}

func TestAMessageOfThePageIsAskedForWherePagesMayNotHoldIt(t *testing.T) {
	const note = `
[[messages]]
id = "note"
pages = ["*"]
display = "inline"
target = "#note"
frequency = "once"
embed = true
text = "We ship for free."
`
	for _, c := range []struct {
		name    string
		site    wire.Site
		inPage  bool
		inQueue string
		older   bool
	}{
		{"pages hold it", wire.Site{Anonymous: true}, true, "", false},
		{"pages that load the client themselves hold it", wire.Site{Anonymous: true, Snippet: wire.Shim}, true, "", false},
		{"pages are not changed", wire.Site{Anonymous: true, Snippet: wire.Off}, false, "note", false},
		{"messages are for those who identified", wire.Site{}, false, "note", false},
		{"the client is of a version that knows nothing of it", wire.Site{Anonymous: true}, false, "note", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := published()
			if !c.older {
				folder["inAppPlugin.js"] = &fstest.MapFile{Data: []byte("Gist.mountEmbeds()")}
			}
			h := newHandlerOf(t, c.site, note, wire.OpenReference(folder, nil))
			if h.Embeds() != c.inPage {
				t.Errorf("in the page: %v", h.Embeds())
			}
			b := newBrowser(t, h)
			b.header.Set("X-Gist-Encoded-User-Token", "YW5u")
			if _, list := b.poll(`{}`); names(list) != c.inQueue {
				t.Errorf("in the queue: %q", names(list))
			}
		})
	}
}

func TestAWriteKeyMayBeAnyText(t *testing.T) {
	h := newReferenceHandler(t, wire.Site{Anonymous: true, WriteKey: "shop/web 2"}, published())
	for _, path := range []string{"/v1/analytics-js/snippet/shop%2Fweb%202/analytics.min.js", "/v1/analytics-js/snippet/shop/web%202/analytics.min.js"} {
		if answer := newBrowser(t, h).do("GET", "/_handbill"+path, ""); answer.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", path, answer.StatusCode)
		}
	}
	if answer := newBrowser(t, h).do("GET", "/_handbill/v1/analytics-js/snippet/analytics.min.js", ""); answer.StatusCode != http.StatusNotFound {
		t.Errorf("without a key: status %d", answer.StatusCode)
	}
}
