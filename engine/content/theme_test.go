package content

import (
	"fmt"
	"strings"
	"testing"
)

func TestAThemeIsWrittenAsASheet(t *testing.T) {
	for _, c := range []struct {
		name  string
		theme Theme
		want  string
	}{
		{"nothing", Theme{}, ""},
		{"one colour for both schemes", Theme{Accent: Colour{"#fff", "#fff"}}, ":host{--handbill-accent:#fff;}"},
		{"a colour for each", Theme{Background: Colour{"#fff", "#000"}, Radius: "4px"},
			":host{--surface:#fff;--radius:4px;}@supports (color:light-dark(#000,#fff)){:host{--surface:light-dark(#fff,#000);}}"},
		{"text without muted text", Theme{Text: Colour{"#123", "#123"}}, ":host{--text:#123;--quiet:#123;}"},
		{"fonts", Theme{Font: `'Open Sans', Inter, "A b", system-ui`}, `:host{--handbill-font:"Open Sans","Inter","A b",system-ui;}`},
		{"what was not checked", Theme{Accent: Colour{"red;}*{", "#fff"}, Radius: "1px;}*{", Font: "a;}*{", Width: "1"}, ""},
	} {
		if got := c.theme.CSS(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestContrastIsThatOfWCAG(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"#000", "#fff", "21.00"}, {"#ffffff", "#000000", "21.00"}, {"#777777", "#fff", "4.48"}, {"#767676", "#ffffff", "4.54"}, {"#0a58ca", "#fff", "6.44"}, {"#abc", "#abcd", "1.00"},
	} {
		if got := fmt.Sprintf("%.2f", Contrast(c.a, c.b)); got != c.want {
			t.Errorf("%s on %s is %s, want %s", c.a, c.b, got, c.want)
		}
	}
}

func TestTextThatIsHardToReadIsSaid(t *testing.T) {
	for _, c := range []struct {
		theme Theme
		want  string
	}{
		{Theme{}, ""},
		{Theme{Text: Colour{"#777777", "#f2f2f3"}}, "text (#777777) on background (#ffffff) has a contrast of 4.47 to 1 in the light scheme\nmuted (#777777) on background (#ffffff) has a contrast of 4.47 to 1 in the light scheme\naccent_text (#ffffff) on accent (#777777) has a contrast of 4.47 to 1 in the light scheme"},
		{Theme{Accent: Colour{"#0a58ca", "#0a58ca"}, AccentText: Colour{"#fff", "#333"}}, "accent_text (#333) on accent (#0a58ca) has a contrast of 1.96 to 1 in the dark scheme"},
		{Theme{Background: Colour{"#fff4ce", "#fff4ce"}}, "text (#f2f2f3) on background (#fff4ce) has a contrast of 1.01 to 1 in the dark scheme\nmuted (#b3b6bc) on background (#fff4ce) has a contrast of 1.84 to 1 in the dark scheme\naccent_text (#fff4ce) on accent (#f2f2f3) has a contrast of 1.01 to 1 in the dark scheme"},
	} {
		if got := strings.Join(c.theme.Hardly(), "\n"); got != c.want {
			t.Errorf("%+v:\n%s\nwant\n%s", c.theme, got, c.want)
		}
	}
}
