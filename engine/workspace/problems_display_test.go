package workspace

import "strings"

// The smallest toast, tooltip and modal, to which the tests add what is wrong from line 6 on, with the tooltip from line 7 on.
var (
	toasted = strings.Replace(banner, `"banner"`, `"toast"`, 1)
	pointed = strings.Replace(banner, `"banner"`, `"tooltip"`, 1) + "target = \"#invoices\"\n"
	opened  = strings.Replace(banner, `"banner"`, `"modal"`, 1)
)

// What is said of wrong values of the keys that place a message.
var wrongDisplays = []wrongValue{
	{"messages.display", "is unknown", strings.Replace(banner, `"banner"`, `"popup"`, 1), `a.toml:3:1: message "spring-sale": display "popup" is not known; write "modal", "fullscreen", "banner", "toast", "inline", "tooltip" or "inbox"`},
	{"messages.display", "is misspelt", strings.Replace(banner, `"banner"`, `"tost"`, 1), `a.toml:3:1: message "spring-sale": display "tost" is not known; write "toast"`},
	{"messages.display", "is a list", strings.Replace(banner, `"banner"`, `["toast"]`, 1), `a.toml:3:1: message "spring-sale": display must be text, but is a list of texts; write display = "modal"`},
	{"messages.display", "needs a target", strings.Replace(banner, `"banner"`, `"tooltip"`, 1), `a.toml:3:1: message "spring-sale": a tooltip needs a target; add target = "#…", the CSS selector of the element where it belongs`},
	{"messages.display", "needs a target in the page", strings.Replace(banner, `"banner"`, `"inline"`, 1), `a.toml:3:1: message "spring-sale": an inline message needs a target; add target = "#…", the CSS selector of the element where it belongs`},
	{"messages.position", "is unknown", banner + "position = \"middle\"\n", `a.toml:6:1: message "spring-sale": position "middle" is not known; write "center", "top", "bottom", "bottom-right", "bottom-left", "top-right", "top-left", "inside", "replace", "before", "after", "prepend", "append", "left" or "right"`},
	{"messages.position", "is not one of a banner's", banner + "position = \"center\"\n", `a.toml:6:1: message "spring-sale": a banner has no position "center"; write "top" or "bottom"`},
	{"messages.position", "is not one of a toast's", toasted + "position = \"center\"\n", `a.toml:6:1: message "spring-sale": a toast has no position "center"; write "bottom-right", "bottom-left", "bottom", "top-right", "top-left" or "top"`},
	{"messages.position", "is none of what fills the window", strings.Replace(banner, `"banner"`, `"fullscreen"`, 1) + "position = \"top\"\n", `a.toml:6:1: message "spring-sale": a fullscreen message has no position; take it away`},
	{"messages.target", "is a number", banner + "target = 1\n", `a.toml:6:1: message "spring-sale": a banner has no target; take it away, or write display = "inline" or "tooltip"
a.toml:6:1: message "spring-sale": target must be text, but is a whole number; write target = "#invoices"`},
	{"messages.target", "is that of a banner", banner + "target = \"#a\"\n", `a.toml:6:1: message "spring-sale": a banner has no target; take it away, or write display = "inline" or "tooltip"`},
	{"messages.target", "is empty", strings.Replace(pointed, "#invoices", " ", 1), `a.toml:6:1: message "spring-sale": target is empty; write a CSS selector such as "#buy" or ".cart"`},
	{"messages.target", "names nothing", strings.Replace(pointed, "#invoices", "##", 1), `a.toml:6:1: message "spring-sale": the selector "##" in target is no CSS selector: no name stands after "#"; write a CSS selector such as "#buy" or ".cart"`},
	{"messages.target", "is not closed", strings.Replace(pointed, "#invoices", "a[href", 1), `a.toml:6:1: message "spring-sale": the selector "a[href" in target is no CSS selector: "[" is not closed with "]"; write a CSS selector such as "#buy" or ".cart"`},
	{"messages.flow", "is unknown", banner + "flow = \"fixed\"\n", `a.toml:6:1: message "spring-sale": flow "fixed" is not known; write "over", "push" or "sticky"`},
	{"messages.flow", "is that of a toast", toasted + "flow = \"push\"\n", `a.toml:6:1: message "spring-sale": a toast has no flow; take it away, or write display = "banner"`},
	{"messages.width", "is a length", banner + "width = \"414px\"\n", `a.toml:6:1: message "spring-sale": width must be a whole number, but is text; write width = 414`},
	{"messages.width", "is too small", banner + "width = 40\n", `a.toml:6:1: message "spring-sale": width 40 is out of range; write pixels, 100 to 2000`},
	{"messages.width", "is that of what fills the window", strings.Replace(banner, `"banner"`, `"fullscreen"`, 1) + "width = 500\n", `a.toml:6:1: message "spring-sale": a fullscreen message has no width; take it away, or write display = "modal", "banner", "toast", "inline" or "tooltip"`},
	{"messages.overlay_color", "is a name", opened + "overlay_color = \"black\"\n", `a.toml:6:1: message "spring-sale": overlay_color: "black" is no colour; write it in hexadecimal digits: overlay_color = "#00000033"`},
	{"messages.overlay_color", "is that of a toast", toasted + "overlay_color = \"#000\"\n", `a.toml:6:1: message "spring-sale": a toast has no overlay_color; take it away, or write display = "modal"`},
	{"messages.arrow_color", "leaves the style sheet", pointed + "arrow_color = \"#fff;}\"\n", `a.toml:7:1: message "spring-sale": arrow_color: "#fff;}" is no colour; write it in hexadecimal digits: arrow_color = "#ffffff"`},
	{"messages.arrow_color", "is that of a banner", banner + "arrow_color = \"#fff\"\n", `a.toml:6:1: message "spring-sale": a banner has no arrow_color; take it away, or write display = "tooltip"`},
	{"messages.close_outside", "is text", opened + "close_outside = \"no\"\n", `a.toml:6:1: message "spring-sale": close_outside must be true or false, but is text; write close_outside = false`},
	{"messages.close_outside", "is that of a banner", banner + "close_outside = true\n", `a.toml:6:1: message "spring-sale": a banner has no close_outside; take it away, or write display = "modal"`},
	{"messages.persistent", "is text", banner + "persistent = \"always\"\n", `a.toml:6:1: message "spring-sale": persistent must be true or false, but is text; write persistent = true`},
	{"messages.beacon", "is a number", pointed + "beacon = 1\n", `a.toml:7:1: message "spring-sale": beacon must be true or false, but is a whole number; write beacon = true`},
	{"messages.beacon", "is that of a modal", opened + "beacon = true\n", `a.toml:6:1: message "spring-sale": a modal has no beacon; take it away, or write display = "tooltip"`},
	{"messages.steps.display", "is unknown", modal + "[[messages.steps]]\ntext = \"A\"\ndisplay = \"bubble\"\n", `a.toml:7:1: message "tour", step 1: display "bubble" is not known; write "modal", "fullscreen", "banner", "toast", "inline", "tooltip" or "inbox"`},
	{"messages.steps.display", "needs a target", modal + "[[messages.steps]]\ntext = \"A\"\ndisplay = \"tooltip\"\n", `a.toml:7:1: message "tour", step 1: a tooltip needs a target; add target = "#…", the CSS selector of the element where it belongs`},
	{"messages.steps.position", "is not one of a modal's", modal + "[[messages.steps]]\ntext = \"A\"\nposition = \"left\"\n", `a.toml:7:1: message "tour", step 1: a modal has no position "left"; write "center", "top" or "bottom"`},
	{"messages.steps.target", "is that of a modal", modal + "[[messages.steps]]\ntext = \"A\"\ntarget = \"#a\"\n", `a.toml:7:1: message "tour", step 1: a modal has no target; take it away, or write display = "inline" or "tooltip"`},
	{"messages.steps.flow", "is that of a modal", modal + "[[messages.steps]]\ntext = \"A\"\nflow = \"push\"\n", `a.toml:7:1: message "tour", step 1: a modal has no flow; take it away, or write display = "banner"`},
	{"messages.steps.width", "is too large", modal + "[[messages.steps]]\ntext = \"A\"\nwidth = 4000\n", `a.toml:7:1: message "tour", step 1: width 4000 is out of range; write pixels, 100 to 2000`},
	{"messages.steps.overlay_color", "is no colour", modal + "[[messages.steps]]\ntext = \"A\"\noverlay_color = \"#12\"\n", `a.toml:7:1: message "tour", step 1: overlay_color: "#12" is no colour; write it in hexadecimal digits: overlay_color = "#00000033"`},
	{"messages.steps.arrow_color", "is that of a modal", modal + "[[messages.steps]]\ntext = \"A\"\narrow_color = \"#fff\"\n", `a.toml:7:1: message "tour", step 1: a modal has no arrow_color; take it away, or write display = "tooltip"`},
	{"messages.steps.close_outside", "is a number", modal + "[[messages.steps]]\ntext = \"A\"\nclose_outside = 1\n", `a.toml:7:1: message "tour", step 1: close_outside must be true or false, but is a whole number; write close_outside = false`},
}
