package workspace

import (
	"slices"
	"strings"

	"handbill/engine/audience"
	"handbill/engine/content"
	"handbill/engine/experiment"
	"handbill/engine/pagerule"
)

// embedKey is that of messages which stand in the page itself.
var embedKey = []key{{
	name: "embed", kind: aTruth,
	fallback: "false", example: "embed = true",
	meaning: "`true`: an `\"inline\"` message that is the same for everybody comes [with the page itself](embeds.md), where the reference client shows it without asking.",
}}

// embedFrequencies are the frequencies that the browser keeps by itself, and its words for them.
var embedFrequencies = map[string]string{FrequencyAlways: "always", FrequencyUntilDismissed: "untilDismissed", FrequencyOnce: "onceEver"}

// EmbedFrequency is the reference client's word for how often a message that comes with the page is shown.
func (m *Message) EmbedFrequency() string { return embedFrequencies[m.Frequency.Name] }

// Embedded are the live messages that come with their pages, in their order.
func (s *Snapshot) Embedded() []*Message { return s.embedded }

func (s *Snapshot) addEmbedded(m *Message) {
	if m.Embed && m.Status == StatusLive {
		s.embedded = append(s.embedded, m)
	}
}

// embed reads whether a message comes with its page. Only one can of which the page's address alone decides.
func (c *check) embed(s section, m *Message) bool {
	embed, _ := s.values["embed"].(bool)
	if !embed {
		return false
	}
	wrong := func(key, fix, why string) {
		s.wrong(s.at(key), fix, "embed: %s", why)
	}
	first := m.Content.Placement()
	switch {
	case m.Content.Display != content.DisplayInline || first.Position != content.PositionInside:
		wrong("embed", `write display = "inline" and position = "inside", or take embed away`, "only a message inside an element of the page can come with the page")
	case m.Localized != nil && m.Localized.Static() == nil:
		wrong("embed", "take away what depends on the visitor, and other languages", "what comes with the page is the same for everybody")
	}
	if m.Kind != KindBroadcast {
		wrong("kind", "take embed away", "only a broadcast can come with the page")
	}
	if m.Audience.String() != audience.Anyone {
		wrong("audience", "take embed away, or the audience", "what comes with the page is for anyone")
	}
	if m.Kind == KindBroadcast && embedFrequencies[m.Frequency.Name] == "" {
		wrong("frequency", `write "always", "until_dismissed" or "once"`, "the browser alone counts how often it is shown")
	}
	for _, key := range []string{"where", "start", "end", "schedule", "expires", "when", "variants", "holdout", "exclusive_group", "throttles", "html_sandbox"} {
		if s.has(key) {
			wrong(key, "take it away, or take embed away", "only the page's address can decide about what comes with the page")
		}
	}
	if m.Rollout < experiment.Buckets {
		wrong("rollout", "take it away, or take embed away", "only the page's address can decide about what comes with the page")
	}
	for _, list := range []struct {
		name  string
		rules []pagerule.Rule
	}{{"pages", m.Pages.Pages()}, {"except", m.Pages.Except()}} {
		at := slices.IndexFunc(list.rules, func(rule pagerule.Rule) bool {
			return strings.HasPrefix(rule.String(), "name:") || strings.Contains(rule.String(), "#")
		})
		if at >= 0 {
			s.wrong(s.atItem(list.name, at), "write a rule of the page's path", "embed: the server does not know the page's name or fragment")
		}
	}
	return true
}
