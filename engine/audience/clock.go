package audience

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// readTime reads a time as sites send it: RFC 3339, a date (its first moment in UTC), or Unix seconds or milliseconds.
func readTime(v value) value {
	switch v.kind {
	case moment:
		return v
	case text:
		for _, layout := range [...]string{time.RFC3339, time.DateOnly} {
			// The lengths differ, and a failed parse allocates its error.
			if (len(v.text) == len(time.DateOnly)) != (layout == time.DateOnly) {
				continue
			}
			if t, err := time.Parse(layout, v.text); err == nil {
				return inRange(t)
			}
		}
	case integer, decimal:
		// From 100 billion on a number is milliseconds: as seconds that would be the year 5138.
		const milliseconds = 1e11
		number := v.float()
		if number >= milliseconds || number <= -milliseconds {
			number /= 1000
		}
		if number >= -1e11 && number <= 1e12 {
			return inRange(time.UnixMilli(int64(number * 1000)))
		}
	}
	return value{}
}

// inRange keeps to the years 1 to 9999, as CEL does.
func inRange(t time.Time) value {
	if year := t.UTC().Year(); year < 1 || year > 9999 {
		return value{}
	}
	return ofTime(t)
}

var units = map[byte]time.Duration{
	's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour,
}

const maxSpan = 100 * 365 * 24 * time.Hour

var errSpan = errors.New(`write a number with its unit, one of s, m, h, d (24 hours) and w (7 days), such as "7d" or "1h30m"`)

// readSpan reads a length of time such as "7d" or "1h30m".
func readSpan(s string) (time.Duration, error) {
	if s == "" {
		return 0, errSpan
	}
	var total time.Duration
	for s != "" {
		digits := 0
		for digits < len(s) && '0' <= s[digits] && s[digits] <= '9' {
			digits++
		}
		number, err := strconv.Atoi(s[:digits])
		if err != nil || digits == len(s) || units[s[digits]] == 0 {
			return 0, errSpan
		}
		unit := units[s[digits]]
		if number > int(maxSpan/unit) {
			return 0, fmt.Errorf("it is longer than 100 years: write a shorter one")
		}
		if total += time.Duration(number) * unit; total > maxSpan {
			return 0, fmt.Errorf("it is longer than 100 years: write a shorter one")
		}
		s = s[digits+1:]
	}
	return total, nil
}

// within is within_last, within_next and older_than: where a time lies as seen from now.
type within struct {
	subject  node
	how      string
	distance time.Duration
}

func (n *within) value(f *Facts) value {
	at := readTime(n.subject.value(f))
	if at.kind == missing || f.Now.IsZero() {
		return value{}
	}
	t := at.time()
	switch n.how {
	case "within_last":
		f.turns(t)
		f.turns(t.Add(n.distance))
		return truth(!t.After(f.Now) && !t.Before(f.Now.Add(-n.distance)))
	case "within_next":
		f.turns(t.Add(-n.distance))
		f.turns(t)
		return truth(t.After(f.Now) && !t.After(f.Now.Add(n.distance)))
	default:
		f.turns(t.Add(n.distance))
		return truth(t.Before(f.Now.Add(-n.distance)))
	}
}

// clockPart is what a time says on the clock and the calendar of a zone.
type clockPart struct {
	subject node
	read    func(time.Time) int
	zone    *time.Location
}

// parts are CEL's names, with what they count from: getMonth and getDayOfMonth count from 0, getDate from 1, and
// getDayOfWeek from Sunday, 0.
var parts = map[string]func(time.Time) int{
	"getFullYear":   time.Time.Year,
	"getMonth":      func(t time.Time) int { return int(t.Month()) - 1 },
	"getDate":       time.Time.Day,
	"getDayOfMonth": func(t time.Time) int { return t.Day() - 1 },
	"getDayOfWeek":  func(t time.Time) int { return int(t.Weekday()) },
	"getDayOfYear":  func(t time.Time) int { return t.YearDay() - 1 },
	"getHours":      time.Time.Hour,
	"getMinutes":    time.Time.Minute,
}

func (n *clockPart) value(f *Facts) value {
	at := readTime(n.subject.value(f))
	if at.kind == missing {
		return value{}
	}
	return ofInteger(int64(n.read(at.time().In(n.zone))))
}
