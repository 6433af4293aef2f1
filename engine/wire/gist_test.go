package wire_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"handbill/engine/wire"
)

// referenceMessage is a message as the reference client is sent it, whole.
type referenceMessage struct {
	MessageID, QueueID string
	Priority           *int
	DisplaySettings    json.RawMessage
	Properties         struct {
		Gist     map[string]any
		Handbill struct {
			Content    map[string]any
			DeliveryID string
		}
	}
}

// asReference polls as the reference client does in a session.
func (b *browser) asReference(session string) map[string]referenceMessage {
	b.t.Helper()
	answer := b.do("POST", "/_handbill/api/v4/users?sessionId="+session, `{}`)
	var list struct{ InAppMessages []referenceMessage }
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil || answer.StatusCode != 200 || answer.Header.Get("X-Gist-Queue-Polling-Interval") == "" {
		b.t.Fatalf("status %d, header %v: %v", answer.StatusCode, answer.Header, err)
	}
	found := make(map[string]referenceMessage)
	for _, m := range list.InAppMessages {
		found[m.MessageID] = m
	}
	return found
}

func TestTheReferenceClientIsToldWhereAMessageStands(t *testing.T) {
	for _, test := range []struct{ name, keys, want string }{
		{"a banner at the top", ``, `{"elementId":"x-gist-floating-top","persistent":true}`},
		{"a banner that stays in sight", "position = \"bottom\"\nflow = \"sticky\"", `{"elementId":"x-gist-floating-bottom","persistent":true}`},
		{"a banner that makes room", "flow = \"push\"\nwidth = 700", `{"elementId":"x-gist-top","messageWidth":700,"persistent":true}`},
		{"one at the bottom", "position = \"bottom\"\nflow = \"push\"", `{"elementId":"x-gist-bottom","persistent":true}`},
		{"a modal", "display = \"modal\"\nfrequency = \"once\"", `{"exitClick":true,"messageWidth":448,"position":"center"}`},
		{"a modal with everything", "display = \"modal\"\nposition = \"bottom\"\nwidth = 500\noverlay_color = \"#00000080\"\nclose_outside = false\nfrequency = \"once\"", `{"messageWidth":500,"overlayColor":"#00000080","position":"bottom"}`},
		{"a window full", "display = \"fullscreen\"\nfrequency = \"once\"", `{"messageWidth":100000,"position":"top"}`},
		{"a toast", "display = \"toast\"\nfrequency = \"once\"", `{"elementId":"x-gist-floating-bottom-right","messageWidth":360}`},
		{"a toast at the top", "display = \"toast\"\nposition = \"top\"\nfrequency = \"once\"", `{"elementId":"x-gist-floating-top","messageWidth":360}`},
		{"a toast at the bottom left", "display = \"toast\"\nposition = \"bottom-left\"\nfrequency = \"once\"", `{"elementId":"x-gist-floating-bottom-left","messageWidth":360}`},
		{"in the page", "display = \"inline\"\ntarget = \"main .offers\"\nfrequency = \"once\"", `{"elementId":"main .offers"}`},
		{"a tooltip", "display = \"tooltip\"\ntarget = \"#invoices\"\nposition = \"left\"\narrow_color = \"#0a58ca\"\nfrequency = \"once\"", `{"elementId":"#invoices","messageWidth":320,"tooltipArrowColor":"#0a58ca","tooltipPosition":"left"}`},
		{"what stays by its author's word", "frequency = \"once\"\npersistent = true", `{"elementId":"x-gist-floating-top","persistent":true}`},
		{"what does not", "persistent = false", `{"elementId":"x-gist-floating-top"}`},
		{"what may be shown always", "frequency = \"always\"", `{"elementId":"x-gist-floating-top","persistent":true}`},
		{"what ends when it is closed", "frequency = { caps = [\"1/day\"], stop_on = [\"dismiss\"] }", `{"elementId":"x-gist-floating-top","persistent":true}`},
		{"what is bounded", "frequency = { caps = [\"1/day\"] }", `{"elementId":"x-gist-floating-top"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, "[[messages]]\nid = \"m\"\npages = [\"*\"]\ntext = \"A\"\n"+test.keys+"\n"))
			m := b.asReference("s")["m"]
			if m.Properties.Gist["campaignId"] != m.QueueID || m.QueueID == "" || m.Priority == nil || m.Properties.Handbill.DeliveryID != m.QueueID {
				t.Errorf("the message is %+v", m)
			}
			delete(m.Properties.Gist, "campaignId")
			if got, _ := json.Marshal(m.Properties.Gist); string(got) != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if m.Properties.Handbill.Content["steps"] == nil {
				t.Errorf("the content is %v", m.Properties.Handbill.Content)
			}
		})
	}
}

func TestTheReferenceClientIsNotGivenWhatItCannotPlace(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, "[[messages]]\nid = \"m\"\npages = [\"*\"]\ndisplay = \"inline\"\ntarget = \"#a\"\nposition = \"before\"\ntext = \"A\"\n"+
		"[[messages]]\nid = \"waits\"\npages = [\"*\"]\nwhen = { after = \"5s\" }\ntext = \"A\"\n"))
	if got := b.asReference("s"); len(got) > 0 {
		t.Errorf("it gets %+v", got)
	}
	if _, list := b.pollPage(origin + "/"); names(list) != "m waits" && names(list) != "waits m" {
		t.Errorf("ours gets %s", names(list))
	}
}

func TestEachStepSaysWhereItStands(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, `
[[messages]]
id = "tour"
pages = ["*"]
display = "modal"
  [[messages.steps]]
  name = "welcome"
  text = "A"
  [[messages.steps]]
  display = "tooltip"
  target = "#invoices"
  position = "right"
  arrow_color = "#fff"
  text = "B"
  [[messages.steps]]
  display = "toast"
  text = "C"
  [[messages.steps]]
  display = "inline"
  target = "#d"
  text = "D"
  [[messages.steps]]
  display = "fullscreen"
  text = "E"
`))
	want := `[{"stepName":"welcome","displaySettings":{"displayType":"modal","modalPosition":"center","maxWidth":448,"dismissOutsideClick":true}},` +
		`{"stepName":"step-2","displaySettings":{"displayType":"tooltip","elementSelector":"#invoices","tooltipPosition":"right","tooltipArrowColor":"#fff","maxWidth":320}},` +
		`{"stepName":"step-3","displaySettings":{"displayType":"overlay","overlayPosition":"bottomRight","maxWidth":360}},` +
		`{"stepName":"step-4","displaySettings":{"displayType":"inline","elementSelector":"#d"}},` +
		`{"stepName":"step-5","displaySettings":{"displayType":"modal","modalPosition":"top","maxWidth":100000,"dismissOutsideClick":false}}]`
	if got := string(b.asReference("s")["tour"].DisplaySettings); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestContentIsMadeForTheVisitorOfTheReferenceClient(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, `
[workspace]
locale = "en"
[[messages]]
id = "hello"
pages = ["*"]
text = "Hello {{ visitor.id | default: 'guest' }}"
[messages.locales.de]
text = "Hallo {{ visitor.id | default: 'Gast' }}"
[[messages]]
id = "named"
pages = ["*"]
text = "{{ traits.name }}"
`))
	b.header.Set("Content-Language", "de-AT") // by the site's own setUserLocale
	b.header.Set("Accept-Language", "en-US,en;q=0.9")
	b.header.Set("X-Gist-Encoded-User-Token", base64.StdEncoding.EncodeToString([]byte{'J', 0xFC, 'r', 'g'}))
	got := b.asReference("s")
	if text, _ := json.Marshal(got["hello"].Properties.Handbill.Content); !strings.Contains(string(text), "Hallo Jürg") {
		t.Errorf("it is shown %s", text)
	}
	if _, there := got["named"]; there {
		t.Error("it is given what says nothing to this visitor")
	}
}

func TestADocumentGoesToTheRendererCompressed(t *testing.T) {
	const document = "<!doctype html><title>Sale</title><p>20 % off.</p>"
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, "[[messages]]\nid = \"m\"\npages = [\"*\"]\ntitle = \"Sale\"\nhtml_sandbox = \""+document+"\"\n"))
	for range 2 {
		encoded, _ := b.asReference("s")["m"].Properties.Gist["encodedMessageHtml"].(string)
		packed, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || !strings.HasPrefix(encoded, "H4sI") {
			t.Fatalf("%q: %v", encoded, err)
		}
		reader, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(reader); err != nil || string(text) != document {
			t.Errorf("%q, %v", text, err)
		}
	}
}
