package workspace

// inboxKeys are those of messages that lie in the inbox.
var inboxKeys = []key{
	{
		name: "topics", kind: aTextList,
		fallback: `["cio_inbox"]`, example: `topics = ["news"]`,
		meaning: "What a message in the [inbox](inbox.md#topics) is about. Those that begin with `cio_inbox` are in the inbox that the client draws; others are for the site's own.",
	},
	{
		name: "type", kind: aText,
		fallback: `"card"`, example: `type = "notice"`,
		meaning: "What kind of message in the [inbox](inbox.md#what-it-looks-like) it is: `\"card\"` and `\"notice\"` look different in the inbox that the client draws. The site's own inbox may know others.",
	},
	{
		name: "properties", kind: aTable, free: true,
		example: `properties = { icon = "truck" }`,
		meaning: "What the site's own [inbox](inbox.md#an-inbox-of-your-own) is given of it, beside what the message says. At most 16 KiB.",
	},
}
