package wire_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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

// manyMessages is a workspace of a large site: of all messages, fitting may appear on the pages below /shoes.
func manyMessages(messages, fitting int, keys string) string {
	var text strings.Builder
	text.WriteString("[workspace]\nthrottle = { per_day = 32 }\n[[segments]]\nid = \"buyers\"\nwhere = 'events[\"Order Completed\"].count > 0'\n")
	for i := range messages {
		rule := fmt.Sprintf("https://shop.example.com/section-%d/*", i)
		if i%(messages/fitting) == 0 {
			rule = "/shoes/*"
		}
		fmt.Fprintf(&text, "[[messages]]\nid = \"message-%d\"\npages = [%q]\ndisplay = \"banner\"\ntext = \"Hello\"\n%s\n", i, rule, keys)
	}
	return text.String()
}

// poller is a browser that sends the same poll again and again, with as little of its own as a test needs.
type poller struct {
	handler  *wire.Handler
	engine   *engine.Engine
	identity visitor.Identity
	request  *http.Request
	body     *bytes.Reader
	sent     []byte
	header   http.Header
	status   int
}

func newPoller(t testing.TB, text string) *poller {
	t.Helper()
	cached, err := store.Cached(store.NewMemory(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cached.Close() })
	e, err := engine.New(context.Background(), engine.Options{Workspace: "shop", Store: cached, Random: middle})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	e.Use(snapshot)
	asked, addresses := 0, make([]string, 10_000)
	for i := range addresses {
		addresses[i] = fmt.Sprintf("10.0.%d.%d", i/256, i%256)
	}
	h, err := wire.New(wire.Options{
		Engine: e, Site: wire.Site{Anonymous: true}, Client: fstest.MapFS{"client.js": {Data: []byte(bundle)}},
		Scheme: func(*http.Request) string { return "https" },
		ClientIP: func(*http.Request) string { // the endpoint limits what one address may ask
			asked++
			return addresses[asked%len(addresses)]
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := &poller{engine: e, handler: h, body: bytes.NewReader(nil), header: http.Header{}}
	p.request = httptest.NewRequest(http.MethodPost, origin+"/_handbill/api/v4/users?sessionId=6a1c8f0e-2b7d-4f7a-9a35-0123456789ab", nil)
	p.request.Header = http.Header{
		"Origin": {origin}, "Sec-Fetch-Site": {"same-origin"}, "Content-Type": {"application/json"}, "Accept-Language": {"en"},
		"Referer": {origin + "/shoes/red"}, "User-Agent": {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	}
	p.request.Body = io.NopCloser(p.body)
	return p
}

func (p *poller) Header() http.Header             { return p.header }
func (p *poller) Write(text []byte) (int, error)  { return len(text), nil }
func (p *poller) WriteHeader(status int)          { p.status = status }
func (p *poller) SetReadDeadline(time.Time) error { return nil }
func (p *poller) says(generation, user string) {
	p.sent = fmt.Appendf(nil, `{"page":{"url":"%s/shoes/red","number":1},"tab":"tab","view":"view","generation":%q,"userId":%q,"show":{},"fired":[],"zone":"Europe/Paris","reset":false}`, origin, generation, user)
}

func (p *poller) poll() {
	clear(p.header)
	p.body.Reset(p.sent)
	p.request.ContentLength = int64(len(p.sent))
	p.handler.ServeHTTP(p, p.request)
}

// ask is a poll whose answer is read.
func (p *poller) ask(t testing.TB) (*http.Response, queue) {
	t.Helper()
	recorder := httptest.NewRecorder()
	p.body.Reset(p.sent)
	p.request.ContentLength = int64(len(p.sent))
	p.handler.ServeHTTP(recorder, p.request)
	answer := recorder.Result()
	for _, cookie := range answer.Cookies() {
		p.request.Header.Set("Cookie", "theme=dark; "+cookie.Name+"="+cookie.Value)
		p.identity.Anonymous, _, _ = strings.Cut(cookie.Value, ".")
	}
	return answer, decode(t, answer)
}

// look lets the visitor see what is due, and close each message as long as there is another one.
func (p *poller) look(t testing.TB, user string, outcomes ...engine.Outcome) (generation string) {
	t.Helper()
	p.says("", user)
	p.identity.User = user
	if user != "" {
		p.identity.Level = visitor.LevelIdentified
	}
	for range 100 {
		_, list := p.ask(t)
		if len(list.InAppMessages) == 0 {
			return list.Generation
		}
		for _, m := range list.InAppMessages {
			for _, outcome := range outcomes {
				report := engine.Report{DeliveryID: m.DeliveryID, Outcome: outcome, Visit: "6a1c8f0e"}
				if _, err := p.engine.Report(context.Background(), p.identity, []engine.Report{report}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(outcomes) < 2 {
			_, list = p.ask(t)
			return list.Generation
		}
	}
	t.Fatal("there is always another message")
	return ""
}

var (
	opens  = []engine.Outcome{engine.OutcomeOpened}
	closes = []engine.Outcome{engine.OutcomeOpened, engine.OutcomeDismissed}
)

// idlePolls are polls with nothing new.
var idlePolls = []struct {
	name, keys, user string
	outcomes         []engine.Outcome
	status           int
}{
	{"everything was dismissed", "", "", closes, http.StatusNoContent},
	{"a message is on screen", "", "", opens, http.StatusNotModified},
	{"a message waits for the client", "", "", nil, http.StatusNotModified},
	{"an identified visitor has dismissed everything", "", "ada@example.com", closes, http.StatusNoContent},
	{"an identified visitor has a message on screen", "", "ada@example.com", opens, http.StatusNotModified},
	{"conditions hold nothing", "where = 'traits.seats > 4 && visit.page_views > 3'\naudience = \"!buyers\"", "ada@example.com", nil, http.StatusNoContent},
	{"campaigns were dismissed", "kind = \"campaign\"\ntrigger = { visit = \"any\" }", "ada@example.com", closes, http.StatusNoContent},
	{"campaigns did not start", "kind = \"campaign\"\ntrigger = { event = \"Trial Started\" }", "ada@example.com", nil, http.StatusNoContent},
	{"nobody knows the visitor", "audience = \"identified\"", "", nil, http.StatusNoContent},
}

func TestAPollWithNothingNewTakesTwoPiecesOfMemory(t *testing.T) {
	for _, test := range idlePolls {
		t.Run(test.name, func(t *testing.T) {
			p := newPoller(t, manyMessages(200, 20, test.keys))
			p.says(p.look(t, test.user, test.outcomes...), test.user)
			p.poll()
			// The race detector has sync.Pool drop some of what is put into it, at random, so that it is made anew: there the
			// test only sees that a poll does not take as much as one that answers with messages.
			most := 2.0
			if raceEnabled {
				most = 40
			}
			got := most + 1
			for deadline := time.Now().Add(time.Minute); got > most && time.Now().Before(deadline); { // the cache shows what is put into it late
				got = testing.AllocsPerRun(200, p.poll)
			}
			if got > most || p.status != test.status {
				t.Errorf("%v allocations, status %d, want at most %v and %d", got, p.status, most, test.status)
			}
		})
	}
}

// BenchmarkPoll is the whole of a poll with nothing new in the endpoint: 20 of 10,000 messages may appear on the page.
func BenchmarkPoll(b *testing.B) {
	for _, test := range idlePolls {
		b.Run(strings.ReplaceAll(test.name, " ", "_"), func(b *testing.B) {
			p := newPoller(b, manyMessages(10_000, 20, test.keys))
			p.says(p.look(b, test.user, test.outcomes...), test.user)
			b.ReportAllocs()
			for b.Loop() {
				p.poll()
			}
			if p.status != test.status {
				b.Errorf("status %d", p.status)
			}
		})
	}
}

func TestAPollsBodyIsReadAsEncodingJSONReadsIt(t *testing.T) {
	for _, test := range []struct {
		text  string
		quick bool
	}{
		{`{"page":{"url":"https://shop.example.com/shoes","name":"Shoes","number":3},"tab":"t","view":"v","generation":"g","userId":"ada","show":{},"fired":[],"zone":"Europe/Paris","reset":true}`, true},
		{` { "page" : { "url" : "https://shop.example.com/caf\u00e9" } , "tab" : "t" } `, false},
		{`{"page":{"url":"https://shop.example.com/café"},"referrer":"https://example.org/","stream":"s","reset":false}`, true},
		{`{"Tab":"t","unknown":1}`, false},
		{`{"tab":null}`, false},
		{`{"tab":"one","tab":"two"}`, true},
		{`{"page":{"url":"a"},"page":{"name":"b"}}`, false},
		{`{"page":{"number":007}}`, false},
		{`{"page":{"number":12345678901}}`, false},
		{`{"page":{"number":-1}}`, false},
		{`{"page":{"number":1.5}}`, false},
		{"{\"tab\":\"\xff\"}", false},
		{"{\"tab\":\"a\nb\"}", false},
		{`{"tab":"t"} {}`, false},
		{`{"tab":"t",}`, false},
		{`{"show":{"a":"b"},"fired":[{"messageId":"m"}]}`, false},
		{`{"resetfalse":true}`, false},
		{`{}`, true}, {`[]`, false}, {``, false}, {`{`, false}, {`{"tab`, false}, {`{"reset":tru`, false},
	} {
		quick, same := wire.PollsReadAlike([]byte(test.text))
		if quick != test.quick || !same {
			t.Errorf("%s: read quickly %t, want %t; as encoding/json %t", test.text, quick, test.quick, same)
		}
	}
}

func FuzzPollBody(f *testing.F) {
	f.Add([]byte(`{"page":{"url":"https://shop.example.com/","name":"n","number":1},"tab":"t","reset":true,"show":{},"fired":[]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, same := wire.PollsReadAlike(text); !same {
			t.Errorf("%q is not read as encoding/json reads it", text)
		}
	})
}
