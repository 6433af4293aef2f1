package main

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// guest is the visitor: a tab in which a run happens.
type guest struct {
	*tab
	*conformanceRun
	notes  *browserNotes
	frames map[string]context.Context // attached frames of messages, by target
	polls  int                        // answered when the page was opened
}

// browserNotes are what the browser tells about a run's pages.
type browserNotes struct {
	lock     sync.Mutex
	origin   string
	foreign  []string // requests to other origins
	troubles []string // what stands in the console as an error
}

// listen takes the browser's events; it is called on the goroutine that reads them.
func (n *browserNotes) listen(happened any) {
	n.lock.Lock()
	defer n.lock.Unlock()
	switch e := happened.(type) {
	case *network.EventRequestWillBeSent:
		address := e.Request.URL
		if !strings.HasPrefix(address, n.origin+"/") && !strings.HasPrefix(address, "data:") && !strings.HasPrefix(address, "blob:") && !strings.HasPrefix(address, "about:") {
			n.foreign = append(n.foreign, e.Request.Method+" "+address)
		}
	case *runtime.EventExceptionThrown:
		n.troubles = append(n.troubles, quote(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			n.troubles = append(n.troubles, quote(e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			n.troubles = append(n.troubles, e.Entry.Text+" "+e.Entry.URL)
		}
	}
}

// noteHeard writes down what the page's listeners hear, over page loads.
const noteHeard = `if (window === top) {
	window.hear = (name, {messageId, deliveryId, actionName, actionValue}) => {
		const heard = JSON.parse(sessionStorage.getItem("heard") || "[]");
		sessionStorage.setItem("heard", JSON.stringify([...heard, JSON.parse(JSON.stringify({name, messageId, deliveryId, actionName, actionValue}))]));
	};
	for (const name of ["opened", "dismissed", "action", "error", "changed"]) {
		document.addEventListener("in-app:message-" + name, ({detail}) => { window.lastMessage = detail.message; hear(name, detail); });
	}
}`

// visit runs a scenario with a client.
func (su *suite) visit(t *testing.T, s scenario, c client) {
	r := su.runs[s.id+"."+c.id+".localhost"]
	v := r.newVisit(t, nil)
	s.run(v)
	v.expectCleanWire()
}

// newVisit opens a tab: in a profile of its own, or beside another one in a window of its own.
func (r *conformanceRun) newVisit(t *testing.T, beside *guest) *guest {
	t.Helper()
	parent, err := browser()
	if err != nil {
		t.Fatalf("Chromium does not start (install Debian's package chromium): %v", err)
	}
	notes := &browserNotes{origin: r.suite.road.address(r.host)}
	options := []chromedp.ContextOption{chromedp.WithListener(notes.listen)}
	if beside == nil {
		options = append(options, chromedp.WithNewBrowserContext())
	} else {
		parent = beside.ctx
	}
	ctx, closeTab := chromedp.NewContext(parent, options...)
	t.Cleanup(closeTab)
	v := &guest{tab: &tab{t: t, ctx: ctx}, conformanceRun: r, notes: notes, frames: map[string]context.Context{}}
	t.Cleanup(func() {
		if t.Failed() {
			v.tell()
		}
	})
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 800)); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: noteHeard}); err != nil {
		t.Fatal(err)
	}
	return v
}

// beside is another tab of the same browser.
func (v *guest) beside() *guest { return v.newVisit(v.t, v) }

// somebodyElse is a tab of another browser.
func (v *guest) somebodyElse() *guest { return v.newVisit(v.t, nil) }

// open loads a page of the site.
func (v *guest) open(path string) {
	v.t.Helper()
	v.polls = v.wire.answeredPolls()
	v.tab.open(v.suite.road.address(v.host) + path)
	if v.client.way == loaded {
		v.await(`window.ready && ready.then(() => true)`)
	}
}

// openOurs loads a page of the site that has the same workspace, and our own client.
func (v *guest) openOurs(path string) *guest {
	v.t.Helper()
	ours := v.newVisit(v.t, v)
	other := *v.conformanceRun
	other.client, other.host = client{id: "handbill", way: builtin}, "also."+v.host
	other.wire = v.suite.road.wire(other.host)
	ours.conformanceRun = &other
	ours.notes.origin = v.suite.road.address(other.host)
	ours.open(path)
	return ours
}

// call makes one of the client's calls.
func (v *guest) call(name string, arguments ...string) {
	v.t.Helper()
	text := calls[name][v.client.way]
	for _, argument := range arguments {
		text = regexp.MustCompile(`USER|NAME`).ReplaceAllLiteralString(text, quote(argument))
	}
	v.await(`window.` + map[way]string{builtin: "cioanalytics", injected: "cioanalytics", loaded: "Gist"}[v.client.way])
	js[any](v.tab, `(() => { `+text+`; return null })()`)
}

func (v *guest) identify(user string) { v.t.Helper(); v.call("identify", user) }

// route goes to another page without loading it, as a single-page application does, and says so.
func (v *guest) route(path string) {
	v.t.Helper()
	js[any](v.tab, `(() => { history.pushState(null, "", `+quote(path)+`); return null })()`)
	v.call("page")
}

// polled waits until the page has had as many polls answered since it was opened.
func (v *guest) polled(times int) {
	v.t.Helper()
	until(v.t, fmt.Sprintf("%d polls are answered", times), func() bool { return v.wire.answeredPolls() >= v.polls+times })
}

// nothing makes sure that no message comes: the page has polled, and had time to draw what it got.
func (v *guest) nothing(when string) {
	v.t.Helper()
	v.polled(1)
	time.Sleep(400 * time.Millisecond)
	if seen := v.surfaces(); len(seen) > 0 {
		v.t.Errorf("%s a message is on the screen: %s", when, seen[0].text)
	}
}

// by is what differs between our own client, the published analytics library and the in-app library alone.
func (v *guest) by(builtinSays, injectedSays, loadedSays string) string {
	return map[way]string{builtin: builtinSays, injected: injectedSays, loaded: loadedSays}[v.client.way]
}

// send sends a message to one person.
func (v *guest) send(body string) {
	v.t.Helper()
	answer, err := http.Post("http://"+v.suite.server.admin+"/handbill/"+v.name+"/send", "application/json", strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		v.t.Fatalf("sending %s: %s", body, answer.Status)
	}
}

// sent waits until a request has crossed the wire and was answered well.
func (v *guest) sent(method, path string, words ...string) crossing {
	v.t.Helper()
	var found []crossing
	until(v.t, method+" "+path+" "+strings.Join(words, " ")+" crosses the wire", func() bool {
		found = slices.DeleteFunc(v.wire.matching(method, ".*/_handbill"+path, words...), func(e crossing) bool { return e.status == 0 || e.broken })
		return len(found) > 0
	})
	return found[len(found)-1]
}

// tell writes down what happened, for a test that failed.
func (v *guest) tell() {
	v.t.Helper()
	v.notes.lock.Lock()
	troubles := strings.Join(v.notes.troubles, "\n")
	v.notes.lock.Unlock()
	heard, err := chromedp.Run(v.ctx, chromedp.Evaluate[string](`sessionStorage.getItem("heard") || "nothing"`))
	seen := []string{}
	for _, s := range v.surfaces() {
		seen = append(seen, s.text)
	}
	v.t.Logf("the listener heard %s (%v)\non the screen is %q\nthe console says %s\nthe wire:\n%s", heard, err, seen, troubles, v.wire)
}

// expectCleanWire makes sure of what holds in every scenario: no request to another origin, no path that the edge does not
// know, no failure, and a console without errors.
func (v *guest) expectCleanWire() {
	v.t.Helper()
	expected := func(what string) bool {
		return slices.ContainsFunc(v.scenario.fails, func(pattern string) bool { return regexp.MustCompile(pattern).MatchString(what) })
	}
	for _, e := range v.wire.all() {
		if what := fmt.Sprintf("%d %s", e.status, e.path); e.status >= 400 && !e.broken && !expected(what) {
			v.t.Errorf("%s %s was answered %d", e.method, e.path, e.status)
		}
	}
	v.notes.lock.Lock()
	defer v.notes.lock.Unlock()
	for _, request := range v.notes.foreign {
		v.t.Errorf("a request left the origin: %s", request)
	}
	for _, trouble := range v.notes.troubles {
		if !expected(trouble) {
			v.t.Errorf("the console says: %s", trouble)
		}
	}
}

// String lists the crossings, for a test that failed.
func (w *wireRecord) String() string {
	var text strings.Builder
	before := ""
	for _, e := range w.all() {
		fmt.Fprintf(&text, "%s %s %d %.300s -> ", e.method, e.path, e.status, e.body)
		if strings.Contains(e.answer.Get("Content-Type"), "json") && e.answer.Get("Content-Encoding") == "" && string(e.said) != before {
			before = string(e.said)
			fmt.Fprintf(&text, "%.1500s", e.said)
		}
		text.WriteString("\n")
	}
	return text.String()
}

// pictured makes sure that a place on the screen is not blank.
func (v *guest) pictured(what string, at rectangle) {
	v.t.Helper()
	data, err := chromedp.Run(v.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		v.t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		v.t.Fatal(err)
	}
	colours := map[[3]uint32]bool{}
	for y := int(at.Y); y < int(at.Y+at.Height); y++ {
		for x := int(at.X); x < int(at.X+at.Width); x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			colours[[3]uint32{r, g, b}] = true
		}
	}
	if len(colours) < 8 {
		v.t.Errorf("%s is blank on the screen: %d colours at %+v", what, len(colours), at)
	}
}

// outcome is what the table says of a run.
func outcome(t *testing.T) string {
	if t.Failed() {
		return failed
	}
	return works
}
