package workspace

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Schedule is when in a week a message is shown, by the clock on the wall.
type Schedule struct {
	// Days are the days on which a range of Hours may begin, by their number as a [time.Weekday].
	Days [7]bool
	// Hours are never none: a schedule without hours has one range, of the whole day.
	Hours []Hours
	// Zone is whose clock tells; nil: the visitor's own.
	Zone *time.Location
}

// Hours is a range of a day, in minutes after midnight. It ends before Until: on the next day if that is not after From.
type Hours struct{ From, Until int }

// String writes a range as authors do.
func (h Hours) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", h.From/60, h.From%60, h.Until/60, h.Until%60)
}

// Overnight says whether the range ends on the day after it began.
func (h Hours) Overnight() bool { return h.Until <= h.From }

// VisitorZone is the value of timezone that means the visitor's own.
const VisitorZone = "visitor"

// dayNames are in the order of a week that begins with Monday.
var dayNames = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// DayName is how authors write a day.
func DayName(day time.Weekday) string { return dayNames[(day+6)%7] }

// minutesOfDay is a day of 24 hours: 24:00.
const minutesOfDay = 24 * 60

// recurring reads a message's schedule; nil where there is none.
func (c *check) recurring(s section) *Schedule {
	values := s.table("schedule")
	if values == nil {
		return nil
	}
	t := s.child(s.subject+": schedule", values, s.place.key("schedule"), s.at("schedule"))
	t.checkKeys(scheduleKeys)
	if !t.has("days") && !t.has("hours") {
		s.wrong(s.at("schedule"), `write days = ["mon"] or hours = ["09:00-17:00"] in it, or leave it out`, "schedule has neither days nor hours")
	}
	schedule := &Schedule{Zone: c.scheduleZone(t)}
	days := t.texts("days")
	if t.has("days") && aTextList.accepts(t.values["days"]) && len(days) == 0 {
		t.wrong(t.at("days"), "name a day, or leave it out", "days is empty")
	}
	for day := range schedule.Days {
		schedule.Days[day] = !t.has("days") || slices.Contains(days, DayName(time.Weekday(day)))
	}
	for i, text := range t.texts("hours") {
		if hours, ok := t.hours(i, text); ok {
			schedule.Hours = append(schedule.Hours, hours)
		}
	}
	if len(schedule.Hours) == 0 {
		schedule.Hours = []Hours{{0, minutesOfDay}}
	}
	return schedule
}

var hoursPattern = regexp.MustCompile(`^([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])$`)

// hours reads one of hours, such as "09:00-17:00".
func (s section) hours(index int, text string) (Hours, bool) {
	parts := hoursPattern.FindStringSubmatch(text)
	if parts == nil {
		s.wrong(s.atItem("hours", index), `write for example "09:00-17:00", or "22:00-06:00" over midnight`, "the hours %q are not understood", text)
		return Hours{}, false
	}
	var numbers [4]int
	for i := range numbers {
		numbers[i], _ = strconv.Atoi(parts[i+1]) // two digits
	}
	from, until := numbers[0]*60+numbers[1], numbers[2]*60+numbers[3]
	switch {
	case from >= minutesOfDay || until > minutesOfDay:
		s.wrong(s.atItem("hours", index), `a day goes from 00:00 to 24:00`, "the hours %q are not on a clock", text)
	case from == until || from == 0 && until == 0:
		s.wrong(s.atItem("hours", index), `write "00:00-24:00" for the whole day`, "the hours %q end when they begin", text)
	default:
		return Hours{from, until}, true
	}
	return Hours{}, false
}

// scheduleZone is the zone of a schedule: nil for the visitor's.
func (c *check) scheduleZone(t section) *time.Location {
	name, given := t.values["timezone"].(string)
	switch {
	case name == VisitorZone:
		return nil
	case given:
		if zone := t.zone("timezone", `write "visitor", or one of the IANA time zone names, such as "Europe/Berlin" or "UTC"`); zone != nil {
			return zone
		}
	case !t.has("timezone") && c.settings.zone == nil && !c.settings.uncertain:
		t.wrong(t.offset, `write timezone = "visitor" or timezone = "Europe/Berlin" in it, or set timezone in [workspace]`, "no time zone says whose days and hours are meant")
	case c.settings.zone != nil:
		return c.settings.zone
	}
	return time.UTC
}

// zone reads the name of a time zone; nil where it is none.
func (s section) zone(name, fix string) *time.Location {
	text := s.text(name)
	location, err := time.LoadLocation(text)
	if err != nil || text == "" || text == "Local" {
		s.wrong(s.at(name), fix, "timezone %q is not known", text)
		return nil
	}
	return location
}
