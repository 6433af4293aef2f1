package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/store/redistest"
	"handbill/engine/visitor"
)

// loggingEdge is an edge that keeps a log, which it returns with the folder of.
func loggingEdge(t *testing.T, on store.Store, text string) (*edge, string) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "handbill.events")
	events, err := eventlog.Open(folder, eventlog.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	e := &edge{store: on, now: november, t: t}
	e.Engine, err = engine.New(context.Background(), engine.Options{
		Workspace: "shop", Store: on, Events: events, Now: func() time.Time { return e.now }, Random: func() float64 { return 0.5 },
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.Close()
		_ = events.Close()
	})
	e.WaitLonger()
	e.use(text)
	return e, folder
}

// live has Ada look around, identify, buy something and dismiss a message.
func (e *edge) live(who visitor.Identity) {
	e.t.Helper()
	ctx := e.t.Context()
	anonymous := visitor.Identity{Anonymous: who.Anonymous}
	if err := e.Track(ctx, anonymous, []eventlog.Event{{ID: "1", Type: "track", Name: "Cart Viewed", Properties: map[string]any{"total": 12.5}}}); err != nil {
		e.t.Fatal(err)
	}
	answer, err := e.Poll(ctx, engine.PollRequest{Identity: anonymous, Page: page(e.t, "https://shop.example.com/help", ""), Tab: "tab", View: "view", Visit: "visit"})
	if err != nil || len(answer.Deliveries) == 0 {
		e.t.Fatalf("answer %+v, error %v", answer, err)
	}
	for _, outcome := range []engine.Outcome{engine.OutcomeOpened, engine.OutcomeDismissed} {
		if refused, err := e.Report(ctx, anonymous, []engine.Report{{EventID: string(outcome), DeliveryID: answer.Deliveries[0].ID, Outcome: outcome, Visit: "visit"}}); err != nil || refused[0] != nil {
			e.t.Fatalf("refused %v, error %v", refused, err)
		}
	}
	traits := map[string]any{"email": who.User + "@example.com", "plan": "team"}
	if err := e.Identify(ctx, who, traits); err != nil {
		e.t.Fatal(err)
	}
	if err := e.Track(ctx, who, []eventlog.Event{{ID: "2", Type: "identify", Properties: traits}}); err != nil {
		e.t.Fatal(err)
	}
}

func eventsOf(t *testing.T, folder string) (visitors []string) {
	t.Helper()
	for event, err := range eventlog.Read(folder) {
		if err != nil {
			t.Fatal(err)
		}
		visitors = append(visitors, event.Visitor)
	}
	return visitors
}

var graceKnown = visitor.Identity{Anonymous: "browser-of-grace", User: "grace", Level: visitor.LevelIdentified}

// until waits until something holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func TestEverythingThatIsKeptAboutAPersonIsExported(t *testing.T) {
	memory := store.NewMemory()
	defer memory.Close()
	e, _ := loggingEdge(t, memory, shop)
	e.live(adaKnown)
	e.live(graceKnown)
	if _, err := e.SendTest(t.Context(), "ada", "", nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ada", "u:ada", " ADA@example.com"} {
		person, err := e.Export(t.Context(), name, strings.Contains(name, "@"))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(person.Visitors, []string{"u:ada", "a:browser-of-ada"}) || len(person.Records) != 2 || len(person.Events) != 4 {
			t.Errorf("%q: of %q there are %d records and %d events", name, person.Visitors, len(person.Records), len(person.Events))
		}
		text, err := json.Marshal(person)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			`"plan":"team"`, `"known":"claimed"`, `"Cart Viewed":{"count":1`, `"total":12.5`, `"joined":["a:browser-of-ada"]`, `"dismissed":"2026-11-23T12:00:00Z"`,
			`"type":"report"`, `"tests":[{"message":`,
		} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%q: the export has no %s:\n%s", name, want, text)
			}
		}
		if strings.Contains(string(text), "grace") {
			t.Errorf("%q: the export tells of somebody else:\n%s", name, text)
		}
	}
}

func TestWhoIsForgottenBeginsAnew(t *testing.T) {
	memory := store.NewMemory()
	defer memory.Close()
	e, folder := loggingEdge(t, memory, shop)
	e.live(adaKnown)
	e.live(graceKnown)
	before, err := e.Statistics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gone, err := e.Forget(t.Context(), "ada@example.com", true)
	if err != nil || gone.Records != 2 || gone.Events != 4 || !slices.Equal(gone.Visitors, []string{"u:ada", "a:browser-of-ada"}) {
		t.Errorf("%+v, error %v", gone, err)
	}
	for _, name := range []string{"ada", "a:browser-of-ada", "u:ada"} {
		if _, err := e.Export(t.Context(), name, false); !errors.Is(err, engine.ErrNobody) {
			t.Errorf("of %s something is still kept: %v", name, err)
		}
		if _, err := e.Forget(t.Context(), name, false); !errors.Is(err, engine.ErrNobody) {
			t.Errorf("forgetting %s again: %v", name, err)
		}
	}
	if got := eventsOf(t, folder); len(got) != 4 || slices.Contains(got, "u:ada") || slices.Contains(got, "a:browser-of-ada") {
		t.Errorf("in the log are events of %q", got)
	}
	if after, err := e.Statistics(t.Context()); err != nil || after[0].Dismissed != before[0].Dismissed || after[1].Opened != before[1].Opened {
		t.Errorf("the statistics became %+v, error %v", after, err)
	}
	// What she dismissed is new to her: nobody knows that she did.
	answer, err := e.Poll(t.Context(), engine.PollRequest{Identity: ada, Page: page(t, "https://shop.example.com/help", ""), Tab: "other tab", View: "view-2", Visit: "visit-2"})
	if err != nil || len(answer.Deliveries) == 0 {
		t.Errorf("who comes back is given %+v, error %v", answer.Deliveries, err)
	}
	if person, err := e.Export(t.Context(), "grace", false); err != nil || len(person.Events) != 4 || len(person.Records) != 2 {
		t.Errorf("somebody else has %+v, error %v", person, err)
	}
}

func TestSeveralVisitorsOfOneNameAreSaid(t *testing.T) {
	e := newEdge(t, shop)
	for _, who := range []visitor.Identity{adaKnown, graceKnown, {Anonymous: "ada"}} {
		if err := e.Identify(t.Context(), visitor.Identity{Anonymous: who.Anonymous, User: who.User + "s-user", Level: visitor.LevelIdentified}, map[string]any{"email": "office@example.com"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Track(t.Context(), visitor.Identity{Anonymous: "adas-user"}, []eventlog.Event{{Type: "track", Name: "Cart Viewed"}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		email bool
		want  error
		says  string
	}{
		{"office@example.com", true, engine.ErrSeveral, "u:adas-user, u:graces-user, u:s-user"},
		{"adas-user", false, engine.ErrSeveral, "u:adas-user, a:adas-user"},
		{"nobody@example.com", true, engine.ErrNobody, "no record has this e-mail address"},
		{"nobody", false, engine.ErrNobody, "nobody"},
		{"  ", false, engine.ErrRefused, "say whom"},
	} {
		if _, err := e.Export(t.Context(), c.name, c.email); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("exporting %q: %v", c.name, err)
		}
		if _, err := e.Forget(t.Context(), c.name, c.email); !errors.Is(err, c.want) {
			t.Errorf("forgetting %q: %v", c.name, err)
		}
	}
	if gone, err := e.Forget(t.Context(), "a:adas-user", false); err != nil || gone.Records != 1 {
		t.Errorf("one of them: %+v, error %v", gone, err)
	}
}

func TestEveryEdgeForgets(t *testing.T) {
	server := redistest.Start(t)
	first, firstLog := loggingEdge(t, redisStore(t, server), shop)
	second, secondLog := loggingEdge(t, redisStore(t, server), shop)
	first.live(adaKnown)
	second.live(visitor.Identity{Anonymous: "phone-of-ada", User: "ada", Level: visitor.LevelIdentified})
	second.live(graceKnown)
	away, awayLog := loggingEdge(t, redisStore(t, server), shop)
	away.live(visitor.Identity{Anonymous: "tablet-of-ada", User: "ada", Level: visitor.LevelIdentified})
	away.Close() // it hears nothing of it

	gone, err := first.Forget(t.Context(), "ada", false)
	if err != nil || gone.Records != 4 || gone.Events != 4 || !gone.Edges {
		t.Errorf("%+v, error %v", gone, err)
	}
	forgotten := func(folder string, left int) func() bool {
		return func() bool {
			got := eventsOf(t, folder)
			return len(got) == left && !slices.Contains(got, "u:ada")
		}
	}
	until(t, "the edge that was asked has forgotten", forgotten(firstLog, 0))
	until(t, "the other edge has forgotten", forgotten(secondLog, 4))
	for _, e := range []*edge{first, second} {
		if _, err := e.Export(t.Context(), "ada", false); !errors.Is(err, engine.ErrNobody) {
			t.Errorf("something is still kept: %v", err)
		}
	}
	if forgotten(awayLog, 0)() {
		t.Error("an edge that was away has forgotten by itself")
	}
	// The edge comes back, with the same log.
	events, err := eventlog.Open(awayLog+"-copy", eventlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer events.Close()
	late := november.Add(-time.Hour)
	if err := events.Append(t.Context(), eventlog.Event{Type: "track", Workspace: "shop", Visitor: "u:ada", At: late}, eventlog.Event{Type: "track", Workspace: "shop", Visitor: "u:grace", At: late},
		eventlog.Event{Type: "track", Workspace: "shop", Visitor: "u:ada", At: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	back, err := engine.New(t.Context(), engine.Options{Workspace: "shop", Store: redisStore(t, server), Events: events, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	until(t, "an edge that comes back forgets what was before", func() bool {
		return slices.Equal(eventsOf(t, awayLog+"-copy"), []string{"u:grace", "u:ada"})
	})
}
