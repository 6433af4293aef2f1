package pagerule

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode"
)

// javaScript writes the expression in JavaScript's syntax. What the rule
// ignores is left out of every class of characters, and "$" stands before it.
// A rule that looks at the fragment could match any address.
func (e *expression) javaScript() (string, bool) {
	if e.needsFragment() {
		return anyURL, false
	}
	writer := expressionWriter{excluded: "?#", end: `(?=/?` + endOfPath + `)`}
	if e.looked&withQuery != 0 {
		writer = expressionWriter{excluded: "#", end: `(?=` + endOfQuery + `)`, withQuery: true}
	}
	return anyURL + writer.class("") + "*?(?:" + writer.write(e.tree) + ")", true
}

// expressionWriter writes a parsed RE2 expression for JavaScript.
type expressionWriter struct {
	excluded  string // the characters that the text to match does not have
	end       string // matches before the end of the text
	withQuery bool
}

func (w expressionWriter) write(tree *syntax.Regexp) string {
	switch tree.Op {
	case syntax.OpNoMatch:
		return "(?!)"
	case syntax.OpLiteral:
		var expression string
		for _, r := range tree.Rune {
			expression += w.literal(r, tree.Flags&syntax.FoldCase != 0)
		}
		return expression
	case syntax.OpCharClass:
		return w.writeClass(tree)
	case syntax.OpAnyCharNotNL, syntax.OpAnyChar:
		return w.class("")
	case syntax.OpBeginLine, syntax.OpBeginText:
		return "^"
	case syntax.OpEndLine, syntax.OpEndText:
		return w.end
	case syntax.OpWordBoundary:
		return `\b`
	case syntax.OpNoWordBoundary:
		return `\B`
	case syntax.OpCapture:
		return w.group(tree.Sub[0])
	case syntax.OpStar:
		return w.group(tree.Sub[0]) + "*"
	case syntax.OpPlus:
		return w.group(tree.Sub[0]) + "+"
	case syntax.OpQuest:
		return w.group(tree.Sub[0]) + "?"
	case syntax.OpRepeat:
		if tree.Max < 0 {
			return fmt.Sprintf("%s{%d,}", w.group(tree.Sub[0]), tree.Min)
		}
		return fmt.Sprintf("%s{%d,%d}", w.group(tree.Sub[0]), tree.Min, tree.Max)
	case syntax.OpConcat:
		var expression string
		for _, sub := range tree.Sub {
			if sub.Op == syntax.OpAlternate {
				expression += w.group(sub)
			} else {
				expression += w.write(sub)
			}
		}
		return expression
	case syntax.OpAlternate:
		var branches []string
		for _, sub := range tree.Sub {
			branches = append(branches, w.write(sub))
		}
		return strings.Join(branches, "|")
	default: // syntax.OpEmptyMatch
		return ""
	}
}

func (w expressionWriter) group(tree *syntax.Regexp) string {
	return "(?:" + w.write(tree) + ")"
}

// literal matches one character. The slash before the query may be missing,
// or be there where the expression has none.
func (w expressionWriter) literal(r rune, fold bool) string {
	switch {
	case r == '/':
		return "(?:/|(?=" + endOfPath + "))"
	case r == '?':
		return `/?\?`
	case fold && unicode.IsLetter(r):
		return "[" + string(unicode.ToLower(r)) + string(unicode.ToUpper(r)) + "]"
	case r > unicode.MaxASCII || isLetterOrDigit(byte(r)) || r == '%':
		// A "%" is the beginning of an encoding that the expression spells out.
		return quote(string(r))
	default:
		return addressText(normalize(string(r), inFragment))
	}
}

func (w expressionWriter) writeClass(tree *syntax.Regexp) string {
	if isNegated(tree) {
		var without string
		for c := rune(' '); c <= unicode.MaxASCII; c++ {
			if !classHolds(tree, c) {
				without += string(c)
			}
		}
		return w.class(without)
	}
	expression := "["
	for i := 0; i < len(tree.Rune); i += 2 {
		low, high := tree.Rune[i], min(tree.Rune[i+1], unicode.MaxASCII)
		if low > high {
			continue
		}
		expression += classCharacter(low)
		if high > low {
			expression += "-" + classCharacter(high)
		}
	}
	expression += "]"
	if w.withQuery && classHolds(tree, '?') {
		return `(?:/?\?|` + expression + ")"
	}
	return expression
}

// class matches any character but those given and those that are excluded.
func (w expressionWriter) class(without string) string {
	expression := "[^"
	for _, r := range without + w.excluded {
		expression += classCharacter(r)
	}
	return expression + "]"
}

func classCharacter(r rune) string {
	if r > unicode.MaxASCII || isLetterOrDigit(byte(r)) || r == '/' || r == '?' || r == '#' {
		return string(r)
	}
	return fmt.Sprintf(`\x%02x`, r)
}
