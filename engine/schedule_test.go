package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/visitor"
)

// hours is a workspace with one message of a schedule, in TOML.
func hours(schedule string) string {
	return "[workspace]\ntimezone = \"Europe/Berlin\"\n" + offer(`"always"`) + "schedule = " + schedule + "\n"
}

// explainedAt is what explain says of the message's schedule at a moment, to a visitor in a zone.
func (e *edge) explainedAt(at time.Time, who, zone string) engine.Check {
	e.t.Helper()
	explanation, err := e.Explain(context.Background(), engine.ExplainRequest{Page: page(e.t, shopHome, ""), Visitor: who, At: at, Zone: zone})
	if err != nil {
		e.t.Fatal(err)
	}
	for _, check := range explanation.Messages[0].Checks {
		if check.Name == "schedule" {
			return check
		}
	}
	e.t.Fatal("the schedule was not asked")
	return engine.Check{}
}

// Each moment is looked at as UTC; opens says when explain promises the next opening, and is empty while it is open.
func TestHoursByTheClockOnTheWall(t *testing.T) {
	for _, test := range []struct{ name, schedule, at, opens string }{
		{"on a day", `{ days = ["mon"], hours = ["09:00-17:00"] }`, "2026-11-23T12:00:00Z", ""},
		{"a minute before", `{ days = ["mon"], hours = ["09:00-17:00"] }`, "2026-11-23T07:59:59Z", "2026-11-23T09:00:00+01:00"},
		{"at the end", `{ days = ["mon"], hours = ["09:00-17:00"] }`, "2026-11-23T16:00:00Z", "2026-11-30T09:00:00+01:00"},
		{"on another day", `{ days = ["sat", "sun"] }`, "2026-11-23T12:00:00Z", "2026-11-28T00:00:00+01:00"},
		{"on the last minute of a day", `{ days = ["mon"] }`, "2026-11-23T22:59:59Z", ""},
		{"between two ranges", `{ hours = ["09:00-12:00", "13:00-17:00"] }`, "2026-11-23T11:30:00Z", "2026-11-23T13:00:00+01:00"},
		{"written in any order", `{ hours = ["13:00-17:00", "09:00-12:00"] }`, "2026-11-23T17:00:00Z", "2026-11-24T09:00:00+01:00"},
		{"over midnight, before it", `{ days = ["fri"], hours = ["22:00-06:00"] }`, "2026-11-27T22:30:00Z", ""},
		{"over midnight, after it", `{ days = ["fri"], hours = ["22:00-06:00"] }`, "2026-11-28T04:59:00Z", ""},
		{"over midnight, on the morning of its day", `{ days = ["fri"], hours = ["22:00-06:00"] }`, "2026-11-27T04:00:00Z", "2026-11-27T22:00:00+01:00"},
		{"over midnight, when it is over", `{ days = ["fri"], hours = ["22:00-06:00"] }`, "2026-11-28T05:00:00Z", "2026-12-04T22:00:00+01:00"},
		{"until midnight", `{ hours = ["18:00-24:00"] }`, "2026-11-23T22:59:00Z", ""},

		{"Berlin, before the clocks go forward", `{ days = ["sun"], hours = ["09:00-17:00"] }`, "2026-03-28T20:00:00Z", "2026-03-29T09:00:00+02:00"},
		{"Berlin, after they went forward", `{ days = ["sun"], hours = ["09:00-17:00"] }`, "2026-03-29T14:59:00Z", ""},
		{"Berlin, ends an hour earlier for the sun", `{ days = ["sun"], hours = ["09:00-17:00"] }`, "2026-03-29T15:00:00Z", "2026-04-05T09:00:00+02:00"},
		{"Berlin, hours that are half skipped open with the jump", `{ days = ["sun"], hours = ["02:30-03:30"] }`, "2026-03-29T00:59:00Z", "2026-03-29T03:00:00+02:00"},
		{"Berlin, hours that are skipped wait a week", `{ days = ["sun"], hours = ["02:00-03:00"] }`, "2026-03-29T00:30:00Z", "2026-04-05T02:00:00+02:00"},
		{"Berlin, hours that are shown twice: the first time", `{ days = ["sun"], hours = ["02:00-02:30"] }`, "2026-10-25T00:15:00Z", ""},
		{"Berlin, hours that are shown twice: in between", `{ days = ["sun"], hours = ["02:00-02:30"] }`, "2026-10-25T00:45:00Z", "2026-10-25T02:00:00+01:00"},
		{"Berlin, hours that are shown twice: the second time", `{ days = ["sun"], hours = ["02:00-02:30"] }`, "2026-10-25T01:15:00Z", ""},

		{"New York, before they go forward", `{ hours = ["09:00-17:00"], timezone = "America/New_York" }`, "2026-03-08T05:00:00Z", "2026-03-08T09:00:00-04:00"},
		{"New York, the last hour after they went back", `{ days = ["sun"], hours = ["09:00-17:00"], timezone = "America/New_York" }`, "2026-11-01T21:59:00Z", ""},
		{"New York, before they go back", `{ hours = ["09:00-17:00"], timezone = "America/New_York" }`, "2026-11-01T04:00:00Z", "2026-11-01T09:00:00-05:00"},

		{"Lord Howe, half an hour forward", `{ days = ["sun"], hours = ["02:15-02:45"], timezone = "Australia/Lord_Howe" }`, "2026-10-03T15:15:00Z", "2026-10-04T02:30:00+11:00"},
		{"Lord Howe, half an hour back: the second time", `{ days = ["sun"], hours = ["01:30-01:45"], timezone = "Australia/Lord_Howe" }`, "2026-04-04T14:50:00Z", "2026-04-05T01:30:00+10:30"},
		{"Lord Howe, in between", `{ days = ["sun"], hours = ["09:00-10:00"], timezone = "Australia/Lord_Howe" }`, "2026-10-03T22:30:00Z", ""},

		{"Tokyo, which has no summer time", `{ hours = ["09:00-17:00"], timezone = "Asia/Tokyo" }`, "2026-07-01T08:00:00Z", "2026-07-02T09:00:00+09:00"},
		{"Kathmandu, a quarter past", `{ hours = ["09:00-17:00"], timezone = "Asia/Kathmandu" }`, "2026-07-01T03:14:59Z", "2026-07-01T09:00:00+05:45"},
		{"Santiago, where midnight is skipped", `{ days = ["sun"], timezone = "America/Santiago" }`, "2026-09-06T03:59:00Z", "2026-09-06T01:00:00-03:00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, test.at)
			if err != nil {
				t.Fatal(err)
			}
			e := newEdge(t, hours(test.schedule))
			check := e.explainedAt(at, "", "")
			if open := test.opens == ""; open != check.Passed || !open && check.Reason != engine.ReasonOutsideHours {
				t.Fatalf("passed is %t for %q: %s", check.Passed, check.Reason, check.Saw)
			}
			if test.opens == "" {
				return
			}
			if want := "it opens next at " + test.opens; check.Help != want {
				t.Errorf("told %q, want %q", check.Help, want)
			}
			opens, err := time.Parse(time.RFC3339, test.opens)
			if err != nil {
				t.Fatal(err)
			}
			if !e.explainedAt(opens, "", "").Passed || e.explainedAt(opens.Add(-time.Second), "", "").Passed {
				t.Error("it does not open then, or was open before")
			}
		})
	}
}

func TestWhoseClockTells(t *testing.T) {
	e := newEdge(t, hours(`{ hours = ["09:00-17:00"], timezone = "visitor" }`))
	if err := e.Identify(context.Background(), adaKnown, map[string]any{"timezone": "America/New_York"}); err != nil {
		t.Fatal(err)
	}
	if err := e.Identify(context.Background(), visitor.Identity{User: "grace"}, map[string]any{"timezone": "the moon"}); err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct{ name, who, zone, saw, help string }{
		{"the browser's", "", "Asia/Tokyo", "in Asia/Tokyo, where the visitor is; there it is Mon 21:00", "it opens next at 2026-11-24T09:00:00+09:00"},
		{"the trait's rather than the browser's", "ada", "Asia/Tokyo", "in America/New_York, where the visitor is; there it is Mon 07:00", "it opens next at 2026-11-23T09:00:00-05:00"},
		{"the browser's where the trait is no zone", "grace", "Asia/Tokyo", "in Asia/Tokyo", "it opens next at 2026-11-24T09:00:00+09:00"},
		{"the workspace's where nothing is said", "", "", "in Europe/Berlin, as the workspace has it, for the visitor's is not known; there it is Mon 13:00", ""},
		{"the workspace's where nonsense is said", "", "../../etc/passwd", "in Europe/Berlin, as the workspace has it", ""},
		{"not the machine's", "", "Local", "in Europe/Berlin, as the workspace has it", ""},
	} {
		check := e.explainedAt(noon, test.who, test.zone)
		if !strings.Contains(check.Saw, test.saw) || check.Help != test.help {
			t.Errorf("%s: %s; %s", test.name, check.Saw, check.Help)
		}
	}
	e.now = noon
	for zone, due := range map[string]int{"Asia/Tokyo": 0, "Europe/Lisbon": 1, "": 1} {
		answer, err := e.Poll(context.Background(), engine.PollRequest{Identity: ada, Page: page(t, shopHome, ""), Tab: "tab", View: "view", Zone: zone})
		if err != nil || len(answer.Deliveries) != due {
			t.Errorf("in %q %d messages, %v", zone, len(answer.Deliveries), err)
		}
	}
}

// Every quarter of an hour of two years: what opensNext promises is what isOpen then says.
func TestTheNextOpeningIsTheFirst(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo", "Asia/Tokyo"} {
		e := newEdge(t, hours(`{ days = ["sat", "sun"], hours = ["00:00-00:30", "01:45-02:15", "23:30-00:15"], timezone = "`+zone+`" }`))
		for at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC); at.Year() == 2026 && at.Month() < 12; at = at.AddDate(0, 0, 1) {
			if day := at.Weekday(); day != time.Saturday && day != time.Sunday {
				continue
			}
			promised := ""
			for quarter := range 96 {
				now := at.Add(time.Duration(quarter) * 15 * time.Minute)
				check := e.explainedAt(now, "", "")
				if check.Passed {
					if opens, err := time.Parse(time.RFC3339, promised); promised != "" && (err != nil || !opens.Equal(now)) {
						t.Fatalf("%s: open at %s, and promised was %s", zone, now, promised)
					}
					promised = ""
				} else {
					promised = strings.TrimPrefix(check.Help, "it opens next at ")
				}
			}
		}
	}
}

func TestABroadcastThatWasNotSeenExpires(t *testing.T) {
	const launch = "[[messages]]\nid = \"launch\"\npages = [\"*\"]\ntext = \"New.\"\nfrequency = \"always\"\nstart = 2026-11-01T00:00:00Z\nexpires = \"30d\"\n"
	e := newEdge(t, launch)
	seen := visitor.Identity{Anonymous: "seen-it"}
	e.openAll(seen, e.look(seen, "tab", "view", "visit"), "visit")
	if err := e.Identify(context.Background(), adaKnown, nil); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		who  visitor.Identity
		at   time.Time
		due  int
	}{
		{"who came when it was sent already waits from then", adaKnown, november.Add(30*day - time.Second), 1},
		{"and then it is gone", adaKnown, november.Add(30 * day), 0},
		{"who has seen it sees it again", seen, november.Add(40 * day), 1},
		{"who comes today has only just been sent it", visitor.Identity{Anonymous: "new"}, november.Add(100 * day), 1},
	} {
		e.now = test.at
		if got := len(e.look(test.who, "another-tab", test.name, "another-visit").Deliveries); got != test.due {
			t.Errorf("%s: %d messages", test.name, got)
		}
	}
	check := e.explainedAt(november.Add(40*day), "ada", "")
	if check.Reason != engine.ReasonExpired || !strings.Contains(check.Saw, "expires is 720h, so it waits until 2026-12-23T12:00:00Z to be seen") {
		t.Errorf("explained as %q: %s", check.Reason, check.Saw)
	}
}
