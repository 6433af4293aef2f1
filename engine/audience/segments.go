package audience

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// SegmentSource is a segment as a workspace defines it: with a condition or with a list of ids.
type SegmentSource struct {
	// Name is what audiences and segment("…") call it.
	Name string
	// Where is the condition that makes somebody a member.
	Where string
	// IDs is a list of user ids or anonymous ids, one on a line; empty lines and blanks around an id do not count.
	// nil: the segment has a condition instead.
	IDs []byte
}

// SegmentError says what is wrong with a segment, or looks wrong.
type SegmentError struct {
	// Segment is its name, Index its place among the sources.
	Segment string
	Index   int
	// Key says where: "id", "where" or "ids".
	Key string
	// Problem says what; its place is inside the condition or the list.
	Problem
}

// Error names the segment, the place, the problem and what to do.
func (e *SegmentError) Error() string {
	return fmt.Sprintf("segment %q: %s: %s", e.Segment, e.Key, e.Problem.Error())
}

// Segments are the segments of a workspace. They are immutable.
type Segments struct {
	places   map[string]int
	segments []compiledSegment
	warnings []SegmentError
}

type compiledSegment struct {
	name      string
	condition *Condition
	ids       *idList
	broken    bool
}

// membership is what facts remember of a segment.
type membership uint8

const (
	notAsked membership = iota
	member
	outsider
	// asking: the answer is being found out.
	asking
)

// CompileSegments compiles all segments and finds everything that is wrong with them. The segments that are right can be
// used in any case: nobody is in one that is wrong, nor in one that uses it.
func CompileSegments(environment *Environment, sources []SegmentSource) (*Segments, []SegmentError) {
	s := &Segments{places: make(map[string]int, len(sources)), segments: make([]compiledSegment, len(sources))}
	var wrong []SegmentError
	for i, source := range sources {
		compiled, key, err := s.compile(environment, source)
		if _, twice := s.places[source.Name]; twice {
			key, err = "id", &Problem{1, 1, "there is another segment of this name", "give one of them another name"}
		} else {
			s.places[source.Name] = i
		}
		compiled.name, compiled.broken = source.Name, err != nil
		s.segments[i] = compiled
		if err != nil {
			wrong = append(wrong, SegmentError{source.Name, i, key, *asProblem(err)})
		} else if compiled.condition != nil {
			for _, warning := range compiled.condition.Warnings() {
				s.warnings = append(s.warnings, SegmentError{source.Name, i, "where", warning})
			}
		}
	}
	wrong = append(wrong, s.checkUses()...)
	slices.SortStableFunc(wrong, func(a, b SegmentError) int { return a.Index - b.Index })
	return s, wrong
}

func asProblem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return &Problem{1, 1, err.Error(), "write it as docs/conditions.md shows"}
}

func (s *Segments) compile(environment *Environment, source SegmentSource) (compiledSegment, string, error) {
	var c compiledSegment
	var err error
	switch {
	case source.Name == "":
		return c, "id", &Problem{1, 1, "the segment has no name", `give it one: id = "trial-users"`}
	case isGeneral(source.Name) || strings.HasPrefix(source.Name, "!") || strings.TrimSpace(source.Name) != source.Name:
		return c, "id", &Problem{1, 1, fmt.Sprintf("%q cannot be a segment's name", source.Name), `choose another, such as "trial-users": anyone, anonymous and identified are audiences already, and "!" means not`}
	case source.IDs != nil && source.Where != "":
		return c, "ids", &Problem{1, 1, "the segment has both a condition and a list", `make two segments, and a third with where = 'segment("a") || segment("b")'`}
	case source.IDs != nil:
		c.ids, err = environment.list(source.IDs)
		return c, "ids", err
	default:
		c.condition, err = environment.Compile(source.Where)
		return c, "where", err
	}
}

// checkUses finds segments that use unknown ones, or themselves by a circle.
func (s *Segments) checkUses() []SegmentError {
	var wrong []SegmentError
	report := func(i int, at place, text, fix string) {
		s.segments[i].broken = true
		wrong = append(wrong, SegmentError{s.segments[i].name, i, "where", *at.problem(text, fix)})
	}
	state := make([]uint8, len(s.segments)) // 0 new, 1 on the path, 2 done
	var path []int
	var visit func(i int)
	visit = func(i int) {
		state[i], path = 1, append(path, i)
		for _, use := range s.segments[i].uses() {
			next, found := s.places[use.name]
			switch {
			case !found:
				err := s.unknown(use.name)
				report(i, use.at, err.Text, err.Fix)
			case state[next] == 1:
				circle := s.circle(path[slices.Index(path, next):])
				report(i, use.at, "the segments go in a circle: "+circle, "take one of them out of another's condition")
			case state[next] == 0:
				visit(next)
			}
			s.segments[i].broken = s.segments[i].broken || found && s.segments[next].broken
		}
		state[i], path = 2, path[:len(path)-1]
	}
	for i := range s.segments {
		if state[i] == 0 {
			visit(i)
		}
	}
	return wrong
}

func (c *compiledSegment) uses() []segmentUse {
	if c.condition == nil {
		return nil
	}
	return c.condition.segments
}

func (s *Segments) circle(path []int) string {
	var names []string
	for _, i := range append(slices.Clone(path), path[0]) {
		names = append(names, s.segments[i].name)
	}
	return strings.Join(names, " -> ")
}

func (s *Segments) unknown(name string) *Problem {
	fix := "define it: [[segments]] id = \"" + name + "\""
	if s != nil {
		if near := Nearest(name, keys(s.places)); near != "" {
			fix = fmt.Sprintf("write %q, or %s", near, fix)
		}
	}
	return &Problem{1, 1, fmt.Sprintf("there is no segment %q", name), fix}
}

// Warnings are what is probably a mistake in the segments' conditions.
func (s *Segments) Warnings() []SegmentError { return s.warnings }

// Check finds the segments that a condition asks for and that are not there, or are wrong themselves. The error is a
// [*Problem] with the place in the condition.
func (s *Segments) Check(c *Condition) error {
	for _, use := range c.segments {
		if err := s.checkName(use.name); err != nil {
			err.Line, err.Column = use.at.line, use.at.column
			return err
		}
	}
	return nil
}

func (s *Segments) checkName(name string) *Problem {
	if s == nil {
		return s.unknown(name)
	}
	i, found := s.places[name]
	switch {
	case !found:
		return s.unknown(name)
	case s.segments[i].broken:
		return &Problem{1, 1, fmt.Sprintf("the segment %q is wrong", name), "correct the segment, or leave it out here"}
	}
	return nil
}

// Uses says whether a condition, or a segment that it asks for, looks at a variable; see [Condition.Uses].
func (s *Segments) Uses(c *Condition, variable string) bool {
	return s.uses(c, variable, make(map[string]bool))
}

func (s *Segments) uses(c *Condition, variable string, seen map[string]bool) bool {
	if c.Uses(variable) {
		return true
	}
	return slices.ContainsFunc(c.segments, func(use segmentUse) bool { return s.segmentUses(use.name, variable, seen) })
}

// SegmentUses says whether being in a segment depends on a variable; see [Condition.Uses].
func (s *Segments) SegmentUses(name, variable string) bool {
	return s.segmentUses(name, variable, make(map[string]bool))
}

func (s *Segments) segmentUses(name, variable string, seen map[string]bool) bool {
	if s == nil || seen[name] {
		return false
	}
	seen[name] = true
	i, found := s.places[name]
	if !found {
		return false
	}
	if c := s.segments[i].condition; c != nil {
		return s.uses(c, variable, seen)
	}
	return variable == "visitor"
}

// Contains says whether the visitor is in a segment. Everybody is or is not: what a condition cannot decide is not.
// Nobody is in a segment that does not exist.
func (s *Segments) Contains(name string, f *Facts) bool {
	if s == nil {
		return false
	}
	i, found := s.places[name]
	if !found || s.segments[i].broken {
		return false
	}
	if f.asked != s {
		f.asked, f.members = s, append(f.members[:0], make([]membership, len(s.segments))...)
	}
	if f.members[i] == notAsked {
		f.members[i] = asking
		f.members[i] = s.ask(i, f)
	}
	return f.members[i] == member
}

// ask finds out whether the visitor is in a segment. Each segment may cost what a condition may, so that the answer is the
// same whoever asks first.
func (s *Segments) ask(i int, f *Facts) membership {
	spent := f.spent
	f.spent = 0
	var holds bool
	if c := s.segments[i].condition; c != nil {
		holds = c.root.value(f).isTrue()
	} else {
		holds = s.segments[i].ids.contains(f.Visitor.User) || s.segments[i].ids.contains(f.Visitor.Anonymous)
	}
	f.spent = spent
	if holds {
		return member
	}
	return outsider
}

// Explain says whether the visitor is in a segment, and why.
func (s *Segments) Explain(name string, f *Facts) Explanation {
	explanation := Explanation{Holds: s.Contains(name, f), Why: s.why(name, f)}
	if s != nil {
		if i, found := s.places[name]; found && s.segments[i].condition != nil {
			explanation.Checks = s.segments[i].condition.Explain(f).Checks
		}
	}
	return explanation
}

func (s *Segments) why(name string, f *Facts) string {
	if err := s.checkName(name); err != nil {
		return err.Text
	}
	where := "is in"
	if !s.Contains(name, f) {
		where = "is not in"
	}
	said := fmt.Sprintf("the visitor %s the segment %q", where, name)
	of := &s.segments[s.places[name]]
	if of.condition == nil {
		return said + fmt.Sprintf(", a list of %d ids", of.ids.length())
	}
	return said + " (" + of.condition.explain.why(f) + ")"
}
