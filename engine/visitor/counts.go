package visitor

import "time"

// RunCounts are a message's counts in one run of its campaign.
type RunCounts struct {
	// Started is when the run was, as in [Run]; zero: the message was not shown in a run, and none was forgotten.
	Started time.Time
	// Opened counts as that of [MessageState] does, FirstOpened is when it first was.
	Opened      int
	FirstOpened time.Time
	// Dismissed and Acted are when the visitor dismissed it, and used a button that leads on; zero: not.
	Dismissed, Acted time.Time
	// Exited is when the visitor left the campaign, where its run is not remembered elsewhere; zero: not.
	Exited time.Time
}

// InRun are the message's counts in a run that started at a time, or in a later one.
func (s *MessageState) InRun(started time.Time) RunCounts {
	if s == nil || s.Run.Started.Before(started) {
		return RunCounts{}
	}
	return s.Run
}

// withhold counts a showing that was none, apart from those that were.
func (r *Record) withhold(s *MessageState, c Change) bool {
	if s.Withheld == nil {
		s.Withheld = &MessageState{}
	}
	w := s.Withheld
	if !w.mark(c.Delivery, ReportedOpened) {
		return false
	}
	w.Opened, w.Variant = w.Opened+1, c.Variant
	w.FirstOpened, w.LastOpened = earlier(w.FirstOpened, c.At), later(w.LastOpened, c.At)
	w.Showings = insert(w.Showings, Showing{At: c.At, Visit: c.Visit})
	if run := w.inRun(c); run != nil {
		run.Opened++
		run.FirstOpened = earlier(run.FirstOpened, c.At)
	}
	r.showSent(c)
	return true
}

// act notes that a button was used which leads on.
func (s *MessageState) act(c Change) bool {
	run := s.inRun(c)
	counted := s.Acted.IsZero() || run != nil && run.Acted.IsZero()
	if s.Acted.IsZero() {
		s.Acted = c.At
	}
	if run != nil && run.Acted.IsZero() {
		run.Acted = c.At
	}
	return counted
}

// inRun are the counts of the campaign's run that a change belongs to; nil for none, and for a run before the last.
func (s *MessageState) inRun(c Change) *RunCounts {
	started := stamp(c.Run)
	if started.IsZero() || started.Before(s.Run.Started) {
		return nil
	}
	s.begin(started)
	return &s.Run
}
