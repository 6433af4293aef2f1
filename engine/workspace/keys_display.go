package workspace

import (
	"slices"

	"handbill/engine/content"
)

// The keys of where a message stands and how it is shown.

// placementKeys are those that a step may have, too.
var placementKeys = []key{
	{
		name: "display", kind: aText,
		words:    []string{content.DisplayModal, content.DisplayFullscreen, content.DisplayBanner, content.DisplayToast, content.DisplayInline, content.DisplayTooltip, content.DisplayInbox},
		fallback: `"banner"`, example: `display = "modal"`,
		meaning: "`\"modal\"`: over the page, until it is closed; `\"fullscreen\"`: a modal that fills the window; `\"banner\"`: at an edge of the page, which stays usable; `\"toast\"`: a small box at an edge or in a corner; `\"inline\"`: in the page, at its `target`; `\"tooltip\"`: beside its `target`, at which it points; `\"inbox\"`: in the [inbox](inbox.md), on every page. See [where messages stand](#where-messages-stand).",
	},
	{
		name: "position", kind: aText, words: allPositions(),
		example: `position = "top"`,
		meaning: "Where: a modal `\"center\"`, `\"top\"` or `\"bottom\"`; a banner `\"top\"` or `\"bottom\"`; a toast `\"bottom-right\"`, `\"bottom-left\"`, `\"bottom\"`, `\"top-right\"`, `\"top-left\"` or `\"top\"`; inline `\"inside\"` the target, which is an empty place made for it, in its place (`\"replace\"`), `\"before\"` or `\"after\"` it, first or last in it (`\"prepend\"`, `\"append\"`); a tooltip `\"bottom\"`, `\"top\"`, `\"left\"` or `\"right\"` of the target, and elsewhere if there is no room. The first of each is the default.",
	},
	{
		name: "target", kind: aText,
		example: `target = "#invoices"`,
		meaning: "The CSS selector of the element at which it stands. `\"inline\"` and `\"tooltip\"` need it, others have none.",
	},
	{
		name: "flow", kind: aText, words: []string{content.FlowOver, content.FlowPush, content.FlowSticky},
		example: `flow = "push"`,
		meaning: "What a banner does with the page: `\"over\"`, the default, lies on it; `\"push\"` makes room for itself; `\"sticky\"` makes room and stays in sight while the page scrolls.",
	},
	{
		name: "width", kind: aNumber,
		example: "width = 414",
		meaning: "How wide it is, in pixels, 100 to 2000; never wider than the window. All but `\"fullscreen\"` have it; by default it is as wide as the display and the theme say.",
	},
	{
		name: "overlay_color", kind: aText,
		example: `overlay_color = "#00000033"`,
		meaning: "The colour between a modal and the page; by default the theme's.",
	},
	{
		name: "arrow_color", kind: aText,
		example: `arrow_color = "#ffffff"`,
		meaning: "The colour of a tooltip's arrow; by default the tooltip's.",
	},
	{
		name: "close_outside", kind: aTruth,
		example: "close_outside = false",
		meaning: "Whether a click beside a modal closes it; by default it does.",
	},
}

// displayKeys are those of a message.
var displayKeys = slices.Concat(placementKeys, []key{
	{
		name: "persistent", kind: aTruth,
		example: "persistent = true",
		meaning: "`true`: once it was shown it stays until it is closed, also over loads of pages, at the step where it was. By default so where `frequency` is `\"until_dismissed\"`. See [messages that stay](frequency.md#messages-that-stay).",
	},
	{
		name: "beacon", kind: aTruth,
		fallback: "false", example: "beacon = true",
		meaning: "`true`: a tooltip begins as a dot at its target, and a click on that opens it.",
	},
})

// own are keys as steps have them: what a step does not say, its message does.
func own(keys []key) []key {
	keys = slices.Clone(keys)
	for i := range keys {
		keys[i].fallback = ""
	}
	return keys
}
