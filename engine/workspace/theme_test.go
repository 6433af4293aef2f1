package workspace

import (
	"strings"
	"testing"
)

const themed = `[workspace]
theme = "brand"

[[themes]]
id = "brand"
accent = "#0a58ca"
accent_text = "#ffffff"

[[themes]]
id = "warning"
background = "#fff4ce"
text = "#3b2f00"

`

func TestAMessageHasItsOwnThemeOrTheWorkspaces(t *testing.T) {
	s := good(t, "a.toml", themed+banner+strings.Replace(banner, "spring-sale", "away", 1)+"theme = \"warning\"\n")
	for id, want := range map[string]string{
		"spring-sale": ":host{--handbill-accent:#0a58ca;--handbill-accent-text:#ffffff;}",
		"away":        ":host{--surface:#fff4ce;--text:#3b2f00;--quiet:#3b2f00;}",
	} {
		if got := s.Message(id).Content.Style; got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

func TestAThemeThatChangesChangesItsMessages(t *testing.T) {
	before := good(t, "a.toml", themed+banner)
	after, _, err := CompileFrom(before, []File{{Name: "a.toml", Data: []byte(strings.Replace(themed, "#0a58ca", "#1f5c4a", 1) + banner)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := after.Message("spring-sale").Content.Style; !strings.Contains(got, "#1f5c4a") || after.Generation == before.Generation {
		t.Errorf("the style is %s, the generation %s, before %s", got, after.Generation, before.Generation)
	}
}

func TestTextThatIsHardToReadIsWarnedOf(t *testing.T) {
	_, problems, warnings := compile(t, "a.toml", "[[themes]]\nid = \"pale\"\naccent = \"#0a58ca\"\naccent_text = { light = \"#ffffff\", dark = \"#333333\" }\n"+banner)
	want := `a.toml:1:1: theme "pale": accent_text (#333333) on accent (#0a58ca) has a contrast of 1.96 to 1 in the dark scheme; choose colours with more contrast: WCAG 2.2 asks for 4.5 to 1`
	if got := told(warnings); len(problems) > 0 || got != want {
		t.Errorf("got\n%s\nwant\n%s\n%v", got, want, problems)
	}
}
