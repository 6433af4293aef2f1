package audience

import (
	"strings"
	"sync"
	"testing"
)

// Visitors choose their traits: what would take too long is not decided, and so does not hold.
func TestWhatCostsTooMuchDoesNotHold(t *testing.T) {
	long := strings.Repeat("y", 256*maxSteps+256)
	for _, test := range []struct {
		condition    string
		small, large map[string]any
	}{
		{`traits.tags.exists(tag, tag == "x")`, map[string]any{"tags": many("x", 9)}, map[string]any{"tags": append(many("y", maxSteps), "x")}},
		{`traits.tags.all(tag, tag != "x")`, map[string]any{"tags": many("y", 9)}, map[string]any{"tags": many("y", maxSteps+1)}},
		{`!traits.tags.exists(tag, tag == "x")`, map[string]any{"tags": many("y", 9)}, map[string]any{"tags": many("y", maxSteps+1)}},
		{`traits.tags.all(tag, tag.matches("y"))`, map[string]any{"tags": many("y", 9)}, map[string]any{"tags": many(strings.Repeat("y", 1600), 300)}},
		{`traits.bio.matches("y$")`, map[string]any{"bio": "y"}, map[string]any{"bio": strings.Repeat("y", maxMatched+1)}},
		{`!traits.bio.matches("x")`, map[string]any{"bio": "y"}, map[string]any{"bio": strings.Repeat("y", maxMatched+1)}},
		{`!("x" in traits.tags)`, map[string]any{"tags": many("y", 9)}, map[string]any{"tags": many("y", 16*maxSteps+16)}},
		{`!traits.bio.contains("x")`, map[string]any{"bio": "y"}, map[string]any{"bio": long}},
		{`traits.bio.lowerAscii() != ""`, map[string]any{"bio": "y"}, map[string]any{"bio": long}},
		{`traits.bio + "x" != ""`, map[string]any{"bio": "y"}, map[string]any{"bio": long}},
		{`segment("without-x")`, map[string]any{"tags": many("y", 9)}, map[string]any{"tags": many("y", maxSteps+1)}},
	} {
		f, c := ada(), compileCondition(t, test.condition)
		f.Segments = compileSegments(t, SegmentSource{Name: "without-x", Where: `!traits.tags.exists(tag, tag == "x")`})
		if f.Traits = test.small; !c.Holds(f) {
			t.Errorf("%s does not hold of little", test.condition)
		}
		f.asked = nil
		if f.Traits = test.large; c.Holds(f) {
			t.Errorf("%s holds of much", test.condition)
		}
	}
	f := ada()
	f.Page.Query = long + "&ref=mail"
	if compileCondition(t, `page.parameter("ref") == "mail"`).Holds(f) {
		t.Error("a parameter is found in a query that is too long")
	}
}

func many(item string, count int) []any {
	items := make([]any, count)
	for i := range items {
		items[i] = item
	}
	return items
}

// A segment has the same members whoever asks first.
func TestWhatAConditionHasCostIsNotChargedToSegments(t *testing.T) {
	f := ada()
	f.Traits["many"] = many("y", maxSteps-1)
	f.Segments = compileSegments(t, sources...)
	if !compileCondition(t, `traits.many.all(item, item == "y") && segment("active-trial")`).Holds(f) {
		t.Error("does not hold")
	}
}

func TestLongestCondition(t *testing.T) {
	text := `visitor.new`
	for len(text) < maxLength-len(` || visitor.new`) {
		text += ` || visitor.new`
	}
	if c := compileCondition(t, text); c.Holds(ada()) {
		t.Error("holds")
	}
	deep := strings.Repeat("(", 20) + `visitor.identified` + strings.Repeat(")", 20)
	if c := compileCondition(t, deep); !c.Holds(ada()) {
		t.Error("does not hold")
	}
}

func TestHoldsAllocatesNothing(t *testing.T) {
	for _, condition := range append([]string{`traits["Job title"] != "CEO" && !("x" in traits.tags)`, `!(traits.company > 5) || traits.address.city == "Bonn"`}, typical...) {
		c, f := compileCondition(t, condition), ada()
		if allocations := testing.AllocsPerRun(100, func() { c.Holds(f) }); allocations > 0 {
			t.Errorf("%s: %v allocations", condition, allocations)
		}
	}
	f, segments := ada(), compileSegments(t, sources...)
	a, err := NewAudience([]string{"active-trial", "!staff"})
	if err != nil {
		t.Fatal(err)
	}
	if allocations := testing.AllocsPerRun(100, func() {
		f.Reset()
		f.Segments = segments
		a.Contains(f)
	}); allocations > 0 {
		t.Errorf("an audience: %v allocations", allocations)
	}
}

func TestIdenticalConditionsCompileOnce(t *testing.T) {
	e := environment(t, map[string]string{"plan": "string"})
	compile := func(e *Environment, text string) *Condition {
		t.Helper()
		c, err := e.Compile(text)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := compile(e, `traits.plan == "trial"`)
	if compile(e, `traits.plan == "trial"`) != first {
		t.Error("compiled twice")
	}
	next := func(e *Environment, types map[string]string) *Environment {
		t.Helper()
		n, err := e.Next(types)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	second := next(e, map[string]string{"plan": "string"})
	if compile(second, `traits.plan == "trial"`) != first {
		t.Error("compiled anew for the next version")
	}
	third := next(next(second, map[string]string{"plan": "string"}), map[string]string{"plan": "string"})
	if compile(third, `traits.plan == "trial"`) == first {
		t.Error("kept though a version did not ask for it")
	}
	if c := compile(next(second, map[string]string{"plan": "int"}), `traits.plan == "trial"`); c == first || len(c.Warnings()) != 1 {
		t.Error("not compiled anew for other types:", c.Warnings())
	}
	if _, err := second.Next(map[string]string{"plan": "text"}); err == nil {
		t.Error("a type that there is not is accepted")
	}
	if _, err := e.Compile("visit.cuont > 2"); err == nil {
		t.Error("no error")
	}
	if _, err := next(e, map[string]string{"plan": "string"}).Compile("visit.cuont > 2"); err == nil {
		t.Error("no error in the next version")
	}
}

func TestListsAreReadOnce(t *testing.T) {
	e := environment(t, nil)
	source := SegmentSource{Name: "invited", IDs: []byte("ada@example.com\n")}
	first, _ := CompileSegments(e, []SegmentSource{source})
	next, err := e.Next(nil)
	if err != nil {
		t.Fatal(err)
	}
	second, _ := CompileSegments(next, []SegmentSource{source})
	if first.segments[0].ids != second.segments[0].ids {
		t.Error("read anew for the next version")
	}
}

func TestManyAtOnce(t *testing.T) {
	e := environment(t, map[string]string{"plan": "string"})
	segments := compileSegments(t, sources...)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			f := ada()
			f.Segments = segments
			for _, condition := range append([]string{`segment("active-trial")`}, typical...) {
				c, err := e.Compile(condition)
				if err != nil {
					t.Error(err)
					return
				}
				for range 20 {
					c.Holds(f)
				}
				c.Explain(f)
			}
		})
	}
	group.Wait()
}
