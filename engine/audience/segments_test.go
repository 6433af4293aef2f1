package audience

import (
	"slices"
	"strings"
	"testing"
)

var sources = []SegmentSource{
	{Name: "trial-users", Where: `traits.plan == "trial" && visit.count >= 2`},
	{Name: "active-trial", Where: `segment("trial-users") && !segment("staff")`},
	{Name: "staff", IDs: []byte("\ufeffgrace@example.com\r\n\n  ada@example.org  \nbrowser-9\ngrace@example.com")},
	{Name: "customers", Where: `traits.company != "Acme"`},
	{Name: "nobody", IDs: []byte{}},
}

func compileSegments(t testing.TB, sources ...SegmentSource) *Segments {
	t.Helper()
	s, wrong := CompileSegments(environment(t, nil), sources)
	for _, err := range wrong {
		t.Error(err.Error())
	}
	return s
}

func TestSegments(t *testing.T) {
	segments := compileSegments(t, sources...)
	grace := &Facts{Visitor: Visitor{User: "grace@example.com", Identified: true}, Traits: map[string]any{"plan": "trial"}, Visit: Visit{Count: 2}}
	browser := &Facts{Visitor: Visitor{Anonymous: "browser-9"}}
	for _, test := range []struct {
		sentence string
		facts    *Facts
		in       string
	}{
		{"somebody on a trial", ada(), "active-trial trial-users"},
		{"somebody of the staff on a trial", grace, "staff trial-users"},
		{"somebody known by the browser only", browser, "staff"},
		{"somebody of whom nothing is known", &Facts{}, ""},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			test.facts.Segments = segments
			var in []string
			for _, source := range sources {
				if segments.Contains(source.Name, test.facts) != segments.Explain(source.Name, test.facts).Holds {
					t.Errorf("explained otherwise: %s", source.Name)
				}
				if segments.Contains(source.Name, test.facts) {
					in = append(in, source.Name)
				}
			}
			slices.Sort(in)
			if got := strings.Join(in, " "); got != test.in {
				t.Errorf("in %q, want %q", got, test.in)
			}
		})
	}
}

// A segment is a set: who cannot be said to be in it is not, and so is in its opposite.
func TestWhoIsNotInASegmentIsInItsOpposite(t *testing.T) {
	f := ada()
	f.Segments = compileSegments(t, sources...)
	for condition, holds := range map[string]bool{
		`segment("customers")`: false, `!segment("customers")`: true, `traits.company != "Acme"`: false, `segment("unknown")`: false, `!segment("unknown")`: true,
	} {
		if c := compileCondition(t, condition); c.Holds(f) != holds {
			t.Errorf("%s is %t", condition, !holds)
		}
	}
}

func TestConditionsKnowNoSegmentsWithoutAny(t *testing.T) {
	f := ada()
	if compileCondition(t, `segment("trial-users")`).Holds(f) {
		t.Error("in a segment though there are none")
	}
	var none *Segments
	if err := none.Check(compileCondition(t, `segment("trial-users")`)); err == nil {
		t.Error("no error")
	}
}

// Facts may be filled anew, for another visitor or with other segments.
func TestFactsForgetWhatTheyWereAsked(t *testing.T) {
	f := ada()
	f.Segments = compileSegments(t, sources...)
	c := compileCondition(t, `segment("trial-users")`)
	if !c.Holds(f) {
		t.Fatal("not in the segment")
	}
	f.Reset()
	f.Segments = compileSegments(t, sources...)
	if c.Holds(f) {
		t.Error("in the segment though nothing is known any more")
	}
	*f = *ada()
	f.Segments = compileSegments(t, SegmentSource{Name: "trial-users", Where: "visitor.new"})
	if c.Holds(f) {
		t.Error("in the segment of earlier segments")
	}
}

func TestSegmentMistakes(t *testing.T) {
	e := environment(t, map[string]string{"plan": "string"})
	tests := []struct {
		name    string
		sources []SegmentSource
		errors  []string
	}{
		{"a condition that is wrong", []SegmentSource{{Name: "a", Where: "visit.cuont > 2"}}, []string{`segment "a": where: 1:6: visit has no cuont; write count`}},
		{"neither condition nor list", []SegmentSource{{Name: "a"}}, []string{`segment "a": where: 1:1: the condition is empty; write one such as traits.plan == "trial", or leave it out`}},
		{"both", []SegmentSource{{Name: "a", Where: "visitor.new", IDs: []byte("x")}}, []string{`segment "a": ids: 1:1: the segment has both a condition and a list; make two segments, and a third with where = 'segment("a") || segment("b")'`}},
		{"no name", []SegmentSource{{Where: "visitor.new"}}, []string{`segment "": id: 1:1: the segment has no name; give it one: id = "trial-users"`}},
		{"a name that is taken", []SegmentSource{{Name: "a", Where: "visitor.new"}, {Name: "a", Where: "visitor.new"}}, []string{`segment "a": id: 1:1: there is another segment of this name; give one of them another name`}},
		{"a name of a general audience", []SegmentSource{{Name: "identified", Where: "visitor.new"}}, []string{`segment "identified": id: 1:1: "identified" cannot be a segment's name; choose another, such as "trial-users": anyone, anonymous and identified are audiences already, and "!" means not`}},
		{"a segment that there is not", []SegmentSource{{Name: "trial-users", Where: "visitor.new"}, {Name: "b", Where: `segment("trial-user")`}}, []string{`segment "b": where: 1:8: there is no segment "trial-user"; write "trial-users", or define it: [[segments]] id = "trial-user"`}},
		{"itself", []SegmentSource{{Name: "a", Where: `segment("a")`}}, []string{`segment "a": where: 1:8: the segments go in a circle: a -> a; take one of them out of another's condition`}},
		{"a circle", []SegmentSource{{Name: "a", Where: `segment("b")`}, {Name: "b", Where: `visitor.new || segment("c")`}, {Name: "c", Where: `segment("b")`}}, []string{`segment "c": where: 1:8: the segments go in a circle: b -> c -> b; take one of them out of another's condition`}},
		{"an id of unprintable characters", []SegmentSource{{Name: "a", IDs: []byte("ada\ngr\x00ce")}}, []string{`segment "a": ids: 2:1: an id has a character that cannot be printed; save the list as UTF-8 text with one id on each line`}},
		{"an id that is too long", []SegmentSource{{Name: "a", IDs: []byte(strings.Repeat("x", 513))}}, []string{`segment "a": ids: 1:1: an id has 513 bytes; at most 512 are allowed; write one id on each line`}},
		{"several at once, in their order", []SegmentSource{{Name: "a", Where: `segment("x")`}, {Name: "b", Where: "1"}}, []string{
			`segment "a": where: 1:8: there is no segment "x"; define it: [[segments]] id = "x"`,
			`segment "b": where: 1:1: the condition is a whole number, not true or false; compare it with something, such as traits.plan == "trial"`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			segments, wrong := CompileSegments(e, test.sources)
			var got []string
			for _, err := range wrong {
				got = append(got, err.Error())
			}
			if !slices.Equal(got, test.errors) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.errors, "\n"))
			}
			for _, err := range wrong {
				if err.Segment != test.sources[err.Index].Name {
					t.Errorf("segment %q is not the one at %d", err.Segment, err.Index)
				}
			}
			f := ada()
			f.Segments = segments
			if last := test.sources[len(test.sources)-1].Name; len(test.errors) == 1 && len(test.sources) == 1 && segments.Contains(last, f) {
				t.Error("somebody is in a segment that is wrong")
			}
		})
	}
}

func TestWarningsOfSegments(t *testing.T) {
	s, wrong := CompileSegments(environment(t, map[string]string{"plan": "string"}), []SegmentSource{{Name: "a", Where: "visitor.new"}, {Name: "b", Where: "traits.paln == 'x'"}})
	if len(wrong) > 0 || len(s.Warnings()) != 1 {
		t.Fatal(wrong, s.Warnings())
	}
	if got, want := s.Warnings()[0].Error(), `segment "b": where: 1:7: the trait paln is not declared; write traits.plan, or declare it: traits = { paln = "string" }`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Nobody is in a segment that is wrong, nor in one that uses it; the others work.
func TestASegmentThatIsWrongSpoilsOnlyThoseThatUseIt(t *testing.T) {
	s, wrong := CompileSegments(environment(t, nil), append([]SegmentSource{
		{Name: "wrong", Where: "visit.cuont > 2"}, {Name: "uses-wrong", Where: `visitor.identified || segment("wrong")`},
	}, sources...))
	if len(wrong) != 1 {
		t.Fatal(wrong)
	}
	f := ada()
	f.Segments = s
	if s.Contains("wrong", f) || s.Contains("uses-wrong", f) || !s.Contains("active-trial", f) {
		t.Error("in the wrong segments")
	}
	err := s.Check(compileCondition(t, `visitor.new || segment("uses-wrong")`))
	if want := `1:23: the segment "uses-wrong" is wrong; correct the segment, or leave it out here`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestWhatSegmentsUse(t *testing.T) {
	s := compileSegments(t, sources...)
	for condition, variables := range map[string]string{
		`visitor.new`: "visitor", `segment("active-trial")`: "traits visit visitor", `segment("staff") && now > timestamp("2026-01-01")`: "now visitor", `segment("unknown")`: "",
	} {
		var used []string
		for _, variable := range []string{"event", "events", "now", "page", "request", "traits", "visit", "visitor"} {
			if s.Uses(compileCondition(t, condition), variable) {
				used = append(used, variable)
			}
		}
		if got := strings.Join(used, " "); got != variables {
			t.Errorf("%s uses %q, want %q", condition, got, variables)
		}
	}
}

func TestAudiences(t *testing.T) {
	segments := compileSegments(t, sources...)
	anonymous := &Facts{Visitor: Visitor{Anonymous: "browser-1"}, Segments: segments}
	identified := ada()
	identified.Segments = segments
	for _, test := range []struct {
		names                 string
		anonymous, identified bool
	}{
		{"", true, true},
		{"anyone", true, true},
		{"anonymous", true, false},
		{"identified", false, true},
		{"anonymous identified", true, true},
		{"trial-users", false, true},
		{"staff", false, false},
		{"staff trial-users", false, true},
		{"staff anonymous", true, false},
		{"!trial-users", true, false},
		{"!identified", true, false},
		{"identified !staff", false, true},
		{"identified !active-trial", false, false},
		{"trial-users !active-trial", false, false},
		{"!staff !nobody", true, true},
		{"unknown", false, false},
		{"!unknown", true, true},
	} {
		a, err := NewAudience(strings.Fields(test.names))
		if err != nil {
			t.Fatal(err)
		}
		for _, each := range []struct {
			facts *Facts
			want  bool
		}{{anonymous, test.anonymous}, {identified, test.identified}} {
			explanation := a.Explain(each.facts)
			if got := a.Contains(each.facts); got != each.want || explanation.Holds != got || explanation.Why == "" {
				t.Errorf("%q with %s: %t, explained as %+v", test.names, each.facts.Visitor.ID(), got, explanation)
			}
		}
	}
}

func TestAudienceMistakes(t *testing.T) {
	segments := compileSegments(t, sources...)
	for names, problem := range map[string]string{
		" ":                "1:1: an audience's name is empty; write \"anyone\", \"anonymous\", \"identified\" or a segment's name",
		"!":                "1:1: an audience's name is empty; write \"anyone\", \"anonymous\", \"identified\" or a segment's name",
		"!anyone":          `1:1: "!anyone" leaves nobody; write status = "paused" to show a message to nobody`,
		"!!staff":          `1:1: "!!staff" has more than one exclamation mark; write one, or none`,
		"staff,!staff":     `1:1: "staff" is there twice; write it once, with or without an exclamation mark`,
		"identifed":        `1:1: there is no segment "identifed"; write "identified"`,
		"stuff":            `1:1: there is no segment "stuff"; write "staff", or define it: [[segments]] id = "stuff"`,
		"staff,!vip":       `1:1: there is no segment "vip"; write "anyone", "anonymous" or "identified", or define it: [[segments]] id = "vip"`,
		"staff,identified": "",
	} {
		a, err := NewAudience(strings.Split(names, ","))
		if err == nil {
			err = segments.CheckAudience(a)
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != problem {
			t.Errorf("%s\n got %s\nwant %s", names, got, problem)
		}
	}
	a, _ := NewAudience([]string{"trial-users", "!staff", "identified"})
	if got := strings.Join(a.Segments(), " "); got != "trial-users staff" || a.String() != "trial-users, !staff, identified" {
		t.Error(got, a.String())
	}
	if !segments.AudienceUses(a, "traits") || segments.AudienceUses(a, "page") {
		t.Error("the audience uses traits by its segment, and nothing of the page")
	}
}
