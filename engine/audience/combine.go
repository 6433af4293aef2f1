package audience

import (
	"fmt"
	"slices"
	"strings"
)

// The audiences that need no segment.
const (
	Anyone     = "anyone"
	Anonymous  = "anonymous"
	Identified = "identified"
)

func isGeneral(name string) bool { return name == Anyone || name == Anonymous || name == Identified }

// Audience says to whom a message is shown: to whoever is in one of the included names, and in none of the excluded. A name
// is "anyone", "anonymous", "identified" or a segment's. It is immutable, and knows segments by name only: which they
// are, the facts say.
type Audience struct {
	included, excluded []string
	text               string
}

// NewAudience reads an audience: one or more names, those with a leading "!" excluded. Any of the names without "!" is
// enough; where all have one, everybody else is included. No names at all mean anyone. The error is a [*Problem];
// whether the segments exist, [Segments.CheckAudience] knows.
func NewAudience(names []string) (*Audience, error) {
	a := &Audience{text: strings.Join(names, ", ")}
	for _, name := range names {
		bare, excluded := strings.CutPrefix(name, "!")
		switch {
		case strings.TrimSpace(bare) == "":
			return nil, &Problem{1, 1, "an audience's name is empty", `write "anyone", "anonymous", "identified" or a segment's name`}
		case bare == "!"+Anyone || strings.HasPrefix(bare, "!"):
			return nil, &Problem{1, 1, fmt.Sprintf("%q has more than one exclamation mark", name), "write one, or none"}
		case excluded && bare == Anyone:
			return nil, &Problem{1, 1, `"!anyone" leaves nobody`, `write status = "paused" to show a message to nobody`}
		case slices.Contains(a.included, bare) || slices.Contains(a.excluded, bare):
			return nil, &Problem{1, 1, fmt.Sprintf("%q is there twice", bare), "write it once, with or without an exclamation mark"}
		case excluded:
			a.excluded = append(a.excluded, bare)
		default:
			a.included = append(a.included, bare)
		}
	}
	if len(a.included) == 0 {
		a.included = []string{Anyone}
	}
	return a, nil
}

// String is the audience's names.
func (a *Audience) String() string {
	if a.text == "" {
		return Anyone
	}
	return a.text
}

// Segments are the names of the segments in the audience, included or excluded.
func (a *Audience) Segments() []string {
	var names []string
	for _, name := range slices.Concat(a.included, a.excluded) {
		if !isGeneral(name) {
			names = append(names, name)
		}
	}
	return names
}

// CheckAudience finds the segments of an audience that are not there, or are wrong themselves. The error is a [*Problem]
// without a place.
func (s *Segments) CheckAudience(a *Audience) error {
	for _, name := range a.Segments() {
		if err := s.checkName(name); err != nil {
			general := []string{Anyone, Anonymous, Identified}
			if near := Nearest(name, slices.Values(general)); near != "" {
				err.Fix = fmt.Sprintf("write %q", near)
			} else if strings.HasPrefix(err.Fix, "define") {
				err.Fix = `write "anyone", "anonymous" or "identified", or ` + err.Fix
			}
			return err
		}
	}
	return nil
}

// AudienceUses says whether a segment of the audience looks at a variable; see [Condition.Uses].
func (s *Segments) AudienceUses(a *Audience, variable string) bool {
	seen := make(map[string]bool)
	return slices.ContainsFunc(a.Segments(), func(name string) bool { return s.segmentUses(name, variable, seen) })
}

// Contains says whether the visitor belongs to the audience.
func (a *Audience) Contains(f *Facts) bool {
	for _, name := range a.excluded {
		if f.isIn(name) {
			return false
		}
	}
	for _, name := range a.included {
		if f.isIn(name) {
			return true
		}
	}
	return false
}

func (f *Facts) isIn(name string) bool {
	switch name {
	case Anyone:
		return true
	case Anonymous:
		return !f.Visitor.Identified
	case Identified:
		return f.Visitor.Identified
	default:
		return f.Segments.Contains(name, f)
	}
}

// Explain says whether the visitor belongs to the audience, and why.
func (a *Audience) Explain(f *Facts) Explanation {
	explanation := Explanation{Holds: a.Contains(f)}
	var deciding []string
	for _, name := range slices.Concat(a.excluded, a.included) {
		in := f.isIn(name)
		excluded := slices.Contains(a.excluded, name)
		text := name
		if excluded {
			text = "!" + name
		}
		explanation.Checks = append(explanation.Checks, Check{Text: text, Result: resultOf(truth(in != excluded))})
		switch {
		case excluded && in:
			deciding = append(deciding, "excluded: "+f.whyIn(name))
		case !excluded && in == explanation.Holds:
			deciding = append(deciding, f.whyIn(name))
		}
	}
	if len(deciding) > 0 && strings.HasPrefix(deciding[0], "excluded: ") {
		deciding = deciding[:1]
	}
	explanation.Why = strings.Join(deciding, "; ")
	if !explanation.Holds {
		explanation.Needs = a.needs(f)
	}
	return explanation
}

// needs says what would make somebody who is not in the audience belong to it.
func (a *Audience) needs(f *Facts) string {
	for _, name := range a.excluded {
		if f.isIn(name) {
			return "!" + asked(name)
		}
	}
	var names []string
	for _, name := range a.included {
		names = append(names, asked(name))
	}
	return strings.Join(names, " || ")
}

// asked is how a condition asks for a name of an audience.
func asked(name string) string {
	switch name {
	case Anonymous, Identified:
		return "visitor." + name
	case Anyone:
		return "true"
	}
	return fmt.Sprintf("segment(%q)", name)
}

func (f *Facts) whyIn(name string) string {
	switch {
	case name == Anyone:
		return "anyone belongs to it"
	case !isGeneral(name):
		return f.Segments.why(name, f)
	case f.Visitor.Identified:
		return "the visitor is identified"
	}
	return "the visitor is anonymous"
}
