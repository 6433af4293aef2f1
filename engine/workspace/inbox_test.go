package workspace

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAMessageInTheInbox(t *testing.T) {
	s := good(t, "a.toml", letter+`
topics = ["orders", "cio_inbox_shipping"]
type = "parcel"
properties = { icon = "truck", weight = 1.5, day = 2026-12-01, sizes = [1, 2], from = { city = "Ulm" }, steps = [{ at = 2026-12-01T08:00:00Z }] }
expires = "7d"
`+"[[messages]]\nid = \"plain\"\ndisplay = \"inbox\"\ntitle = \"Hello\"\n"+strings.Replace(banner, "spring-sale", "sale", 1))
	want := &Inbox{
		Topics: []string{"orders", "cio_inbox_shipping"}, Type: "parcel",
		Properties: map[string]any{
			"icon": "truck", "weight": 1.5, "day": "2026-12-01", "sizes": []any{1.0, 2.0}, "from": map[string]any{"city": "Ulm"},
			"steps": []any{map[string]any{"at": "2026-12-01T08:00:00Z"}},
		},
	}
	m := s.Message("order")
	if !reflect.DeepEqual(m.Inbox, want) || !m.Inbox.Drawn() || m.Expires != 7*24*time.Hour || !m.IgnoreThrottle {
		t.Errorf("it is %+v", m.Inbox)
	}
	plain := s.Message("plain").Inbox
	if !reflect.DeepEqual(plain, &Inbox{Topics: []string{"cio_inbox"}, Type: "card"}) {
		t.Errorf("without its own keys it is %+v", plain)
	}
	if s.Message("sale").Inbox != nil {
		t.Error("a banner lies in the inbox")
	}
	messages, drawn := s.InInbox()
	if len(messages) != 2 || messages[0].ID != "order" || messages[1].ID != "plain" || !drawn {
		t.Errorf("in the inbox are %v", messages)
	}
	if _, drawn := good(t, "a.toml", letter+"topics = [\"orders\"]\n").InInbox(); drawn {
		t.Error("an inbox is drawn for messages that are for the site's own")
	}
}

func TestWhichMessagesInTheInboxArePersonal(t *testing.T) {
	vip := segment("vip", "traits.plan == \"gold\"")
	for name, c := range map[string]struct {
		text     string
		personal bool
	}{
		"the same for everybody":        {letter, false},
		"for people who identified":     {letter + "audience = \"identified\"\n", false},
		"a text with a trait":           {strings.Replace(letter, "It is", "{{ traits.first_name | default: 'It' }} is", 1), true},
		"a text with the user's id":     {strings.Replace(letter, "It is", "{{ visitor.id }} is", 1), true},
		"an audience by traits":         {vip + letter + "audience = \"vip\"\n", true},
		"a condition on traits":         {letter + "where = 'traits.plan == \"gold\"'\n", true},
		"a campaign":                    {letter + "kind = \"campaign\"\ntrigger = { event = \"Order Completed\" }\n", true},
		"sent to one person":            {letter + "kind = \"transactional\"\n", true},
		"a variant with a trait":        {letter + "[[messages.variants]]\nid = \"b\"\ntext = \"{{ traits.plan | default: 'A' }}\"\n", true},
		"a variant that says otherwise": {letter + "[[messages.variants]]\nid = \"b\"\ntext = \"It left today.\"\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := good(t, "a.toml", c.text).Message("order").Inbox.Personal; got != c.personal {
				t.Errorf("personal: %t", got)
			}
		})
	}
}

func TestPagesOfAMessageInTheInboxAreDoubtful(t *testing.T) {
	snapshot, problems, warnings := compile(t, "a.toml", letter+"pages = [\"/orders\"]\n")
	want := `a.toml:5:1: message "order": pages does nothing: a message in the inbox is there on every page; take it away`
	if len(problems) > 0 || told(warnings) != want {
		t.Errorf("problems %v, warnings %s", problems, told(warnings))
	}
	if len(snapshot.Message("order").PageRules) > 0 {
		t.Error("its page rules are kept")
	}
}

func TestTheSchemaAsksForPagesOutsideTheInbox(t *testing.T) {
	validate := editor(t)
	if err := validate(letter); err != nil {
		t.Errorf("a message in the inbox: %v", err)
	}
	if err := validate(strings.Replace(letter, "inbox", "banner", 1)); err == nil {
		t.Error("a banner needs no pages")
	}
}
