package wire

import (
	"cmp"
	"strconv"
	"strings"

	"handbill/engine/content"
)

// table is a table of JSON.
type table = map[string]any

// bell is what the inbox's button shows.
const bell = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" ` +
	`role="img" aria-label="Inbox"><path d="M6 8a6 6 0 0 1 12 0c0 7 3 9 3 9H3s3-2 3-9"/><path d="M10.3 21a1.94 1.94 0 0 0 3.4 0"/></svg>`

// The colours of an inbox without a theme: those of messages without one.
var plainLook = content.Theme{
	Background: content.Colour{Light: "#ffffff", Dark: "#1b1c1f"}, Text: content.Colour{Light: "#18191b", Dark: "#f2f2f3"},
	Muted: content.Colour{Light: "#55585e", Dark: "#b3b6bc"}, Border: content.Colour{Light: "#d9dbdf", Dark: "#3a3c41"},
}

// brandingOf is how the client draws its inbox with a theme, in the light and in the dark.
func brandingOf(theme content.Theme) table {
	look := theme
	muted := theme.Muted
	if muted == (content.Colour{}) {
		muted = theme.Text
	}
	look.Muted = muted
	for _, c := range []struct{ own, plain *content.Colour }{
		{&look.Background, &plainLook.Background}, {&look.Text, &plainLook.Text}, {&look.Muted, &plainLook.Muted}, {&look.Border, &plainLook.Border},
	} {
		if *c.own == (content.Colour{}) {
			*c.own = *c.plain
		}
	}
	if look.Accent == (content.Colour{}) {
		look.Accent, look.AccentText = look.Text, look.Background
	}
	if look.AccentText == (content.Colour{}) {
		look.AccentText = look.Background
	}
	light := func(c content.Colour) string { return c.Light }
	dark := func(c content.Colour) string { return c.Dark }
	texts := textsOf(look, light)
	texts["modes"] = table{"dark": textsOf(look, dark)}
	return table{"theme": texts, "patterns": table{"inbox": patternOf(look, light), "modes": table{"dark": table{"inbox": patternOf(look, dark)}}}}
}

// textsOf are the texts and buttons of messages in the inbox.
func textsOf(look content.Theme, of func(content.Colour) string) table {
	font := cmp.Or(look.Font, "system-ui, sans-serif")
	text := func(size, weight int, colour content.Colour) table {
		return table{"text": table{"fontSize": size, "fontWeight": weight, "fontFamily": font, "color": of(colour)}}
	}
	return table{
		"heading": text(16, 600, look.Text), "text": text(14, 400, look.Muted), "date": text(12, 400, look.Muted),
		"button": table{
			"text":       table{"fontSize": 14, "fontWeight": 600, "fontFamily": font, "color": of(look.AccentText)},
			"background": table{"color": of(look.Accent)}, "border": table{"width": 0, "radius": min(pixels(look.Radius, 8), 24)},
			"padding": table{"top": 8, "right": 14, "bottom": 8, "left": 14}, "minHeight": 36,
		},
		"image": table{"border": table{"radius": min(pixels(look.Radius, 8), 24)}},
	}
}

// patternOf are the inbox's button, its panel and the count of what was not read.
func patternOf(look content.Theme, of func(content.Colour) string) table {
	return table{
		"position":     "bottom-right",
		"floatingIcon": table{"background": of(look.Accent), "color": of(look.AccentText), "svg": bell},
		"background":   of(look.Background), "cornerRadius": pixels(look.Radius, 12), "borderColor": of(look.Border), "dividerColor": of(look.Border),
		"hoverBackground": of(look.Border) + fade(of(look.Border)),
		"shadow":          table{"color": "#00000033", "offsetX": 0, "offsetY": 8, "blur": 28},
		"unreadIndicator": table{
			"showAlert": true, "background": "#c62828",
			"text": table{"fontSize": 12, "fontWeight": 700, "fontFamily": cmp.Or(look.Font, "system-ui, sans-serif"), "color": "#ffffff", "lineHeight": 1},
		},
	}
}

// fade makes a colour of six digits faint.
func fade(colour string) string {
	if len(colour) == len("#rrggbb") {
		return "66"
	}
	return ""
}

// pixels is a length of a theme in pixels.
func pixels(length string, fallback int) int {
	number := strings.TrimRight(length, "pxrem")
	value, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil:
		return fallback
	case strings.HasSuffix(length, "em"):
		value *= 16
	}
	return int(value)
}

// The two layouts of messages in the inbox. Their parts take what they show from the message's properties by name.
var (
	inboxText = []any{
		table{"type": "heading", "name": "title", "variant": "h3"},
		table{"type": "dynamicLayout", "name": "paragraphs", "direction": "vertical", "gap": 6, "template": table{"type": "text", "name": "text"}},
	}
	inboxEnd = []any{
		table{"type": "dynamicLayout", "name": "buttons", "direction": "horizontal", "gap": 8, "margin": table{"top": 4, "bottom": 4}, "template": table{"type": "button", "name": "button"}},
		table{"type": "date", "name": "date"},
	}
	// inboxCard has the picture above, as wide as the inbox.
	inboxCard = table{
		"type": "layout", "direction": "vertical", "gap": 8,
		"children": append(append([]any{table{"type": "image", "name": "image", "width": "fill", "objectFit": "cover", "borderRadius": 8}}, inboxText...), inboxEnd...),
	}
	// inboxNotice is short: a small picture beside the text.
	inboxNotice = table{
		"type": "layout", "direction": "horizontal", "gap": 12,
		"children": []any{
			table{"type": "image", "name": "image", "width": 48, "height": 48, "objectFit": "cover", "borderRadius": 8},
			table{"type": "layout", "direction": "vertical", "gap": 4, "children": append(append([]any{}, inboxText...), inboxEnd...)},
		},
	}
)

// inboxTemplate is a layout in the version that the client knows.
func inboxTemplate(root table) []any { return []any{table{"version": "1", "root": root}} }
