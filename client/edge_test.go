package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"handbill/client"
	"handbill/engine/content"
)

// edge is a small endpoint and a site in front of it: what the client needs of them, by docs/endpoint.md.
type edge struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	changed  chan struct{} // closed and renewed with every request
	polls    []poll
	events   []sent
	requests []string // the paths of polls and events, in their order

	// Set by a test before its page is opened; guarded by mu.
	pages     map[string]string // path -> document
	headers   map[string]string // of every page
	site      map[string]any
	consent   map[string]any // the site's rules, where it has some
	messages  func(poll) []message
	refused   map[string]string                                 // why messages are not handed out that the site's code asks for
	inbox     []letter                                          // what lies in the inbox; nil: the workspace has none
	documents map[string]string                                 // that are shown in a sandbox, by their frames
	missing   []string                                          // the endings of parts that are not found
	interval  int                                               // seconds
	refuse    func(w http.ResponseWriter, r *http.Request) bool // whether it has answered a request itself
	ticket    func(poll) string                                 // of the stream that a poll is offered
	streams   map[chan string]string                            // the open streams: their events, and their tickets
	opened    int                                               // streams that were opened so far
}

// poll is one poll as the client sent it.
type poll struct {
	at   time.Time
	Page struct {
		URL    string `json:"url"`
		Name   string `json:"name"`
		Number int    `json:"number"`
	} `json:"page"`
	Tab        string            `json:"tab"`
	View       string            `json:"view"`
	Generation string            `json:"generation"`
	UserID     string            `json:"userId"`
	Reset      bool              `json:"reset"`
	Consent    string            `json:"consent"`
	Show       map[string]string `json:"show"`
	Stream     string            `json:"stream"`
	Inbox      string            `json:"inbox"`
	Zone       string            `json:"zone"`
	Fired      []fired           `json:"fired"`

	header http.Header
	visit  string
}

// fired says that what a message waits for has happened.
type fired struct {
	MessageID string `json:"messageId"`
	Event     *struct {
		Name       string         `json:"name"`
		Properties map[string]any `json:"properties"`
	} `json:"event"`
}

// sent is one event as the client sent it, with the path that it came by.
type sent struct {
	Type        string         `json:"type"`
	Event       string         `json:"event"`
	MessageID   string         `json:"messageId"`
	UserID      *string        `json:"userId"`
	AnonymousID string         `json:"anonymousId"`
	Timestamp   time.Time      `json:"timestamp"`
	Properties  map[string]any `json:"properties"`
	Traits      map[string]any `json:"traits"`
	Name        string         `json:"name"`
	GroupID     string         `json:"groupId"`
	PreviousID  string         `json:"previousId"`
	View        string         `json:"view"`
	Number      int            `json:"number"`
	Context     struct {
		Page     struct{ URL, Referrer string }
		UserHash string
	} `json:"context"`

	path  string
	visit string
	reset bool
}

// message is a message in a poll's answer.
type message struct {
	MessageID  string `json:"messageId"`
	DeliveryID string `json:"deliveryId"`
	Content    any    `json:"content"`
	Test       bool   `json:"test,omitempty"`
	When       any    `json:"when,omitempty"`
	Occasion   string `json:"occasion,omitempty"`
}

// letter is a message in the inbox.
type letter struct {
	MessageID  string         `json:"messageId"`
	DeliveryID string         `json:"deliveryId"`
	Opened     bool           `json:"opened"`
	SentAt     string         `json:"sentAt"`
	Expiry     string         `json:"expiry,omitempty"`
	Type       string         `json:"type"`
	Topics     []string       `json:"topics"`
	Properties map[string]any `json:"properties"`
}

// deliver is a message with a delivery id of its own.
func deliver(id string, shown content.Content) message {
	return message{MessageID: id, DeliveryID: "delivery-of-" + id, Content: shown}
}

// always answers every poll with the same messages.
func always(messages ...message) func(poll) []message {
	return func(poll) []message { return messages }
}

func newEdge(t *testing.T) *edge {
	t.Helper()
	e := &edge{
		t: t, changed: make(chan struct{}), streams: map[chan string]string{}, interval: 60, messages: always(),
		pages: map[string]string{"/": page(external, "")}, headers: map[string]string{},
		site: map[string]any{
			"prefix": "/_handbill", "siteId": "tallowby", "writeKey": "tallowby-web", "globalName": "cioanalytics",
			"anonymousInApp": true, "spaRoutes": false, "parts": "0a1b2c3d",
		},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_handbill/client.js", e.serveClient)
	mux.HandleFunc("GET /_handbill/v1/analytics-js/snippet/{key}/analytics.min.js", e.serveClient)
	mux.HandleFunc("GET /_handbill/parts/{file}", e.servePart)
	mux.HandleFunc("GET /_handbill/sandbox/{file}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "sandbox "+content.SandboxFlags)
		document := e.documents[strings.TrimSuffix(r.PathValue("file"), ".html")]
		if strings.Contains(document, "message.") {
			bridge, _ := fs.ReadFile(client.Files(), "bridge.js")
			document = strings.Replace(document, "<!doctype html>", "<!doctype html><script>"+string(bridge)+"</script>", 1)
		}
		io.WriteString(w, document)
	})
	mux.HandleFunc("POST /_handbill/api/v4/users", e.counted(e.servePoll))
	mux.HandleFunc("POST /_handbill/v1/{kind}", e.counted(e.serveEvents))
	mux.HandleFunc("GET /_handbill/api/v3/sse", e.counted(e.serveStream))
	mux.HandleFunc("GET /img/board.svg", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360"><rect width="640" height="360" fill="#1f5c4a"/></svg>`)
	})
	mux.Handle("GET /video/board.webm", http.FileServer(http.Dir("../examples/site")))
	mux.Handle("GET /video/board.en.vtt", http.FileServer(http.Dir("../examples/site")))
	mux.HandleFunc("GET /favicon.ico", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /", e.servePage)
	e.Server = httptest.NewServer(mux)
	t.Cleanup(e.Close)
	return e
}

func (e *edge) serveClient(w http.ResponseWriter, _ *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	site, err := json.Marshal(e.site)
	if err != nil {
		e.t.Error(err)
	}
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	before := ""
	if e.consent != nil {
		text, readErr := fs.ReadFile(client.Files(), "consent.js")
		rules, err := json.Marshal(e.consent)
		if err := errors.Join(readErr, err); err != nil {
			e.t.Error(err)
		}
		before = fmt.Sprintf("%s\nhandbillConsent(%s);\n", text, rules)
	}
	fmt.Fprintf(w, "(()=>{%s%s\nhandbillClient.start(%s)})();\n", before, client.Bundle(), site)
}

func (e *edge) servePart(w http.ResponseWriter, r *http.Request) {
	file := strings.Replace(r.PathValue("file"), "-0a1b2c3d.", ".", 1)
	text, err := fs.ReadFile(client.Files(), "parts/"+file)
	e.mu.Lock()
	defer e.mu.Unlock()
	if file == r.PathValue("file") || err != nil || slices.Contains(e.missing, path.Ext(file)) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(file)))
	w.Write(text)
}

func (e *edge) servePage(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	document, ok := e.pages[r.URL.Path]
	if !ok {
		document, ok = e.pages["/*"]
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	for name, value := range e.headers {
		w.Header().Set(name, value)
	}
	io.WriteString(w, document)
}

// counted records a request and lets the test answer it.
func (e *edge) counted(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		e.requests = append(e.requests, strings.TrimPrefix(r.URL.Path, "/_handbill"))
		refuse := e.refuse
		e.mu.Unlock()
		if refuse == nil || !refuse(w, r) {
			serve(w, r)
		}
		e.mu.Lock()
		close(e.changed)
		e.changed = make(chan struct{})
		e.mu.Unlock()
	}
}

func (e *edge) servePoll(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	asked := poll{at: time.Now(), header: r.Header, visit: r.URL.Query().Get("sessionId")}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		e.t.Errorf("a poll's body is not JSON: %v", err)
	}
	if asked.visit == "" {
		e.t.Error("a poll has no sessionId")
	}
	e.polls = append(e.polls, asked)
	w.Header().Set("X-Gist-Queue-Polling-Interval", fmt.Sprint(e.interval))
	if e.ticket != nil && asked.Stream != e.ticket(asked) {
		w.Header().Set("Handbill-Stream", e.ticket(asked))
	}
	if e.inbox != nil {
		w.Header().Set("Handbill-Inbox", "false")
	}
	list := e.messages(asked)
	if list == nil {
		list = []message{}
	}
	letters := fmt.Sprint(e.inbox)
	if asked.Inbox != "" && asked.Inbox != letters {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"inAppMessages": list, "inboxMessages": append([]letter{}, e.inbox...), "inboxGeneration": letters})
		return
	}
	if len(list) == 0 && e.refused == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	generation := fmt.Sprintf("%v %s", list, asked.Page.URL)
	if asked.Generation == generation {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"inAppMessages": list, "inboxMessages": []any{}, "generation": generation, "refused": e.refused})
}

func (e *edge) serveEvents(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		e.t.Errorf("reading events: %v", err)
	}
	var batch struct {
		Batch    []sent `json:"batch"`
		WriteKey string `json:"writeKey"`
		Reset    bool   `json:"reset"`
	}
	kind := r.PathValue("kind")
	if err := json.Unmarshal(body, &batch); err != nil {
		e.t.Errorf("events are not JSON: %v in %s", err, body)
	}
	if kind != "b" {
		var one sent
		if err := json.Unmarshal(body, &one); err != nil {
			e.t.Errorf("an event is not JSON: %v in %s", err, body)
		}
		batch.Batch = []sent{one}
	}
	if batch.WriteKey != e.site["writeKey"] {
		e.t.Errorf("events name the write key %q", batch.WriteKey)
	}
	for _, event := range batch.Batch {
		event.path, event.visit, event.reset = r.URL.Path, r.URL.Query().Get("sessionId"), batch.Reset
		e.events = append(e.events, event)
	}
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"success":true}`)
}

// set changes what the edge does, between two requests.
func (e *edge) set(change func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change()
}

// wait returns when what it is told of the edge is true.
func (e *edge) wait(what string, reached func() bool) {
	e.t.Helper()
	deadline := time.After(patience)
	for {
		e.mu.Lock()
		done, changed := reached(), e.changed
		e.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			e.mu.Lock()
			defer e.mu.Unlock()
			e.t.Fatalf("the edge never saw %s; it saw %q and the reports %q", what, e.requests, reportsOf(e.events))
		}
	}
}

// refuseFirst has the first requests of a kind answered by something else.
func (e *edge) refuseFirst(count int, kind string, answer http.HandlerFunc) {
	var seen atomic.Int64
	refuse := func(w http.ResponseWriter, r *http.Request) bool {
		refused := strings.Contains(r.URL.Path, kind) && seen.Add(1) <= int64(count)
		if refused {
			answer(w, r)
		}
		return refused
	}
	e.set(func() { e.refuse = refuse })
}

// The kinds of requests, by a part of their path.
const (
	pollPath  = "/api/v4/users"
	eventPath = "/_handbill/v1/"
)

// waitPoll returns when the newest poll is the one that is meant.
func (e *edge) waitPoll(what string, is func(poll) bool) {
	e.t.Helper()
	e.wait(what, func() bool { return len(e.polls) > 0 && is(e.polls[len(e.polls)-1]) })
}

// waitPolls returns the first n polls, as soon as there are as many.
func (e *edge) waitPolls(n int) []poll {
	e.t.Helper()
	e.wait(fmt.Sprintf("%d polls", n), func() bool { return len(e.polls) >= n })
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.polls)
}

// allPolls are the polls so far.
func (e *edge) allPolls() []poll {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.polls)
}

// waitEvents returns the first n events, as soon as there are as many.
func (e *edge) waitEvents(n int) []sent {
	e.t.Helper()
	e.wait(fmt.Sprintf("%d events", n), func() bool { return len(e.events) >= n })
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.events)
}

// waitReports compares the reports that arrived with those that must have: message, metric and what it says beyond.
func (e *edge) waitReports(want ...string) {
	e.t.Helper()
	e.wait(fmt.Sprintf("the reports %q", want), func() bool { return len(reportsOf(e.events)) >= len(want) })
	e.mu.Lock()
	defer e.mu.Unlock()
	if got := reportsOf(e.events); !slices.Equal(got, want) {
		e.t.Errorf("the reports are %q, want %q", got, want)
	}
}

// reportsOf writes reports as "welcome clicked show-me=next".
func reportsOf(events []sent) []string {
	var reports []string
	arrived := map[string]bool{} // what the edge has not acknowledged when a page is left arrives twice, and counts once
	for _, event := range events {
		if event.Event != "Report Delivery Event" || arrived[event.MessageID] {
			continue
		}
		arrived[event.MessageID] = true
		said := maps.Clone(event.Properties)
		text := fmt.Sprintf("%v %v", strings.TrimPrefix(fmt.Sprint(said["deliveryId"]), "delivery-of-"), said["metric"])
		if name, ok := said["actionName"]; ok {
			text += fmt.Sprintf(" %v=%v", name, said["actionValue"])
		}
		if reason, ok := said["reason"]; ok {
			text += fmt.Sprintf(" %v", reason)
		}
		reports = append(reports, text)
	}
	return reports
}
