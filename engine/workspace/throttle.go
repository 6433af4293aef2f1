package workspace

import (
	"slices"
	"time"

	"handbill/engine/audience"
	"handbill/engine/visitor"
)

// Throttle bounds how often messages are shown to one visitor, all of them or
// a group of them together. A bound of zero does not bound.
type Throttle struct {
	// ID is what messages name it by; empty for the one over all messages.
	ID string
	// MinGap is the least time between two messages.
	MinGap time.Duration
	// PerVisit and PerDay are how many messages are shown in a visit, and within any 24 hours.
	PerVisit, PerDay int
}

// Bounds reports whether it bounds anything.
func (t Throttle) Bounds() bool { return t.MinGap > 0 || t.PerVisit > 0 || t.PerDay > 0 }

// throttle reads the workspace's throttle over all messages.
func (c *check) throttle(s section) Throttle {
	values := s.table("throttle")
	if values == nil {
		return Throttle{}
	}
	t := s.child("[workspace]: throttle", values, s.place.key("throttle"), s.at("throttle"))
	t.checkKeys(throttleKeys)
	if len(values) == 0 {
		s.wrong(s.at("throttle"), "write a bound such as { per_day = 5 }, or leave the key out", "throttle is an empty table")
	}
	return t.throttleBounds()
}

func (s section) throttleBounds() Throttle {
	return Throttle{
		MinGap: s.duration("min_gap"), PerVisit: s.count("per_visit", visitor.RecentShowings), PerDay: s.count("per_day", visitor.RecentShowings),
	}
}

// readThrottles reads the throttles of groups of messages.
func (c *check) readThrottles(documents []section) {
	places := make(map[string]located)
	for _, document := range documents {
		for i, values := range document.tables("throttles") {
			t := document.child("", values, document.place.key("throttles").item(i), document.at("throttles"))
			t.subject = "this throttle"
			id := t.text("id")
			if id != "" {
				t.subject = "throttle \"" + id + "\""
			}
			t.checkKeys(groupThrottleKeys)
			if !t.has("min_gap") && !t.has("per_visit") && !t.has("per_day") {
				t.wrong(t.offset, "add a bound such as per_day = 1", "it bounds nothing")
			}
			switch first, used := places[id]; {
			case !aText.accepts(t.values["id"]):
			case !identifier.MatchString(id):
				t.wrong(t.at("id"), identifierRule, "the id %q cannot be used", id)
			case used:
				t.wrong(t.at("id"), "give one of the two another id", "the id is used already in %s:%d", first.File, first.Line)
			case len(places) == visitor.MaxThrottles:
				t.wrong(t.offset, "let messages share one", "there are more than %d throttles", visitor.MaxThrottles)
				places[id] = t.problem(t.at("id"), "", "")
			default:
				places[id] = t.problem(t.at("id"), "", "")
				throttle := t.throttleBounds()
				throttle.ID = id
				c.settings.throttles = append(c.settings.throttles, throttle)
			}
			c.throttleNames = append(c.throttleNames, id)
		}
	}
}

// throttlesOf reads which throttles of groups a message belongs to.
func (c *check) throttlesOf(s section) []string {
	var ids []string
	for i, id := range s.texts("throttles") {
		switch {
		case slices.Contains(ids, id):
			s.wrong(s.atItem("throttles", i), "name it once", "throttles has %q twice", id)
		case !slices.Contains(c.throttleNames, id):
			fix := "add [[throttles]] with id = \"" + id + "\""
			if similar := audience.Nearest(id, slices.Values(c.throttleNames)); similar != "" {
				fix = "write \"" + similar + "\""
			}
			s.wrong(s.atItem("throttles", i), fix, "there is no throttle %q", id)
		default:
			ids = append(ids, id)
		}
	}
	if len(ids) > 0 && s.values["ignore_throttle"] == true {
		s.doubtful(s.at("throttles"), "leave one of the two out", "ignore_throttle is true, so it belongs to no throttle")
	}
	return ids
}
