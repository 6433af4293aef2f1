package workspace

import "strings"

// A throttle that messages may name.
const promotions = "[[throttles]]\nid = \"promotions\"\nper_day = 1\n"

func init() { wrongValues = append(wrongValues, wrongTiming...) }

// What is said of wrong values of the keys that say when and how often.
var wrongTiming = []struct{ key, name, text, want string }{
	{"messages.schedule", "is text", banner + "schedule = \"mon\"\n", `a.toml:6:1: message "spring-sale": schedule must be a table, but is text; write schedule = { days = ["mon", "tue"], hours = ["09:00-17:00"], timezone = "visitor" }`},
	{"messages.schedule", "is empty", banner + "schedule = { timezone = \"visitor\" }\n", `a.toml:6:1: message "spring-sale": schedule has neither days nor hours; write days = ["mon"] or hours = ["09:00-17:00"] in it, or leave it out`},
	{"messages.schedule", "has a key of the message", banner + "schedule = { days = [\"mon\"], timezone = \"UTC\", start = 1 }\n", `a.toml:6:48: message "spring-sale": schedule: there is no key "start" here; it belongs in [[messages]]`},
	{"messages.schedule.days", "is unknown", banner + "schedule = { days = [\"monday\"], timezone = \"UTC\" }\n", `a.toml:6:22: message "spring-sale": schedule: days "monday" is not known; write "mon", "tue", "wed", "thu", "fri", "sat" or "sun"`},
	{"messages.schedule.days", "is text", banner + "schedule = { days = \"mon\", timezone = \"UTC\" }\n", `a.toml:6:14: message "spring-sale": schedule: days must be a list of texts, but is text; write days = ["mon", "tue"]`},
	{"messages.schedule.hours", "is no range", banner + "schedule = { hours = [\"9-17\"], timezone = \"UTC\" }\n", `a.toml:6:23: message "spring-sale": schedule: the hours "9-17" are not understood; write for example "09:00-17:00", or "22:00-06:00" over midnight`},
	{"messages.schedule.hours", "is on no clock", banner + "schedule = { hours = [\"09:00-12:00\", \"13:00-25:00\"], timezone = \"UTC\" }\n", `a.toml:6:38: message "spring-sale": schedule: the hours "13:00-25:00" are not on a clock; a day goes from 00:00 to 24:00`},
	{"messages.schedule.hours", "has no length", banner + "schedule = { hours = [\"09:00-09:00\"], timezone = \"UTC\" }\n", `a.toml:6:23: message "spring-sale": schedule: the hours "09:00-09:00" end when they begin; write "00:00-24:00" for the whole day`},
	{"messages.schedule.hours", "is text", banner + "schedule = { hours = \"09:00-17:00\", timezone = \"UTC\" }\n", `a.toml:6:14: message "spring-sale": schedule: hours must be a list of texts, but is text; write hours = ["09:00-12:00", "14:00-17:00"]`},
	{"messages.schedule.timezone", "is no zone", banner + "schedule = { days = [\"mon\"], timezone = \"Berlin\" }\n", `a.toml:6:30: message "spring-sale": schedule: timezone "Berlin" is not known; write "visitor", or one of the IANA time zone names, such as "Europe/Berlin" or "UTC"`},
	{"messages.schedule.timezone", "is nowhere", banner + "schedule = { days = [\"mon\"] }\n", `a.toml:6:1: message "spring-sale": schedule: no time zone says whose days and hours are meant; write timezone = "visitor" or timezone = "Europe/Berlin" in it, or set timezone in [workspace]`},
	{"messages.schedule.timezone", "is a number", banner + "schedule = { days = [\"mon\"], timezone = 1 }\n", `a.toml:6:30: message "spring-sale": schedule: timezone must be text, but is a whole number; write timezone = "visitor"`},

	{"messages.expires", "is a number", banner + "start = 2026-12-01T09:00:00Z\nexpires = 30\n", `a.toml:7:1: message "spring-sale": expires must be text, but is a whole number; write expires = "30d"`},
	{"messages.expires", "is no length", banner + "start = 2026-12-01T09:00:00Z\nexpires = \"a month\"\n", `a.toml:7:1: message "spring-sale": expires "a month" is no length of time; write for example "30s", "5m", "2h", "3d" or "1w"`},
	{"messages.expires", "counts from nothing", banner + "expires = \"30d\"\n", `a.toml:6:1: message "spring-sale": a broadcast without a start cannot expire; add start = 2026-12-01T09:00:00+01:00, from which it counts`},

	{"messages.goal", "is text", banner + "goal = \"Order Completed\"\n", `a.toml:6:1: message "spring-sale": goal must be a table, but is text; write goal = { event = "Order Completed", within = "7d" }`},
	{"messages.goal", "names nothing", banner + "goal = { within = \"7d\" }\n", `a.toml:6:1: message "spring-sale": goal names neither an event nor pages; write event = "Order Completed" or pages = ["/thanks"] in it`},
	{"messages.goal.event", "is empty", banner + "goal = { event = \"\" }\n", `a.toml:6:10: message "spring-sale": goal: event is empty; name the event, or leave it out`},
	{"messages.goal.event", "is a list", banner + "goal = { event = [\"a\"] }\n", `a.toml:6:10: message "spring-sale": goal: event must be text, but is a list of texts; write event = "Order Completed"`},
	{"messages.goal.pages", "is no rule", banner + "goal = { pages = [\"thanks\"] }\n", `a.toml:6:19: message "spring-sale": goal: the page rule "thanks" in pages: a rule is "*", a URL with its scheme, a path that starts with "/", or starts with name:, equals:, contains:, prefix; or regex:; write "/thanks" or "contains:thanks"`},
	{"messages.goal.pages", "is text", banner + "goal = { pages = \"/thanks\" }\n", `a.toml:6:10: message "spring-sale": goal: pages must be a list of texts, but is text; write pages = ["/thanks"]`},
	{"messages.goal.within", "is a number", banner + "goal = { event = \"a\", within = 7 }\n", `a.toml:6:23: message "spring-sale": goal: within must be text, but is a whole number; write within = "7d"`},
	{"messages.goal.within", "is nothing", banner + "goal = { event = \"a\", within = \"0d\" }\n", `a.toml:6:23: message "spring-sale": goal: within "0d" is no length of time; write for example "30s", "5m", "2h", "3d" or "1w"`},

	{"messages.throttles", "is text", promotions + banner + "throttles = \"promotions\"\n", `a.toml:9:1: message "spring-sale": throttles must be a list of texts, but is text; write throttles = ["promotions"]`},
	{"messages.throttles", "is not there", banner + "throttles = [\"surveys\"]\n", `a.toml:6:14: message "spring-sale": there is no throttle "surveys"; add [[throttles]] with id = "surveys"`},
	{"messages.throttles", "is misspelt", promotions + banner + "throttles = [\"promotion\"]\n", `a.toml:9:14: message "spring-sale": there is no throttle "promotion"; write "promotions"`},
	{"messages.throttles", "is there twice", promotions + banner + "throttles = [\"promotions\", \"promotions\"]\n", `a.toml:9:28: message "spring-sale": throttles has "promotions" twice; name it once`},

	{"throttles", "is a table", "[throttles]\nid = \"promotions\"\n", `a.toml:1:1: throttles must be a list of tables, but is a table; write [[throttles]]`},
	{"throttles", "bounds nothing", "[[throttles]]\nid = \"promotions\"\n", `a.toml:1:1: throttle "promotions": it bounds nothing; add a bound such as per_day = 1`},
	{"throttles.id", "is missing", "[[throttles]]\nper_day = 1\n", `a.toml:1:1: this throttle: id is missing; add id = "promotions"`},
	{"throttles.id", "has a blank", "[[throttles]]\nid = \"a b\"\nper_day = 1\n", `a.toml:2:1: throttle "a b": the id "a b" cannot be used; use 1 to 64 of the letters a to z and A to Z, digits, dot, dash and underscore`},
	{"throttles.id", "is used twice", promotions + promotions, `a.toml:5:1: throttle "promotions": the id is used already in a.toml:2; give one of the two another id`},
	{"throttles.min_gap", "is no length", "[[throttles]]\nid = \"promotions\"\nmin_gap = \"soon\"\n", `a.toml:3:1: throttle "promotions": min_gap "soon" is no length of time; write for example "30s", "5m", "2h", "3d" or "1w"`},
	{"throttles.per_visit", "is zero", "[[throttles]]\nid = \"promotions\"\nper_visit = 0\n", `a.toml:3:1: throttle "promotions": per_visit 0 is out of range; write a number from 1 to 32, or leave it out`},
	{"throttles.per_day", "is text", "[[throttles]]\nid = \"promotions\"\nper_day = \"1\"\n", `a.toml:3:1: throttle "promotions": per_day must be a whole number, but is text; write per_day = 5`},

	{"messages.frequency.stop_on", "has no goal", banner + "frequency = { stop_on = [\"dismiss\", \"conversion\"] }\n", `a.toml:6:37: message "spring-sale": frequency: stop_on "conversion" needs a goal; add goal = { event = "Order Completed" } to the message`},
	{"messages.frequency.count", "is negative", banner + "frequency = { count = -1 }\n", `a.toml:6:15: message "spring-sale": frequency: count -1 is out of range; write a number from 1 to 1000000, or leave it out`},
	{"messages.frequency.count", "stands beside lifetime", banner + "frequency = { count = 1, lifetime = 3 }\n", `a.toml:6:26: message "spring-sale": frequency: lifetime cannot stand beside count, delay and ignore_dismiss; keep count, delay and ignore_dismiss, or the others`},
	{"messages.frequency.delay", "is a number", banner + "frequency = { delay = 3600 }\n", `a.toml:6:15: message "spring-sale": frequency: delay must be text, but is a whole number; write delay = "1h"`},
	{"messages.frequency.ignore_dismiss", "is text", banner + "frequency = { ignore_dismiss = \"yes\" }\n", `a.toml:6:15: message "spring-sale": frequency: ignore_dismiss must be true or false, but is text; write ignore_dismiss = true`},
}

func init() { wrongValues = append(wrongValues, wrongWhen...) }

// What is said of wrong values of what the browser waits for.
var wrongWhen = []struct{ key, name, text, want string }{
	{"messages.when", "is text", banner + "when = \"5s\"\n", `a.toml:6:1: message "spring-sale": when must be a table, but is text; write when = { after = "5s" }`},
	{"messages.when", "is empty", banner + "when = {}\n", `a.toml:6:1: message "spring-sale": when names nothing to wait for; write for example when = { after = "5s" }, or leave it out`},
	{"messages.when", "only cancels", banner + "when = { cancel_event = \"a\", exit = false }\n", `a.toml:6:1: message "spring-sale": when names nothing to wait for; write for example when = { after = "5s" }, or leave it out`},
	{"messages.when", "has a misspelt key", banner + "when = { aftr = \"5s\" }\n", `a.toml:6:10: message "spring-sale": when: there is no key "aftr" here; write "after"`},
	{"messages.when.after", "is a number", banner + "when = { after = 5 }\n", `a.toml:6:10: message "spring-sale": when: after must be text, but is a whole number; write after = "5s"`},
	{"messages.when.after", "is no length", banner + "when = { after = \"soon\" }\n", `a.toml:6:10: message "spring-sale": when: after "soon" is no length of time; write for example "30s", "5m", "2h", "3d" or "1w"`},
	{"messages.when.dwell", "is nothing", banner + "when = { dwell = \"0s\" }\n", `a.toml:6:10: message "spring-sale": when: dwell "0s" is no length of time; write for example "30s", "5m", "2h", "3d" or "1w"`},
	{"messages.when.idle", "is true", banner + "when = { idle = true }\n", `a.toml:6:10: message "spring-sale": when: idle must be text, but is true or false; write idle = "30s"`},
	{"messages.when.scroll", "is over the end", banner + "when = { scroll = 101 }\n", `a.toml:6:10: message "spring-sale": when: scroll 101 is out of range; write a number from 1 to 100, or leave it out`},
	{"messages.when.scroll", "is text", banner + "when = { scroll = \"50%\" }\n", `a.toml:6:10: message "spring-sale": when: scroll must be a whole number, but is text; write scroll = 50`},
	{"messages.when.exit", "is text", banner + "when = { exit = \"top\" }\n", `a.toml:6:10: message "spring-sale": when: exit must be true or false, but is text; write exit = true`},
	{"messages.when.click", "is empty", banner + "when = { click = \"\" }\n", `a.toml:6:10: message "spring-sale": when: click is empty; write a CSS selector such as "#buy" or ".cart"`},
	{"messages.when.click", "is not closed", banner + "when = { click = \"a[href\" }\n", `a.toml:6:10: message "spring-sale": when: the selector "a[href" in click is no CSS selector: "[" is not closed with "]"; write a CSS selector such as "#buy" or ".cart"`},
	{"messages.when.element", "is a list", banner + "when = { element = [\".cart\"] }\n", `a.toml:6:10: message "spring-sale": when: element must be text, but is a list of texts; write element = ".cart"`},
	{"messages.when.element", "is a rule", banner + "when = { element = \".cart { color: red }\" }\n", `a.toml:6:10: message "spring-sale": when: the selector ".cart { color: red }" in element is no CSS selector: "{" has no meaning there; write a CSS selector such as "#buy" or ".cart"`},
	{"messages.when.no_element", "is too long", banner + "when = { no_element = \"." + strings.Repeat("x", 256) + "\" }\n", `a.toml:6:10: message "spring-sale": when: the selector in no_element has more than 256 bytes; shorten it`},
	{"messages.when.event", "is empty", banner + "when = { event = \" \" }\n", `a.toml:6:10: message "spring-sale": when: event is empty; name the event, or leave it out`},
	{"messages.when.where", "is without an event", banner + "when = { after = \"5s\", where = 'event.total > 50' }\n", `a.toml:6:24: message "spring-sale": when: where is a condition on an event, and there is none; add event = "name", or put the condition beside when`},
	{"messages.when.where", "is not CEL", banner + "when = { event = \"a\", where = 'event.total >' }\n", `a.toml:6:45: message "spring-sale": when: where: the condition ends too early; complete it: close what is open, and write something on both sides of every operator`},
	{"messages.when.where", "is a number", banner + "when = { event = \"a\", where = 50 }\n", `a.toml:6:23: message "spring-sale": when: where must be text, but is a whole number; write where = 'event.total > 50'`},
	{"messages.when.cancel_event", "is a list", banner + "when = { after = \"5s\", cancel_event = [\"a\"] }\n", `a.toml:6:24: message "spring-sale": when: cancel_event must be text, but is a list of texts; write cancel_event = "Order Completed"`},
}
