package caddymodule

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"handbill/engine/eventlog/sink"
	"handbill/engine/porttest"
	"handbill/engine/store/redistest"
)

// hook is the other side of a webhook.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	names  []string
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{status: 200}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var sent struct {
			Data struct{ Events []sink.Record }
		}
		if err := json.Unmarshal(body, &sent); err != nil || r.Header.Get("webhook-signature") == "" {
			t.Errorf("%v with %v in %s", err, r.Header, body)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		w.WriteHeader(h.status)
		if h.status == 200 {
			for _, event := range sent.Data.Events {
				h.names = append(h.names, event.Name)
			}
		}
	}))
	t.Cleanup(h.Close)
	return h
}

// answers changes what the hook answers.
func (h *hook) answers(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

func (h *hook) taken() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.names, " ")
}

// linesOf are the names of the events in a file of a sink.
func linesOf(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var names []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var event sink.Record
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil || event.Workspace == "" || event.AnonymousID == "" {
			t.Errorf("%s: %v", lines.Text(), err)
		}
		names = append(names, event.Name)
	}
	return strings.Join(names, " ")
}

// scrape reads the metrics.
func scrape(t *testing.T, admin string) string {
	t.Helper()
	response, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// track sends an event of the visitor of this browser.
func (e *edge) track(name string) {
	e.t.Helper()
	event := fmt.Sprintf(`{"type":"track","event":%q,"messageId":%q}`, name, "id-of-"+name)
	if done := e.do(http.MethodPost, "http://tallowby.test/_handbill/v1/t", event, "Content-Type", "text/plain"); done.StatusCode != 200 {
		e.t.Fatalf("track %s: %s %s", name, done.Status, done.body)
	}
}

func TestReportsGoToTheSinksOfTheCaddyfile(t *testing.T) {
	t.Setenv("HANDBILL_TEST_HOOK_SECRET", "a secret that nobody can guess at all")
	there, file, app := newHook(t), filepath.Join(t.TempDir(), "log", "handbill.ndjson"), application(t)
	workspace, database := messages(t, "monday"), filepath.Join(t.TempDir(), "handbill.db")
	admin := fmt.Sprintf("127.0.0.1:%d", porttest.Free(t))
	globals := func(sinks string) string {
		return "admin " + admin + "\nhandbill {\nworkspace shop " + workspace + "\nstore bbolt " + database + "\n" + sinks + "\n}"
	}
	both := "sink file " + file + "\nsink webhook " + there.URL + "/in {\nsecret {env.HANDBILL_TEST_HOOK_SECRET}\nbatch_wait 10ms\ntries 1\n}"
	e := start(t, globals(both), tallowby(app))
	arrived := func(want string) {
		t.Helper()
		until(t, "the hook has "+want, func() bool { return there.taken() == want })
		until(t, "the file has "+want, func() bool { return linesOf(t, file) == want })
	}
	e.dismiss("http://tallowby.test/")
	arrived("opened dismissed")
	e.load(globals(both), tallowby(app)+"http://other.test:PORT {\n\thandbill\n}\n")
	e.track("cart")
	arrived("opened dismissed cart")

	// A sink that has another batch_wait is the same sink. One that is gone goes on where it was.
	e.load(globals(strings.Replace(both, "10ms", "20ms", 1)), tallowby(app))
	e.track("order")
	arrived("opened dismissed cart order")
	e.load(globals("sink file "+file), tallowby(app))
	e.track("wish")
	until(t, "the file has it", func() bool { return strings.HasSuffix(linesOf(t, file), " wish") })
	e.load(globals(both), tallowby(app))
	arrived("opened dismissed cart order wish")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if err := e.tryLoad(globals(strings.Replace(both, "10ms", "30ms", 1)), tallowby(app)+"http://"+taken.Addr().String()+" {\n\thandbill\n}\n"); err == nil {
		t.Fatal("a port in use was no error")
	}
	e.track("failed-reload")
	arrived("opened dismissed cart order wish failed-reload")

	there.answers(422)
	e.track("unwanted")
	until(t, "it is dead", func() bool {
		_, body := ask(t, "GET", "http://"+admin+"/handbill/sinks", "")
		return strings.Contains(body, `"deadLetters":1`) && strings.Contains(body, "422 Unprocessable Entity")
	})
	there.answers(200)
	if out, err := run(sinksCommand(), "replay", "webhook", "--address", admin); err != nil || !strings.Contains(out, "The sink webhook hands over 1 dead letter anew.") {
		t.Errorf("replaying: %v\n%s", err, out)
	}
	arrived("opened dismissed cart order wish failed-reload unwanted")
	out, err := run(sinksCommand(), "--address", admin)
	if err != nil || !strings.Contains(out, "webhook "+there.URL) || !strings.Contains(out, "file "+file) {
		t.Errorf("the command: %v\n%s", err, out)
	}
	for _, test := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"POST", "sinks/webhook/replay", 409, "there are no dead letters"},
		{"POST", "sinks/kafka/replay", 404, `there is no sink \"kafka\"; there is: file, webhook`},
		{"GET", "sinks/webhook", 404, "a sink has replay"},
		{"GET", "sinks/webhook/replay", 405, "use POST"},
		{"GET", "", 200, `"sinks":[{"name":"file"`},
	} {
		if status, body := ask(t, test.method, "http://"+admin+"/handbill/"+test.path, ""); status != test.status || !strings.Contains(body, test.want) {
			t.Errorf("%s %s: %d %s", test.method, test.path, status, body)
		}
	}
	metrics := scrape(t, admin)
	for _, want := range []string{`caddy_handbill_sink_pending{sink="webhook"} 0`, `caddy_handbill_sink_oldest_seconds{sink="file"} 0`, `caddy_handbill_sink_dead_total{sink="webhook"} 1`, `caddy_handbill_sink_delivered_total{sink="file"}`, `caddy_handbill_sink_lost_total{sink="file"} 0`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics do not have %s", want)
		}
	}
	if log := e.logs(); strings.Contains(log, "nobody can guess") {
		t.Error("the log has the secret")
	}
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	until(t, "no goroutine of Handbill's runs any more", func() bool { return ourGoroutines() == "" })
	sinks.Range(func(key, _ any) bool {
		t.Errorf("the sink %v is left", key)
		return true
	})
}

func TestEachEdgeHandsItsOwnLogOverToAStream(t *testing.T) {
	server := redistest.Start(t)
	e := start(t, "handbill "+messages(t, "monday")+" {\nstore redis "+server.URL()+" {\nlog "+filepath.Join(t.TempDir(), "events")+"\n}\nsink redis "+server.URL()+" {\nevents report\n}\n}", tallowby(application(t)))
	until(t, "the message is shown", func() bool { return strings.Contains(e.tryPoll("http://tallowby.test/", "/_handbill").body, "monday") })
	e.track("cart") // which the sink leaves out
	e.dismiss("http://tallowby.test/")
	until(t, "the reports are in the stream", func() bool {
		stream := server.Say("XRANGE handbill:events - +")
		return strings.Contains(stream, `"name":"opened"`) && strings.Contains(stream, `"name":"dismissed"`)
	})
	if stream := server.Say("XRANGE handbill:events - +"); strings.Contains(stream, "cart") || strings.Count(stream, `"type":"report"`) != 2 {
		t.Errorf("the stream is %s", stream)
	}
}

func TestReadinessTellsOfASinkThatHasFailedForLong(t *testing.T) {
	now, before := time.Now(), time.Now().Add(-2*patienceWithSinks)
	state := readiness{Ready: true, Degraded: map[string]string{}}
	state.addSinks([]sink.State{
		{Name: "file"},
		{Name: "cdp", Problem: "the answer is 503 Service Unavailable", FailingSince: &now},
		{Name: "webhook", Problem: "the answer is 500 Internal Server Error", FailingSince: &before},
	})
	if want := map[string]string{"sink webhook": "the answer is 500 Internal Server Error"}; !state.Ready || !maps.Equal(state.Degraded, want) {
		t.Errorf("%+v", state)
	}
}

func TestPollsAndReportsDoNotWaitForASinkThatIsDown(t *testing.T) {
	asked, hold := make(chan struct{}, 100), make(chan struct{})
	there := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		asked <- struct{}{}
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}))
	defer there.Close()
	defer close(hold)
	globals := "handbill " + messages(t, "monday") + " {\nstore bbolt " + filepath.Join(t.TempDir(), "handbill.db") + "\nsink webhook " + there.URL + " {\nbatch_wait 10ms\ntimeout 5m\n}\nsink file /dev/full {\nname full\n}\n}"
	e := start(t, globals, tallowby(application(t)))
	e.poll("http://tallowby.test/") // brings the cookie
	e.track("first")
	<-asked // and nobody answers from here on, until the end of the test
	for n := range 300 {
		e.poll("http://tallowby.test/")
		e.track(fmt.Sprint("event-", n))
	}
	app, err := activeApp()
	if err != nil {
		t.Fatal(err)
	}
	states := app.sinkStates()
	slices.SortFunc(states, func(a, b sink.State) int { return strings.Compare(a.Name, b.Name) })
	if len(states) != 2 || states[0].Name != "full" || states[0].Pending != 301 || states[1].Pending != 301 || states[1].OldestSeconds <= 0 {
		t.Errorf("states %+v", states)
	}
	until(t, "the full disk is told of", func() bool {
		return strings.Contains(e.logs(), "no space left on device")
	})
	if err := caddy.Stop(); err != nil { // does not wait for the answer either
		t.Fatal(err)
	}
}
