package wire_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/wire"
	"handbill/engine/workspace"
)

// memory is the endpoint of a shop, with what it remembers.
type memory struct {
	*testing.T
	*browser
	store *store.Memory
}

func newMemory(t *testing.T) *memory {
	t.Helper()
	m := &memory{T: t, store: store.NewMemory()}
	t.Cleanup(func() { _ = m.store.Close() })
	e, err := engine.New(context.Background(), engine.Options{Workspace: "shop", Store: m.store})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(shop)}})
	if err != nil {
		t.Fatal(err)
	}
	e.Use(snapshot)
	h, err := wire.New(wire.Options{
		Engine: e, Site: wire.Site{Anonymous: true}, Client: fstest.MapFS{"client.js": {Data: []byte(bundle)}},
		Scheme: func(*http.Request) string { return "https" },
	})
	if err != nil {
		t.Fatal(err)
	}
	m.browser = newBrowser(t, h)
	return m
}

// of is what is remembered of a visitor; nil when nothing is.
func (m *memory) of(id string) *visitor.Record {
	m.Helper()
	r, err := m.store.Load(context.Background(), store.Key{Workspace: "shop", Visitor: id})
	if err != nil {
		m.Fatal(err)
	}
	return r
}

// anonymous is the browser's own id.
func (m *memory) anonymous() string {
	id, _, _ := strings.Cut(m.cookies["handbill_id"], ".")
	return "a:" + id
}

// send posts an event, and expects that it is taken.
func (m *memory) send(path, body string) {
	m.Helper()
	if answer := m.do("POST", "/_handbill/v1/"+path, body); answer.StatusCode != http.StatusOK {
		m.Fatalf("%s was answered with %d: %s", body, answer.StatusCode, text(m.T, answer))
	}
}

// look polls as our client does, on a page of a load.
func (m *memory) look(address, view string, number int, more string) {
	m.Helper()
	body := fmt.Sprintf(`{"page": {"url": "%s%s", "number": %d}, "tab": "tab-1", "view": "%s"%s}`, origin, address, number, view, more)
	if answer := m.do("POST", "/_handbill/api/v4/users?sessionId=monday", body); answer.StatusCode >= 400 {
		m.Fatalf("the poll was answered with %d", answer.StatusCode)
	}
}

func TestOurClientsPageViewsCountOnce(t *testing.T) {
	m := newMemory(t)
	m.look("/?utm_source=mail", "load-1", 1, "")
	m.look("/?utm_source=mail", "load-1", 1, "")
	if r := m.of(m.anonymous()); r != nil {
		t.Fatalf("after one page there is the record %+v", r)
	}
	m.look("/team", "load-2", 1, "")
	// A page with a name is told of by an event, too.
	m.look("/team#billing", "load-2", 2, "")
	for range 2 {
		m.send("b?sessionId=monday", `{"batch": [{"type": "page", "name": "Billing", "messageId": "e1", "view": "load-2", "number": 2, "anonymousId": "8c6d"}]}`)
	}
	r := m.of(m.anonymous())
	if r.Visits.Count != 1 || r.Visits.PageViews != 3 || r.Visits.Recent[0].LandingPage != origin+"/?utm_source=mail" || r.Visits.Recent[0].UTM.Source != "mail" {
		t.Errorf("the visits are %+v", r.Visits)
	}
}

func TestTheReferenceClientsPageViewsCountOnce(t *testing.T) {
	m := newMemory(t)
	m.cookies["ajs_anonymous_id"] = "8c6d1e0a"
	page := func(id, url string) {
		t.Helper()
		m.send("p", fmt.Sprintf(`{"anonymousId": "8c6d1e0a", "messageId": "%s", "name": null, "properties": {"url": "%s%s"},
			"context": {"page": {"url": "%s%s", "referrer": "https://news.example.org/", "search": ""}, "campaign": {"name": "winter", "source": "mail"}, "locale": "de-DE"}}`,
			id, origin, url, origin, url))
	}
	poll := func() {
		t.Helper()
		if answer := m.do("POST", "/_handbill/api/v4/users?sessionId=session-1", `{}`); answer.StatusCode != http.StatusOK {
			t.Fatalf("the poll was answered with %d", answer.StatusCode)
		}
	}
	page("ajs-next-1", "/landing")
	poll()
	page("ajs-next-1", "/landing") // sent again
	poll()
	if r := m.of(m.anonymous()); r != nil {
		t.Fatalf("after one page there is the record %+v", r)
	}
	page("ajs-next-2", "/second")
	poll()
	r := m.of(m.anonymous())
	if r == nil || r.Visits.Count != 1 || r.Visits.PageViews != 2 {
		t.Fatalf("the record is %+v", r)
	}
	want := visitor.UTM{Source: "mail", Campaign: "winter"}
	if visit := r.Visits.Recent[0]; visit.LandingPage != origin+"/landing" || visit.Referrer != "https://news.example.org/" || visit.UTM != want || visit.Number == 0 {
		t.Errorf("the visit is %+v", visit)
	}
}

func TestEventsChangeTheRecord(t *testing.T) {
	m := newMemory(t)
	m.look("/", "load-1", 1, "")
	hour := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339Nano)
	batch := fmt.Sprintf(`{"batch": [
		{"type": "track", "event": "Cart Viewed", "messageId": "e1", "anonymousId": "8c6d", "timestamp": "%s", "properties": {"total": 5}},
		{"type": "track", "event": "Cart Viewed", "messageId": "e2", "anonymousId": "8c6d"},
		{"type": "group", "groupId": "acme", "messageId": "e3", "anonymousId": "8c6d", "traits": {"seats": 3}},
		{"type": "identify", "userId": "ada", "messageId": "e4", "anonymousId": "8c6d", "traits": {"plan": "trial"}},
		{"type": "track", "event": "signed_up", "userId": "ada", "messageId": "e5", "anonymousId": "8c6d"},
		{"type": "screen", "name": "Home", "userId": "ada", "messageId": "e6"}
	]}`, hour)
	for range 2 {
		m.send("batch", batch)
	}
	ada := m.of("u:ada")
	cart := ada.Events["Cart Viewed"]
	if cart.Count != 2 || cart.CountSince(time.Now().Add(-time.Minute)) != 1 || ada.Events["signed_up"].Count != 1 || len(ada.Events) != 2 {
		t.Errorf("the events are %+v, %+v", cart, ada.Events)
	}
	if !slices.Equal(ada.Groups, []string{"acme"}) || ada.Traits["plan"] != "trial" {
		t.Errorf("the groups are %q, the traits %v", ada.Groups, ada.Traits)
	}
	if browser := m.of(m.anonymous()); browser.Events["Cart Viewed"].Count != 2 || browser.Events["signed_up"] != nil {
		t.Errorf("of the browser it is remembered %+v", browser.Events)
	}
}

func TestAClockThatIsWrongIsSetRight(t *testing.T) {
	m := newMemory(t)
	now := time.Now().UTC()
	sent, happened := now.Add(-48*time.Hour), now.Add(-49*time.Hour)
	m.send("b", fmt.Sprintf(`{"sentAt": "%s", "batch": [{"type": "track", "event": "signed_up", "messageId": "e1", "userId": "ada", "timestamp": "%s"}]}`,
		sent.Format(time.RFC3339Nano), happened.Format(time.RFC3339Nano)))
	if got := now.Sub(m.of("u:ada").Events["signed_up"].Last); got < 50*time.Minute || got > 70*time.Minute {
		t.Errorf("the event is %s old, and it was an hour", got)
	}
}

func TestAliasJoinsTwoIds(t *testing.T) {
	m := newMemory(t)
	m.send("t", `{"event": "signed_up", "messageId": "e1", "anonymousId": "phone"}`)
	m.send("i", `{"userId": "old-ada", "messageId": "e2", "anonymousId": "laptop", "traits": {"plan": "trial"}}`)
	m.send("a", `{"userId": "ada", "previousId": "phone", "messageId": "e3"}`)
	m.send("a", `{"userId": "ada", "previousId": "old-ada", "messageId": "e4"}`)
	if ada := m.of("u:ada"); ada.Events["signed_up"].Count != 1 || ada.Traits["plan"] != "trial" || ada.Verified != visitor.LevelIdentified {
		t.Errorf("joined, it is %+v", ada)
	}
	// The browser's own anonymous id stands for the browser.
	m.look("/", "load-1", 1, "")
	m.send("t", `{"event": "Cart Viewed", "messageId": "e5", "anonymousId": "8c6d"}`)
	m.send("a", `{"userId": "ada", "previousId": "8c6d", "anonymousId": "8c6d", "messageId": "e6"}`)
	if ada := m.of("u:ada"); ada.Events["Cart Viewed"] == nil {
		t.Errorf("of the browser nothing was joined: %+v", ada.Events)
	}
}

func TestResetBeginsAnew(t *testing.T) {
	for name, begin := range map[string]func(m *memory){
		"with the next poll": func(m *memory) { m.look("/", "load-3", 1, `, "reset": true`) },
		"with the next event": func(m *memory) {
			m.send("i", `{"userId": "grace", "anonymousId": "another", "messageId": "e9", "reset": true}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory(t)
			m.look("/", "load-1", 1, "")
			m.look("/", "load-2", 1, "")
			m.send("t", `{"event": "Cart Viewed", "messageId": "e1", "anonymousId": "8c6d"}`)
			ada := m.anonymous()
			begin(m)
			if m.anonymous() == ada || m.of(m.anonymous()) != nil {
				t.Errorf("after the reset the browser is %q and was %q: %+v", m.anonymous(), ada, m.of(m.anonymous()))
			}
			m.send("i", `{"userId": "grace", "anonymousId": "another", "messageId": "e9"}`)
			if grace := m.of("u:grace"); grace.Events["Cart Viewed"] != nil {
				t.Error("the next person has what the one before did")
			}
			if m.of(ada).Events["Cart Viewed"].Count != 1 {
				t.Error("what the one before did is forgotten")
			}
		})
	}
}

func TestEventsThatCannotBeRememberedAreRefusedAlone(t *testing.T) {
	long := strings.Repeat("x", 300)
	for name, c := range map[string]struct{ event, says string }{
		"a long name":                 {`{"type": "track", "event": "` + long + `"}`, "300 bytes; use at most 256"},
		"no name":                     {`{"type": "track"}`, "track needs the event's name"},
		"a group without an id":       {`{"type": "group"}`, "group needs the group's id"},
		"a group with a long id":      {`{"type": "group", "groupId": "` + long + `"}`, "300 bytes; use at most 256"},
		"an alias of nobody":          {`{"type": "alias", "userId": "ada"}`, "alias needs the previous id"},
		"an alias for nobody":         {`{"type": "alias", "previousId": "ada"}`, "alias needs a userId"},
		"too many properties":         {`{"type": "track", "event": "x", "properties": {` + properties(201) + `}}`, "201 properties; an event may have 200"},
		"properties that are a list":  {`{"type": "track", "event": "x", "properties": [1]}`, "properties is not a JSON object"},
		"traits of a group, too deep": {`{"type": "group", "groupId": "acme", "traits": {"a": [[[[[[[[1]]]]]]]]}}`, "lies deeper than 8"},
		"traits, too many":            {`{"type": "identify", "userId": "ada", "traits": {` + properties(101) + `}}`, "101 traits; a visitor may have 100"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory(t)
			body := `{"batch": [{"type": "track", "event": "Cart Viewed", "anonymousId": "8c6d", "messageId": "good"}, ` +
				strings.Replace(c.event, "{", `{"anonymousId": "8c6d", "messageId": "bad", `, 1) + `]}`
			answer := m.do("POST", "/_handbill/v1/b", body)
			if got := text(t, answer); answer.StatusCode != http.StatusOK || !strings.Contains(got, `"index":1`) || !strings.Contains(got, c.says) {
				t.Errorf("status %d, answer %s", answer.StatusCode, got)
			}
		})
	}
}

func properties(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"p%d": %d`, i, i)
	}
	return strings.Join(all, ", ")
}

func TestAContextThatIsNoneCostsNoEvent(t *testing.T) {
	m := newMemory(t)
	for i, around := range []string{`"text"`, `{"page": 7}`, `{"page": {"url": "javascript:alert(1)"}}`, `null`} {
		m.send("p", fmt.Sprintf(`{"anonymousId": "8c6d", "userId": "ada", "messageId": "e%d", "context": %s, "properties": {"url": 5}}`, i, around))
	}
	if ada := m.of("u:ada"); ada == nil || ada.Visits.PageViews != 4 || ada.Visits.Recent[0].LandingPage != "" {
		t.Errorf("remembered is %+v", ada)
	}
}
