package workspace

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"handbill/engine/content"
)

// Inbox is what a message that lies in the inbox has beside its content.
type Inbox struct {
	// Topics are what it is about; there is at least one.
	Topics []string
	// Type names how it is drawn.
	Type string
	// Properties are what the site's own inbox is given, as JSON has it; nil for none.
	Properties map[string]any
	// Personal: it says something about the person whom it is for, or is meant for that one person.
	Personal bool
}

// Defaults and bounds of messages in the inbox.
const (
	// DrawnTopic begins the topics of messages that are in the inbox which the client draws.
	DrawnTopic = "cio_inbox"
	// DefaultInboxType is how a message is drawn that says nothing of it, TypeNotice the other way there is.
	DefaultInboxType = "card"
	TypeNotice       = "notice"

	maximumTopics      = 20
	maximumTopicLength = 100
	maximumProperties  = 16 << 10
)

// Drawn says whether it is in the inbox that the client draws.
func (i *Inbox) Drawn() bool {
	return slices.ContainsFunc(i.Topics, func(topic string) bool { return strings.HasPrefix(topic, DrawnTopic) })
}

// InInbox are the messages that lie in the inbox, in their order. Drawn says whether the client draws an inbox for one of them.
func (s *Snapshot) InInbox() (messages []*Message, drawn bool) {
	return s.inbox.messages, s.inbox.drawn
}

// Theme is how messages look that name no theme; the zero value where the workspace names none.
func (s *Snapshot) Theme() content.Theme { return s.inbox.look }

// inboxOf is what a snapshot says of the inbox.
type inboxOf struct {
	messages []*Message
	drawn    bool
	look     content.Theme
}

func (s *Snapshot) addToInbox(m *Message) {
	if m.Inbox != nil {
		s.inbox.messages, s.inbox.drawn = append(s.inbox.messages, m), s.inbox.drawn || m.Inbox.Drawn()
	}
}

// isInbox says whether a message lies in the inbox.
func isInbox(s section, base *template) bool {
	if base != nil {
		return s.word("display", base.content.Display) == content.DisplayInbox
	}
	return s.text("display") == content.DisplayInbox
}

// excused are the required keys that a message need not have.
func excused(s section, base *template) []string {
	if isInbox(s, base) {
		return []string{"pages"}
	}
	return nil
}

// outsideInbox are the keys that mean nothing in the inbox, and why.
var outsideInbox = []struct{ key, why string }{
	{"frequency", "a message lies in the inbox until it is deleted or expires"},
	{"when", "a message in the inbox waits for nothing on a page"},
	{"throttles", "no throttle counts messages in the inbox"},
	{"ignore_throttle", "no throttle counts messages in the inbox"},
	{"persistent", "a message lies in the inbox until it is deleted or expires"},
	{"theme", "the inbox has the theme of the workspace"},
	{"fields", "a message in the inbox has no fields"},
	{"html_sandbox", "a message in the inbox has no document of its own"},
	{"steps", "a message in the inbox has one step"},
}

// inbox reads what a message has that lies in the inbox; nil for one that does not.
func (c *check) inbox(s section, m *Message, base *template) *Inbox {
	if !isInbox(s, base) {
		for _, k := range inboxKeys {
			if s.has(k.name) {
				s.wrong(s.at(k.name), `set display = "inbox", or take it away`, "only a message in the inbox has %s", k.name)
			}
		}
		return nil
	}
	for _, none := range outsideInbox {
		if s.has(none.key) {
			s.wrong(s.at(none.key), "take it away", "%s", none.why)
		}
	}
	for _, rules := range []string{"pages", "except"} {
		if s.has(rules) {
			s.doubtful(s.at(rules), "take it away", "%s does nothing: a message in the inbox is there on every page", rules)
		}
	}
	if base != nil && base.stepped {
		s.wrong(s.at("template"), "name a template without steps", "a message in the inbox has one step, and template %q has several", base.id)
	}
	c.inboxButtons(s, m)
	in := &Inbox{Topics: c.topics(s), Type: s.word("type", DefaultInboxType), Properties: c.properties(s)}
	if s.has("type") && kindOf(s.values["type"]) == aText && !identifier.MatchString(in.Type) {
		s.wrong(s.at("type"), identifierRule, "the type %q cannot be used", in.Type)
	}
	// Until it expires or is deleted it stays, and no throttle knows it.
	m.IgnoreThrottle, m.Frequency = true, Frequency{Name: "in the inbox"}
	m.PageRules, m.Except = nil, nil
	return in
}

// setPersonal says of a message in the inbox whether it is personal: it came to this one person, or depends on what they are.
func (i *Inbox) setPersonal(m *Message) {
	if i == nil {
		return
	}
	i.Personal = m.Kind != KindBroadcast || m.readsTraits || m.Localized.Reads("visitor")
	for _, v := range m.Variants {
		i.Personal = i.Personal || v.Message.Localized.Reads("traits") || v.Message.Localized.Reads("visitor")
	}
}

// inboxVariant reports a variant that is not where its message is, and what it cannot have in the inbox.
func (c *check) inboxVariant(of, v section, made *Message, base *template) {
	in := isInbox(of, base)
	if in != (made.Content.Display == content.DisplayInbox) {
		v.wrong(v.at("display"), "take display away, or make two messages", "all variants of a message lie in the inbox, or none does")
	}
	for _, none := range outsideInbox {
		if in && v.has(none.key) {
			v.wrong(v.at(none.key), "take it away", "%s", none.why)
		}
	}
}

func (c *check) topics(s section) []string {
	topics := s.texts("topics")
	switch {
	case !s.has("topics"):
		return []string{DrawnTopic}
	case len(topics) == 0 && aTextList.accepts(s.values["topics"]):
		s.wrong(s.at("topics"), "name a topic, or leave the key out", "topics is empty")
	case len(topics) > maximumTopics:
		s.wrong(s.at("topics"), "keep those that an inbox asks for", "there are %d topics, and may be %d", len(topics), maximumTopics)
	}
	for i, topic := range topics {
		switch {
		case strings.TrimSpace(topic) == "":
			s.wrong(s.atItem("topics", i), "name the topic, or take it away", "a topic is empty")
		case len(topic) > maximumTopicLength:
			s.wrong(s.atItem("topics", i), "shorten it", "the topic %.20q… has %d bytes, and may have %d", topic, len(topic), maximumTopicLength)
		}
	}
	return topics
}

// properties are what the site's own inbox is given, as JSON has it.
func (c *check) properties(s section) map[string]any {
	values := s.table("properties")
	if len(values) == 0 {
		return nil
	}
	text, err := json.Marshal(asJSON(values))
	if err != nil {
		s.wrong(s.at("properties"), "write texts, numbers, true, false, lists and tables", "properties cannot be written as JSON: %s", err)
		return nil
	}
	if len(text) > maximumProperties {
		s.wrong(s.at("properties"), "keep what the inbox needs, and let the site load the rest", "properties has %d bytes as JSON, and may have %d", len(text), maximumProperties)
		return nil
	}
	var made map[string]any
	if err := json.Unmarshal(text, &made); err != nil {
		return nil // it was made just above
	}
	return made
}

// asJSON is a TOML value with its dates as text: those without a zone stay without one.
func asJSON(value any) any {
	switch value := value.(type) {
	case time.Time:
		switch value.Location().String() {
		case locationOfLocalDateTime:
			return value.Format("2006-01-02T15:04:05.999999999")
		case locationOfLocalDate:
			return value.Format("2006-01-02")
		case locationOfLocalTime:
			return value.Format("15:04:05.999999999")
		}
		return value.Format(time.RFC3339Nano)
	case map[string]any:
		table := make(map[string]any, len(value))
		for name, item := range value {
			table[name] = asJSON(item)
		}
		return table
	case []map[string]any:
		list := make([]any, len(value))
		for i, item := range value {
			list[i] = asJSON(item)
		}
		return list
	case []any:
		list := make([]any, len(value))
		for i, item := range value {
			list[i] = asJSON(item)
		}
		return list
	}
	return value
}

// inboxButtons reports buttons that the inbox cannot have.
func (c *check) inboxButtons(s section, m *Message) {
	if m.template == nil || len(m.template.Steps) == 0 || !s.has("buttons") {
		return
	}
	for i, button := range m.template.Steps[0].Buttons {
		action, known := actionOf(button)
		if known && !slices.Contains([]content.ActionKind{content.OpenURL, content.Dismiss, content.CustomEvent}, action.Kind) {
			s.wrong(s.atItem("buttons", i), `write an address, "dismiss", which deletes the message, or "event:" and a name, which the site receives`,
				"the action %q does nothing in the inbox", button.Action.Plain())
		}
	}
}

// sameInbox says whether two messages of the same text are meant for the same eyes.
func sameInbox(a, b *Message) bool {
	return (a.Inbox == nil) == (b.Inbox == nil) && (a.Inbox == nil || a.Inbox.Personal == b.Inbox.Personal)
}
