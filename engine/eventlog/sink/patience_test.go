package sink

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/pipetest"
)

// inTime is a webhook in the time of a bubble: it remembers when it was asked, and what it took.
type inTime struct {
	mu     sync.Mutex
	answer func(w http.ResponseWriter, r *http.Request) bool // true: the events are taken
	asked  []time.Time
	taken  []Record
}

func (h *inTime) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	h.asked = append(h.asked, time.Now())
	answer := h.answer
	h.mu.Unlock()
	var sent struct{ Data struct{ Events []Record } }
	if answer(w, r) && json.Unmarshal(body, &sent) == nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.taken = append(h.taken, sent.Data.Events...)
	}
}

// answers changes how it answers, and forgets when it was asked.
func (h *inTime) answers(answer func(w http.ResponseWriter, r *http.Request) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer, h.asked = answer, nil
}

// pauses is how long it was left alone between two questions.
func (h *inTime) pauses() (all []time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := 1; i < len(h.asked); i++ {
		all = append(all, h.asked[i].Sub(h.asked[i-1]))
	}
	return all
}

// has says which events it took.
func (h *inTime) has() []Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.taken)
}

// startInTime starts a webhook and a sink that is as patient as those of operators.
func startInTime(t *testing.T, l *eventlog.Log) (*inTime, *Runner) {
	t.Helper()
	network, hook := pipetest.Listen(), &inTime{answer: taking}
	server := &http.Server{Handler: hook, ReadHeaderTimeout: time.Minute}
	served := make(chan error)
	go func() { served <- server.Serve(network) }()
	target, err := Webhook(WebhookOptions{URL: "http://hooks.example.net/in"})
	if err != nil {
		t.Fatal(err)
	}
	transport := target.(*webhook).client.Transport.(*http.Transport)
	transport.DialContext, transport.Proxy = network.Dial, nil
	r := Start(l, Options{Name: "hooks", Target: target, FromOldest: true, Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-served // which says that it was closed
	})
	return hook, r
}

func taking(http.ResponseWriter, *http.Request) bool { return true }

func refusing(code int, headers ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		return false
	}
}

// The clock of these tests is the bubble's: it moves only while everybody waits.
func TestAWebhookThatIsDownIsAskedLessAndLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openLog(t, t.TempDir(), eventlog.Options{})
		hook, r := startInTime(t, l)
		hook.answers(refusing(http.StatusBadGateway))
		write(t, l, 0, 5)
		time.Sleep(time.Hour)
		synctest.Wait()
		pauses := hook.pauses()
		for i, pause := range pauses {
			if most := min(firstWait<<min(i, 20), longestWait); pause < most/2 || pause > most {
				t.Errorf("before try %d it waits %s, and should %s at most", i+2, pause, most)
			}
		}
		if len(pauses) < 60 || len(slices.Compact(slices.Sorted(slices.Values(pauses)))) < len(pauses)/2 {
			t.Errorf("in an hour it waits %d times: %v", len(pauses), pauses)
		}
		if s := r.State(); s.Pending != 5 || s.Dead != 0 || !strings.Contains(s.Problem, "502 Bad Gateway") {
			t.Errorf("state %+v", s)
		}
		hook.answers(taking)
		time.Sleep(longestWait)
		synctest.Wait()
		checkOrder(t, hook.has(), ids(0, 5))
		if s := r.State(); s.Pending != 0 || s.Problem != "" || s.Delivered != 5 {
			t.Errorf("state %+v", s)
		}
	})
}

func TestAWebhookIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openLog(t, t.TempDir(), eventlog.Options{})
		hook, r := startInTime(t, l)
		hook.answers(refusing(http.StatusServiceUnavailable, "Retry-After", "1800"))
		write(t, l, 0, 5)
		time.Sleep(10 * time.Hour)
		synctest.Wait()
		pauses := hook.pauses()
		if len(pauses) < 15 || slices.Min(pauses) < 30*time.Minute || slices.Max(pauses) > 33*time.Minute {
			t.Errorf("it is left alone for %v", pauses)
		}
		hook.answers(taking)
		time.Sleep(33 * time.Minute)
		synctest.Wait()
		checkOrder(t, hook.has(), ids(0, 5))
		if s := r.State(); s.Pending != 0 || s.Problem != "" {
			t.Errorf("state %+v", s)
		}
		hook.answers(refusing(http.StatusServiceUnavailable, "Retry-After", "86400"))
		write(t, l, 5, 6)
		time.Sleep(time.Minute)
		// Nobody who stops it waits for that.
	})
}

func TestAWebhookThatIsTooSlowIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openLog(t, t.TempDir(), eventlog.Options{})
		hook, r := startInTime(t, l)
		hook.answers(func(_ http.ResponseWriter, r *http.Request) bool {
			<-r.Context().Done()
			return false
		})
		write(t, l, 0, 5)
		time.Sleep(time.Hour)
		synctest.Wait()
		pauses := hook.pauses()
		if len(pauses) < 50 || slices.Min(pauses) < DefaultTimeout || slices.Max(pauses) > DefaultTimeout+longestWait {
			t.Errorf("it is asked again after %v", pauses)
		}
		if s := r.State(); s.Pending != 5 || s.Dead != 0 || !strings.Contains(s.Problem, "did not answer within 10s") {
			t.Errorf("state %+v", s)
		}
		hook.answers(taking)
		time.Sleep(DefaultTimeout + longestWait)
		synctest.Wait()
		checkOrder(t, hook.has(), ids(0, 5))
		if s := r.State(); s.Pending != 0 || s.Problem != "" {
			t.Errorf("state %+v", s)
		}
	})
}

func TestABatchIsGatheredForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openLog(t, t.TempDir(), eventlog.Options{})
		hook, _ := startInTime(t, l)
		hook.answers(taking)
		for n := range 40 {
			write(t, l, n, n+1)
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(DefaultBatchWait)
		synctest.Wait()
		checkOrder(t, hook.has(), ids(0, 40))
		for _, pause := range hook.pauses() {
			if pause < DefaultBatchWait || pause > DefaultBatchWait+200*time.Millisecond {
				t.Errorf("between two batches pass %s", pause)
			}
		}
	})
}
