package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestAReportIsTheSameForTheSameFigures(t *testing.T) {
	when := "2026-11-26, linux, 2 cores"
	measured := map[string]value{
		"bbolt.kills":             {"100", when, parts[0].title},
		"a figure of the journal": {"17 of 17", when, "Redis is away"},
	}
	path := filepath.Join(t.TempDir(), "reliability.md")
	text := write(measured)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := readReport(path)
	if err != nil || write(again) != text {
		t.Errorf("read and written again it is another one, error %v:\n%s", err, write(again))
	}
	for _, want := range []string{
		"| kills | 100 | 100 | `bbolt.kills` | " + when + " |", "| a figure of the journal |  | 17 of 17 | `a figure of the journal` |", "| files that do not open | 0 | " + none,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report has no %q:\n%s", want, text)
		}
	}
	if _, err := readReport(filepath.Join(t.TempDir(), "none.md")); err != nil {
		t.Errorf("without a report: %v", err)
	}
}

func TestFiguresAreHeardFromWhatTestsPrint(t *testing.T) {
	output := "=== RUN   TestX\n    kill_test.go:55: figure: bbolt.kills = 100\n    kill_test.go:56: figure: writes during a failover = 20000 acknowledged, 0 lost\n--- PASS: TestX\n"
	figures, _ := parts[0].listen(strings.NewReader(output))
	if len(figures) != 2 || figures["bbolt.kills"].text != "100" || figures["writes during a failover"].text != "20000 acknowledged, 0 lost" {
		t.Errorf("heard %+v", figures)
	}
}

// TestTheReportIsOfTheseParts fails where parts were changed and the report was not written anew.
func TestTheReportIsOfTheseParts(t *testing.T) {
	path := filepath.Join("..", "..", report)
	measured, err := readReport(path)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != write(measured) {
		t.Errorf("%s is not as scripts/soak writes it, error %v; write it with: make soak", report, err)
	}
}

// TestPartsNameTestsThatThereAre fails where a test was given another name: its part would measure nothing.
func TestPartsNameTestsThatThereAre(t *testing.T) {
	for _, p := range parts {
		files, err := filepath.Glob(filepath.Join("..", "..", p.folder, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		var tests strings.Builder
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(text)
		}
		for name := range strings.SplitSeq(strings.Trim(p.tests, "^()$"), "|") {
			if !regexp.MustCompile(`(?m)^func ` + name + `\(t \*testing\.T\)`).MatchString(tests.String()) {
				t.Errorf("part %s: %s has no test %s", p.name, p.folder, name)
			}
		}
	}
}

func TestPartsAreChosenByName(t *testing.T) {
	if chosen, err := partsWanted("log,many"); err != nil || len(chosen) != 2 || chosen[0].name != "log" {
		t.Errorf("chosen are %+v, error %v", chosen, err)
	}
	if chosen, err := partsWanted(""); err != nil || len(chosen) != len(parts) {
		t.Errorf("without a choice: %d parts, error %v", len(chosen), err)
	}
	if _, err := partsWanted("bolt"); err == nil || !strings.Contains(err.Error(), "bbolt, redis") {
		t.Errorf("a part that does not exist: %v", err)
	}
}
