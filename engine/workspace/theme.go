package workspace

import (
	"fmt"
	"maps"
	"slices"

	"handbill/engine/content"
)

// theme is how messages look that name it.
type theme struct {
	css         string
	made        content.Theme
	fingerprint fingerprint
	at          located
}

// readThemes reads the themes of all documents.
func (c *check) readThemes(documents []section) {
	c.themes = make(map[string]*theme)
	for _, document := range documents {
		for i, values := range document.tables("themes") {
			at := document.place.key("themes").item(i)
			c.readTheme(document.child("", values, at, document.at("themes")))
		}
	}
}

func (c *check) readTheme(s section) {
	id := s.text("id")
	s.subject = "this theme"
	if id != "" {
		s.subject = fmt.Sprintf("theme %q", id)
	}
	s.checkKeys(themeKeys)
	problems := len(c.problems)
	var made content.Theme
	for name, colour := range map[string]*content.Colour{
		"background": &made.Background, "text": &made.Text, "muted": &made.Muted, "border": &made.Border,
		"accent": &made.Accent, "accent_text": &made.AccentText, "backdrop": &made.Backdrop,
	} {
		*colour = c.colour(s, name)
	}
	for name, length := range map[string]*string{"radius": &made.Radius, "width": &made.Width} {
		if *length = s.text(name); *length != "" || kindOf(s.values[name]) == aText {
			c.token(s, name, content.CheckLength(*length))
		}
	}
	if made.Font = s.text("font"); made.Font != "" || kindOf(s.values["font"]) == aText {
		c.token(s, "font", content.CheckFont(made.Font))
	}
	if len(c.problems) == problems {
		for _, pair := range made.Hardly() {
			s.doubtful(s.offset, "choose colours with more contrast: WCAG 2.2 asks for 4.5 to 1", "%s", pair)
		}
	}
	t := &theme{css: made.CSS(), made: made, fingerprint: fingerprintOf(s.values, nil), at: s.problem(s.at("id"), "", "")}
	switch before := c.themes[id]; {
	case !s.has("id"), kindOf(s.values["id"]) != aText:
	case !identifier.MatchString(id):
		s.wrong(s.at("id"), identifierRule, "the id %q cannot be used", id)
	case before != nil:
		s.wrong(s.at("id"), "give one of the two another id", "the id is used already in %s:%d", before.at.File, before.at.Line)
	default:
		c.themes[id] = t
	}
}

// token reports a token that is not what it should be.
func (c *check) token(s section, name string, wrong *content.Error) {
	if wrong != nil {
		s.wrong(s.at(name), wrong.Fix, "%s: %s", name, wrong.Problem)
	}
}

// colour is one colour for both schemes, or one for each.
func (c *check) colour(s section, name string) content.Colour {
	if text, one := s.values[name].(string); one {
		c.token(s, name, content.CheckColour(text))
		return content.Colour{Light: text, Dark: text}
	}
	values := s.table(name)
	if values == nil {
		return content.Colour{}
	}
	pair := s.child(s.subject+", "+name, values, s.place.key(name), s.at(name))
	pair.checkKeys(colourKeys)
	made := content.Colour{Light: pair.text("light"), Dark: pair.text("dark")}
	for key, text := range map[string]string{"light": made.Light, "dark": made.Dark} {
		if kindOf(values[key]) == aText {
			c.token(pair, key, content.CheckColour(text))
		}
	}
	return made
}

// themeOf is the theme that a message or the workspace names; nil for none.
func (c *check) themeOf(s section) *theme {
	id, given := s.values["theme"].(string)
	if !given {
		return c.settings.theme
	}
	found := c.themes[id]
	if found == nil {
		s.wrong(s.at("theme"), nearestOr(id, slices.Sorted(maps.Keys(c.themes)), "add one that begins with [[themes]]", "the themes are "), "there is no theme %q", id)
	}
	return found
}
