package workspace

import (
	"reflect"
	"testing"
	"time"
)

func TestFrequenciesAndWhatTheyBound(t *testing.T) {
	const day = 24 * time.Hour
	for written, want := range map[string]Frequency{
		"":                    {Name: "until_dismissed", StopOnDismiss: true},
		`"once"`:              {Name: "once", Lifetime: 1},
		`"once_per_visit"`:    {Name: "once_per_visit", PerVisit: 1},
		`"until_dismissed"`:   {Name: "until_dismissed", StopOnDismiss: true},
		`"until_action"`:      {Name: "until_action", StopOnAction: true},
		`"always"`:            {Name: "always"},
		`{ lifetime = 3 }`:    {Name: "custom", Lifetime: 3},
		`{ stop_on = [] }`:    {Name: "custom"},
		`{ min_gap = "1d6h"}`: {Name: "custom", MinGap: 30 * time.Hour},
		`{ per_visit = 2, stop_on = ["action", "dismiss"], stop_after_days = 14 }`: {
			Name: "custom", PerVisit: 2, StopOnDismiss: true, StopOnAction: true, StopAfterDays: 14,
		},
		`{ caps = ["1/minute", "2/hour", "3/day", "4/week", "5/month", "6/36h", "32/1w2d"] }`: {
			Name: "custom", Caps: []Cap{
				{1, time.Minute, "1/minute"}, {2, time.Hour, "2/hour"}, {3, day, "3/day"}, {4, 7 * day, "4/week"}, {5, 30 * day, "5/month"},
				{6, 36 * time.Hour, "6/36h"}, {32, 9 * day, "32/1w2d"},
			},
		},
	} {
		text := banner
		if written != "" {
			text += "frequency = " + written + "\n"
		}
		if got := good(t, "a.toml", text).Messages[0].Frequency; !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v, want %+v", written, got, want)
		}
	}
}

func TestTheThrottleAndWhatIgnoresIt(t *testing.T) {
	s := good(t, "a.toml", "[workspace]\nthrottle = { min_gap = \"90s\", per_visit = 3, per_day = 32 }\n"+banner+"ignore_throttle = true\n")
	if want := (Throttle{MinGap: 90 * time.Second, PerVisit: 3, PerDay: 32}); s.Throttle != want || !s.Throttle.Bounds() {
		t.Errorf("the throttle is %+v, want %+v", s.Throttle, want)
	}
	if !s.Messages[0].IgnoreThrottle {
		t.Error("the message does not ignore it")
	}
	without := good(t, "a.toml", banner)
	if without.Throttle.Bounds() || without.Messages[0].IgnoreThrottle {
		t.Errorf("without: %+v, %+v", without.Throttle, without.Messages[0])
	}
	if without.Generation == good(t, "a.toml", "[workspace]\nthrottle = { per_day = 1 }\n"+banner).Generation {
		t.Error("the throttle is not part of the generation")
	}
}
