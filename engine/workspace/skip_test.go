package workspace

import (
	"strings"
	"testing"
)

const skipping = "[workspace]\non_error = \"skip\"\n"

func TestAMessageThatIsWrongIsLeftOutAloneWhereTheWorkspaceSaysSo(t *testing.T) {
	offer := strings.Replace(banner, "spring-sale", "offer", 1)
	for _, test := range []struct{ name, wrong, id, want string }{
		{"a condition", offer + "where = 'traits.plan ='\n", "offer", `a.toml:13:22: message "offer": where: `},
		{"a template", offer + "title = \"{{ traits.name\"\n", "offer", `a.toml:13:1: message "offer": `},
		{"a page rule", strings.Replace(offer, `["*"]`, `["shop"]`, 1), "offer", `a.toml:11:10: message "offer": the page rule "shop" in pages: `},
		{"an address", offer + "buttons = [{ text = \"A\", action = \"javascript:x\" }]\n", "offer", `a.toml:13:26: message "offer", button 1: `},
		{"a key", offer + "prority = 1\n", "offer", `a.toml:13:1: message "offer": there is no key "prority" here; write "priority"`},
		{"a segment that is not there", offer + "audience = [\"trial\"]\n", "offer", `a.toml:13:13: message "offer": audience: `},
		{"no id", strings.Replace(offer, "id = \"offer\"\n", "", 1), "", `a.toml:8:1: this message: id is missing; add id = "spring-sale"`},
		{"an id of another", banner, "spring-sale", `a.toml:9:1: message "spring-sale": the id is used already in a.toml:4; give one of the two another id`},
		{"several things", offer + "prority = 1\nend = 1\n", "offer", "a.toml:13:1: message \"offer\": there is no key \"prority\" here; write \"priority\"\na.toml:14:1: message \"offer\": end must be "},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := skipping + banner + test.wrong
			s := sameAsWhole(t, at, nil, oneFile(text))
			if s == nil || ids(s) != "spring-sale" || len(s.Skipped) != 1 {
				t.Fatalf("the snapshot is %+v", s)
			}
			skipped := s.Skipped[0]
			if got := told(skipped.Problems); skipped.ID != test.id || skipped.File != "a.toml" || skipped.Line != 8 || !strings.HasPrefix(got, test.want) {
				t.Errorf("left out is %q in line %d:\n%s\nwant\n%s", skipped.ID, skipped.Line, got, test.want)
			}
			// It is told again after an edit of another, and comes back when it is mended.
			edited := sameAsWhole(t, at, s, oneFile(strings.Replace(text, "20 %", "30 %", 1)))
			if len(edited.Skipped) != 1 || edited.Generation == s.Generation {
				t.Errorf("after an edit: %+v", edited)
			}
			if mended := sameAsWhole(t, at, edited, oneFile(skipping+banner+offer)); ids(mended) != "spring-sale offer" || len(mended.Skipped) != 0 {
				t.Errorf("mended: %s", ids(mended))
			}
			// By default it refuses all.
			if _, _, err := Compile(oneFile(strings.Replace(text, "skip", "reject", 1))); err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("without on_error: %v", err)
			}
		})
	}
}

func TestWhatIsNoMessageRefusesTheWorkspaceAlsoWhereMessagesAreLeftOut(t *testing.T) {
	for name, text := range map[string]string{
		"text that is no TOML":     skipping + banner + "title = \"\n",
		"a setting":                skipping + "timezone = \"Berlin\"\n" + banner,
		"a template":               skipping + banner + "[[templates]]\nid = \"news\"\ntext = \"{{ x\"\n",
		"a segment":                skipping + banner + "[[segments]]\nid = \"trial\"\nwhere = 'x ='\n",
		"a key that is not known":  skipping + banner + "[server]\n",
		"on_error that is unknown": strings.Replace(skipping, "skip", "skipp", 1) + banner + "prority = 1\n",
	} {
		if s, _, err := Compile(oneFile(text)); err == nil {
			t.Errorf("%s: taken over without %v", name, s.Skipped)
		}
	}
}

func TestAWorkspaceOfWhichAllIsLeftOutHasNoMessages(t *testing.T) {
	s, problems, warnings := compile(t, "a.toml", skipping+banner+"prority = 1\n")
	if len(problems) > 0 || len(warnings) > 0 || len(s.Messages) != 0 || len(s.Skipped) != 1 {
		t.Errorf("%v, warnings %v, %+v", problems, warnings, s)
	}
}
