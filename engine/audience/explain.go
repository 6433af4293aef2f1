package audience

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// Explanation says why a condition holds or not.
type Explanation struct {
	// Holds is what [Condition.Holds] says.
	Holds bool `json:"holds"`
	// Why names the parts that decided, with the values they saw, in one line.
	Why string `json:"why"`
	// Needs is what would have to hold, as a condition; empty where it holds already.
	Needs string `json:"needs,omitempty"`
	// Checks are all comparisons of the condition in the order of the text, also those that did not decide.
	Checks []Check `json:"checks"`
}

// Check is one comparison of a condition.
type Check struct {
	// Text is the comparison, in CEL's own spelling.
	Text string `json:"text"`
	// Result is "true", "false", or "undecided" where something is missing or of the wrong type.
	Result string `json:"result"`
	// Saw are the facts that it looked at, in the order of the text.
	Saw []Saw `json:"saw,omitempty"`
}

// Saw is one of the facts that a comparison looked at.
type Saw struct {
	// Name is the fact as the condition names it, such as traits.plan.
	Name string `json:"name"`
	// Value is its value as a condition would write it, shortened, or "missing".
	Value string `json:"value"`
}

const missingWord = "missing"

// check is a part of a condition that is explained: a comparison, or && || ! over others.
type check struct {
	how    string // the operator's name in CEL, empty for a comparison
	text   string
	node   node
	checks []check
	facts  []seenFact
}

type seenFact struct {
	name string
	node node
}

// check prepares the explanation of an expression that has been planned.
func (p *planner) check(e ast.Expr) (check, error) {
	c := check{}
	if e.Kind() == ast.CallKind {
		switch name := e.AsCall().FunctionName(); name {
		case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot:
			c.how = name
		}
	}
	var err error
	if c.text, err = cel.ExprToString(e, p.ast.SourceInfo()); err != nil {
		return c, err
	}
	if c.node, err = p.plan(e); err != nil {
		return c, err
	}
	if c.how == "" {
		return c, p.collect(e, &c)
	}
	parts := chain(e, c.how)
	if c.how == operators.LogicalNot {
		parts = e.AsCall().Args()
	}
	for _, part := range parts {
		inner, err := p.check(part)
		if err != nil {
			return c, err
		}
		c.checks = append(c.checks, inner)
	}
	return c, nil
}

// collect finds the facts that a comparison looks at.
func (p *planner) collect(e ast.Expr, c *check) error {
	if p.isFact(e) {
		name, err := cel.ExprToString(e, p.ast.SourceInfo())
		if err != nil || slices.ContainsFunc(c.facts, func(known seenFact) bool { return known.name == name }) {
			return err
		}
		n, err := p.plan(e)
		c.facts = append(c.facts, seenFact{name, n})
		return err
	}
	var inner []ast.Expr
	switch e.Kind() {
	case ast.SelectKind:
		inner = []ast.Expr{e.AsSelect().Operand()}
	case ast.CallKind:
		if e.AsCall().FunctionName() == "speaks" {
			c.facts = append(c.facts, seenFact{"request.languages", &fact{attributes["request"]["languages"].read}})
			inner = e.AsCall().Args()
			break
		}
		if e.AsCall().IsMemberFunction() {
			inner = []ast.Expr{e.AsCall().Target()}
		}
		inner = append(inner, e.AsCall().Args()...)
	case ast.ListKind:
		inner = e.AsList().Elements()
	case ast.ComprehensionKind:
		// What is inside looks at the items, one after the other; the list tells enough.
		inner = []ast.Expr{e.AsComprehension().IterRange()}
	}
	for _, each := range inner {
		if err := p.collect(each, c); err != nil {
			return err
		}
	}
	return nil
}

// isFact says that an expression names one value of the facts.
func (p *planner) isFact(e ast.Expr) bool {
	switch e.Kind() {
	case ast.IdentKind:
		for _, v := range variables {
			if v.name == p.variable(e) {
				return v.name == "now"
			}
		}
	case ast.SelectKind:
		return p.isFact(e.AsSelect().Operand()) || p.variable(e.AsSelect().Operand()) != ""
	case ast.CallKind:
		switch call := e.AsCall(); call.FunctionName() {
		case operators.Index:
			of := call.Args()[0]
			return call.Args()[1].Kind() == ast.LiteralKind && (p.isFact(of) || p.variable(of) != "")
		case "event_count", "parameter":
			return true
		}
	}
	return false
}

// Explain answers as [Condition.Holds] does, and says why. It is not made for every poll.
func (c *Condition) Explain(f *Facts) Explanation {
	f.spent = 0
	explanation := Explanation{Holds: c.Holds(f), Why: c.explain.why(f), Needs: c.explain.needs(f)}
	c.explain.each(func(each *check) {
		f.spent = 0
		result := Check{Text: each.text, Result: resultOf(each.node.value(f))}
		for _, fact := range each.facts {
			result.Saw = append(result.Saw, Saw{fact.name, fact.describe(f)})
		}
		explanation.Checks = append(explanation.Checks, result)
	})
	return explanation
}

// needs is what is lacking: of a && the parts that do not hold, of a || any of its parts.
func (c *check) needs(f *Facts) string {
	f.spent = 0
	if c.node.value(f).isTrue() {
		return ""
	}
	var lacking []string
	for i := range c.checks {
		if part := c.checks[i].needs(f); part != "" {
			if c.how == operators.LogicalAnd && c.checks[i].how == operators.LogicalOr {
				part = "(" + part + ")"
			}
			lacking = append(lacking, part)
		}
	}
	switch c.how {
	case operators.LogicalAnd:
		return strings.Join(lacking, " && ")
	case operators.LogicalOr:
		return strings.Join(lacking, " || ")
	}
	return c.text
}

// each calls do with every comparison.
func (c *check) each(do func(*check)) {
	if c.how == "" {
		do(c)
	}
	for i := range c.checks {
		c.checks[i].each(do)
	}
}

func resultOf(v value) string {
	switch {
	case v.kind != boolean:
		return "undecided"
	case v.whole != 0:
		return "true"
	}
	return "false"
}

// why says which parts decided.
func (c *check) why(f *Facts) string {
	f.spent = 0
	result := c.node.value(f)
	switch c.how {
	case "":
		return c.comparison(f, result)
	case operators.LogicalNot:
		return c.text + verdict(result) + ": " + c.checks[0].why(f)
	}
	// Of a && that is false the false parts decide, of a || that is true the true ones, otherwise every part that
	// is not the opposite.
	decided := c.only(f, result)
	reasons := make([]string, len(decided))
	for i, part := range decided {
		reasons[i] = part.why(f)
	}
	return strings.Join(reasons, "; ")
}

func (c *check) only(f *Facts, result value) []*check {
	var decided []*check
	for i := range c.checks {
		f.spent = 0
		if resultOf(c.checks[i].node.value(f)) == resultOf(result) {
			decided = append(decided, &c.checks[i])
			if c.how == operators.LogicalOr && result.isTrue() {
				break
			}
		}
	}
	return decided
}

func verdict(result value) string {
	if result.isTrue() {
		return " holds"
	}
	return " does not hold"
}

// comparison says what one comparison saw.
func (c *check) comparison(f *Facts, result value) string {
	if s, isSegment := c.node.(*segment); isSegment {
		return f.Segments.why(s.name, f)
	}
	var saw []string
	somethingMissing := false
	for _, fact := range c.facts {
		seen := fact.describe(f)
		somethingMissing = somethingMissing || seen == missingWord
		if fact.name != c.text || seen == missingWord {
			saw = append(saw, fact.name+" is "+seen)
		}
	}
	if result.kind != boolean && !somethingMissing {
		saw = append(saw, "which cannot be decided: the types do not go together, or there is no result")
	}
	if len(saw) == 0 {
		return c.text + verdict(result)
	}
	return c.text + verdict(result) + " (" + strings.Join(saw, ", ") + ")"
}

func (s seenFact) describe(f *Facts) string {
	f.spent = 0
	v := s.node.value(f)
	if v.kind == occurrence {
		event := f.event(v.text)
		return fmt.Sprintf("an event that happened %d times", event.Count)
	}
	return describe(v)
}

// describe writes a value as a condition would, shortened.
func describe(v value) string {
	switch v.kind {
	case missing:
		return missingWord
	case boolean:
		return strconv.FormatBool(v.whole != 0)
	case integer:
		return strconv.FormatInt(v.whole, 10)
	case decimal:
		return strconv.FormatFloat(v.float(), 'g', -1, 64)
	case text:
		const longest = 80
		if characters := []rune(v.text); len(characters) > longest {
			return strconv.Quote(string(characters[:longest])) + "…"
		}
		return strconv.Quote(v.text)
	case moment:
		return v.time().Format(time.RFC3339)
	case span:
		return time.Duration(v.whole).String()
	case release:
		return "version " + v.text
	case list:
		return describeList(v)
	case object:
		return fmt.Sprintf("an object of %d", v.length())
	default:
		return "an event"
	}
}

func describeList(v value) string {
	const most = 5
	var items []string
	for i := range min(v.length(), most) {
		items = append(items, describe(v.item(i)))
	}
	if more := v.length() - most; more > 0 {
		items = append(items, fmt.Sprintf("%d more", more))
	}
	return "[" + strings.Join(items, ", ") + "]"
}
