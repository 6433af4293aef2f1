package workspace

import (
	"slices"
	"strings"
	"testing"

	"handbill/engine/audience"
)

// staff is a workspace with a list, and a message for those on it.
const staff = `[workspace]
traits = { plan = "string", seats = "int" }

[[segments]]
id = "staff"
ids = "lists/staff.txt"

[[segments]]
id = "trial-users"
where = 'traits.plan == "trial"'

[[messages]]
id = "rota"
audience = ["staff", "!trial-users"]
where = 'traits.seats > 4'
pages = ["*"]
text = "The rota is out."
`

func compileList(t *testing.T, previous *Snapshot, text, list string) *Snapshot {
	t.Helper()
	snapshot, warnings, err := CompileFrom(previous, []File{
		{Name: "conf/a.toml", Data: []byte(text)},
		{Name: "conf/lists/staff.txt", Data: []byte(list), List: true},
	})
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	return snapshot
}

func TestAListAndAConditionMakeSegments(t *testing.T) {
	s := compileList(t, nil, staff, "ada\ngrace\n")
	m := s.Message("rota")
	facts := func(user, plan string) *audience.Facts {
		return &audience.Facts{
			Visitor: audience.Visitor{User: user, Identified: true}, Segments: s.Segments,
			Traits: map[string]any{"plan": plan, "seats": 5.0},
		}
	}
	for _, test := range []struct {
		user, plan string
		want       bool
	}{{"ada", "pro", true}, {"ada", "trial", false}, {"hopper", "pro", false}} {
		if f := facts(test.user, test.plan); m.Audience.Contains(f) != test.want || !m.Where.Holds(f) {
			t.Errorf("%s on %s belongs to it: %t", test.user, test.plan, !test.want)
		}
	}
	if !s.Asks("traits") || s.Asks("request") {
		t.Error("it is not known what conditions ask")
	}
}

func TestAListThatIsWrongIsReportedWhereItIsWrong(t *testing.T) {
	for _, test := range []struct {
		name string
		list File
		want string
	}{
		{
			"a line that is too long",
			File{Data: []byte("ada\n" + strings.Repeat("x", 513) + "\n")},
			`conf/lists/staff.txt:2:1: segment "staff": an id has 513 bytes; at most 512 are allowed; write one id on each line`,
		},
		{
			"a file that may not be read",
			File{Problem: "it may not be read"},
			`conf/a.toml:6:1: segment "staff": the list "lists/staff.txt": it may not be read; put the file beside this one, and let the user that Caddy runs as read it`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.list.Name, test.list.List = "conf/lists/staff.txt", true
			_, _, err := Compile([]File{{Name: "conf/a.toml", Data: []byte(staff)}, test.list})
			if err == nil || err.Error() != test.want {
				t.Errorf("got\n%v\nwant\n%s", err, test.want)
			}
		})
	}
}

func TestListsAreFoundWithoutReadingTheRest(t *testing.T) {
	for text, want := range map[string][]string{
		staff: {"conf/lists/staff.txt"},
		"segments = [{ id = 'a', ids = 'a.txt' }, { ids = \"\"\"b.txt\"\"\" }]\r\nwrong": {"conf/a.txt", "conf/b.txt"},
		"[[segments]]\nid = \"a\"\nids = \"../a.txt\"\n":                                 {},
		"[[segments]]\nid = \"a\"\nids = \"/etc/passwd\"\n":                              {},
		"[[segments]]\nid = \"a\"\nids = 7\n":                                            {},
		"[[segments]]\nid = \"a\"\nids = ":                                               {},
		"[[messages]]\nids = \"a.txt\" # segments\n":                                     {},
	} {
		if got := Lists(File{Name: "conf/a.toml", Data: []byte(text)}); !slices.Equal(got, want) {
			t.Errorf("%s\nnames %q, not %q", text, got, want)
		}
	}
	if got := Lists(File{Name: "vip.txt", Data: []byte(staff), List: true}); got != nil {
		t.Errorf("a list names %q", got)
	}
}

func TestWhatChangesAnAudienceChangesTheGeneration(t *testing.T) {
	before := compileList(t, nil, staff, "ada\n")
	for name, after := range map[string]*Snapshot{
		"somebody more on the list": compileList(t, before, staff, "ada\ngrace\n"),
		"another condition":         compileList(t, before, strings.Replace(staff, `"trial"'`, `"free"'`, 1), "ada\n"),
		"another type":              compileList(t, before, strings.Replace(staff, `"int"`, `"float"`, 1), "ada\n"),
	} {
		if after.Generation == before.Generation {
			t.Errorf("%s: the generation is the same", name)
		}
	}
	same := compileList(t, before, staff+"# nothing\n", "ada\n")
	if same.Generation != before.Generation || same.Message("rota") != before.Message("rota") {
		t.Error("a comment changes something")
	}
	edited := compileList(t, before, strings.Replace(staff, "is out", "is out now", 1), "ada\n")
	if edited.Message("rota").Where != before.Message("rota").Where {
		t.Error("a condition that did not change is compiled again")
	}
	retyped := compileList(t, before, strings.Replace(staff, `"int"`, `"float"`, 1), "ada\n")
	if retyped.Message("rota") == before.Message("rota") {
		t.Error("a condition keeps types that are declared otherwise now")
	}
}

func TestASegmentThatIsWrongIsReportedOnce(t *testing.T) {
	_, problems, _ := compile(t, "a.toml", segment("new", "visitor.nwe")+banner+"audience = [\"new\"]\nwhere = 'segment(\"new\")'\n"+segment("newer", `segment("new")`))
	if len(problems) != 1 || problems[0].Line != 3 {
		t.Errorf("told %s", told(problems))
	}
}
