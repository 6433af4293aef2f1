package workspace

// The keys that say when, and how often, a message is shown. They stand in the tables that keys.go lists.

var throttlesKey = key{
	name: "throttles", kind: aTables, example: "[[throttles]]", keys: groupThrottleKeys,
}

// timingKeys are those of a message.
var timingKeys = []key{
	{
		name: "schedule", kind: aTable, keys: scheduleKeys,
		example: `schedule = { days = ["mon", "tue"], hours = ["09:00-17:00"], timezone = "visitor" }`,
		meaning: "The [days and hours](#schedule) in which it is shown, week after week.",
	},
	{
		name: "when", kind: aTable, keys: whenKeys,
		example: `when = { after = "5s" }`,
		meaning: "What the [browser waits for](#when) on a page, before the message is shown there.",
	},
	{
		name: "expires", kind: aText,
		example: `expires = "30d"`,
		meaning: "For how long it waits for a visitor who has not seen it: after it was sent, or after a campaign is [due](campaigns.md#delay-and-expiry), which without this wait 30 days; a broadcast [from its start on](frequency.md#expiry). Numbers with `s`, `m`, `h`, `d` or `w`.",
	},
	{
		name: "goal", kind: aTable, keys: goalKeys,
		example: `goal = { event = "Order Completed", within = "7d" }`,
		meaning: "What visitors who have seen it should [do then](#goal).",
	},
	{
		name: "throttles", kind: aTextList,
		example: `throttles = ["promotions"]`,
		meaning: "The ids of the [throttles](#throttles) that it belongs to, beside the workspace's.",
	},
}

var scheduleKeys = []key{
	{
		name: "days", kind: aTextList, words: dayNames,
		example: `days = ["mon", "tue"]`,
		meaning: "The days of the week: `\"mon\"`, `\"tue\"`, `\"wed\"`, `\"thu\"`, `\"fri\"`, `\"sat\"`, `\"sun\"`. Without it every day.",
	},
	{
		name: "hours", kind: aTextList,
		example: `hours = ["09:00-12:00", "14:00-17:00"]`,
		meaning: "From when until when on those days. `\"22:00-06:00\"` ends on the next morning, `\"18:00-24:00\"` at midnight. Without it the whole day.",
	},
	{
		name: "timezone", kind: aText,
		example: `timezone = "visitor"`,
		meaning: "Whose clock tells: `\"visitor\"`, or an [IANA time zone](https://www.iana.org/time-zones). Without it `timezone` of `[workspace]`.",
	},
}

var whenKeys = []key{
	{
		name: "after", kind: aText,
		example: `after = "5s"`,
		meaning: "A time since the message began to wait, over the pages of a visit.",
	},
	{
		name: "dwell", kind: aText,
		example: `dwell = "20s"`,
		meaning: "A time for which this page was looked at; a hidden tab does not count.",
	},
	{
		name: "idle", kind: aText,
		example: `idle = "30s"`,
		meaning: "A time in which the visitor did nothing on the page.",
	},
	{
		name: "scroll", kind: aNumber,
		example: "scroll = 50",
		meaning: "How far down the page was scrolled, in percent.",
	},
	{
		name: "exit", kind: aTruth,
		fallback: "false", example: "exit = true",
		meaning: "`true`: the mouse leaves the page at its top, as on the way to another tab.",
	},
	{
		name: "click", kind: aText,
		example: `click = "#buy"`,
		meaning: "A click on what this CSS selector names.",
	},
	{
		name: "event", kind: aText,
		example: `event = "Cart Viewed"`,
		meaning: "An event that the page tracks.",
	},
	{
		name: "where", kind: aText,
		example: `where = 'event.total > 50'`,
		meaning: "A [condition](conditions.md) on that event, which the edge asks.",
	},
	{
		name: "element", kind: aText,
		example: `element = ".cart"`,
		meaning: "What must be on the page: a CSS selector.",
	},
	{
		name: "no_element", kind: aText,
		example: `no_element = ".paid"`,
		meaning: "What must not be on the page: a CSS selector.",
	},
	{
		name: "cancel_event", kind: aText,
		example: `cancel_event = "Order Completed"`,
		meaning: "An event that the page tracks, after which it is not waited for any more in this visit.",
	},
}

var goalKeys = []key{
	{
		name: "event", kind: aText,
		example: `event = "Order Completed"`,
		meaning: "The name of an event that the site tracks.",
	},
	{
		name: "pages", kind: aTextList,
		example: `pages = ["/thanks"]`,
		meaning: "[Page rules](page-rules.md) of pages that are opened. With `event` too, either will do.",
	},
	{
		name: "within", kind: aText,
		fallback: `"7d"`, example: `within = "7d"`,
		meaning: "How long after a showing it counts: numbers with `s`, `m`, `h`, `d` or `w`.",
	},
}

// groupThrottleKeys are those of a throttle of some messages.
var groupThrottleKeys = append([]key{
	{
		name: "id", kind: aText, required: true,
		example: `id = "promotions"`,
		meaning: "What messages name it by, in `throttles`. Unique among the throttles; 1 to 64 letters, digits, `.`, `-`, `_`.",
	},
}, throttleKeys...)

// wireFrequencyKeys are the frequency of a message in the form that the clients of the field know.
var wireFrequencyKeys = []key{
	{
		name: "count", kind: aNumber,
		example: "count = 3",
		meaning: "How often it is shown at all; 0 does not bound. With `delay` and `ignore_dismiss` [another form](frequency.md#the-wires-form), which stands alone.",
	},
	{
		name: "delay", kind: aText,
		example: `delay = "1h"`,
		meaning: "The least time between two showings: numbers with `s`, `m`, `h`, `d` or `w`.",
	},
	{
		name: "ignore_dismiss", kind: aTruth,
		fallback: "false", example: "ignore_dismiss = true",
		meaning: "`true`: it is shown again to who has dismissed it.",
	},
}
