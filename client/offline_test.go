package client_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// countAsked counts what the page asks of the network, whether or not it gets there.
const countAsked = `<script>
  window.asked = [];
  const ask = window.fetch;
  window.fetch = (address, ...more) => (asked.push(String(address).replace(/.*_handbill|\?.*/g, "")), ask(address, ...more));
</script>`

// offline takes the browser's network away from a tab, as a tunnel does, and gives it back.
func (b *tab) offline(is bool) {
	b.t.Helper()
	enable := network.EnableParams{}
	rules := network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{
		{DownloadThroughput: -1, UploadThroughput: -1, Offline: is},
	}}
	state := network.OverrideNetworkStateParams{Offline: is, DownloadThroughput: -1, UploadThroughput: -1}
	if _, err := chromedp.Call(b.ctx, network.Enable, enable); err != nil {
		b.t.Fatal(err)
	}
	if _, err := chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, rules); err != nil {
		b.t.Fatal(err)
	}
	if _, err := chromedp.Call(b.ctx, network.OverrideNetworkState, state); err != nil {
		b.t.Fatal(err)
	}
	b.await(map[bool]string{true: "!navigator.onLine", false: "navigator.onLine"}[is])
}

func TestOfflineIsWaitedOutAndWhatHappenedMeanwhileArrivesOnce(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Failed to load resource")
	e.interval = 1
	e.pages["/"] = page(countAsked+external, "")
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await("seen.length")
	e.waitReports("welcome opened")

	b.offline(true)
	e.set(func() { e.requests, e.events = nil, nil })
	b.do("asked.length = 0; cioanalytics.track('Job planned')")
	b.click(button("show-me"))
	b.click(closing)
	b.await("seen.length === 4")
	b.js("new Promise((done) => setTimeout(done, 4000))")
	// With pauses of 1 to 3 s, of 2 to 6 s and so on, both have asked a few times; a poll is also due when the message is closed.
	for _, path := range []string{"/api/v4/users", "/v1/b"} {
		asked := "asked.filter((path) => path === '" + path + "').length"
		b.await(asked + " > 0")
		b.expect(asked+" < 6", "true")
	}
	e.mu.Lock()
	if len(e.requests) > 0 {
		t.Errorf("the edge was asked %q", e.requests)
	}
	e.mu.Unlock()

	b.offline(false)
	e.waitReports("welcome clicked show-me=next", "welcome changed first-job=next", "welcome dismissed")
	e.wait("two polls after coming back", func() bool { return strings.Count(strings.Join(e.requests, " "), pollPath) >= 2 })
	e.mu.Lock()
	defer e.mu.Unlock()
	times := map[string]int{}
	for _, event := range e.events {
		times[event.Event+" "+event.MessageID]++
	}
	if len(times) != 4 || len(e.events) != 4 || e.events[0].Event != "Job planned" {
		t.Errorf("4 events arrived as %v", times)
	}
	b.expect("seen.length", "4")
}

func TestAMessageThatBecameDueWhileOfflineShowsAfterComingBack(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Failed to load resource")
	e.pages["/*"] = page(external, "")
	b.open(e.URL)
	e.waitPolls(1)
	b.await("window.cioanalytics")
	b.offline(true)
	e.set(func() { e.messages = always(deliver("welcome", welcome)) })
	b.do("history.pushState(null, '', '/pricing/'); cioanalytics.page()")
	b.js("new Promise((done) => setTimeout(done, 300))")
	b.expect("seen.length", "0")
	b.offline(false)
	b.await("seen.length")
	polls := e.waitPolls(2)
	if url := polls[len(polls)-1].Page.URL; url != e.URL+"/pricing/" {
		t.Errorf("the poll after coming back is of %q", url)
	}
	e.waitReports("welcome opened")
}

func TestAnEventWhoseAnswerIsLostIsSentAgainUnderItsId(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Failed to load resource")
	e.pages["/"] = page(eager+external, "")
	e.messages = always(deliver("welcome", welcome))
	lost := false
	e.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		if lost || !strings.Contains(r.URL.Path, eventPath) {
			return false
		}
		lost = true
		// It arrives, and the connection ends before its answer does.
		e.serveEvents(silent{}, r)
		panic(http.ErrAbortHandler)
	}
	b.open(e.URL)
	events := e.waitEvents(2)
	if events[0].MessageID == "" || events[0].MessageID != events[1].MessageID || !events[0].Timestamp.Equal(events[1].Timestamp) {
		t.Errorf("the same event came as %q at %s and as %q at %s", events[0].MessageID, events[0].Timestamp, events[1].MessageID, events[1].Timestamp)
	}
}

// silent is an answer that never arrives.
type silent struct{}

func (silent) Header() http.Header              { return http.Header{} }
func (silent) Write(answer []byte) (int, error) { return len(answer), nil }
func (silent) WriteHeader(int)                  {}
