package workspace

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// sayings is all that a compile says, to be compared.
func sayings(s *Snapshot, warnings []Problem, err error) string {
	var all strings.Builder
	fmt.Fprintf(&all, "error: %v\nwarnings: %s\n", err, told(warnings))
	if s == nil {
		return all.String()
	}
	fmt.Fprintf(&all, "%q %q %q %q %t %v %s\n", s.Name, s.SiteID, s.WriteKey, s.Locale, s.InApp, s.Throttle, s.Generation)
	for _, skipped := range s.Skipped {
		fmt.Fprintf(&all, "left out: %q %s:%d %v\n", skipped.ID, skipped.File, skipped.Line, Problems(skipped.Problems))
	}
	for _, variable := range variables {
		fmt.Fprintf(&all, "asks for %s: %t\n", variable, s.Asks(variable))
	}
	for i, m := range s.Messages {
		fmt.Fprintf(&all, "%s %s:%d %x %s %q %q %v %v %d %v %s %v %q\n", m.ID, m.File, m.Line, m.fingerprint, m.Status, m.PageRules, m.Except, m.Start, m.End, m.Priority, m.Frequency, m.Content.HTML(), m.Audience, conditionText(m))
		fmt.Fprintf(&all, "%d %d %s %v %v %v %q\n", m.Rollout, m.Holdout, m.Seed, m.RolloutDraw, m.HoldoutDraw, m.VariantDraw, m.Group)
		if group := s.Group(m); group != nil {
			for _, member := range group.Members {
				fmt.Fprintf(&all, "with %s %v\n", member.Message.ID, member.Draw)
			}
		}
		fmt.Fprintf(&all, "%s %s %t %t %t\n", m.Slot, stands(m), m.Content.Persistent, m.Content.Beacon, m.Stays)
		fmt.Fprintf(&all, "reads traits: %t, exit is constant: %t, throttles: %q\n", m.readsTraits, m.ExitConstant, m.Throttles)
		for _, v := range m.Variants {
			fmt.Fprintf(&all, "%s %s %t\n", v.Message.Slot, stands(v.Message), v.Message.Stays)
			shown := v.Message
			fmt.Fprintf(&all, "%s %s:%d %d %d %s %t\n", shown.Variant, shown.File, shown.Line, v.Buckets, v.UpTo, shown.Content.HTML(), shown.ReadsEvent)
		}
		if s.Message(m.ID) != s.Messages[i] {
			fmt.Fprintf(&all, "%s is another by its id\n", m.ID)
		}
	}
	return all.String()
}

// stands is where the steps of a message stand.
func stands(m *Message) string {
	var all strings.Builder
	for i := range m.Content.Steps {
		place, err := json.Marshal(m.Content.PlacementOf(i))
		fmt.Fprintf(&all, "%s %v ", place, err)
	}
	return all.String()
}

func conditionText(m *Message) string {
	if m.Where == nil {
		return ""
	}
	return m.Where.Text()
}

// sameAsWhole compiles files from a snapshot and from nothing, fails where the two are not the same, and returns the
// snapshot to go on from.
func sameAsWhole(t *testing.T, now time.Time, previous *Snapshot, files []File) *Snapshot {
	t.Helper()
	edited, warnings, err := compileAt(now, previous, files)
	whole, wholeWarnings, wholeErr := compileAt(now, nil, files)
	if got, want := sayings(edited, warnings, err), sayings(whole, wholeWarnings, wholeErr); got != want {
		for _, file := range files {
			t.Logf("%s:\n%s", file.Name, file.Data)
		}
		t.Fatalf("from before:\n%s\nfrom nothing:\n%s", got, want)
	}
	if edited != nil {
		return edited
	}
	return previous
}

// oneFile is a workspace of one file.
func oneFile(text string) []File { return []File{{Name: "a.toml", Data: []byte(text)}} }

// The parts of a workspace as an author writes them, right and doubtful.
const severalMessages = `# Our messages
[workspace]
name = "Example" # ours
timezone = "Europe/Berlin"
locale = "en"

[[templates]]
id = "news"
params = ["title"]
title = "{{ params.title }}"
text = """
[[messages]]
id = "this is text"
"""

[[segments]]
id = "trial"
where = 'traits.plan == "trial"'

# The sale
  [[messages]]
  id = "sale"
  audience = ["trial"]
  where = 'page.path.startsWith("/shop")'
  pages = [
    "/shop/*", # not [[messages]]
    "/Offers/*",
  ]
  text = "20 % off, \"really\" # not a comment"
  [messages.locales.de]
  text = "20 % Rabatt"

[[messages]]
id = "tour"
display = "modal"
pages = ["*"]
start = 2026-12-01T09:00:00
  [[messages.steps]]
  name = "welcome"
  text = '''
[[messages]] is how a message begins ['''
  buttons = [{ text = "Next", action = "next" }]
  [[messages.steps]]
  text = "Bye, {{ traits.name }}"
  [messages.locales.de.steps.welcome]
  text = "[[messages]] fängt an"

[[messages]]
id = "launch" # news
template = "news"
params = { title = "Dark mode" }
pages = ["/"]
end = 2026-11-23T12:00:05Z
[messages.locales]
de.params = { title = "Dunkel" }
[messages.image]
src = "/a.png"
alt = ""
`

func TestAnEditSaysTheSameAsTheWhole(t *testing.T) {
	before := sameAsWhole(t, at, nil, oneFile(severalMessages))
	if before == nil || len(before.Messages) != 3 || before.kept == nil {
		t.Fatalf("before: %+v", before)
	}
	for _, test := range []struct {
		name, old, new string
		// known is how many messages are not read again; -1 where all are.
		known int
	}{
		{"nothing", "", "", 3},
		{"a word of one message", "20 % off", "30 % off", 2},
		{"a word of the last", "Dark mode", "Light mode", 2},
		{"a comment before a message", "# The sale", "# The spring sale\n# of this year", 3},
		{"a line at the top", "# Our messages", "# Our messages\n#", 3},
		{"a setting", "name = \"Example\"", "name = \"Other\"", 3},
		{"the time zone", "Europe/Berlin", "Europe/Lisbon", -1},
		{"a segment", "== \"trial\"", "== \"free\"", 2},
		{"a condition", "startsWith", "endsWith", 2},
		{"a condition that is wrong", "startsWith(\"/shop\")", "startsWith(1)", 2},
		{"a template", "{{ params.title }}", "News: {{ params.title }}", 1},
		{"a comment in a template", "[[templates]]", "[[templates]] # all of them", 3},
		{"a template that is gone", "id = \"news\"", "id = \"old-news\"", 1},
		{"a segment that is gone", "id = \"trial\"", "id = \"trials\"", 2},
		{"a segment more", "[[segments]]\nid = \"trial\"", "[[segments]]\nid = \"members\"\nwhere = 'segment(\"trial\")'\n\n[[segments]]\nid = \"trial\"", 2},
		{"a theme more", "[[segments]]", "[[themes]]\nid = \"dark\"\naccent = \"#223344\"\n\n[[segments]]", 2},
		{"a theme for all", "locale = \"en\"", "locale = \"en\"\ntheme = \"dark\"\n[[themes]]\nid = \"dark\"\naccent = \"#223344\"", -1},
		{"a throttle more", "[[segments]]", "[[throttles]]\nid = \"calm\"\nper_day = 1\n\n[[segments]]", 2},
		{"the language", "locale = \"en\"", "locale = \"en-GB\"", -1},
		{"the types of traits", "locale = \"en\"", "locale = \"en\"\ntraits = { plan = \"int\" }", -1},
		{"what is done about errors", "locale = \"en\"", "locale = \"en\"\non_error = \"skip\"", -1},
		{"settings twice", "[[segments]]", "[workspace]\nname = \"Second\"\n\n[[segments]]", -1},
		{"a template without an id", "id = \"news\"", "name = \"news\"", -1},
		{"a table that nobody knows", "[[segments]]", "[mode]\ndark = true\n\n[[segments]]", -1},
		{"a message less", "[[messages]]\nid = \"tour\"", "[[messages]]\nid = \"bye\"", 2},
		{"a message more", "[[messages]]\nid = \"tour\"", "[[messages]]\nid = \"more\"\npages = [\"*\"]\ntext = \"More\"\n\n[[messages]]\nid = \"tour\"", 3},
		{"a header that is text now", "\n[[messages]]\nid = \"launch\"", "\n# [[messages]]\nid = \"launch\"", 1},
		{"a header more", "name = \"welcome\"", "name = \"welcome\"\n[[messages]]\nid = \"x\"", 2},
		{"an id of another", "id = \"tour\"", "id = \"launch\"", -1},
		{"a text that does not end", "20 % off, \\\"really\\\" # not a comment\"", "\"\"20 % off", -1},
		{"a list that does not end", "    \"/Offers/*\",\n  ]", "    \"/Offers/*\",\n", -1},
		{"a wrong value", "\"/Offers/*\"", "\"offers\"", 2},
		{"a wrong key", "id = \"tour\"", "id = \"tour\"\nprority = 1", 2},
		{"a warning more", "20 % off", "<b>20 %</b> off", 2},
		{"a key that is there twice", "params = { title = \"Dark mode\" }", "params = { title = \"Dark mode\" }\nimage.src = \"/b.png\"", -1},
		{"brackets in a text", "20 % off", "[[[[20 % off", 2},
		{"bytes that are no text", "20 % off", "20 \xff off", -1},
		{"a table at the end", "alt = \"\"\n", "alt = \"\"\n[workspace.throttle]\nper_day = 1\n", 3},
		{"a table between", "[[messages]]\nid = \"launch\"", "[segment]\n[[messages]]\nid = \"launch\"", -1},
		{"another way to write a header", "[[messages]]\nid = \"launch\"", "[[ messages ]]\nid = \"launch\"", -1},
		{"a header in quotes", "[[messages]]\nid = \"launch\"", "[[\"messages\"]]\nid = \"launch\"", -1},
		{"Windows' line ends", "\n", "\r\n", 3},
		{"all of it", severalMessages, "", -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := oneFile(strings.ReplaceAll(severalMessages, test.old, test.new))
			if test.old == "" {
				files = oneFile(severalMessages)
			}
			after := sameAsWhole(t, at, before, files)
			sameAsWhole(t, at, after, oneFile(severalMessages))

			c := &check{previous: before, now: at}
			edited := c.edited(files)
			if quick := edited != nil; quick != (test.known >= 0) || quick && c.reused != test.known {
				t.Errorf("%d messages were not read again, want %d", c.reused, test.known)
			}
		})
	}
}

func TestWhatHasEndedSinceIsSaid(t *testing.T) {
	before := sameAsWhole(t, at, nil, oneFile(severalMessages))
	later := sameAsWhole(t, at.Add(time.Minute), before, oneFile(severalMessages+"# later\n"))
	sameAsWhole(t, at.Add(time.Hour), later, oneFile(severalMessages))
}

func TestFilesOfAFolderAreReadOneByOne(t *testing.T) {
	second := strings.ReplaceAll(banner, "spring", "summer")
	settings := File{Name: "1.toml", Data: []byte("[workspace]\nname = \"Example\"\n")}
	file := func(name, text string) File { return File{Name: name, Data: []byte(text)} }
	before := sameAsWhole(t, at, nil, []File{settings, file("2.toml", banner+"pages = 1\n"), file("3.toml", second)})
	if before != nil {
		t.Fatal("it is wrong")
	}
	before = sameAsWhole(t, at, nil, []File{settings, file("2.toml", banner), file("3.toml", second)})
	for name, files := range map[string][]File{
		"a file less":                 {settings, file("2.toml", banner)},
		"a file more":                 {settings, file("2.toml", banner), file("2a.toml", strings.ReplaceAll(banner, "spring", "autumn")), file("3.toml", second)},
		"a file more with settings":   {file("0.toml", "[workspace]\nlocale = \"en\"\n"), settings, file("2.toml", banner), file("3.toml", second)},
		"files in another order":      {file("3.toml", second), settings, file("2.toml", banner)},
		"another name":                {settings, file("4.toml", banner), file("3.toml", second)},
		"a message in another file":   {settings, file("2.toml", ""), file("3.toml", second+banner)},
		"a message in both":           {settings, file("2.toml", banner), file("3.toml", second+banner)},
		"an id that another file has": {settings, file("2.toml", banner), file("3.toml", strings.ReplaceAll(second, "summer", "spring"))},
		"no files":                    {},
	} {
		t.Run(name, func(t *testing.T) { sameAsWhole(t, at, before, files) })
	}
}

// Whatever is done to the demo, and to every text that the other tests know, an edit says the same as the whole.
func TestAnyEditSaysTheSameAsTheWhole(t *testing.T) {
	demo, err := os.ReadFile("../../examples/messages/messages.toml")
	if err != nil {
		t.Fatal(err)
	}
	skipping := strings.Replace(severalMessages, "[workspace]", "[workspace]\non_error = \"skip\"", 1)
	texts := []string{string(demo), severalMessages, skipping, banner + strings.ReplaceAll(banner, "spring", "summer")}
	for _, test := range wrongValues {
		texts = append(texts, test.text)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for n, text := range texts {
		rounds := 1
		if n < 4 {
			rounds = 25
		}
		var previous *Snapshot
		previous = sameAsWhole(t, at, previous, oneFile(severalMessages))
		previous = sameAsWhole(t, at, previous, oneFile(severalMessages+text))
		previous = sameAsWhole(t, at, previous, oneFile(skipping+text))
		previous = sameAsWhole(t, at, previous, oneFile(text))
		for range rounds {
			edited := mutate(random, text, texts)
			previous = sameAsWhole(t, at, previous, oneFile(edited))
			if random.IntN(3) == 0 {
				previous = sameAsWhole(t, at, previous, oneFile(text))
			}
		}
	}
}

// mutate edits a text as people and their mistakes do.
func mutate(random *rand.Rand, text string, others []string) string {
	lines := strings.SplitAfter(text, "\n")
	i, j := random.IntN(len(lines)), random.IntN(len(lines))
	switch random.IntN(9) {
	case 0:
		lines[i] = ""
	case 1:
		lines[i] += lines[j]
	case 2:
		lines[i], lines[j] = lines[j], lines[i]
	case 3:
		lines = append(lines[:min(i, j)], lines[max(i, j):]...)
	case 4:
		lines[i] += others[random.IntN(len(others))]
	case 5:
		lines[i] += []string{"[[messages]]\n", "\"\"\"\n", "'''\n", "]\n", "[\n", "[messages.image]\n", "[workspace]\n", "\n", "# [[messages]]\n", "messages = 1\n"}[random.IntN(10)]
	case 6:
		lines = append(lines[max(i, j):], lines[:max(i, j)]...)
	default:
		text := strings.Join(lines, "")
		at := random.IntN(len(text) + 1)
		return text[:at] + []string{"\"", "'", "[", "]", "#", "\\", "\n", "=", ".", "x", " ", "{", "é", "\xff", "\r"}[random.IntN(15)] + text[min(len(text), at+random.IntN(2)):]
	}
	return strings.Join(lines, "")
}

// FuzzEdit: from whatever text to whatever other, an edit says the same as the whole.
func FuzzEdit(f *testing.F) {
	f.Add(severalMessages, strings.Replace(severalMessages, "20 %", "30 %", 1))
	for _, test := range wrongValues {
		f.Add(banner, test.text)
		f.Add(severalMessages, severalMessages+test.text)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		previous := sameAsWhole(t, at, nil, oneFile(first))
		previous = sameAsWhole(t, at, previous, oneFile(second))
		sameAsWhole(t, at, previous, oneFile(first+second))
	})
}

// Lists, which goes through a part of a file alone, names what the segments of the whole name.
func TestListsAreThoseOfAllSegments(t *testing.T) {
	for name, text := range map[string]string{
		"among messages":           banner + "[[segments]]\nid = \"a\"\nids = \"a.txt\"\n" + banner + "  [[segments]] # b\n  ids = 'b.txt'\n[workspace]\nname = \"segments\"\n",
		"at the end":               banner + "[[segments]]\nids = \"a.txt\"",
		"before the first table":   "segments = [{ ids = \"a.txt\" }, {\n  ids = \"b.txt\",\n}]\n" + banner,
		"another way to write it":  banner + "[[ \"segments\" ]]\nids = \"a.txt\"\n",
		"in a text, and a key":     banner + "title = \"segments\"\nsegments = \"ids\"\n[segmentation]\nids = \"a.txt\"\n",
		"like a header":            "[segments",
		"like the name of a table": banner + "[[segmentsof]]\nids = \"a.txt\"\n[[segments]]\n[[segments]]",
	} {
		var want []string
		for _, segment := range index(text).root.key("segments").all() {
			if at := segment.key("ids"); at != nil {
				want = append(want, strings.Trim(text[at.value:at.value+7], "\"'"))
			}
		}
		if got := Lists(File{Name: "a.toml", Data: []byte(text)}); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// What is around messages, and who mentions it.
const mentioning = `[workspace]
locale = "en"
theme = "light"

[[themes]]
id = "light"
accent = "#223344"

[[themes]]
id = "dark"
accent = "#99bbff"

[[segments]]
id = "paying"
where = 'traits.plan != "free"'

[[segments]]
id = "teams"
where = 'segment("paying") && traits.seats > 3'

[[segments]]
id = "guests"
ids = "guests.txt"

[[messages]]
id = "by-condition"
pages = ["*"]
where = 'segment("teams")'
text = "For teams"

[[messages]]
id = "by-audience"
pages = ["*"]
audience = ["!paying"]
text = "For others"

[[messages]]
id = "by-list"
pages = ["*"]
audience = ["guests"]
text = "For our guests"

[[messages]]
id = "in-the-dark"
pages = ["*"]
theme = "dark"
text = "Good night"

[[messages]]
id = "escaped"
pages = ["*"]
audience = ["te\u0061ms"]
text = "For teams, too"

[[messages]]
id = "for-all"
pages = ["*"]
text = "Good morning"
`

func TestAChangeAroundMessagesIsReadByThoseThatMentionIt(t *testing.T) {
	guests := func(ids string) File { return File{Name: "guests.txt", Data: []byte(ids), List: true} }
	files := func(text, ids string) []File { return append(oneFile(text), guests(ids)) }
	before := sameAsWhole(t, at, nil, files(mentioning, "ada\n"))
	for _, test := range []struct {
		name, old, new, ids string
		// again are those that are read again, by their places; nil: all.
		again string
	}{
		{"a segment", "seats > 3", "seats > 5", "ada\n", "by-condition escaped"},
		{"a segment that another uses", "!= \"free\"", "!= \"none\"", "ada\n", "by-audience by-condition escaped"},
		{"a list", "", "", "ada\ngrace\n", "by-list escaped"},
		{"a theme", "#99bbff", "#88aaff", "ada\n", "escaped in-the-dark"},
		{"the theme of all", "#223344", "#112233", "ada\n", "all"},
		{"nothing", "", "", "ada\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			edit := files(strings.Replace(mentioning, test.old, test.new, 1), test.ids)
			sameAsWhole(t, at, before, edit)
			c := &check{previous: before, now: at}
			edited := c.edited(edit)
			if edited == nil {
				if test.again != "all" {
					t.Error("all was read")
				}
				return
			}
			known := make(map[*outcome]bool)
			for _, part := range before.kept.files[0].chunks {
				known[part.outcome] = true
			}
			var again []string
			for _, part := range edited.kept.files[0].chunks {
				if part.message && !known[part.outcome] {
					again = append(again, part.outcome.message.ID)
				}
			}
			slices.Sort(again)
			if got := strings.Join(again, " "); got != test.again {
				t.Errorf("read again are %q, want %q", got, test.again)
			}
		})
	}
}
