package engine

import (
	"math/rand/v2"
	"testing"
	"testing/quick"
	"time"
)

// anyWait are the cadence and the activity of a trial, drawn from seconds and fractions.
type anyWait struct {
	Slow, Fast, Idle uint16
	Chance           uint16
}

func (a anyWait) cadence() cadence {
	return cadenceOf(time.Duration(a.Slow)*time.Second, time.Duration(a.Fast)*time.Second)
}

func (a anyWait) chance() float64 { return float64(a.Chance) / (1 << 16) }

func TestTheCadenceKeepsItsPromises(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	ago := func(seconds uint16) activity { return activity{last: now.Add(-time.Duration(seconds) * time.Second)} }
	for name, holds := range map[string]any{
		"a wait is never outside its two ends, jitter aside": func(a anyWait) bool {
			c := a.cadence()
			wait := c.wait(ago(a.Idle), now)
			return wait >= min(c.slow, c.fast) && wait <= max(c.slow, c.fast)
		},
		"the longer nothing has come, the longer the wait": func(a anyWait, more uint16) bool {
			c := a.cadence()
			return c.wait(ago(a.Idle/2), now) <= c.wait(ago(a.Idle/2+more/2), now)
		},
		"the wait grows gradually: never by more than the time that has passed": func(a anyWait) bool {
			c := a.cadence()
			return c.wait(ago(a.Idle/2+1), now)-c.wait(ago(a.Idle/2), now) <= time.Second
		},
		"before the first message it is slow": func(a anyWait) bool {
			return a.cadence().wait(activity{}, now) == a.cadence().slow
		},
		"while messages flow it is fast": func(a anyWait) bool {
			fresh := ago(a.Idle)
			fresh.fresh = true
			return a.cadence().wait(fresh, now) == a.cadence().fast && a.cadence().wait(ago(0), now) == a.cadence().fast
		},
		"who can be reached over a stream asks least of all": func(a anyWait) bool {
			reached := ago(a.Idle)
			reached.streaming, reached.fresh = true, a.Idle%2 == 0
			return a.cadence().wait(reached, now) >= a.cadence().wait(ago(a.Idle), now)
		},
		"jitter is at most a fifth, to either side": func(a anyWait) bool {
			wait := a.cadence().slow
			got := jittered(wait, a.chance())
			return got >= wait*8/10-1 && got <= wait*12/10+1
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := quick.Check(holds, &quick.Config{MaxCount: 5000}); err != nil {
				t.Error(err)
			}
		})
	}
	var sum time.Duration
	for range 10_000 {
		sum += jittered(time.Minute, rand.Float64())
	}
	if mean := sum / 10_000; mean < 59*time.Second || mean > 61*time.Second {
		t.Errorf("jitter moves the mean of a minute to %s", mean)
	}
}

func TestAnIdleClientReachesTheSlowEnd(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	c := cadenceOf(0, 0)
	for _, step := range []struct{ idle, want time.Duration }{
		{time.Minute, 10 * time.Second}, {5 * time.Minute, 10 * time.Second}, {10 * time.Minute, 20 * time.Second},
		{20 * time.Minute, 40 * time.Second}, {30 * time.Minute, time.Minute}, {24 * time.Hour, time.Minute},
	} {
		if got := c.wait(activity{last: now.Add(-step.idle)}, now); got != step.want {
			t.Errorf("after %s without a message the wait is %s, want %s", step.idle, got, step.want)
		}
	}
}
