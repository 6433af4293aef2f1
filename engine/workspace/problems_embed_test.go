package workspace

import "strings"

// The smallest message that comes with its page, to which the tests add what is wrong from line 8 on.
var embedded = strings.Replace(banner, `"banner"`, `"inline"`, 1) + "target = \"#offers\"\nembed = true\n"

func init() { wrongValues = append(wrongValues, wrongEmbeds...) }

// What is said of messages that cannot come with their pages.
var wrongEmbeds = []wrongValue{
	{"messages.embed", "is text", banner + "embed = \"yes\"\n", `a.toml:6:1: message "spring-sale": embed must be true or false, but is text; write embed = true`},
	{"messages.embed", "is no inline message's", banner + "embed = true\n", `a.toml:6:1: message "spring-sale": embed: only a message inside an element of the page can come with the page; write display = "inline" and position = "inside", or take embed away`},
	{"messages.embed", "is beside the element", embedded + "position = \"before\"\n", `a.toml:7:1: message "spring-sale": embed: only a message inside an element of the page can come with the page; write display = "inline" and position = "inside", or take embed away`},
	{"messages.embed", "depends on the visitor", strings.Replace(embedded, "20 %", "{{ traits.percent | default: 20 }} %", 1), `a.toml:7:1: message "spring-sale": embed: what comes with the page is the same for everybody; take away what depends on the visitor, and other languages`},
	{"messages.kind", "comes with the page", embedded + "kind = \"transactional\"\n", `a.toml:8:1: message "spring-sale": embed: only a broadcast can come with the page; take embed away`},
	{"messages.audience", "comes with the page", embedded + "audience = \"identified\"\n", `a.toml:8:1: message "spring-sale": embed: what comes with the page is for anyone; take embed away, or the audience`},
	{"messages.frequency", "comes with the page", embedded + "frequency = { per_visit = 1 }\n", `a.toml:8:1: message "spring-sale": embed: the browser alone counts how often it is shown; write "always", "until_dismissed" or "once"`},
	{"messages.end", "comes with the page", embedded + "end = 2027-01-01T00:00:00Z\n", `a.toml:8:1: message "spring-sale": embed: only the page's address can decide about what comes with the page; take it away, or take embed away`},
	{"messages.rollout", "comes with the page", embedded + "rollout = 50\n", `a.toml:8:1: message "spring-sale": embed: only the page's address can decide about what comes with the page; take it away, or take embed away`},
	{"messages.pages", "comes with the page", strings.Replace(embedded, `["*"]`, `["/offers", "name:Offers"]`, 1), `a.toml:4:21: message "spring-sale": embed: the server does not know the page's name or fragment; write a rule of the page's path`},
}
