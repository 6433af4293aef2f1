package pagerule

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// example is a line of a table in docs/page-rules.md.
type example struct {
	line          int
	pages, except []string
	address, name string
	answer        string // yes, no or error
}

func (e example) String() string {
	return fmt.Sprintf("docs/page-rules.md:%d: pages %q except %q page %q named %q", e.line, e.pages, e.except, e.address, e.name)
}

const (
	ruleTable = "| rule | page | matches? |"
	setTable  = "| pages | except | page | may appear? |"
)

var inBackticks = regexp.MustCompile("`([^`]*)`")

func documentation(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/page-rules.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// documentedExamples returns every line of the tables with either header.
func documentedExamples(t testing.TB) []example {
	t.Helper()
	var examples []example
	var header string
	for number, line := range strings.Split(documentation(t), "\n") {
		switch {
		case line == ruleTable || line == setTable:
			header = line
			continue
		case !strings.HasPrefix(line, "|"):
			header = ""
		}
		if header == "" || strings.HasPrefix(line, "|---") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		found := example{line: number + 1, answer: strings.TrimSpace(cells[len(cells)-1])}
		quoted := func(cell string) []string {
			var texts []string
			for _, match := range inBackticks.FindAllStringSubmatch(cell, -1) {
				texts = append(texts, match[1])
			}
			return texts
		}
		found.pages = quoted(cells[0])
		if header == setTable {
			found.except = quoted(cells[1])
		}
		page := quoted(cells[len(cells)-2])
		if len(page) > 0 {
			found.address = page[0]
		}
		if len(page) > 1 {
			found.name = page[1]
		}
		examples = append(examples, found)
	}
	return examples
}

func TestDocumentedExamples(t *testing.T) {
	examples := documentedExamples(t)
	if len(examples) < 150 {
		t.Fatalf("the tables have %d examples: were their headers changed?", len(examples))
	}
	for _, example := range examples {
		set, err := Compile(example.pages, example.except)
		if example.answer == "error" {
			if err == nil {
				t.Errorf("%s: compiles, want an error", example)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", example, err)
			continue
		}
		page, err := NewPage(example.address, example.name)
		if err != nil {
			t.Errorf("%s: %v", example, err)
			continue
		}
		if example.answer != "yes" && example.answer != "no" {
			t.Errorf("%s: the answer is %q, want yes, no or error", example, example.answer)
		}
		matched, rule, reason := set.Explain(&page)
		if matched != (example.answer == "yes") || set.Match(&page) != matched {
			t.Errorf("%s: %v (%s, %s), want %s", example, matched, rule, reason, example.answer)
		}
	}
}

func TestDocumentedTOMLCompiles(t *testing.T) {
	found := 0
	for _, block := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(documentation(t), -1) {
		lists := map[string][]string{}
		for _, line := range strings.Split(strings.TrimSpace(block[1]), "\n") {
			key, value, _ := strings.Cut(line, "=")
			var rules []string
			if err := json.Unmarshal([]byte(value), &rules); err != nil {
				t.Errorf("%s: %v", line, err)
			}
			lists[strings.TrimSpace(key)] = rules
		}
		if _, err := Compile(lists["pages"], lists["except"]); err != nil {
			t.Errorf("%s: %v", block[1], err)
		}
		found++
	}
	if found == 0 {
		t.Error("the page has no TOML example")
	}
}

// The rules that the page proposes are such that the checker has nothing
// against them.
func TestDocumentedProposalsHaveNoWarnings(t *testing.T) {
	_, section, _ := strings.Cut(documentation(t), "## What do you want to do?")
	section, _, _ = strings.Cut(section, "\n## ")
	found := 0
	for _, match := range regexp.MustCompile("(?m)^\\|.*\\| `(.*)` \\|$").FindAllStringSubmatch(section, -1) {
		rule, err := Parse(match[1])
		if err != nil {
			t.Error(err)
		}
		if warnings := rule.Warnings(); len(warnings) > 0 {
			t.Errorf("%s: %q", rule, warnings)
		}
		found++
	}
	if found < 10 {
		t.Errorf("the table has %d rules: was it changed?", found)
	}
}
