package audience

import "time"

// Facts are what a condition may look at: one visitor on one page at one moment. An engine fills one, asks many
// conditions, and may use it again after Reset.
//
// Facts remember what they were asked about segments, so they must not be changed between questions without Reset, and
// they belong to one goroutine. What they point to (Traits, Event, Languages, Events) is only read.
type Facts struct {
	// Visitor is who asks.
	Visitor Visitor
	// Traits are the visitor's attributes, values as JSON has them: string, float64, bool, []any, map[string]any.
	// A null counts as missing. time.Time and Go's other number types are read too.
	Traits map[string]any
	// Page is where the visitor is.
	Page Page
	// Request is how the visitor asks.
	Request Request
	// Visit is the visit that the page belongs to.
	Visit Visit
	// Events are the events that were tracked of the visitor; nil: none.
	Events Events
	// Event holds the properties of the event that triggered a message. Only conditions of triggers look at it.
	Event map[string]any
	// Now is the time of the decision.
	Now time.Time
	// Segments are those that segment("…") means; nil: there are none, and nobody is in them.
	Segments *Segments

	// members remembers which segments of asked the visitor is in.
	asked   *Segments
	members []membership
	// locals are the values of the variables that all, exists and exists_one bind, the innermost last.
	locals []value
	// spent is what the condition at hand has cost so far, in steps.
	spent int
	// until is before when the answers so far do not change by themselves; zero: ever. Of what depends on the time in another
	// way, that is not known.
	until   time.Time
	untimed bool
}

// Visitor says who asks. Zero times are missing.
type Visitor struct {
	// User is the id by which the site knows the person, empty until somebody identified. Anonymous is the browser's id.
	User, Anonymous string
	// Identified: the browser said a user id. Verified: the id was proven; it implies Identified.
	Identified, Verified bool
	// New: the visitor was never here before this visit.
	New bool
	// FirstSeen and LastSeen are when the visitor first and last was here.
	FirstSeen, LastSeen time.Time
	// Groups are the ids of the groups that the visitor belongs to.
	Groups []string
}

// ID is the user id, or the anonymous id of somebody who has not identified.
func (v *Visitor) ID() string {
	if v.User != "" {
		return v.User
	}
	return v.Anonymous
}

// Page is where the visitor is. What is empty is known to be empty.
type Page struct {
	// URL is the whole address.
	URL string
	// Host, Path and Query are its parts; Query has no question mark and is encoded as in the address.
	Host, Path, Query string
	// Name is the name that the site's code gave the page.
	Name string
}

// Request is how the visitor asks. Country, Device, Browser, OS and Method are missing where they are empty.
type Request struct {
	// Country is an ISO 3166-1 code in capitals, such as "DE".
	Country string
	// Languages are BCP 47 tags, the preferred first.
	Languages []string
	// Device is "desktop", "mobile" or "tablet".
	Device string
	// Browser and OS are names such as "Firefox" and "Android".
	Browser, OS string
	// Bot: the user agent says that it is a program.
	Bot bool
	// Referrer is the page that linked here; empty: none.
	Referrer string
	// Method is the HTTP method of the page's request.
	Method string
}

// Visit is the visit at hand. LandingPage, Referrer and UTM are known to be empty where they are.
type Visit struct {
	// Count is how many visits there were, this one included.
	Count int
	// PageViews is how many pages this visit has seen, this one included.
	PageViews int
	// LandingPage is the address of the visit's first page, Referrer the page that linked to it.
	LandingPage, Referrer string
	// UTM is what the landing page's address said of the campaign.
	UTM UTM
	// Started is when the visit began; zero: missing.
	Started time.Time
}

// UTM are the parameters by which links name the campaign they belong to.
type UTM struct{ Source, Medium, Campaign, Term, Content string }

// Events are the events that were tracked of a visitor.
type Events interface {
	// Event is what is known of the events with a name; Count 0 when there was none.
	Event(name string) Event
	// CountSince is how many events with a name there were at a time or later.
	CountSince(name string, since time.Time) int
	// CountTurns is from what later time on CountSince may be another; zero: never.
	CountTurns(name string, since time.Time) time.Time
}

// Event is what is known of the events with one name.
type Event struct {
	Count       int
	First, Last time.Time
}

// Until is before when all answers so far stay the same if nothing changes but the time; zero: always. It is not known of
// conditions that ask for now itself.
func (f *Facts) Until() (until time.Time, known bool) { return f.until, !f.untimed }

// turns notes that an answer may become another at a time, unless that has passed.
func (f *Facts) turns(at time.Time) {
	if !at.Before(f.Now) && (f.until.IsZero() || at.Before(f.until)) {
		f.until = at
	}
}

// Reset forgets everything but the memory it uses.
func (f *Facts) Reset() {
	clear(f.locals[:cap(f.locals)])
	*f = Facts{members: f.members[:0], locals: f.locals[:0]}
}

// What one condition may cost, each segment by itself: a step is one item that all, exists or exists_one looks at, or 16
// bytes that a regular expression searches. Visitors decide how long their traits are, so this is what bounds them.
const maxSteps = 20_000

// spend is false once the condition has cost too much.
func (f *Facts) spend(steps int) bool {
	f.spent += steps
	return f.spent <= maxSteps
}
