package workspace

// look is a theme that may be wrong.
const look = "[[themes]]\nid = \"brand\"\n"

func init() { wrongValues = append(wrongValues, wrongThemes...) }

// What is said of wrong themes.
var wrongThemes = []wrongValue{
	{"workspace.theme", "is a number", "[workspace]\ntheme = 1\n", `a.toml:2:1: [workspace]: theme must be text, but is a whole number; write theme = "brand"`},
	{"workspace.theme", "is not there", "[[themes]]\nid = \"brand\"\n[workspace]\ntheme = \"brnd\"\n", `a.toml:4:1: [workspace]: there is no theme "brnd"; write "brand"`},
	{"messages.theme", "is true", banner + "theme = true\n", `a.toml:6:1: message "spring-sale": theme must be text, but is true or false; write theme = "brand"`},
	{"messages.theme", "is not there", banner + "theme = \"brand\"\n", `a.toml:6:1: message "spring-sale": there is no theme "brand"; add one that begins with [[themes]]`},
	{"themes", "is a table", "[themes]\nid = \"brand\"\n", `a.toml:1:1: themes must be a list of tables, but is a table; write [[themes]]`},
	{"themes.id", "is missing", "[[themes]]\nradius = \"4px\"\n", `a.toml:1:1: this theme: id is missing; add id = "brand"`},
	{"themes.id", "has a blank", "[[themes]]\nid = \"a b\"\n", `a.toml:2:1: theme "a b": the id "a b" cannot be used; use 1 to 64 of the letters a to z and A to Z, digits, dot, dash and underscore`},
	{"themes.id", "is used twice", look + look, `a.toml:4:1: theme "brand": the id is used already in a.toml:2; give one of the two another id`},
	{"themes.background", "is a number", look + "background = 1\n", `a.toml:3:1: theme "brand": background must be text or a table, but is a whole number; write background = { light = "#ffffff", dark = "#10211c" }`},
	{"themes.background.light", "is missing", look + "background = { dark = \"#000\" }\n", `a.toml:3:1: theme "brand", background: light is missing; add light = "#0a58ca"`},
	{"themes.background.dark", "is no colour", look + "background = { light = \"#fff\", dark = \"black\" }\n", `a.toml:3:32: theme "brand", background: dark: "black" is no colour; write it in hexadecimal digits, such as "#0a58ca", or with both schemes: { light = "#0a58ca", dark = "#7ab0ff" }`},
	{"themes.text", "is a number", look + "text = 1\n", `a.toml:3:1: theme "brand": text must be text or a table, but is a whole number; write text = { light = "#10211c", dark = "#eef5f2" }`},
	{"themes.text.light", "is missing", look + "text = { dark = \"#000\" }\n", `a.toml:3:1: theme "brand", text: light is missing; add light = "#0a58ca"`},
	{"themes.text.dark", "is no colour", look + "text = { light = \"#fff\", dark = \"black\" }\n", `a.toml:3:26: theme "brand", text: dark: "black" is no colour; write it in hexadecimal digits, such as "#0a58ca", or with both schemes: { light = "#0a58ca", dark = "#7ab0ff" }`},
	{"themes.muted", "is a number", look + "muted = 1\n", `a.toml:3:1: theme "brand": muted must be text or a table, but is a whole number; write muted = { light = "#44534d", dark = "#b9c7c1" }`},
	{"themes.muted.light", "is missing", look + "muted = { dark = \"#000\" }\n", `a.toml:3:1: theme "brand", muted: light is missing; add light = "#0a58ca"`},
	{"themes.muted.dark", "is no colour", look + "muted = { light = \"#fff\", dark = \"black\" }\n", `a.toml:3:27: theme "brand", muted: dark: "black" is no colour; write it in hexadecimal digits, such as "#0a58ca", or with both schemes: { light = "#0a58ca", dark = "#7ab0ff" }`},
	{"themes.border", "is a number", look + "border = 1\n", `a.toml:3:1: theme "brand": border must be text or a table, but is a whole number; write border = { light = "#d5e0db", dark = "#2c4139" }`},
	{"themes.border.light", "is missing", look + "border = { dark = \"#000\" }\n", `a.toml:3:1: theme "brand", border: light is missing; add light = "#0a58ca"`},
	{"themes.border.dark", "is no colour", look + "border = { light = \"#fff\", dark = \"black\" }\n", `a.toml:3:28: theme "brand", border: dark: "black" is no colour; write it in hexadecimal digits, such as "#0a58ca", or with both schemes: { light = "#0a58ca", dark = "#7ab0ff" }`},
	{"themes.accent", "is a number", look + "accent = 1\n", `a.toml:3:1: theme "brand": accent must be text or a table, but is a whole number; write accent = { light = "#1f5c4a", dark = "#7fd1b4" }`},
	{"themes.accent.light", "is missing", look + "accent = { dark = \"#000\" }\n", `a.toml:3:1: theme "brand", accent: light is missing; add light = "#0a58ca"`},
	{"themes.accent.dark", "is no colour", look + "accent = { light = \"#fff\", dark = \"black\" }\n", `a.toml:3:28: theme "brand", accent: dark: "black" is no colour; write it in hexadecimal digits, such as "#0a58ca", or with both schemes: { light = "#0a58ca", dark = "#7ab0ff" }`},
	{"themes.accent_text", "is a number", look + "accent_text = 1\n", `a.toml:3:1: theme "brand": accent_text must be text or a table, but is a whole number; write accent_text = { light = "#ffffff", dark = "#10211c" }`},
	{"themes.accent_text.light", "is missing", look + "accent_text = { dark = \"#000\" }\n", `a.toml:3:1: theme "brand", accent_text: light is missing; add light = "#0a58ca"`},
	{"themes.accent_text.dark", "is no colour", look + "accent_text = { light = \"#fff\", dark = \"black\" }\n", `a.toml:3:33: theme "brand", accent_text: dark: "black" is no colour; write it in hexadecimal digits, such as "#0a58ca", or with both schemes: { light = "#0a58ca", dark = "#7ab0ff" }`},
	{"themes.backdrop", "is a number", look + "backdrop = 1\n", `a.toml:3:1: theme "brand": backdrop must be text or a table, but is a whole number; write backdrop = "#10211c99"`},
	{"themes.backdrop.light", "is missing", look + "backdrop = { dark = \"#000\" }\n", `a.toml:3:1: theme "brand", backdrop: light is missing; add light = "#0a58ca"`},
	{"themes.backdrop.dark", "is no colour", look + "backdrop = { light = \"#fff\", dark = \"black\" }\n", `a.toml:3:30: theme "brand", backdrop: dark: "black" is no colour; write it in hexadecimal digits, such as "#0a58ca", or with both schemes: { light = "#0a58ca", dark = "#7ab0ff" }`},
	{"themes.accent", "is a name", look + "accent = \"red\"\n", `a.toml:3:1: theme "brand": accent: "red" is no colour; write it in hexadecimal digits, such as "#0a58ca", or with both schemes: { light = "#0a58ca", dark = "#7ab0ff" }`},
	{"themes.accent", "ends the rule", look + "accent = \"#fff;}*{display:none\"\n", `a.toml:3:1: theme "brand": accent: "#fff;}*{display:none" is no colour; write it in hexadecimal digits, such as "#0a58ca", or with both schemes: { light = "#0a58ca", dark = "#7ab0ff" }`},
	{"themes.accent", "has five digits", look + "accent = \"#12345\"\n", `a.toml:3:1: theme "brand": accent: "#12345" is no colour; write it in hexadecimal digits, such as "#0a58ca", or with both schemes: { light = "#0a58ca", dark = "#7ab0ff" }`},
	{"themes.accent", "is missing a scheme that there is not", look + "accent = { night = \"#fff\", light = \"#fff\", dark = \"#000\" }\n", `a.toml:3:12: theme "brand", accent: there is no key "night" here; write "light"`},
	{"themes.radius", "is a number", look + "radius = 4\n", `a.toml:3:1: theme "brand": radius must be text, but is a whole number; write radius = "4px"`},
	{"themes.radius", "has no unit", look + "radius = \"4\"\n", `a.toml:3:1: theme "brand": radius: "4" is no length; write a number with px, em or rem, such as "12px"`},
	{"themes.width", "is an expression", look + "width = \"calc(1px)\"\n", `a.toml:3:1: theme "brand": width: "calc(1px)" is no length; write a number with px, em or rem, such as "12px"`},
	{"themes.font", "is empty", look + "font = \"\"\n", `a.toml:3:1: theme "brand": font: "" is no list of fonts; write families with commas between them, such as "Inter, system-ui"`},
	{"themes.font", "is an address", look + "font = \"url(/a.woff2)\"\n", `a.toml:3:1: theme "brand": font: "url(/a.woff2)" is no list of fonts; write families with commas between them, such as "Inter, system-ui"`},
}
