package workspace

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"handbill/engine/visitor"
)

// Frequency says how often a message is shown to one visitor. A bound of zero
// does not bound.
type Frequency struct {
	// Name is how problems and explanations call it: a preset's name, or "custom" for a table.
	Name string
	// Lifetime is how often it is shown at all.
	Lifetime int
	// PerVisit is how often it is shown in one visit.
	PerVisit int
	// Caps are how often it is shown within any stretch of time of a length.
	Caps []Cap
	// MinGap is the least time between two showings.
	MinGap time.Duration
	// StopOnDismiss and StopOnAction end it for the visitor who dismissed it, or used a button of it that leads on;
	// StopOnConversion for the one who reached its goal.
	StopOnDismiss, StopOnAction, StopOnConversion bool
	// StopAfterDays ends it this many days after its first showing.
	StopAfterDays int
	// Wire: it was written in the form of the wire, which the reference client keeps by itself.
	Wire bool
}

// bounded says whether it bounds how often a message is shown to who does not end it.
func (f Frequency) bounded() bool {
	return f.Lifetime > 0 || f.PerVisit > 0 || f.MinGap > 0 || len(f.Caps) > 0
}

// Cap bounds how often a message is shown within a period, whenever the period begins.
type Cap struct {
	Count  int
	Period time.Duration
	// Text is how it was written, such as "3/week".
	Text string
}

// The presets of a message's frequency.
const (
	// FrequencyOnce is a single time, dismissed or not.
	FrequencyOnce = "once"
	// FrequencyOncePerVisit is a single time in each visit.
	FrequencyOncePerVisit = "once_per_visit"
	// FrequencyUntilDismissed is again and again until the visitor dismisses it. It is the default.
	FrequencyUntilDismissed = "until_dismissed"
	// FrequencyUntilAction is again and again until the visitor uses a button that leads on.
	FrequencyUntilAction = "until_action"
	// FrequencyAlways is on every page view.
	FrequencyAlways = "always"
	// FrequencyCustom is what an author wrote as a table.
	FrequencyCustom = "custom"
)

// presets are in the order in which they are documented.
var presets = []Frequency{
	{Name: FrequencyOnce, Lifetime: 1},
	{Name: FrequencyOncePerVisit, PerVisit: 1},
	{Name: FrequencyUntilDismissed, StopOnDismiss: true},
	{Name: FrequencyUntilAction, StopOnAction: true},
	{Name: FrequencyAlways},
}

// preset is the frequency of a name, that of no bounds where there is none.
func preset(name string) Frequency {
	for _, frequency := range presets {
		if frequency.Name == name {
			return frequency
		}
	}
	return Frequency{Name: name}
}

func presetNames() []string {
	var names []string
	for _, frequency := range presets {
		names = append(names, frequency.Name)
	}
	return names
}

// frequency reads a message's frequency.
func (c *check) frequency(s section) Frequency {
	values := s.table("frequency")
	if values == nil {
		return preset(s.word("frequency", FrequencyUntilDismissed))
	}
	t := s.child(s.subject+": frequency", values, s.place.key("frequency"), s.at("frequency"))
	t.checkKeys(frequencyKeys)
	if len(values) == 0 {
		s.wrong(s.at("frequency"), `write a bound such as { lifetime = 3 }, or frequency = "always"`, "frequency is an empty table")
	}
	if t.has("count") || t.has("delay") || t.has("ignore_dismiss") {
		return t.wireFrequency()
	}
	f := Frequency{
		Name:     FrequencyCustom,
		Lifetime: t.count("lifetime", 1_000_000), PerVisit: t.count("per_visit", visitor.RecentShowings), StopAfterDays: t.count("stop_after_days", 36_500),
		MinGap: t.duration("min_gap"),
	}
	for i, text := range t.texts("caps") {
		if one, ok := t.cap(i, text); ok {
			f.Caps = append(f.Caps, one)
		}
	}
	stops := t.texts("stop_on")
	f.StopOnDismiss, f.StopOnAction = slices.Contains(stops, "dismiss"), slices.Contains(stops, "action")
	if at := slices.Index(stops, "conversion"); at >= 0 {
		f.StopOnConversion = true
		if !s.has("goal") {
			t.wrong(t.atItem("stop_on", at), `add goal = { event = "Order Completed" } to the message`, `stop_on "conversion" needs a goal`)
		}
	}
	return f
}

// wireFrequency reads the form that the clients of the field know: a count of which 0 is none, the least time between
// showings, and whether a dismissal ends it.
func (s section) wireFrequency() Frequency {
	for _, other := range names(frequencyKeys) {
		if _, own := find(wireFrequencyKeys, other); s.has(other) && !own {
			s.wrong(s.at(other), "keep count, delay and ignore_dismiss, or the others", "%s cannot stand beside count, delay and ignore_dismiss", other)
		}
	}
	f := Frequency{Name: FrequencyCustom, Wire: true, MinGap: s.duration("delay"), StopOnDismiss: s.values["ignore_dismiss"] != true}
	if count, _ := s.number("count"); count != 0 {
		f.Lifetime = s.count("count", 1_000_000)
	}
	return f
}

// count reads a whole number from 1 to most; 0 where there is none.
func (s section) count(name string, most int64) int {
	number, given := s.number(name)
	if given && (number < 1 || number > most) {
		s.wrong(s.at(name), fmt.Sprintf("write a number from 1 to %d, or leave it out", most), "%s %d is out of range", name, number)
		return 0
	}
	return int(number)
}

// duration reads a length of time; 0 where there is none.
func (s section) duration(name string) time.Duration {
	text, given := s.values[name].(string)
	if !given {
		return 0 // not there, or reported as of a wrong type
	}
	length, ok := ParseDuration(text)
	if !ok {
		s.wrong(s.at(name), `write for example "30s", "5m", "2h", "3d" or "1w"`, "%s %q is no length of time", name, text)
	}
	return length
}

var durationPart = regexp.MustCompile(`^([0-9]{1,6})([smhdw])`)

var durationUnits = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}

// ParseDuration reads numbers with units, such as "1d12h", that make more than nothing and less than a hundred years.
func ParseDuration(text string) (time.Duration, bool) {
	var length time.Duration
	for text != "" {
		part := durationPart.FindStringSubmatch(text)
		if part == nil {
			return 0, false
		}
		number, err := strconv.ParseInt(part[1], 10, 64)
		unit := durationUnits[part[2]]
		if err != nil || number > int64(longestDuration/unit) {
			return 0, false
		}
		if length += time.Duration(number) * unit; length > longestDuration {
			return 0, false
		}
		text = text[len(part[0]):]
	}
	return length, length > 0
}

const longestDuration = 100 * 365 * 24 * time.Hour

var capPeriods = map[string]time.Duration{
	"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour, "month": 30 * 24 * time.Hour,
}

// cap reads one of caps, such as "3/week" or "1/36h".
func (s section) cap(index int, text string) (Cap, bool) {
	const example = `write for example "1/day" or "3/week"; a period is minute, hour, day, week, month, or a length such as 36h`
	count, period, found := strings.Cut(text, "/")
	number, err := strconv.Atoi(count)
	length, named := capPeriods[period]
	if !named {
		length, named = ParseDuration(period)
	}
	switch {
	case !found || err != nil || !named:
		s.wrong(s.atItem("caps", index), example, "the cap %q is not understood", text)
	case number < 1 || number > visitor.RecentShowings:
		s.wrong(s.atItem("caps", index), fmt.Sprintf("a cap counts from 1 to %d; use lifetime for more", visitor.RecentShowings), "the cap %q is out of range", text)
	default:
		return Cap{Count: number, Period: length, Text: text}, true
	}
	return Cap{}, false
}
