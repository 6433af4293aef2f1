package engine_test

import (
	"strings"
	"testing"
	"time"

	"handbill/engine"
)

// A message that stays is there on every page until it is closed; its bounds say whether it comes anew.
func TestAMessageThatStaysStaysUntilItIsClosed(t *testing.T) {
	for _, test := range []struct {
		frequency  string
		persistent bool
		// pages say on which of four pages it is shown: it is closed on the third, and the last is a day later in another visit.
		pages string
	}{
		{`"once"`, false, "●   "},
		{`"once"`, true, "●●● "},
		{`"once_per_visit"`, true, "●●●●"},
		{`{ lifetime = 4 }`, true, "●●●●"},
		{`{ caps = ["1/day"] }`, true, "●●●●"},
		{`{ caps = ["1/week"] }`, true, "●●● "},
		{`{ min_gap = "2d" }`, true, "●●● "},
		{`{ lifetime = 2, stop_on = ["dismiss"] }`, true, "●●● "},
		{`"until_dismissed"`, true, "●●● "},
		{`"until_dismissed"`, false, "●●● "},
	} {
		keys := "frequency = " + test.frequency + "\npersistent = " + map[bool]string{true: "true", false: "false"}[test.persistent]
		e := newEdge(t, "[[messages]]\nid = \"m\"\npages = [\"*\"]\ntext = \"A\"\n"+keys+"\n")
		got := ""
		for page, visit := range []string{"monday", "monday", "monday", "tuesday"} {
			if visit == "tuesday" {
				e.now = e.now.Add(24 * time.Hour)
			}
			answer := e.look(ada, "tab", "view "+string(rune('1'+page)), visit)
			if len(answer.Deliveries) == 0 {
				got += " "
				continue
			}
			got += "●"
			e.tell(ada, answer.Deliveries[0], engine.OutcomeOpened, "", visit)
			if page == 2 {
				e.tell(ada, answer.Deliveries[0], engine.OutcomeDismissed, "", visit)
			}
			e.now = e.now.Add(time.Minute)
		}
		if got != test.pages {
			t.Errorf("%s: shown on %q, want %q", strings.ReplaceAll(keys, "\n", ", "), got, test.pages)
		}
	}
}

func TestExplainSaysThatAMessageStays(t *testing.T) {
	e := newEdge(t, "[[messages]]\nid = \"m\"\npages = [\"*\"]\ntext = \"A\"\nfrequency = \"once\"\npersistent = true\n")
	e.tell(ada, find(t, e.look(ada, "tab", "view", "visit"), "m"), engine.OutcomeOpened, "", "visit")
	if check := e.explained("m", "frequency"); !check.Passed || !strings.Contains(check.Saw, "stays until it is closed") {
		t.Errorf("explained as %+v", check)
	}
}
