package wire_test

import (
	"fmt"
	"net/http"
	"testing"

	"handbill/engine/wire"
)

// visits has a message that is shown once in each visit, and one that ends when it was acted on.
const visits = `
[[messages]]
id = "tip-of-the-day"
display = "banner"
pages = ["/"]
frequency = "once_per_visit"
text = "Press ? for help."

[[messages]]
id = "webinar"
display = "banner"
pages = ["/webinar"]
frequency = "until_action"
text = "Join us on Thursday."
buttons = [{ name = "join", text = "Join", action = "/webinar/join" }, { text = "Not now", action = "dismiss" }]
`

// look polls a page in a visit, and returns the delivery of its message; "" when there is none.
func (b *browser) look(page, view, visit string) string {
	b.t.Helper()
	body := fmt.Sprintf(`{"page": {"url": "%s%s"}, "tab": "tab-1", "view": "%s"}`, origin, page, view)
	answer := b.do("POST", "/_handbill/api/v4/users?sessionId="+visit, body)
	return onlyDelivery(b.t, answer)
}

func onlyDelivery(t *testing.T, answer *http.Response) string {
	t.Helper()
	switch list := decode(t, answer); len(list.InAppMessages) {
	case 0:
		return ""
	case 1:
		return list.InAppMessages[0].DeliveryID
	default:
		t.Fatalf("%d messages", len(list.InAppMessages))
		return ""
	}
}

// tell reports what happened to a delivery.
func (b *browser) tell(visit, delivery, metric, action string) {
	b.t.Helper()
	body := fmt.Sprintf(`{"batch": [{"type": "track", "event": "Report Delivery Event", "messageId": "%s-%s", "properties": {"deliveryId": "%s", "metric": "%s", "actionValue": "%s"}}]}`,
		metric, delivery, delivery, metric, action)
	if answer := b.do("POST", "/_handbill/v1/b?sessionId="+visit, body); answer.StatusCode != http.StatusOK {
		b.t.Fatalf("the report was answered with %d", answer.StatusCode)
	}
}

func TestAVisitIsWhatTheClientNames(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, visits))
	b.tell("monday", b.look("/", "view-1", "monday"), "opened", "")
	if d := b.look("/", "view-2", "monday"); d != "" {
		t.Error("a second time in the same visit")
	}
	if d := b.look("/", "view-3", "tuesday"); d == "" {
		t.Error("not in the next visit")
	}
}

func TestWithoutAVisitEachPageViewIsOne(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, visits))
	first := b.look("/", "view-1", "")
	b.tell("", first, "opened", "")
	if again := b.look("/", "view-1", ""); again != first {
		t.Error("it did not stay in its page view")
	}
	if d := b.look("/", "view-2", ""); d == "" {
		t.Error("not in the next page view")
	}
}

func TestTheReferenceClientsShowingsBelongToItsSession(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, visits))
	poll := func(session string) map[string]string {
		found := map[string]string{}
		for _, m := range decode(t, b.do("POST", "/_handbill/api/v4/users?sessionId="+session, "{}")).InAppMessages {
			found[m.MessageID] = m.DeliveryID
		}
		return found
	}
	tip := poll("monday")["tip-of-the-day"]
	if answer := b.do("POST", "/_handbill/api/v1/logs/queue/"+tip, "{}"); answer.StatusCode != http.StatusOK { // it names no session here
		t.Fatalf("the note of a showing was answered with %d", answer.StatusCode)
	}
	if again := poll("monday")["tip-of-the-day"]; again != "" {
		t.Errorf("in the same session comes the delivery %q, which was seen", again)
	}
	if next := poll("tuesday")["tip-of-the-day"]; next == "" || next == tip {
		t.Errorf("in the next session the delivery is %q", next)
	}
}

func TestAButtonThatLeadsOnIsAnAction(t *testing.T) {
	for _, c := range []struct {
		action string
		ends   bool
	}{{"/webinar/join", true}, {"event:join", true}, {"dismiss", false}, {"next", false}} {
		t.Run(c.action, func(t *testing.T) {
			b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, visits))
			d := b.look("/webinar", "view-1", "monday")
			b.tell("monday", d, "opened", "")
			b.tell("monday", d, "clicked", c.action)
			if ended := b.look("/webinar", "view-2", "monday") == ""; ended != c.ends {
				t.Errorf("after the click it has ended: %t", ended)
			}
		})
	}
}
