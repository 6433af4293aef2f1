package audience

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

func documentation(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/conditions.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// table is the rows of the table with a header, each cell without its backticks.
func table(t *testing.T, header string) [][]string {
	t.Helper()
	_, rest, found := strings.Cut(documentation(t), "\n"+header+"\n")
	if !found {
		t.Fatalf("there is no table %s", header)
	}
	var rows [][]string
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			break
		}
		if strings.HasPrefix(line, "|---") {
			continue
		}
		cells := strings.Split(strings.ReplaceAll(strings.Trim(line, "|"), `\|`, "\x00"), "|")
		for i := range cells {
			cells[i] = strings.Trim(strings.ReplaceAll(strings.TrimSpace(cells[i]), "\x00", "|"), "`")
		}
		rows = append(rows, cells)
	}
	if len(rows) < 8 {
		t.Fatalf("%s has %d rows", header, len(rows))
	}
	return rows
}

// documented is the visitor that the documentation describes.
func documented(t *testing.T) *Facts {
	t.Helper()
	_, block, _ := strings.Cut(documentation(t), "```json\n")
	block, _, _ = strings.Cut(block, "```")
	var known struct {
		Visitor struct {
			User      string
			FirstSeen time.Time `json:"first_seen"`
		}
		Traits  map[string]any
		Page    struct{ Path, Query string }
		Request struct {
			Languages []string
			Device    string
		}
		Visit  struct{ Count int }
		Events history
		Now    time.Time
	}
	decoder := json.NewDecoder(strings.NewReader(block))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&known); err != nil {
		t.Fatal(err)
	}
	return &Facts{
		Visitor: Visitor{User: known.Visitor.User, Identified: true, FirstSeen: known.Visitor.FirstSeen}, Traits: known.Traits,
		Page: Page{Path: known.Page.Path, Query: known.Page.Query}, Request: Request{Languages: known.Request.Languages, Device: known.Request.Device},
		Visit: Visit{Count: known.Visit.Count}, Events: known.Events, Now: known.Now,
		Segments: compileSegments(t, SegmentSource{Name: "unhappy", Where: "traits.score < 3"}),
	}
}

func TestDocumentedExamples(t *testing.T) {
	rows := table(t, "| condition | holds? |")
	if len(rows) < 40 {
		t.Fatalf("%d examples", len(rows))
	}
	for _, row := range rows {
		c, f := compileCondition(t, row[0]), documented(t)
		if got := map[bool]string{true: "yes", false: "no"}[c.Holds(f)]; got != row[1] {
			t.Errorf("%s: %s, documented as %s: %s", row[0], got, row[1], c.Explain(f).Why)
		}
	}
}

func TestEveryDocumentedConditionCompiles(t *testing.T) {
	e := environment(t, nil)
	for _, header := range []string{"| I want visitors … | condition |", "| what | example |"} {
		for _, row := range table(t, header) {
			if c, err := e.Compile(row[1]); err != nil || len(c.Warnings()) > 0 {
				t.Errorf("%s: %v", row[1], err)
			}
		}
	}
}

func TestDocumentedTOMLCompiles(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(documentation(t), -1)
	if len(blocks) == 0 {
		t.Fatal("no example")
	}
	for _, block := range blocks {
		var file struct {
			Workspace struct{ Traits map[string]string }
			Segments  []struct{ ID, Where string }
			Messages  []struct {
				Audience []string
				Where    string
			}
		}
		if _, err := toml.Decode(block[1], &file); err != nil {
			t.Fatal(err)
		}
		e := environment(t, file.Workspace.Traits)
		var sources []SegmentSource
		for _, segment := range file.Segments {
			sources = append(sources, SegmentSource{Name: segment.ID, Where: segment.Where})
		}
		segments, wrong := CompileSegments(e, sources)
		if len(wrong) > 0 || len(segments.Warnings()) > 0 {
			t.Error(wrong, segments.Warnings())
		}
		for _, message := range file.Messages {
			a, err := NewAudience(message.Audience)
			if err == nil {
				err = segments.CheckAudience(a)
			}
			if err != nil {
				t.Error(err)
			}
			if c, err := e.Compile(message.Where); err != nil || len(c.Warnings()) > 0 {
				t.Error(c, err)
			}
		}
	}
}

func TestDocumentedAudiences(t *testing.T) {
	segments := compileSegments(t, SegmentSource{Name: "trial-users", Where: "true"}, SegmentSource{Name: "customers", Where: "true"}, SegmentSource{Name: "staff", Where: "true"})
	for _, row := range table(t, "| audience | who |") {
		var names []string
		if err := json.Unmarshal([]byte(row[0]), &names); err != nil {
			t.Fatal(err)
		}
		a, err := NewAudience(names)
		if err == nil {
			err = segments.CheckAudience(a)
		}
		if err != nil {
			t.Errorf("%s: %v", row[0], err)
		}
	}
}

// Everything that a condition can look at and call is documented.
func TestEverythingIsDocumented(t *testing.T) {
	text := documentation(t)
	for _, v := range variables {
		fields := attributes[v.name]
		if v.name == "events" {
			fields = nil
		}
		for name := range fields {
			if name != "utm" && !strings.Contains(text, "`"+v.name+"."+name+"`") {
				t.Errorf("%s.%s is not documented", v.name, name)
			}
		}
		if fields == nil && !strings.Contains(text, "`"+v.name) {
			t.Errorf("%s is not documented", v.name)
		}
	}
	for name := range attributes["utm"] {
		if !strings.Contains(text, "`visit.utm."+name+"`") {
			t.Errorf("visit.utm.%s is not documented", name)
		}
	}
	for name := range attributes["events"] {
		if !strings.Contains(text, `events["signed_up"].`+name+"`") {
			t.Errorf("%s of an event is not documented", name)
		}
	}
	for name, example := range usage {
		if !strings.Contains(text, "| `"+example+"` |") {
			t.Errorf("%s is not documented as %s", name, example)
		}
	}
	for word := range declaredTypes {
		if !strings.Contains(text, "`"+word+"`") {
			t.Errorf("the type %s is not documented", word)
		}
	}
}

// Every function that can be called has an example, and every example calls one that there is.
func TestEveryFunctionHasAnExample(t *testing.T) {
	known := map[string]bool{"all": true, "exists": true, "exists_one": true}
	for _, s := range signatures() {
		name := s.name
		if name == presence {
			name = "has"
		}
		known[name] = true
		if _, isOperator := symbols[name]; !isOperator && usage[name] == "" && name != "@not_strictly_false" {
			t.Errorf("%s has no example", name)
		}
	}
	for name := range usage {
		if !known[name] {
			t.Errorf("%s is no function", name)
		}
	}
}

func TestTheDocumentedWarningIsTheRealOne(t *testing.T) {
	c, err := environment(t, map[string]string{"seats": "int"}).Compile(`traits.seats == "5"`)
	if err != nil {
		t.Fatal(err)
	}
	if want := "```text\n" + c.Warnings()[0].Error() + "\n```"; !strings.Contains(documentation(t), want) {
		t.Errorf("the documentation does not have\n%s", want)
	}
}
