package audience

import (
	"math/rand/v2"
	"testing"
	"time"
)

// What is answered must stay the same until it is said that it may turn, at whatever time it is asked.
func TestAnswersStayTheSameUntilTheyMayTurn(t *testing.T) {
	environment, err := NewEnvironment(nil)
	if err != nil {
		t.Fatal(err)
	}
	random, turned := rand.New(rand.NewPCG(3, 1)), 0
	for _, text := range []string{
		`within_last(traits.created_at, "2d")`, `within_next(traits.trial_ends_at, "36h")`, `older_than(traits.created_at, "3h")`,
		`event_count("opened", "1d") > 1`, `within_last(events.opened.last, "1h") || !older_than(traits.created_at, "4d")`,
		`within_next(traits.trial_ends_at, "1m") && visitor.identified`, `traits.created_at < traits.trial_ends_at`,
	} {
		condition, err := environment.Compile(text)
		if err != nil {
			t.Fatal(err)
		}
		ask := func(at time.Time) (holds bool, until time.Time) {
			facts := Facts{
				Now:     at,
				Visitor: Visitor{User: "ada", Identified: true},
				Traits:  map[string]any{"created_at": "2026-12-01T10:20:30Z", "trial_ends_at": "2026-12-05T23:59:59.5Z"},
				Events:  history{"opened": {daysAgo(3), daysAgo(1.5), daysAgo(1.2), daysAgo(0)}},
			}
			holds = condition.Holds(&facts)
			until, known := facts.Until()
			if !known {
				t.Fatalf("%s: it is not known until when it holds", text)
			}
			return holds, until
		}
		for at, end := daysAgo(10), daysAgo(-10); at.Before(end); {
			holds, until := ask(at)
			if until.IsZero() {
				until = end
			}
			for range 3 {
				later := at.Add(time.Duration(random.Int64N(int64(until.Sub(at)) + 1)))
				if now, _ := ask(later); later.Before(until) && now != holds {
					t.Fatalf("%s is %t at %s and %t at %s, but turns no sooner than %s", text, holds, at, now, later, until)
				}
			}
			if after, _ := ask(until.Add(1)); after != holds {
				turned++
			}
			at = until.Add(1)
		}
	}
	if turned < 5 {
		t.Errorf("answers turned %d times: that proves nothing", turned)
	}
	asks, err := environment.Compile(`now.getHours() > 12`)
	if err != nil {
		t.Fatal(err)
	}
	facts := Facts{Now: noon}
	asks.Holds(&facts)
	if _, known := facts.Until(); known {
		t.Error("of a condition that asks for the time it is said until when it holds")
	}
}
