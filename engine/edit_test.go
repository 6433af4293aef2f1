package engine_test

import (
	"encoding/json"
	"strings"
	"testing"

	"handbill/engine"
	"handbill/engine/workspace"
)

// around is a workspace whose messages mention what is around them in every way.
const around = `
[workspace]
locale = "en"
timezone = "Europe/Berlin"

[[themes]]
id = "dark"
accent = "#99bbff"

[[throttles]]
id = "calm"
per_day = 2

[[segments]]
id = "paying"
where = 'traits.plan != "free"'

[[segments]]
id = "teams"
where = 'segment("paying") && traits.seats > 3'

[[segments]]
id = "guests"
ids = "guests.txt"

[[templates]]
id = "notice"
display = "banner"
params = ["what"]
text = "{{ params.what }}, {{ traits.name | default: 'you' }}"

[[messages]]
id = "seats"
pages = ["*"]
where = 'segment("teams") && page.path != "/"'
throttles = ["calm"]
text = "Add seats"

[[messages]]
id = "upgrade"
pages = ["/plans"]
audience = ["!paying"]
theme = "dark"
template = "notice"
params = { what = "Upgrade" }

[[messages]]
id = "lounge"
pages = ["*"]
audience = ["guests"]
text = "The lounge is open"

[[messages]]
id = "tour"
kind = "campaign"
pages = ["*"]
trigger = { segment = "teams", on = "enter" }
exit = '!segment("paying")'
text = "Let us show you around"

[[messages]]
id = "monday"
pages = ["*"]
priority = 200
text = "We are closed on Monday"
`

// Whatever changes around messages, an edit decides and explains as the whole does.
func TestAnEditAroundMessagesIsExplainedAsTheWholeIs(t *testing.T) {
	files := func(text, ids string) []workspace.File {
		return []workspace.File{{Name: "messages.toml", Data: []byte(text)}, {Name: "guests.txt", Data: []byte(ids), List: true}}
	}
	compile := func(previous *workspace.Snapshot, of []workspace.File) *workspace.Snapshot {
		t.Helper()
		snapshot, _, err := workspace.CompileFrom(previous, of)
		if err != nil {
			t.Fatal(err)
		}
		return snapshot
	}
	e := newEdge(t, "[[messages]]\nid = \"monday\"\npages = [\"*\"]\ntext = \"We are closed on Monday\"\n")
	explained := func(snapshot *workspace.Snapshot) string {
		t.Helper()
		e.Use(snapshot)
		var all strings.Builder
		for _, traits := range []map[string]any{nil, {"plan": "free", "name": "Ada"}, {"plan": "team", "seats": 4.0}, {"plan": "team", "seats": 40.0}} {
			for _, address := range []string{"https://shop.example.com/", "https://shop.example.com/plans"} {
				explanation, err := e.Explain(t.Context(), engine.ExplainRequest{Page: page(t, address, ""), Traits: traits, At: december})
				if err != nil {
					t.Fatal(err)
				}
				text, err := json.MarshalIndent(explanation, "", " ")
				if err != nil {
					t.Fatal(err)
				}
				all.Write(text)
			}
		}
		return all.String()
	}
	previous := compile(nil, files(around, "ada\n"))
	for _, edit := range [][3]string{
		{"seats > 3", "seats > 30", "ada\n"},
		{"traits.plan != \"free\"", "traits.plan == \"team\" && page.path != \"/\"", "ada\n"},
		{"", "", "ada\ngrace\n"},
		{"#99bbff", "#88aaff", "ada\n"},
		{"per_day = 2", "per_day = 1", "ada\n"},
		{"display = \"banner\"", "display = \"toast\"", "ada\n"},
		{"params.what }},", "params.what }} now,", "ada\n"},
		{"Europe/Berlin", "America/Lima", "ada\n"},
		{"locale = \"en\"", "locale = \"en\"\ntraits = { seats = \"int\" }", "ada\n"},
		{"[[throttles]]", "[[segments]]\nid = \"lima\"\nwhere = 'segment(\"teams\")'\n\n[[throttles]]", "ada\n"},
		{"locale = \"en\"", "locale = \"en\"\nthrottle = { per_day = 1 }", "ada\n"},
	} {
		text := strings.Replace(around, edit[0], edit[1], 1)
		edited, whole := compile(previous, files(text, edit[2])), compile(nil, files(text, edit[2]))
		if got, want := explained(edited), explained(whole); got != want {
			t.Errorf("after %q: from before:\n%s\nfrom nothing:\n%s", edit[1], got, want)
		}
		previous = compile(edited, files(around, "ada\n"))
		if got, want := explained(previous), explained(compile(nil, files(around, "ada\n"))); got != want {
			t.Errorf("after %q is taken back: from before:\n%s\nfrom nothing:\n%s", edit[1], got, want)
		}
	}
}
