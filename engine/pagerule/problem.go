package pagerule

import (
	"errors"
	"fmt"
	"strings"
)

// RuleError says what is wrong with one rule.
type RuleError struct {
	// List is "pages" or "except", or empty for a rule that Parse was given.
	List string
	// Index is the rule's place in the list, from 0, and -1 where the whole list
	// is wrong or there is none.
	Index int
	// Rule is the rule as it was written.
	Rule string
	// Problem is what is wrong and what to write instead.
	Problem string
}

// Error returns the place, the rule and the problem in one sentence.
func (e *RuleError) Error() string {
	switch {
	case e.List == "":
		return fmt.Sprintf("page rule %q: %s", e.Rule, e.Problem)
	case e.Index < 0:
		return fmt.Sprintf("%s: %s", e.List, e.Problem)
	default:
		return fmt.Sprintf("%s[%d] %q: %s", e.List, e.Index, e.Rule, e.Problem)
	}
}

// RuleErrors is the error of Compile: everything that is wrong with a set.
type RuleErrors []*RuleError

// Error returns one line for each rule.
func (e RuleErrors) Error() string {
	lines := make([]string, len(e))
	for i, wrong := range e {
		lines[i] = wrong.Error()
	}
	return strings.Join(lines, "\n")
}

const ruleForms = `a rule is "*", a URL with its scheme, a path that starts with "/", or starts with name:, equals:, contains:, prefix: or regex:`

// checkAddress refuses what is neither a URL with a scheme nor a path.
func checkAddress(text string) error {
	switch {
	case strings.HasPrefix(text, "//"):
		return fmt.Errorf("it has no scheme: write %q", "http*:"+text)
	case !strings.HasPrefix(text, "/") && !hasScheme(text):
		return errors.New(ruleForms + instead(text))
	case strings.ContainsAny(text, " \u00a0"):
		return errors.New(`it holds a space: write one rule per entry, and %20 for a space in an address`)
	case strings.Contains(beforeQuery(text), `\`):
		return errors.New(`it holds "\": write "/" between the parts of a path; "*" needs no escape, and %2A stands for the character itself`)
	default:
		return nil
	}
}

// hasScheme says that a text starts with a scheme, which may have wildcards, and "://".
func hasScheme(text string) bool {
	scheme, _, found := strings.Cut(text, "://")
	return found && scheme != "" && !strings.ContainsFunc(scheme, func(r rune) bool {
		return r > 0x7f || !isLetterOrDigit(byte(r)) && !strings.ContainsRune("*+-.", r)
	})
}

func beforeQuery(text string) string {
	if end := strings.IndexAny(text, "?#"); end >= 0 {
		return text[:end]
	}
	return text
}

// instead proposes what may have been meant by a rule of no known form.
func instead(text string) string {
	word, operand, hasWord := strings.Cut(text, ":")
	host, _, _ := strings.Cut(text, "/")
	switch {
	case strings.HasPrefix(text, "!"):
		return fmt.Sprintf("; to leave pages out, write %q in except", strings.TrimLeft(text, "! "))
	case hasWord && (strings.EqualFold(word, "http") || strings.EqualFold(word, "https")):
		return fmt.Sprintf("; write %q", strings.ToLower(word)+"://"+strings.TrimLeft(operand, "/"))
	case hasWord && isWord(word) && !startsWithDigit(operand):
		if known, _, found := cutWord(strings.ToLower(word) + ":"); found {
			return fmt.Sprintf("; write %q", known+":"+operand)
		}
		return fmt.Sprintf("; there is no %q", word+":")
	case strings.ContainsAny(text, " \u00a0"):
		return ""
	case strings.ContainsAny(host, ".:") && host != ".":
		return fmt.Sprintf("; write %q or %q", "https://"+text, "contains:"+text)
	case strings.HasPrefix(text, "*/"):
		return fmt.Sprintf("; write %q", "/"+text)
	default:
		plain := strings.Trim(text, "*")
		return fmt.Sprintf("; write %q or %q", "/"+plain, "contains:"+plain)
	}
}

func isWord(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r > 0x7f || !isLetterOrDigit(byte(r)) && r != '_' && r != '-'
	})
}

func startsWithDigit(text string) bool {
	return text != "" && '0' <= text[0] && text[0] <= '9'
}

// warnings says what may be wrong with a rule that Parse accepts.
func warnings(text string) []string {
	var found []string
	word, operand, _ := cutWord(text)
	switch word {
	case "regex", "name":
		return nil
	case "contains":
		if strings.ContainsAny(operand, "=&") && !strings.ContainsAny(operand, "?#") {
			found = append(found, fmt.Sprintf(`the query is ignored without a "?" in the rule: to find it there, write %q`, "/*?*"+operand+"*"))
		}
	}
	if word != "" && strings.Contains(operand, "*") {
		found = append(found, fmt.Sprintf(`"*" stands for itself after %s: write the rule without that word to match any text`, word+":"))
	}
	path := operand
	if hasScheme(operand) {
		_, rest, _ := strings.Cut(operand, "://")
		path = strings.TrimPrefix(rest, splitAddress(rest).authority)
		if bare := strings.TrimSuffix(rest, "*"); path == "" && bare != "" && word != "equals" &&
			(word == "prefix" || bare != rest) && !strings.HasSuffix(bare, ".") && !strings.HasSuffix(bare, ":") {
			found = append(found, fmt.Sprintf(`it matches hosts that start with %q: for the pages of that host alone, add "/" after it`, bare))
		}
	}
	if path != strings.ToLower(path) {
		found = append(found, "it holds capitals: only scheme and host are compared without case, and addresses are mostly in lower case")
	}
	for segment := range strings.SplitSeq(beforeQuery(path), "/") {
		if len(segment) > 1 && segment[0] == ':' || len(segment) > 2 && segment[0] == '{' && strings.HasSuffix(segment, "}") {
			found = append(found, fmt.Sprintf(`%q stands for itself: write "*" to match any text`, segment))
		}
	}
	return found
}
