package pagerule

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
)

// expression is a rule "regex:".
type expression struct {
	expression *regexp.Regexp
	// tree is the parsed expression.
	tree   *syntax.Regexp
	looked detail
}

// maxExpressionLength bounds what an expression costs on each page.
const maxExpressionLength = 512

func parseExpression(text string) (condition, error) {
	if text == "" {
		return nil, errors.New(`the expression is missing: write for example "regex:/orders/[0-9]+$"`)
	}
	if len(text) > maxExpressionLength {
		return nil, fmt.Errorf("the expression is longer than %d bytes: write several rules", maxExpressionLength)
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		problem := err.Error()
		var wrong *syntax.Error
		if errors.As(err, &wrong) {
			problem = wrong.Code.String()
			if wrong.Expr != "" {
				problem += " at " + wrong.Expr
			}
		}
		return nil, fmt.Errorf("the expression is not valid RE2 (%s): see https://github.com/google/re2/wiki/Syntax", problem)
	}
	if path := strings.TrimPrefix(text, "^"); path != text && strings.HasPrefix(strings.TrimPrefix(path, `\`), "/") {
		return nil, fmt.Errorf(`no address begins with "/", since the host comes first: write %q, or a path with "*"`, "regex:^https?://[^/]+"+path)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	parsed := &expression{expression: compiled, tree: tree}
	if holds(tree, '?') {
		parsed.looked |= withQuery
	}
	if holds(tree, '#') {
		parsed.looked |= withFragment
	}
	if beyond := firstBeyondASCII(tree); beyond != 0 {
		encoded := normalize(string(beyond), inPath)
		return nil, fmt.Errorf("it holds %q, which addresses hold percent-encoded: write %s (a host has xn-- instead)", beyond, encoded)
	}
	return parsed, nil
}

func (e *expression) match(page *Page) bool {
	return page.Name == "" &&
		(e.expression.MatchString(page.text[e.looked]) || e.expression.MatchString(page.slashedText[e.looked]))
}

func (e *expression) needsFragment() bool { return e.looked&withFragment != 0 }

// holds says whether an expression asks for a character itself: as a literal
// or in a class that names it or a range around it, not by matching any
// character or all but some.
func holds(tree *syntax.Regexp, wanted rune) bool {
	switch tree.Op {
	case syntax.OpLiteral:
		return strings.ContainsRune(string(tree.Rune), wanted)
	case syntax.OpCharClass:
		return !isNegated(tree) && classHolds(tree, wanted)
	}
	for _, sub := range tree.Sub {
		if holds(sub, wanted) {
			return true
		}
	}
	return false
}

// isNegated says that a class was written as all but some characters.
func isNegated(class *syntax.Regexp) bool {
	return len(class.Rune) > 0 && class.Rune[len(class.Rune)-1] == unicode.MaxRune
}

func classHolds(class *syntax.Regexp, wanted rune) bool {
	for i := 0; i < len(class.Rune); i += 2 {
		if class.Rune[i] <= wanted && wanted <= class.Rune[i+1] {
			return true
		}
	}
	return false
}

// firstBeyondASCII returns the first literal of an expression that no
// normalised address holds, or 0.
func firstBeyondASCII(tree *syntax.Regexp) rune {
	if tree.Op == syntax.OpLiteral {
		for _, r := range tree.Rune {
			if r > unicode.MaxASCII {
				return r
			}
		}
	}
	for _, sub := range tree.Sub {
		if found := firstBeyondASCII(sub); found != 0 {
			return found
		}
	}
	return 0
}
