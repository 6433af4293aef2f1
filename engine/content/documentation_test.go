package content

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Each filter is in the documentation, and gives what is said there.
func TestEveryFilterDoesWhatIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/personalisation.md")
	if err != nil {
		t.Fatal(err)
	}
	values := Values{Traits: map[string]any{
		"projects": []any{"Roof", "Attic"},
		"members":  []any{map[string]any{"name": "Ann"}, map[string]any{"name": "Tom"}},
	}}
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| `(.+)` \\| `(.+)` \\|$").FindAllStringSubmatch(string(text), -1) {
		name, source, want := row[1], strings.ReplaceAll(row[2], `\|`, "|"), row[3]
		documented = append(documented, name)
		got, err := spoken(t, source, values, nil)
		if err != nil || got != want || !strings.Contains(source, "| "+name) {
			t.Errorf("%s: %s gives %q (%v) and not %q", name, source, got, err, want)
		}
	}
	if !slices.Equal(documented, filterNames()) {
		t.Errorf("documented are %v, and there are %v", documented, filterNames())
	}
}
