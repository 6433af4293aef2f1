package engine_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/useragent"
)

// declaredReasons are the codes that reason.go gives names, in its order.
func declaredReasons(t *testing.T) []engine.Reason {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []engine.Reason
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Reason") {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if code != "" {
			all = append(all, engine.Reason(code))
		}
		return true
	})
	return all
}

func TestEveryReasonIsListedAndDocumented(t *testing.T) {
	declared := declaredReasons(t)
	if listed := engine.Reasons(); !slices.Equal(listed, declared) {
		t.Errorf("listed are %q, and declared %q", listed, declared)
	}
	data, err := os.ReadFile("../docs/why.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []engine.Reason
	var asked []string
	for _, row := range rows(t, string(data), "reason")[1:] {
		documented = append(documented, engine.Reason(strings.Trim(row[0], "`")))
		if asked = append(asked, row[1]); row[2] == "" || row[3] == "" {
			t.Errorf("of %s it is not said what it means or what to do", row[0])
		}
	}
	if !slices.Equal(documented, declared) {
		t.Errorf("docs/why.md has %q, and there are %q", documented, declared)
	}
	explanation, err := newEdge(t, offer(`"always"`)).Explain(context.Background(), engine.ExplainRequest{Page: page(t, shopHome, "")})
	if err != nil {
		t.Fatal(err)
	}
	var checks []string
	for _, check := range explanation.Messages[0].Checks {
		checks = append(checks, check.Name)
	}
	asked = slices.DeleteFunc(slices.Compact(asked), func(check string) bool { return check == "workspace" })
	// Which variant is shown is said, and never a reason.
	checks = slices.DeleteFunc(checks, func(check string) bool { return check == "variant" })
	if !slices.Equal(asked, checks) {
		t.Errorf("docs/why.md has the checks %q, and they are asked as %q", asked, checks)
	}
}

// reached is a message, and what has to happen for a reason to speak against it.
type reached struct {
	keys   string
	happen func(*edge)
	ask    engine.ExplainRequest
}

// see lets Ada be shown the message, and do something with it.
func see(outcome engine.Outcome, action string) func(*edge) {
	return func(e *edge) {
		answer := e.look(ada, "tab", "view", "visit")
		d := find(e.t, answer, "m")
		e.tell(ada, d, engine.OutcomeOpened, "", "visit")
		if outcome != engine.OutcomeOpened {
			e.tell(ada, d, outcome, action, "visit")
		}
	}
}

// later puts the clock on.
func later(d time.Duration, happen func(*edge)) func(*edge) {
	return func(e *edge) {
		happen(e)
		e.now = e.now.Add(d)
	}
}

func sends(e *edge) {
	if _, err := e.Send(context.Background(), engine.Send{Message: "m", To: "ada"}); err != nil {
		e.t.Fatal(err)
	}
}

const aCampaign = "kind = \"campaign\"\npages = [\"*\"]\nexpires = \"2d\"\n"

var everyReason = map[engine.Reason]reached{
	engine.ReasonInAppOff:      {keys: "pages = [\"*\"]\n[workspace]\nin_app = false"},
	engine.ReasonNotLive:       {keys: "pages = [\"*\"]\nstatus = \"paused\""},
	engine.ReasonBot:           {keys: "pages = [\"*\"]", ask: engine.ExplainRequest{Browser: engine.Browser{Agent: useragent.Agent{Bot: true}}}},
	engine.ReasonNotStarted:    {keys: "pages = [\"*\"]\nstart = 2027-01-01T00:00:00Z"},
	engine.ReasonEnded:         {keys: "pages = [\"*\"]\nend = 2020-01-01T00:00:00Z"},
	engine.ReasonOutsideHours:  {keys: "pages = [\"*\"]\nschedule = { hours = [\"09:00-10:00\"], timezone = \"UTC\" }", ask: engine.ExplainRequest{At: monday}},
	engine.ReasonNotTriggered:  {keys: aCampaign + `trigger = { event = "signed_up" }`},
	engine.ReasonWaiting:       {keys: aCampaign + `trigger = { event = "signed_up", delay = "1h" }`, ask: engine.ExplainRequest{Events: []engine.MadeUpEvent{{Name: "signed_up"}}}},
	engine.ReasonExited:        {keys: aCampaign + "trigger = { event = \"signed_up\" }\nexit = 'traits.plan == \"paid\"'", ask: engine.ExplainRequest{Events: []engine.MadeUpEvent{{Name: "signed_up"}}, Traits: map[string]any{"plan": "paid"}}},
	engine.ReasonExpired:       {keys: aCampaign + `trigger = { event = "signed_up" }`, happen: later(50*time.Hour, func(e *edge) { e.happens(ada, "signed_up", nil) })},
	engine.ReasonNeedsVerified: {keys: "kind = \"transactional\"\npages = [\"*\"]", happen: sends, ask: engine.ExplainRequest{Visitor: "ada"}},
	engine.ReasonAudience:      {keys: "pages = [\"*\"]\naudience = \"identified\""},
	engine.ReasonPage:          {keys: "pages = [\"/elsewhere\"]"},
	engine.ReasonWhere:         {keys: "pages = [\"*\"]\nwhere = 'traits.seats > 4'", ask: engine.ExplainRequest{Traits: map[string]any{"seats": 3.0}}},
	engine.ReasonDismissed:     {keys: "pages = [\"*\"]\nfrequency = \"until_dismissed\"", happen: see(engine.OutcomeDismissed, "")},
	engine.ReasonActed:         {keys: "pages = [\"*\"]\nfrequency = { stop_on = [\"action\"] }", happen: see(engine.OutcomeClicked, "https://shop.example.com/sale")},
	engine.ReasonConverted: {keys: "pages = [\"*\"]\nfrequency = { stop_on = [\"conversion\"] }\ngoal = { event = \"bought\" }", happen: func(e *edge) {
		see(engine.OutcomeOpened, "")(e)
		e.happens(ada, "bought", nil)
	}},
	engine.ReasonSnoozed:  {keys: "pages = [\"*\"]\nfrequency = \"always\"", happen: see(engine.OutcomeClicked, "snooze:24h")},
	engine.ReasonLifetime: {keys: "pages = [\"*\"]\nfrequency = \"once\"", happen: see(engine.OutcomeOpened, "")},
	engine.ReasonDays:     {keys: "pages = [\"*\"]\nfrequency = { stop_after_days = 1 }", happen: later(30*time.Hour, see(engine.OutcomeOpened, ""))},
	engine.ReasonVisit:    {keys: "pages = [\"*\"]\nfrequency = { per_visit = 1 }", happen: see(engine.OutcomeOpened, "")},
	engine.ReasonGap:      {keys: "pages = [\"*\"]\nfrequency = { min_gap = \"1h\" }", happen: see(engine.OutcomeOpened, "")},
	engine.ReasonCap:      {keys: "pages = [\"*\"]\nfrequency = { caps = [\"1/day\"] }", happen: see(engine.OutcomeOpened, "")},
	engine.ReasonDeleted:  {keys: "display = \"inbox\"", happen: func(e *edge) { e.throwAway(ada, e.inboxOf(ada)[0].ID) }},
	engine.ReasonWhen:     {keys: "pages = [\"*\"]\nwhen = { after = \"5s\" }"},
	engine.ReasonThrottled: {keys: "pages = [\"*\"]\nfrequency = \"always\"\n[workspace]\nthrottle = { per_day = 1 }",
		happen: later(time.Hour, see(engine.OutcomeOpened, ""))},
	engine.ReasonSlot:      {keys: "pages = [\"*\"]\n[[messages]]\nid = \"first\"\npriority = 1\npages = [\"*\"]\ntext = \"First.\""},
	engine.ReasonLeftOut:   {keys: "pages = [\"nowhere\"]\n[workspace]\non_error = \"skip\""},
	engine.ReasonContent:   {keys: "pages = [\"*\"]\ntext = \"{{ traits.name }}\""},
	engine.ReasonRollout:   {keys: "pages = [\"*\"]\nrollout = 0"},
	engine.ReasonExclusive: {keys: "text = \"Two for one.\"\npages = [\"*\"]\nexclusive_group = \"tours\"\n[[messages]]\nid = \"2\"\npages = [\"/\"]\ntext = \"Other.\"\nexclusive_group = \"tours\"\n"},
	engine.ReasonHeldOut:   {keys: "pages = [\"*\"]\nholdout = 99"},
	engine.ReasonShadow:    {keys: "pages = [\"*\"]\nstatus = \"shadow\""},
}

func TestExplainReachesEveryReason(t *testing.T) {
	for _, reason := range engine.Reasons() {
		t.Run(string(reason), func(t *testing.T) {
			story, told := everyReason[reason]
			if !told {
				t.Fatal("no story leads to it; add one to everyReason")
			}
			text := "[[messages]]\nid = \"m\"\n" + story.keys + "\n"
			if !strings.Contains(text, "text = ") || reason == engine.ReasonSlot {
				text = strings.Replace(text, "id = \"m\"\n", "id = \"m\"\ntext = \"Two for one.\"\n", 1)
			}
			e := newEdge(t, text)
			if story.happen != nil {
				story.happen(e)
			}
			ask := story.ask
			if ask.Page = page(t, shopHome, ""); ask.Visitor == "" && ask.Traits == nil && ask.Events == nil && story.happen != nil {
				ask.Visitor = ada.Anonymous
			}
			explanation, err := e.Explain(context.Background(), ask)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range explanation.Messages {
				if m.Message != "m" {
					continue
				}
				if m.Reason != reason || m.Due {
					t.Errorf("the reason is %q: %+v", m.Reason, m.Checks)
				}
				if last := slices.IndexFunc(m.Checks, func(c engine.Check) bool { return c.Reason == reason }); last < 0 || m.Checks[last].Help == "" {
					t.Errorf("it does not say what to do: %+v", m.Checks)
				}
			}
		})
	}
}

// The time of a question goes for schedules, delays, expiry, frequencies and throttles alike.
func TestTheTimeOfAQuestionGoesForEveryCheck(t *testing.T) {
	e := newEdge(t, `
[workspace]
throttle = { per_day = 1 }

[[messages]]
id = "welcome"
kind = "campaign"
trigger = { event = "signed_up", delay = "2d" }
expires = "7d"
pages = ["*"]
text = "Welcome."
ignore_throttle = true

[[messages]]
id = "sale"
pages = ["*"]
position = "bottom"
frequency = { min_gap = "3d" }
text = "Two for one."
end = 2027-06-01T00:00:00Z
schedule = { hours = ["00:00-24:00"], timezone = "UTC" }

[[messages]]
id = "other"
pages = ["*"]
display = "modal"
frequency = "always"
text = "Also this."
`)
	e.now = monday.Add(12 * time.Hour)
	e.happens(ada, "signed_up", nil)
	d := find(t, e.look(ada, "tab", "view", "visit"), "sale")
	e.tell(ada, d, engine.OutcomeOpened, "", "visit")
	for _, test := range []struct {
		name  string
		after time.Duration
		want  map[string]engine.Reason
	}{
		{"an hour later", time.Hour, map[string]engine.Reason{"welcome": engine.ReasonWaiting, "sale": engine.ReasonGap, "other": engine.ReasonThrottled}},
		{"two days later", 49 * time.Hour, map[string]engine.Reason{"welcome": engine.ReasonNone, "sale": engine.ReasonGap, "other": engine.ReasonNone}},
		{"four days later", 96 * time.Hour, map[string]engine.Reason{"welcome": engine.ReasonNone, "sale": engine.ReasonNone}},
		{"ten days later", 240 * time.Hour, map[string]engine.Reason{"welcome": engine.ReasonExpired, "sale": engine.ReasonNone}},
		{"a year later", 366 * 24 * time.Hour, map[string]engine.Reason{"welcome": engine.ReasonExpired, "sale": engine.ReasonEnded}},
	} {
		explanation, err := e.Explain(context.Background(), engine.ExplainRequest{Page: page(t, shopHome, ""), Visitor: ada.Anonymous, At: e.now.Add(test.after)})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range explanation.Messages {
			if want, asked := test.want[m.Message]; asked && m.Reason != want {
				t.Errorf("%s, %s: %q, want %q: %+v", test.name, m.Message, m.Reason, want, m.Checks)
			}
		}
	}
}

func TestSomebodyMadeUpLeavesNothingBehind(t *testing.T) {
	e := newEdge(t, planner)
	before := statisticsOf(t, e, "tips")
	ask := engine.ExplainRequest{Page: page(t, "https://shop.example.com/tips", ""), Events: []engine.MadeUpEvent{{Name: "signed_up"}}}
	explanation, err := e.Explain(context.Background(), ask)
	if err != nil || explanation.Visitor != "somebody made up" || !explanation.Known {
		t.Fatalf("%+v, %v", explanation, err)
	}
	for _, m := range explanation.Messages {
		if m.Message == "tips" && !m.Due {
			t.Errorf("the campaign has not started: %+v", m)
		}
	}
	if after := statisticsOf(t, e, "tips"); !reflect.DeepEqual(after, before) {
		t.Errorf("counted was %+v, and is %+v", before, after)
	}
	ask.Events = nil
	if explanation, err = e.Explain(context.Background(), ask); err != nil || explanation.Known {
		t.Errorf("somebody new is known: %+v, %v", explanation, err)
	}
	ask.Traits, ask.Visitor = map[string]any{"plan": "trial"}, "ada"
	if _, err = e.Explain(context.Background(), ask); err == nil || !strings.Contains(err.Error(), "leave the visitor") {
		t.Errorf("a visitor with other traits than theirs: %v", err)
	}
}
