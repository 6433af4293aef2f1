package workspace

import "strings"

// The smallest message in the inbox, to which the tests add what is wrong from line 5 on.
const letter = "[[messages]]\nid = \"order\"\ndisplay = \"inbox\"\ntext = \"It is on its way.\"\n"

func init() { wrongValues = append(wrongValues, wrongInbox...) }

// What is said of wrong values of messages in the inbox.
var wrongInbox = []wrongValue{
	{"messages.topics", "is text", letter + "topics = \"news\"\n", `a.toml:5:1: message "order": topics must be a list of texts, but is text; write topics = ["news"]`},
	{"messages.topics", "is empty", letter + "topics = []\n", `a.toml:5:1: message "order": topics is empty; name a topic, or leave the key out`},
	{"messages.topics", "holds an empty one", letter + "topics = [\"news\", \" \"]\n", `a.toml:5:19: message "order": a topic is empty; name the topic, or take it away`},
	{"messages.topics", "holds a long one", letter + "topics = [\"" + strings.Repeat("news ", 30) + "\"]\n", `a.toml:5:11: message "order": the topic "news news news news "… has 150 bytes, and may have 100; shorten it`},
	{"messages.topics", "are many", letter + "topics = [" + strings.Repeat(`"a",`, 21) + "]\n", `a.toml:5:1: message "order": there are 21 topics, and may be 20; keep those that an inbox asks for`},
	{"messages.topics", "stands on a page", banner + "topics = [\"news\"]\n", `a.toml:6:1: message "spring-sale": only a message in the inbox has topics; set display = "inbox", or take it away`},
	{"messages.type", "is a number", letter + "type = 1\n", `a.toml:5:1: message "order": type must be text, but is a whole number; write type = "notice"`},
	{"messages.type", "cannot be used", letter + "type = \"a card\"\n", `a.toml:5:1: message "order": the type "a card" cannot be used; ` + identifierRule},
	{"messages.type", "stands on a page", banner + "type = \"card\"\n", `a.toml:6:1: message "spring-sale": only a message in the inbox has type; set display = "inbox", or take it away`},
	{"messages.properties", "is text", letter + "properties = \"truck\"\n", `a.toml:5:1: message "order": properties must be a table, but is text; write properties = { icon = "truck" }`},
	{"messages.properties", "is too large", letter + "properties = { icon = \"" + strings.Repeat("x", 17_000) + "\" }\n", `a.toml:5:1: message "order": properties has 17011 bytes as JSON, and may have 16384; keep what the inbox needs, and let the site load the rest`},
	{"messages.properties", "is no JSON", letter + "properties = { weight = nan }\n", `a.toml:5:1: message "order": properties cannot be written as JSON: json: unsupported value: NaN; write texts, numbers, true, false, lists and tables`},
	{"messages.properties", "stands on a page", banner + "properties = { icon = \"truck\" }\n", `a.toml:6:1: message "spring-sale": only a message in the inbox has properties; set display = "inbox", or take it away`},

	{"messages.frequency", "stands in the inbox", letter + "frequency = \"once\"\n", `a.toml:5:1: message "order": a message lies in the inbox until it is deleted or expires; take it away`},
	{"messages.when", "stands in the inbox", letter + "when = { after = \"5s\" }\n", `a.toml:5:1: message "order": a message in the inbox waits for nothing on a page; take it away`},
	{"messages.throttles", "stands in the inbox", promotions + letter + "throttles = [\"promotions\"]\n", `a.toml:8:1: message "order": no throttle counts messages in the inbox; take it away`},
	{"messages.ignore_throttle", "stands in the inbox", letter + "ignore_throttle = true\n", `a.toml:5:1: message "order": no throttle counts messages in the inbox; take it away`},
	{"messages.position", "stands in the inbox", letter + "position = \"top\"\n", `a.toml:5:1: message "order": a message in the inbox has no position; take it away`},
	{"messages.persistent", "stands in the inbox", letter + "persistent = true\n", `a.toml:5:1: message "order": a message lies in the inbox until it is deleted or expires; take it away`},
	{"messages.width", "stands in the inbox", letter + "width = 414\n", `a.toml:5:1: message "order": a message in the inbox has no width; take it away, or write display = "modal", "banner", "toast", "inline" or "tooltip"`},
	{"messages.steps.display", "is the inbox", modal + "[[messages.steps]]\ntext = \"A\"\ndisplay = \"inbox\"\n", `a.toml:7:1: message "tour", step 1: a step cannot lie in the inbox; make it a message of its own`},
	{"messages.steps", "stands in the inbox", strings.Replace(letter, "text = \"It is on its way.\"\n", "[[messages.steps]]\ntext = \"A\"\n", 1), `a.toml:4:1: message "order": a message in the inbox has one step; take it away`},
	{"messages.template", "has steps for the inbox", tour + "[[messages]]\nid = \"order\"\ndisplay = \"inbox\"\ntemplate = \"tour\"\n", `a.toml:8:1: message "order": a message in the inbox has one step, and template "tour" has several; name a template without steps`},
	{"messages.buttons.action", "does nothing in the inbox", letter + "buttons = [{ text = \"Later\", action = \"snooze:1d\" }]\n", `a.toml:5:12: message "order": the action "snooze:1d" does nothing in the inbox; write an address, "dismiss", which deletes the message, or "event:" and a name, which the site receives`},
	{"messages.display", "of a variant leaves the inbox", letter + "[[messages.variants]]\nid = \"b\"\ndisplay = \"banner\"\n", `a.toml:7:1: message "order", variant "b": all variants of a message lie in the inbox, or none does; take display away, or make two messages`},
}
