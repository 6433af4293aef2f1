// Package workspace turns an operator's TOML files into a checked, compiled
// and immutable [Snapshot] of settings and messages.
//
// [Compile] looks at everything and reports every [Problem] at once, each with
// file, line and what to do about it; only a workspace without problems
// becomes a snapshot. [CompileFrom] also reuses what did not change since the
// snapshot before, so that an edit of one message among thousands is cheap.
//
// The keys that an author may write are listed in keys.go; [Schema] and
// docs/workspace.md, whose examples are run by this package's tests, say the
// same of them.
package workspace

import (
	"time"

	"handbill/engine/audience"
	"handbill/engine/content"
	"handbill/engine/pagerule"
)

// Status says whether a message is shown.
type Status string

const (
	// StatusLive messages are shown. It is the default.
	StatusLive Status = "live"
	// StatusDraft messages are checked, and shown by send test alone.
	StatusDraft Status = "draft"
	// StatusPaused messages are not shown for now.
	StatusPaused Status = "paused"
	// StatusArchived messages are kept for their history.
	StatusArchived Status = "archived"
	// StatusShadow messages are decided on and counted, and not shown.
	StatusShadow Status = "shadow"
)

// Defaults of settings and messages.
const (
	DefaultName     = "Handbill"
	DefaultSiteID   = "handbill"
	DefaultWriteKey = "handbill-web"
	DefaultPriority = 100
	// DefaultFormEvent is the event that answers become.
	DefaultFormEvent = "Form Submitted"
)

// Message is one message, checked and compiled. It is never changed.
type Message struct {
	// ID is unique in the workspace.
	ID     string
	Kind   Kind
	Status Status
	// Audience says to whom it is shown.
	Audience *audience.Audience
	// Where is a condition that must hold as well; nil: none.
	Where *audience.Condition
	// ToBots: it is shown to programs that say so in their user agent, too.
	ToBots bool
	// Pages is PageRules without Except, compiled.
	Pages pagerule.Set
	// PageRules and Except are the page rules as they were written.
	PageRules, Except []string
	// Trigger is what starts a campaign; nil for messages of another kind.
	Trigger *Trigger
	// Exit is a condition on which visitors leave the campaign; nil: none. ExitConstant: it does not depend on the page or
	// the request at hand.
	Exit         *audience.Condition
	ExitConstant bool
	// ReadsEvent is whether its texts read the properties of the event that started it.
	ReadsEvent bool
	// Start and End bound the time in which the message is shown: from Start, until just before End. Zero means unbounded.
	Start, End time.Time
	// Priority orders messages, the lower first.
	Priority  int
	Frequency Frequency
	// IgnoreThrottle: no throttle keeps it back or counts it.
	IgnoreThrottle bool
	// Throttles are the ids of the throttles of groups that it belongs to.
	Throttles []string
	// Schedule is when in a week it is shown; nil: always.
	Schedule *Schedule
	// When is what the browser waits for on a page; nil: nothing.
	When *When
	// Slot is the place that it takes on a page, which has room for one message.
	Slot string
	// Expires is for how long after it was sent it waits for somebody who has not seen it; zero: for ever.
	Expires time.Duration
	// Goal is what visitors who have seen it should do; nil: nothing in particular.
	Goal *Goal
	// Content is what it shows to everybody. Where that depends on the visitor, it is what somebody gets of whom nothing
	// is known, in the workspace's own language; Localized then has the rest.
	Content content.Content
	// FormEvent is the name of the event that answers to its fields become.
	FormEvent string
	// Stays: the reference client shows it on each page until it is closed, and says when it was; else it shows it once in
	// a visit, and says so.
	Stays bool
	// Localized is the message in its languages; nil for one that was not compiled, as [Hello].
	Localized *content.Localized
	// Embed: it comes with the page itself where the client shows it from there.
	Embed bool
	// Inbox is what it has in the inbox; nil for a message that is shown on pages.
	Inbox *Inbox
	// Experiment is to whom it is shown by lot, and in which variant.
	Experiment
	// Variant is the id of the variant whose content this is; empty for a message that is all of its variants.
	Variant string
	// File and Line say where the message begins.
	File string
	Line int

	// fingerprint stands for everything that an author wrote about the message.
	fingerprint fingerprint
	// document is what is shown in a sandbox; empty for none.
	document string
	// shows are the messages that its buttons show.
	shows []string
	// readsTraits is set where what it shows, or to whom, depends on traits of the visitor.
	readsTraits bool
	// template is what it shows in the workspace's own language, before the params are in it.
	template *content.Template
}

// Snapshot is a compiled workspace. It is never changed, and safe for use by
// many goroutines.
type Snapshot struct {
	// Name is what the operator calls the workspace.
	Name string
	// SiteID and WriteKey are what the browser's snippet names it by.
	SiteID, WriteKey string
	// Locale is the language of the texts, as a BCP 47 tag; empty when it is not said.
	Locale string
	// InApp is whether in-app messaging is enabled.
	InApp bool
	// Throttle bounds all messages together, Throttles groups of them.
	Throttle  Throttle
	Throttles []Throttle
	// Zone is where the workspace is at home; UTC if it does not say.
	Zone *time.Location
	// Traits are the declared types of traits, by name; nil where none are declared.
	Traits map[string]string
	// Segments are what audiences and conditions name; nil where there are none.
	Segments *audience.Segments
	// Generation changes whenever a setting or message does, and does not when only
	// comments, blanks or the spread over files do. The same text has the same
	// generation on every machine.
	Generation string
	// Messages are in the order in which they are shown: by priority, then by start, then as in the files.
	Messages []*Message
	// Skipped are the messages that are left out because they are wrong, in the order of the files. There are none unless
	// the workspace says on_error = "skip".
	Skipped []Skipped

	// places are where in Messages each is, by its id.
	places map[string]int
	index  *pagerule.Index
	// eventGoals are the messages whose goal is an event, by its name, and pageGoals those whose goal is a page.
	eventGoals map[string][]*Message
	pageGoals  []*Message
	// groups are the exclusive groups by their names; nil where there are none.
	groups map[string]*Group
	// kept is what the next compile goes on from; nil where a file cannot be split.
	kept *kept
	// asks says which variables a condition of the workspace looks at.
	asks map[string]bool
	// language has compiled the conditions.
	language *audience.Environment
	// starters are the campaigns by what starts them.
	starters starters
	// inbox is what the inbox is made of.
	inbox inboxOf
	// embedded are the messages that come with their pages.
	embedded []*Message
	numbers  *numbers
}

// Asks says whether any condition of the workspace looks at a variable, such as "request"; see [audience.Condition.Uses].
func (s *Snapshot) Asks(variable string) bool { return s.asks[variable] }

// Place is where in Messages a message of this snapshot is.
func (s *Snapshot) Place(m *Message) int { return s.places[m.ID] }

// Message returns the message with an id, or nil.
func (s *Snapshot) Message(id string) *Message {
	if place, ok := s.places[id]; ok {
		return s.Messages[place]
	}
	return nil
}

// Document is one that a message shows in a sandbox, by the name of its frame; ok is false where there is none.
func (s *Snapshot) Document(frame string) (document string, ok bool) {
	for _, m := range s.Messages {
		if m.document != "" && content.Sandboxed(m.document) == frame {
			return m.document, true
		}
		for _, v := range m.Variants {
			if shown := v.Message.document; shown != "" && content.Sandboxed(shown) == frame {
				return shown, true
			}
		}
	}
	return "", false
}

// Candidates appends to dst the places in Messages of those that may appear on a page, in their order, and returns the
// extended slice. It costs about the same however many messages there are.
func (s *Snapshot) Candidates(page *pagerule.Page, dst []int) []int { return s.index.Match(page, dst) }

// EventGoals are the messages whose goal is the event of a name.
func (s *Snapshot) EventGoals(event string) []*Message { return s.eventGoals[event] }

// PageGoals are the messages whose goal is a page.
func (s *Snapshot) PageGoals() []*Message { return s.pageGoals }
