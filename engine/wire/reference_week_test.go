package wire_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The week of docs/frequency.md: the hours since its beginning, and the visits.
var week = []struct {
	hours   time.Duration
	visit   string
	close   bool
	press   bool
	minutes time.Duration
}{
	{hours: 0, visit: "1"}, {minutes: 10, visit: "1"}, {hours: 6, visit: "2"}, {hours: 24, visit: "3", close: true}, {hours: 24, minutes: 10, visit: "3", press: true},
	{hours: 30, visit: "4"}, {hours: 48, visit: "5"}, {hours: 168, visit: "6"},
}

// TestTheWeekOfTheReferenceClient runs the documented table.
func TestTheWeekOfTheReferenceClient(t *testing.T) {
	data, err := os.ReadFile("../../docs/frequency.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(data), "\n## With the reference client\n")
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)`(?: and `([^`]+)`)? \\|((?: ●? ?\\|){8})$").FindAllStringSubmatch(section, -1)
	if len(rows) < 10 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		t.Run(row[1]+row[2], func(t *testing.T) {
			s := newSite(t, oneMessage("frequency = "+row[1]+"\n"+row[2]))
			c := newReferenceClient(t, s)
			began, got := s.now, ""
			for _, at := range week {
				s.now = began.Add(at.hours*time.Hour + at.minutes*time.Minute)
				m, there := c.open(at.visit)["m"]
				if !there {
					got += " |"
					continue
				}
				got += " ● |"
				switch {
				case at.close:
					c.close(m)
				case at.press:
					c.press(m, "/offers")
				}
			}
			if got != row[3] {
				t.Errorf("it is shown\n%s\nand documented\n%s", got, row[3])
			}
		})
	}
}

func TestWhatOneClientHasShownTheOtherCounts(t *testing.T) {
	for _, test := range []struct {
		frequency string
		opened    bool // what ends it: opening, or else closing
	}{{`"once"`, true}, {`{ lifetime = 1 }`, true}, {`{ count = 1 }`, true}, {`"until_dismissed"`, false}, {`{ caps = ["1/day"], stop_on = ["dismiss"] }`, false}} {
		for _, identified := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s identified %t", test.frequency, identified), func(t *testing.T) {
				ours := func(c *referenceClient, view string) string {
					who := ""
					if identified {
						who = `,"userId":"ada"`
					}
					_, list := c.poll(fmt.Sprintf(`{"page":{"url":"%s/"},"tab":"t","view":%q%s}`, origin, view, who))
					if len(list.InAppMessages) == 0 {
						return ""
					}
					return list.InAppMessages[0].DeliveryID
				}
				visitor := func() (*site, *referenceClient) {
					s := newSite(t, oneMessage("frequency = "+test.frequency))
					c := newReferenceClient(t, s)
					if identified {
						c.identify("ada")
					}
					return s, c
				}
				s, c := visitor()
				m, there := c.open("1")["m"]
				if !there {
					t.Fatal("the reference client shows nothing")
				}
				if !test.opened {
					c.close(m)
				}
				s.now = s.now.Add(25 * time.Hour)
				if d := ours(c, "view-1"); d != "" {
					t.Error("what the reference client has shown ours shows again")
				}

				s, c = visitor()
				d := ours(c, "view-1")
				c.delivery(referenceMessage{QueueID: d}, "opened", "")
				if !test.opened {
					c.delivery(referenceMessage{QueueID: d}, "dismissed", "")
				}
				s.now = s.now.Add(25 * time.Hour)
				if shown := c.open("1"); len(shown) > 0 {
					t.Error("what ours has shown the reference client shows again")
				}
			})
		}
	}
}

func TestWhatAGuestHasSeenIsSeenWhenTheyIdentify(t *testing.T) {
	for frequency, ends := range map[string]bool{`"once"`: false, `"until_dismissed"`: true, `{ count = 1 }`: false} {
		s := newSite(t, oneMessage("frequency = "+frequency))
		c := newReferenceClient(t, s)
		m, there := c.open("1")["m"]
		if !there {
			t.Fatal("a guest is shown nothing")
		}
		if ends {
			c.close(m)
		}
		c.identify("ada")
		if c.shown, c.rests = map[string]int{}, map[string]time.Time{}; len(c.open("1")) > 0 { // its storage is another for another user
			t.Errorf("%s: shown again after identify", frequency)
		}
	}
}

func TestReportsOfTheReferenceClientCountOnce(t *testing.T) {
	for _, test := range []struct {
		frequency string
		want      [3]int64 // opened, dismissed, clicked
	}{{`"once"`, [3]int64{1, 0, 1}}, {`"until_dismissed"`, [3]int64{1, 1, 1}}, {`{ count = 3, ignore_dismiss = true }`, [3]int64{2, 0, 2}}} {
		s := newSite(t, oneMessage("frequency = "+test.frequency))
		c := newReferenceClient(t, s)
		for range 2 {
			if m, there := c.open("1")["m"]; there {
				c.press(m, "event:tell me more")
			}
			s.now = s.now.Add(time.Minute)
		}
		for _, m := range c.asReference("1") {
			c.close(m)
		}
		if got := s.counted("m"); got != test.want {
			t.Errorf("%s: counted %v, want %v", test.frequency, got, test.want)
		}
	}
}

func TestWhatItSnoozesComesBack(t *testing.T) {
	s := newSite(t, oneMessage(""))
	c := newReferenceClient(t, s)
	m := c.open("1")["m"]
	c.press(m, "gist://snooze?showIn=120")
	s.now = s.now.Add(119 * time.Minute)
	if shown := c.open("2"); len(shown) > 0 {
		t.Error("it comes back too early")
	}
	s.now = s.now.Add(2 * time.Minute)
	again, there := c.open("3")["m"]
	if !there || again.QueueID == m.QueueID {
		t.Fatalf("it does not come back: %v", again)
	}
	c.close(again)
	s.now = s.now.Add(time.Hour)
	if shown := c.open("4"); len(shown) > 0 || s.counted("m")[1] != 1 {
		t.Errorf("it comes back although it was closed; counted %v", s.counted("m"))
	}
}

func TestAButtonOfTheReferenceClientLeadsOn(t *testing.T) {
	for action, ends := range map[string]bool{"/offers": true, "gist://loadPage?url=https://shop.example.com/offers?a=1&b=2": true, "event:more": true, "gist://close": false, "next": false} {
		s := newSite(t, oneMessage(`frequency = "until_action"`))
		c := newReferenceClient(t, s)
		c.press(c.open("1")["m"], action)
		if shown := c.open("2"); (len(shown) == 0) != ends {
			t.Errorf("after %s it is shown in the next visit: %t", action, len(shown) > 0)
		}
	}
}

func TestABroadcastIsTheSameInEveryPoll(t *testing.T) {
	s := newSite(t, oneMessage("frequency = { count = 3, delay = \"1h\" }\npriority = 7\nholdout = 0\n[[messages.variants]]\nid = \"b\"\nweight = 100\ntext = \"B\"\n"))
	c := newReferenceClient(t, s)
	first := c.asReference("1")["m"]
	broadcast, _ := first.Properties.Gist["broadcast"].(map[string]any)
	if _, has := first.Properties.Gist["campaignId"]; has || broadcast == nil || broadcast["broadcastId"] != "m" || broadcast["templateId"] != 2.0 || *first.Priority != 7 {
		t.Fatalf("the broadcast is %v", first.Properties.Gist)
	}
	if frequency, _ := json.Marshal(broadcast["frequency"]); string(frequency) != `{"count":3,"delay":3600,"ignoreDismiss":false}` {
		t.Errorf("the frequency is %s", frequency)
	}
	c.show(first)
	for _, session := range []string{"1", "2", "3"} {
		s.now = s.now.Add(10 * time.Minute)
		if again := c.asReference(session)["m"]; again.QueueID != first.QueueID {
			t.Errorf("in session %s its queueId is %q, and was %q: the client would not find what it counted", session, again.QueueID, first.QueueID)
		}
	}
	if got := s.counted("m"); got != [3]int64{1, 0, 0} {
		t.Errorf("counted %v", got)
	}
}
