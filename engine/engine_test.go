package engine_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/experiment"
	"handbill/engine/pagerule"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
	"handbill/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// shop is a workspace as an operator would write it.
const shop = `
[workspace]
name = "Shop"

[[messages]]
id = "welcome"
display = "modal"
pages = ["https://shop.example.com/"]
title = "Welcome"
priority = 10
frequency = "once"

[[messages]]
id = "spring-sale"
display = "banner"
pages = ["*"]
except = ["/checkout/*"]
text = "Spring sale: 20 % off until Sunday."

[[messages]]
id = "members-only"
display = "banner"
pages = ["*"]
audience = "identified"
text = "Your points expire soon."
priority = 20

[[messages]]
id = "newcomers"
display = "banner"
pages = ["/help"]
audience = "anonymous"
text = "New here?"

[[messages]]
id = "winter-sale"
display = "banner"
pages = ["*"]
text = "Winter sale."
start = 2026-12-01T09:00:00+01:00
end = 2026-12-31T18:00:00+01:00

[[messages]]
id = "not-yet"
display = "banner"
pages = ["*"]
status = "draft"
text = "Soon."
`

var (
	november = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	december = time.Date(2026, 12, 24, 12, 0, 0, 0, time.UTC)
	ada      = visitor.Identity{Anonymous: "browser-of-ada"}
	adaKnown = visitor.Identity{Anonymous: "browser-of-ada", User: "ada", Level: visitor.LevelIdentified}
)

// edge is an engine with a clock that a test turns.
type edge struct {
	*engine.Engine
	store store.Store
	now   time.Time
	t     *testing.T
}

func newEdge(t *testing.T, text string) *edge {
	t.Helper()
	memory := store.NewMemory()
	t.Cleanup(func() { _ = memory.Close() })
	return newEdgeOn(t, memory, text)
}

func newEdgeOn(t *testing.T, on store.Store, text string) *edge {
	t.Helper()
	e := &edge{store: on, now: november, t: t}
	var err error
	e.Engine, err = engine.New(context.Background(), engine.Options{
		Workspace: "shop", Store: e.store, Now: func() time.Time { return e.now }, Random: func() float64 { return 0.5 },
	})
	if err != nil {
		t.Fatal(err)
	}
	e.use(text)
	return e
}

func (e *edge) use(text string) {
	e.t.Helper()
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(text)}})
	if err != nil {
		e.t.Fatal(err)
	}
	e.Use(snapshot)
}

func page(t testing.TB, address, name string) *pagerule.Page {
	t.Helper()
	p, err := pagerule.NewPage(address, name)
	if err != nil {
		t.Fatal(err)
	}
	return &p
}

// poll asks for a page from a tab; the view is a load of the page in it.
func (e *edge) poll(who visitor.Identity, address, tab, view string) engine.PollAnswer {
	e.t.Helper()
	answer, err := e.Poll(context.Background(), engine.PollRequest{Identity: who, Page: page(e.t, address, ""), Tab: tab, View: view})
	if err != nil {
		e.t.Fatal(err)
	}
	return answer
}

func (e *edge) report(who visitor.Identity, outcome engine.Outcome, deliveryID string) {
	e.t.Helper()
	refused, err := e.Report(context.Background(), who, []engine.Report{{EventID: string(outcome) + deliveryID, DeliveryID: deliveryID, Outcome: outcome}})
	if err != nil || refused[0] != nil {
		e.t.Fatalf("report %s: %v, refused %v", outcome, err, refused)
	}
}

func ids(answer engine.PollAnswer) []string {
	names := []string{}
	for _, d := range answer.Deliveries {
		names = append(names, d.Message.ID)
	}
	return names
}

func find(t *testing.T, answer engine.PollAnswer, message string) engine.Delivery {
	t.Helper()
	for _, d := range answer.Deliveries {
		if d.Message.ID == message {
			return d
		}
	}
	t.Fatalf("%s is not among %v", message, ids(answer))
	return engine.Delivery{}
}

func TestPollAnswersWhatIsDue(t *testing.T) {
	tests := []struct {
		name string
		who  visitor.Identity
		page string
		now  time.Time
		want []string
	}{
		{"the home page has its own message before the one for every page", ada, "https://shop.example.com/", november, []string{"welcome", "spring-sale"}},
		{"another page has only the message for every page", ada, "https://shop.example.com/shoes", november, []string{"spring-sale"}},
		{"an exception keeps a message away", ada, "https://shop.example.com/checkout/pay", november, []string{}},
		{"somebody identified gets what is for identified visitors, by priority", adaKnown, "https://shop.example.com/shoes", november, []string{"members-only", "spring-sale"}},
		{"somebody anonymous gets what is for anonymous visitors", ada, "https://shop.example.com/help", november, []string{"spring-sale", "newcomers"}},
		{"somebody identified does not", adaKnown, "https://shop.example.com/help", november, []string{"members-only", "spring-sale"}},
		{"a message with a start comes when it has passed", ada, "https://shop.example.com/shoes", december, []string{"spring-sale", "winter-sale"}},
		{"and goes at its end", ada, "https://shop.example.com/shoes", time.Date(2026, 12, 31, 17, 0, 0, 0, time.UTC), []string{"spring-sale"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := newEdge(t, shop)
			e.now = test.now
			if got := ids(e.poll(test.who, test.page, "tab", "view")); !slices.Equal(got, test.want) {
				t.Errorf("due: %v, want %v", got, test.want)
			}
		})
	}
}

func TestAmongEqualPrioritiesNoStartIsTheEarliest(t *testing.T) {
	e := newEdge(t, `
[[messages]]
id = "second"
pages = ["*"]
text = "Since the second of the month."
start = 2026-11-02T00:00:00Z

[[messages]]
id = "first"
pages = ["*"]
text = "Since the first of the month."
start = 2026-11-01T00:00:00Z

[[messages]]
id = "ever"
pages = ["*"]
text = "Since ever."

[[messages]]
id = "urgent"
pages = ["*"]
text = "Since yesterday, and before all others."
start = 2026-11-22T00:00:00Z
priority = 1
`)
	got := ids(e.poll(ada, "https://shop.example.com/shoes", "tab", "view"))
	if want := []string{"urgent", "ever", "first", "second"}; !slices.Equal(got, want) {
		t.Errorf("the order is %v, want %v", got, want)
	}
}

func TestAPollWithoutAPageGetsEveryMessageThatIsOtherwiseDue(t *testing.T) {
	e := newEdge(t, shop)
	answer, err := e.Poll(context.Background(), engine.PollRequest{Identity: ada, Tab: "session", View: "session"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := ids(answer), []string{"welcome", "spring-sale", "newcomers"}; !slices.Equal(got, want) {
		t.Errorf("due: %v, want %v", got, want)
	}
}

func TestPollingIsSlowBeforeTheFirstMessageAndFastAfterIt(t *testing.T) {
	e := newEdge(t, shop)
	nothing := "https://shop.example.com/checkout/pay"
	if got := e.poll(ada, nothing, "tab", "view").Next; got != engine.DefaultPollSlow {
		t.Errorf("before any message: %s", got)
	}
	first := e.poll(ada, "https://shop.example.com/shoes", "tab", "view")
	if first.Next != engine.DefaultPollFast {
		t.Errorf("with a message: %s", first.Next)
	}
	e.report(ada, engine.OutcomeOpened, find(t, first, "spring-sale").ID)
	if got := e.poll(ada, nothing, "tab", "view").Next; got != engine.DefaultPollFast {
		t.Errorf("after a message: %s", got)
	}
}

func TestFrequency(t *testing.T) {
	const home, shoes = "https://shop.example.com/", "https://shop.example.com/shoes"
	e := newEdge(t, shop)
	first := e.poll(ada, home, "tab", "view-1")
	e.report(ada, engine.OutcomeOpened, find(t, first, "welcome").ID)
	e.report(ada, engine.OutcomeOpened, find(t, first, "spring-sale").ID)

	t.Run("a message being shown stays in the list of its page view, with its delivery", func(t *testing.T) {
		e.now = e.now.Add(time.Minute)
		again := e.poll(ada, home, "tab", "view-1")
		for _, message := range []string{"welcome", "spring-sale"} {
			if got, want := find(t, again, message).ID, find(t, first, message).ID; got != want {
				t.Errorf("%s has delivery %s, want %s", message, got, want)
			}
		}
	})
	t.Run("after a reload, once is over and until_dismissed shows again as a new delivery", func(t *testing.T) {
		reloaded := e.poll(ada, home, "tab", "view-2")
		if got := ids(reloaded); !slices.Equal(got, []string{"spring-sale"}) {
			t.Fatalf("due: %v", got)
		}
		if find(t, reloaded, "spring-sale").ID == find(t, first, "spring-sale").ID {
			t.Error("the delivery is the old one")
		}
		e.report(ada, engine.OutcomeDismissed, find(t, reloaded, "spring-sale").ID)
	})
	t.Run("dismissed stays away, in this view and the next", func(t *testing.T) {
		for _, view := range []string{"view-2", "view-3"} {
			if got := ids(e.poll(ada, shoes, "tab", view)); len(got) != 0 {
				t.Errorf("%s: due %v", view, got)
			}
		}
	})
	t.Run("another visitor still gets it", func(t *testing.T) {
		if got := ids(e.poll(visitor.Identity{Anonymous: "somebody-else"}, shoes, "t", "v")); !slices.Equal(got, []string{"spring-sale"}) {
			t.Errorf("due: %v", got)
		}
	})
}

func TestALeaseKeepsAMessageForOneTab(t *testing.T) {
	const shoes = "https://shop.example.com/shoes"
	e := newEdge(t, shop)
	first := find(t, e.poll(ada, shoes, "tab-1", "view-1"), "spring-sale")
	if got := find(t, e.poll(ada, shoes, "tab-1", "view-1"), "spring-sale"); got.ID != first.ID {
		t.Error("the same tab got another delivery")
	}
	if got := ids(e.poll(ada, shoes, "tab-2", "view-2")); len(got) != 0 {
		t.Errorf("another tab got %v within the lease", got)
	}
	if got := ids(e.poll(ada, shoes, "tab-1", "view-3")); !slices.Equal(got, []string{"spring-sale"}) {
		t.Errorf("the tab itself, reloaded, got %v", got)
	}
	e.now = e.now.Add(engine.LeaseTime + time.Second)
	second := find(t, e.poll(ada, shoes, "tab-2", "view-2"), "spring-sale")
	if second.ID == first.ID {
		t.Error("a lapsed lease gave the old delivery to another tab")
	}
}

func TestAMessageThatCouldNotBeDrawnIsTriedAgainInItsTabAndLaterInOthers(t *testing.T) {
	const shoes = "https://shop.example.com/shoes"
	e := newEdge(t, shop)
	e.report(ada, engine.OutcomeError, find(t, e.poll(ada, shoes, "tab-1", "view-1"), "spring-sale").ID)
	if got := ids(e.poll(ada, shoes, "tab-2", "view-2")); len(got) != 0 {
		t.Errorf("another tab got %v within the lease", got)
	}
	if got := ids(e.poll(ada, shoes, "tab-1", "view-3")); !slices.Equal(got, []string{"spring-sale"}) {
		t.Errorf("the tab itself, reloaded, got %v", got)
	}
	e.now = e.now.Add(engine.LeaseTime + time.Second)
	if got := ids(e.poll(ada, shoes, "tab-2", "view-2")); !slices.Equal(got, []string{"spring-sale"}) {
		t.Errorf("another tab got %v after the lease", got)
	}
}

func TestOpenedTurnsALeaseIntoACount(t *testing.T) {
	const home = "https://shop.example.com/"
	e := newEdge(t, shop)
	answer := e.poll(ada, home, "tab-1", "view-1")
	e.report(ada, engine.OutcomeOpened, find(t, answer, "welcome").ID)
	e.report(ada, engine.OutcomeOpened, find(t, answer, "spring-sale").ID)
	if got := ids(e.poll(ada, home, "tab-2", "view-2")); !slices.Equal(got, []string{"spring-sale"}) {
		t.Errorf("another tab got %v: once is used up, until_dismissed is not", got)
	}
}

// closes has a visitor see a message on a page, and close it.
func (e *edge) closes(who visitor.Identity, page, message string) {
	e.t.Helper()
	d := find(e.t, e.poll(who, page, "tab", "view"), message)
	e.report(who, engine.OutcomeOpened, d.ID)
	e.report(who, engine.OutcomeDismissed, d.ID)
}

func TestIdentifyingJoinsWhatTheAnonymousVisitorDid(t *testing.T) {
	const shoes = "https://shop.example.com/shoes"
	e := newEdge(t, shop)
	e.closes(ada, shoes, "spring-sale")
	if err := e.Identify(context.Background(), adaKnown, map[string]any{"email": "ada@example.com"}); err != nil {
		t.Fatal(err)
	}
	if got := ids(e.poll(adaKnown, shoes, "tab", "view")); !slices.Equal(got, []string{"members-only"}) {
		t.Errorf("due after identify: %v", got)
	}
	otherBrowser := visitor.Identity{Anonymous: "another-browser", User: "ada", Level: visitor.LevelIdentified}
	if got := ids(e.poll(otherBrowser, shoes, "other-tab", "view")); slices.Contains(got, "spring-sale") {
		t.Errorf("due in another browser: %v", got)
	}
}

// The page that a login leads to asks while the identify of the page before is on its way; where the site says who the visitor
// is, none comes.
func TestAPollAsAPersonKnowsWhatTheirBrowserDidBeforeItIdentifies(t *testing.T) {
	const shoes = "https://shop.example.com/shoes"
	e := newEdge(t, shop)
	e.closes(ada, shoes, "spring-sale")
	otherBrowser := visitor.Identity{Anonymous: "another-browser", User: "ada", Level: visitor.LevelIdentified}
	identify := func(who visitor.Identity) {
		if err := e.Identify(t.Context(), who, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		when  string
		first func()
		who   visitor.Identity
		want  []string
	}{
		{"of whom nothing is remembered", func() {}, adaKnown, []string{"members-only"}},
		{"in another browser, where nothing joined", func() {}, otherBrowser, []string{"members-only", "spring-sale"}},
		{"who was known before", func() { identify(otherBrowser) }, adaKnown, []string{"members-only"}},
		{"in another browser still", func() {}, otherBrowser, []string{"members-only", "spring-sale"}},
		{"after it has arrived", func() { identify(adaKnown) }, adaKnown, []string{"members-only"}},
		{"in another browser, where it has joined", func() {}, otherBrowser, []string{"members-only"}},
	} {
		c.first()
		got := ids(e.poll(c.who, shoes, "tab", "view "+c.when))
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("a person %s gets %v, want %v", c.when, got, c.want)
		}
	}
}

func TestADeliveryMadeBeforeIdentifyingIsReportedAfterIt(t *testing.T) {
	const shoes = "https://shop.example.com/shoes"
	e := newEdge(t, shop)
	before := find(t, e.poll(ada, shoes, "tab", "view"), "spring-sale")
	e.report(ada, engine.OutcomeOpened, before.ID)
	if err := e.Identify(context.Background(), adaKnown, nil); err != nil {
		t.Fatal(err)
	}
	e.report(adaKnown, engine.OutcomeDismissed, before.ID)
	for _, who := range []visitor.Identity{ada, adaKnown} {
		if got := ids(e.poll(who, shoes, "tab", "view-2")); slices.Contains(got, "spring-sale") {
			t.Errorf("%s still gets %v", who.ID(), got)
		}
	}
	statistics := statisticsOf(t, e, "spring-sale")
	if statistics.Dismissed != 1 || statistics.Opened != 1 {
		t.Errorf("counted %+v, want one opened and one dismissed", statistics)
	}
}

func TestAMessageOnScreenStaysWhenItsVisitorIdentifies(t *testing.T) {
	const home = "https://shop.example.com/"
	e := newEdge(t, shop)
	before := find(t, e.poll(ada, home, "tab", "view"), "welcome")
	e.report(ada, engine.OutcomeOpened, before.ID)
	if err := e.Identify(context.Background(), adaKnown, nil); err != nil {
		t.Fatal(err)
	}
	if after := find(t, e.poll(adaKnown, home, "tab", "view"), "welcome"); after.ID != before.ID {
		t.Errorf("the page that shows delivery %s is handed %s", before.ID, after.ID)
	}
	if got := ids(e.poll(adaKnown, home, "tab", "next-view")); slices.Contains(got, "welcome") {
		t.Errorf("the next page gets %v: once is used up", got)
	}
	if statistics := statisticsOf(t, e, "welcome"); statistics.Deliveries != 1 || statistics.Opened != 1 {
		t.Errorf("counted %+v, want one delivery that was opened", statistics)
	}
}

func statisticsOf(t *testing.T, e *edge, message string) engine.MessageStatistics {
	t.Helper()
	all, err := e.Statistics(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Message == message {
			return s
		}
	}
	t.Fatalf("no statistics of %s in %+v", message, all)
	return engine.MessageStatistics{}
}

func TestStatisticsCountEachReportOnce(t *testing.T) {
	const shoes = "https://shop.example.com/shoes"
	e := newEdge(t, shop)
	d := find(t, e.poll(ada, shoes, "tab", "view"), "spring-sale")
	e.poll(ada, shoes, "tab", "view")
	for range 3 {
		e.report(ada, engine.OutcomeOpened, d.ID)
		e.report(ada, engine.OutcomeClicked, d.ID)
		e.report(ada, engine.OutcomeDismissed, d.ID)
		e.report(ada, engine.OutcomeError, d.ID)
	}
	got := statisticsOf(t, e, "spring-sale")
	want := engine.MessageStatistics{Message: "spring-sale", Status: "live", Counts: engine.Counts{
		Deliveries: 1, Opened: 1, Clicked: 1, Dismissed: 1, Errors: 1, Viewers: 1, Clickers: 1, ClickRate: experiment.Share(1, 1),
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("statistics %+v, want %+v", got, want)
	}
}

func TestReportsThatAreNotBelieved(t *testing.T) {
	e := newEdge(t, shop)
	own := find(t, e.poll(ada, "https://shop.example.com/shoes", "tab", "view"), "spring-sale").ID
	other := newEdge(t, shop)
	foreign := find(t, other.poll(ada, "https://shop.example.com/shoes", "tab", "view"), "spring-sale").ID
	tests := []struct {
		name   string
		who    visitor.Identity
		report engine.Report
	}{
		{"an invented delivery", ada, engine.Report{DeliveryID: "invented", Outcome: engine.OutcomeOpened}},
		{"no delivery", ada, engine.Report{Outcome: engine.OutcomeOpened}},
		{"a delivery with one character changed", ada, engine.Report{DeliveryID: flip(own), Outcome: engine.OutcomeOpened}},
		{"a delivery of another edge's secret", ada, engine.Report{DeliveryID: foreign, Outcome: engine.OutcomeOpened}},
		{"somebody else's delivery", visitor.Identity{Anonymous: "mallory"}, engine.Report{DeliveryID: own, Outcome: engine.OutcomeDismissed}},
		{"an outcome that does not exist", ada, engine.Report{DeliveryID: own, Outcome: "sent"}},
		{"a delivery that is far too long", ada, engine.Report{DeliveryID: strings.Repeat("A", 100_000), Outcome: engine.OutcomeOpened}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			refused, err := e.Report(context.Background(), test.who, []engine.Report{test.report})
			if err != nil {
				t.Fatal(err)
			}
			if !errors.Is(refused[0], engine.ErrRefused) {
				t.Errorf("refused with %v", refused[0])
			}
		})
	}
	if got := statisticsOf(t, e, "spring-sale"); got.Opened+got.Dismissed != 0 {
		t.Errorf("something counted: %+v", got)
	}
}

func flip(id string) string {
	b := []byte(id)
	middle := len(b) / 2
	if b[middle] == 'A' {
		b[middle] = 'B'
	} else {
		b[middle] = 'A'
	}
	return string(b)
}

func TestAnAnswerThatTheClientHoldsIsUnchanged(t *testing.T) {
	const shoes = "https://shop.example.com/shoes"
	e := newEdge(t, shop)
	first := e.poll(ada, shoes, "tab", "view")
	again, err := e.Poll(context.Background(), engine.PollRequest{Identity: ada, Page: page(t, shoes, ""), Tab: "tab", View: "view", Generation: first.Generation})
	if err != nil || !again.Unchanged {
		t.Errorf("unchanged %t, error %v", again.Unchanged, err)
	}
	e.use(strings.ReplaceAll(shop, "20 %", "30 %"))
	edited, err := e.Poll(context.Background(), engine.PollRequest{Identity: ada, Page: page(t, shoes, ""), Tab: "tab", View: "view", Generation: first.Generation})
	if err != nil || edited.Unchanged {
		t.Errorf("after an edit: unchanged %t, error %v", edited.Unchanged, err)
	}
}

func TestInAppOffFindsNothing(t *testing.T) {
	e := newEdge(t, strings.Replace(shop, `name = "Shop"`, "name = \"Shop\"\nin_app = false", 1))
	if got := ids(e.poll(ada, "https://shop.example.com/", "tab", "view")); len(got) != 0 {
		t.Errorf("due: %v", got)
	}
	if _, err := e.SendTest(context.Background(), "ada", "", nil); !errors.Is(err, engine.ErrNotEnabled) {
		t.Errorf("test send: %v", err)
	}
}

func TestWithoutAWorkspaceNothingIsDue(t *testing.T) {
	memory := store.NewMemory()
	defer func() { _ = memory.Close() }()
	e, err := engine.New(context.Background(), engine.Options{Workspace: "shop", Store: memory})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := e.Poll(context.Background(), engine.PollRequest{Identity: ada, Page: page(t, "https://shop.example.com/", ""), Tab: "t", View: "v"})
	if err != nil || len(answer.Deliveries) != 0 {
		t.Errorf("answer %+v, error %v", answer, err)
	}
	if _, err := e.Explain(context.Background(), engine.ExplainRequest{Page: page(t, "https://shop.example.com/", "")}); !errors.Is(err, engine.ErrNotEnabled) {
		t.Errorf("explain: %v", err)
	}
}
