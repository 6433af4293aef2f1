package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// presence is what became of a message in the very page view that asks.
type presence struct {
	of       *workspace.Message
	delivery delivery
	reported visitor.Reports
}

// onScreen says whether the message was opened in this page view and not dismissed since.
func (p presence) onScreen() bool {
	return p.reported&(visitor.ReportedOpened|visitor.ReportedDismissed) == visitor.ReportedOpened
}

// present looks at what became of a message in this page view. A delivery that was made before the visitor identified,
// or before they were known by another id, is still the same showing.
func (e *Engine) present(m *workspace.Message, s *situation) presence {
	state := s.state(m)
	if state == nil || len(state.Recent) == 0 || s.view == "" {
		return presence{}
	}
	for _, known := range s.seen {
		if known.of == m {
			return known
		}
	}
	here, of, marks, view := presence{of: m}, s.occasion(m), s.marks(), s.viewOf(m)
	for _, id := range [...]uint64{marks.user, marks.anonymous} {
		if id == 0 {
			continue
		}
		d := e.sealer.seal(id, view, m.ID, of, false)
		if at := slices.Index(state.Recent, d.key); at >= 0 {
			here.delivery, here.reported = d, state.Reported[at]
			break
		}
	}
	s.seen = append(s.seen, here)
	return here
}

// askFrequency lets a delivery that is on screen in this very page view stay: it is the same showing, not a new one. One
// that was dismissed there does not come back in it, however often the message may be shown.
func askFrequency(e *Engine, m *workspace.Message, s *situation) Reason {
	if m.Inbox != nil {
		return askInInbox(m, s)
	}
	state := s.state(m)
	if state == nil || s.isWanted(m) {
		return ReasonNone
	}
	f, counts := &m.Frequency, s.counts(m)
	if f.StopOnDismiss && !counts.dismissed.IsZero() {
		return ReasonDismissed
	}
	if f.StopOnConversion && !counts.converted.IsZero() {
		return ReasonConverted
	}
	if s.before(state.Snoozed) {
		return ReasonSnoozed
	}
	here := e.present(m, s)
	if here.reported&visitor.ReportedDismissed != 0 && s.form(m) != shownAsCounted {
		return ReasonDismissed
	}
	if reason, decided := s.askForm(m, state, here); decided {
		return reason
	}
	switch {
	case f.StopOnAction && !counts.acted.IsZero():
		return ReasonActed
	case f.StopAfterDays > 0 && counts.opened > 0 && !s.before(lastDay(f, counts)):
		return ReasonDays
	case comesBack(state), keeps(m, state, counts):
		return ReasonNone
	case f.Lifetime > 0 && counts.opened >= f.Lifetime:
		return ReasonLifetime
	case f.PerVisit > 0 && inVisit(state.Showings, s.visit) >= f.PerVisit:
		return ReasonVisit
	case f.MinGap > 0 && state.Opened > 0 && s.before(state.LastOpened.Add(f.MinGap)):
		return ReasonGap
	}
	for _, limit := range f.Caps {
		if s.within(state.Showings, limit.Period) >= limit.Count {
			return ReasonCap
		}
	}
	return ReasonNone
}

// counts are what ends a message: of a campaign, what was in the visitor's last run alone.
type counts struct {
	opened                  int
	first, dismissed, acted time.Time
	converted               time.Time
}

func (s *situation) counts(m *workspace.Message) counts {
	state := s.state(m)
	switch run := s.run(m); {
	case state == nil:
		return counts{}
	case run != nil:
		in := state.InRun(run.Started)
		c := counts{in.Opened, in.FirstOpened, in.Dismissed, in.Acted, state.Converted}
		if c.converted.Before(run.Started) {
			c.converted = time.Time{}
		}
		return c
	}
	return counts{state.Opened, state.FirstOpened, state.Dismissed, state.Acted, state.Converted}
}

// comesBack says whether the visitor snoozed the message and has not seen it since. They asked for it: it is shown once
// more, whatever its counts say.
func comesBack(state *visitor.MessageState) bool {
	return !state.Snoozed.IsZero() && state.LastOpened.Before(state.Snoozed)
}

// lastDay is when stop_after_days ends a message that was opened.
func lastDay(f *workspace.Frequency, c counts) time.Time {
	return c.first.Add(time.Duration(f.StopAfterDays) * 24 * time.Hour)
}

// again is from when on gap and caps allow a message to be shown again.
func again(f *workspace.Frequency, state *visitor.MessageState) time.Time {
	from := state.LastOpened.Add(f.MinGap)
	for _, limit := range f.Caps {
		if n := len(state.Showings); n >= limit.Count {
			if free := state.Showings[n-limit.Count].At.Add(limit.Period); free.After(from) {
				from = free
			}
		}
	}
	return from
}

func describeFrequency(e *Engine, m *workspace.Message, s *situation) (saw, help string) {
	if m.Inbox != nil {
		return describeInInbox(m, s)
	}
	state := s.state(m)
	if state == nil || state.Opened == 0 && state.Dismissed.IsZero() && state.Acted.IsZero() && state.Converted.IsZero() && state.Snoozed.IsZero() {
		return fmt.Sprintf("frequency is %q; the visitor has not seen it", m.Frequency.Name), ""
	}
	here := e.present(m, s)
	return describeCounters(m, state, here, s), helpFrequency(askFrequency(e, m, s), m, state, here, s)
}

// describeCounters puts in words what askFrequency compares.
func describeCounters(m *workspace.Message, state *visitor.MessageState, here presence, s *situation) string {
	f, c := &m.Frequency, s.counts(m)
	parts := []string{fmt.Sprintf("frequency is %q", f.Name)}
	add := func(format string, values ...any) { parts = append(parts, fmt.Sprintf(format, values...)) }
	if f.Lifetime > 0 {
		add("shown %d of %d times", c.opened, f.Lifetime)
	} else {
		add("shown %s", times(c.opened))
	}
	if c.opened != state.Opened {
		add("%s before the campaign started last", times(state.Opened-c.opened))
	}
	if state.Opened > 0 {
		add("last at %s", state.LastOpened.Format(time.RFC3339))
	}
	switch {
	case f.MinGap > 0 && f.Wire:
		add("delay is %s", length(f.MinGap))
	case f.MinGap > 0:
		add("min_gap is %s", length(f.MinGap))
	}
	if f.PerVisit > 0 {
		add("%d of %d in this visit", inVisit(state.Showings, s.visit), f.PerVisit)
	}
	for _, limit := range f.Caps {
		add("%d of %s", since(state.Showings, s.now.Add(-limit.Period)), limit.Text)
	}
	if f.StopAfterDays > 0 && c.opened > 0 {
		add("it ends %s after the first showing, at %s", days(f.StopAfterDays), lastDay(f, c).Format(time.RFC3339))
	}
	if !c.dismissed.IsZero() {
		add("dismissed at %s", c.dismissed.Format(time.RFC3339))
	}
	if !c.acted.IsZero() {
		add("a button that leads on was used at %s", c.acted.Format(time.RFC3339))
	}
	if !c.converted.IsZero() {
		add("converted at %s", c.converted.Format(time.RFC3339))
	}
	if keeps(m, state, c) {
		add("it stays until it is closed")
	}
	if comesBack(state) {
		add("snoozed until %s", state.Snoozed.Format(time.RFC3339))
	}
	if here.onScreen() {
		add("on screen in this page view")
	}
	return strings.Join(parts, ", ")
}

// helpFrequency says when the message would be shown again.
func helpFrequency(reason Reason, m *workspace.Message, state *visitor.MessageState, here presence, s *situation) string {
	f, c := &m.Frequency, s.counts(m)
	from, back := again(f, state), comesBack(state)
	if back {
		from = state.Snoozed
	}
	over := !back && f.Lifetime > 0 && c.opened >= f.Lifetime ||
		f.StopOnDismiss && !c.dismissed.IsZero() || f.StopOnAction && !c.acted.IsZero() ||
		f.StopOnConversion && !c.converted.IsZero() ||
		f.StopAfterDays > 0 && c.opened > 0 && (!s.now.Before(lastDay(f, c)) || !from.Before(lastDay(f, c)))
	switch {
	case over:
		return "it is not shown to this visitor any more; try it with: handbill messages send --test WHO " + m.ID
	case reason == ReasonDismissed && here.reported&visitor.ReportedDismissed != 0 && !from.After(s.now):
		return "it was dismissed in this page view; it is shown again when the page is loaded anew"
	case reason == ReasonVisit && from.After(s.now):
		return fmt.Sprintf("it is shown again in the visitor's next visit, from %s on", from.Format(time.RFC3339))
	case reason == ReasonVisit:
		return "it is shown again in the visitor's next visit"
	}
	return fmt.Sprintf("it is shown again from %s on", from.Format(time.RFC3339))
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// length writes a duration without what is zero in it: "2h" for "2h0m0s".
func length(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
