package audience

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Problem says what is wrong with a condition.
type Problem struct {
	// Line and Column say where in the condition's text; both count from 1, columns in characters.
	Line, Column int
	// Text says what is wrong, Fix what to write instead.
	Text, Fix string
}

// Error returns place, problem and fix in one line: "1:12: …; …".
func (p *Problem) Error() string {
	return fmt.Sprintf("%d:%d: %s; %s", p.Line, p.Column, p.Text, p.Fix)
}

// mistakes are what people write who know other languages.
var mistakes = []struct {
	pattern   *regexp.Regexp
	text, fix string
}{
	{regexp.MustCompile(`[“”„‘’]`), "it has a typographic quotation mark", `write " or '`},
	{regexp.MustCompile(`\{\{`), "it has {{ of a template", "write the condition alone: traits.plan == \"trial\""},
	{regexp.MustCompile(`===|!==`), "=== is not known", "write == or !="},
	{regexp.MustCompile(`<>`), "<> is not known", "write !="},
	{regexp.MustCompile(`[^=!<>]=[^=]`), "= is not known", "write == to compare"},
	{regexp.MustCompile(`(?i)[\s)](and)[\s(]`), "“and” is not known", "write &&"},
	{regexp.MustCompile(`(?i)[\s)](or)[\s(]`), "“or” is not known", "write ||"},
	{regexp.MustCompile(`(?i)\bnot\s+in\b`), "“not in” is not known", `write !(traits.plan in ["trial", "free"])`},
	{regexp.MustCompile(`(?i)(?:^|[\s(])not\b`), "“not” is not known", "write !"},
	{regexp.MustCompile(`(?i)\sis\s`), "“is” is not known", "write == to compare, has(traits.plan) to ask whether something is known"},
	{regexp.MustCompile(`(?i)\slike\s`), "“like” is not known", "write contains, startsWith, endsWith or matches: " + usage["contains"]},
	{regexp.MustCompile(`[^&]&[^&]`), "& is not known", "write &&"},
	{regexp.MustCompile(`[^|]\|[^|]`), "| is not known", "write ||"},
}

// syntaxProblem is the problem of a text that is not an expression.
func syntaxProblem(text string, issues *cel.Issues) *Problem {
	blank := blankTexts(text)
	for _, m := range mistakes {
		if found := m.pattern.FindStringIndex(blank); found != nil {
			start := found[0]
			// The character before, which some patterns take in, is not part of the mistake.
			for start < found[1]-1 && strings.IndexByte(" \t\r\n()", blank[start]) >= 0 {
				start++
			}
			return placeIn(text, start).problem(m.text, m.fix)
		}
	}
	issue := issues.Errors()[0]
	at := place{max(issue.Location.Line(), 1), max(issue.Location.Column()+1, 1)}
	message := strings.TrimPrefix(issue.Message, "Syntax error: ")
	switch {
	case strings.Contains(message, "size exceeds"):
		return place{1, 1}.problem(fmt.Sprintf("the condition is longer than %d characters", maxLength), "write parts of it as segments, and ask segment(\"…\")")
	case strings.Contains(message, "recursion"):
		return place{1, 1}.problem("the condition is nested too deeply", "write parts of it as segments, and ask segment(\"…\")")
	case strings.Contains(message, "'<EOF>'"):
		return at.problem("the condition ends too early", "complete it: close what is open, and write something on both sides of every operator")
	case strings.Contains(message, "token recognition"):
		return at.problem("a character is out of place here", `write text in quotes: "trial"; to go on after an operator see docs/conditions.md`)
	}
	message, expecting, _ := strings.Cut(message, " expecting")
	if strings.TrimSpace(expecting) == "<EOF>" {
		return at.problem("the condition has ended before this", "take it out, or write && or || before it")
	}
	return at.problem("the condition cannot be read from here: "+message, "write it as docs/conditions.md shows")
}

// blankTexts replaces what is inside quotation marks, so that only the operators are left; every byte keeps its place.
func blankTexts(text string) string {
	blank := []byte(text)
	quote := byte(0)
	for i := 0; i < len(blank); i++ {
		switch c := blank[i]; {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0:
		case c == '\\' && i+1 < len(blank):
			blank[i], blank[i+1] = '_', '_'
			i++
		case c == quote:
			quote = 0
		default:
			blank[i] = '_'
		}
	}
	return string(blank)
}

func placeIn(text string, offset int) place {
	before := text[:offset]
	line := strings.Count(before, "\n")
	return place{line + 1, len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1}
}

// typeProblem is the problem of an expression that CEL's checker refuses.
func typeProblem(tree *ast.AST, issue *common.Error, declared map[string]string) *Problem {
	at := place{max(issue.Location.Line(), 1), max(issue.Location.Column()+1, 1)}
	e := expression(tree, issue.ExprID)
	switch {
	case e == nil:
	case strings.HasPrefix(issue.Message, "undeclared reference"):
		return undeclared(at, e, declared)
	case strings.HasPrefix(issue.Message, "undefined field"):
		return undefinedField(at, e)
	case strings.HasPrefix(issue.Message, "found no matching overload"):
		return mismatch(at, e, issue.Message)
	case strings.Contains(issue.Message, "does not support field selection"):
		return at.problem(e.AsSelect().FieldName()+" cannot be had of this: it has no fields", "leave it out, or compare the value before the dot")
	case strings.HasPrefix(issue.Message, "expected type 'bool'"):
		found := issue.Message[strings.LastIndex(issue.Message, " '")+2:]
		return at.problem("this is "+celName(strings.TrimSuffix(found, "'"))+", not true or false", usualFix)
	case strings.Contains(issue.Message, "range of a comprehension"):
		return at.problem("this is not a list that could be gone through", "write "+usage["exists"])
	}
	return at.problem(issue.Message, "write it as docs/conditions.md shows")
}

// expression finds a part of a condition by its id.
func expression(tree *ast.AST, id int64) ast.Expr {
	var found ast.Expr
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.ID() == id {
			found = e
		}
	}))
	return found
}

func undeclared(at place, e ast.Expr, declared map[string]string) *Problem {
	if e.Kind() == ast.CallKind {
		name := e.AsCall().FunctionName()
		fix := "use one of the functions of docs/conditions.md"
		switch near := Nearest(name, keys(usage)); {
		case name == "not":
			fix = "write !(…)"
		case name == "map" || name == "filter":
			fix = "use exists, all or exists_one: " + usage["exists"]
		case near != "":
			fix = "write " + usage[near]
		}
		return at.problem(fmt.Sprintf("there is no function %s", name), fix)
	}
	name := e.AsIdent()
	names := make([]string, len(variables))
	for i, v := range variables {
		names[i] = v.name
	}
	fix := fmt.Sprintf("write traits.%s for a trait, \"%s\" for text, or one of %s", name, name, strings.Join(names, ", "))
	if near := Nearest(name, slices.Values(names)); near != "" && declared[name] == "" {
		fix = "write " + near
	}
	return at.problem(fmt.Sprintf("there is nothing called %s", name), fix)
}

func undefinedField(at place, e ast.Expr) *Problem {
	name := e.AsSelect().FieldName()
	owner := e.AsSelect().Operand()
	fields, title := attributes[owner.AsIdent()], owner.AsIdent()
	switch {
	case owner.Kind() == ast.SelectKind && owner.AsSelect().FieldName() == "utm":
		fields, title = attributes["utm"], "visit.utm"
	case fields == nil || title == "events":
		fields, title = attributes["events"], "an event"
	}
	fix := "write one of " + strings.Join(slices.Sorted(keys(fields)), ", ")
	if near := Nearest(name, keys(fields)); near != "" {
		fix = "write " + near
	}
	return at.problem(fmt.Sprintf("%s has no %s", title, name), fix)
}

// symbols are the operators as they are written.
var symbols = map[string]string{
	operators.Equals: "==", operators.NotEquals: "!=", operators.Less: "<", operators.LessEquals: "<=", operators.Greater: ">",
	operators.GreaterEquals: ">=", operators.In: "in", operators.Add: "+", operators.Subtract: "-", operators.Multiply: "*",
	operators.Divide: "/", operators.Modulo: "%", operators.LogicalAnd: "&&", operators.LogicalOr: "||",
	operators.LogicalNot: "!", operators.Negate: "-", operators.Conditional: "? :", operators.Index: "[ ]",
}

const usualFix = "write a comparison there, such as traits.plan == \"trial\""

var appliedTo = regexp.MustCompile(`applied to '(.*)'$`)

// mismatch is the problem of an operator or a function with operands that it does not take.
func mismatch(at place, e ast.Expr, message string) *Problem {
	name := e.AsCall().FunctionName()
	var operands []string
	if found := appliedTo.FindStringSubmatch(message); found != nil {
		operands = splitTypes(found[1])
	}
	symbol, isOperator := symbols[name]
	if !isOperator {
		takes := "does not take " + strings.Join(operands, " and ")
		if len(operands) == 0 {
			takes = "needs something to look at"
		}
		return at.problem(name+" "+takes, "write it as in "+usage[name])
	}
	text := fmt.Sprintf("%s does not go with %s", symbol, strings.Join(operands, " and "))
	return at.problem(text, mismatchFix(e, name, operands))
}

func mismatchFix(e ast.Expr, name string, operands []string) string {
	arguments := e.AsCall().Args()
	switch name {
	case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional:
		return usualFix
	case operators.In:
		if len(operands) == 2 && operands[1] == "text" {
			return "write " + usage["contains"] + " to look into a text"
		}
		return `write a list on the right, of values like the one on the left: traits.plan in ["trial", "free"]`
	case operators.Index:
		return `write a name in quotes for traits and events, a number for lists: events["signed_up"].count`
	}
	for _, argument := range arguments {
		literal, isText := argument.AsLiteral().(types.String)
		if argument.Kind() != ast.LiteralKind || !isText {
			continue
		}
		switch {
		case slices.Contains(operands, "a time"):
			return fmt.Sprintf("write timestamp(%q)", string(literal))
		case slices.Contains(operands, "a length of time"):
			return fmt.Sprintf("write duration(%q)", string(literal))
		case slices.Contains(operands, "a version"):
			return fmt.Sprintf("write version(%q)", string(literal))
		case slices.Contains(operands, "a whole number") || slices.Contains(operands, "a number") || slices.Contains(operands, "true or false"):
			return "write it without quotes"
		}
	}
	return "compare values of one type"
}

// splitTypes reads CEL's "(int, list(string))".
func splitTypes(signature string) []string {
	// The types of a member function's receiver come as "string.(int)".
	receiver, rest, isMember := strings.Cut(signature, ".(")
	var names []string
	if isMember {
		names, signature = append(names, celName(receiver)), "("+rest
	}
	signature = strings.TrimSuffix(strings.TrimPrefix(signature, "("), ")")
	depth, start := 0, 0
	for i := 0; i <= len(signature); i++ {
		switch {
		case i == len(signature) || signature[i] == ',' && depth == 0:
			if name := strings.TrimSpace(signature[start:i]); name != "" {
				names = append(names, celName(name))
			}
			start = i + 1
		case signature[i] == '(':
			depth++
		case signature[i] == ')':
			depth--
		}
	}
	return names
}

func typeName(kind *cel.Type) string { return celName(kind.String()) }

// celName says in words what CEL calls a type.
func celName(name string) string {
	switch name {
	case "int":
		return "a whole number"
	case "double":
		return "a number"
	case "string":
		return "text"
	case "bool":
		return "true or false"
	case "timestamp", "google.protobuf.Timestamp":
		return "a time"
	case "duration", "google.protobuf.Duration":
		return "a length of time"
	case "null", "null_type":
		return "null"
	case "dyn":
		return "anything"
	case "version":
		return "a version"
	case "events":
		return "an event"
	case "traits":
		return "all traits"
	}
	switch {
	case strings.HasPrefix(name, "list("):
		return "a list"
	case strings.HasPrefix(name, "map("):
		return "an object"
	}
	return name
}
