package workspace

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"handbill/engine/pagerule"
)

// message checks one message and compiles it. It is nil for one that another
// already has the id of.
func (c *check) message(s section) *Message {
	id, problems := s.text("id"), len(c.problems)
	s.subject = "this message"
	if id != "" {
		s.subject = fmt.Sprintf("message %q", id)
	}
	base := c.templateOf(s)
	s.checkKeys(messageKeys, excused(s, base)...)
	unique := c.checkID(s, id)

	line, _ := s.file.position(s.offset)
	m := &Message{
		ID:        id,
		Kind:      KindBroadcast,
		Status:    Status(s.word("status", string(StatusLive))),
		Audience:  c.audience(s),
		Where:     c.condition(s, "where"),
		ToBots:    s.word("bots", botsExcluded) == botsIncluded,
		Frequency: c.frequency(s),
		Priority:  c.priority(s),
		FormEvent: c.formEvent(s),
		document:  s.text("html_sandbox"),
		PageRules: s.texts("pages"),
		Except:    s.texts("except"),
		File:      s.file.name,
		Line:      line,
	}
	m.Experiment = c.experiment(s, id)
	m.IgnoreThrottle, _ = s.values["ignore_throttle"].(bool)
	m.Start, m.End = c.schedule(s, m.Status)
	c.timing(s, m)
	c.kind(s, m)
	m.fingerprint = fingerprintOf(s.values, c.settings.zone, c.around(s, base)...)

	before := c.unchanged(m)
	if before != nil {
		m.Pages, m.Content, m.Localized, m.template, m.Audience = before.Pages, before.Content, before.Localized, before.template, before.Audience
	} else {
		if !isInbox(s, base) {
			m.Pages = c.pages(s, m)
		}
		c.compileContent(s, m, base)
	}
	m.Slot, m.Stays = slotOf(m.Content), stays(s, base, m)
	m.Inbox = c.inbox(s, m, base)
	m.Embed = c.embed(s, m)
	c.checkReads(s, m)
	c.warnOfPages(s, m.Pages)
	c.warnOfContent(s, m.template)
	c.warnOfLocales(s, m.template)
	m.shows = c.noteShown(s, m.template)
	c.variants(s, m, before, base, len(c.problems) == problems)
	m.readsTraits = c.readsTraits(m)
	m.Inbox.setPersonal(m)
	switch {
	case !unique:
		return nil
	case before != nil && before.File == m.File && before.Line == m.Line && before.Where == m.Where && sameWhen(before.When, m.When) && sameCampaign(before, m) && before.readsTraits == m.readsTraits && sameInbox(before, m):
		return before
	}
	return m
}

// around is what a message shows although it does not say so itself: its template, its themes, the language of its texts.
func (c *check) around(s section, base *template) []any {
	var around []any
	if base != nil {
		around = append(around, string(base.fingerprint[:]))
	}
	if look := c.themes[s.text("theme")]; look != nil {
		around = append(around, string(look.fingerprint[:]))
	} else if c.settings.theme != nil {
		around = append(around, string(c.settings.theme.fingerprint[:]))
	}
	for _, variant := range s.tables("variants") {
		name, _ := variant["theme"].(string)
		if look := c.themes[name]; look != nil {
			around = append(around, string(look.fingerprint[:]))
		}
	}
	if c.settings.locale != "" {
		around = append(around, c.settings.locale)
	}
	return around
}

// unchanged is the message of the previous snapshot with the same text, or nil.
func (c *check) unchanged(m *Message) *Message {
	if c.previous == nil {
		return nil
	}
	if before := c.previous.Message(m.ID); before != nil && before.fingerprint == m.fingerprint {
		return before
	}
	return nil
}

// checkID reports an id that cannot be used or was used before.
func (c *check) checkID(s section, id string) (unique bool) {
	switch {
	case !s.has("id"), kindOf(s.values["id"]) != aText:
		return true
	case !identifier.MatchString(id):
		s.wrong(s.at("id"), identifierRule, "the id %q cannot be used", id)
		return true
	case id == helloID:
		s.wrong(s.at("id"), "choose another", "the id %q is that of the built-in test message", id)
		return true
	}
	here := s.problem(s.at("id"), "", "")
	if first, used := c.ids[id]; used {
		s.wrong(s.at("id"), "give one of the two another id", "the id is used already in %s:%d", first.File, first.Line)
		return false
	}
	c.ids[id] = here
	return true
}

func (c *check) priority(s section) int {
	priority, given := s.number("priority")
	switch {
	case !given:
		return DefaultPriority
	case priority < math.MinInt32 || priority > math.MaxInt32:
		s.wrong(s.at("priority"), "write a smaller one; the default is 100, and lower comes first", "priority %d is out of range", priority)
	}
	return int(priority)
}

// schedule reads start and end.
func (c *check) schedule(s section, status Status) (start, end time.Time) {
	start, startKnown := c.moment(s, "start")
	end, endKnown := c.moment(s, "end")
	switch {
	case !endKnown:
	case startKnown && !start.Before(end):
		s.wrong(s.at("end"), "put end after start", "end (%s) is not after start (%s)", end.Format(time.RFC3339), start.Format(time.RFC3339))
	case !end.After(c.now) && status == StatusLive:
		s.doubtful(s.at("end"), `move end, or set status = "archived"`, "it ended on %s and is not shown any more", end.Format("2 January 2006"))
	}
	return start, end
}

// The TOML library marks what a date-time lacks by the name of its location.
const (
	locationOfLocalDateTime = "datetime-local"
	locationOfLocalDate     = "date-local"
	locationOfLocalTime     = "time-local"
)

// moment reads a date-time, in the workspace's timezone if it names none of its own.
func (c *check) moment(s section, name string) (moment time.Time, known bool) {
	written, ok := s.values[name].(time.Time)
	if !ok {
		return time.Time{}, false
	}
	switch written.Location().String() {
	case locationOfLocalDate:
		s.wrong(s.at(name), "write for example "+written.Format("2006-01-02")+"T09:00:00+01:00", "%s has a date alone", name)
	case locationOfLocalTime:
		s.wrong(s.at(name), "write for example 2026-12-01T"+written.Format("15:04:05")+"+01:00", "%s has a time alone", name)
	case locationOfLocalDateTime:
		if c.settings.zone == nil {
			if !c.settings.uncertain {
				s.wrong(s.at(name), fmt.Sprintf(`write %s+01:00, or set timezone = "Europe/Berlin" in [workspace]`, written.Format("2006-01-02T15:04:05")),
					"%s has no time zone", name)
			}
			return time.Time{}, false
		}
		moment = time.Date(written.Year(), written.Month(), written.Day(), written.Hour(), written.Minute(), written.Second(), written.Nanosecond(), c.settings.zone)
		if moment.Hour() != written.Hour() || moment.Minute() != written.Minute() {
			s.wrong(s.at(name), "choose a time before or after", "%s does not exist in %s: the clocks are put forward over %s", name, c.settings.zone, written.Format("15:04 on 2 January 2006"))
			return time.Time{}, false
		}
		return moment, true
	default:
		return written, true
	}
	return time.Time{}, false
}

// timing reads when and how often a message is shown, beyond its start, its end and its frequency.
func (c *check) timing(s section, m *Message) {
	m.Schedule, m.When, m.Expires, m.Goal, m.Throttles = c.recurring(s), c.when(s), c.expiry(s), c.goal(s), c.throttlesOf(s)
}

// pages compiles the page rules.
func (c *check) pages(s section, m *Message) pagerule.Set {
	if !aTextList.accepts(s.values["pages"]) || s.has("except") && !aTextList.accepts(s.values["except"]) {
		return pagerule.Set{} // reported as missing or of a wrong type
	}
	return c.pageRules(s, m.PageRules, m.Except)
}

// pageRules compiles the page rules of a section's keys pages and except.
func (c *check) pageRules(s section, pages, except []string) pagerule.Set {
	set, err := pagerule.Compile(pages, except)
	var wrong pagerule.RuleErrors
	if !errors.As(err, &wrong) {
		return set
	}
	for _, rule := range wrong {
		what, fix := cutFix(rule.Problem)
		if rule.Index < 0 {
			s.wrong(s.at(rule.List), fix, "%s: %s", rule.List, what)
			continue
		}
		s.wrong(s.atItem(rule.List, rule.Index), fix, "the page rule %q in %s: %s", rule.Rule, rule.List, what)
	}
	return pagerule.Set{}
}

func (c *check) warnOfPages(s section, set pagerule.Set) {
	for _, list := range []struct {
		name  string
		rules []pagerule.Rule
	}{{"pages", set.Pages()}, {"except", set.Except()}} {
		for i, rule := range list.rules {
			for _, warning := range rule.Warnings() {
				what, fix := cutFix(warning)
				s.doubtful(s.atItem(list.name, i), fix, "the page rule %q in %s: %s", rule, list.name, what)
			}
		}
	}
}

// cutFix parts a sentence of a page rule, "what is wrong: what to write", in two.
func cutFix(sentence string) (what, fix string) {
	what, fix, found := strings.Cut(sentence, ": ")
	if !found {
		fix = "see the page rules in the documentation"
	}
	return what, fix
}
