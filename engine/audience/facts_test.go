package audience

import (
	"encoding/json"
	"testing"
	"time"
)

// Traits may come from a JSON or CBOR decoder, from a record, or from Go code.
func TestTraitsOfEveryGoType(t *testing.T) {
	for name, number := range map[string]any{
		"float64": 5.0, "float32": float32(5), "int": 5, "int64": int64(5), "uint64": uint64(5), "json": json.Number("5"),
	} {
		f := &Facts{Traits: map[string]any{"seats": number}}
		if !compileCondition(t, `traits.seats == 5 && traits.seats / 2 == 2.5 && traits.seats in [4, 5]`).Holds(f) {
			t.Errorf("a %s is not read", name)
		}
	}
	f := &Facts{Traits: map[string]any{
		"tags": []string{"a", "b"}, "at": noon, "number": json.Number("five"), "map": map[string]string{"a": "b"}, "infinite": 1e308,
	}, Now: noon}
	for condition, holds := range map[string]bool{
		`"b" in traits.tags && size(traits.tags) == 2 && traits.tags[0] == "a"`: true,
		`traits.at == now`:                                    true,
		`has(traits.number) || has(traits.map)`:               false,
		`traits.infinite * 10 > 1 || traits.infinite * 2 > 1`: false,
	} {
		if compileCondition(t, condition).Holds(f) != holds {
			t.Errorf("%s is %t", condition, !holds)
		}
	}
}

// Facts that nobody filled in are missing or empty, never a panic.
func TestConditionsOnNothing(t *testing.T) {
	for condition, holds := range map[string]bool{
		`has(visitor.id) || has(visitor.first_seen) || has(visitor.last_seen) || has(visit.started) || has(now)`: false,
		`has(request.country) || has(request.device) || has(request.browser) || has(request.os)`:                 false,
		`visitor.anonymous && page.url == "" && request.language == "" && size(request.languages) == 0`:          true,
		`has(events.signed_up) || event_count("signed_up") > 0 || event_count("signed_up", "7d") > 0`:            false,
		`events.signed_up.count == 0 && !has(events.signed_up.last)`:                                             true,
		`within_last(timestamp("2026-12-01"), "7d") || older_than(timestamp("2026-12-01"), "7d")`:                false,
		`visit.utm.term == "" && visit.utm.content == ""`:                                                        true,
		`has(event.plan) || "plan" in event || size(traits) > 0`:                                                 false,
		`empty(visit.count)`: false,
	} {
		if c := compileCondition(t, condition); c.Holds(&Facts{}) != holds {
			t.Errorf("%s is %t: %s", condition, !holds, c.Explain(&Facts{}).Why)
		}
	}
	if !compileCondition(t, `visitor.id == "browser-1"`).Holds(&Facts{Visitor: Visitor{Anonymous: "browser-1"}}) {
		t.Error("who has not identified is known by the browser's id")
	}
	f := ada()
	f.Now = time.Time{}
	if compileCondition(t, `event_count("signed_up", "7d") == 0`).Holds(f) {
		t.Error("events are counted though nobody knows what time it is")
	}
}

// A trait that is declared as a time is one, however the site writes it.
func TestDeclaredTimes(t *testing.T) {
	e := environment(t, map[string]string{"created_at": "time", "renewed_at": "time"})
	c, err := e.Compile(`traits.created_at == traits.renewed_at && traits.created_at.getFullYear() == 2026`)
	if err != nil || len(c.Warnings()) > 0 {
		t.Fatal(err, c.Warnings())
	}
	f := &Facts{Traits: map[string]any{"created_at": "2026-12-03T13:00:00+01:00", "renewed_at": float64(noon.UnixMilli())}}
	if !c.Holds(f) {
		t.Error(c.Explain(f).Why)
	}
	f.Traits["renewed_at"] = "yesterday"
	if why := c.Explain(f).Why; c.Holds(f) || why != `traits.created_at == traits.renewed_at does not hold (traits.created_at is 2026-12-03T12:00:00Z, traits.renewed_at is missing)` {
		t.Error(why)
	}
}

func TestReadSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "5m": 5 * time.Minute, "1h30m": 90 * time.Minute, "1d": 24 * time.Hour, "2w": 14 * 24 * time.Hour, "0s": 0,
		"36500d": 36500 * 24 * time.Hour,
		"":       -1, "d": -1, "7": -1, "7 d": -1, "-7d": -1, "1.5h": -1, "7D": -1, "7days": -1, "36501d": -1, "99999999999999999999d": -1,
		"36500d1s": -1, "1y": -1, "7d7": -1,
	} {
		got, err := readSpan(text)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q is %s, want %s (%v)", text, got, want, err)
		}
	}
}

func TestReadTime(t *testing.T) {
	for _, test := range []struct {
		from any
		want string
	}{
		{"2026-12-03T12:00:00Z", "2026-12-03T12:00:00Z"},
		{"2026-12-03T13:00:00.5+01:00", "2026-12-03T12:00:00.5Z"},
		{"2026-12-03", "2026-12-03T00:00:00Z"},
		{1796299200.0, "2026-12-03T12:00:00Z"},
		{1796299200.25, "2026-12-03T12:00:00.25Z"},
		{1796299200250.0, "2026-12-03T12:00:00.25Z"},
		{-86400.0, "1969-12-31T00:00:00Z"},
		{"9999-12-31", "9999-12-31T00:00:00Z"},
		{"2026-13-01", ""}, {"3.12.2026", ""}, {"", ""}, {"0000-01-01", ""}, {true, ""}, {1e18, ""}, {[]any{}, ""},
	} {
		got := ""
		if v := readTime(of(test.from)); v.kind == moment {
			got = v.time().Format(time.RFC3339Nano)
		}
		if got != test.want {
			t.Errorf("%v is %q, want %q", test.from, got, test.want)
		}
	}
}

func TestOrderOfVersions(t *testing.T) {
	// The example of Semantic Versioning 2.0.0, section 11, and what is around it.
	ordered := []string{
		"0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0",
		"1.0.1", "1.2", "1.10", "2", "2.0.1", "10.0.0", "99999999999999999999.0.0",
	}
	for i, a := range ordered {
		for j, b := range ordered {
			got, comparable := order(readRelease(ofText(a)), ofText(b))
			if want := compare(int64(i), int64(j)); !comparable || got != want {
				t.Errorf("%s and %s: %d, want %d", a, b, got, want)
			}
		}
	}
	for _, same := range [][2]string{{"1", "1.0.0"}, {"v1.2", "1.2.0"}, {"1.2.3+linux", "1.2.3"}, {"01.2", "1.2"}} {
		if got, comparable := order(readRelease(ofText(same[0])), readRelease(ofText(same[1]))); got != 0 || !comparable {
			t.Errorf("%s and %s differ", same[0], same[1])
		}
	}
	for _, wrong := range []string{"", "v", "1.", ".1", "1.2.3.4", "1.x", "latest", "-beta", "1 .2"} {
		if readRelease(ofText(wrong)).kind != missing {
			t.Errorf("%q is read as a version", wrong)
		}
	}
}
