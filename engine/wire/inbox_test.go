package wire_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"handbill/engine/wire"
)

// letters is a workspace with an inbox.
const letters = `
[workspace]
name = "Shop"
theme = "brand"

[[themes]]
id = "brand"
background = { light = "#ffffff", dark = "#10211c" }
text = { light = "#10211c", dark = "#eef5f2" }
accent = "#1f5c4a"
accent_text = "#ffffff"
radius = "0.25rem"
font = "Inter, system-ui"

[[messages]]
id = "boots"
display = "inbox"
priority = 10
title = "Boots are in"
text = """
The **new** season.

- Brown
- Black
"""
image = { src = "/img/boots.png", alt = "Two boots" }
buttons = [{ text = "See them", action = "/boots" }, { text = "Delete", action = "dismiss" }, { text = "Remind me", action = "event:remind" }]
topics = ["news", "cio_inbox"]
properties = { icon = "boot", title = "Boots!" }
expires = "14d"

[[messages]]
id = "raw"
display = "inbox"
text = "For the site's own inbox."
topics = ["orders"]
type = "parcel"
`

type letter struct {
	QueueID, MessageID, DeliveryID, SentAt, Expiry, Type string
	Opened                                               bool
	Priority                                             *int
	Topics                                               []string
	Properties                                           map[string]any
}

func (b *browser) inbox() (answer *http.Response, inbox []letter) {
	b.t.Helper()
	answer = b.do("POST", "/_handbill/api/v4/users?sessionId=5f0c", `{}`)
	var list struct{ InboxMessages []letter }
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		b.t.Fatal(err)
	}
	return answer, list.InboxMessages
}

func TestTheReferenceClientIsToldWhatLiesInTheInbox(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, letters))
	answer, inbox := b.inbox()
	if answer.Header.Get("X-CIO-Inbox-Enabled") != "true" || len(inbox) != 2 {
		t.Fatalf("header %v, inbox %+v", answer.Header, inbox)
	}
	boots := inbox[0]
	if boots.MessageID != "boots" || boots.QueueID == "" || boots.DeliveryID != boots.QueueID || strings.ContainsAny(boots.QueueID, "/+=") ||
		boots.Priority == nil || *boots.Priority != 10 || !reflect.DeepEqual(boots.Topics, []string{"news", "cio_inbox"}) || boots.Type != "card" ||
		!strings.HasSuffix(boots.SentAt, "Z") || boots.Expiry <= boots.SentAt {
		t.Errorf("the message is %+v", boots)
	}
	want := map[string]any{
		"title": "Boots!", "text": "The new season.\n• Brown\n• Black", "icon": "boot", "date": boots.SentAt, "image": "/img/boots.png", "imageAlt": "Two boots",
		"paragraphs": []any{map[string]any{"text": "The new season."}, map[string]any{"text": "• Brown"}, map[string]any{"text": "• Black"}},
		"buttons": []any{
			map[string]any{"button": map[string]any{"label": "See them", "name": "see-them", "behavior": "openUrl", "action": "/boots"}},
			map[string]any{"button": map[string]any{"label": "Delete", "name": "delete", "behavior": "dismiss", "action": "dismiss"}},
			map[string]any{"button": map[string]any{"label": "Remind me", "name": "remind-me", "behavior": "performAction", "action": "remind"}},
		},
	}
	if !reflect.DeepEqual(boots.Properties, want) {
		t.Errorf("its properties are\n%v\nwant\n%v", boots.Properties, want)
	}
	if answer, list := b.pollPage(origin + "/"); answer.Header.Get("Handbill-Inbox") != "true" || answer.Header.Get("X-CIO-Inbox-Enabled") != "" || len(list.InboxMessages) > 0 {
		t.Errorf("our client, which did not ask for it, is told %v and gets %v", answer.Header, list)
	}
}

func TestTheInboxIsReadAndDeletedFrom(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, letters))
	_, inbox := b.inbox()
	path := "/_handbill/api/v1/messages/" + inbox[0].QueueID
	if answer := b.do("PATCH", path, `{"opened":true}`); answer.StatusCode != 200 {
		t.Fatalf("%s %s", answer.Status, text(t, answer))
	}
	if _, inbox := b.inbox(); !inbox[0].Opened || inbox[1].Opened {
		t.Errorf("after one was read: %+v", inbox)
	}
	b.do("PATCH", path, `{"opened":false}`)
	if _, inbox := b.inbox(); inbox[0].Opened {
		t.Errorf("after it was put back: %+v", inbox)
	}
	if answer := b.do("POST", "/_handbill/api/v1/logs/queue/"+inbox[0].QueueID, `{}`); answer.StatusCode != 200 {
		t.Fatalf("%s %s", answer.Status, text(t, answer))
	}
	if _, inbox := b.inbox(); len(inbox) != 1 || inbox[0].MessageID != "raw" {
		t.Errorf("after one was deleted: %+v", inbox)
	}
	report := fmt.Sprintf(`{"event":"Report Delivery Event","messageId":"e1","anonymousId":"x","properties":{"deliveryId":%q,"metric":"opened"}}`, inbox[1].DeliveryID)
	if answer := b.do("POST", "/_handbill/v1/t", report); answer.StatusCode != 200 {
		t.Errorf("a report of its delivery: %s %s", answer.Status, text(t, answer))
	}
}

func TestAGuestWithoutCookiesReadsTheirInbox(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, letters))
	b.header.Set("X-Gist-Encoded-User-Token", "Z3Vlc3Q=")
	b.header.Set("X-Gist-User-Anonymous", "true")
	_, inbox := b.inbox()
	b.header.Del("X-Gist-User-Anonymous") // the client says it with polls alone
	clear(b.cookies)
	if answer := b.do("PATCH", "/_handbill/api/v1/messages/"+inbox[0].QueueID, `{"opened":true}`); answer.StatusCode != 200 {
		t.Fatalf("%s %s", answer.Status, text(t, answer))
	}
	b.header.Set("X-Gist-User-Anonymous", "true")
	clear(b.cookies)
	if _, inbox := b.inbox(); !inbox[0].Opened {
		t.Errorf("the inbox is %+v", inbox)
	}
}

func TestWrongChangesOfAnInboxAreRefusedInWords(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, letters))
	_, inbox := b.inbox()
	other := newBrowser(t, b.handler)
	for name, c := range map[string]struct {
		b                  *browser
		method, path, body string
		status             int
		want               string
	}{
		"nothing changes":             {b, "PATCH", inbox[0].QueueID, `{}`, 400, "does not say what changes"},
		"no JSON":                     {b, "PATCH", inbox[0].QueueID, `opened`, 400, "not the JSON"},
		"a message that was not here": {b, "PATCH", "bm90aGluZw", `{"opened":true}`, 400, "not one that this workspace handed out"},
		"somebody else's":             {other, "PATCH", inbox[0].QueueID, `{"opened":true}`, 400, "belongs to another visitor"},
		"the wrong method":            {b, "POST", inbox[0].QueueID, `{"opened":true}`, 405, "use PATCH"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := c.b.do(c.method, "/_handbill/api/v1/messages/"+c.path, c.body)
			if said := text(t, answer); answer.StatusCode != c.status || !strings.Contains(said, c.want) {
				t.Errorf("%s %s", answer.Status, said)
			}
		})
	}
}

func TestHowTheInboxLooksFollowsTheTheme(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, letters))
	var branding struct {
		Theme    map[string]any
		Patterns struct {
			Inbox map[string]any
			Modes struct {
				Dark struct{ Inbox map[string]any }
			}
		}
	}
	if err := json.NewDecoder(b.do("GET", "/_handbill/api/v1/branding", "").Body).Decode(&branding); err != nil {
		t.Fatal(err)
	}
	light, dark := branding.Patterns.Inbox, branding.Patterns.Modes.Dark.Inbox
	if light["background"] != "#ffffff" || dark["background"] != "#10211c" || light["cornerRadius"] != 4.0 || light["position"] != "bottom-right" {
		t.Errorf("the inbox looks like %v, in the dark like %v", light, dark)
	}
	icon := light["floatingIcon"].(map[string]any)
	if icon["background"] != "#1f5c4a" || icon["color"] != "#ffffff" || !strings.HasPrefix(icon["svg"].(string), "<svg") {
		t.Errorf("its button is %v", icon)
	}
	heading := branding.Theme["heading"].(map[string]any)["text"].(map[string]any)
	if heading["color"] != "#10211c" || heading["fontFamily"] != "Inter, system-ui" {
		t.Errorf("headings are %v", heading)
	}
	var templates map[string][]struct{ Version string }
	if err := json.NewDecoder(b.do("GET", "/_handbill/api/v1/templates", "").Body).Decode(&templates); err != nil {
		t.Fatal(err)
	}
	if len(templates["card"]) != 1 || templates["card"][0].Version != "1" || len(templates["notice"]) != 1 || len(templates["parcel"]) > 0 {
		t.Errorf("the templates are %v", templates)
	}
}

func TestWithoutAnInboxNothingIsSaidOfOne(t *testing.T) {
	for name, c := range map[string]struct{ workspace, header string }{
		"no message lies in one":        {shop, ""},
		"they are for the site's alone": {letters[strings.LastIndex(letters, "[[messages]]"):], "false"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, c.workspace))
			if answer, _ := b.inbox(); answer.Header.Get("X-CIO-Inbox-Enabled") != c.header {
				t.Errorf("headers %v", answer.Header)
			}
			if got := strings.TrimSpace(text(t, b.do("GET", "/_handbill/api/v1/branding", ""))); got != "{}" {
				t.Errorf("branding is %s", got)
			}
		})
	}
}

// ourInbox is what our client is told of the inbox that holds one already, or "none".
type ourInbox struct {
	InAppMessages   []message
	InboxMessages   []letter
	InboxGeneration string
	InboxStyle      string
}

func (b *browser) ourInbox(held string) (status int, inbox ourInbox) {
	b.t.Helper()
	answer := b.do("POST", "/_handbill/api/v4/users?sessionId=5f0c", fmt.Sprintf(`{"page":{"url":"%s/"},"tab":"tab-1","view":"view-1","inbox":%q}`, origin, held))
	if answer.StatusCode == http.StatusOK {
		if err := json.NewDecoder(answer.Body).Decode(&inbox); err != nil {
			b.t.Fatal(err)
		}
	}
	return answer.StatusCode, inbox
}

func TestOurClientIsToldOfItsInboxWhenThatChanges(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, letters))
	status, first := b.ourInbox("none")
	if status != 200 || len(first.InboxMessages) != 2 || first.InboxGeneration == "" || first.InAppMessages == nil || !strings.Contains(first.InboxStyle, "--handbill-accent:#1f5c4a") {
		t.Fatalf("status %d, %+v", status, first)
	}
	if status, again := b.ourInbox(first.InboxGeneration); status != 204 {
		t.Errorf("who holds it is answered %d %+v", status, again)
	}
	report := func(metric string, letter int) {
		t.Helper()
		body := fmt.Sprintf(`{"batch":[{"type":"track","event":"Report Delivery Event","messageId":"%s-%d","properties":{"deliveryId":%q,"metric":%q}}]}`, metric, letter, first.InboxMessages[letter].DeliveryID, metric)
		if answer := b.do("POST", "/_handbill/v1/b?sessionId=5f0c", body); answer.StatusCode != 200 {
			t.Fatalf("%s: %s %s", metric, answer.Status, text(t, answer))
		}
	}
	held := first.InboxGeneration
	for _, step := range []struct {
		metric string
		letter int
		want   string
	}{{"opened", 0, "boots raw*"}, {"unopened", 0, "boots* raw*"}, {"dismissed", 1, "boots*"}} {
		report(step.metric, step.letter)
		status, inbox := b.ourInbox(held)
		var lie []string
		for _, l := range inbox.InboxMessages {
			if !l.Opened {
				l.MessageID += "*"
			}
			lie = append(lie, l.MessageID)
		}
		if got := strings.Join(lie, " "); status != 200 || got != step.want || inbox.InboxGeneration == held {
			t.Errorf("after %s: status %d, %q, want %q; generation %s", step.metric, status, got, step.want, inbox.InboxGeneration)
		}
		held = inbox.InboxGeneration
	}
}

func TestWhatIsOnThePageIsNotMarkedUnread(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
	_, list := b.pollPage(origin + "/")
	body := fmt.Sprintf(`{"batch":[{"type":"track","event":"Report Delivery Event","messageId":"e1","properties":{"deliveryId":%q,"metric":"unopened"}}]}`, list.InAppMessages[0].DeliveryID)
	if said := text(t, b.do("POST", "/_handbill/v1/b", body)); !strings.Contains(said, "does not lie in the inbox") {
		t.Errorf("it is answered %s", said)
	}
}
