package wire_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"handbill/engine"
	"handbill/engine/pipetest"
	"handbill/engine/store"
	"handbill/engine/wire"
	"handbill/engine/workspace"
)

// streamingSite is a server whose endpoint has streams, over HTTP/1.1, or over HTTP/2 with TLS.
type streamingSite struct {
	*httptest.Server
	t      *testing.T
	engine *engine.Engine
}

func newStreamingSite(t *testing.T, rules engine.Streams) *streamingSite {
	t.Helper()
	s := streamingSiteToStart(t, rules)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// newSiteInMemory is a site in a bubble, whose server gives requests and answers so much time as operators do.
func newSiteInMemory(t *testing.T, encrypted bool) *streamingSite {
	t.Helper()
	s := streamingSiteToStart(t, engine.Streams{On: true})
	_ = s.Listener.Close()
	network := pipetest.Listen()
	s.Listener = network
	s.Config.ReadTimeout, s.Config.WriteTimeout = 10*time.Second, 10*time.Second
	if encrypted {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	s.Client().Transport.(*http.Transport).DialContext = network.Dial
	return s
}

func streamingSiteToStart(t *testing.T, rules engine.Streams) *streamingSite {
	t.Helper()
	memory := store.NewMemory()
	t.Cleanup(func() { _ = memory.Close() })
	e, err := engine.New(context.Background(), engine.Options{Workspace: "shop", Store: memory, Random: middle})
	if err != nil {
		t.Fatal(err)
	}
	s := &streamingSite{t: t, engine: e}
	s.use(shop)
	e.SetStreams(rules)
	h, err := wire.New(wire.Options{Engine: e, Site: wire.Site{Anonymous: true}, Client: fstest.MapFS{"client.js": {Data: []byte(bundle)}}, StreamSite: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewUnstartedServer(h)
	return s
}

func (s *streamingSite) use(text string) {
	s.t.Helper()
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(text)}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.engine.Use(snapshot)
}

// poll asks as our client does, or as the reference client does where no page is named.
func (s *streamingSite) poll(user, body string) *http.Response {
	s.t.Helper()
	request, err := http.NewRequest(http.MethodPost, s.URL+"/_handbill/api/v4/users?sessionId=v", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if user != "" {
		request.Header.Set("X-Gist-Encoded-User-Token", user)
	}
	answer, err := s.Client().Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		s.t.Fatal(err)
	}
	return answer
}

func (s *streamingSite) ours(more string) *http.Response {
	s.t.Helper()
	return s.poll("", fmt.Sprintf(`{"page":{"url":%q},"userId":"ada"%s}`, s.URL+"/", more))
}

// events is a stream as a browser reads it.
type events struct {
	t       *testing.T
	answer  *http.Response
	scanner *bufio.Scanner
	close   func()
}

func (s *streamingSite) listen(query string) *events {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/_handbill/api/v3/sse?"+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := s.Client().Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = answer.Body.Close() })
	return &events{t: s.t, answer: answer, scanner: bufio.NewScanner(answer.Body), close: cancel}
}

// next is the next event: its name and its data.
func (e *events) next() (name, data string) {
	e.t.Helper()
	for e.scanner.Scan() {
		line := e.scanner.Text()
		switch {
		case line == "":
			return name, data
		case strings.HasPrefix(line, "event: "):
			name = line[len("event: "):]
		case strings.HasPrefix(line, "data: "):
			data = line[len("data: "):]
		default:
			e.t.Fatalf("not a line of a stream: %q", line)
		}
	}
	return "", ""
}

func (e *events) expect(name, data string) {
	e.t.Helper()
	gotName, gotData := e.next()
	if gotName != name || data != "" && gotData != data {
		e.t.Fatalf("the event is %q %q, want %q %q", gotName, gotData, name, data)
	}
}

// The clock of this test is the bubble's: it moves only while everybody waits.
func TestAStreamTellsOurClientToPoll(t *testing.T) {
	for name, encrypted := range map[string]bool{"over HTTP/1.1": false, "over HTTP/2 with TLS": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSiteInMemory(t, encrypted)
				time.Sleep(time.Second) // of the same instant it is not known what came first
				ticket := s.ours("").Header.Get("Handbill-Stream")
				opened := time.Now()
				e := s.listen("ticket=" + ticket)
				header := e.answer.Header
				if e.answer.StatusCode != 200 || !strings.HasPrefix(header.Get("Content-Type"), "text/event-stream") ||
					!strings.Contains(header.Get("Cache-Control"), "no-transform") || len(e.answer.Cookies()) > 0 {
					t.Errorf("%s %v", e.answer.Status, header)
				}
				e.expect("connected", `{"heartbeat":30}`)
				for last := opened; last.Sub(opened) < 5*time.Minute; last = time.Now() { // far longer than requests may take
					e.expect("heartbeat", "{}")
					if quiet := time.Since(last); quiet > 30*time.Second || quiet < 15*time.Second {
						t.Errorf("between two heartbeats pass %s", quiet)
					}
				}
				sent := time.Now()
				if _, err := s.engine.SendTest(context.Background(), "u:ada", "billing", nil); err != nil {
					t.Fatal(err)
				}
				e.expect("poll", "{}")
				if took := time.Since(sent); took > 0 {
					t.Errorf("it is told %s later", took)
				}
				s.use("[workspace]\nname = \"Shop\"\n")
				e.expect("poll", "{}")
				// A stream does not stay for ever: the client opens another one. What a test send changes is told, too, perhaps.
				for name, _ := e.next(); name != ""; name, _ = e.next() {
					if name != "poll" && name != "heartbeat" {
						t.Errorf("later comes %s", name)
					}
				}
				if lasted := time.Since(opened); lasted < 10*time.Minute || lasted > time.Hour {
					t.Errorf("it lasted %s", lasted)
				}
				e = s.listen("ticket=" + s.ours("").Header.Get("Handbill-Stream"))
				e.expect("connected", "")
				s.engine.SetStreams(engine.Streams{})
				if name, _ := e.next(); name != "" {
					t.Errorf("after streams were switched off comes %s", name)
				}
			})
		})
	}
}

func TestPollsOfferAStreamToThoseWhoMayHaveOne(t *testing.T) {
	s := newStreamingSite(t, engine.Streams{On: true})
	first := s.ours("")
	ticket := first.Header.Get("Handbill-Stream")
	if ticket == "" || first.Header.Get("X-CIO-Use-SSE") != "" {
		t.Errorf("our client gets a ticket: %v", first.Header)
	}
	hearing := s.ours(fmt.Sprintf(`,"stream":%q`, ticket))
	if hearing.Header.Get("Handbill-Stream") != "" || hearing.Header.Get("X-Gist-Queue-Polling-Interval") != "60" {
		t.Errorf("who listens is told to ask seldom, and needs no ticket: %v", hearing.Header)
	}
	anonymous := s.poll("", fmt.Sprintf(`{"page":{"url":%q},"stream":%q}`, s.URL+"/", ticket))
	if anonymous.Header.Get("Handbill-Stream") == "" {
		t.Error("who listens to another visitor's stream gets a ticket for their own")
	}
	if got := s.poll("YWRh", `{}`).Header.Get("X-CIO-Use-SSE"); got != "true" {
		t.Errorf("the reference client of an identified user: %q", got)
	}
	if got := s.poll("", `{}`).Header.Get("X-CIO-Use-SSE"); got != "" {
		t.Errorf("the reference client of a guest: %q", got)
	}
	s.engine.SetStreams(engine.Streams{})
	off := s.ours("")
	if off.Header.Get("Handbill-Stream") != "" || s.poll("YWRh", `{}`).Header.Get("X-CIO-Use-SSE") != "" {
		t.Errorf("without streams: %v", off.Header)
	}
}

func TestAStreamSendsTheReferenceClientItsWholeList(t *testing.T) {
	s := newStreamingSite(t, engine.Streams{On: true})
	// "a>b~c?dÿ" is "YT5ifmM/ZP8=" in base64 of Latin-1; this one has a plus, which arrives as a space.
	const token = "7+8=" // ïï
	e := s.listen("userToken=" + token + "&siteId=shop&sessionId=v&platform=web")
	e.expect("connected", `{"heartbeat":30}`)
	if _, err := s.engine.SendTest(context.Background(), "u:ïï", "billing", nil); err != nil {
		t.Fatal(err)
	}
	name, data := e.next()
	var list []message
	if err := json.Unmarshal([]byte(data), &list); err != nil || name != "messages" {
		t.Fatalf("%s %s: %v", name, data, err)
	}
	if len(list) != 4 || list[0].MessageID != "billing" || list[0].QueueID == "" || list[1].Properties.Gist["routeRuleWeb"] == "" {
		t.Errorf("the list is %s", data)
	}
	e.expect("inbox_messages", "[]")
	s.use("[workspace]\nname = \"Shop\"\n")
	e.expect("messages", "[]")
}

func TestAStreamIsRefusedInWords(t *testing.T) {
	s := newStreamingSite(t, engine.Streams{On: true, Most: 1})
	ticket := "ticket=" + url.QueryEscape(s.ours("").Header.Get("Handbill-Stream"))
	refused := func(query string, status int, want string) {
		t.Helper()
		answer := s.listen(query).answer
		text, _ := io.ReadAll(answer.Body)
		if answer.StatusCode != status || !strings.Contains(string(text), want) {
			t.Errorf("%s: %s %s", query, answer.Status, text)
		}
		if wait := answer.Header.Get("Retry-After"); (wait != "") != (status == 503) {
			t.Errorf("%s: Retry-After %q", query, wait)
		}
	}
	refused("", 403, "needs the ticket of a poll")
	refused("ticket=nonsense", 403, "poll again")
	refused("userToken=%ff", 403, "poll again")
	first := s.listen(ticket)
	first.expect("connected", "")
	refused(ticket, 503, "as many streams are open as may be; poll instead")
	if s.ours("").Header.Get("Handbill-Stream") != "" {
		t.Error("a stream is offered that could not be opened")
	}
	first.close()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if s.engine.MayStream("shop") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a stream whose browser has gone stays open")
		}
	}
	s.listen(ticket).expect("connected", "")
	s.engine.SetStreams(engine.Streams{On: true, Sites: []string{}})
	refused(ticket, 404, "the operator allows them with: stream on")
}

// The reference client polls as soon as it is connected, and goes on with its stream only where that poll says so again.
func TestTheReferenceClientsPollsGoOnToOfferItsStream(t *testing.T) {
	s := newStreamingSite(t, engine.Streams{On: true})
	e := s.listen("userToken=YWRh&siteId=shop&sessionId=v&platform=web")
	e.expect("connected", `{"heartbeat":30}`)
	for range 3 {
		if answer := s.poll("YWRh", `{}`); answer.StatusCode != 200 || answer.Header.Get("X-CIO-Use-SSE") != "true" || answer.Header.Get("X-Gist-Queue-Polling-Interval") == "" {
			t.Fatalf("%d %v", answer.StatusCode, answer.Header)
		}
	}
	if refused := s.listen("siteId=shop&sessionId=v"); refused.answer.StatusCode != 403 {
		t.Errorf("a guest's stream is answered with %d", refused.answer.StatusCode)
	}
}

// What is sent to one person, and what the workspace says anew, comes as the whole list.
func TestAStreamOfTheReferenceClientHasTheWholeListEachTime(t *testing.T) {
	s := newStreamingSite(t, engine.Streams{On: true})
	receipt := "\n[[messages]]\nid = \"receipt\"\nkind = \"transactional\"\npages = [\"*\"]\ntext = \"Order {{ data.order }}.\"\n"
	s.use(shop + receipt)
	e := s.listen("userToken=YWRh&siteId=shop&sessionId=v")
	e.expect("connected", `{"heartbeat":30}`)
	list := func() []referenceMessage {
		t.Helper()
		for {
			name, data := e.next()
			switch name {
			case "messages":
				var messages []referenceMessage
				if err := json.Unmarshal([]byte(data), &messages); err != nil {
					t.Fatal(err)
				}
				return messages
			case "inbox_messages", "heartbeat":
			default:
				t.Fatalf("%s %s", name, data)
			}
		}
	}
	s.use(shop + receipt + "\n[[messages]]\nid = \"new\"\npages = [\"*\"]\ntext = \"New.\"\n")
	messages := list()
	if len(messages) != 5 {
		t.Errorf("after an edit come %d messages", len(messages))
	}
	streamed := map[string]string{}
	for _, m := range messages {
		streamed[m.MessageID] = m.QueueID
	}
	var polled struct{ InAppMessages []referenceMessage }
	request, _ := http.NewRequest(http.MethodPost, s.URL+"/_handbill/api/v4/users?sessionId=v", strings.NewReader("{}"))
	request.Header.Set("X-Gist-Encoded-User-Token", "YWRh")
	answer, err := s.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&polled); err != nil || len(polled.InAppMessages) != len(messages) {
		t.Fatalf("a poll has %+v, the stream %+v: %v", polled, messages, err)
	}
	for _, m := range polled.InAppMessages {
		if m.QueueID != streamed[m.MessageID] {
			t.Errorf("%s is %q in a poll and %q in the stream", m.MessageID, m.QueueID, streamed[m.MessageID])
		}
	}
	if _, err := s.engine.Send(context.Background(), engine.Send{Message: "new", To: "ada"}); err == nil {
		t.Error("a broadcast is sent to one person")
	}
	e.close()
}
