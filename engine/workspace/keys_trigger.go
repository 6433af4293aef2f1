package workspace

// triggerKeys are what starts a campaign.
var triggerKeys = []key{
	{
		name: "event", kind: aText,
		example: `event = "signed_up"`,
		meaning: "The name of an event that the site tracks: `cioanalytics.track(\"signed_up\")`.",
	},
	{
		name: "where", kind: aText,
		example: `where = 'event.plan == "trial"'`,
		meaning: "A [condition](conditions.md) on the event's properties.",
	},
	{
		name: "segment", kind: aText,
		example: `segment = "trial-users"`,
		meaning: "Instead of an event: one of [`[[segments]]`](#segments).",
	},
	{
		name: "on", kind: aText, words: []string{onEnter, onLeave},
		example: `on = "enter"`,
		meaning: "With `segment`: whether it starts for who comes into it, `\"enter\"`, or leaves it, `\"leave\"`.",
	},
	{
		name: "visit", kind: aText, words: words(VisitAny, VisitFirst, VisitReturning),
		example: `visit = "first"`,
		meaning: "Instead of an event: the beginning of `\"any\"` visit, of the `\"first\"`, or of a `\"returning\"` visitor's.",
	},
	{
		name: "delay", kind: aText,
		example: `delay = "1h"`,
		meaning: "How long after that the message is due: numbers with `s`, `m`, `h`, `d` or `w`. At once if it does not say.",
	},
	{
		name: "reentry", kind: aText,
		fallback: `"never"`, example: `reentry = "30d"`,
		meaning: "Whether it starts again for the same visitor: `\"never\"`; after a length of time since the last start; `\"always\"`.",
	},
}
