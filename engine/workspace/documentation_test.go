package workspace

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const documentation = "../../docs/workspace.md"

func readDocumentation(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(documentation)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEveryExampleOfTheDocumentationIsRight(t *testing.T) {
	text := readDocumentation(t)
	for _, name := range []string{"personalisation", "frequency", "timing", "forms", "themes", "experiments", "inbox", "displays", "embeds", "moving"} {
		data, err := os.ReadFile("../../docs/" + name + ".md")
		if err != nil {
			t.Fatal(err)
		}
		text += string(data)
	}
	examples := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(text, -1)
	if len(examples) < 10 {
		t.Fatalf("%d examples", len(examples))
	}
	for _, example := range examples {
		snapshot, problems, warnings := compile(t, "example.toml", example[1])
		if len(problems) > 0 || len(warnings) > 0 || len(snapshot.Messages) == 0 {
			t.Errorf("%s\n%s\n%s", example[1], told(problems), told(warnings))
		}
	}
}

// What messages check prints in the documentation is what it says.
func TestTheDocumentedProblemIsTheRealOne(t *testing.T) {
	_, problems, _ := compile(t, "messages/sale.toml", banner+"prority = 1\n")
	if want := "```text\n" + told(problems) + "\n```"; !strings.Contains(readDocumentation(t), want) {
		t.Errorf("the documentation does not have\n%s", want)
	}
}

// documented are the tables of keys, by the heading above them.
var documented = map[string][]key{
	"`[workspace]`":           workspaceKeys,
	"`[[messages]]`":          messageKeys,
	"`[[messages.steps]]`":    stepKeys,
	"`[[messages.variants]]`": variantKeys,
	"`[messages.locales.de]`": localeKeys,
	"`[[templates]]`":         templateKeys,
	"`[[segments]]`":          segmentKeys,
	"`image`":                 imageKeys,
	"`buttons`":               buttonKeys,
	"`frequency`":             frequencyKeys,
	"`throttle`":              throttleKeys,
	"`trigger`":               triggerKeys,
	"`fields`":                fieldKeys,
	"`options`":               optionKeys,
	"`ranges`":                rangeKeys,
	"Other languages":         fieldLocaleKeys,
	"`[[themes]]`":            themeKeys,
	"`[[throttles]]`":         groupThrottleKeys,
	"`schedule`":              scheduleKeys,
	"`goal`":                  goalKeys,
	"`when`":                  whenKeys,
}

func TestEveryKeyIsDocumentedAndNoOther(t *testing.T) {
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (.+?) \\| (.+?) \\| (.+) \\| `(.+)` \\|$")
	text := readDocumentation(t)
	for _, name := range []string{"forms", "themes"} {
		data, err := os.ReadFile("../../docs/" + name + ".md")
		if err != nil {
			t.Fatal(err)
		}
		text += string(data)
	}
	sections := strings.Split(text, "\n## ")
	found := 0
	for _, section := range sections {
		heading, body, _ := strings.Cut(section, "\n")
		keys, ok := documented[heading]
		if !ok {
			continue
		}
		found++
		seen := make(map[string]bool)
		for _, cells := range row.FindAllStringSubmatch(body, -1) {
			name, kind, fallback, meaning, example := cells[1], cells[2], cells[3], cells[4], cells[5]
			k, known := find(keys, name)
			seen[name] = true
			switch {
			case !known || k.later:
				t.Errorf("%s documents %s, which cannot be written", heading, name)
			case string(k.kind) != kind:
				t.Errorf("%s: %s is documented as %q and is %q", heading, name, kind, k.kind)
			case k.example != example:
				t.Errorf("%s: the example of %s is documented as %s and is %s", heading, name, example, k.example)
			case k.required != (fallback == "**required**"), k.fallback != "" && fallback != "`"+k.fallback+"`":
				t.Errorf("%s: the default of %s is documented as %s and is %q (required: %t)", heading, name, fallback, k.fallback, k.required)
			case k.meaning != meaning:
				t.Errorf("%s: the meaning of %s is documented as\n%s\nand is\n%s", heading, name, meaning, k.meaning)
			}
			for _, word := range k.words {
				if !strings.Contains(meaning, `"`+word+`"`) {
					t.Errorf("%s: %s does not tell of %q", heading, name, word)
				}
			}
		}
		for _, name := range names(keys) {
			if !seen[name] {
				t.Errorf("%s does not document %s", heading, name)
			}
		}
	}
	if found != len(documented) {
		t.Errorf("%d of %d tables of keys are documented", found, len(documented))
	}
}

func TestWhatComesLaterIsDocumented(t *testing.T) {
	_, later, _ := strings.Cut(readDocumentation(t), "\n## Not supported yet\n")
	check := func(keys []key) {
		for _, k := range keys {
			if k.later && !strings.Contains(later, "`"+k.name+"`") && !strings.Contains(later, "`[["+k.name+"]]`") {
				t.Errorf("%s comes later and is not documented", k.name)
			}
			for _, word := range k.laterWords {
				if !strings.Contains(later, `"`+word+`"`) {
					t.Errorf("%s %q comes later and is not documented", k.name, word)
				}
			}
		}
	}
	check(documentKeys)
	for _, keys := range documented {
		check(keys)
	}
}

// The documented defaults are those that a message without the key has.
func TestTheDocumentedDefaultsAreReal(t *testing.T) {
	text := readDocumentation(t)
	s := good(t, "a.toml", strings.Replace(banner, `"banner"`, `"modal"`, 1))
	m := s.Message("spring-sale")
	for _, row := range []string{
		"| `name` | text | `\"" + s.Name + "\"` |",
		"| `site_id` | text | `\"" + s.SiteID + "\"` |",
		"| `write_key` | text | `\"" + s.WriteKey + "\"` |",
		"| `in_app` | true or false | `true` |",
		"| `status` | text | `\"" + string(m.Status) + "\"` |",
		"| `audience` | text or a list of texts | `\"" + m.Audience.String() + "\"` |",
		"| `frequency` | text or a table | `\"" + m.Frequency.Name + "\"` |",
		"| `priority` | a whole number | `100` |",
		"a modal `\"" + m.Content.Position + "\"`",
	} {
		if !strings.Contains(text, row) {
			t.Errorf("the documentation does not have %s", row)
		}
	}
	if !s.InApp || m.Priority != 100 {
		t.Errorf("in_app is %t, priority %d", s.InApp, m.Priority)
	}
}

// needs is what a message must say so that it may have a key.
var needs = map[string]string{
	"target": "display = \"inline\"\n", "flow": "display = \"banner\"\n",
	"arrow_color": "display = \"tooltip\"\ntarget = \"#a\"\n", "beacon": "display = \"tooltip\"\ntarget = \"#a\"\n",
	"overlay_color": "display = \"modal\"\n", "close_outside": "display = \"modal\"\n",
}

// The examples of keys are what problems tell authors to write, so they must be right.
func TestEveryKeysExampleIsRight(t *testing.T) {
	const start = "[[messages]]\n"
	rest := map[string]string{"id": `id = "a"`, "pages": `pages = ["*"]`, "display": `display = "modal"`, "text": `text = "A"`}
	message := func(without, with string) string {
		text := start
		for name, line := range rest {
			if name != without {
				text += line + "\n"
			}
		}
		return text + with + "\n"
	}
	for _, k := range workspaceKeys {
		if !k.later {
			good(t, "a.toml", "[[themes]]\nid = \"brand\"\n[workspace]\n"+k.example+"\n")
		}
	}
	for _, k := range messageKeys {
		switch {
		case k.later:
		case slices.ContainsFunc(inboxKeys, func(of key) bool { return of.name == k.name }):
			good(t, "a.toml", strings.NewReplacer(`"modal"`, `"inbox"`, rest["pages"], "").Replace(message("", k.example)))
		case k.name == "embed":
			good(t, "a.toml", strings.NewReplacer(`"modal"`, `"inline"`).Replace(message("", "target = \"#offers\"\n"+k.example)))
		case k.name == "trigger":
			good(t, "a.toml", message("", "kind = \"campaign\"\n"+k.example))
		case k.name == "exit":
			good(t, "a.toml", message("", "kind = \"campaign\"\ntrigger = { event = \"a\" }\n"+k.example))
		case k.name == "variants":
			good(t, "a.toml", message("", k.example+"\nid = \"b\""))
		case k.name == "steps":
			good(t, "a.toml", message("text", k.example+"\ntext = \"A\""))
		case k.name == "template":
			good(t, "a.toml", message("text", k.example), "b.toml", "[[templates]]\nid = \"announcement\"\ntext = \"A\"\n")
		case k.name == "html", k.name == "html_sandbox":
			good(t, "a.toml", message("text", "title = \"A\"\n"+k.example))
		case k.name == "theme":
			good(t, "a.toml", message("", k.example), "b.toml", "[[themes]]\nid = \"brand\"\n")
		case k.name == "fields":
			good(t, "a.toml", message("", k.example+"\nbuttons = [{ text = \"Send\", action = \"submit\" }]"))
		case k.name == "params":
			good(t, "a.toml", message("", "template = \"a\"\n"+k.example), "b.toml", "[[templates]]\nid = \"a\"\nparams = [\"title\"]\ntext = \"A\"\n")
		case k.name == "throttles":
			good(t, "a.toml", message("", k.example), "b.toml", "[[throttles]]\nid = \"promotions\"\nper_day = 1\n")
		case k.name == "expires":
			good(t, "a.toml", message("", k.example+"\nstart = 2026-12-01T09:00:00+01:00"))
		case k.name == "locales":
			good(t, "a.toml", message("", k.example), "b.toml", english)
		case needs[k.name] != "":
			good(t, "a.toml", message("display", needs[k.name]+k.example))
		default:
			good(t, "a.toml", message(k.name, k.example))
		}
	}
	for _, k := range localeKeys {
		shown := "title = \"A\"\nfields = [{ name = \"score\", type = \"nps\", label = \"A\" }]\nimage = { src = \"/a.png\", alt = \"A\" }\nbuttons = [{ name = \"see-offers\", text = \"Go\", action = \"submit\" }]\n[messages.locales.de]\n"
		switch k.name {
		case "params":
			shown = "template = \"a\"\nparams = { title = \"A\" }\n[messages.locales.de]\n"
		case "steps":
			shown = "[[messages.steps]]\nname = \"welcome\"\ntext = \"A\"\n[messages.locales.de]\n"
		}
		good(t, "a.toml", message("text", shown+k.example), "b.toml", english+"[[templates]]\nid = \"a\"\nparams = [\"title\"]\ntext = \"A\"\n")
	}
	for _, k := range templateKeys {
		shown := "[[templates]]\nid = \"a\"\n"
		switch k.name {
		case "id":
			shown = "[[templates]]\ntext = \"A\"\n"
		case "text", "steps", "html":
		default:
			shown += "text = \"A\"\n"
		}
		if k.name == "steps" {
			k.example += "\ntext = \"A\""
		}
		if k.name == "fields" {
			k.example += "\nbuttons = [{ text = \"Send\", action = \"submit\" }]"
		}
		switch {
		case k.name == "position":
			shown += "display = \"modal\"\n"
		case k.name != "display":
			shown += needs[k.name]
		}
		good(t, "a.toml", message("", "")+shown+k.example+"\n")
	}
	for _, k := range stepKeys {
		shown := "text = \"A\"\n"
		if k.name == "text" || k.name == "html" {
			shown = ""
		}
		if k.name == "fields" {
			shown += "buttons = [{ text = \"Send\", action = \"submit\" }]\n"
		}
		shown += needs[k.name]
		if !k.later {
			good(t, "a.toml", message("text", "[[messages.steps]]\n"+shown+k.example+"\n[[messages.steps]]\ntext = \"Last\""))
		}
	}
	for table, keys := range map[string][]key{
		"[messages.image]": imageKeys, "[[messages.buttons]]": buttonKeys, "[workspace.throttle]": throttleKeys,
		"[messages.frequency]": frequencyKeys[:len(frequencyKeys)-len(wireFrequencyKeys)], "[[throttles]]": groupThrottleKeys, "[messages.schedule]": scheduleKeys,
		"[messages.goal]": goalKeys, "[messages.when]": whenKeys, "[[themes]]": themeKeys,
	} {
		all := table + "\n"
		for _, k := range keys {
			all += k.example + "\n"
		}
		good(t, "a.toml", message("", all))
	}
	for _, k := range wireFrequencyKeys {
		good(t, "a.toml", message("", "[messages.frequency]\n"+k.example))
	}
}
