package audience

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Condition is a compiled expression that holds or not. It is immutable.
type Condition struct {
	text     string
	root     node
	explain  check
	warnings []Problem
	used     map[string]place
	segments []segmentUse
}

// segmentUse is a segment that a condition asks for, and where it does.
type segmentUse struct {
	name string
	at   place
}

// place is where in a condition something stands; both count from 1, columns in characters.
type place struct{ line, column int }

func (p place) problem(text, fix string) *Problem {
	return &Problem{Line: p.line, Column: p.column, Text: text, Fix: fix}
}

// Text is the condition as it was written.
func (c *Condition) Text() string { return c.text }

// Holds says whether the condition is true. What cannot be decided, because something is missing, types do not go
// together or a division has no result, is not.
func (c *Condition) Holds(f *Facts) bool {
	f.spent = 0
	return c.root.value(f).isTrue()
}

// Warnings are what is probably a mistake though it compiles: comparisons that never hold by the declared types, and
// traits that are not declared. Each says what to do.
func (c *Condition) Warnings() []Problem { return c.warnings }

// Uses says whether the condition looks at one of the variables "visitor", "traits", "page", "request", "visit",
// "events", "event" and "now". Segments that it asks for may look at more: [Segments.Uses].
func (c *Condition) Uses(variable string) bool {
	_, used := c.used[variable]
	return used
}

// Segments are the names of the segments that the condition asks for, in the order of the text. Whether they exist,
// [Segments.Check] knows.
func (c *Condition) Segments() []string {
	var names []string
	for _, use := range c.segments {
		if !slices.Contains(names, use.name) {
			names = append(names, use.name)
		}
	}
	return names
}

func newCondition(e *Environment, text string) (*Condition, error) {
	if strings.TrimSpace(text) == "" {
		return nil, place{1, 1}.problem("the condition is empty", `write one such as traits.plan == "trial", or leave it out`)
	}
	parsed, issues := e.language.Parse(text)
	if issues.Err() != nil {
		return nil, syntaxProblem(text, issues)
	}
	checked, issues := e.language.Check(parsed)
	if issues.Err() != nil {
		return nil, typeProblem(parsed.NativeRep(), issues.Errors()[0], e.types)
	}
	tree := checked.NativeRep()
	if problem := notTruth(tree, tree.GetType(tree.Expr().ID())); problem != nil {
		return nil, problem
	}
	if err := checkCost(e, checked); err != nil {
		return nil, err
	}
	p := &planner{ast: tree, used: make(map[string]int64), isTime: make(map[string]bool)}
	for name, word := range e.types {
		p.isTime[name] = word == "time"
	}
	c := &Condition{text: text, used: make(map[string]place)}
	var err error
	if c.root, err = p.plan(tree.Expr()); err == nil {
		for _, m := range p.members {
			c.segments = append(c.segments, segmentUse{m.name, placeOf(tree, m.at)})
		}
		for name, at := range p.used {
			c.used[name] = placeOf(tree, at)
		}
		found := p.traits
		if c.explain, err = p.check(tree.Expr()); err == nil {
			c.warnings = warnings(e, found, parsed)
		}
	}
	if err != nil {
		var r *refusal
		if !errors.As(err, &r) {
			return nil, place{1, 1}.problem(err.Error(), "write it as docs/conditions.md shows")
		}
		return nil, placeOf(tree, r.at).problem(r.text, r.fix)
	}
	return c, nil
}

// notTruth says that a condition is something else than true or false; nil when it may be one of them.
func notTruth(tree *ast.AST, kind *cel.Type) *Problem {
	var is string
	root := tree.Expr()
	switch {
	case kind.Kind() != types.BoolKind && kind.Kind() != types.DynKind:
		is = typeName(kind)
	case root.Kind() == ast.CallKind && slices.Contains(calculations, root.AsCall().FunctionName()):
		is = "something calculated"
	default:
		return nil
	}
	return placeOf(tree, root.ID()).problem("the condition is "+is+", not true or false", `compare it with something, such as traits.plan == "trial"`)
}

// calculations are what never comes to true or false, whatever it is made of.
var calculations = []string{operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Negate}

func placeOf(tree *ast.AST, id int64) place {
	location := tree.SourceInfo().GetStartLocation(id)
	return place{max(location.Line(), 1), max(location.Column()+1, 1)}
}

// maxCost is what CEL may estimate a condition to cost at most: one unit is about one operation on one item or ten
// characters.
const maxCost = 1_000_000

func checkCost(e *Environment, checked *cel.Ast) error {
	estimate, err := e.language.EstimateCost(checked, sizes{})
	if err == nil && estimate.Max <= maxCost {
		return nil
	}
	tree := checked.NativeRep()
	at := placeOf(tree, tree.Expr().ID())
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.ComprehensionKind {
			at = placeOf(tree, e.ID())
		}
	}))
	return at.problem("the condition may take too long: it goes through a list inside a list",
		"compare with single values, or use in: \"vip\" in traits.tags")
}

// sizes tells CEL how large the facts may be. A visitor's traits are at most 16 KiB together, so a list may have about
// two thousand items, or be one long text, but not two thousand long texts.
type sizes struct{}

func (sizes) EstimateSize(element checker.AstNode) *checker.SizeEstimate {
	path := element.Path()
	if len(path) > 0 && strings.HasPrefix(path[len(path)-1], "@") {
		return &checker.SizeEstimate{Max: 64}
	}
	return &checker.SizeEstimate{Max: 2048}
}

func (sizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}

// bareKey is what TOML takes as a key without quotes.
var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// warnings checks the condition again, now with the declared types: what does not pass cannot hold. It changes the
// expression, so it comes last.
func warnings(e *Environment, used []namedAt, parsed *cel.Ast) []Problem {
	if e.typed == nil {
		return nil
	}
	tree := parsed.NativeRep()
	var found []Problem
	for _, used := range used {
		if _, declared := e.types[used.name]; !declared {
			key := used.name
			if !bareKey.MatchString(key) {
				key = strconv.Quote(key)
			}
			fix := fmt.Sprintf("declare it: traits = { %s = \"string\" }", key)
			if near := Nearest(used.name, keys(e.types)); near != "" {
				fix = "write traits." + near + ", or " + fix
			}
			found = append(found, *placeOf(tree, used.at).problem("the trait "+used.name+" is not declared", fix))
		}
	}
	selectTraits(tree)
	const never = "by the declared types of traits this never holds: "
	checked, issues := e.typed.Check(parsed)
	if issues.Err() != nil {
		for _, issue := range issues.Errors() {
			problem := typeProblem(tree, issue, e.types)
			problem.Text = never + problem.Text
			found = append(found, *problem)
		}
	} else if problem := notTruth(checked.NativeRep(), checked.OutputType()); problem != nil {
		problem.Text = never + problem.Text
		found = append(found, *problem)
	}
	slices.SortStableFunc(found, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(found)
}

// selectTraits turns traits["plan"] into traits.plan, which the checker knows the type of.
func selectTraits(tree *ast.AST) {
	factory := ast.NewExprFactory()
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.Index {
			return
		}
		of, at := e.AsCall().Args()[0], e.AsCall().Args()[1]
		if name, isText := at.AsLiteral().(types.String); isText && of.AsIdent() == "traits" {
			e.SetKindCase(factory.NewSelect(e.ID(), of, string(name)))
		}
	}))
}
