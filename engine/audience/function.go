package audience

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// planFunction is a function whose argument is read once, when the condition is compiled.
func (p *planner) planFunction(e ast.Expr, name string, arguments []ast.Expr, nodes []node) (node, error) {
	switch name {
	case "matches":
		return p.planMatch(nodes[0], arguments[1])
	case "within_last", "within_next", "older_than":
		p.use("now", e)
		distance, err := p.spanOf(arguments[1])
		return &within{nodes[0], name, distance}, err
	case "event_count":
		p.use("events", e)
		if len(arguments) == 1 {
			return &eventCount{nodes[0], 0}, nil
		}
		p.use("now", e)
		last, err := p.spanOf(arguments[1])
		return &eventCount{nodes[0], last}, err
	case "segment":
		name, err := textOf(arguments[0], "the name of a segment", `segment("trial-users")`)
		p.members = append(p.members, namedAt{name, e.ID()})
		return &segment{name}, err
	case "timestamp":
		return folded(arguments[0], nodes[0], readTime, "is not a time", `write it as timestamp("2026-12-01T09:00:00+01:00") or timestamp("2026-12-01")`)
	case "duration":
		return folded(arguments[0], nodes[0], toSpan, "is not a length of time", errSpan.Error())
	case "version":
		return folded(arguments[0], nodes[0], readRelease, "is not a version", `write one to three numbers with dots, such as version("2.1") or version("2.1.0-beta.1")`)
	}
	if _, found := parts[name]; found {
		zone := time.UTC
		if len(arguments) == 2 {
			name, err := textOf(arguments[1], "a time zone", `now.getHours("Europe/Berlin")`)
			if err != nil {
				return nil, err
			}
			if zone, err = time.LoadLocation(name); err != nil || name == "" || name == "Local" {
				return nil, refuse(arguments[1], fmt.Sprintf("there is no time zone %q", name), `write a name of the IANA database, such as "Europe/Berlin" or "UTC"`)
			}
		}
		return &clockPart{nodes[0], parts[name], zone}, nil
	}
	return nil, refuse(e, name+" is not known", "write one of the functions of docs/conditions.md")
}

// folded converts a literal when the condition is compiled, anything else when it is asked.
func folded(e ast.Expr, n node, into func(value) value, wrong, fix string) (node, error) {
	c, isConstant := n.(*constant)
	if !isConstant {
		return &conversion{n, into}, nil
	}
	v := into(c.v)
	if v.kind == missing {
		return nil, refuse(e, describe(c.v)+" "+wrong, fix)
	}
	return &constant{v}, nil
}

// textOf is the text of a literal.
func textOf(e ast.Expr, what, example string) (string, error) {
	if e.Kind() == ast.LiteralKind {
		if s, ok := e.AsLiteral().(types.String); ok {
			return string(s), nil
		}
	}
	return "", refuse(e, what+" is to be written in quotes", "write it as in "+example)
}

func (p *planner) spanOf(e ast.Expr) (time.Duration, error) {
	s, err := textOf(e, "a length of time", `within_last(visitor.first_seen, "7d")`)
	if err != nil {
		return 0, err
	}
	d, err := readSpan(s)
	if err != nil {
		return 0, refuse(e, fmt.Sprintf("%q is not a length of time", s), err.Error())
	}
	return d, nil
}

// Bounds of a regular expression: what one search costs grows with the product of the text's length and the
// expression's size.
const (
	maxExpression         = 500
	maxExpressionPrograms = 1000
)

func (p *planner) planMatch(subject node, e ast.Expr) (node, error) {
	pattern, err := textOf(e, "a regular expression", usage["matches"])
	if err != nil {
		return nil, err
	}
	tooLarge := refuse(e, "the regular expression is too large", "write a shorter one with smaller repetitions, or use startsWith, endsWith and contains")
	if len(pattern) > maxExpression {
		return nil, tooLarge
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		return nil, refuse(e, fmt.Sprintf("the regular expression cannot be read: %s", reason), "write it in RE2's syntax, https://github.com/google/re2/wiki/Syntax; a backslash is written twice in quotes, or once in r\"…\"")
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(program.Inst) > maxExpressionPrograms {
		return nil, tooLarge
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, tooLarge
	}
	return &match{subject, compiled}, nil
}

// planOfPage is a function of the request or the page, which are no values themselves.
func (p *planner) planOfPage(call ast.CallExpr) (node, error) {
	root := p.variable(call.Target())
	if root == "" {
		return nil, refuse(call.Target(), call.FunctionName()+" cannot be asked of this", "write "+usage[call.FunctionName()])
	}
	p.use(root, call.Target())
	n, err := p.plan(call.Args()[0])
	if call.FunctionName() == "speaks" {
		return &speaks{n}, err
	}
	return &parameter{n}, err
}
