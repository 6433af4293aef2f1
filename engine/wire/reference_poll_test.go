package wire_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/wire"
)

func TestContentReportsThatCannotBeBelievedCountNothing(t *testing.T) {
	s := newSite(t, oneMessage("frequency = { count = 3 }"))
	b := newBrowser(t, s)
	for _, properties := range []string{
		`{"actionType":"viewed_content","contentId":1}`, `{"actionType":"viewed_content","contentId":"nothing"}`, `{"actionType":"viewed_content"}`,
		`{"actionType":"seen","contentId":"m"}`, `{"actionType":"viewed_content","contentId":{"a":1}}`, `[]`, `{"actionType":"viewed_content","contentId":-7}`,
	} {
		if answer := b.do("POST", "/_handbill/v1/t", `{"anonymousId":"8c6d","messageId":"e","event":"Report Content Event","properties":`+properties+`}`); answer.StatusCode >= 500 {
			t.Errorf("%s was answered with %d", properties, answer.StatusCode)
		}
	}
	if got := s.counted("m"); got != [3]int64{} {
		t.Errorf("counted %v", got)
	}
	b.do("POST", "/_handbill/v1/t", `{"anonymousId":"8c6d","messageId":"e","event":"Report Content Event","properties":{"actionType":"viewed_content","contentId":"m"}}`)
	if got := s.counted("m"); got != [3]int64{1, 0, 0} {
		t.Errorf("by its id it is counted %v", got)
	}
}

func TestNotesOfTheReferenceClientAreAnsweredWell(t *testing.T) {
	s := newSite(t, oneMessage(""))
	c := newReferenceClient(t, s)
	other := newBrowser(t, s).asReference("1")["m"].QueueID
	mine := c.asReference("1")["m"].QueueID
	for _, path := range []string{"queue/nothing", "queue/" + other, "queue/" + mine[:len(mine)-2] + "AA", "queue/" + strings.Repeat("x", 600), "message/m", "message/a%2Fb"} {
		answer := c.do("POST", "/_handbill/api/v1/logs/"+path, "{}")
		if said := text(t, answer); answer.StatusCode != 200 || !strings.Contains(said, `"counted":false`) {
			t.Errorf("%s: %d %s", path, answer.StatusCode, said)
		}
	}
	if got := s.counted("m"); got != [3]int64{} {
		t.Errorf("counted %v", got)
	}
}

func TestTolerablePollsOfTheReferenceClientGetTheWholeList(t *testing.T) {
	s := newSite(t, oneMessage("expires = \"1d\"\nstart = 2026-11-23T09:00:00Z"))
	for name, header := range map[string]http.Header{
		"nothing but the poll":       {},
		"a guest":                    {"X-Gist-User-Anonymous": {"true"}, "X-Gist-Encoded-User-Token": {"Z3Vlc3Q="}},
		"somebody identified":        {"X-Gist-User-Anonymous": {"false"}, "X-Gist-Encoded-User-Token": {"YWRh"}},
		"a token that is no base64":  {"X-Gist-Encoded-User-Token": {"%%%"}},
		"an empty token":             {"X-Gist-Encoded-User-Token": {""}},
		"a token with control codes": {"X-Gist-Encoded-User-Token": {base64.StdEncoding.EncodeToString([]byte("a\x00b"))}},
		"a language that is none":    {"Content-Language": {"*"}},
		"the client's own headers":   {"X-Cio-Site-Id": {"other"}, "X-Cio-Client-Platform": {"web"}, "Content-Type": {"application/json"}},
	} {
		for _, body := range []string{"{}", ""} {
			b := newBrowser(t, s)
			for key, values := range header {
				b.header[key] = values
			}
			answer := b.do("POST", "/_handbill/api/v4/users?sessionId=5f0c", body)
			if list := decode(t, answer); answer.StatusCode != 200 || names(list) != "m" || list.InboxMessages == nil || answer.Header.Get("X-Gist-Queue-Polling-Interval") == "" {
				t.Errorf("%s, body %q: %d %v %s", name, body, answer.StatusCode, answer.Header, names(list))
			}
		}
	}
	b := newBrowser(t, s)
	b.asReference("1")
	s.now = s.now.Add(25 * time.Hour)
	if got := b.asReference("2"); len(got) > 0 {
		t.Error("a message that has expired is in the list")
	}
	s.use("[workspace]\nin_app = false\n" + oneMessage(""))
	if answer, list := b.poll("{}"); answer.StatusCode != 200 || len(list.InAppMessages) > 0 || list.InAppMessages == nil {
		t.Errorf("with messages off: %d %+v", answer.StatusCode, list)
	}
	off := newBrowser(t, newHandler(t, wire.Site{}, shop))
	if answer, list := off.poll("{}"); answer.StatusCode != 200 || list.InAppMessages == nil || list.InboxMessages == nil || answer.Header.Get("X-Gist-Queue-Polling-Interval") == "" || len(answer.Cookies()) > 0 {
		t.Errorf("a guest where guests get nothing: %d %+v %v", answer.StatusCode, list, answer.Header)
	}
}

// Observed of the real client: it begins as a guest, and becomes somebody a second later.
func TestAGuestPollBeforeIdentifyTakesNothingAway(t *testing.T) {
	s := newSite(t, oneMessage("frequency = \"once\""))
	c := newReferenceClient(t, s)
	c.header.Set("X-Gist-User-Anonymous", "true")
	c.header.Set("X-Gist-Encoded-User-Token", "Z3Vlc3Q=")
	if len(c.asReference("1")) != 1 {
		t.Fatal("the guest gets nothing")
	}
	c.identify("ada")
	s.now = s.now.Add(time.Second)
	if shown := c.open("1"); len(shown) != 1 {
		t.Error("who has identified gets nothing")
	}
	if got := s.counted("m"); got[0] != 1 {
		t.Errorf("counted %v", got)
	}
}

func TestATransactionalMessageIsShownOnce(t *testing.T) {
	for keys, again := range map[string]bool{"": false, "persistent = true": true} {
		s := newSite(t, oneMessage("kind = \"transactional\"\n"+keys))
		c := newReferenceClient(t, s)
		c.identify("ada")
		if _, err := s.engine.Send(context.Background(), engine.Send{Message: "m", To: "ada"}); err != nil {
			t.Fatal(err)
		}
		first, there := c.open("1")["m"]
		if !there {
			t.Fatal("it is not shown")
		}
		second, there := c.open("1")["m"]
		if there != again {
			t.Errorf("%q: shown again is %t", keys, there)
		}
		if there {
			if c.close(second); first.QueueID != second.QueueID || len(c.open("1")) > 0 {
				t.Errorf("%q: shown after it was closed", keys)
			}
		}
	}
}

func TestAThrottleCountsWhatTheReferenceClientHasShown(t *testing.T) {
	s := newSite(t, "[workspace]\nthrottle = { per_visit = 1 }\n"+oneMessage("")+strings.Replace(oneMessage("position = \"bottom\"\nfrequency = \"once\""), `"m"`, `"n"`, 1))
	c := newReferenceClient(t, s)
	if shown := c.open("1"); len(shown) != 1 {
		t.Fatalf("at once it shows %v", shown)
	}
	s.now = s.now.Add(2 * time.Minute)
	if got := c.asReference("1"); len(got) != 1 || got["m"].QueueID == "" {
		t.Errorf("in the same visit it gets %v", got)
	}
	s.now = s.now.Add(time.Hour)
	if got := c.asReference("2"); len(got) != 2 {
		t.Errorf("in the next visit, in which one stays and one is shown, it gets %v", got)
	}
}

func TestAClientWithoutASessionIsTheReferenceClientAllTheSame(t *testing.T) {
	s := newSite(t, oneMessage(""))
	c := newReferenceClient(t, s)
	list := decode(t, c.do("POST", "/_handbill/api/v4/users", "{}"))
	if len(list.InAppMessages) != 1 || list.InAppMessages[0].Properties.Gist["persistent"] != true {
		t.Fatalf("it gets %+v", list)
	}
	s.now = s.now.Add(time.Minute)
	if again := c.asReference("1")["m"]; again.QueueID != list.InAppMessages[0].QueueID {
		t.Error("what stays over visits is another delivery in a session")
	}
}

// Without the analytics library the in-app client has notes alone to say that it has shown what it counts itself.
func TestWithoutTheAnalyticsClientEachNoteOfABroadcastCounts(t *testing.T) {
	s := newSite(t, oneMessage("frequency = { count = 3, ignore_dismiss = true }"))
	b := newBrowser(t, s)
	for shown := int64(1); shown <= 3; shown++ {
		m, there := b.asReference("1")["m"]
		if !there {
			t.Fatalf("after %d showings it is not in the list", shown-1)
		}
		if answer := b.do("POST", "/_handbill/api/v1/logs/queue/"+m.QueueID, "{}"); answer.StatusCode != 200 || s.counted("m") != [3]int64{shown, 0, 0} {
			t.Errorf("%d: counted %v", answer.StatusCode, s.counted("m"))
		}
		other := newBrowser(t, s)
		other.poll("{}")
		if other.do("POST", "/_handbill/api/v1/logs/queue/"+m.QueueID, "{}"); s.counted("m") != [3]int64{shown, 0, 0} {
			t.Error("a stranger's note counts")
		}
		s.now = s.now.Add(time.Minute)
	}
}

// Our page in the client's frame says that a message was closed by its own buttons, which the client itself does not.
func TestWhatIsClosedOfWhatTheClientCountsEndsItWhereThatIsMeant(t *testing.T) {
	for frequency, ends := range map[string]bool{`{ count = 2, ignore_dismiss = true }`: false, `{ count = 2 }`: true} {
		s := newSite(t, oneMessage("frequency = "+frequency))
		c := newReferenceClient(t, s)
		m := c.open("1")["m"]
		c.delivery(m, "dismissed", "")
		s.now = s.now.Add(time.Minute)
		if _, there := c.asReference("1")["m"]; there == ends {
			t.Errorf("%s: in the list is %t", frequency, there)
		}
		if got := s.counted("m"); got != [3]int64{1, 1, 0} {
			t.Errorf("%s: counted %v", frequency, got)
		}
	}
}
