package handbill_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// testNamed is a test as docs/features.md names it: after its package.
var testNamed = regexp.MustCompile("^`([a-z/]+)` `((?:Test|Fuzz)[A-Za-z0-9]+)`$")

func TestEveryFeatureNamesTestsThatExist(t *testing.T) {
	sources := map[string]string{}
	shown, announced := 0, 0
	for line := range strings.Lines(read(t, "docs/features.md")) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| feature |") {
			continue
		}
		if len(cells) != 3 {
			t.Errorf("the row has %d cells: %s", len(cells), line)
			continue
		}
		feature, test, page := strings.TrimSpace(cells[0]), strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])
		if test == "not yet" || test == "with the client" {
			announced++
			continue
		}
		shown++
		if !strings.HasPrefix(page, "[") {
			t.Errorf("%s: no page describes it", feature)
		}
		for one := range strings.SplitSeq(test, ", ") {
			match := testNamed.FindStringSubmatch(one)
			if match == nil {
				t.Errorf("%s: %q is no test and its package", feature, one)
				continue
			}
			folder, name := match[1], match[2]
			if sources[folder] == "" {
				sources[folder] = testsOf(t, folder)
			}
			if !strings.Contains(sources[folder], "\nfunc "+name+"(") {
				t.Errorf("%s: %s has no %s", feature, folder, name)
			}
		}
	}
	if shown < 60 || announced == 0 {
		t.Errorf("the tables have %d features with tests and %d without; are they read rightly?", shown, announced)
	}
}

// testsOf is the text of a package's tests.
func testsOf(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, file := range files {
		text.WriteString(read(t, file))
	}
	return text.String()
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// pages are the README and all of docs.
func pages(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("docs/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d pages, %v", len(files), err)
	}
	return append(files, "README.md")
}

func TestTheREADMELinksEveryPage(t *testing.T) {
	text := read(t, "README.md")
	for _, page := range pages(t) {
		if page != "README.md" && !strings.Contains(text, "]("+page+")") {
			t.Errorf("%s is not in it", page)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]*)\)`)

// code is what links are not looked for in.
var code = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")

func TestEveryLinkBetweenPagesLeadsSomewhere(t *testing.T) {
	headings := map[string]map[string]bool{}
	for _, page := range pages(t) {
		headings[page] = headingsOf(read(t, page))
	}
	for _, page := range pages(t) {
		for _, match := range link.FindAllStringSubmatch(code.ReplaceAllString(read(t, page), ""), -1) {
			path, heading, _ := strings.Cut(match[1], "#")
			if strings.Contains(match[1], "://") {
				continue
			}
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", page, match[1])
			} else if heading != "" && !headings[target][heading] {
				t.Errorf("%s links to %s, and there is no such heading", page, match[1])
			}
		}
	}
}

// headingsOf are the names by which a page's headings can be linked.
func headingsOf(text string) map[string]bool {
	names := map[string]bool{}
	for line := range strings.Lines(regexp.MustCompile("(?s)```.*?```").ReplaceAllString(text, "")) {
		if !strings.HasPrefix(line, "#") {
			continue
		}
		names[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			default:
				return -1
			}
		}, strings.TrimSpace(strings.TrimLeft(line, "#")))] = true
	}
	return names
}
