package wire_test

import (
	"strings"
	"testing"

	"handbill/engine/wire"
)

const patient = `
[workspace]
site_id = "shop"

[[messages]]
id = "free-shipping"
pages = ["*"]
text = "Free from 50 on."
when = { after = "5s", scroll = 50, exit = true, event = "Cart Viewed", where = 'event.total > 40', element = ".cart", no_element = ".paid", cancel_event = "Order Completed" }

[[messages]]
id = "later"
pages = ["*"]
text = "Later."
schedule = { hours = ["09:00-09:01"], timezone = "visitor" }
`

func TestAMessageThatWaitsIsDescribedAndHandedOutWhenItHasHappened(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, patient))
	ask := func(fired string) string {
		t.Helper()
		answer := b.do("POST", "/_handbill/api/v4/users?sessionId=visit", `{"page":{"url":"`+origin+`/"},"tab":"t","view":"v","zone":"Europe/Berlin","fired":[`+fired+`]}`)
		said := text(t, answer)
		if answer.StatusCode != 200 {
			t.Fatalf("status %d: %s", answer.StatusCode, said)
		}
		return said
	}
	const when = `"when":{"after":5000,"scroll":50,"exit":true,"event":"Cart Viewed","element":".cart","noElement":".paid","cancelEvent":"Order Completed"}`
	for name, fired := range map[string]string{
		"nothing has happened":                 ``,
		"the event was another one":            `{"messageId":"free-shipping","event":{"name":"Cart Viewed","properties":{"total":20}}}`,
		"the event has nothing that was asked": `{"messageId":"free-shipping","event":{"name":"Cart Viewed"}}`,
		"something else has happened":          `{"messageId":"later"}`,
	} {
		if said := ask(fired); !strings.Contains(said, when) || strings.Contains(said, `"content"`) || strings.Contains(said, "event.total") || strings.Contains(said, "Free from 50") {
			t.Errorf("%s: %s", name, said)
		}
	}
	for name, fired := range map[string]string{
		"a time":    `{"messageId":"free-shipping"}`,
		"the event": `{"messageId":"free-shipping","event":{"name":"Cart Viewed","properties":{"total":80}}}`,
	} {
		if said := ask(fired); strings.Contains(said, `"when"`) || !strings.Contains(said, "Free from 50") {
			t.Errorf("%s: %s", name, said)
		}
	}
	if answer := b.do("POST", "/_handbill/api/v4/users", `{"page":{"url":"`+origin+`/"},"fired":"all"}`); answer.StatusCode != 400 {
		t.Errorf("nonsense: status %d", answer.StatusCode)
	}
}
