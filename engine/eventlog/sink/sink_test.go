package sink

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"handbill/engine/eventlog"
	"handbill/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var november = time.Date(2026, 11, 23, 9, 30, 0, 250e6, time.UTC)

// people are whose reports these tests write, in turns.
var people = []string{"u:ada", "a:browser-of-ines", "u:grace"}

// dismissal is a report of one of the people.
func dismissal(n int) eventlog.Event {
	return eventlog.Event{
		ID: fmt.Sprintf("report-%04d", n), Type: "report", Workspace: "shop", Visitor: people[n%len(people)], Message: "spring-sale",
		Delivery: "AQAxZ0tRr9n2", Name: "dismissed", At: november.Add(time.Duration(n) * time.Second),
	}
}

func ids(from, to int) (all []string) {
	for n := from; n < to; n++ {
		all = append(all, dismissal(n).ID)
	}
	return all
}

func openLog(t *testing.T, dir string, options eventlog.Options) *eventlog.Log {
	t.Helper()
	options.Logger = slog.New(slog.DiscardHandler)
	l, err := eventlog.Open(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func write(t *testing.T, l *eventlog.Log, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if err := l.Append(t.Context(), dismissal(n)); err != nil {
			t.Fatal(err)
		}
	}
}

// said is a log that tests read.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// counts is a recorder.
type counts struct {
	mu                    sync.Mutex
	delivered, died, lost int
}

func (c *counts) add(to *int, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*to += n
}
func (c *counts) Delivered(n int) { c.add(&c.delivered, n) }
func (c *counts) Died(n int)      { c.add(&c.died, n) }
func (c *counts) Lost(n int)      { c.add(&c.lost, n) }

// run starts a sink that is impatient, and stops it with the test. stop may be called before.
func run(t *testing.T, l *eventlog.Log, options Options) (r *Runner, log *said, stop func()) {
	t.Helper()
	log = new(said)
	options.Logger = slog.New(slog.NewTextHandler(log, nil))
	options.first, options.most = time.Millisecond, 5*time.Millisecond
	if options.Name == "" {
		options.Name = "hooks"
	}
	r = Start(l, options)
	stop = sync.OnceFunc(func() {
		if err := r.Stop(); err != nil {
			t.Errorf("stopping the sink: %v", err)
		}
	})
	t.Cleanup(stop)
	return r, log, stop
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in a minute it did not come about that %s", what)
		}
	}
}

// receiver is the other side of a webhook: a real server.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	answer   func(w http.ResponseWriter, events []Record) bool // true: the events are taken
	events   []Record
	requests []*http.Request
	bodies   []string
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := new(receiver)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		var sent struct {
			Type string
			Data struct{ Events []Record }
		}
		if err := json.Unmarshal(body, &sent); err != nil || sent.Type != "handbill.events" {
			t.Errorf("the body %s: %v", body, err)
		}
		r.mu.Lock()
		answer := r.answer
		r.requests, r.bodies = append(r.requests, request), append(r.bodies, string(body))
		r.mu.Unlock()
		if answer == nil || answer(w, sent.Data.Events) {
			r.mu.Lock()
			r.events = append(r.events, sent.Data.Events...)
			r.mu.Unlock()
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// answers changes how the receiver answers.
func (r *receiver) answers(answer func(w http.ResponseWriter, events []Record) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// taken are the events that arrived.
func (r *receiver) taken() []Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

func (r *receiver) asked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.requests)
}

// status answers with a status, and takes nothing.
func status(code int) func(http.ResponseWriter, []Record) bool {
	return func(w http.ResponseWriter, _ []Record) bool {
		w.WriteHeader(code)
		return false
	}
}

// hook is a target that leads to the receiver.
func (r *receiver) hook(t *testing.T, batch int) Target {
	t.Helper()
	target, err := Webhook(WebhookOptions{URL: r.URL + "/in?token=hidden", BatchSize: batch, BatchWait: time.Millisecond, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// checkOrder checks that every event arrived, and those of each person in their order. What arrives again comes with
// everything behind it.
func checkOrder(t *testing.T, got []Record, want []string) {
	t.Helper()
	first := map[string]bool{}
	last := map[string]string{}
	for _, record := range got {
		if first[record.ID] {
			continue
		}
		first[record.ID] = true
		who := record.UserID + record.AnonymousID
		if record.ID < last[who] {
			t.Errorf("%s of %s arrived for the first time behind %s", record.ID, who, last[who])
		}
		last[who] = record.ID
	}
	if all := slices.Sorted(maps.Keys(first)); !reflect.DeepEqual(all, want) {
		t.Errorf("arrived: %d events, want %d", len(all), len(want))
	}
}

func TestASinkHandsOverWhatTheLogHasAndWhatComes(t *testing.T) {
	l, there := openLog(t, t.TempDir(), eventlog.Options{SegmentSize: 4 << 10}), receive(t)
	write(t, l, 0, 50)
	r, _, _ := run(t, l, Options{Target: there.hook(t, 7), FromOldest: true})
	write(t, l, 50, 100)
	until(t, "all arrived", func() bool { return len(there.taken()) == 100 })
	checkOrder(t, there.taken(), ids(0, 100))
	until(t, "nothing waits", func() bool { return r.State().Pending == 0 })
	if s := r.State(); s.Delivered != 100 || s.Dead != 0 || s.OldestSeconds != 0 || s.Problem != "" || s.Target != "webhook "+there.URL {
		t.Errorf("state %+v", s)
	}
	first := there.taken()[0]
	if first.UserID != "ada" || first.AnonymousID != "" || first.Message != "spring-sale" || first.Name != "dismissed" || !first.At.Equal(november) {
		t.Errorf("the first is %+v", first)
	}
	if second := there.taken()[1]; second.AnonymousID != "browser-of-ines" || second.UserID != "" || second.Key == first.Key {
		t.Errorf("the second is %+v", second)
	}
}

func TestANewSinkBeginsWithWhatComesUnlessItIsToldOtherwise(t *testing.T) {
	l, there := openLog(t, t.TempDir(), eventlog.Options{}), receive(t)
	write(t, l, 0, 10)
	run(t, l, Options{Target: there.hook(t, 10)})
	write(t, l, 10, 20) // at once, when the sink has hardly begun
	until(t, "what came has arrived", func() bool { return len(there.taken()) >= 10 })
	checkOrder(t, there.taken(), ids(10, 20))
}

func TestASinkGoesOnWhereItStopped(t *testing.T) {
	dir, there := t.TempDir(), receive(t)
	l := openLog(t, dir, eventlog.Options{})
	there.answers(func(http.ResponseWriter, []Record) bool {
		time.Sleep(10 * time.Millisecond)
		return true
	})
	_, _, stop := run(t, l, Options{Target: there.hook(t, 5), FromOldest: true})
	write(t, l, 0, 20)
	until(t, "some arrived", func() bool { return len(there.taken()) >= 10 })
	stop() // what is on its way arrives, and only once
	write(t, l, 20, 30)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openLog(t, dir, eventlog.Options{})
	write(t, l, 30, 40)
	run(t, l, Options{Target: there.hook(t, 5)})
	until(t, "the rest arrived", func() bool { return len(there.taken()) == 40 })
	checkOrder(t, there.taken(), ids(0, 40))
	var keys []string
	for _, record := range there.taken() {
		keys = append(keys, record.Key)
	}
	slices.Sort(keys)
	if len(slices.Compact(keys)) != 40 {
		t.Error("some events have the same key")
	}
}

func TestACursorThatCannotBeReadBeginsAgain(t *testing.T) {
	l, there := openLog(t, t.TempDir(), eventlog.Options{}), receive(t)
	write(t, l, 0, 5)
	if err := os.MkdirAll(Dir(l.Dir()), 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(Dir(l.Dir()), "hooks.cursor")
	if err := os.WriteFile(path, []byte("{\"ver"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, log, _ := run(t, l, Options{Target: there.hook(t, 5)})
	until(t, "all arrived", func() bool { return len(there.taken()) == 5 })
	if !strings.Contains(log.String(), "cannot be read") || !strings.Contains(log.String(), path) {
		t.Errorf("log %s", log)
	}
}

func TestACursorOfAnotherLogIsPutRight(t *testing.T) {
	for name, test := range map[string]struct {
		cursor string
		want   []string
	}{
		"a segment that is not there yet": {`{"version":1,"segment":7,"offset":1000}`, ids(0, 8)},
		"a byte behind the end":           {`{"version":1,"segment":1,"offset":1000000}`, ids(5, 8)},
	} {
		t.Run(name, func(t *testing.T) {
			l, there := openLog(t, t.TempDir(), eventlog.Options{}), receive(t)
			write(t, l, 0, 5)
			if err := os.MkdirAll(Dir(l.Dir()), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(Dir(l.Dir()), "hooks.cursor"), []byte(test.cursor), 0o600); err != nil {
				t.Fatal(err)
			}
			_, log, _ := run(t, l, Options{Target: there.hook(t, 5)})
			until(t, "it is told of", func() bool { return strings.Contains(log.String(), "the event log ends before the place") })
			write(t, l, 5, 8)
			until(t, "all arrived", func() bool { return len(there.taken()) == len(test.want) })
			checkOrder(t, there.taken(), test.want)
		})
	}
}

func TestASinkLeavesOutWhatItIsNotFor(t *testing.T) {
	l, there := openLog(t, t.TempDir(), eventlog.Options{}), receive(t)
	r, _, _ := run(t, l, Options{Target: there.hook(t, 5), FromOldest: true, Workspaces: []string{"shop", "blog"}, Types: []string{"report"}})
	for n := range 12 {
		event := dismissal(n)
		switch n % 3 {
		case 1:
			event.Type = "track"
		case 2:
			event.Workspace = "intranet"
		}
		if err := l.Append(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "nothing waits", func() bool { return r.State().Pending == 0 })
	checkOrder(t, there.taken(), []string{"report-0000", "report-0003", "report-0006", "report-0009"})
}

func TestEventsThatTheLogHadToRemoveAreCountedAndToldOfOnce(t *testing.T) {
	l, there := openLog(t, t.TempDir(), eventlog.Options{SegmentSize: 1 << 10, TotalSize: 4 << 10}), receive(t)
	there.answers(status(503))
	var counted counts
	r, log, _ := run(t, l, Options{Target: there.hook(t, 5), FromOldest: true, Recorder: &counted})
	write(t, l, 0, 5)
	until(t, "it is tried", func() bool { return there.asked() > 0 })
	write(t, l, 5, 200)
	if waiting := r.State().Pending; waiting != 200 {
		t.Errorf("%d events wait", waiting)
	}
	there.answers(nil)
	until(t, "nothing waits", func() bool { return r.State().Pending == 0 })
	arrived := len(there.taken())
	if counted.lost != 200-arrived || counted.lost < 100 || r.State().Lost != counted.lost || counted.delivered != arrived {
		t.Errorf("%d arrived, counted %+v", arrived, &counted)
	}
	if n := strings.Count(log.String(), "its oldest events were removed"); n != 1 || !strings.Contains(log.String(), fmt.Sprintf("events=%d", counted.lost)) {
		t.Errorf("told of %d times:\n%s", n, log)
	}
	checkOrder(t, there.taken()[5:], ids(200-arrived+5, 200))
}

func TestNobodyWhoWritesToTheLogWaitsForASink(t *testing.T) {
	l, there := openLog(t, t.TempDir(), eventlog.Options{}), receive(t)
	hold := make(chan struct{})
	there.answers(func(http.ResponseWriter, []Record) bool { <-hold; return true })
	r, _, _ := run(t, l, Options{Target: there.hook(t, 5), FromOldest: true})
	write(t, l, 0, 1)
	until(t, "the other side is asked, and does not answer", func() bool { return there.asked() == 1 })
	write(t, l, 1, 500) // returns although nobody has read anything
	if s := r.State(); s.Pending != 500 || s.OldestSeconds == 0 {
		t.Errorf("state %+v", s)
	}
	close(hold)
	until(t, "all arrived", func() bool { return r.State().Pending == 0 })
	checkOrder(t, there.taken(), ids(0, 500))
}
