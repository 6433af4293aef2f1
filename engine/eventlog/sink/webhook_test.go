package sink

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"handbill/engine/eventlog"
)

func TestWhatAWebhookAnswersDecidesWhatBecomesOfABatch(t *testing.T) {
	for name, test := range map[string]struct {
		answer  func(w http.ResponseWriter, events []Record) bool
		problem string
		dead    bool
	}{
		"it is broken":             {status(500), "500 Internal Server Error", false},
		"it is overloaded":         {status(429), "429 Too Many Requests", false},
		"it is too slow to read":   {status(408), "408 Request Timeout", false},
		"it wants to be asked new": {status(425), "425 Too Early", false},
		"it hangs up": {func(http.ResponseWriter, []Record) bool {
			panic(http.ErrAbortHandler)
		}, "closed the connection without an answer", false},
		"it leads elsewhere": {func(w http.ResponseWriter, _ []Record) bool {
			w.Header().Set("Location", "https://elsewhere.example.com/in?token=hidden")
			w.WriteHeader(307)
			return false
		}, "leads to https://elsewhere.example.com; redirects are not followed", false},
		"it finds the events wrong": {status(400), "400 Bad Request", true},
		"it is not there":           {status(404), "404 Not Found", true},
		"it does not let us in":     {status(403), "403 Forbidden", true},
	} {
		t.Run(name, func(t *testing.T) {
			l, there := openLog(t, t.TempDir(), eventlog.Options{}), receive(t)
			there.answers(test.answer)
			var counted counts
			r, log, _ := run(t, l, Options{Target: there.hook(t, 4), FromOldest: true, Tries: 3, Recorder: &counted})
			write(t, l, 0, 4)
			until(t, "it was tried several times", func() bool { return there.asked() >= 3 })
			until(t, "the problem is seen", func() bool { return strings.Contains(r.State().Problem, test.problem) })
			if r.State().FailingSince == nil || strings.Contains(log.String(), "hidden") {
				t.Errorf("state %+v, log %s", r.State(), log)
			}
			if test.dead {
				until(t, "all are dead", func() bool { return r.State().Dead == 4 && r.State().Pending == 0 })
			}
			there.answers(nil)
			write(t, l, 4, 6)
			want, first := ids(0, 6), 0
			if test.dead {
				want, first = ids(4, 6), 4
			}
			until(t, "the rest arrives", func() bool { return r.State().Pending == 0 && len(there.taken()) >= 6-first })
			checkOrder(t, there.taken(), want)
			if s := r.State(); s.Problem != "" || s.FailingSince != nil || s.Dead != first || s.DeadLetters != first || counted.died != first {
				t.Errorf("state %+v", s)
			}
			for _, told := range []string{"a sink cannot hand over", "a sink hands over again"} {
				if !strings.Contains(log.String(), told) {
					t.Errorf("the log does not say: %s\n%s", told, log)
				}
			}
		})
	}
}

func TestAnEventThatIsRefusedDiesAlone(t *testing.T) {
	l, there := openLog(t, t.TempDir(), eventlog.Options{}), receive(t)
	poison := func(w http.ResponseWriter, events []Record) bool {
		for _, event := range events {
			if event.ID == dismissal(5).ID {
				http.Error(w, "report-0005 is not known here", http.StatusUnprocessableEntity)
				return false
			}
		}
		return true
	}
	there.answers(poison)
	r, _, stop := run(t, l, Options{Target: there.hook(t, 20), FromOldest: true, Tries: 2})
	write(t, l, 0, 20)
	until(t, "nothing waits", func() bool { return r.State().Pending == 0 && r.State().Dead == 1 })
	checkOrder(t, there.taken(), append(ids(0, 5), ids(6, 20)...))
	path := filepath.Join(Dir(l.Dir()), "hooks.dead.ndjson")
	text, err := os.ReadFile(path)
	if err != nil || strings.Count(string(text), "\n") != 1 || !strings.Contains(string(text), `"id":"report-0005"`) || !strings.Contains(string(text), "is not known here") {
		t.Errorf("dead letters %s, %v", text, err)
	}

	stop() // dead letters outlive the process
	r, _, _ = run(t, l, Options{Target: there.hook(t, 20), Tries: 2})
	until(t, "they are counted", func() bool { return r.State().DeadLetters == 1 })
	if err := r.Replay(); err != nil {
		t.Fatal(err)
	}
	until(t, "it is refused again", func() bool { return r.State().Dead == 1 && r.State().DeadLetters == 1 })
	there.answers(nil)
	until(t, "the replay has ended", func() bool { return r.Replay() == nil })
	until(t, "it arrives", func() bool { return len(there.taken()) == 20 })
	if last := there.taken()[19]; last.ID != dismissal(5).ID || last.UserID+last.AnonymousID == "" || !last.At.Equal(dismissal(5).At) {
		t.Errorf("it is %+v", last)
	}
	until(t, "nothing is left", func() bool { return errors.Is(r.Replay(), ErrNothingDead) })
}

func TestHowLongRetryAfterMeans(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, "0": 0, "-5": 0, "soon": 0, "99999999999": time.Hour, "999999": time.Hour,
		"Mon, 23 Nov 2026 09:31:00 GMT": time.Minute, "Mon, 23 Nov 2026 09:29:00 GMT": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// verify checks a signature as a receiver does that knows the specification.
func verify(secret []byte, request *http.Request, body string) bool {
	sum := hmac.New(sha256.New, secret)
	sum.Write([]byte(request.Header.Get("webhook-id") + "." + request.Header.Get("webhook-timestamp") + "." + body))
	want := "v1," + base64.StdEncoding.EncodeToString(sum.Sum(nil))
	for _, signature := range strings.Fields(request.Header.Get("webhook-signature")) {
		if hmac.Equal([]byte(signature), []byte(want)) {
			return true
		}
	}
	return false
}

func TestWhatAWebhookGetsIsSigned(t *testing.T) {
	l, there := openLog(t, t.TempDir(), eventlog.Options{}), receive(t)
	failed := false
	there.answers(func(w http.ResponseWriter, _ []Record) bool {
		if !failed {
			failed = true
			w.WriteHeader(502)
			return false
		}
		return true
	})
	raw := []byte("thirty-two bytes of a secret key")
	target, err := Webhook(WebhookOptions{
		URL: there.URL, Secrets: []string{"whsec_" + base64.StdEncoding.EncodeToString(raw), "the older secret, with more than 24 bytes"},
		Header: http.Header{"X-Tenant": {"tallowby"}, "Authorization": {"Bearer hooks"}}, BatchWait: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, l, Options{Target: target, FromOldest: true})
	write(t, l, 0, 1)
	until(t, "it arrived", func() bool { return len(there.taken()) == 1 })
	first, second := there.requests[0], there.requests[1]
	if !verify(raw, second, there.bodies[1]) || !verify([]byte("the older secret, with more than 24 bytes"), second, there.bodies[1]) || verify([]byte("another"), second, there.bodies[1]) {
		t.Errorf("the signature is %q", second.Header.Get("webhook-signature"))
	}
	if verify(raw, second, there.bodies[1]+" ") {
		t.Error("another body has the same signature")
	}
	if first.Header.Get("webhook-id") != second.Header.Get("webhook-id") || !strings.HasPrefix(first.Header.Get("webhook-id"), "msg_") || there.bodies[0] != there.bodies[1] {
		t.Error("a batch that is tried again is another one")
	}
	if stamp, err := strconv.ParseInt(second.Header.Get("webhook-timestamp"), 10, 64); err != nil || time.Since(time.Unix(stamp, 0)).Abs() > time.Minute {
		t.Errorf("timestamp %d, %v", stamp, err)
	}
	if second.Header.Get("X-Tenant") != "tallowby" || second.Header.Get("Authorization") != "Bearer hooks" || second.Header.Get("Content-Type") != "application/json" || second.Method != http.MethodPost {
		t.Errorf("%s with %v", second.Method, second.Header)
	}
}

func TestASecretThatCouldBeGuessedIsRefused(t *testing.T) {
	for secret, want := range map[string]string{
		"":                         "secret is empty",
		"letmein":                  "secret has 7 bytes",
		"whsec_c2hvcnQ=":           "secret has 5 bytes",
		"whsec_not base64":         "something else than base64",
		"a secret of 24 bytes, at": "",
	} {
		err := CheckWebhookSecret(secret)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "openssl rand")) {
			t.Errorf("%q: %v", secret, err)
		}
		if err != nil && len(secret) > 6 && strings.Contains(err.Error(), secret) {
			t.Errorf("the error repeats the secret: %v", err)
		}
	}
}

func TestAURLThatCannotBePostedToIsRefused(t *testing.T) {
	for _, bad := range []string{"", "hooks.example.net/in", "ftp://hooks.example.net/in", "https://", "https://hooks.example.net/in#events", "https://hooks.example.net:port/in"} {
		if _, err := Webhook(WebhookOptions{URL: bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
		if _, err := CDP(CDPOptions{URL: bad}); err == nil {
			t.Errorf("%q is taken for a CDP", bad)
		}
	}
}

func TestDeadLettersHaveABound(t *testing.T) {
	l, there := openLog(t, t.TempDir(), eventlog.Options{}), receive(t)
	there.answers(status(410))
	r, log, _ := run(t, l, Options{Target: there.hook(t, 1), FromOldest: true, Tries: 1, deadSize: 1000})
	write(t, l, 0, 30)
	until(t, "all are dead", func() bool { return r.State().Dead == 30 && r.State().Pending == 0 })
	total := int64(0)
	for _, kind := range []string{"dead", "dead.1"} {
		info, err := os.Stat(r.deadFile(kind))
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > 3000 || !strings.Contains(log.String(), "the oldest are thrown away") {
		t.Errorf("%d bytes of dead letters; log %s", total, log)
	}
}
