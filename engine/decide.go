package engine

import (
	"fmt"
	"strings"
	"time"

	"handbill/engine/audience"
	"handbill/engine/pagerule"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// Check is one question that a decision asked about a message, and what it saw.
type Check struct {
	// Name is the question, as in docs/why.md: in_app, status, bot and so on.
	Name string `json:"check"`
	// Passed says whether the message may still be shown after it.
	Passed bool `json:"passed"`
	// Reason is the stable code of a check that did not pass.
	Reason Reason `json:"reason,omitempty"`
	// Saw says in words what was compared.
	Saw string `json:"saw"`
	// Help says what would make the check pass; empty when it passed.
	Help string `json:"help,omitempty"`
}

// situation is everything about a visitor's question that does not depend on the message.
type situation struct {
	now      time.Time
	identity visitor.Identity
	id       string          // the visitor's; empty: identity has to be asked
	record   *visitor.Record // nil: nothing is remembered about the visitor
	arrival  *visitor.Record // what is held of the visit of somebody about whom nothing is remembered
	page     *pagerule.Page  // nil: the client did not say where it is
	indexed  bool            // only messages whose page rules fit are asked about
	view     string          // empty: no page view in particular
	visit    uint32
	named    uint32 // the visit that the client named; zero: none
	inApp    bool
	soonest  time.Time // when the next message of the page is due, of those whose time is known; zero: none is
	// seen is what became of messages in this page view, as far as it was looked at.
	seen []presence
	// slots are the places on the page that are taken, of which each has room for one where oneEach is true.
	slots   []holder
	oneEach bool
	// fired is what has happened in the browser.
	fired []Fired
	// wanted are the messages that the visitor asked for by a button, or the site's own code did.
	wanted []*workspace.Message
	// called are those of wanted that the site's own code asked for.
	called []*workspace.Message
	// throttles are the one over all messages, if it bounds anything, and those of groups.
	throttles []throttling
	// embeds: what comes with the page is shown from there.
	embeds bool
	// sending is the send of a message in the inbox that is asked about; nil: none in particular.
	sending *visitor.Sent
	// zone is where the visitor is at home, as the browser says; empty: it does not. home is what follows from it, nil while
	// nothing has asked, and the workspace's own where neither a trait nor the browser says one that exists.
	zone string
	home *time.Location
	// languages are what the visitor's browser asks for.
	languages []string
	// browser is what the request says of it.
	browser Browser
	// snapshot is what is decided on.
	snapshot *workspace.Snapshot
	// facts are what conditions look at, once they were asked for.
	facts  *audience.Facts
	filled bool
	// tags are the memory of the languages in facts.
	tags []string
	// unreal is a run that nobody remembers; see imagined.
	unreal visitor.Run
	// rendered are the contents that were made already.
	rendered []rendered
	// until is before when all that was decided stays the same if nothing changes but the time; zero: always.
	until time.Time
	// passing: what was decided has changed something, such as a lease, or is not known to hold any longer than now.
	passing bool
	// asking is the message whose state was asked for last, and stands that state.
	asking *workspace.Message
	stands *visitor.MessageState
	// marked are the marks, once they were asked for.
	marked marks
}

func (s *situation) visitorID() string {
	if s.id == "" {
		s.id = s.identity.ID()
	}
	return s.id
}

// marks are the hashes by which deliveries name a visitor and a page view.
type marks struct {
	made                  bool
	view, user, anonymous uint64 // user and anonymous are zero where the visitor is not known by one
}

// visitor is the mark of the id by which the visitor is known now.
func (m *marks) visitor() uint64 {
	if m.user != 0 {
		return m.user
	}
	return m.anonymous
}

func (s *situation) marks() *marks {
	if !s.marked.made {
		s.marked = marks{made: true, view: hash64(s.view)}
		if s.identity.User != "" {
			s.marked.user = hash64("u:" + s.identity.User)
		}
		if s.identity.Anonymous != "" {
			s.marked.anonymous = hash64("a:" + s.identity.Anonymous)
		}
	}
	return &s.marked
}

// remember replaces what is known of the visitor by what is known now.
func (s *situation) remember(record *visitor.Record) {
	s.record, s.seen, s.filled, s.asking = record, s.seen[:0], false, nil
}

// state is what the visitor's record says of a message; nil when it says nothing. Of a message in the shadow, and for those
// who are held out, it is what would have been.
func (s *situation) state(m *workspace.Message) *visitor.MessageState {
	if s.asking != m {
		s.asking, s.stands = m, s.find(m)
	}
	return s.stands
}

// find looks for the state of a message.
func (s *situation) find(m *workspace.Message) *visitor.MessageState {
	withheld := m.Status == workspace.StatusShadow || s.heldOut(m)
	record := s.record
	if withheld {
		record = s.past()
	}
	if record == nil {
		return nil
	}
	state := record.Messages[m.ID]
	if state != nil && withheld {
		return state.Withheld
	}
	return state
}

// trace collects the checks of a decision. A nil trace collects nothing, and decisions then stop at the first check that
// does not pass: the way of a poll.
type trace struct{ checks []Check }

// decide says whether a message is due in a situation, up to its lease: ReasonNone, or the first reason against it. It
// neither takes a lease nor changes anything, so that asking why is the same code as deciding.
func (e *Engine) decide(m *workspace.Message, s *situation, t *trace) Reason {
	if t == nil {
		for i := range checks {
			if reason := checks[i].ask(e, m, s); reason != ReasonNone {
				return reason
			}
		}
		return ReasonNone
	}
	first := ReasonNone
	for _, check := range checks {
		reason := check.ask(e, m, s)
		if first == ReasonNone {
			first = reason
		}
		saw, help := check.describe(e, m, s)
		if reason == ReasonNone {
			help = ""
		}
		t.checks = append(t.checks, Check{Name: check.name, Passed: reason == ReasonNone, Reason: reason, Saw: saw, Help: help})
	}
	return first
}

// check is one question of a decision: ask answers it without allocating, describe puts it in words.
type check struct {
	name     string
	ask      func(*Engine, *workspace.Message, *situation) Reason
	describe func(*Engine, *workspace.Message, *situation) (saw, help string)
}

// checks are asked in this order, the cheap ones first.
var checks = []check{
	{"in_app", askInApp, describeInApp},
	{"status", askStatus, describeStatus},
	{"bot", askBot, describeBot},
	{"schedule", askSchedule, describeSchedule},
	{"kind", askKind, describeKind},
	{"audience", askAudience, describeAudience},
	{"page", askPage, describePage},
	{"where", askWhere, describeWhere},
	{"rollout", askRollout, describeRollout},
	{"exclusive", askExclusive, describeExclusive},
	{"variant", askVariant, describeVariant},
	{"frequency", askFrequency, describeFrequency},
	{"when", askWhen, describeWhen},
	{"throttle", askThrottle, describeThrottle},
	{"slot", askSlot, describeSlot},
	{"content", askContent, describeContent},
	{"holdout", askHoldout, describeHoldout},
	{"shadow", askShadow, describeShadow},
}

func askInApp(_ *Engine, _ *workspace.Message, s *situation) Reason {
	if !s.inApp {
		return ReasonInAppOff
	}
	return ReasonNone
}

func describeInApp(_ *Engine, _ *workspace.Message, s *situation) (string, string) {
	return fmt.Sprintf("in_app is %t", s.inApp), "set in_app = true in [workspace]"
}

func askStatus(_ *Engine, m *workspace.Message, _ *situation) Reason {
	if m.Status != workspace.StatusLive && m.Status != workspace.StatusShadow {
		return ReasonNotLive
	}
	return ReasonNone
}

func describeStatus(_ *Engine, m *workspace.Message, _ *situation) (string, string) {
	return fmt.Sprintf("status is %q", m.Status), `set status = "live", or try it with: handbill messages send --test WHO ` + m.ID
}

// askPage lets every page rule pass where the client did not say its page: the reference client tests the rule itself. It
// does not ask again what the index has answered.
func askPage(_ *Engine, m *workspace.Message, s *situation) Reason {
	if s.page == nil || s.indexed && !s.isCalled(m) || m.Inbox != nil || s.isWanted(m) && !s.isCalled(m) || m.Pages.Match(s.page) {
		return ReasonNone
	}
	return ReasonPage
}

func describePage(_ *Engine, m *workspace.Message, s *situation) (string, string) {
	if m.Inbox != nil {
		return "it lies in the inbox, on every page", ""
	}
	if s.page == nil {
		return "no page was given; the client tests the rule itself", ""
	}
	matched, rule, reason := m.Pages.Explain(s.page)
	saw := reason
	if rule != "" && !strings.Contains(reason, rule) {
		saw = fmt.Sprintf("%s (rule %q)", reason, rule)
	}
	if matched {
		return saw, ""
	}
	return saw, fmt.Sprintf("pages = %q, except = %q: add a rule that fits this page, or open one that fits", m.PageRules, m.Except)
}
