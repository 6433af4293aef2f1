package client_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// streamPath is where streams are opened.
const streamPath = "/api/v3/sse"

// serveStream keeps a stream open until the browser goes, or the test ends it with an empty event.
func (e *edge) serveStream(w http.ResponseWriter, r *http.Request) {
	events := make(chan string, 10)
	e.set(func() {
		e.streams[events] = r.URL.Query().Get("ticket")
		e.opened++
	})
	go func() {
		<-r.Context().Done()
		e.set(func() {
			delete(e.streams, events)
			close(e.changed)
			e.changed = make(chan struct{})
		})
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(event, data string) {
		fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, data)
		http.NewResponseController(w).Flush()
	}
	send("connected", `{"heartbeat":30}`)
	e.set(func() {
		close(e.changed)
		e.changed = make(chan struct{})
	})
	for {
		select {
		case event := <-events:
			if event == "" {
				return
			}
			send(event, "{}")
		case <-r.Context().Done():
			return
		}
	}
}

// say sends an event over every open stream.
func (e *edge) say(event string) {
	e.set(func() {
		for events := range e.streams {
			events <- event
		}
	})
}

// waitStreams returns when as many streams are open, with these tickets, as are given.
func (e *edge) waitStreams(tickets ...string) {
	e.t.Helper()
	e.wait(fmt.Sprintf("the streams %q", tickets), func() bool {
		if len(e.streams) != len(tickets) {
			return false
		}
		for _, ticket := range e.streams {
			if !strings.Contains(strings.Join(tickets, " "), ticket) {
				return false
			}
		}
		return true
	})
}

// offered is an edge that offers streams, a ticket for each visitor.
func offered(t *testing.T) *edge {
	e := newEdge(t)
	e.ticket = func(asked poll) string { return "visitor-" + asked.UserID + ".seal" }
	return e
}

func TestWhatTheStreamAnnouncesShowsAndWhatIsWithdrawnDisappears(t *testing.T) {
	e, b := offered(t), newTab(t)
	b.open(e.URL)
	e.waitStreams("visitor-.seal")
	e.set(func() { e.messages = always(deliver("welcome", welcome)) })
	e.say("poll")
	b.await(dialog)
	if second := e.waitPolls(2)[1]; second.Stream != "visitor-.seal" {
		t.Errorf("the poll says that it hears %q", second.Stream)
	}
	e.set(func() { e.messages = always() })
	e.say("poll")
	b.await(messages + ".length === 0")
	e.say("heartbeat")
	e.waitReports("welcome opened")
}

func TestAMessageThatIsNoLongerInTheAnswerDisappearsWithoutAStream(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.interval = 1
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await(dialog)
	e.set(func() { e.messages = always() })
	b.await(messages + ".length === 0")
	e.waitReports("welcome opened")
}

func TestAnotherVisitorHasAnotherStream(t *testing.T) {
	e, b := offered(t), newTab(t)
	b.open(e.URL)
	e.waitStreams("visitor-.seal")
	b.js("cioanalytics.identify('ines')")
	e.waitStreams("visitor-ines.seal")
}

func TestAnAnswerThatWasOvertakenOffersNoStream(t *testing.T) {
	e, b := offered(t), newTab(t)
	overtaken := make(chan struct{})
	var first atomic.Bool
	e.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/_handbill"+pollPath && first.CompareAndSwap(false, true) {
			<-overtaken // until the visitor is somebody else
		}
		return false
	}
	b.open(e.URL)
	e.wait("the first poll", func() bool { return len(e.requests) > 0 })
	b.await("window.cioanalytics?.user")
	b.js("cioanalytics.identify('ines')")
	e.waitStreams("visitor-ines.seal")
	close(overtaken)
	e.wait("the answer to the first poll", func() bool { return len(e.polls) == 2 })
	b.js("new Promise((done) => setTimeout(done, 500))") // in which the other visitor's stream would be opened
	e.waitStreams("visitor-ines.seal")
}

func TestTheTabsOfABrowserShareOneStream(t *testing.T) {
	e, b := offered(t), newTab(t)
	// As two windows side by side are; the browser of the test shows one at a time.
	e.pages["/*"] = page(`<script>Object.defineProperty(document, "visibilityState", { get: () => "visible" })</script>`+external, "")
	delete(e.pages, "/")
	b.open(e.URL)
	e.waitStreams("visitor-.seal")
	b.do("window.open('/pricing/', '_blank', 'noopener')")
	e.wait("a poll of the other tab", func() bool {
		return len(e.polls) > 0 && strings.HasSuffix(e.polls[len(e.polls)-1].Page.URL, "/pricing/")
	})
	b.js("new Promise((done) => setTimeout(done, 500))") // in which a second stream would be opened
	e.waitStreams("visitor-.seal")
	e.mu.Lock()
	before := len(e.polls)
	e.mu.Unlock()
	e.say("poll")
	polls := e.waitPolls(before + 2)[before:]
	if polls[0].Tab == polls[1].Tab || polls[0].Stream == "" || polls[1].Stream == "" {
		t.Errorf("the polls after it are %+v", polls)
	}
}

func TestOnlyAVisibleTabHoldsAStream(t *testing.T) {
	const changeable = `<script>
  let visibility = "visible";
  Object.defineProperty(document, "visibilityState", { get: () => visibility });
  window.become = (state) => { visibility = state; document.dispatchEvent(new Event("visibilitychange")); };
</script>`
	e, b := offered(t), newTab(t)
	e.pages["/"] = page(changeable+external, "")
	b.open(e.URL)
	e.waitStreams("visitor-.seal")
	b.do("become('hidden')")
	e.waitStreams()
	e.set(func() { e.messages = always(deliver("welcome", welcome)) })
	b.do("become('visible')")
	e.waitStreams("visitor-.seal")
	b.await(dialog)
	e.set(func() { e.pages["/pricing/"] = page("", "") })
	b.open(e.URL + "/pricing/")
	e.waitStreams()
	b.do("history.back()")
	e.waitStreams("visitor-.seal")
}

func TestWithoutAStreamTheClientPolls(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"it is refused":        status(http.StatusServiceUnavailable),
		"it is something else": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) },
		"it ends":              func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/event-stream") },
	} {
		t.Run(name, func(t *testing.T) {
			e, b := offered(t), newTab(t, "Failed to load resource", "EventSource")
			e.interval = 1
			var tried atomic.Int64
			e.refuseFirst(1, streamPath, func(w http.ResponseWriter, r *http.Request) {
				tried.Store(time.Now().UnixNano())
				answer(w, r)
			})
			b.open(e.URL)
			e.wait("a try", func() bool { return strings.Contains(strings.Join(e.requests, " "), streamPath) })
			e.waitPolls(3)
			e.set(func() { e.messages = always(deliver("welcome", welcome)) })
			b.await(dialog)
			e.waitStreams("visitor-.seal")
			if waited := time.Since(time.Unix(0, tried.Load())); waited < time.Second {
				t.Errorf("it was tried again after %s", waited)
			}
		})
	}
}

func TestNoStreamWhereThePolicyOfThePageForbidsIt(t *testing.T) {
	e, b := offered(t), newTab(t, "connect-src")
	b.open(e.URL)
	e.waitStreams("visitor-.seal")
	b.do(`document.head.insertAdjacentHTML("beforeend", '<meta http-equiv="Content-Security-Policy" content="connect-src https://api.example.com">')`)
	e.say("")
	e.waitStreams()
	b.js("new Promise((done) => setTimeout(done, 7000))") // longer than the first wait after a failure
	e.waitStreams()
}
