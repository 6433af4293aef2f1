package audience

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// planner turns a checked expression into nodes.
type planner struct {
	ast     *ast.AST
	isTime  map[string]bool // traits that are declared as times
	locals  []string        // the variables of all, exists and exists_one around the expression at hand
	used    map[string]int64
	traits  []namedAt
	members []namedAt
}

// namedAt is a name, and the id of the expression that uses it.
type namedAt struct {
	name string
	at   int64
}

// refusal is an error of the planner: what is wrong with an expression, and what to write instead.
type refusal struct {
	at        int64
	text, fix string
}

func (r *refusal) Error() string { return r.text }

func refuse(e ast.Expr, text, fix string) error { return &refusal{e.ID(), text, fix} }

func (p *planner) plan(e ast.Expr) (node, error) {
	switch e.Kind() {
	case ast.LiteralKind:
		v, known := literal(e)
		if !known {
			return nil, refuse(e, "null, unsigned numbers and bytes are not used here", `to ask whether something is known write has(traits.plan); write numbers as 5 and text as "text"`)
		}
		return &constant{v}, nil
	case ast.IdentKind:
		return p.planName(e)
	case ast.SelectKind:
		return p.planSelect(e)
	case ast.CallKind:
		return p.planCall(e)
	case ast.ListKind:
		return p.planList(e)
	case ast.ComprehensionKind:
		return p.planQuantifier(e)
	default:
		return nil, refuse(e, "objects and maps cannot be written here", `compare single values, such as traits.plan == "trial"`)
	}
}

// literal is the value of a literal.
func literal(e ast.Expr) (value, bool) {
	switch v := e.AsLiteral().(type) {
	case types.Bool:
		return truth(bool(v)), true
	case types.Int:
		return ofInteger(int64(v)), true
	case types.Double:
		return ofDecimal(float64(v)), true
	case types.String:
		return ofText(string(v)), true
	}
	return value{}, false
}

// planName is a variable, of the language or of a quantifier.
func (p *planner) planName(e ast.Expr) (node, error) {
	name := strings.TrimPrefix(e.AsIdent(), ".")
	for outwards := range p.locals {
		if p.locals[len(p.locals)-1-outwards] == name {
			return &local{outwards}, nil
		}
	}
	for _, v := range variables {
		if v.name == name && v.read != nil {
			p.use(name, e)
			return &fact{v.read}, nil
		}
	}
	return nil, refuse(e, name+" is not a value by itself", "write one of its fields, such as "+p.example(name))
}

// example is the first field of a variable.
func (p *planner) example(name string) string {
	if name == "events" {
		return `events["signed_up"].count`
	}
	return name + "." + slices.Sorted(keys(attributes[name]))[0]
}

func (p *planner) use(name string, e ast.Expr) {
	if _, known := p.used[name]; !known {
		p.used[name] = e.ID()
	}
}

// variable is the name of the language's variable that an expression is.
func (p *planner) variable(e ast.Expr) string {
	name := strings.TrimPrefix(e.AsIdent(), ".")
	if e.Kind() != ast.IdentKind || slices.Contains(p.locals, name) {
		return ""
	}
	return name
}

func (p *planner) planSelect(e ast.Expr) (node, error) {
	operand, name := e.AsSelect().Operand(), e.AsSelect().FieldName()
	switch root := p.variable(operand); root {
	case "traits":
		return p.planTrait(e, name), nil
	case "events":
		p.use("events", e)
		return &occurrences{&constant{ofText(name)}}, nil
	case "visitor", "page", "request", "visit":
		p.use(root, e)
		if read := attributes[root][name].read; read != nil {
			return &fact{read}, nil
		}
		return nil, refuse(e, root+"."+name+" is not a value by itself", "write one of its fields, such as "+root+"."+p.example(name))
	}
	switch kind := p.ast.GetType(operand.ID()); kind.TypeName() {
	case utmType.TypeName():
		p.use("visit", e)
		return &fact{attributes["utm"][name].read}, nil
	case eventType.TypeName():
		of, err := p.plan(operand)
		return &occurrenceField{of, name}, err
	}
	of, err := p.plan(operand)
	return &field{of, name}, err
}

func (p *planner) planTrait(e ast.Expr, name string) node {
	p.use("traits", e)
	p.traits = append(p.traits, namedAt{name, e.ID()})
	return &trait{name, p.isTime[name]}
}

func (p *planner) planAll(expressions []ast.Expr) ([]node, error) {
	nodes := make([]node, len(expressions))
	for i, e := range expressions {
		var err error
		if nodes[i], err = p.plan(e); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

func (p *planner) planCall(e ast.Expr) (node, error) {
	call := e.AsCall()
	name, arguments := call.FunctionName(), call.Args()
	switch name {
	case operators.Index:
		return p.planIndex(e, arguments[0], arguments[1])
	case operators.In:
		return p.planIn(arguments[0], arguments[1])
	case operators.LogicalAnd, operators.LogicalOr:
		nodes, err := p.planAll(chain(e, name))
		if name == operators.LogicalAnd {
			return &both{nodes}, err
		}
		return &either{nodes}, err
	case "speaks", "parameter":
		return p.planOfPage(call)
	}
	if call.IsMemberFunction() {
		arguments = append([]ast.Expr{call.Target()}, arguments...)
	}
	nodes, err := p.planAll(arguments)
	if err != nil {
		return nil, err
	}
	if operator, found := operations[name]; found {
		return operator(nodes), nil
	}
	return p.planFunction(e, name, arguments, nodes)
}

// chain are the parts of a && b && c.
func chain(e ast.Expr, operator string) []ast.Expr {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operator {
		return []ast.Expr{e}
	}
	var parts []ast.Expr
	for _, part := range e.AsCall().Args() {
		parts = append(parts, chain(part, operator)...)
	}
	return parts
}

// operations are the operators and functions that need nothing but their operands.
var operations = map[string]func([]node) node{
	operators.Conditional:   func(n []node) node { return &choice{n[0], n[1], n[2]} },
	operators.LogicalNot:    func(n []node) node { return &not{n[0]} },
	operators.Equals:        func(n []node) node { return &equality{n[0], n[1], false} },
	operators.NotEquals:     func(n []node) node { return &equality{n[0], n[1], true} },
	operators.Less:          func(n []node) node { return &comparison{n[0], n[1], [3]bool{true, false, false}} },
	operators.LessEquals:    func(n []node) node { return &comparison{n[0], n[1], [3]bool{true, true, false}} },
	operators.Greater:       func(n []node) node { return &comparison{n[0], n[1], [3]bool{false, false, true}} },
	operators.GreaterEquals: func(n []node) node { return &comparison{n[0], n[1], [3]bool{false, true, true}} },
	operators.Negate:        func(n []node) node { return &negation{n[0]} },
	operators.Add:           func(n []node) node { return &arithmetic{'+', n[0], n[1]} },
	operators.Subtract:      func(n []node) node { return &arithmetic{'-', n[0], n[1]} },
	operators.Multiply:      func(n []node) node { return &arithmetic{'*', n[0], n[1]} },
	operators.Divide:        func(n []node) node { return &arithmetic{'/', n[0], n[1]} },
	operators.Modulo:        func(n []node) node { return &arithmetic{'%', n[0], n[1]} },

	"startsWith": func(n []node) node { return &search{n[0], n[1], strings.HasPrefix} },
	"endsWith":   func(n []node) node { return &search{n[0], n[1], strings.HasSuffix} },
	"contains":   func(n []node) node { return &search{n[0], n[1], strings.Contains} },
	"lowerAscii": func(n []node) node { return &change{n[0], lowerASCII} },
	"trim":       func(n []node) node { return &change{n[0], strings.TrimSpace} },
	"size":       func(n []node) node { return &size{n[0]} },
	presence:     func(n []node) node { return &has{n[0]} },
	"default":    func(n []node) node { return &fallback{n[0], n[1]} },
	"empty":      func(n []node) node { return &empty{n[0]} },
	"int":        func(n []node) node { return &conversion{n[0], toInteger} },
	"double":     func(n []node) node { return &conversion{n[0], toDecimal} },
	"string":     func(n []node) node { return &conversion{n[0], toText} },
	"bool":       func(n []node) node { return &conversion{n[0], toBoolean} },
}

func (p *planner) planIndex(e, of, at ast.Expr) (node, error) {
	name, isText := "", false
	if at.Kind() == ast.LiteralKind {
		var s types.String
		s, isText = at.AsLiteral().(types.String)
		name = string(s)
	}
	switch p.variable(of) {
	case "traits":
		if isText {
			return p.planTrait(e, name), nil
		}
	case "events":
		p.use("events", e)
		n, err := p.plan(at)
		return &occurrences{n}, err
	}
	nodes, err := p.planAll([]ast.Expr{of, at})
	if err != nil {
		return nil, err
	}
	if isText {
		return &field{nodes[0], name}, nil
	}
	return &index{nodes[0], nodes[1]}, nil
}

// manyTexts is from how many texts on a list is looked up rather than read through.
const manyTexts = 8

func (p *planner) planIn(item, collection ast.Expr) (node, error) {
	if p.variable(collection) == "events" {
		p.use("events", collection)
		n, err := p.plan(item)
		return &inEvents{n}, err
	}
	nodes, err := p.planAll([]ast.Expr{item, collection})
	if err != nil {
		return nil, err
	}
	if c, ok := nodes[1].(*constant); ok && c.v.length() >= manyTexts {
		texts := make(map[string]struct{})
		for i := range c.v.length() {
			if each := c.v.item(i); each.kind == text {
				texts[each.text] = struct{}{}
			} else {
				return &in{nodes[0], nodes[1]}, nil
			}
		}
		return &inTexts{nodes[0], texts}, nil
	}
	return &in{nodes[0], nodes[1]}, nil
}

func (p *planner) planList(e ast.Expr) (node, error) {
	nodes, err := p.planAll(e.AsList().Elements())
	if err != nil {
		return nil, err
	}
	items := make([]value, len(nodes))
	for i, n := range nodes {
		c, isConstant := n.(*constant)
		if !isConstant {
			return &listOf{nodes}, nil
		}
		items[i] = c.v
	}
	return &constant{value{kind: list, items: items}}, nil
}

// planQuantifier is all, exists or exists_one, which CEL's macros turn into a loop: its first value tells which.
func (p *planner) planQuantifier(e ast.Expr) (node, error) {
	loop := e.AsComprehension()
	how, condition := "exists_one", 0
	switch loop.AccuInit().AsLiteral() {
	case types.True:
		how, condition = "all", 1
	case types.False:
		how, condition = "exists", 1
	}
	if p.variable(loop.IterRange()) == "events" {
		return nil, refuse(loop.IterRange(), "events cannot be gone through", `ask for each by its name: events["signed_up"].count > 0 || events["invited"].count > 0`)
	}
	over, err := p.plan(loop.IterRange())
	if err != nil {
		return nil, err
	}
	p.locals = append(p.locals, loop.IterVar())
	holds, err := p.plan(loop.LoopStep().AsCall().Args()[condition])
	p.locals = p.locals[:len(p.locals)-1]
	return &quantifier{how, over, holds}, err
}
