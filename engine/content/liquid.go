package content

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/parser"
	"github.com/osteele/liquid/render"
)

// The library reads templates and evaluates their expressions. Walking through
// a template is done here (run.go), and so are the filters (filters.go): the
// library's own have no bounds, read files, and know nothing of where a value
// stands.

// program is a text with Liquid in it, read and checked.
type program struct {
	nodes []node
	// arms is the most alternatives that a tag has, 1 without tags.
	arms int
	// plain is set when there are outputs alone, and no tags.
	plain bool
	// roots are the variables that are read, such as "traits".
	roots []string
	// undefended are the traits that are put out without a default.
	undefended []string
	// clock is set when the result depends on the time of day.
	clock bool
}

// node is a part of a program: textNode, outputNode, branchNode, caseNode,
// loopNode, assignNode, captureNode, cycleNode or jumpNode.
type node interface{ run(*run) error }

const (
	// maximumBlocks bounds how deep tags stand in each other.
	maximumBlocks = 16
	// liquidExample is how a template is written, in errors.
	liquidExample = `write for example {{ traits.first_name | default: 'there' }}`
)

// liquid is what the library reads: the tags, and the filters.
var liquid = sync.OnceValue(func() *render.Config {
	config := render.NewConfig()
	config.AddBlock("if").Clause("elsif").Clause("else")
	config.AddBlock("unless").Clause("elsif").Clause("else")
	config.AddBlock("case").Clause("when").Clause("else")
	config.AddBlock("for").Clause("else")
	config.AddBlock("capture")
	config.AddBlock("comment")
	config.AddBlock("raw")
	for name, filter := range filters {
		config.AddFilter(name, filter)
	}
	return &config
})

// allTags are the tags, for errors.
const allTags = "if, unless, case, for, capture, comment, raw, assign, cycle, break and continue"

// variables are what every template may read.
var variables = []string{"traits", "visitor", "page", "locale", VariableEvent, VariableData}

// The variables that only some kinds of messages have.
const (
	// VariableEvent holds the properties of the event that started a campaign.
	VariableEvent = "event"
	// VariableData is what a transactional message is sent with.
	VariableData = "data"
)

// members are the fields of the variables that have no others.
var members = map[string][]string{
	"visitor": {"id", "anonymous"},
	"page":    {"url", "path", "name"},
}

// hasLiquid reports whether a text is a template.
func hasLiquid(text string) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%")
}

var (
	// trims are the dashes that take blanks away around a template's parts.
	trimBefore = regexp.MustCompile(`\s*(\{\{|\{%)-`)
	trimAfter  = regexp.MustCompile(`-(\}\}|%\})\s*`)
	// hiding are the tags between which the library reads nothing.
	hiding = regexp.MustCompile(`\{%\s*(raw|endraw|comment|endcomment)\s*%\}`)
)

// compiling is one text while it is compiled.
type compiling struct {
	// params are the names that params has; nil where there is no template.
	params []string
	// locals are the variables that the text itself makes.
	locals  []string
	program *program
	depth   int
}

// parseLiquid reads a template. The error is an *[Error].
func parseLiquid(source string, params []string) (*program, error) {
	c := &compiling{params: params, program: &program{arms: 1, plain: true}}
	if err := closed(source); err != nil {
		return nil, err
	}
	if strings.ContainsRune(source, '-') {
		source = trimAfter.ReplaceAllString(trimBefore.ReplaceAllString(source, "$1"), "$1")
	}
	tree, err := readLiquid(source)
	if err != nil {
		return nil, err
	}
	if c.program.nodes, err = c.nodes([]parser.ASTNode{tree}); err != nil {
		return nil, err
	}
	return c.program, nil
}

// closed reports a raw or comment that has no end: the library takes all the rest for it.
func closed(source string) error {
	open := ""
	for _, found := range hiding.FindAllStringSubmatch(source, -1) {
		switch name := found[1]; {
		case open == "" && !strings.HasPrefix(name, "end"):
			open = name
		case name == "end"+open:
			open = ""
		}
	}
	if open != "" {
		return &Error{fmt.Sprintf("{%% %s %%} is not closed", open), fmt.Sprintf("write {%% end%s %%} where it ends", open)}
	}
	return nil
}

// readLiquid keeps a failure inside the library from becoming ours.
func readLiquid(source string) (tree parser.ASTNode, err error) {
	defer func() {
		if failure := recover(); failure != nil {
			tree, err = nil, &Error{fmt.Sprintf("the template cannot be read (%v)", failure), liquidExample}
		}
	}()
	if !strings.Contains(source, "{%") {
		return readOutputs(source)
	}
	tree, wrong := liquid().Parse(source, parser.SourceLoc{})
	if wrong != nil {
		return nil, unreadable(wrong)
	}
	return tree, nil
}

// outputs is how the library finds outputs. It makes this expression anew for each text, which takes longer than all else
// that it does.
var outputs = regexp.MustCompile(`\{\{-?\s*(.+?)\s*-?\}\}`)

// readOutputs reads a text without tags as the library does.
func readOutputs(source string) (parser.ASTNode, error) {
	tree, from := &parser.ASTSeq{}, 0
	addText := func(to int) {
		if from < to {
			tree.Children = append(tree.Children, &parser.ASTText{Token: parser.Token{Type: parser.TextTokenType, Source: source[from:to]}})
		}
	}
	for _, found := range outputs.FindAllStringSubmatchIndex(source, -1) {
		addText(found[0])
		token := parser.Token{Type: parser.ObjTokenType, Source: source[found[0]:found[1]], Args: source[found[2]:found[3]]}
		expression, err := expressions.Parse(token.Args)
		if err != nil {
			return nil, unreadable(parser.WrapError(err, token))
		}
		tree.Children, from = append(tree.Children, &parser.ASTObject{Token: token, Expr: expression}), found[1]
	}
	addText(len(source))
	return tree, nil
}

// lineOf is where the library says an error is; the key's own place is better.
var lineOf = regexp.MustCompile(`^Liquid error(?: \(line \d+\))?: `)

// unreadable says what the library could not read.
func unreadable(wrong error) error {
	said := lineOf.ReplaceAllString(wrong.Error(), "")
	fix := liquidExample
	switch {
	case strings.HasPrefix(said, "unterminated"):
		what, in, _ := strings.Cut(strings.TrimPrefix(said, "unterminated "), " block")
		name := strings.Trim(what, `"`)
		return &Error{"the tag" + strings.TrimPrefix(in, " in") + " is not closed", fmt.Sprintf("write {%% end%s %%} where it ends", name)}
	case strings.Contains(said, " not inside "):
		fix = "open it before, or take it away"
	}
	return &Error{"the template cannot be read: " + said, fix}
}

func (c *compiling) nodes(tree []parser.ASTNode) ([]node, error) {
	if c.depth++; c.depth > maximumBlocks {
		return nil, &Error{fmt.Sprintf("tags stand in each other more than %d deep", maximumBlocks-1), "make the template flatter"}
	}
	defer func() { c.depth-- }()
	var nodes []node
	for _, part := range tree {
		var made node
		var err error
		switch part := part.(type) {
		case *parser.ASTSeq:
			return c.nodes(part.Children)
		case *parser.ASTText:
			made, err = c.text(part.Source)
		case *parser.ASTRaw:
			made = textNode(strings.Join(part.Slices, ""))
		case *parser.ASTObject:
			made, err = c.output(part)
		case *parser.ASTTag:
			c.program.plain = false
			made, err = c.tag(part)
		case *parser.ASTBlock:
			c.program.plain = false
			made, err = c.block(part)
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, made)
	}
	return nodes, nil
}

// text is what stands between tags. What the library takes for text although it opens something is not closed.
func (c *compiling) text(text string) (node, error) {
	for _, mark := range [][2]string{{"{{", "}}"}, {"{%", "%}"}} {
		if at := strings.Index(text, mark[0]); at >= 0 {
			line, _, _ := strings.Cut(text[at:], "\n")
			return nil, &Error{fmt.Sprintf("%q is not closed in its line", shortened(line)), fmt.Sprintf("write %s where it ends; for the characters themselves write {%% raw %%}%s{%% endraw %%}", mark[1], mark[0])}
		}
	}
	return textNode(text), nil
}

func (c *compiling) output(part *parser.ASTObject) (node, error) {
	read, err := c.check(part.Args, part.Source, false)
	if err != nil {
		return nil, err
	}
	if len(read.variables) > 0 && read.variables[0][0] == "traits" && !slices.Contains(read.filters, "default") {
		c.program.undefended = append(c.program.undefended, strings.Join(read.variables[0], "."))
	}
	last := ""
	if len(read.filters) > 0 {
		last = read.filters[len(read.filters)-1]
	}
	return &outputNode{expression: part.Expr, encoded: last == "url_encode"}, nil
}

func (c *compiling) tag(part *parser.ASTTag) (node, error) {
	switch part.Name {
	case "break", "continue":
		return jumpNode(part.Name), nil
	case "assign":
		_, value, _ := strings.Cut(part.Args, "=")
		if _, err := c.check(value, part.Source, false); err != nil {
			return nil, err
		}
		read, err := statement(expressions.AssignStatementSelector, part.Args, part.Source)
		if err != nil {
			return nil, err
		}
		c.locals = append(c.locals, read.Assignment.Variable)
		return &assignNode{read.Assignment.Variable, read.ValueFn}, nil
	case "cycle":
		read, err := statement(expressions.CycleStatementSelector, part.Args, part.Source)
		if err != nil {
			return nil, err
		}
		return &cycleNode{read.Group, read.Values}, nil
	}
	return nil, &Error{fmt.Sprintf("there is no tag %q", part.Source), "the tags are " + allTags}
}

func (c *compiling) block(part *parser.ASTBlock) (node, error) {
	c.program.arms = max(c.program.arms, len(part.Clauses)+1)
	switch part.Name {
	case "capture":
		body, err := c.nodes(part.Body)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSpace(part.Args)
		if !variableName.MatchString(name) {
			return nil, &Error{fmt.Sprintf("%s gives the variable no name", part.Source), "write {% capture greeting %}"}
		}
		c.locals = append(c.locals, name)
		return &captureNode{name, body}, nil
	case "for":
		return c.loop(part)
	case "case":
		return c.cases(part)
	default:
		return c.branch(part)
	}
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

func (c *compiling) loop(part *parser.ASTBlock) (node, error) {
	read, err := statement(expressions.LoopStatementSelector, part.Args, part.Source)
	if err != nil {
		return nil, err
	}
	if _, err := c.check(strings.TrimPrefix(strings.TrimSpace(part.Args), read.Loop.Variable), part.Source, true); err != nil {
		return nil, err
	}
	outside := c.locals
	c.locals = append(slices.Clone(c.locals), read.Loop.Variable, "forloop")
	loop := &loopNode{loop: read.Loop}
	if loop.body, err = c.nodes(part.Body); err != nil {
		return nil, err
	}
	made := c.locals[len(outside)+2:]
	c.locals = append(slices.Clone(outside), made...)
	for _, clause := range part.Clauses {
		if loop.otherwise, err = c.nodes(clause.Body); err != nil {
			return nil, err
		}
	}
	return loop, nil
}

func (c *compiling) branch(part *parser.ASTBlock) (node, error) {
	branch := &branchNode{}
	add := func(clause *parser.ASTBlock) error {
		arm := branchArm{negated: clause.Name == "unless"}
		var err error
		if clause.Name != "else" {
			if arm.test, err = c.expression(clause.Args, clause.Source); err != nil {
				return err
			}
		}
		arm.body, err = c.nodes(clause.Body)
		branch.arms = append(branch.arms, arm)
		return err
	}
	if err := add(part); err != nil {
		return nil, err
	}
	for _, clause := range part.Clauses {
		if err := add(clause); err != nil {
			return nil, err
		}
	}
	return branch, nil
}

func (c *compiling) cases(part *parser.ASTBlock) (node, error) {
	subject, err := c.expression(part.Args, part.Source)
	if err != nil {
		return nil, err
	}
	made := &caseNode{subject: subject}
	for _, clause := range part.Clauses {
		arm := caseArm{}
		if clause.Name == "when" {
			if _, err := c.check(clause.Args, clause.Source, false); err != nil {
				return nil, err
			}
			read, err := statement(expressions.WhenStatementSelector, clause.Args, clause.Source)
			if err != nil {
				return nil, err
			}
			arm.values = read.Exprs
		}
		if arm.body, err = c.nodes(clause.Body); err != nil {
			return nil, err
		}
		made.arms = append(made.arms, arm)
	}
	return made, nil
}

// expression reads a condition.
func (c *compiling) expression(args, source string) (read expressions.Expression, err error) {
	if _, err := c.check(args, source, false); err != nil {
		return nil, err
	}
	defer func() {
		if failure := recover(); failure != nil || err != nil {
			read, err = nil, unreadableTag(source)
		}
	}()
	return expressions.Parse(args)
}

// statement reads what stands in one of the tags that have a grammar of their own.
func statement(selector, args, source string) (read *expressions.Statement, err error) {
	defer func() {
		if failure := recover(); failure != nil || err != nil {
			read, err = nil, unreadableTag(source)
		}
	}()
	return expressions.ParseStatement(selector, args)
}

func unreadableTag(source string) error {
	return &Error{fmt.Sprintf("the template cannot be read at %s", source), "see the tags and filters in docs/personalisation.md"}
}

// check looks at an expression's names: its variables and filters must be
// there, and a range may only be what a loop goes through, for nobody else
// bounds it.
func (c *compiling) check(args, source string, loop bool) (names, error) {
	read := namesIn(args)
	if read.open {
		return read, &Error{fmt.Sprintf("a quote is not closed, in %s", source), "write the same quote where the text ends"}
	}
	for _, filter := range read.filters {
		if _, known := filters[filter]; !known {
			return read, &Error{fmt.Sprintf("there is no filter %q, in %s", filter, source), "the filters are " + strings.Join(filterNames(), ", ")}
		}
	}
	if read.ranges && (!loop || len(read.filters) > 0) {
		return read, &Error{fmt.Sprintf("a range stands outside of a loop, in %s", source), "write it in {% for number in (1..5) %} alone"}
	}
	for _, variable := range read.variables {
		if err := c.checkVariable(variable, source); err != nil {
			return read, err
		}
	}
	c.program.clock = c.program.clock || read.clock
	return read, nil
}

func (c *compiling) checkVariable(path []string, source string) error {
	root := path[0]
	if slices.Contains(c.locals, root) {
		return nil
	}
	if !slices.Contains(c.program.roots, root) {
		c.program.roots = append(c.program.roots, root)
	}
	switch {
	case root == "params" && c.params == nil:
		return &Error{fmt.Sprintf("only a message with a template has params, in %s", source), `add template = "…", or write the text itself`}
	case root == "params":
		if len(path) > 1 && !slices.Contains(c.params, path[1]) {
			return &Error{fmt.Sprintf("the template has no param %q, in %s", path[1], source), "its params are " + listed(c.params)}
		}
		return nil
	case !slices.Contains(variables, root):
		readable := slices.Clone(variables)
		if c.params != nil {
			readable = append(readable, "params")
		}
		return &Error{fmt.Sprintf("there is no variable %q, in %s", root, source), "what a text can read is " + listed(readable)}
	}
	if allowed, closed := members[root]; closed && len(path) > 1 && !slices.Contains(allowed, path[1]) {
		return &Error{fmt.Sprintf("%s has no %q, in %s", root, path[1], source), "it has " + listed(allowed)}
	}
	return nil
}

// listed writes names as a person would: a, b and c.
func listed(names []string) string {
	switch len(names) {
	case 0:
		return "none"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// names are what an expression mentions.
type names struct {
	// variables are what is read, each with the names after its dots.
	variables [][]string
	filters   []string
	// ranges is set when it holds one, such as (1..5).
	ranges bool
	// clock is set when it asks for the time.
	clock bool
	// open is set when a quote is not closed.
	open bool
}

// token is one word of an expression: a text in quotes, a name with its dots, a range's dots or another character.
var token = regexp.MustCompile(`"[^"]*"|'[^']*'|-?[0-9]+(?:\.[0-9]+)?|\.\.|[A-Za-z_][A-Za-z0-9_-]*\??:?|\.[A-Za-z_][A-Za-z0-9_-]*\??|\S`)

// keywords are the names that are no variables.
var keywords = []string{"and", "or", "contains", "in", "true", "false", "nil", "reversed"}

// namesIn finds the names in an expression that the library reads in the same way, but does not give away.
func namesIn(args string) names {
	var found names
	before := ""
	path := false
	for _, word := range token.FindAllString(args, -1) {
		first := word[0]
		letter := first == '_' || first >= 'a' && first <= 'z' || first >= 'A' && first <= 'Z'
		switch {
		case word == "..":
			found.ranges, path = true, false
		case word == `"` || word == "'":
			found.open = true
		case first == '"' || first == '\'':
			text := strings.ToLower(strings.TrimSpace(word[1 : len(word)-1]))
			found.clock = found.clock || text == "now" || text == "today"
			path = false
		case first == '.' && len(word) > 1:
			if last := len(found.variables) - 1; path && last >= 0 {
				found.variables[last] = append(found.variables[last], word[1:])
			}
		case letter && before == "|":
			found.filters = append(found.filters, strings.TrimSuffix(word, ":"))
			path = false
		case letter && !strings.HasSuffix(word, ":") && !slices.Contains(keywords, word):
			found.variables = append(found.variables, []string{word})
			path = true
		default:
			path = false
		}
		before = word
	}
	return found
}

// shortened is the beginning of a text, for an error.
func shortened(text string) string {
	const most = 40
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
