package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/visitor"
)

func TestExplainSaysOfAMessageThatIsLeftOutWhatIsWrong(t *testing.T) {
	e := newEdge(t, `
[workspace]
on_error = "skip"

[[messages]]
id = "sale"
pages = ["*"]
text = "20 % off"

[[messages]]
id = "trial"
pages = ["*"]
text = "Two days left"
where = 'traits.plan ='

[[messages]]
pages = ["*"]
text = "Without an id"
`)
	explanation, err := e.Explain(context.Background(), engine.ExplainRequest{Page: page(t, "https://example.com/", "")})
	if err != nil || len(explanation.Messages) != 3 {
		t.Fatalf("%+v, %v", explanation, err)
	}
	if m := explanation.Messages[0]; m.Message != "sale" || !m.Due {
		t.Errorf("the good one: %+v", m)
	}
	m := explanation.Messages[1]
	if m.Message != "trial" || m.Due || m.Reason != engine.ReasonLeftOut || m.Position != "messages.toml:10" || len(m.Checks) != 1 {
		t.Fatalf("the one that is left out: %+v", m)
	}
	if check := m.Checks[0]; check.Name != "workspace" || check.Passed || check.Help == "" || !strings.HasPrefix(check.Saw, `messages.toml:14:22: message "trial": where: `) {
		t.Errorf("it says %+v", check)
	}
	if m := explanation.Messages[2]; m.Message != "a message without an id" || m.Reason != engine.ReasonLeftOut {
		t.Errorf("the one without an id: %+v", m)
	}
}

func TestExplainNamesTheFirstReasonAgainstEachMessage(t *testing.T) {
	const shoes = "https://shop.example.com/shoes"
	e := newEdge(t, shop)
	e.closes(ada, shoes, "spring-sale")
	if err := e.Identify(context.Background(), adaKnown, map[string]any{"email": "ada@example.com"}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		visitor string
		page    string
		at      time.Time
		want    map[string]engine.Reason
	}{
		{"somebody new", "", shoes, time.Time{}, map[string]engine.Reason{
			"welcome": engine.ReasonPage, "spring-sale": engine.ReasonNone, "members-only": engine.ReasonAudience,
			"newcomers": engine.ReasonPage, "winter-sale": engine.ReasonNotStarted, "not-yet": engine.ReasonNotLive,
		}},
		{"somebody who dismissed", "ada@example.com", shoes, time.Time{}, map[string]engine.Reason{
			"spring-sale": engine.ReasonDismissed, "members-only": engine.ReasonNone, "newcomers": engine.ReasonAudience,
		}},
		{"at another time", "", shoes, december, map[string]engine.Reason{"winter-sale": engine.ReasonSlot}},
		{"after the end", "", shoes, december.AddDate(0, 1, 0), map[string]engine.Reason{"winter-sale": engine.ReasonEnded}},
		{"on an excepted page", "", "https://shop.example.com/checkout/pay", time.Time{}, map[string]engine.Reason{"spring-sale": engine.ReasonPage}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			explanation, err := e.Explain(context.Background(), engine.ExplainRequest{Page: page(t, test.page, ""), Visitor: test.visitor, At: test.at})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range explanation.Messages {
				want, asked := test.want[m.Message]
				if asked && m.Reason != want {
					t.Errorf("%s: reason %q, want %q", m.Message, m.Reason, want)
				}
				if m.Due != (m.Reason == engine.ReasonNone) || len(m.Checks) < 6 {
					t.Errorf("%s: due %t with reason %q after %d checks", m.Message, m.Due, m.Reason, len(m.Checks))
				}
				for _, check := range m.Checks {
					if check.Saw == "" || !check.Passed && check.Help == "" {
						t.Errorf("%s: check %s says nothing: %+v", m.Message, check.Name, check)
					}
				}
			}
		})
	}
}

func TestExplainAgreesWithPoll(t *testing.T) {
	for _, address := range []string{"https://shop.example.com/", "https://shop.example.com/help", "https://shop.example.com/checkout/", "https://other.example.org/"} {
		for _, who := range []struct {
			name     string
			identity visitor.Identity
		}{{"", visitor.Identity{Anonymous: "new"}}, {"grace", visitor.Identity{User: "grace", Level: visitor.LevelIdentified}}} {
			e := newEdge(t, shop)
			explanation, err := e.Explain(context.Background(), engine.ExplainRequest{Page: page(t, address, ""), Visitor: who.name})
			if err != nil {
				t.Fatal(err)
			}
			due := map[string]bool{}
			answer, err := e.Poll(context.Background(), engine.PollRequest{Identity: who.identity, Page: page(t, address, ""), Tab: "tab", View: "view", Slots: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range ids(answer) {
				due[id] = true
			}
			for _, m := range explanation.Messages {
				if m.Due != due[m.Message] {
					t.Errorf("%s for %q on %s: explained %t, polled %t", m.Message, who.name, address, m.Due, due[m.Message])
				}
			}
		}
	}
}

// checkOf is a message's check with a name.
func checkOf(t *testing.T, m engine.MessageExplanation, name string) engine.Check {
	t.Helper()
	for _, check := range m.Checks {
		if check.Name == name {
			return check
		}
	}
	t.Fatalf("%s has no check %s: %+v", m.Message, name, m.Checks)
	return engine.Check{}
}
