// Package visitor says what a visitor is: who asks ([Identity]), what is remembered about them ([Record]), how what they
// do changes that ([Record.Apply]), how two records of one person become one ([Merge]), and how a record is written down
// ([Encode], [Decode]).
//
// It is data and functions only. Where records live is package store's affair, what they mean for a message package
// engine's.
package visitor

// Level says how well it is known who a visitor is. A higher level implies the lower ones.
type Level int

// The levels, in rising order. Their numbers are stored.
const (
	// LevelAnonymous: only the edge's own cookie tells the visitor from others.
	LevelAnonymous Level = 0
	// LevelIdentified: the browser said a user id, and is believed.
	LevelIdentified Level = 1
	// LevelVerified: the user id was proven, by a signature or by the edge itself.
	LevelVerified Level = 2
)

// String is the level in words.
func (l Level) String() string {
	switch l {
	case LevelAnonymous:
		return "anonymous"
	case LevelIdentified:
		return "claimed"
	}
	return "proven"
}

// PassingPrefix begins the anonymous ids of passing visitors. No cookie of the edge holds one.
const PassingPrefix = "~"

// Passing is the anonymous id of a passing visitor: a browser that may not be known again, of which nothing is remembered
// once its page is closed. View stands for the page.
func Passing(view string) string { return PassingPrefix + view }

// Identity is who asks. At least one of Anonymous and User is set.
type Identity struct {
	// Anonymous is the id that the edge issued in its cookie, or that stands for an alias.
	Anonymous string
	// User is the id by which the site knows the person; empty until somebody identified.
	User string
	// Level says how far User is to be trusted.
	Level Level
	// Believed is set where the operator says outright that a browser's word is enough, also for what is meant for one
	// person.
	Believed bool
}

// MayReadWhatIsPersonal says whether the visitor is sure enough to be the user for what is meant for that one person.
func (i Identity) MayReadWhatIsPersonal() bool { return i.Believed || i.Level >= LevelVerified }

// ID is the visitor's id inside a workspace: "u:" and the user id when the visitor identified, otherwise "a:" and the
// anonymous id. It is empty when the identity names nobody.
func (i Identity) ID() string {
	switch {
	case i.User != "":
		return "u:" + i.User
	case i.Anonymous != "":
		return "a:" + i.Anonymous
	}
	return ""
}
