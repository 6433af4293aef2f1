package pagerule

import (
	"errors"
	"strings"
)

// Rule is one compiled page rule. The zero Rule matches no page.
type Rule struct {
	text      string
	condition condition
	warnings  []string
}

// condition is what one kind of rule asks of a page.
type condition interface {
	match(page *Page) bool
	// javaScript returns the condition as an alternative of a regular
	// expression that starts at the beginning of the route, and whether the
	// reference client can judge it at all. For one that it cannot, the
	// expression matches every route that the condition could match.
	javaScript() (expression string, judged bool)
	// barePath returns an expression for the bare paths of all pages that the
	// condition could match; empty where the other one matches those.
	barePath() string
	// evidence returns what a page must hold: one of several, for the index.
	evidence() []evidence
}

// maxRuleLength is the longest rule in bytes. Addresses longer than this are
// not passed on by many servers.
const maxRuleLength = 2048

// Parse compiles one rule. The error is a *RuleError, and says what is wrong
// and what to write instead.
func Parse(text string) (Rule, error) {
	rule, err := compile(strings.TrimSpace(text))
	if err != nil {
		return Rule{}, &RuleError{Index: -1, Rule: strings.TrimSpace(text), Problem: err.Error()}
	}
	return rule, nil
}

// compile compiles a rule without spaces around it. The error is the problem alone.
func compile(text string) (Rule, error) {
	rule := Rule{text: text}
	var err error
	switch word, operand, _ := cutWord(text); {
	case text == "":
		err = errors.New(`it is empty: write "*" for every page`)
	case len(text) > maxRuleLength:
		err = errors.New("it is longer than 2048 bytes: match a part of the address with a rule that begins with contains:, such as contains:pricing")
	case strings.ContainsFunc(text, isControl):
		err = errors.New("it holds a control character, for example a line break: write one rule per entry")
	case collapseStars(text) == "*":
		rule.condition = everyPage{}
	case word == "name":
		rule.condition, err = parseName(operand)
	case word == "contains":
		rule.condition, err = parseText(operand)
	case word == "regex":
		rule.condition, err = parseExpression(operand)
	case word == "equals":
		rule.condition, err = parseAddress(operand, exactAddress)
	case word == "prefix":
		rule.condition, err = parseAddress(operand, addressPrefix)
	default:
		rule.condition, err = parseAddress(text, addressGlob)
	}
	if err != nil {
		return Rule{}, err
	}
	rule.warnings = warnings(text)
	return rule, nil
}

// Match says whether the rule matches the page.
func (r Rule) Match(page *Page) bool {
	return r.condition != nil && r.condition.match(page)
}

// String returns the rule as it was written.
func (r Rule) String() string { return r.text }

// NeedsFragment says that the rule looks at the fragment, what stands after
// "#": only the browser knows it, so the rule must be judged on the address
// that the browser shows.
func (r Rule) NeedsFragment() bool {
	needing, ok := r.condition.(interface{ needsFragment() bool })
	return ok && needing.needsFragment()
}

// Warnings says what may be wrong with a rule that is right in form, each
// with what to write instead.
func (r Rule) Warnings() []string { return r.warnings }

func (r Rule) isEveryPage() bool {
	_, every := r.condition.(everyPage)
	return every
}

// cutWord cuts off one of the words that a rule can start with, and the
// spaces around what follows it.
func cutWord(text string) (word, operand string, found bool) {
	for _, word := range []string{"name", "equals", "contains", "prefix", "regex"} {
		if operand, found := strings.CutPrefix(text, word+":"); found {
			return word, strings.TrimSpace(operand), true
		}
	}
	return "", text, false
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// everyPage is the rule "*".
type everyPage struct{}

func (everyPage) match(*Page) bool { return true }

// pageName is a rule "name:".
type pageName struct{ name glob }

func parseName(text string) (condition, error) {
	if text == "" {
		return nil, errors.New(`the name is missing: write for example "name:Billing", or "name:*" for every page with a name`)
	}
	return pageName{glob{pieces: strings.Split(collapseStars(text), "*")}}, nil
}

func (n pageName) match(page *Page) bool {
	return page.Name != "" && n.name.match(page.Name)
}
