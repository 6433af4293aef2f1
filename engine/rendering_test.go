package engine_test

import (
	"context"
	"strings"
	"testing"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// dach is a workspace whose messages are other for each visitor.
const dach = `
[workspace]
locale = "en"

[[templates]]
id = "announcement"
params = ["title", "link"]
title = "{{ params.title }}"
text = "[Read on]({{ params.link }})"

[[messages]]
id = "hello"
pages = ["/"]
title = "Hello {{ traits.first_name | default: 'there' }}"
text = "You are on {{ page.path }}, {% if visitor.anonymous %}nobody{% else %}{{ visitor.id }}{% endif %}."
buttons = [{ name = "account", text = "Account", action = "{{ traits.account }}" }, { text = "Fine", action = "dismiss" }]

[[messages]]
id = "sale"
pages = ["/sale"]
text = "Sale"

  [messages.locales.de]
  text = "Ausverkauf"

[[messages]]
id = "dark"
template = "announcement"
params = { title = "Dark mode", link = "/docs" }
pages = ["/dark"]

[[messages]]
id = "share"
pages = ["/share"]
text = "{{ 100 | divided_by: traits.seats }} % each"
`

func shownTo(e *edge, who visitor.Identity, path string, languages ...string) engine.PollAnswer {
	e.t.Helper()
	answer, err := e.Poll(context.Background(), engine.PollRequest{Identity: who, Page: page(e.t, "https://shop.example.com"+path, ""), Tab: "tab", View: "view", Languages: languages})
	if err != nil {
		e.t.Fatal(err)
	}
	return answer
}

func identify(e *edge, traits map[string]any) {
	e.t.Helper()
	if err := e.Identify(context.Background(), adaKnown, traits); err != nil {
		e.t.Fatal(err)
	}
}

func TestAMessageIsMadeForItsVisitor(t *testing.T) {
	e := newEdge(t, dach)
	somebody := shownTo(e, ada, "/")
	if got := somebody.Deliveries[0].Content.HTML(); !strings.Contains(got, "<h2>Hello there</h2>") || !strings.Contains(got, "You are on /, nobody.") || strings.Contains(got, "Account") {
		t.Errorf("somebody unknown gets %s", got)
	}
	if e.Snapshot().Message("hello").Content.Steps[0].Title != "Hello there" {
		t.Error("the message without a visitor is not as for somebody unknown")
	}

	identify(e, map[string]any{"first_name": "<b>Ada</b>", "account": "/accounts/ada"})
	known := shownTo(e, adaKnown, "/")
	if got := known.Deliveries[0].Content.HTML(); !strings.Contains(got, "<h2>Hello &lt;b&gt;Ada&lt;/b&gt;</h2>") || !strings.Contains(got, "You are on /, ada.") || !strings.Contains(got, `value="/accounts/ada"`) {
		t.Errorf("Ada gets %s", got)
	}
	if text := string(known.Deliveries[0].Text); !strings.Contains(text, `"lang":"en"`) || !strings.Contains(text, `"dir":"ltr"`) {
		t.Errorf("as JSON she gets %s", text)
	}
	identify(e, map[string]any{"first_name": "Ada"})
	if again := shownTo(e, adaKnown, "/"); again.Generation == known.Generation {
		t.Error("other words have the same generation")
	}
}

func TestAnErrorIsCountedForEachAddressThatMayNotBeUsed(t *testing.T) {
	e := newEdge(t, dach)
	identify(e, map[string]any{"account": "javascript:alert(1)"})
	answer := shownTo(e, adaKnown, "/")
	if shown := answer.Deliveries[0].Content.Steps[0]; len(shown.Buttons) != 1 || shown.Buttons[0].Name != "fine" {
		t.Errorf("the buttons are %+v", shown.Buttons)
	}
	if _, err := e.Poll(context.Background(), engine.PollRequest{Identity: adaKnown, Page: page(t, "https://shop.example.com/", ""), Tab: "tab", View: "view", Generation: answer.Generation}); err != nil {
		t.Fatal(err)
	}
	counted, err := e.store.Statistics(context.Background(), "shop")
	if err != nil || counted["hello"][store.MetricError] != 1 {
		t.Errorf("counted is %v (%v)", counted, err)
	}
}

func TestAMessageComesInTheVisitorsLanguage(t *testing.T) {
	e := newEdge(t, dach)
	text := func(who visitor.Identity, languages ...string) string {
		return shownTo(e, who, "/sale", languages...).Deliveries[0].Content.HTML()
	}
	if got := text(ada, "fr, de-AT;q=0.8, en;q=0.5"); !strings.Contains(got, "Ausverkauf") {
		t.Errorf("who reads German gets %s", got)
	}
	if got := text(ada, "en-GB, de;q=0.8"); !strings.Contains(got, "Sale") {
		t.Errorf("who reads English gets %s", got)
	}
	identify(e, map[string]any{"locale": "de_DE"})
	if got := text(adaKnown, "en"); !strings.Contains(got, "Ausverkauf") {
		t.Errorf("who says German gets %s", got)
	}
	german, english := shownTo(e, ada, "/sale", "de"), shownTo(e, ada, "/sale", "en")
	if german.Generation == english.Generation {
		t.Error("two languages have one generation")
	}
	if german.Deliveries[0].Text != nil || german.Deliveries[0].Content != shownTo(e, ada, "/sale", "de").Deliveries[0].Content {
		t.Error("what all who read German get is made for each of them")
	}
}

func TestATemplateWithItsParamsIsTheSameForEverybody(t *testing.T) {
	e := newEdge(t, dach)
	d := shownTo(e, ada, "/dark").Deliveries[0]
	if d.Text != nil || d.Content.HTML() != `<section data-step="step-1"><h2>Dark mode</h2><div class="body"><p><a href="/docs">Read on</a></p></div></section>` {
		t.Errorf("got %s", d.Content.HTML())
	}
}

func TestAMessageThatCannotBeMadeIsNotShownAndSaysWhy(t *testing.T) {
	e := newEdge(t, dach)
	if answer := shownTo(e, ada, "/share"); len(answer.Deliveries) != 0 {
		t.Errorf("shown: %v", ids(answer))
	}
	explained, err := e.Explain(context.Background(), engine.ExplainRequest{Page: page(t, "https://shop.example.com/share", "")})
	if err != nil {
		t.Fatal(err)
	}
	share := explained.Messages[3]
	last := checkOf(t, share, "content")
	if share.Due || share.Reason != engine.ReasonContent || !strings.Contains(last.Saw, "divided by zero") || !strings.Contains(last.Help, "messages.toml:") {
		t.Errorf("explained is %+v", share)
	}
	identify(e, map[string]any{"seats": 4.0})
	if answer := shownTo(e, adaKnown, "/share"); len(answer.Deliveries) != 1 || !strings.Contains(answer.Deliveries[0].Content.HTML(), "25 % each") {
		t.Errorf("shown: %v", ids(answer))
	}
}
