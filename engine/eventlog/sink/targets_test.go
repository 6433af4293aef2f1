package sink

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/redis"
	"handbill/engine/store/redistest"
)

// linesOf are the ids of the events in a file of a sink.
func linesOf(t *testing.T, path string) (ids []string) {
	t.Helper()
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var record Record
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			t.Errorf("%q: %v", lines.Text(), err)
		}
		ids = append(ids, record.ID)
	}
	return ids
}

func TestAFileMayBeMovedAwayAtAnyTime(t *testing.T) {
	l, path := openLog(t, t.TempDir(), eventlog.Options{}), filepath.Join(t.TempDir(), "log", "handbill.ndjson")
	r, _, _ := run(t, l, Options{Target: File(path, 0o640), FromOldest: true})
	write(t, l, 0, 10)
	until(t, "they are in the file", func() bool { return r.State().Pending == 0 && len(linesOf(t, path)) == 10 })
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, l, 10, 20)
	until(t, "the rest is in a new file", func() bool { return len(linesOf(t, path)) == 10 })
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, l, 20, 25)
	until(t, "what comes after it was removed is in a new file", func() bool { return reflect.DeepEqual(linesOf(t, path), ids(20, 25)) })
	if old := linesOf(t, path+".1"); !reflect.DeepEqual(old, ids(0, 10)) {
		t.Errorf("the file that was moved away has %v", old)
	}
	if err := os.Truncate(path, 0); err != nil { // as logrotate's copytruncate does
		t.Fatal(err)
	}
	write(t, l, 25, 30)
	until(t, "the rest is in the emptied file", func() bool { return reflect.DeepEqual(linesOf(t, path), ids(25, 30)) })
}

func TestALineThatACrashLeftHalfWrittenIsWrittenAgainWhole(t *testing.T) {
	for name, test := range map[string]struct{ before, want string }{
		"a half line of ours":      {`{"key":"x-1-8","id":"a"}` + "\n" + `{"key":"x-1-99","id":"repo`, `{"key":"x-1-8","id":"a"}` + "\n"},
		"the first bytes of one":   {`{"key":"x-1-8","id":"a"}` + "\n" + `{"k`, `{"key":"x-1-8","id":"a"}` + "\n"},
		"nothing but a half line":  {`{"key":"x-1-99","id":"repo`, ""},
		"a text that somebody has": {"# our events, without an end", "# our events, without an end\n"},
		"whole lines":              {`{"key":"x-1-8","id":"a"}` + "\n", `{"key":"x-1-8","id":"a"}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "handbill.ndjson")
			if err := os.WriteFile(path, []byte(test.before), 0o600); err != nil {
				t.Fatal(err)
			}
			target := File(path, 0o600)
			defer func() { _ = target.Close() }()
			if err := target.Send(t.Context(), Batch{Items: []Item{{Encoded: []byte("{}\n")}}}); err != nil {
				t.Fatal(err)
			}
			if text, err := os.ReadFile(path); err != nil || string(text) != test.want+"{}\n" {
				t.Errorf("the file has %q, %v", text, err)
			}
		})
	}
}

func TestAFullDiskIsWaitedFor(t *testing.T) {
	l := openLog(t, t.TempDir(), eventlog.Options{})
	r, _, _ := run(t, l, Options{Target: File("/dev/full", 0o600), FromOldest: true})
	write(t, l, 0, 3)
	until(t, "it is told of", func() bool { return strings.Contains(r.State().Problem, "no space left on device") })
	if s := r.State(); s.Pending != 3 || s.Dead != 0 {
		t.Errorf("state %+v", s)
	}
	folder := t.TempDir()
	r, _, _ = run(t, l, Options{Name: "folder", Target: File(folder, 0o600), FromOldest: true})
	until(t, "a folder is told of", func() bool { return strings.Contains(r.State().Problem, folder) })
}

func TestAFileMayBeAPipe(t *testing.T) {
	reader, writer, err := os.Pipe() // as standard output is in a container
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(reader.Close(), writer.Close()) }()
	l := openLog(t, t.TempDir(), eventlog.Options{})
	r, _, _ := run(t, l, Options{Target: File(fmt.Sprintf("/proc/self/fd/%d", writer.Fd()), 0o600), FromOldest: true})
	write(t, l, 0, 3)
	lines := bufio.NewScanner(reader)
	for n := range 3 {
		var record Record
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &record) != nil || record.ID != dismissal(n).ID {
			t.Errorf("line %d is %q", n, lines.Text())
		}
	}
	until(t, "nothing waits", func() bool { return r.State().Pending == 0 })
}

// calls is the other side of a customer data platform: what Segment's HTTP API takes.
type calls struct {
	*httptest.Server
	mu      sync.Mutex
	batches [][]map[string]any
	largest int
}

func newCalls(t *testing.T) *calls {
	t.Helper()
	c := new(calls)
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		key, password, _ := r.BasicAuth()
		var sent struct {
			Batch  []map[string]any
			SentAt time.Time
		}
		if err := json.Unmarshal(body, &sent); err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/batch" || key != "write-key-of-shop" || password != "" || sent.SentAt.IsZero() {
			t.Errorf("%s %s by %q: %v in %s", r.Method, r.URL.Path, key, err, body)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.batches, c.largest = append(c.batches, sent.Batch), max(c.largest, len(body))
		_, _ = io.WriteString(w, `{"success": true}`)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *calls) all() (all []map[string]any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, batch := range c.batches {
		all = append(all, batch...)
	}
	return all
}

func TestAPlatformGetsAnalyticsCalls(t *testing.T) {
	l, there := openLog(t, t.TempDir(), eventlog.Options{}), newCalls(t)
	target, err := CDP(CDPOptions{URL: there.URL, WriteKey: "write-key-of-shop", BatchWait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	r, _, _ := run(t, l, Options{Target: target, FromOldest: true})
	at := "2026-11-23T09:30:00.25Z"
	of := func(more map[string]any) map[string]any {
		all := map[string]any{"timestamp": at, "userId": "ada", "context": map[string]any{"library": map[string]any{"name": "handbill"}}}
		for name, value := range more {
			all[name] = value
		}
		return all
	}
	for _, test := range []struct {
		event eventlog.Event
		want  map[string]any
	}{
		{eventlog.Event{ID: "r1", Type: "report", Message: "spring-sale", Delivery: "AQA", Name: "clicked", Properties: map[string]any{"actionName": "Look"}},
			of(map[string]any{"type": "track", "event": "In-App Message Clicked", "messageId": "r1", "properties": map[string]any{
				"workspace": "shop", "messageId": "spring-sale", "deliveryId": "AQA", "metric": "clicked", "actionName": "Look"}})},
		{eventlog.Event{ID: "t1", Type: "track", Name: "Order Completed", Properties: map[string]any{"total": 129.9}},
			of(map[string]any{"type": "track", "event": "Order Completed", "messageId": "t1", "properties": map[string]any{"total": 129.9}})},
		{eventlog.Event{ID: "i1", Type: "identify", Properties: map[string]any{"plan": "pro"}},
			of(map[string]any{"type": "identify", "messageId": "i1", "traits": map[string]any{"plan": "pro"}})},
		{eventlog.Event{ID: "p1", Type: "page", Name: "Pricing", Properties: map[string]any{"path": "/pricing"}},
			of(map[string]any{"type": "page", "name": "Pricing", "messageId": "p1", "properties": map[string]any{"path": "/pricing"}})},
		{eventlog.Event{ID: "s1", Type: "screen", Name: "Cart"}, of(map[string]any{"type": "screen", "name": "Cart", "messageId": "s1"})},
		{eventlog.Event{ID: "g1", Type: "group", Name: "tallowby", Properties: map[string]any{"seats": 7.0}},
			of(map[string]any{"type": "group", "groupId": "tallowby", "messageId": "g1", "traits": map[string]any{"seats": 7.0}})},
		{eventlog.Event{ID: "a1", Type: "alias", Name: "a:browser-of-ada"}, of(map[string]any{"type": "alias", "previousId": "a:browser-of-ada", "messageId": "a1"})},
	} {
		test.event.Workspace, test.event.Visitor, test.event.At = "shop", "u:ada", november
		before := len(there.all())
		if err := l.Append(t.Context(), test.event); err != nil {
			t.Fatal(err)
		}
		until(t, "it arrived", func() bool { return len(there.all()) == before+1 })
		if got := there.all()[before]; !reflect.DeepEqual(got, test.want) {
			t.Errorf("of %s:\ngot  %v\nwant %v", test.event.Type, got, test.want)
		}
	}
	if err := l.Append(t.Context(), eventlog.Event{Type: "report", Workspace: "shop", Visitor: "a:browser-of-ines", Name: "held_out", At: november}); err != nil {
		t.Fatal(err)
	}
	until(t, "it arrived", func() bool { return len(there.all()) == 8 })
	if last := there.all()[7]; last["anonymousId"] != "browser-of-ines" || last["event"] != "In-App Message Held Out" || last["messageId"] == "" || last["messageId"] == nil {
		t.Errorf("of somebody who is not identified: %v", last)
	}
	if r.State().Dead != 0 {
		t.Errorf("state %+v", r.State())
	}
}

func TestAPlatformGetsNoMoreThanItTakes(t *testing.T) {
	l, there := openLog(t, t.TempDir(), eventlog.Options{}), newCalls(t)
	target, err := CDP(CDPOptions{URL: there.URL, WriteKey: "write-key-of-shop", BatchWait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 250 {
		event := dismissal(n)
		switch {
		case n < 50: // 20 KB each: 24 to a request
			event.Properties = map[string]any{"note": strings.Repeat("long ", 4000)}
		case n == 60:
			event.Properties = map[string]any{"note": strings.Repeat("too long ", 4000)}
		}
		if err := l.Append(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	r, _, _ := run(t, l, Options{Target: target, FromOldest: true})
	until(t, "all arrived", func() bool { return r.State().Pending == 0 })
	var got []string
	for _, call := range there.all() {
		got = append(got, call["messageId"].(string))
	}
	if !reflect.DeepEqual(got, append(ids(0, 60), ids(61, 250)...)) {
		t.Errorf("%d events arrived", len(got))
	}
	if s := r.State(); s.Dead != 1 || there.largest > 500_000 {
		t.Errorf("%d bytes at once, state %+v", there.largest, s)
	}
	for _, batch := range there.batches {
		if len(batch) > 100 {
			t.Errorf("%d events at once", len(batch))
		}
	}
}

func TestAPlatformsAddressIsCompleted(t *testing.T) {
	for text, want := range map[string]string{
		"https://cdp.customer.io":             "https://cdp.customer.io/v1/batch",
		"https://cdp.customer.io/":            "https://cdp.customer.io/v1/batch",
		"https://cdp.customer.io/v1":          "https://cdp.customer.io/v1/batch",
		"https://cdp.customer.io/v1/":         "https://cdp.customer.io/v1/batch",
		"https://api.segment.io/v1/batch":     "https://api.segment.io/v1/batch",
		"https://jitsu.example.com/api/s":     "https://jitsu.example.com/api/s/v1/batch",
		"https://shop.example.com/_x/v1/b":    "https://shop.example.com/_x/v1/b",
		"http://localhost:8081?source=edge-1": "http://localhost:8081/v1/batch?source=edge-1",
	} {
		if got := batchURL(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// useRedis is a stream's target on a real server.
func useRedis(t *testing.T, server *redistest.Server, stream string, length int64) Target {
	t.Helper()
	client, err := redis.Use("a test", []string{server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	return Redis(RedisOptions{Client: client, Stream: stream, MaxLength: length})
}

// streamed reads a stream: of each entry the fields.
func streamed(t *testing.T, server *redistest.Server, stream string) (all []map[string]string) {
	t.Helper()
	client, err := redis.Use("the test's reader", []string{server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Release()
	c, err := client.Connected()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := c.Do(t.Context(), c.B().Xrange().Key(stream).Start("-").End("+").Build()).AsXRange()
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		all = append(all, entry.FieldValues)
	}
	return all
}

func TestAStreamOfRedisGetsEventsAlsoAfterRedisWasGone(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	l := openLog(t, t.TempDir(), eventlog.Options{})
	write(t, l, 0, 600)
	r, _, _ := run(t, l, Options{Target: useRedis(t, server, "shop:events", 0), FromOldest: true})
	until(t, "it is seen that Redis is not there", func() bool { return strings.Contains(r.State().Problem, server.Address) })
	server.Restart()
	until(t, "all arrived", func() bool { return r.State().Pending == 0 })
	server.Kill()
	write(t, l, 600, 700)
	until(t, "it is seen that Redis is gone", func() bool { return r.State().Problem != "" })
	server.Restart()
	until(t, "the rest arrived", func() bool { return r.State().Pending == 0 })
	var got []Record
	for _, fields := range streamed(t, server, "shop:events") {
		var record Record
		if err := json.Unmarshal([]byte(fields["event"]), &record); err != nil || record.Key != fields["key"] || fields["type"] != "report" || fields["workspace"] != "shop" {
			t.Fatalf("%v: %v", fields, err)
		}
		got = append(got, record)
	}
	checkOrder(t, got, ids(0, 700))
}

func TestAStreamOfRedisHasABound(t *testing.T) {
	server := redistest.Start(t)
	l := openLog(t, t.TempDir(), eventlog.Options{})
	write(t, l, 0, 1000)
	r, _, _ := run(t, l, Options{Target: useRedis(t, server, "bounded", 200), FromOldest: true})
	until(t, "all arrived", func() bool { return r.State().Pending == 0 })
	entries := streamed(t, server, "bounded")
	if len(entries) < 200 || len(entries) > 400 || !strings.Contains(entries[len(entries)-1]["event"], dismissal(999).ID) {
		t.Errorf("the stream has %d entries", len(entries))
	}
	server.Say("SET wrong text")
	r, _, _ = run(t, l, Options{Name: "wrong", Target: useRedis(t, server, "wrong", 200), FromOldest: true})
	until(t, "a key of another kind is told of", func() bool { return strings.Contains(r.State().Problem, "WRONGTYPE") })
}

func TestWhoIsForgottenIsNotAmongTheDeadLettersEither(t *testing.T) {
	l, there := openLog(t, t.TempDir(), eventlog.Options{}), receive(t)
	l.AlsoForget(Forget)
	there.answers(status(404))
	r, _, _ := run(t, l, Options{Target: there.hook(t, 3), FromOldest: true, Tries: 1})
	write(t, l, 0, 9)
	until(t, "all are dead", func() bool { return r.State().Dead == 9 })
	ada := func(event eventlog.Event) bool { return event.Visitor == "u:ada" }
	if removed, err := l.Forget(t.Context(), ada); err != nil || removed != 6 { // three in the log, three among the dead letters
		t.Errorf("%d events removed, %v", removed, err)
	}
	if s := r.State(); s.DeadLetters != 6 || s.Dead != 9 {
		t.Errorf("of %d that died %d dead letters wait, not 6", s.Dead, s.DeadLetters)
	}
	text, err := os.ReadFile(r.deadPath())
	if err != nil || strings.Contains(string(text), `"ada"`) || strings.Count(string(text), "\n") != 6 {
		t.Errorf("the dead letters are %s, %v", text, err)
	}
	there.answers(nil)
	if err := r.Replay(); err != nil {
		t.Fatal(err)
	}
	until(t, "the others arrive", func() bool { return len(there.taken()) == 6 })
	for _, record := range there.taken() {
		if record.UserID == "ada" {
			t.Errorf("%+v arrived", record)
		}
	}
}

func TestDeadLettersThatWereSetAsideDoNotWait(t *testing.T) {
	l, there := openLog(t, t.TempDir(), eventlog.Options{}), receive(t)
	l.AlsoForget(Forget)
	there.answers(status(404))
	r, _, stop := run(t, l, Options{Target: there.hook(t, 3), FromOldest: true, Tries: 1, deadSize: 100})
	write(t, l, 0, 9)
	until(t, "all are dead", func() bool { return r.State().Dead == 9 })
	text, err := os.ReadFile(r.deadPath()) // a replay hands over those, and no others
	if err != nil {
		t.Fatal(err)
	}
	waiting := strings.Count(string(text), "\n")
	if is := r.State().DeadLetters; is != waiting || is == 9 {
		t.Errorf("%d dead letters wait, and there are %d", is, waiting)
	}
	stop()
	r, _, _ = run(t, l, Options{Target: there.hook(t, 3), FromOldest: true, Tries: 1, deadSize: 100})
	until(t, "they are counted", func() bool { return r.State().DeadLetters == waiting })
}

func TestWhoIsForgottenBeforeTheirEventsWereHandedOverIsPassedOver(t *testing.T) {
	l, there := openLog(t, t.TempDir(), eventlog.Options{}), receive(t)
	write(t, l, 0, 9)
	if removed, err := l.Forget(t.Context(), func(event eventlog.Event) bool { return event.Visitor == "u:ada" }); err != nil || removed != 3 {
		t.Fatalf("%d events removed, %v", removed, err)
	}
	r, log, _ := run(t, l, Options{Target: there.hook(t, 3), FromOldest: true})
	until(t, "the others arrive", func() bool { return r.State().Pending == 0 && len(there.taken()) == 6 })
	if strings.Contains(log.String(), "damaged") {
		t.Errorf("log %s", log)
	}
	checkOrder(t, there.taken(), []string{"report-0001", "report-0002", "report-0004", "report-0005", "report-0007", "report-0008"})
}
