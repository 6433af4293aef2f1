package visitor

import (
	"cmp"
	"time"
)

// Holdout is the variant of those from whom a holdout withheld a message. No variant of an author has this id.
const Holdout = "holdout"

// First says whether a change that counted was the visitor's first of its kind for its message and, of an experiment, for
// the variant: those are counted as visitors, not as showings. The record was one thing before the change and is another
// after it.
func First(was, is *Record, c Change) bool {
	before, after := was.of(c.Message), is.of(c.Message)
	if after == nil {
		return false
	}
	switch c.Kind {
	case Opened:
		return after.Opened == 1 || before == nil || before.Variant != after.Variant
	case Clicked:
		return after.Clicked == 1
	case Withheld:
		return before == nil || before.Withheld == nil || before.Withheld.Variant != c.Variant
	}
	return false
}

// of is the state of a message; nil where there is none.
func (r *Record) of(message string) *MessageState {
	if r == nil {
		return nil
	}
	return r.Messages[message]
}

// Met says whether the visitor had to do with the message: it came on screen, or would have.
func (s *MessageState) Met() bool {
	return s != nil && (s.Opened > 0 || s.Withheld != nil && s.Withheld.Opened > 0)
}

// met is when the visitor first had to do with the message, and whether it was withheld from them.
func (s *MessageState) met() (at time.Time, withheld bool) {
	if s.Opened > 0 || s.Withheld == nil {
		return s.FirstOpened, false
	}
	return s.Withheld.FirstOpened, true
}

// drawn keeps, in a state that was merged, what an experiment remembers: that under which id the visitor first saw the
// message, and in which variant; having seen it comes before having been held out.
func (s *MessageState) drawn(into, from *MessageState, id string) {
	first, other := into, from
	switch {
	case !from.Met():
	case !into.Met():
		first, other = from, into
	default:
		at, withheld := into.met()
		atFrom, withheldFrom := from.met()
		if withheld && !withheldFrom || withheld == withheldFrom && atFrom.Before(at) {
			first, other = from, into
		}
	}
	s.Variant, s.Drawn = cmp.Or(first.Variant, other.Variant), first.Drawn
	if first == from && first.Met() {
		s.Drawn = cmp.Or(from.Drawn, id)
	}
}
