package engine_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"handbill/engine"
)

// frequencyPage is docs/frequency.md, whose tables are lived through here.
func frequencyPage(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../docs/frequency.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// rows are the cells of the table whose header begins with a cell, header and all.
func rows(t *testing.T, text, first string) [][]string {
	t.Helper()
	_, table, found := strings.Cut(text, "\n| "+first+" |")
	if !found {
		t.Fatalf("there is no table that begins with %s", first)
	}
	table, _, _ = strings.Cut("| "+first+" |"+table, "\n\n")
	var all [][]string
	for i, line := range strings.Split(strings.TrimSpace(table), "\n") {
		if i == 1 {
			continue // the line below the header
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		all = append(all, cells)
	}
	return all
}

// monday is the first day of the documented week.
var monday = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func TestTheDocumentedWeekIsTrue(t *testing.T) {
	const dismisses, acts = "and closes the message if it is there", "uses the button"
	text := frequencyPage(t)
	story := rows(t, text, "when")[1:]
	week := rows(t, text, "frequency")
	for _, row := range week[1:] {
		frequency := strings.Trim(row[0], "`")
		t.Run(frequency, func(t *testing.T) {
			e := newEdge(t, offer(frequency))
			visit, last := "", time.Time{}
			for i, scene := range story {
				if week[0][i+1] != scene[0] {
					t.Fatalf("column %d is %q, and the story's %q", i+1, week[0][i+1], scene[0])
				}
				e.now = momentOf(t, scene[0], last)
				if e.now.Sub(last) >= engine.VisitTime {
					visit = "visit of " + e.now.String()
				}
				last = e.now
				shown := e.look(ada, "tab", "view-"+e.now.String(), visit)
				if want := row[i+1] == "●"; len(shown.Deliveries) == 1 != want {
					t.Errorf("%s: shown is %v, and documented is %t", scene[0], ids(shown), want)
				}
				e.openAll(ada, shown, visit)
				for _, d := range shown.Deliveries {
					switch {
					case strings.Contains(scene[1], dismisses):
						e.tell(ada, d, engine.OutcomeDismissed, "", visit)
					case strings.Contains(scene[1], acts):
						e.tell(ada, d, engine.OutcomeClicked, "/offers", visit)
					}
				}
			}
		})
	}
	if len(week) < 12 {
		t.Errorf("the table has %d rows", len(week))
	}
	if !strings.Contains(story[3][1], dismisses) || !strings.Contains(story[4][1], acts) {
		t.Errorf("the story is %q", story)
	}
}

// momentOf is the first "Mon 9:10" after another moment.
func momentOf(t *testing.T, text string, after time.Time) time.Time {
	t.Helper()
	for date := monday; date.Before(monday.Add(14 * day)); date = date.Add(day) {
		moment, err := time.Parse("2006-01-02 Mon 15:04", date.Format("2006-01-02 ")+text)
		if err == nil && moment.Weekday() == date.Weekday() && strings.HasPrefix(text, date.Format("Mon ")) && moment.After(after) {
			return moment
		}
	}
	t.Fatalf("there is no %q after %s", text, after)
	return time.Time{}
}

func TestTheDocumentedThrottleIsTrue(t *testing.T) {
	text := frequencyPage(t)
	_, throttle, _ := strings.Cut(text, "\n## The throttle\n")
	workspace := regexp.MustCompile("(?s)```toml\n(.*?)```").FindStringSubmatch(throttle)
	e := newEdge(t, workspace[1])
	visit := "first"
	for _, row := range rows(t, text, "page")[1:] {
		clock, _, another := strings.Cut(row[0], ", in another visit")
		if another {
			visit = "second"
		}
		e.now = momentOf(t, "Mon "+clock, monday)
		shown := e.look(ada, "tab", clock, visit)
		got, want := ids(shown), strings.Split(row[1], ", ")
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, and documented is %v", row[0], got, want)
		}
		e.openAll(ada, shown, visit)
	}
}

func TestTheDocumentedReasonsAreReal(t *testing.T) {
	want := []engine.Reason{
		engine.ReasonDismissed, engine.ReasonActed, engine.ReasonConverted, engine.ReasonSnoozed, engine.ReasonLifetime, engine.ReasonDays, engine.ReasonVisit, engine.ReasonGap,
		engine.ReasonCap, engine.ReasonThrottled,
	}
	var got []engine.Reason
	for _, row := range rows(t, frequencyPage(t), "reason")[1:] {
		got = append(got, engine.Reason(strings.Trim(row[0], "`")))
	}
	if !slices.Equal(got, want) {
		t.Errorf("documented are %q, and there are %q", got, want)
	}
}

func TestTheDocumentedDaysOfTheClocksAreTrue(t *testing.T) {
	stretch := regexp.MustCompile(`(\d\d:\d\d[+]\d\d:\d\d) to (\d\d:\d\d[+]\d\d:\d\d)`)
	for _, row := range rows(t, timingPage(t), "hours, on Sunday")[1:] {
		e := newEdge(t, hours(`{ days = ["sun"], hours = [`+strings.Trim(row[0], "`")+`] }`))
		for i, date := range []string{"2026-03-29T", "2026-10-25T"} {
			moment := func(clock string) time.Time {
				at, err := time.Parse("2006-01-02T15:04Z07:00", date+clock)
				if err != nil {
					t.Fatal(err)
				}
				return at
			}
			var open [][2]time.Time
			for _, match := range stretch.FindAllStringSubmatch(row[i+1], -1) {
				open = append(open, [2]time.Time{moment(match[1]), moment(match[2])})
			}
			for at := moment("00:00+01:00"); at.Before(moment("23:00+01:00")); at = at.Add(time.Minute) {
				want := slices.ContainsFunc(open, func(one [2]time.Time) bool { return !at.Before(one[0]) && at.Before(one[1]) })
				if got := e.explainedAt(at, "", "").Passed; got != want {
					t.Fatalf("%s at %s: open is %t, and documented is %t", row[0], at, got, want)
				}
			}
		}
	}
}

// timingPage is docs/timing.md.
func timingPage(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../docs/timing.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTheDocumentedReasonsOfTimingAreReal(t *testing.T) {
	want := []engine.Reason{engine.ReasonNotStarted, engine.ReasonEnded, engine.ReasonOutsideHours, engine.ReasonWhen, engine.ReasonSlot, engine.ReasonExpired}
	var got []engine.Reason
	for _, row := range rows(t, timingPage(t), "reason")[1:] {
		got = append(got, engine.Reason(strings.Trim(row[0], "`")))
	}
	if !slices.Equal(got, want) {
		t.Errorf("documented are %q, and there are %q", got, want)
	}
}
