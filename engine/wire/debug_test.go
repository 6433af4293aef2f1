package wire_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/wire"
	"handbill/engine/workspace"
)

const debugged = `
[workspace]
name = "Shop"

[[messages]]
id = "welcome"
pages = ["/pricing"]
text = "Welcome."
frequency = "once"

[[messages]]
id = "for-pro"
pages = ["equals:https://shop.example.com/pricing"]
display = "toast"
audience = "identified"
where = 'traits.plan == "pro"'
text = "Hello {{ traits.plan }}"
`

// debugEdge is an endpoint whose clock a test holds.
type debugEdge struct {
	*browser
	engine *engine.Engine
	now    time.Time
}

func newDebugEdge(t *testing.T, site wire.Site, name string, records store.Store) *debugEdge {
	t.Helper()
	d := &debugEdge{now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)}
	e, err := engine.New(context.Background(), engine.Options{Workspace: name, Store: records, Now: func() time.Time { return d.now }})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(debugged)}})
	if err != nil {
		t.Fatal(err)
	}
	e.Use(snapshot)
	handler, err := wire.New(wire.Options{
		Engine: e, Site: site, Client: fstest.MapFS{"client.js": {Data: []byte(bundle)}}, Scheme: func(*http.Request) string { return "https" },
		Inspect: func(_ context.Context, page *url.URL, header http.Header) any {
			return map[string]string{"outcome": "injected", "saw": page.Path + " in " + header.Get("Accept-Language")}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	d.engine, d.browser = e, newBrowser(t, handler)
	return d
}

func inMemory(t *testing.T) store.Store {
	t.Helper()
	memory := store.NewMemory()
	t.Cleanup(func() { _ = memory.Close() })
	return memory
}

// link is a debug link's id that is valid for half an hour.
func (d *debugEdge) link() string {
	d.t.Helper()
	link, err := d.engine.DebugLink(0)
	if err != nil {
		d.t.Fatal(err)
	}
	return link.ID
}

// explained is what an overlay is told.
type explained struct {
	Visitor, Level string
	Known          bool
	Until          time.Time
	Notes          []string
	Injection      map[string]string
	Messages       []struct {
		Message, Reason string
		Due             bool
		Checks          []struct{ Check, Saw, Help string }
	}
}

func (x *explained) saw(message, check string) string {
	for _, m := range x.Messages {
		for _, c := range m.Checks {
			if m.Message == message && c.Check == check {
				return c.Saw
			}
		}
	}
	return ""
}

// ask asks as an overlay does, for a user or for nobody in particular.
func (d *debugEdge) ask(id, user string) (*http.Response, string) {
	d.t.Helper()
	answer := d.do("POST", "/_handbill/api/v1/debug?sessionId=5f0c", fmt.Sprintf(`{"page":{"url":"%s/pricing?handbillDebug=%s","number":1},"tab":"tab-1","view":"view-1","userId":%q}`, origin, id, user))
	return answer, text(d.t, answer)
}

func (d *debugEdge) explain(user string) explained {
	d.t.Helper()
	answer, body := d.ask(d.link(), user)
	var got explained
	if err := json.Unmarshal([]byte(body), &got); answer.StatusCode != http.StatusOK || err != nil {
		d.t.Fatalf("status %d, %v: %s", answer.StatusCode, err, body)
	}
	return got
}

func TestADebugLinkSaysWhyMessagesShow(t *testing.T) {
	d := newDebugEdge(t, wire.Site{Anonymous: true}, "shop", inMemory(t))
	d.header.Set("Accept-Language", "de")
	_, list := d.pollPage(origin + "/pricing")
	d.cookies["other"] = "1"
	got := d.explain("")
	if len(got.Messages) != 2 || !got.Messages[0].Due || got.Messages[1].Reason != "audience" || got.Level != "anonymous" || !got.Until.Equal(d.now.Add(30*time.Minute)) {
		t.Errorf("it says %+v", got)
	}
	if got.Injection["saw"] != "/pricing in de" {
		t.Errorf("of the page it says %v", got.Injection)
	}
	// What was opened on this page is due here still, and on another page view no more, as a poll has it.
	d.do("POST", "/_handbill/v1/t", fmt.Sprintf(`{"event":"Report Delivery Event","messageId":"e1","properties":{"deliveryId":%q,"metric":"opened"}}`, list.InAppMessages[0].DeliveryID))
	if got := d.explain(""); !got.Messages[0].Due {
		t.Errorf("while it is on screen it says %+v", got.Messages[0])
	}
	d.do("POST", "/_handbill/v1/t", fmt.Sprintf(`{"event":"Report Delivery Event","messageId":"e2","properties":{"deliveryId":%q,"metric":"dismissed"}}`, list.InAppMessages[0].DeliveryID))
	if got := d.explain(""); got.Messages[0].Reason != "dismissed" || !got.Known {
		t.Errorf("after it was closed it says %+v", got)
	}
}

func TestADebugLinkLeavesNothingBehind(t *testing.T) {
	d := newDebugEdge(t, wire.Site{Anonymous: true}, "shop", inMemory(t))
	answer, _ := d.ask(d.link(), "")
	if cookies := answer.Header["Set-Cookie"]; len(cookies) > 0 || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the answer sets %q, %v", cookies, answer.Header)
	}
	statistics, err := d.engine.Statistics(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if said := fmt.Sprint(statistics); strings.Contains(said, "delivered") {
		t.Errorf("counted: %s", said)
	}
}

func TestADebugLinkThatIsNotOursSaysNothing(t *testing.T) {
	records := inMemory(t)
	d := newDebugEdge(t, wire.Site{Anonymous: true}, "shop", records)
	foreign := newDebugEdge(t, wire.Site{Anonymous: true}, "blog", records)
	elsewhere := newDebugEdge(t, wire.Site{Anonymous: true}, "shop", inMemory(t))
	preview, err := d.engine.Preview("welcome", 0)
	if err != nil {
		t.Fatal(err)
	}
	ended, changed := d.link(), d.link()
	last := "A"
	if strings.HasSuffix(changed, last) {
		last = "Q"
	}
	later := d.now.Add(31 * time.Minute)
	for name, test := range map[string]struct {
		id  string
		now time.Time
	}{
		"none":                    {"", d.now},
		"a preview's":             {preview.ID, d.now},
		"a preview's, renamed":    {"hbd-" + strings.TrimPrefix(preview.ID, "hbp-"), d.now},
		"changed":                 {changed[:len(changed)-1] + last, d.now},
		"of another workspace":    {foreign.link(), d.now},
		"of another store":        {elsewhere.link(), d.now},
		"no link":                 {"hbd-AAAA", d.now},
		"one that has ended":      {ended, later},
		"one that is made longer": {ended + "AAAA", d.now},
	} {
		t.Run(name, func(t *testing.T) {
			d.now = test.now
			answer, body := d.ask(test.id, "ada")
			if answer.StatusCode != http.StatusForbidden || strings.Contains(body, "welcome") || !strings.Contains(body, "messages preview --debug") {
				t.Errorf("status %d: %s", answer.StatusCode, body)
			}
		})
	}
}

func TestADebugLinkTellsNobodyOfSomebodyElse(t *testing.T) {
	for name, test := range map[string]struct {
		site wire.Site
		want string
	}{
		"a claim":                          {wire.Site{Anonymous: true}, "not told: the visitor's user id is not verified"},
		"a claim that is enough, outright": {wire.Site{Anonymous: true, Identity: wire.Identity{Outright: true}}, "pro"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDebugEdge(t, test.site, "shop", inMemory(t))
			d.do("POST", "/_handbill/v1/i", `{"userId":"ada","anonymousId":"x","messageId":"i1","traits":{"plan":"pro"}}`)
			stranger := newBrowser(t, d.handler)
			d.browser = stranger
			got := d.explain("ada")
			if !got.Messages[1].Due || !strings.Contains(got.saw("for-pro", "where"), test.want) {
				t.Errorf("it says %+v", got.Messages[1])
			}
			if got.saw("for-pro", "page") == "" || strings.HasPrefix(got.saw("for-pro", "page"), "not told") {
				t.Errorf("of the page it says %q", got.saw("for-pro", "page"))
			}
		})
	}
}

func TestADebugLinkSaysWhatStandsInTheWayOfAll(t *testing.T) {
	d := newDebugEdge(t, wire.Site{}, "shop", inMemory(t))
	if got := d.explain(""); len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "identified alone") {
		t.Errorf("it notes %q", got.Notes)
	}
	for body, want := range map[string]string{
		`{}`: "does not name the page",
		`{"page":{"url":"https://elsewhere.example/?handbillDebug=` + d.link() + `"}}`: "but this endpoint serves pages of",
	} {
		if answer := d.do("POST", "/_handbill/api/v1/debug", body); answer.StatusCode != http.StatusBadRequest || !strings.Contains(text(t, answer), want) {
			t.Errorf("%s is answered %s", body, answer.Status)
		}
	}
}

func TestADebugLinkIsNoPartOfThePagesAddress(t *testing.T) {
	d := newDebugEdge(t, wire.Site{Anonymous: true}, "shop", inMemory(t))
	for _, sent := range []string{"/pricing?handbillDebug=ID", "/pricing?tab=team&handbillDebug=ID", "/pricing?handbillDebug=ID&tab=team", "/pricing?handbillDebug=ID#plans"} {
		address := origin + strings.Replace(sent, "ID", d.link(), 1)
		want := strings.NewReplacer("?handbillDebug=ID&", "?", "?handbillDebug=ID", "", "&handbillDebug=ID", "").Replace(origin + sent)
		answer := d.do("POST", "/_handbill/api/v1/debug", fmt.Sprintf(`{"page":{"url":%q},"tab":"t","view":"v"}`, address))
		var got struct{ Page string }
		if err := json.NewDecoder(answer.Body).Decode(&got); err != nil || got.Page != want {
			t.Errorf("%s is %q, want %q, error %v", sent, got.Page, want, err)
		}
	}
}
