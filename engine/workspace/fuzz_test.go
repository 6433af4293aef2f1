package workspace

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// FuzzCompile: whatever the bytes, Compile ends, and either gives a snapshot
// or says of every problem in which line it is and what to do.
func FuzzCompile(f *testing.F) {
	demo, err := os.ReadFile("../../examples/messages/messages.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(demo)
	for _, test := range wrongValues {
		f.Add([]byte(test.text))
	}
	for _, seed := range []string{
		"", "\ufeff", "\xff", "a.b.c = [1, {d = '''x''', e = \"\"\"y\"\"\"\"\"}, [[]]]\n[a.\"b\\u0063\".'d']\n[[x.y]]\n[x.y.z]\nz=1",
		"[[messages]]\nsteps = [[{}]]", "messages = [{steps = [{buttons = [{}]}]}]", "workspace.name = \"a\"\nworkspace = 1", "a = {b = 1 # c\n, }",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files := []File{{Name: "a.toml", Data: data}}
		snapshot, warnings, err := Compile(files)
		lines := strings.Count(string(data), "\n") + 1
		checkProblems(t, warnings, lines)
		if err != nil {
			var problems Problems
			if !errors.As(err, &problems) || len(problems) == 0 || snapshot != nil {
				t.Fatalf("the error is %v, the snapshot %v", err, snapshot)
			}
			checkProblems(t, problems, lines)
			return
		}
		// The same again is the same, whether it is reused or not.
		again, _, err := CompileFrom(snapshot, files)
		if err != nil || again.Generation != snapshot.Generation || !slices.Equal(again.Messages, snapshot.Messages) {
			t.Fatalf("compiled again: %v, %v", again, err)
		}
	})
}

func checkProblems(t *testing.T, problems []Problem, lines int) {
	t.Helper()
	for _, problem := range problems {
		if problem.File != "a.toml" || problem.Line < 1 || problem.Line > lines || problem.Column < 1 || problem.Text == "" || problem.Fix == "" {
			t.Fatalf("it says too little, or names a line of %d that is not there: %+v", lines, problem)
		}
	}
}

// FuzzPlaces: every key that the TOML library finds has a place of its own.
func FuzzPlaces(f *testing.F) {
	for _, test := range wrongValues {
		f.Add(test.text)
	}
	f.Add("a.b.c = [1, {d = '''x''', e = \"\"\"y\"\"\"\"\"}, [[]]]\n[q.\"b\\u0063\".'d']\n[[x.y]]\n[x.y.z]\nz=1")
	f.Fuzz(func(t *testing.T, text string) {
		var values map[string]any
		if strings.ContainsAny(text, "\r\x00\ufeff") || tooDeep(text) >= 0 || strings.Count(text, "[")+strings.Count(text, "{") > maximumDepth || decode(text, &values) != nil {
			return
		}
		i := index(text)
		if i.twice >= 0 {
			return
		}
		checkPlaces(t, text, values, i.root)
	})
}

func checkPlaces(t *testing.T, text string, value any, at *place) {
	t.Helper()
	if at == nil || at.offset < 0 || at.offset > len(text) {
		t.Fatalf("%v has the place %v", value, at)
	}
	if tables, ok := tablesOf(value); ok {
		for i, table := range tables {
			checkPlaces(t, text, table, at.item(i))
		}
		return
	}
	table, _ := value.(map[string]any)
	for name, child := range table {
		if at.key(name) == nil {
			t.Fatalf("the key %q of %v has no place", name, table)
		}
		checkPlaces(t, text, child, at.key(name))
	}
}
