package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// streamWorkspace has a message for one person, and one for all.
const streamWorkspace = `
[workspace]
site_id = "tallowby"

[[messages]]
id = "receipt"
kind = "transactional"
pages = ["*"]
display = "modal"
title = "Thank you, {{ data.name }}"

[[messages]]
id = "closing"
status = "STATUS"
pages = ["*"]
display = "banner"
text = "We close at six today."
`

// streamServer is a server with streams in front of a site, and the path of its workspace. What comes does not come by a poll of
// a tab's own: those come later than any test waits.
func streamServer(t *testing.T, site, directive string) (s *server, workspace string) {
	t.Helper()
	workspace = filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, strings.Replace(streamWorkspace, "STATUS", "draft", 1))
	s = newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+
		" {\n\t\tstore memory\n\t\tstream on\n\t\tpoll_slow 10m\n\t\tpoll_fast 10m\n\t}\n}\nhttp://EDGE {\n\tencode zstd gzip\n\thandbill {\n\t\t"+directive+"\n\t}\n\treverse_proxy "+site+"\n}\n")
	s.start()
	return s, workspace
}

// send sends a message to one person, and returns when it did.
func (s *server) send(body string) time.Time {
	s.t.Helper()
	at := time.Now()
	answer, err := http.Post("http://"+s.admin+"/handbill/default/send", "application/json", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("sending %s: %s", body, answer.Status)
	}
	return at
}

// streaming is true in the page once its stream is open and its last poll is answered.
const streaming = `performance.getEntriesByType("resource").filter(({name}) => name.includes("/parts/stream-")).length > 0 && ` + answered

// noteShowings writes down when messages come on the screen and when the last one has left it.
const noteShowings = `window.shownAt = []; window.goneAt = 0;
new MutationObserver((changes) => changes.forEach(({addedNodes, removedNodes}) => {
	for (const {localName} of addedNodes) if (localName === "handbill-message") shownAt.push(Date.now());
	for (const {localName} of removedNodes) if (localName === "handbill-message") goneAt = Date.now();
})).observe(document.body, {childList: true}); null`

func TestAMessageReachesAnOpenTabAtOnceAndAPausedOneLeavesIt(t *testing.T) {
	s, workspace := streamServer(t, plainSite(t), "")
	b := newVisitor(t)
	b.open("http://" + s.edge + "/")
	js[any](b, `cioanalytics.identify("ines").then(() => null)`)
	js[any](b, noteShowings)
	until(t, "the tab listens", func() bool { return s.streamsOpen() == 1 })
	b.await(streaming)

	// The message is on the screen when its element is there; the clocks of browser and test are the same.
	var took []time.Duration
	for i := range 10 {
		sent := s.send(`{"to":"ines","message":"receipt","test":true,"data":{"name":"Ines"}}`)
		b.await(fmt.Sprintf(`shownAt.length === %d`, i+1))
		took = append(took, time.UnixMilli(int64(js[float64](b, fmt.Sprintf(`shownAt[%d]`, i)))).Sub(sent))
		polls := js[int](b, answered)
		b.click(`button.close`)
		// The tab asks again once the report is there. Then it knows that the message is over, and the next one is another.
		b.await(fmt.Sprintf(`!document.querySelector("handbill-message") && %s > %d`, answered, polls))
	}
	slices.Sort(took)
	t.Logf("from the send to the screen: median %s, slowest %s", took[len(took)/2], took[len(took)-1])

	edit := func(status string) time.Time {
		writeFile(t, workspace, strings.Replace(streamWorkspace, "STATUS", status, 1))
		return time.Now()
	}
	edited := edit("live")
	b.await(in(`[data-position="top"] section`))
	t.Logf("from the edit to the screen: %s", time.UnixMilli(int64(js[float64](b, `shownAt.at(-1)`))).Sub(edited))
	edited = edit("paused")
	b.await(`!document.querySelector("handbill-message")`)
	t.Logf("from the pause until it left the screen: %s", time.UnixMilli(int64(js[float64](b, `goneAt`))).Sub(edited))
	if events := sessionEvents(b); strings.Count(events, `"dismissed"`) != 10 {
		t.Errorf("a message that is withdrawn goes quietly: %s", events)
	}

	// Caddy waits for streams that are open, unless they end.
	ending := time.Now()
	s.end(syscall.SIGTERM)
	t.Logf("the server ended after %s", time.Since(ending))
}

// plainSite is a site of one page, as an address.
func plainSite(t *testing.T) string {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!DOCTYPE html><html lang=en><head><title>Tallowby</title></head><body><h1>Tallowby</h1></body></html>")
	}))
	t.Cleanup(site.Close)
	return site.Listener.Addr().String()
}

// streamsOpen is the number of streams that the server counts as open.
func (s *server) streamsOpen() int {
	s.t.Helper()
	answer, err := http.Get("http://" + s.admin + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		line, open := lines.Text(), 0
		if _, err := fmt.Sscanf(line, `caddy_handbill_streams_open{workspace="default"} %d`, &open); err == nil {
			return open
		}
	}
	return 0
}

func TestTheReferenceClientIsSentItsMessagesOverTheStream(t *testing.T) {
	s, workspace := streamServer(t, referenceSite(t), "snippet off")
	b := newVisitor(t)
	b.open("http://" + s.edge + "/")
	b.await(`ready.then(() => true)`)
	js[any](b, `Gist.setUserToken("ines").then(() => null)`)
	until(t, "the client listens", func() bool { return s.streamsOpen() == 1 })
	b.await(`localStorage.getItem("gist.web.activeSSEConnection")`)
	polls := js[int](b, answered)

	edited := time.Now()
	writeFile(t, workspace, strings.Replace(streamWorkspace, "STATUS", "live", 1))
	b.await(`(` + stored + `).some(({messageId}) => messageId === "closing")`)
	t.Logf("from the edit to the client's store: at most %s", time.Since(edited))
	b.await(`document.querySelector("#gist-embed-message iframe, iframe[id^=gist], #x-gist-floating-top iframe")`)
	writeFile(t, workspace, strings.Replace(streamWorkspace, "STATUS", "paused", 1))
	b.await(`(` + stored + `).length === 0`)
	s.send(`{"to":"ines","message":"receipt","test":true}`)
	b.await(`(` + stored + `).some(({messageId}) => messageId === "receipt")`)
	if now := js[int](b, answered); now > polls+1 {
		t.Errorf("the client polled %d times meanwhile", now-polls)
	}
}
