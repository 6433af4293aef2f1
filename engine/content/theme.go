package content

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Theme is how messages look: design tokens, from which the style sheet of a message's element is written. The zero value
// of a token leaves it as it is without a theme.
type Theme struct {
	// Background is that of the message, Text is on it; Muted is the text under a title, Border the message's and its
	// buttons'; Accent is the first button and AccentText what is written on it; Backdrop lies between a modal and the page.
	Background, Text, Muted, Border, Accent, AccentText, Backdrop Colour
	// Radius is how round corners are, Width how wide a modal is; lengths that [CheckLength] accepts.
	Radius, Width string
	// Font is a list of families that [CheckFont] accepts.
	Font string
}

// Colour is a colour in light and in dark, each as [CheckColour] accepts it.
type Colour struct{ Light, Dark string }

var (
	colour    = regexp.MustCompile(`^#([0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$`)
	cssLength = regexp.MustCompile(`^(0|[0-9]{1,4}(\.[0-9]{1,3})?(px|em|rem))$`)
	family    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9 _-]{0,60}$`)
	// generic families are no names.
	generic = []string{"system-ui", "ui-sans-serif", "ui-serif", "ui-rounded", "ui-monospace", "sans-serif", "serif", "monospace", "cursive", "inherit"}
)

// CheckColour reports why a text is no colour: they are written in hexadecimal digits, so that nothing else can stand in
// a style sheet in their place.
func CheckColour(text string) *Error {
	if !colour.MatchString(text) {
		return &Error{fmt.Sprintf("%q is no colour", text), `write it in hexadecimal digits, such as "#0a58ca", or with both schemes: { light = "#0a58ca", dark = "#7ab0ff" }`}
	}
	return nil
}

// CheckLength reports why a text is no length.
func CheckLength(text string) *Error {
	if !cssLength.MatchString(text) {
		return &Error{fmt.Sprintf("%q is no length", text), `write a number with px, em or rem, such as "12px"`}
	}
	return nil
}

// CheckFont reports why a text is no list of font families.
func CheckFont(text string) *Error {
	for name := range strings.SplitSeq(text, ",") {
		if !family.MatchString(unquotedFamily(name)) {
			return &Error{fmt.Sprintf("%q is no list of fonts", text), `write families with commas between them, such as "Inter, system-ui"`}
		}
	}
	return nil
}

func unquotedFamily(name string) string {
	name = strings.TrimSpace(name)
	for _, quote := range []string{"'", `"`} {
		if inner, ok := strings.CutPrefix(name, quote); ok {
			if inner, ok := strings.CutSuffix(inner, quote); ok {
				return inner
			}
		}
	}
	return name
}

// CSS is the style sheet of a message's element. It is made of checked tokens alone; a token that is not checked is left out.
func (t Theme) CSS() string {
	var plain, both strings.Builder
	for _, c := range []struct {
		name   string
		colour Colour
	}{
		{"--surface", t.Background}, {"--text", t.Text}, {"--quiet", t.muted()}, {"--line", t.Border},
		{"--handbill-accent", t.Accent}, {"--handbill-accent-text", t.AccentText}, {"--backdrop", t.Backdrop},
	} {
		if CheckColour(c.colour.Light) != nil || CheckColour(c.colour.Dark) != nil {
			continue
		}
		fmt.Fprintf(&plain, "%s:%s;", c.name, c.colour.Light)
		if c.colour.Light != c.colour.Dark {
			fmt.Fprintf(&both, "%s:light-dark(%s,%s);", c.name, c.colour.Light, c.colour.Dark)
		}
	}
	for _, length := range [][2]string{{"--radius", t.Radius}, {"--width", t.Width}} {
		if CheckLength(length[1]) == nil {
			fmt.Fprintf(&plain, "%s:%s;", length[0], length[1])
		}
	}
	if t.Font != "" && CheckFont(t.Font) == nil {
		var names []string
		for name := range strings.SplitSeq(t.Font, ",") {
			if name = unquotedFamily(name); !slices.Contains(generic, name) {
				name = `"` + name + `"`
			}
			names = append(names, name)
		}
		fmt.Fprintf(&plain, "--handbill-font:%s;", strings.Join(names, ","))
	}
	css := ""
	if plain.Len() > 0 {
		css = ":host{" + plain.String() + "}"
	}
	if both.Len() > 0 {
		css += "@supports (color:light-dark(#000,#fff)){:host{" + both.String() + "}}"
	}
	return css
}

// muted is the colour of the text where the theme changes that and says nothing of the text under a title.
func (t Theme) muted() Colour {
	if t.Muted == (Colour{}) {
		return t.Text
	}
	return t.Muted
}

// The colours of a message without a theme.
var plainTheme = Theme{Background: Colour{"#ffffff", "#1b1c1f"}, Text: Colour{"#18191b", "#f2f2f3"}, Muted: Colour{"#55585e", "#b3b6bc"}}

// leastContrast is what WCAG 2.2 asks of text (1.4.3, level AA).
const leastContrast = 4.5

// Hardly says which texts of the theme are hard to read on what is behind them.
func (t Theme) Hardly() []string {
	or := func(colour, other Colour) Colour {
		if colour == (Colour{}) {
			return other
		}
		return colour
	}
	background, text := or(t.Background, plainTheme.Background), or(t.Text, plainTheme.Text)
	muted, accent := or(t.muted(), plainTheme.Muted), or(t.Accent, text)
	var all []string
	for _, pair := range []struct {
		on, behind string
		a, b       Colour
	}{{"text", "background", text, background}, {"muted", "background", muted, background}, {"accent_text", "accent", or(t.AccentText, background), accent}} {
		for _, scheme := range []struct{ name, a, b string }{{"light", pair.a.Light, pair.b.Light}, {"dark", pair.a.Dark, pair.b.Dark}} {
			if ratio := Contrast(scheme.a, scheme.b); ratio < leastContrast {
				all = append(all, fmt.Sprintf("%s (%s) on %s (%s) has a contrast of %.2f to 1 in the %s scheme", pair.on, scheme.a, pair.behind, scheme.b, math.Floor(ratio*100)/100, scheme.name))
			}
		}
	}
	return all
}

// Contrast is the ratio of two colours as WCAG 2.2 has it, from 1 to 21; transparency is left out of account.
func Contrast(a, b string) float64 {
	light, dark := luminance(a), luminance(b)
	if light < dark {
		light, dark = dark, light
	}
	return (light + 0.05) / (dark + 0.05)
}

func luminance(text string) float64 {
	digits := strings.TrimPrefix(text, "#")
	if len(digits) < 6 {
		var long strings.Builder
		for _, digit := range digits {
			long.WriteString(strings.Repeat(string(digit), 2))
		}
		digits = long.String()
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		if len(digits) < 2*i+2 {
			return 0
		}
		number, _ := strconv.ParseUint(digits[2*i:2*i+2], 16, 8)
		value := float64(number) / 255
		if value <= 0.04045 {
			value /= 12.92
		} else {
			value = math.Pow((value+0.055)/1.055, 2.4)
		}
		sum += weight * value
	}
	return sum
}
