package audience

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"cel.dev/cel-go/cel"
)

// Where CEL and conditions mean the same, which is everywhere but in what docs/conditions.md lists, cel-go's interpreter must
// answer as ours does. A choice sequence makes an expression of that common part.
type generator struct{ choices []byte }

func (g *generator) choose(n int) int {
	if len(g.choices) == 0 {
		return 0
	}
	choice := int(g.choices[0]) % n
	g.choices = g.choices[1:]
	return choice
}

func (g *generator) of(options ...string) string { return options[g.choose(len(options))] }

func (g *generator) condition(depth int) string {
	if depth == 0 {
		return g.comparison()
	}
	a := func() string { return g.condition(depth - 1) }
	switch g.choose(9) {
	case 0:
		return "(" + a() + " && " + a() + ")"
	case 1:
		return "(" + a() + " || " + a() + ")"
	case 2:
		return "!(" + a() + ")"
	case 3:
		return "(" + a() + " ? " + a() + " : " + a() + ")"
	case 4:
		return a() + " && " + a() + " && " + a()
	default:
		return g.comparison()
	}
}

func (g *generator) comparison() string {
	order := g.of("==", "!=", "<", "<=", ">", ">=")
	switch g.choose(10) {
	case 0:
		return g.text() + " " + order + " " + g.text()
	case 1:
		return g.number() + " " + order + " " + g.number()
	case 2:
		other := g.integer()
		// CEL's checker lets both kinds of numbers be ordered, but not be equal.
		if order != "==" && order != "!=" {
			other = g.of(other, g.number())
		}
		return g.integer() + " " + order + " " + other
	case 3:
		return g.text() + " in [" + g.text() + `, "trial", ` + g.text() + "]"
	case 4:
		return g.text() + g.of(".startsWith(", ".endsWith(", ".contains(") + g.text() + ")"
	case 5:
		return g.text() + ".matches(" + g.of(`"^t"`, `"[A-Z]"`, `""`, `"l$"`) + ")"
	case 6:
		return "has(traits." + g.of("plan", "company", "seats", "address") + ")"
	case 7:
		list := g.of("traits.tags", "traits.none", "traits.plan", `["a", "trial"]`)
		return list + g.of(".exists(", ".all(", ".exists_one(") + "item, item " + g.of("==", "!=", "<") + g.of(` "vip-gold"`, ` "trial"`) + ")"
	case 8:
		return g.text() + " in traits.tags"
	default:
		return g.of("traits.beta", "true", "false", "traits.company", "traits.plan == traits.first_name")
	}
}

func (g *generator) text() string {
	return g.of("traits.plan", "traits.company", "traits.first_name", `"trial"`, `"Ada"`, `""`, `"tr"`, "traits.address.city", `traits["Job title"]`,
		"traits.tags[0]", "traits.tags[2]", "traits.address.street", `(traits.plan + "x")`)
}

func (g *generator) number() string {
	return g.of("traits.seats", "traits.quota", "traits.missing_number", "5.0", "0.85", "-1.5", "(traits.seats * 2.0)", "(traits.seats - traits.quota)",
		"(traits.quota / 4.0)", "double(visit.count)", "-traits.seats")
}

func (g *generator) integer() string {
	return g.of("visit.count", "3", "0", "-7", "(visit.count / 0)", "(visit.count % 2)", "(visit.count * 9223372036854775807)", "(2 - visit.count)",
		"size(traits.plan)", "size(traits.tags)", "int(traits.quota)", "int(traits.account)", "-visit.count", "9223372036854775807")
}

// oracle is cel-go's own evaluation.
type oracle struct{ language *cel.Env }

func newOracle(t testing.TB) *oracle {
	t.Helper()
	anything := cel.MapType(cel.StringType, cel.DynType)
	language, err := cel.NewEnv(cel.Variable("traits", anything), cel.Variable("visit", anything), cel.CrossTypeNumericComparisons(true))
	if err != nil {
		t.Fatal(err)
	}
	return &oracle{language}
}

func (o *oracle) holds(t testing.TB, text string, f *Facts) bool {
	t.Helper()
	checked, issues := o.language.Compile(text)
	if issues.Err() != nil {
		t.Fatalf("%s: %v", text, issues.Err())
	}
	program, err := o.language.Program(checked)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	result, _, err := program.Eval(map[string]any{"traits": f.Traits, "visit": map[string]any{"count": f.Visit.Count}})
	return err == nil && result.Value() == true
}

func (o *oracle) compare(t testing.TB, e *Environment, choices []byte) {
	t.Helper()
	text := (&generator{choices}).condition(3)
	f := ada()
	c, err := e.Compile(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if ours, theirs := c.Holds(f), o.holds(t, text, f); ours != theirs {
		t.Errorf("%s: ours %t, CEL's %t", text, ours, theirs)
	}
	if explained := c.Explain(f); explained.Holds != c.Holds(f) || explained.Why == "" {
		t.Errorf("%s is explained as %+v", text, explained)
	}
}

func TestConditionsMeanWhatCELMeans(t *testing.T) {
	o, e := newOracle(t), environment(t, nil)
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		choices := make([]byte, 60)
		for i := range choices {
			choices[i] = byte(random.IntN(256))
		}
		o.compare(t, e, choices)
		if t.Failed() {
			return
		}
	}
}

func FuzzConditionsMeanWhatCELMeans(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Add([]byte{8, 0, 8, 1, 8, 2})
	o := newOracle(f)
	f.Fuzz(func(t *testing.T, choices []byte) {
		o.compare(t, environmentOf(t), choices)
	})
}

// environmentOf is a new environment made cheaply, so that a long fuzz run keeps nothing.
func environmentOf(t testing.TB) *Environment {
	t.Helper()
	e, err := shared.Next(nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var shared = func() *Environment {
	e, err := NewEnvironment(nil)
	if err != nil {
		panic(fmt.Sprint("no environment: ", err))
	}
	return e
}()
