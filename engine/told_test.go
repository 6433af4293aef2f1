package engine_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

const survey = `
[[messages]]
id = "recommend"
display = "modal"
pages = ["*"]
frequency = "until_action"
form_event = "Survey Answered"

  [[messages.steps]]
  name = "score"
  fields = [{ name = "score", type = "nps", label = "How likely are you to recommend us?", required = true, trait = "nps" }, { name = "reason", type = "textarea", label = "Why?" }]
  buttons = [{ text = "Send", action = "submit" }, { text = "Weekly", action = "set:mail=weekly" }, { text = "More", action = "show:tour" }]

[[messages]]
id = "tour"
display = "banner"
pages = ["/tour"]
frequency = "once"
text = "Look around."
`

// logged is an edge with a log of events, which are read when it is closed.
func logged(t *testing.T, text string) (*edge, func() []eventlog.Event) {
	t.Helper()
	dir := t.TempDir()
	log, err := eventlog.Open(dir, eventlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	e := &edge{store: store.NewMemory(), now: november, t: t}
	t.Cleanup(func() { _ = e.store.Close() })
	e.Engine, err = engine.New(context.Background(), engine.Options{Workspace: "shop", Store: e.store, Events: log, Now: func() time.Time { return e.now }})
	if err != nil {
		t.Fatal(err)
	}
	e.use(text)
	return e, func() []eventlog.Event {
		t.Helper()
		var all []eventlog.Event
		reader := eventlog.Read(dir)
		for event, err := range reader {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, event)
		}
		return all
	}
}

func TestWhatAVisitorTellsBecomesAnEventAndTraits(t *testing.T) {
	submit := func(answers map[string]any) engine.Report {
		return engine.Report{Outcome: engine.OutcomeClicked, ActionName: "send", ActionValue: "submit", Step: "score", Answers: answers}
	}
	for _, c := range []struct {
		name   string
		report engine.Report
		traits map[string]any
		event  map[string]any
		wrong  string
	}{
		{name: "a form", report: submit(map[string]any{"score": 9.0, "reason": " It is quick. "}), traits: map[string]any{"nps": 9.0},
			event: map[string]any{"message": "recommend", "step": "score", "answers": map[string]any{"score": 9.0, "reason": "It is quick."}}},
		{name: "a form with a field left empty", report: submit(map[string]any{"score": 0.0, "reason": ""}), traits: map[string]any{"nps": 0.0},
			event: map[string]any{"message": "recommend", "step": "score", "answers": map[string]any{"score": 0.0}}},
		{name: "a form without what is required", report: submit(map[string]any{"reason": "No."}), wrong: `the answer to "score" is missing`},
		{name: "an answer off the scale", report: submit(map[string]any{"score": 11.0}), wrong: `the answer to "score" is out of range`},
		{name: "an answer between two numbers", report: submit(map[string]any{"score": 7.5}), wrong: `the answer to "score" is not on its scale`},
		{name: "an answer of another kind", report: submit(map[string]any{"score": "9"}), wrong: `the answer to "score" is no number`},
		{name: "an answer that nobody asked for", report: submit(map[string]any{"score": 9.0, "plan": "team"}), wrong: `the form has no field "plan"`},
		{name: "a step that is none", report: engine.Report{Outcome: engine.OutcomeClicked, ActionValue: "submit", Step: "x"}, wrong: `has no form in the step "x"`},
		{name: "a button that sets a trait", report: engine.Report{Outcome: engine.OutcomeClicked, ActionValue: "set:mail=weekly"}, traits: map[string]any{"mail": "weekly"}},
		{name: "a trait that no button sets", report: engine.Report{Outcome: engine.OutcomeClicked, ActionValue: "set:plan=team"}},
		{name: "a value that no button sets", report: engine.Report{Outcome: engine.OutcomeClicked, ActionValue: "set:mail=daily"}},
		{name: "answers beside another button", report: engine.Report{Outcome: engine.OutcomeClicked, ActionValue: "dismiss", Step: "score", Answers: map[string]any{"score": 9.0}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, events := logged(t, survey)
			c.report.EventID = "event-1"
			c.report.DeliveryID = e.poll(ada, "https://shop.example.com/", "tab", "view").Deliveries[0].ID
			refused, err := e.Report(context.Background(), ada, []engine.Report{c.report, c.report})
			if err != nil {
				t.Fatal(err)
			}
			if c.wrong != "" {
				if refused[0] == nil || !strings.Contains(refused[0].Error(), c.wrong) {
					t.Errorf("refused: %v, want %s", refused[0], c.wrong)
				}
			} else if refused[0] != nil {
				t.Errorf("refused: %v", refused[0])
			}
			record, err := e.store.Load(context.Background(), store.Key{Workspace: "shop", Visitor: ada.ID()})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]any{}
			if record != nil {
				got = record.Traits
				if record.Verified != visitor.LevelAnonymous {
					t.Errorf("telling something made somebody of the visitor: level %d", record.Verified)
				}
			}
			if !equal(got, c.traits) {
				t.Errorf("the traits are %v, want %v", got, c.traits)
			}
			var told map[string]any
			for _, event := range events() {
				if event.Name == "Survey Answered" {
					told = event.Properties
					if event.Type != "track" || event.ID != "event-1:form" || event.Visitor != ada.ID() {
						t.Errorf("the event is %+v", event)
					}
				}
			}
			if !equal(told, c.event) {
				t.Errorf("the event says %v, want %v", told, c.event)
			}
		})
	}
}

// equal compares as JSON does.
func equal(a, b map[string]any) bool {
	left, _ := json.Marshal(a)
	right, _ := json.Marshal(b)
	return len(a) == 0 && len(b) == 0 || string(left) == string(right)
}

func TestASendTestTellsNothingOfItsRecipient(t *testing.T) {
	e, events := logged(t, survey)
	if _, err := e.SendTest(context.Background(), ada.ID(), "recommend", nil); err != nil {
		t.Fatal(err)
	}
	delivery := e.poll(ada, "https://shop.example.com/", "tab", "view").Deliveries[0]
	report := engine.Report{EventID: "1", DeliveryID: delivery.ID, Outcome: engine.OutcomeClicked, ActionValue: "submit", Step: "score", Answers: map[string]any{"score": 9.0}}
	if refused, err := e.Report(context.Background(), ada, []engine.Report{report}); err != nil || refused[0] != nil || !delivery.Test {
		t.Fatal(refused, err, delivery.Test)
	}
	record, err := e.store.Load(context.Background(), store.Key{Workspace: "shop", Visitor: ada.ID()})
	if err != nil || len(record.Traits) > 0 {
		t.Errorf("the traits are %v, error %v", record.Traits, err)
	}
	all := events()
	if last := all[len(all)-1]; last.Name != "Survey Answered" || last.Properties["test"] != true {
		t.Errorf("the last event is %+v", last)
	}
}

func TestAButtonShowsAMessageThatWouldNotShow(t *testing.T) {
	e := newEdge(t, survey)
	poll := func(who visitor.Identity, show map[string]string) []string {
		answer, err := e.Poll(context.Background(), engine.PollRequest{Identity: who, Page: page(t, "https://shop.example.com/", ""), Tab: "tab", View: "view", Show: show})
		if err != nil {
			t.Fatal(err)
		}
		return ids(answer)
	}
	from := e.poll(ada, "https://shop.example.com/", "tab", "view").Deliveries[0].ID
	bob := visitor.Identity{Anonymous: "browser-of-bob"}
	for _, c := range []struct {
		name string
		who  visitor.Identity
		show map[string]string
		want string
	}{
		{"nothing is asked for", ada, nil, "recommend"},
		{"the button's message", ada, map[string]string{"tour": from}, "tour recommend"},
		{"a message that no button shows", ada, map[string]string{"recommend": from}, "recommend"},
		{"a message that is not there", ada, map[string]string{"x": from}, "recommend"},
		{"another visitor's delivery", bob, map[string]string{"tour": from}, "recommend"},
		{"no delivery", ada, map[string]string{"tour": "x"}, "recommend"},
	} {
		if got := strings.Join(poll(c.who, c.show), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	// However often it was seen.
	shown, err := e.Poll(context.Background(), engine.PollRequest{Identity: ada, Page: page(t, "https://shop.example.com/", ""), Tab: "tab", View: "view", Show: map[string]string{"tour": from}})
	if err != nil {
		t.Fatal(err)
	}
	e.report(ada, engine.OutcomeOpened, shown.Deliveries[0].ID)
	e.now = e.now.Add(time.Hour)
	if got := strings.Join(poll(ada, map[string]string{"tour": from}), " "); got != "tour recommend" {
		t.Errorf("an hour later: %q", got)
	}
	// A draft stays one.
	e.use(strings.Replace(survey, `id = "tour"`, "id = \"tour\"\nstatus = \"draft\"", 1))
	if got := strings.Join(poll(ada, map[string]string{"tour": from}), " "); got != "recommend" {
		t.Errorf("as a draft: %q", got)
	}
}
