package workspace

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// at is the time by which the tests' messages have ended or not.
var at = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// compile checks files given as name, text, name, text, at the tests' time.
func compile(t *testing.T, files ...string) (*Snapshot, []Problem, []Problem) {
	t.Helper()
	c := &check{now: at}
	var given []File
	for i := 0; i+1 < len(files); i += 2 {
		given = append(given, File{Name: files[i], Data: []byte(files[i+1])})
	}
	snapshot := c.workspace(given)
	return snapshot, inOrder(c.problems), inOrder(c.warnings)
}

func told(problems []Problem) string {
	return Problems(problems).Error()
}

// The smallest message, to which the tests add what is wrong from line 6 on.
const banner = `[[messages]]
id = "spring-sale"
display = "banner"
pages = ["*"]
text = "20 % off until Sunday."
`

// The smallest message with an image, a step or a button to be wrong.
const modal = `[[messages]]
id = "tour"
display = "modal"
pages = ["*"]
`

// What templates and other languages are wrong with.
const (
	english = "[workspace]\nlocale = \"en\"\n"
	news    = "[[templates]]\nid = \"news\"\nparams = [\"title\"]\ntext = \"A\"\n"
	tour    = "[[templates]]\nid = \"tour\"\n[[templates.steps]]\ntext = \"A\"\n"
	launch  = "[[messages]]\nid = \"launch\"\npages = [\"*\"]\n"
	german  = "[[messages.steps]]\nname = \"welcome\"\ntext = \"A\"\nimage = { src = \"/a.png\", alt = \"A\" }\nbuttons = [{ text = \"Go\", action = \"/\" }]\n[messages.locales.de]\n"
)

// segment is a segment with a condition.
func segment(id, where string) string {
	return "[[segments]]\nid = \"" + id + "\"\nwhere = '" + where + "'\n"
}

// Every key, and what is said of wrong values. The texts say it all: place, problem and fix.
var wrongValues = append([]wrongValue{
	{"workspace", "is no table", "workspace = 1\n", `a.toml:1:1: workspace must be a table, but is a whole number; write [workspace]`},
	{"workspace", "is a list", "[[workspace]]\n", `a.toml:1:1: workspace must be a table, but is a list of tables; write [workspace]`},
	{"workspace.name", "is a number", "[workspace]\nname = 1\n", `a.toml:2:1: [workspace]: name must be text, but is a whole number; write name = "Example"`},
	{"workspace.name", "is empty", "[workspace]\nname = \" \"\n", `a.toml:2:1: [workspace]: name is empty; name the workspace, or leave the key out`},
	{"workspace.site_id", "is true", "[workspace]\nsite_id = true\n", `a.toml:2:1: [workspace]: site_id must be text, but is true or false; write site_id = "example"`},
	{"workspace.site_id", "has a slash", "[workspace]\nsite_id = \"a/b\"\n", `a.toml:2:1: [workspace]: site_id "a/b" cannot be used; use 1 to 64 of the letters a to z and A to Z, digits, dot, dash and underscore`},
	{"workspace.write_key", "is a list", "[workspace]\nwrite_key = [\"a\"]\n", `a.toml:2:1: [workspace]: write_key must be text, but is a list of texts; write write_key = "example-web"`},
	{"workspace.write_key", "is empty", "[workspace]\nwrite_key = \"\"\n", `a.toml:2:1: [workspace]: write_key "" cannot be used; use 1 to 64 of the letters a to z and A to Z, digits, dot, dash and underscore`},
	{"workspace.in_app", "is text", "[workspace]\nin_app = \"no\"\n", `a.toml:2:1: [workspace]: in_app must be true or false, but is text; write in_app = true`},
	{"workspace.timezone", "is a number", "[workspace]\ntimezone = 1\n", `a.toml:2:1: [workspace]: timezone must be text, but is a whole number; write timezone = "Europe/Berlin"`},
	{"workspace.timezone", "is no zone", "[workspace]\ntimezone = \"Berlin\"\n", `a.toml:2:1: [workspace]: timezone "Berlin" is not known; write one of the IANA time zone names, such as "Europe/Berlin" or "UTC"`},
	{"workspace.timezone", "is the machine's", "[workspace]\ntimezone = \"Local\"\n", `a.toml:2:1: [workspace]: timezone "Local" is not known; write one of the IANA time zone names, such as "Europe/Berlin" or "UTC"`},
	{"workspace.locale", "is a number", "[workspace]\nlocale = 1\n", `a.toml:2:1: [workspace]: locale must be text, but is a whole number; write locale = "en"`},
	{"workspace.locale", "is no language", "[workspace]\nlocale = \"german\"\n", `a.toml:2:1: [workspace]: "german" is no language; write a tag such as "en", "de" or "pt-BR"`},
	{"workspace.on_error", "is true", "[workspace]\non_error = true\n", `a.toml:2:1: [workspace]: on_error must be text, but is true or false; write on_error = "skip"`},
	{"workspace.on_error", "is another word", "[workspace]\non_error = \"ignore\"\n", `a.toml:2:1: [workspace]: on_error "ignore" is not known; write "reject" or "skip"`},
	{"workspace.throttle", "is text", "[workspace]\nthrottle = \"30s\"\n", `a.toml:2:1: [workspace]: throttle must be a table, but is text; write throttle = { min_gap = "30s", per_visit = 3, per_day = 5 }`},
	{"workspace.throttle", "has a key of frequency", "[workspace]\nthrottle = { lifetime = 3 }\n", `a.toml:2:14: [workspace]: throttle: there is no key "lifetime" here; it belongs in frequency = { … }`},
	{"workspace.throttle", "is empty", "[workspace]\nthrottle = {}\n", `a.toml:2:1: [workspace]: throttle is an empty table; write a bound such as { per_day = 5 }, or leave the key out`},
	{"workspace.throttle.min_gap", "is a number", "[workspace]\nthrottle = { min_gap = 30 }\n", `a.toml:2:14: [workspace]: throttle: min_gap must be text, but is a whole number; write min_gap = "30s"`},
	{"workspace.throttle.min_gap", "is nothing", "[workspace]\nthrottle = { min_gap = \"0s\" }\n", `a.toml:2:14: [workspace]: throttle: min_gap "0s" is no length of time; write for example "30s", "5m", "2h", "3d" or "1w"`},
	{"workspace.throttle.per_visit", "is text", "[workspace.throttle]\nper_visit = \"3\"\n", `a.toml:2:1: [workspace]: throttle: per_visit must be a whole number, but is text; write per_visit = 3`},
	{"workspace.throttle.per_visit", "is zero", "[workspace.throttle]\nper_visit = 0\n", `a.toml:2:1: [workspace]: throttle: per_visit 0 is out of range; write a number from 1 to 32, or leave it out`},
	{"workspace.throttle.per_day", "is too large", "[workspace]\nthrottle = { per_day = 33 }\n", `a.toml:2:14: [workspace]: throttle: per_day 33 is out of range; write a number from 1 to 32, or leave it out`},
	{"workspace.throttle.per_day", "is true", "[workspace]\nthrottle = { per_day = true }\n", `a.toml:2:14: [workspace]: throttle: per_day must be a whole number, but is true or false; write per_day = 5`},
	{"workspace.traits", "is text", "[workspace]\ntraits = \"plan\"\n", `a.toml:2:1: [workspace]: traits must be a table, but is text; write traits = { plan = "string", seats = "int" }`},
	{"workspace.traits", "has a misspelt type", "[workspace]\ntraits = { plan = \"strng\" }\n", `a.toml:2:12: [workspace]: traits: the type "strng" of plan is not known; write "string"`},
	{"workspace.traits", "has a type that is like none", "[workspace.traits]\nseats = \"number\"\n", `a.toml:2:1: [workspace]: traits: the type "number" of seats is not known; write "bool", "float", "int", "list", "string" or "time"`},
	{"workspace.traits", "has a number for a type", "[workspace.traits]\nseats = 1\n", `a.toml:2:1: [workspace]: traits: the type of seats must be text, but is a whole number; write seats = "string"`},
	{"workspace.traits", "has no name", "[workspace.traits]\n\"\" = \"int\"\n", `a.toml:2:1: [workspace]: traits: a trait has no name; write traits = { plan = "string", seats = "int" }`},
	{"segments", "is a table", "[segments]\nid = \"trial\"\n", `a.toml:1:1: segments must be a list of tables, but is a table; write [[segments]]`},
	{"segments", "says nobody", "[[segments]]\nid = \"trial\"\n", `a.toml:1:1: segment "trial": it has neither where nor ids; add where = 'traits.plan == "trial"', or ids = "vip.txt"`},
	{"segments.id", "is missing", "[[segments]]\nwhere = 'visitor.new'\n", `a.toml:1:1: this segment: id is missing; add id = "trial-users"`},
	{"segments.id", "is a number", "[[segments]]\nid = 7\nwhere = 'visitor.new'\n", `a.toml:2:1: this segment: id must be text, but is a whole number; write id = "trial-users"`},
	{"segments.id", "has a blank", segment("trial users", "visitor.new"), `a.toml:2:1: segment "trial users": the id "trial users" cannot be used; use 1 to 64 of the letters a to z and A to Z, digits, dot, dash and underscore`},
	{"segments.id", "is an audience already", segment("anyone", "visitor.new"), `a.toml:2:1: segment "anyone": "anyone" cannot be a segment's name; choose another, such as "trial-users": anyone, anonymous and identified are audiences already, and "!" means not`},
	{"segments.id", "is used twice", segment("new", "visitor.new") + segment("new", "visitor.new"), `a.toml:5:1: segment "new": the id is used already in a.toml:2; give one of the two another id`},
	{"segments.where", "is a list", "[[segments]]\nid = \"new\"\nwhere = [\"visitor.new\"]\n", `a.toml:3:1: segment "new": where must be text, but is a list of texts; write where = 'traits.plan == "trial"'`},
	{"segments.where", "is empty", segment("new", ""), `a.toml:3:10: segment "new": where: the condition is empty; write one such as traits.plan == "trial", or leave it out`},
	{"segments.where", "is no condition", segment("new", "visitor.nwe"), `a.toml:3:17: segment "new": where: visitor has no nwe; write new`},
	{"segments.where", "asks for a segment that is not there", segment("trial-users", "visitor.new") + segment("new", `visitor.new && segment("trial-user")`), `a.toml:6:32: segment "new": where: there is no segment "trial-user"; write "trial-users", or define it: [[segments]] id = "trial-user"`},
	{"segments.where", "goes in a circle", segment("a", `segment("b")`) + segment("b", `visitor.new || segment("a")`), `a.toml:6:32: segment "b": where: the segments go in a circle: a -> b -> a; take one of them out of another's condition`},
	{"segments.where", "stands beside ids", segment("new", "visitor.new") + "ids = \"new.txt\"\n", `a.toml:4:1: segment "new": it has both where and ids; make two segments, and a third with where = 'segment("a") || segment("b")'`},
	{"segments.ids", "is a list", "[[segments]]\nid = \"vip\"\nids = [\"ada\"]\n", `a.toml:3:1: segment "vip": ids must be text, but is a list of texts; write ids = "vip.txt"`},
	{"segments.ids", "is empty", "[[segments]]\nid = \"vip\"\nids = \"\"\n", `a.toml:3:1: segment "vip": ids is empty; write the name of a file in this file's folder, such as ids = "vip.txt"`},
	{"segments.ids", "leaves the folder", "[[segments]]\nid = \"vip\"\nids = \"../../etc/passwd\"\n", `a.toml:3:1: segment "vip": the list "../../etc/passwd" is not beside this file; write the name of a file in this file's folder, such as ids = "vip.txt"`},
	{"segments.ids", "is TOML", "[[segments]]\nid = \"vip\"\nids = \"vip.toml\"\n", `a.toml:3:1: segment "vip": the list "vip.toml" would be read as a part of the workspace; write the name of a file in this file's folder, such as ids = "vip.txt"`},
	{"segments.ids", "is not there", "[[segments]]\nid = \"vip\"\nids = \"vip.txt\"\n", `a.toml:3:1: segment "vip": the list "vip.txt" is not there; put the file beside this one, or write a condition: where = '…'`},
	{"templates", "is a table", "[templates]\nid = \"news\"\n", `a.toml:1:1: templates must be a list of tables, but is a table; write [[templates]]`},
	{"templates", "shows nothing", "[[templates]]\nid = \"news\"\n", `a.toml:1:1: template "news": there is nothing to show; add text = "…", a title or an image`},
	{"templates", "reads a param that it does not name", news + "title = \"{{ params.titel }}\"\n", `a.toml:5:1: template "news": the template has no param "titel", in {{ params.titel }}; its params are title`},
	{"templates.id", "is missing", "[[templates]]\ntext = \"A\"\n", `a.toml:1:1: this template: id is missing; add id = "announcement"`},
	{"templates.id", "is a number", "[[templates]]\nid = 1\ntext = \"A\"\n", `a.toml:2:1: this template: id must be text, but is a whole number; write id = "announcement"`},
	{"templates.id", "has a blank", "[[templates]]\nid = \"a b\"\ntext = \"A\"\n", `a.toml:2:1: template "a b": the id "a b" cannot be used; use 1 to 64 of the letters a to z and A to Z, digits, dot, dash and underscore`},
	{"templates.id", "is used twice", news + news, `a.toml:6:1: template "news": the id is used already in a.toml:2; give one of the two another id`},
	{"templates.params", "is text", "[[templates]]\nid = \"a\"\ntext = \"A\"\nparams = \"title\"\n", `a.toml:4:1: template "a": params must be a list of texts, but is text; write params = ["title", "body"]`},
	{"templates.params", "has a blank in a name", "[[templates]]\nid = \"a\"\ntext = \"A\"\nparams = [\"my title\"]\n", `a.toml:4:11: template "a": the param "my title" cannot be used; use 1 to 64 letters, digits and underscores, a letter first`},
	{"templates.params", "has a name twice", "[[templates]]\nid = \"a\"\ntext = \"A\"\nparams = [\"b\", \"b\"]\n", `a.toml:4:16: template "a": the param "b" is there twice; take one of the two away`},
	{"messages", "is a table", "[messages]\nid = \"a\"\n", `a.toml:1:1: messages must be a list of tables, but is a table; write [[messages]]`},
	{"messages", "is a list of texts", "messages = [\"a\"]\n", `a.toml:1:1: messages must be a list of tables, but is a list of texts; write [[messages]]`},

	{"messages.id", "is missing", "[[messages]]\ndisplay = \"modal\"\npages = [\"*\"]\ntext = \"Hi\"\n", `a.toml:1:1: this message: id is missing; add id = "spring-sale"`},
	{"messages.id", "is a number", "[[messages]]\nid = 7\ndisplay = \"modal\"\npages = [\"*\"]\ntext = \"Hi\"\n", `a.toml:2:1: this message: id must be text, but is a whole number; write id = "spring-sale"`},
	{"messages.id", "is empty", strings.Replace(banner, "spring-sale", "", 1), `a.toml:2:1: this message: the id "" cannot be used; use 1 to 64 of the letters a to z and A to Z, digits, dot, dash and underscore`},
	{"messages.id", "has a blank", strings.Replace(banner, "spring-sale", "spring sale", 1), `a.toml:2:1: message "spring sale": the id "spring sale" cannot be used; use 1 to 64 of the letters a to z and A to Z, digits, dot, dash and underscore`},
	{"messages.id", "is too long", strings.Replace(banner, "spring-sale", strings.Repeat("x", 65), 1), `a.toml:2:1: message "` + strings.Repeat("x", 65) + `": the id "` + strings.Repeat("x", 65) + `" cannot be used; use 1 to 64 of the letters a to z and A to Z, digits, dot, dash and underscore`},
	{"messages.id", "is the built-in message's", strings.Replace(banner, "spring-sale", "handbill-hello", 1), `a.toml:2:1: message "handbill-hello": the id "handbill-hello" is that of the built-in test message; choose another`},
	{"messages.id", "is used twice", banner + banner, `a.toml:7:1: message "spring-sale": the id is used already in a.toml:2; give one of the two another id`},
	{"messages.status", "is true", banner + "status = true\n", `a.toml:6:1: message "spring-sale": status must be text, but is true or false; write status = "live"`},
	{"messages.status", "is misspelt", banner + "status = \"drafts\"\n", `a.toml:6:1: message "spring-sale": status "drafts" is not known; write "draft"`},
	{"messages.status", "has a capital", banner + "status = \"Live\"\n", `a.toml:6:1: message "spring-sale": status "Live" is not known; write "live"`},
	{"messages.status", "is another word", banner + "status = \"published\"\n", `a.toml:6:1: message "spring-sale": status "published" is not known; write "draft", "live", "paused", "archived" or "shadow"`},
	{"messages.audience", "is unknown", banner + "audience = \"everyone\"\n", `a.toml:6:1: message "spring-sale": audience: there is no segment "everyone"; write "anyone", "anonymous" or "identified", or define it: [[segments]] id = "everyone"`},
	{"messages.audience", "is misspelt", banner + "audience = \"identfied\"\n", `a.toml:6:1: message "spring-sale": audience: there is no segment "identfied"; write "identified"`},
	{"messages.audience", "misspells a segment in a list", banner + "audience = [\"identified\", \"!trial\"]\n" + segment("trials", "visitor.new"), `a.toml:6:27: message "spring-sale": audience: there is no segment "trial"; write "trials", or define it: [[segments]] id = "trial"`},
	{"messages.audience", "names one twice", banner + "audience = [\"identified\", \"!identified\"]\n", `a.toml:6:1: message "spring-sale": audience: "identified" is there twice; write it once, with or without an exclamation mark`},
	{"messages.audience", "excludes everybody", banner + "audience = [\"!anyone\"]\n", `a.toml:6:13: message "spring-sale": audience: "!anyone" leaves nobody; write status = "paused" to show a message to nobody`},
	{"messages.audience", "is an empty list", banner + "audience = []\n", `a.toml:6:1: message "spring-sale": audience is empty; write "anyone", or leave it out`},
	{"messages.audience", "is a table", banner + "audience = {}\n", `a.toml:6:1: message "spring-sale": audience must be text or a list of texts, but is a table; write audience = "anyone"`},
	{"messages.where", "is a number", banner + "where = 1\n", `a.toml:6:1: message "spring-sale": where must be text, but is a whole number; write where = 'traits.seats > 4'`},
	{"messages.where", "has one = too few", banner + "where = 'traits.plan = \"trial\"'\n", `a.toml:6:22: message "spring-sale": where: = is not known; write == to compare`},
	{"messages.where", "is text alone", banner + "where = 'page.path'\n", `a.toml:6:14: message "spring-sale": where: the condition is text, not true or false; compare it with something, such as traits.plan == "trial"`},
	{"messages.where", "names a segment that is not there", banner + "where = 'segment(\"trial\")'\n", `a.toml:6:17: message "spring-sale": where: there is no segment "trial"; define it: [[segments]] id = "trial"`},
	{"messages.where", "is wrong in its third line", banner + "where = '''\ntraits.plan == \"trial\" &&\n  visitor.nwe\n'''\n", `a.toml:8:10: message "spring-sale": where: visitor has no nwe; write new`},
	{"messages.where", "is wrong behind escapes", banner + "where = \"\"\"traits.plan == \\\"tri\\u0061l\\\" && \\\n   visitor.nwe\"\"\"\n", `a.toml:7:11: message "spring-sale": where: visitor has no nwe; write new`},
	{"messages.bots", "is true", banner + "bots = true\n", `a.toml:6:1: message "spring-sale": bots must be text, but is true or false; write bots = "include"`},
	{"messages.bots", "is unknown", banner + "bots = \"included\"\n", `a.toml:6:1: message "spring-sale": bots "included" is not known; write "include"`},
	{"messages.pages", "is missing", strings.Replace(banner, "pages = [\"*\"]\n", "", 1), `a.toml:1:1: message "spring-sale": pages is missing; add pages = ["*"]`},
	{"messages.pages", "is text", strings.Replace(banner, `["*"]`, `"*"`, 1), `a.toml:4:1: message "spring-sale": pages must be a list of texts, but is text; write pages = ["*"]`},
	{"messages.pages", "is empty", strings.Replace(banner, `["*"]`, `[]`, 1), `a.toml:4:1: message "spring-sale": pages: it is missing; add pages = ["*"] for every page`},
	{"messages.pages", "holds a number", strings.Replace(banner, `["*"]`, `["*", 7]`, 1), `a.toml:4:1: message "spring-sale": pages must be a list of texts, but is a list of other things; write pages = ["*"]`},
	{"messages.pages", "has an empty rule on a line of its own", strings.Replace(banner, `["*"]`, "[\n  \"*\", # all\n  \"\",\n]", 1), `a.toml:6:3: message "spring-sale": the page rule "" in pages: it is empty; write "*" for every page`},
	{"messages.except", "is text", banner + "except = \"/admin/*\"\n", `a.toml:6:1: message "spring-sale": except must be a list of texts, but is text; write except = ["/admin/*"]`},
	{"messages.except", "leaves nothing", banner + "except = [\"/admin/*\", \"*\"]\n", `a.toml:6:23: message "spring-sale": the page rule "*" in except: it leaves no page; remove it, or list the pages to leave out`},
	{"messages.start", "is text", banner + "start = \"2026-12-01\"\n", `a.toml:6:1: message "spring-sale": start must be a date and time, but is text; write start = 2026-12-01T09:00:00+01:00`},
	{"messages.start", "has no zone", banner + "start = 2026-12-01 09:00:00\n", `a.toml:6:1: message "spring-sale": start has no time zone; write 2026-12-01T09:00:00+01:00, or set timezone = "Europe/Berlin" in [workspace]`},
	{"messages.start", "has a date alone", banner + "start = 2026-12-01\n", `a.toml:6:1: message "spring-sale": start has a date alone; write for example 2026-12-01T09:00:00+01:00`},
	{"messages.start", "has a time alone", banner + "start = 09:00:00\n", `a.toml:6:1: message "spring-sale": start has a time alone; write for example 2026-12-01T09:00:00+01:00`},
	{"messages.start", "is no day", banner + "start = 2026-02-30T09:00:00Z\n", `a.toml:6:9: invalid datetime: "2026-02-30T09:00:00Z"; write it as 2026-12-01T09:00:00+01:00`},
	{"messages.start", "is jumped over", banner + "start = 2027-03-28T02:30:00\n[workspace]\ntimezone = \"Europe/Berlin\"\n", `a.toml:6:1: message "spring-sale": start does not exist in Europe/Berlin: the clocks are put forward over 02:30 on 28 March 2027; choose a time before or after`},
	{"messages.end", "is a number", banner + "end = 2026\n", `a.toml:6:1: message "spring-sale": end must be a date and time, but is a whole number; write end = 2026-12-31T18:00:00+01:00`},
	{"messages.end", "is before start", banner + "start = 2027-01-02T00:00:00Z\nend = 2027-01-01T00:00:00Z\n", `a.toml:7:1: message "spring-sale": end (2027-01-01T00:00:00Z) is not after start (2027-01-02T00:00:00Z); put end after start`},
	{"messages.end", "is start", banner + "start = 2027-01-02T01:00:00+01:00\nend = 2027-01-02T00:00:00Z\n", `a.toml:7:1: message "spring-sale": end (2027-01-02T00:00:00Z) is not after start (2027-01-02T01:00:00+01:00); put end after start`},
	{"messages.priority", "is text", banner + "priority = \"high\"\n", `a.toml:6:1: message "spring-sale": priority must be a whole number, but is text; write priority = 10`},
	{"messages.priority", "is a fraction", banner + "priority = 1.5\n", `a.toml:6:1: message "spring-sale": priority must be a whole number, but is a number with a fraction; write priority = 10`},
	{"messages.priority", "is too large", banner + "priority = 3_000_000_000\n", `a.toml:6:1: message "spring-sale": priority 3000000000 is out of range; write a smaller one; the default is 100, and lower comes first`},
	{"messages.frequency", "is unknown", banner + "frequency = \"twice\"\n", `a.toml:6:1: message "spring-sale": frequency "twice" is not known; write "once", "once_per_visit", "until_dismissed", "until_action" or "always"`},
	{"messages.frequency", "is misspelt", banner + "frequency = \"until_dismised\"\n", `a.toml:6:1: message "spring-sale": frequency "until_dismised" is not known; write "until_dismissed"`},
	{"messages.frequency", "is a number", banner + "frequency = 3\n", `a.toml:6:1: message "spring-sale": frequency must be text or a table, but is a whole number; write frequency = "until_dismissed"`},
	{"messages.frequency", "is an empty table", banner + "frequency = {}\n", `a.toml:6:1: message "spring-sale": frequency is an empty table; write a bound such as { lifetime = 3 }, or frequency = "always"`},
	{"messages.frequency", "has a misspelt key", banner + "frequency = { live_time = 3 }\n", `a.toml:6:15: message "spring-sale": frequency: there is no key "live_time" here; write "lifetime"`},
	{"messages.frequency", "has a key of the throttle", banner + "frequency = { per_day = 3 }\n", `a.toml:6:15: message "spring-sale": frequency: there is no key "per_day" here; it belongs in throttle = { … }`},
	{"messages.frequency.lifetime", "is text", banner + "frequency = { lifetime = \"3\" }\n", `a.toml:6:15: message "spring-sale": frequency: lifetime must be a whole number, but is text; write lifetime = 3`},
	{"messages.frequency.lifetime", "is zero", banner + "frequency = { lifetime = 0 }\n", `a.toml:6:15: message "spring-sale": frequency: lifetime 0 is out of range; write a number from 1 to 1000000, or leave it out`},
	{"messages.frequency.per_visit", "is a fraction", banner + "frequency = { per_visit = 1.5 }\n", `a.toml:6:15: message "spring-sale": frequency: per_visit must be a whole number, but is a number with a fraction; write per_visit = 1`},
	{"messages.frequency.per_visit", "is too large", banner + "frequency = { per_visit = 33 }\n", `a.toml:6:15: message "spring-sale": frequency: per_visit 33 is out of range; write a number from 1 to 32, or leave it out`},
	{"messages.frequency.caps", "is text", banner + "frequency = { caps = \"1/day\" }\n", `a.toml:6:15: message "spring-sale": frequency: caps must be a list of texts, but is text; write caps = ["1/day", "3/week"]`},
	{"messages.frequency.caps", "has no period", banner + "frequency = { caps = [\"1/day\", \"3\"] }\n", `a.toml:6:32: message "spring-sale": frequency: the cap "3" is not understood; write for example "1/day" or "3/week"; a period is minute, hour, day, week, month, or a length such as 36h`},
	{"messages.frequency.caps", "has an unknown period", banner + "frequency = { caps = [\"1/year\"] }\n", `a.toml:6:23: message "spring-sale": frequency: the cap "1/year" is not understood; write for example "1/day" or "3/week"; a period is minute, hour, day, week, month, or a length such as 36h`},
	{"messages.frequency.caps", "counts too far", banner + "frequency = { caps = [\"33/day\"] }\n", `a.toml:6:23: message "spring-sale": frequency: the cap "33/day" is out of range; a cap counts from 1 to 32; use lifetime for more`},
	{"messages.frequency.caps", "counts from zero", banner + "frequency = { caps = [\"0/day\"] }\n", `a.toml:6:23: message "spring-sale": frequency: the cap "0/day" is out of range; a cap counts from 1 to 32; use lifetime for more`},
	{"messages.frequency.min_gap", "is a number", banner + "frequency = { min_gap = 2 }\n", `a.toml:6:15: message "spring-sale": frequency: min_gap must be text, but is a whole number; write min_gap = "2h"`},
	{"messages.frequency.min_gap", "has an unknown unit", banner + "frequency = { min_gap = \"2 hours\" }\n", `a.toml:6:15: message "spring-sale": frequency: min_gap "2 hours" is no length of time; write for example "30s", "5m", "2h", "3d" or "1w"`},
	{"messages.frequency.min_gap", "is empty", banner + "frequency = { min_gap = \"\" }\n", `a.toml:6:15: message "spring-sale": frequency: min_gap "" is no length of time; write for example "30s", "5m", "2h", "3d" or "1w"`},
	{"messages.frequency.min_gap", "is longer than a life", banner + "frequency = { min_gap = \"9999w\" }\n", `a.toml:6:15: message "spring-sale": frequency: min_gap "9999w" is no length of time; write for example "30s", "5m", "2h", "3d" or "1w"`},
	{"messages.frequency.stop_on", "is text", banner + "frequency = { stop_on = \"dismiss\" }\n", `a.toml:6:15: message "spring-sale": frequency: stop_on must be a list of texts, but is text; write stop_on = ["dismiss", "action"]`},
	{"messages.frequency.stop_on", "is unknown", banner + "frequency = { stop_on = [\"dismiss\", \"close\"] }\n", `a.toml:6:37: message "spring-sale": frequency: stop_on "close" is not known; write "dismiss", "action" or "conversion"`},
	{"messages.frequency.stop_after_days", "is text", banner + "frequency = { stop_after_days = \"2w\" }\n", `a.toml:6:15: message "spring-sale": frequency: stop_after_days must be a whole number, but is text; write stop_after_days = 14`},
	{"messages.frequency.stop_after_days", "is negative", banner + "frequency = { stop_after_days = -1 }\n", `a.toml:6:15: message "spring-sale": frequency: stop_after_days -1 is out of range; write a number from 1 to 36500, or leave it out`},
	{"messages.ignore_throttle", "is text", banner + "ignore_throttle = \"yes\"\n", `a.toml:6:1: message "spring-sale": ignore_throttle must be true or false, but is text; write ignore_throttle = true`},
	{"messages.title", "is a number", banner + "title = 1\n", `a.toml:6:1: message "spring-sale": title must be text, but is a whole number; write title = "Spring sale"`},
	{"messages.title", "is empty", banner + "title = \"\"\n", `a.toml:6:1: message "spring-sale": title is empty; write something, or leave the key out`},
	{"messages.title", "reads what there is not", banner + "title = \"Hello {{ user.name }}\"\n", `a.toml:6:1: message "spring-sale": there is no variable "user", in {{ user.name }}; what a text can read is traits, visitor, page, locale, event and data`},
	{"messages.title", "has an unknown filter", banner + "title = \"Hello {{ traits.name | defalt: 'you' }}\"\n", `a.toml:6:1: message "spring-sale": there is no filter "defalt", in {{ traits.name | defalt: 'you' }}; the filters are abs, append, at_least, at_most, capitalize, ceil, compact, concat, date, default, divided_by, downcase, escape, escape_once, first, floor, join, json, last, lstrip, map, minus, modulo, plus, prepend, remove, remove_first, replace, replace_first, reverse, round, rstrip, size, slice, sort, sort_natural, split, strip, strip_html, strip_newlines, times, truncate, truncatewords, uniq, upcase, url_decode, url_encode`},
	{"messages.text", "is missing", modal, `a.toml:1:1: message "tour": there is nothing to show; add text = "…", a title or an image`},
	{"messages.text", "is a list", modal + "text = [\"a\"]\n", `a.toml:5:1: message "tour": text must be text, but is a list of texts; write text = "20 % off until **Sunday**."`},
	{"messages.text", "is blank", modal + "text = \"\"\"\n\n\"\"\"\n", `a.toml:5:1: message "tour": text is empty; write something, or leave the key out`},
	{"messages.text", "has a tag that is not closed", modal + "text = \"{% if traits.x %}a\"\n", `a.toml:5:1: message "tour": the tag {% if traits.x %} is not closed; write {% endif %} where it ends`},
	{"messages.text", "has an unknown tag", modal + "text = \"\"\"\nA\n{% include 'a' %}\"\"\"\n", `a.toml:5:1: message "tour": there is no tag "{% include 'a' %}"; the tags are if, unless, case, for, capture, comment, raw, assign, cycle, break and continue`},
	{"messages.text", "reads params without a template", modal + "text = \"{{ params.a }}\"\n", `a.toml:5:1: message "tour": only a message with a template has params, in {{ params.a }}; add template = "…", or write the text itself`},
	{"messages.text", "links to a script in one case", modal + "text = \"{% if traits.x %}a{% else %}[a](javascript:x){% endif %}\"\n", `a.toml:5:1: message "tour": a link in the text: the address "javascript:x" has the scheme "javascript"; use a path such as "/offers", or one of http, https, mailto, tel`},
	{"messages.text", "links to a script", modal + "text = \"[a](javascript:x)\"\n", `a.toml:5:1: message "tour": a link in the text: the address "javascript:x" has the scheme "javascript"; use a path such as "/offers", or one of http, https, mailto, tel`},
	{"messages.image", "is text", banner + "image = \"/a.png\"\n", `a.toml:6:1: message "spring-sale": image must be a table, but is text; write image = { src = "/img/sale.png", alt = "The sale", width = 640, height = 360 }`},
	{"messages.image.src", "is missing", banner + "image = { alt = \"A\" }\n", `a.toml:6:1: message "spring-sale", image: src is missing; add src = "/img/billing.png"`},
	{"messages.image.src", "is a number", banner + "image = { src = 1, alt = \"A\" }\n", `a.toml:6:11: message "spring-sale", image: src must be text, but is a whole number; write src = "/img/billing.png"`},
	{"messages.image.src", "is relative", banner + "image = { src = \"a.png\", alt = \"A\" }\n", `a.toml:6:11: message "spring-sale", image: the address "a.png" means another file on every page; start it with / or https://, for example "/a.png"`},
	{"messages.image.alt", "is missing", banner + "image = { src = \"/a.png\" }\n", `a.toml:6:1: message "spring-sale", image: alt is missing; add alt = "what it shows", or alt = "" for a picture that only decorates`},
	{"messages.image.alt", "is a number", banner + "image = { src = \"/a.png\", alt = 1 }\n", `a.toml:6:27: message "spring-sale", image: alt must be text, but is a whole number; write alt = "The billing page"`},
	{"messages.image.alt", "reads what there is not", banner + "image = { src = \"/a.png\", alt = \"{{ a }}\" }\n", `a.toml:6:27: message "spring-sale", image: there is no variable "a", in {{ a }}; what a text can read is traits, visitor, page, locale, event and data`},
	{"messages.image.src", "is a script with a value", banner + "image = { src = \"javascript:{{ traits.a }}\", alt = \"\" }\n", `a.toml:6:11: message "spring-sale", image: the address "javascript:0" has the scheme "javascript"; use a path such as "/offers", or one of http, https`},
	{"messages.image.width", "is text", banner + "image = { src = \"/a.png\", alt = \"\", width = \"640px\" }\n", `a.toml:6:37: message "spring-sale", image: width must be a whole number, but is text; write width = 640`},
	{"messages.image.width", "is zero", banner + "image = { src = \"/a.png\", alt = \"\", width = 0 }\n", `a.toml:6:37: message "spring-sale", image: width 0 is out of range; write the picture's width in pixels, 1 to 10000`},
	{"messages.image.height", "is true", banner + "image = { src = \"/a.png\", alt = \"\", height = true }\n", `a.toml:6:37: message "spring-sale", image: height must be a whole number, but is true or false; write height = 360`},
	{"messages.image.height", "is huge", banner + "[messages.image]\nsrc = \"/a.png\"\nalt = \"\"\nheight = 10001\n", `a.toml:9:1: message "spring-sale", image: height 10001 is out of range; write the picture's height in pixels, 1 to 10000`},
	{"messages.buttons", "is a table", banner + "buttons = { text = \"A\", action = \"/a\" }\n", `a.toml:6:1: message "spring-sale": buttons must be a list of tables, but is a table; write buttons = [{ text = "See offers", action = "/offers" }]`},
	{"messages.buttons", "holds an empty button", banner + "buttons = [\n  {},\n]\n", `a.toml:7:3: message "spring-sale", button 1: action is missing; add action = "/offers"
a.toml:7:3: message "spring-sale", button 1: text is missing; add text = "See offers"`},
	{"messages.buttons.name", "is a number", banner + "buttons = [{ name = 1, text = \"A\", action = \"/a\" }]\n", `a.toml:6:14: message "spring-sale", button 1: name must be text, but is a whole number; write name = "see-offers"`},
	{"messages.buttons.name", "is empty", banner + "buttons = [{ name = \"\", text = \"A\", action = \"/a\" }]\n", `a.toml:6:14: message "spring-sale", button 1: the name is empty; write one such as "see-offers"`},
	{"messages.buttons.name", "is used twice", banner + "buttons = [\n{ text = \"See offers\", action = \"/a\" },\n{ text = \"See offers!\", action = \"/b\" },\n]\n", `a.toml:8:1: message "spring-sale", button 2: the name "see-offers" is that of button 1 already; give one of the two a name of its own: name = "…"`},
	{"messages.buttons.text", "is a number", banner + "buttons = [{ text = 1, action = \"/a\" }]\n", `a.toml:6:14: message "spring-sale", button 1: text must be text, but is a whole number; write text = "See offers"`},
	{"messages.buttons.text", "is empty", banner + "buttons = [{ text = \"\", action = \"/a\" }]\n", `a.toml:6:14: message "spring-sale", button 1: text is empty; write something, or leave the key out`},
	{"messages.buttons.action", "is a table", banner + "buttons = [{ text = \"A\", action = { url = \"/a\" } }]\n", `a.toml:6:26: message "spring-sale", button 1: action must be text, but is a table; write action = "/offers"`},
	{"messages.buttons.action", "is empty", banner + "buttons = [{ text = \"A\", action = \"\" }]\n", `a.toml:6:26: message "spring-sale", button 1: action is empty; write something, or leave the key out`},
	{"messages.buttons.action", "is unknown", banner + "buttons = [{ text = \"A\", action = \"close\" }]\n", `a.toml:6:26: message "spring-sale", button 1: the action "close" is not known; write "dismiss", "next", "back", "submit", one of "goto:", "event:", "copy:", "snooze:", "show:" and "set:" with what belongs to it, a path such as "/offers", or a URL`},
	{"messages.buttons.action", "is a script", banner + "buttons = [{ text = \"A\", action = \"javascript:x\" }]\n", `a.toml:6:26: message "spring-sale", button 1: the address "javascript:x" has the scheme "javascript"; use a path such as "/offers", or one of http, https, mailto, tel`},
	{"messages.buttons.action", "is next without a step to go to", banner + "buttons = [{ text = \"On\", action = \"next\" }]\n", `a.toml:6:12: message "spring-sale": the button "On" has the action "next", but no step follows; write action = "dismiss", or add a step`},

	{"messages.steps", "is a table", modal + "[messages.steps]\ntext = \"A\"\n", `a.toml:5:1: message "tour": steps must be a list of tables, but is a table; write [[messages.steps]]`},
	{"messages.steps", "is empty", modal + "steps = []\n", `a.toml:5:1: message "tour": steps is empty; add a step, or write title and text without steps`},
	{"messages.steps", "stands beside text", modal + "text = \"A\"\n[[messages.steps]]\ntext = \"B\"\n", `a.toml:5:1: message "tour": text stands beside steps; move it into a step, or take the steps away`},
	{"messages.steps", "is without content", modal + "[[messages.steps]]\nname = \"a\"\n", `a.toml:5:1: message "tour", step 1: there is nothing to show; add text = "…", a title or an image`},
	{"messages.steps.name", "is a number", modal + "[[messages.steps]]\nname = 1\ntext = \"A\"\n", `a.toml:6:1: message "tour", step 1: name must be text, but is a whole number; write name = "welcome"`},
	{"messages.steps.name", "has blanks around it", modal + "[[messages.steps]]\nname = \" a\"\ntext = \"A\"\n", `a.toml:6:1: message "tour", step 1: the name " a" has blanks around it; take them away`},
	{"messages.steps.name", "is used twice", modal + "[[messages.steps]]\nname = \"a\"\ntext = \"A\"\n[[messages.steps]]\nname = \"a\"\ntext = \"B\"\n", `a.toml:9:1: message "tour", step 2: the name "a" is that of step 1 already; give one of the two another name`},
	{"messages.steps.title", "is a list", modal + "[[messages.steps]]\ntitle = [1]\n", `a.toml:6:1: message "tour", step 1: title must be text, but is a list of other things; write title = "Welcome"`},
	{"messages.steps.text", "is a date", modal + "[[messages.steps]]\ntext = 2026-01-01\n", `a.toml:6:1: message "tour", step 1: text must be text, but is a date and time; write text = "Billing has a **new** home."`},
	{"messages.steps.text", "holds an image", modal + "[[messages.steps]]\ntext = \"![A](/a.png)\"\n", `a.toml:6:1: message "tour", step 1: the text holds the image "/a.png"; put it beside the text: image = { src = "/a.png", alt = "what it shows" }`},
	{"messages.steps.image", "is text", modal + "[[messages.steps]]\nimage = \"/a.png\"\n", `a.toml:6:1: message "tour", step 1: image must be a table, but is text; write image = { src = "/img/billing.png", alt = "The billing page", width = 640, height = 360 }`},
	{"messages.steps.image.src", "is missing", modal + "[[messages.steps]]\n[messages.steps.image]\nalt = \"\"\n", `a.toml:6:1: message "tour", step 1, image: src is missing; add src = "/img/billing.png"`},
	{"messages.steps.image.alt", "is missing", modal + "[[messages.steps]]\n[messages.steps.image]\nsrc = \"/a.png\"\n", `a.toml:6:1: message "tour", step 1, image: alt is missing; add alt = "what it shows", or alt = "" for a picture that only decorates`},
	{"messages.steps.image.width", "is a fraction", modal + "[[messages.steps]]\nimage = { src = \"/a.png\", alt = \"\", width = 1.5 }\n", `a.toml:6:37: message "tour", step 1, image: width must be a whole number, but is a number with a fraction; write width = 640`},
	{"messages.steps.image.height", "is negative", modal + "[[messages.steps]]\nimage = { src = \"/a.png\", alt = \"\", height = -1 }\n", `a.toml:6:37: message "tour", step 1, image: height -1 is out of range; write the picture's height in pixels, 1 to 10000`},
	{"messages.steps.buttons", "is text", modal + "[[messages.steps]]\ntext = \"A\"\nbuttons = \"A\"\n", `a.toml:7:1: message "tour", step 1: buttons must be a list of tables, but is text; write buttons = [{ text = "Show me", action = "next" }]`},
	{"messages.steps.buttons.name", "is too long", modal + "[[messages.steps]]\ntext = \"A\"\n[[messages.steps.buttons]]\nname = \"" + strings.Repeat("x", 101) + "\"\ntext = \"A\"\naction = \"/a\"\n", `a.toml:8:1: message "tour", step 1, button 1: the name has 101 characters; shorten it to 100`},
	{"messages.steps.buttons.text", "is missing", modal + "[[messages.steps]]\ntext = \"A\"\n[[messages.steps.buttons]]\naction = \"/a\"\n", `a.toml:7:1: message "tour", step 1, button 1: text is missing; add text = "See offers"`},
	{"messages.steps.buttons.action", "is next in the last step", modal + "[[messages.steps]]\ntext = \"A\"\nbuttons = [{ text = \"On\", action = \"next\" }]\n[[messages.steps]]\ntext = \"B\"\nbuttons = [{ text = \"Off\", action = \"dismiss\" }, { text = \"On\", action = \"next\" }]\n", `a.toml:10:50: message "tour", step 2: the button "On" has the action "next", but no step follows; write action = "dismiss", or add a step`},

	{"messages.template", "is a number", launch + "template = 1\ntext = \"A\"\n", `a.toml:4:1: message "launch": template must be text, but is a whole number; write template = "announcement"`},
	{"messages.template", "is not there", launch + "template = \"news\"\n", `a.toml:4:1: message "launch": there is no template "news"; add one that begins with [[templates]], or write the content here`},
	{"messages.template", "is misspelt", news + launch + "template = \"new\"\nparams = { title = \"A\" }\n", `a.toml:8:1: message "launch": there is no template "new"; write "news"`},
	{"messages.template", "has steps, and the message a text", tour + launch + "template = \"tour\"\ntext = \"A\"\n", `a.toml:9:1: message "launch": template "tour" has steps, in whose place text cannot stand; write steps here too, or take it away`},
	{"messages.params", "is text", news + launch + "template = \"news\"\nparams = \"A\"\n", `a.toml:9:1: message "launch": params must be a table, but is text; write params = { title = "Dark mode is here" }`},
	{"messages.params", "is without a template", banner + "params = { title = \"A\" }\n", `a.toml:6:1: message "spring-sale": params are there for a template, and the message has none; add template = "…", or take params away`},
	{"messages.params", "lacks one", news + launch + "template = \"news\"\n", `a.toml:5:1: message "launch": template "news" needs the param "title"; add title = "…" to params`},
	{"messages.params", "has one too many", news + launch + "template = \"news\"\nparams = { title = \"A\", body = \"B\" }\n", `a.toml:9:25: message "launch": template "news" has no param "body"; its params are "title"`},
	{"messages.params", "is misspelt", news + launch + "template = \"news\"\nparams = { titel = \"A\" }\n", `a.toml:9:1: message "launch": template "news" needs the param "title"; add title = "…" to params
a.toml:9:12: message "launch": template "news" has no param "titel"; write "title"`},
	{"messages.params", "makes an action that is none", news + launch + "template = \"news\"\nparams = { title = \"A\" }\nbuttons = [{ text = \"B\", action = \"{{ params.title }}\" }]\n", `a.toml:5:1: message "launch": the action "A" is not known; write "dismiss", "next", "back", "submit", one of "goto:", "event:", "copy:", "snooze:", "show:" and "set:" with what belongs to it, a path such as "/offers", or a URL`},
	{"messages.locales", "is a list", english + banner + "locales = [\"de\"]\n", `a.toml:8:1: message "spring-sale": locales must be a table, but is a list of texts; write locales = { de = { title = "Frühlingsangebote" } }`},
	{"messages.locales", "is in a workspace without a language", banner + "[messages.locales.de]\ntext = \"A\"\n", `a.toml:6:1: message "spring-sale": the message has locales, and the workspace does not say in which language its texts are; add locale = "en", or what it is, to [workspace]`},
	{"messages.locales", "is no language", english + banner + "[messages.locales.german]\ntext = \"A\"\n", `a.toml:8:1: message "spring-sale", locale "german": "german" is no language; write a tag such as "en", "de" or "pt-BR"`},
	{"messages.locales", "is the workspace's language", english + banner + "[messages.locales.en]\ntext = \"A\"\n", `a.toml:8:1: message "spring-sale", locale "en": "en" is the workspace's own language; write these texts in the message itself`},
	{"messages.locales", "is a language twice", english + banner + "[messages.locales.pt-BR]\ntext = \"A\"\n[messages.locales.pt-br]\ntext = \"A\"\n", `a.toml:10:1: message "spring-sale", locale "pt-br": the language is there twice; keep one of the two`},
	{"messages.locales", "is text", english + banner + "[messages.locales]\nde = \"A\"\n", `a.toml:9:1: message "spring-sale": locale "de" must be a table, but is text; write [messages.locales.de]`},
	{"messages.locales", "has an unknown key", english + banner + "[messages.locales.de]\ntxt = \"A\"\n", `a.toml:9:1: message "spring-sale", locale "de": there is no key "txt" here; write "text"`},
	{"messages.locales.title", "is a number", english + banner + "[messages.locales.de]\ntitle = 1\ntext = \"A\"\n", `a.toml:9:1: message "spring-sale", locale "de": title must be text, but is a whole number; write title = "Frühlingsangebote"`},
	{"messages.locales.title", "stands beside steps", english + modal + german + "title = \"A\"\n", `a.toml:13:1: message "tour", locale "de": title stands beside the message's steps; move it into [messages.locales.de.steps.…] with the step's name`},
	{"messages.locales.text", "is empty", english + banner + "[messages.locales.de]\ntext = \"\"\n", `a.toml:9:1: message "spring-sale", locale "de": text is empty; write something, or leave the key out`},
	{"messages.locales.text", "has an unknown filter", english + banner + "[messages.locales.de]\ntext = \"{{ traits.a | x }}\"\n", `a.toml:9:1: message "spring-sale", locale "de": there is no filter "x", in {{ traits.a | x }}; the filters are abs, append, at_least, at_most, capitalize, ceil, compact, concat, date, default, divided_by, downcase, escape, escape_once, first, floor, join, json, last, lstrip, map, minus, modulo, plus, prepend, remove, remove_first, replace, replace_first, reverse, round, rstrip, size, slice, sort, sort_natural, split, strip, strip_html, strip_newlines, times, truncate, truncatewords, uniq, upcase, url_decode, url_encode`},
	{"messages.locales.image", "is text", english + banner + "[messages.locales.de]\ntext = \"A\"\nimage = \"/a.png\"\n", `a.toml:10:1: message "spring-sale", locale "de": image must be a table, but is text; write image = { alt = "Drei Tarife" }`},
	{"messages.locales.image", "is not in the message", english + banner + "[messages.locales.de]\ntext = \"A\"\nimage = { alt = \"B\" }\n", `a.toml:10:1: message "spring-sale", locale "de", image: the message has no image to say in another language; add image to the message itself, or take it away`},
	{"messages.locales.image.src", "is relative", english + banner + "image = { src = \"/a.png\", alt = \"\" }\n[messages.locales.de]\ntext = \"A\"\nimage = { src = \"a.png\" }\n", `a.toml:11:11: message "spring-sale", locale "de", image: the address "a.png" means another file on every page; start it with / or https://, for example "/a.png"`},
	{"messages.locales.image.alt", "is a number", english + banner + "image = { src = \"/a.png\", alt = \"\" }\n[messages.locales.de]\ntext = \"A\"\nimage = { alt = 1 }\n", `a.toml:11:11: message "spring-sale", locale "de", image: alt must be text, but is a whole number; write alt = "Drei Tarife"`},
	{"messages.locales.buttons", "is a list", english + banner + "[messages.locales.de]\ntext = \"A\"\nbuttons = [{ text = \"B\" }]\n", `a.toml:10:1: message "spring-sale", locale "de": buttons must be a table, but is a list of tables; write buttons = { see-offers = "Zu den Angeboten" }`},
	{"messages.locales.buttons", "is a button that there is not", english + banner + "buttons = [{ text = \"Go\", action = \"/\" }]\n[messages.locales.de]\ntext = \"A\"\nbuttons = { stay = \"B\" }\n", `a.toml:11:13: message "spring-sale", locale "de", buttons: there is no button "stay"; the buttons are "go"`},
	{"messages.locales.buttons", "is a number", english + banner + "buttons = [{ text = \"Go\", action = \"/\" }]\n[messages.locales.de]\ntext = \"A\"\nbuttons = { go = 1 }\n", `a.toml:11:13: message "spring-sale", locale "de", buttons: the button "go" must be text, but is a whole number; write go = "…"`},
	{"messages.locales.params", "is without a template", english + banner + "[messages.locales.de]\ntext = \"A\"\nparams = { a = 1 }\n", `a.toml:10:1: message "spring-sale", locale "de": params are there for a template, and the message has none; add template = "…" to the message, or take params away`},
	{"messages.locales.params", "has one too many", english + news + launch + "template = \"news\"\nparams = { title = \"A\" }\n[messages.locales.de]\nparams = { title = \"B\", body = \"C\" }\n", `a.toml:13:25: message "launch", locale "de": template "news" has no param "body"; its params are "title"`},
	{"messages.locales.steps", "is without steps", english + banner + "[messages.locales.de.steps.a]\ntext = \"A\"\n", `a.toml:8:1: message "spring-sale", locale "de": the message has no steps; write title and text without steps, as the message does`},
	{"messages.locales.steps", "is a step that there is not", english + modal + german + "[messages.locales.de.steps.welcom]\ntext = \"A\"\n", `a.toml:13:1: message "tour", locale "de": the message has no step "welcom"; write "welcome"`},
	{"messages.locales.steps", "is text", english + modal + german + "steps = { welcome = \"A\" }\n", `a.toml:13:11: message "tour", locale "de": step "welcome" must be a table, but is text; write [messages.locales.de.steps.welcome]`},
	{"messages.locales.steps.title", "is true", english + modal + german + "[messages.locales.de.steps.welcome]\ntitle = true\n", `a.toml:14:1: message "tour", locale "de", step "welcome": title must be text, but is true or false; write title = "Frühlingsangebote"`},
	{"messages.locales.steps.text", "links to a script", english + modal + german + "[messages.locales.de.steps.welcome]\ntext = \"[a](javascript:x)\"\n", `a.toml:14:1: message "tour", locale "de", step "welcome": a link in the text: the address "javascript:x" has the scheme "javascript"; use a path such as "/offers", or one of http, https, mailto, tel`},
	{"messages.locales.steps.image", "is a list", english + modal + german + "[messages.locales.de.steps.welcome]\nimage = []\n", `a.toml:14:1: message "tour", locale "de", step "welcome": image must be a table, but is an empty list; write image = { alt = "Drei Tarife" }`},
	{"messages.locales.steps.image.src", "is empty", english + modal + german + "[messages.locales.de.steps.welcome]\nimage = { src = \"\" }\n", `a.toml:14:11: message "tour", locale "de", step "welcome", image: src is empty; write something, or leave the key out`},
	{"messages.locales.steps.image.alt", "is a list", english + modal + german + "[messages.locales.de.steps.welcome]\nimage = { alt = [] }\n", `a.toml:14:11: message "tour", locale "de", step "welcome", image: alt must be text, but is an empty list; write alt = "Drei Tarife"`},
	{"messages.locales.steps.buttons", "is empty text", english + modal + german + "[messages.locales.de.steps.welcome]\nbuttons = { go = \"\" }\n", `a.toml:14:13: message "tour", locale "de", step "welcome", buttons: go is empty; write something, or leave the key out`},
}, slices.Concat(wrongForms, wrongDisplays)...)

type wrongValue = struct{ key, name, text, want string }

func TestEveryWrongValueSaysWhereItIsAndWhatToDo(t *testing.T) {
	for _, test := range wrongValues {
		t.Run(test.key+" "+test.name, func(t *testing.T) {
			snapshot, problems, _ := compile(t, "a.toml", test.text)
			if got := told(problems); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if snapshot == nil {
				t.Error("the check ended early")
			}
		})
	}
}

// allKeys are the dotted names of all keys, as in "messages.steps.image.src".
func allKeys(keys []key, prefix string) []string {
	var all []string
	for _, k := range keys {
		all = append(all, prefix+k.name)
		all = append(all, allKeys(k.keys, prefix+k.name+".")...)
		if k.each != nil {
			all = append(all, allKeys(k.each.keys, prefix+k.name+".")...)
		}
	}
	return all
}

func TestEveryKeyHasATestOfAWrongValue(t *testing.T) {
	tested := make(map[string]bool)
	for _, test := range wrongValues {
		tested[test.key] = true
	}
	known := make(map[string]bool)
	for _, name := range allKeys(documentKeys, "") {
		known[name] = true
		// What a template or a variant shows has the keys of what a message does.
		of, found := strings.CutPrefix(name, "templates.")
		if !found {
			of, found = strings.CutPrefix(name, "messages.variants.")
		}
		// The fields of steps are those of messages.
		if _, after, stepped := strings.Cut(name, ".steps.fields."); stepped && tested["messages.fields."+after] {
			continue
		}
		if !tested[name] && (!found || !tested["messages."+of]) {
			t.Errorf("no test says what a wrong %s says", name)
		}
	}
	for name := range tested {
		if !known[name] {
			t.Errorf("a test names the key %s, which is not known", name)
		}
	}
}

func TestUnknownKeysNameTheOneThatIsMeant(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a misspelt key", banner + "prority = 1\n", `a.toml:6:1: message "spring-sale": there is no key "prority" here; write "priority"`},
		{"letters that changed places", banner + "excpet = [\"/a\"]\n", `a.toml:6:1: message "spring-sale": there is no key "excpet" here; write "except"`},
		{"capitals", banner + "Priority = 1\n", `a.toml:6:1: message "spring-sale": there is no key "Priority" here; write "priority"`},
		{"a key of another table", banner + "site_id = \"a\"\n", `a.toml:6:1: message "spring-sale": there is no key "site_id" here; it belongs in [workspace]`},
		{"a message's key at the top", "display = \"modal\"\n", `a.toml:1:1: there is no key "display" here; it belongs in [[messages]]`},
		{"a key that is like nothing", "[workspace]\ncolour = \"red\"\n", `a.toml:2:1: [workspace]: there is no key "colour" here; the keys here are name, site_id, write_key, in_app, timezone, locale, theme, throttle, on_error, traits`},
		{"a table that is like nothing", "[server]\nport = 1\n", `a.toml:1:1: there is no key "server" here; the keys here are workspace, messages, segments, themes, templates, throttles`},
		{"a misspelt table", "[[message]]\nid = \"a\"\n", `a.toml:1:1: there is no key "message" here; write "messages"`},
		{"a quoted key", banner + "\"te\\u0078t s\" = 1\n", `a.toml:6:1: message "spring-sale": there is no key "text s" here; write "text"`},
		{"a dotted key", banner + "image.source = \"/a.png\"\nimage.src = \"/a.png\"\nimage.alt = \"\"\n", `a.toml:6:1: message "spring-sale", image: there is no key "source" here; the keys here are src, alt, width, height`},
		{"a key in a button", banner + "buttons = [{ text = \"A\", action = \"/a\", url = \"/b\" }]\n", `a.toml:6:41: message "spring-sale", button 1: there is no key "url" here; the keys here are name, text, action`},
		{"a very long key", banner + strings.Repeat("x", 5000) + " = 1\n", `a.toml:6:1: message "spring-sale": there is no key "` + strings.Repeat("x", 5000) + `" here; the keys here are id, kind, status, trigger, exit, audience, where, bots, pages, except, start, end, priority, frequency, ignore_throttle, display, position, target, flow, width, overlay_color, arrow_color, close_outside, persistent, beacon, title, text, html, html_sandbox, image, fields, buttons, steps, theme, params, locales, form_event, template, schedule, when, expires, goal, throttles, rollout, variants, holdout, exclusive_group, seed, topics, type, properties, embed`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems, _ := compile(t, "a.toml", test.text)
			if got := told(problems); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestTextThatIsNotTOMLSaysWhere(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a header that is not closed", "[[messages]\nid = \"a\"\n", `a.toml:1:11: expected end of table array name delimiter ']', but got '\n' instead; write a table's header as [workspace] or [[messages]]`},
		{"text without quotes", banner + "title = Sale\n", `a.toml:6:9: expected value but found "Sale" instead; put text in double quotes: key = "text"`},
		{"text that is not closed", banner + "title = \"Sale\n", `a.toml:6:14: strings cannot contain newlines; write """ before and after a text of several lines`},
		{"a long text that is not closed", banner + "title = \"\"\"Sale\npriority = 1\n", `a.toml:6:9: what begins here is not closed before the file ends; close it`},
		{"a list that is not closed", banner + "buttons = [\n  { text = \"A\", action = \"/a\" },\n", `a.toml:6:11: what begins here is not closed before the file ends; close it`},
		{"a key without a value", banner + "title\n", `a.toml:6:6: expected '.' or '=', but got '\n' instead; write key = value`},
		{"a key given twice", banner + "text = \"B\"\n", `a.toml:6:1: Key 'messages.text' has already been defined; keep one of the two`},
		{"a key given twice, in parts first", banner + "image.src = \"/a.png\"\nimage = \"/b.png\"\n", `a.toml:7:1: this key has a value already; keep one of the two`},
		{"a table given twice", "[workspace]\n[workspace]\n", `a.toml:2:2: Key 'workspace' has already been defined; keep one of the two`},
		{"a wrong escape", banner + "title = \"a\\qb\"\n", `a.toml:6:10: invalid escape in string '\q'; write \\ for a backslash, or put the text in single quotes`},
		{"a control character", banner + "title = \"a\x01b\"\n", `a.toml:6:10: TOML files cannot contain control characters: '0x01'; take the character away, or write it as an escape such as \u0007`},
		{"a number that is too large", banner + "priority = 99999999999999999999\n", `a.toml:6:12: 99999999999999999999 is out of range for int64; write a smaller number`},
		{"a column in characters", "[workspace]\nname = \"Büro\" x\n", `a.toml:2:14: expected a top-level item to end with a newline, comment, or EOF, but got 'x' instead; begin a new line after the value`},
		{"JSON", "{\"messages\": []}\n", `a.toml:1:1: expected '.' or '=', but got '{' instead; write key = value`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems, _ := compile(t, "a.toml", test.text)
			if got := told(problems); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestBytesThatAreNoTextSayWhatToSave(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"UTF-16 with a mark", "\xff\xfe[\x00m\x00", `a.toml:1:1: the file is written in UTF-16; save it as UTF-8`},
		{"UTF-16 the other way round", "\xfe\xff\x00[", `a.toml:1:1: the file is written in UTF-16; save it as UTF-8`},
		{"Latin-1", "[workspace]\nname = \"B\xfcro\"\n", `a.toml:2:10: the byte 0xfc is not UTF-8; save the file as UTF-8`},
		{"a file that is too large", strings.Repeat("#", MaximumFileSize+1), `a.toml:1:1: the file has 10485761 bytes, more than the 10 MiB that one may have; spread the messages over several files in one folder`},
		{"brackets without end", "x = " + strings.Repeat("[", 2000), `a.toml:1:1005: lists or tables stand in each other more than 1000 deep; take brackets away`},
		{"a key with dots without end", strings.Repeat("a.", 2000) + "a = 1", `a.toml:1:2002: lists or tables stand in each other more than 1000 deep; take brackets away`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems, _ := compile(t, "a.toml", test.text)
			if got := told(problems); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestMarksAndLineEndsMakeNoDifference(t *testing.T) {
	text := banner + "[workspace]\nname = \"Büro \ufffd\"\n"
	plain, _, _ := compile(t, "a.toml", text)
	for name, changed := range map[string]string{
		"a byte order mark":  "\ufeff" + text,
		"Windows' line ends": strings.ReplaceAll(text, "\n", "\r\n"),
		"both":               "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n"),
		"comments":           strings.ReplaceAll(text, "\n", " # why\n"),
	} {
		snapshot, problems, _ := compile(t, "a.toml", changed)
		if len(problems) > 0 || snapshot.Generation != plain.Generation || snapshot.Message("spring-sale").Line != 1 {
			t.Errorf("with %s: %v, %s instead of %s", name, problems, snapshot.Generation, plain.Generation)
		}
	}
	_, problems, _ := compile(t, "a.toml", "\ufeff"+strings.ReplaceAll(banner+"prority = 1\n", "\n", "\r\n"))
	if len(problems) != 1 || problems[0].Line != 6 || problems[0].Column != 1 {
		t.Errorf("the problem is at %v", problems)
	}
}

func TestAllProblemsOfAllFilesComeAtOnceAndInOrder(t *testing.T) {
	_, problems, warnings := compile(t,
		"1-settings.toml", "[workspace]\nname = \"A\"\ncolour = \"red\"\n",
		"2-broken.toml", "[[messages]]\nid = \n",
		"3-messages.toml", banner+"priority = \"high\"\nend = 2020-01-01T00:00:00Z\n",
		"4-more.toml", banner+"[workspace]\nname = \"B\"\n",
	)
	want := `1-settings.toml:3:1: [workspace]: there is no key "colour" here; the keys here are name, site_id, write_key, in_app, timezone, locale, theme, throttle, on_error, traits
2-broken.toml:2:6: expected value but found '\n' instead; put text in double quotes: key = "text"
3-messages.toml:6:1: message "spring-sale": priority must be a whole number, but is text; write priority = 10
4-more.toml:2:1: message "spring-sale": the id is used already in 3-messages.toml:2; give one of the two another id
4-more.toml:6:1: [workspace]: a workspace has this table once, and it stands in 1-settings.toml:1 already; keep one of the two`
	if got := told(problems); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if want := `3-messages.toml:7:1: message "spring-sale": it ended on 1 January 2020 and is not shown any more; move end, or set status = "archived"`; told(warnings) != want {
		t.Errorf("warned\n%s\nwant\n%s", told(warnings), want)
	}
}

func TestATimezoneThatCouldNotBeReadIsNotMissed(t *testing.T) {
	local := banner + "start = 2026-12-01T09:00:00\n"
	for name, other := range map[string]string{
		"its file is broken": "[workspace]\ntimezone = Europe\n",
		"it is wrong":        "[workspace]\ntimezone = \"Berlin\"\n",
		"it is a number":     "[workspace]\ntimezone = 1\n",
	} {
		if _, problems, _ := compile(t, "a.toml", local, "b.toml", other); len(problems) != 1 || problems[0].File != "b.toml" {
			t.Errorf("when %s: %v", name, problems)
		}
	}
}

func TestDraftsAreCheckedToo(t *testing.T) {
	_, problems, _ := compile(t, "a.toml", banner+"status = \"draft\"\nexcept = [\"billing\"]\n")
	if len(problems) != 1 || problems[0].Line != 7 {
		t.Errorf("told: %v", problems)
	}
}

func TestWarningsDoNotRefuse(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a live message that has ended", banner + "end = 2026-11-23T12:00:00Z\n", `a.toml:6:1: message "spring-sale": it ended on 23 November 2026 and is not shown any more; move end, or set status = "archived"`},
		{"one that ends later", banner + "end = 2026-11-23T12:00:01Z\n", ""},
		{"an archived message that has ended", banner + "status = \"archived\"\nend = 2020-01-01T00:00:00Z\n", ""},
		{"capitals in a page rule", strings.Replace(banner, `["*"]`, `["/", "/Billing/*"]`, 1), `a.toml:4:15: message "spring-sale": the page rule "/Billing/*" in pages: it holds capitals; only scheme and host are compared without case, and addresses are mostly in lower case`},
		{"HTML in a text", modal + "text = \"Hello <b>you</b>\"\n", `a.toml:5:1: message "tour": the text holds "<b>", which is shown as it is written and not as HTML; write Markdown: **bold**, [a link](/offers)`},
		{"a step that leads nowhere", modal + "[[messages.steps]]\ntext = \"A\"\n[[messages.steps]]\ntext = \"B\"\n", `a.toml:5:1: message "tour", step 1: no button leads to the next step; add buttons = [{ text = "Next", action = "next" }]`},
		{"HTML in a step's text", modal + "[[messages.steps]]\ntext = \"<i>A</i>\"\n", `a.toml:6:1: message "tour", step 1: the text holds "<i>", which is shown as it is written and not as HTML; write Markdown: **bold**, [a link](/offers)`},
		{"a comparison that never holds", "[workspace]\ntraits = { seats = \"int\" }\n" + banner + "where = 'traits.seats == \"5\"'\n", `a.toml:8:23: message "spring-sale": where: by the declared types of traits this never holds: == does not go with a whole number and text; write it without quotes`},
		{"a trait that is not declared", "[workspace]\ntraits = { seats = \"int\" }\n" + banner + segment("large", "traits.seat > 5"), `a.toml:10:16: segment "large": where: the trait seat is not declared; write traits.seats, or declare it: traits = { seat = "string" }`},
		{"no messages", "[workspace]\nname = \"A\"\n", `a.toml:1:1: the workspace has no messages; add one that begins with [[messages]]`},
		{"nothing at all", "", `a.toml:1:1: the workspace has no messages; add one that begins with [[messages]]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			snapshot, problems, warnings := compile(t, "a.toml", test.text)
			if len(problems) > 0 || snapshot == nil {
				t.Errorf("refused: %v", problems)
			}
			if got := told(warnings); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
