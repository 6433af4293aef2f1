package workspace

var colourKeys = []key{
	{
		name: "light", kind: aText, required: true,
		example: `light = "#0a58ca"`,
		meaning: "The colour in the light scheme.",
	},
	{
		name: "dark", kind: aText, required: true,
		example: `dark = "#7ab0ff"`,
		meaning: "The colour in the dark scheme.",
	},
}

// colourKey is a token that is a colour.
func colourKey(name, example, meaning string) key {
	return key{name: name, kind: aTextOrTable, keys: colourKeys, example: name + " = " + example, meaning: meaning}
}

var themeKeys = []key{
	{
		name: "id", kind: aText, required: true,
		example: `id = "brand"`,
		meaning: "What messages name it by. Unique among the themes; 1 to 64 letters, digits, `.`, `-`, `_`.",
	},
	colourKey("background", `{ light = "#ffffff", dark = "#10211c" }`, "The message's background."),
	colourKey("text", `{ light = "#10211c", dark = "#eef5f2" }`, "Titles, and what stands on quiet buttons."),
	colourKey("muted", `{ light = "#44534d", dark = "#b9c7c1" }`, "The text under a title; by default as `text`."),
	colourKey("border", `{ light = "#d5e0db", dark = "#2c4139" }`, "The line around the message, its quiet buttons, a table's lines."),
	colourKey("accent", `{ light = "#1f5c4a", dark = "#7fd1b4" }`, "The first button, what is chosen in a form, and the ring around what has the focus."),
	colourKey("accent_text", `{ light = "#ffffff", dark = "#10211c" }`, "What is written on the first button."),
	colourKey("backdrop", `"#10211c99"`, "What lies between a modal and the page. The last two digits say how much of the page it covers."),
	{
		name: "radius", kind: aText,
		example: `radius = "4px"`,
		meaning: "How round corners are, in `px`, `em` or `rem`.",
	},
	{
		name: "width", kind: aText,
		example: `width = "36rem"`,
		meaning: "How wide a modal is, where there is room.",
	},
	{
		name: "font", kind: aText,
		example: `font = "Inter, system-ui"`,
		meaning: "The font's families, the best first. They must be there already, on the page or on the visitor's device; `\"inherit\"` is the page's.",
	},
}
