package pagerule

import (
	"errors"
	"fmt"
	"strings"
)

// Set is the pages and except of one message. The zero Set matches no page.
type Set struct {
	pages  []Rule
	except []Rule
}

// Compile compiles the two lists of a message. The error is a RuleErrors with
// an entry for every rule that is wrong.
func Compile(pages, except []string) (Set, error) {
	var wrong RuleErrors
	compileList := func(list string, texts []string) []Rule {
		rules := make([]Rule, len(texts))
		for i, text := range texts {
			rule, err := compile(strings.TrimSpace(text))
			if err == nil && list == "except" && rule.isEveryPage() {
				err = errors.New("it leaves no page: remove it, or list the pages to leave out")
			}
			if err != nil {
				wrong = append(wrong, &RuleError{List: list, Index: i, Rule: text, Problem: err.Error()})
			}
			rules[i] = rule
		}
		return rules
	}
	set := Set{pages: compileList("pages", pages), except: compileList("except", except)}
	if len(pages) == 0 {
		wrong = append(wrong, &RuleError{List: "pages", Index: -1, Problem: `it is missing: add pages = ["*"] for every page`})
	}
	if wrong != nil {
		return Set{}, wrong
	}
	return set, nil
}

// Pages returns the rules of which one must match. The caller must not change
// them.
func (s Set) Pages() []Rule { return s.pages }

// Except returns the rules of which none may match. The caller must not
// change them.
func (s Set) Except() []Rule { return s.except }

// Match says whether the message may appear on the page.
func (s Set) Match(page *Page) bool {
	return firstMatch(s.pages, page) >= 0 && firstMatch(s.except, page) < 0
}

// NeedsFragment says that a rule of the set looks at the fragment, which only
// the browser knows.
func (s Set) NeedsFragment() bool {
	for _, rules := range [][]Rule{s.pages, s.except} {
		for _, rule := range rules {
			if rule.NeedsFragment() {
				return true
			}
		}
	}
	return false
}

// Explain says whether the message may appear on the page, which rule decided
// (empty if no rule matches the page), and why.
func (s Set) Explain(page *Page) (matched bool, rule string, reason string) {
	if i := firstMatch(s.except, page); i >= 0 {
		rule = s.except[i].text
		return false, rule, fmt.Sprintf("except[%d] %q matches %s", i, rule, page)
	}
	if i := firstMatch(s.pages, page); i >= 0 {
		rule = s.pages[i].text
		return true, rule, fmt.Sprintf("pages[%d] %q matches %s", i, rule, page)
	}
	if page.Name != "" {
		return false, "", fmt.Sprintf(`no rule of pages matches %s: a page with a name is judged by "name:" rules and "*" alone`, page)
	}
	return false, "", fmt.Sprintf("no rule of pages matches %s", page)
}

// String returns the page as rules see it: its name, or its address.
func (page *Page) String() string {
	if page.Name != "" {
		return fmt.Sprintf("the page name %q", page.Name)
	}
	return page.text[withQuery|withFragment]
}

func firstMatch(rules []Rule, page *Page) int {
	for i, rule := range rules {
		if rule.Match(page) {
			return i
		}
	}
	return -1
}
