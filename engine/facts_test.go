package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/useragent"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// club is a workspace whose messages are for some.
const club = `
[workspace]
traits = { plan = "string", seats = "int" }

[[segments]]
id = "trial-users"
where = 'traits.plan == "trial"'

[[segments]]
id = "large-trials"
where = 'segment("trial-users") && traits.seats >= 10'

[[messages]]
id = "trial-ends"
audience = ["large-trials", "anonymous"]
pages = ["*"]
text = "A"

[[messages]]
id = "known-only"
audience = ["identified", "!trial-users"]
pages = ["*"]
text = "A"

[[messages]]
id = "telephones"
where = 'request.device == "mobile" || request.speaks("de")'
pages = ["*"]
text = "A"

[[messages]]
id = "team-page"
where = 'page.host == "shop.example.com" && page.path.startsWith("/team/") && page.parameter("ref") == "mail"'
pages = ["*"]
text = "A"

[[messages]]
id = "abroad"
where = 'request.country != "DE" && request.referrer.contains("example.org") && request.browser == "Firefox" && request.os == "Linux"'
pages = ["*"]
bots = "include"
text = "A"

[[messages]]
id = "newcomers"
where = 'visitor.new && !visitor.verified && now < timestamp("2026-11-24")'
pages = ["*"]
text = "A"
`

// identifiedYesterday is what somebody did in the visit before this one.
func (e *edge) identifiedYesterday(who visitor.Identity, traits map[string]any) {
	e.t.Helper()
	today := e.now
	e.now = today.Add(-day)
	if err := e.Identify(context.Background(), who, traits); err != nil {
		e.t.Fatal(err)
	}
	if err := e.View(context.Background(), who, engine.PageView{View: "yesterday", Address: "https://shop.example.com/"}); err != nil {
		e.t.Fatal(err)
	}
	e.now = today
}

var telephone = engine.Browser{Agent: useragent.Agent{Device: useragent.Mobile, Browser: "Chrome", OS: "Android"}}

func TestAMessageIsShownToItsAudienceWhereItsConditionHolds(t *testing.T) {
	trial := map[string]any{"plan": "trial", "seats": 12.0}
	for _, test := range []struct {
		name    string
		request engine.PollRequest
		traits  map[string]any
		url     string
		want    string
	}{
		{"somebody new", engine.PollRequest{}, nil, "/", "trial-ends newcomers"},
		{"a large trial", engine.PollRequest{Identity: adaKnown}, trial, "/", "trial-ends"},
		{"a small trial", engine.PollRequest{Identity: adaKnown}, map[string]any{"plan": "trial", "seats": 2.0}, "/", ""},
		{"of whom no plan is known", engine.PollRequest{Identity: adaKnown}, map[string]any{"email": "ada@example.com"}, "/", "known-only"},
		{"on a telephone", engine.PollRequest{Identity: adaKnown, Browser: telephone}, trial, "/", "trial-ends telephones"},
		{"who reads German", engine.PollRequest{Identity: adaKnown, Languages: []string{"fr;q=0.5, de-AT"}}, trial, "/", "trial-ends telephones"},
		{"who does not read German", engine.PollRequest{Identity: adaKnown, Languages: []string{"fr, de;q=0"}}, trial, "/", "trial-ends"},
		{"on the page", engine.PollRequest{Identity: adaKnown}, trial, "/team/new?ref=mail", "trial-ends team-page"},
		{"on the page without the parameter", engine.PollRequest{Identity: adaKnown}, trial, "/team/new", "trial-ends"},
		{
			"a program", engine.PollRequest{Browser: engine.Browser{
				Agent: useragent.Agent{Device: "desktop", Browser: "Firefox", OS: "Linux", Bot: true}, Country: "FR", Referrer: "https://news.example.org/",
			}}, nil, "/", "abroad",
		},
		{
			"somebody from a country that is not known", engine.PollRequest{Identity: adaKnown, Browser: engine.Browser{
				Agent: useragent.Agent{Browser: "Firefox", OS: "Linux"}, Referrer: "https://news.example.org/",
			}}, trial, "/", "trial-ends",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := newEdge(t, club)
			if test.traits != nil {
				e.identifiedYesterday(test.request.Identity, test.traits)
			} else {
				test.request.Identity = visitor.Identity{Anonymous: "somebody"}
			}
			test.request.Page = page(t, "https://shop.example.com"+test.url, "")
			test.request.Tab, test.request.View = "tab", "view"
			// The second poll of a view is decided with used memory, and as the first.
			for range 2 {
				answer, err := e.Poll(context.Background(), test.request)
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(ids(answer), " "); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			}
			explained, err := e.Explain(context.Background(), engine.ExplainRequest{
				Page: test.request.Page, Visitor: test.request.Identity.User, Languages: test.request.Languages, Browser: test.request.Browser,
			})
			if err != nil {
				t.Fatal(err)
			}
			var due []string
			for _, m := range explained.Messages {
				if m.Due || m.Reason == engine.ReasonSlot {
					due = append(due, m.Message)
				}
			}
			if got := strings.Join(due, " "); got != test.want {
				t.Errorf("explained %q, want %q", got, test.want)
			}
		})
	}
}

func TestExplainSaysWhichPartOfAConditionDecided(t *testing.T) {
	e := newEdge(t, club)
	e.identifiedYesterday(adaKnown, map[string]any{"plan": "trial", "seats": 2.0})
	explained, err := e.Explain(context.Background(), engine.ExplainRequest{
		Page: page(t, "https://shop.example.com/", ""), Visitor: "ada", Languages: []string{"en-GB, en;q=0.9"},
		Browser: engine.Browser{Agent: useragent.Agent{Device: useragent.Desktop, Bot: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]engine.Check{}
	for _, m := range explained.Messages {
		for _, c := range m.Checks {
			found[m.Message+" "+c.Name] = c
		}
	}
	for of, want := range map[string]engine.Check{
		"trial-ends audience": {
			Reason: engine.ReasonAudience,
			Saw:    `audience is "large-trials, anonymous": the visitor is not in the segment "large-trials" (traits.seats >= 10 does not hold (traits.seats is 2)); the visitor is identified`,
			Help:   `it is shown to visitors for whom this holds: segment("large-trials") || visitor.anonymous`,
		},
		"known-only audience": {
			Reason: engine.ReasonAudience,
			Saw:    `audience is "identified, !trial-users": excluded: the visitor is in the segment "trial-users" (traits.plan == "trial" holds (traits.plan is "trial"))`,
			Help:   `it is shown to visitors for whom this holds: !segment("trial-users")`,
		},
		"telephones where": {
			Reason: engine.ReasonWhere,
			Saw:    `request.device == "mobile" does not hold (request.device is "desktop"); request.speaks("de") does not hold (request.languages is ["en-GB", "en"])`,
			Help:   `it is shown when this holds: request.device == "mobile" || request.speaks("de")`,
		},
		"telephones bot": {
			Reason: engine.ReasonBot, Saw: "the user agent says that it is a program", Help: `set bots = "include" to show it to programs, too`,
		},
		"abroad bot": {Passed: true, Saw: `the user agent says that it is a program, and bots is "include"`},
		"newcomers where": {
			Reason: engine.ReasonWhere, Saw: "visitor.new does not hold", Help: "it is shown when this holds: visitor.new",
		},
	} {
		want.Name = of[strings.LastIndexByte(of, ' ')+1:]
		if found[of] != want {
			t.Errorf("%s\n got %+v\nwant %+v", of, found[of], want)
		}
	}
}

func TestLanguagesComeInTheOrderOfTheirQuality(t *testing.T) {
	for asked, want := range map[string]string{
		"de-AT,de;q=0.9,en;q=0.8":                     "de-AT de en",
		"en;q=0.1, fr;q=0.100, de":                    "de en fr",
		"*;q=0.5, da, en-gb;q=0.8, en;q=0.7":          "da en-gb en",
		"de;q=0, en;q=0.000, fr;q=1.000":              "fr",
		"de;q=2, en;q=x, fr;level=1, it;q=0.1234, sv": "sv",
		"  ,;, -de, 1a, d e, <b>, zh-Hant-TW ":        "zh-Hant-TW",
		"":                                            "",
		strings.Repeat("de,", 5000):                   strings.TrimSpace(strings.Repeat("de ", 20)),
		strings.Repeat("a", 5000):                     "",
	} {
		first, _, _ := strings.Cut(want, " ")
		quoted := make([]string, 0, 20)
		for _, tag := range strings.Fields(want) {
			quoted = append(quoted, fmt.Sprintf("%q", tag))
		}
		condition := fmt.Sprintf("request.language == %q && size(request.languages) == %d", first, len(quoted))
		for i, tag := range quoted[:min(len(quoted), 5)] {
			condition += fmt.Sprintf(" && request.languages[%d] == %s", i, tag)
		}
		e := newEdge(t, "[[messages]]\nid = \"a\"\npages = [\"*\"]\ntext = \"A\"\nwhere = '"+condition+"'\n")
		answer, err := e.Poll(context.Background(), engine.PollRequest{Identity: ada, Page: page(t, "https://shop.example.com/", ""), Tab: "t", View: "v", Languages: []string{asked}})
		if err != nil || len(answer.Deliveries) != 1 {
			t.Errorf("%.60q is not %q (error %v)", asked, want, err)
		}
	}
}

// conditions are a workspace with 20 messages that may appear on every page and are due to nobody.
func conditions(tb testing.TB, where string) *engine.Engine {
	tb.Helper()
	text := "[[segments]]\nid = \"trial-users\"\nwhere = 'traits.plan == \"trial\"'\n"
	for i := range 20 {
		text += fmt.Sprintf("[[messages]]\nid = \"m%d\"\npages = [\"*\"]\ntext = \"A\"\n%s\n", i, strings.ReplaceAll(where, "%d", fmt.Sprint(i)))
	}
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(text)}})
	if err != nil {
		tb.Fatal(err)
	}
	memory := store.NewMemory()
	tb.Cleanup(func() { _ = memory.Close() })
	e, err := engine.New(context.Background(), engine.Options{Workspace: "shop", Store: memory})
	if err != nil {
		tb.Fatal(err)
	}
	e.Use(snapshot)
	if err := e.Identify(context.Background(), adaKnown, map[string]any{"plan": "trial", "seats": 5.0}); err != nil {
		tb.Fatal(err)
	}
	return e
}

const (
	unasked = `end = 2020-01-01T00:00:00Z`
	asking  = `audience = ["trial-users", "!anonymous"]` + "\n" +
		`where = 'traits.seats > 50 + %d && request.speaks("de") && page.path.startsWith("/team") || within_last(visitor.first_seen, "0s")'`
)

func asksEverything(tb testing.TB) engine.PollRequest {
	return engine.PollRequest{
		Identity: adaKnown, Page: page(tb, "https://shop.example.com/team/new?ref=mail", ""), Tab: "tab", View: "view", Visit: "visit",
		Languages: []string{"de-AT,de;q=0.9,en;q=0.8"}, Browser: telephone,
	}
}

func TestConditionsCostNoMemory(t *testing.T) {
	request := asksEverything(t)
	cost := map[string]float64{}
	for _, where := range []string{unasked, asking} {
		e := conditions(t, where)
		cost[where] = testing.AllocsPerRun(200, func() {
			if answer, err := e.Poll(context.Background(), request); err != nil || len(answer.Deliveries) > 0 {
				t.Fatalf("%d messages are due, error %v", len(answer.Deliveries), err)
			}
		})
	}
	if cost[asking] > cost[unasked] {
		t.Errorf("%v allocations with conditions, %v without", cost[asking], cost[unasked])
	}
}

func BenchmarkPollOfTwentyConditions(b *testing.B) {
	e, request := conditions(b, asking), asksEverything(b)
	b.ReportAllocs()
	for b.Loop() {
		if answer, err := e.Poll(context.Background(), request); err != nil || len(answer.Deliveries) > 0 {
			b.Fatalf("%d messages are due, error %v", len(answer.Deliveries), err)
		}
	}
}
