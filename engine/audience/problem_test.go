package audience

import (
	"strings"
	"testing"
)

// Every mistake is answered with its place, what is wrong, and what to write instead.
func TestMistakes(t *testing.T) {
	e := environment(t, map[string]string{"plan": "string"})
	for _, test := range []struct{ condition, problem string }{
		{``, `1:1: the condition is empty; write one such as traits.plan == "trial", or leave it out`},
		{`  `, `1:1: the condition is empty; write one such as traits.plan == "trial", or leave it out`},
		{`traits.plan = "trial"`, `1:13: = is not known; write == to compare`},
		{`traits.plan === "trial"`, `1:13: === is not known; write == or !=`},
		{`traits.plan <> "trial"`, `1:13: <> is not known; write !=`},
		{`traits.plan == "a" and visit.count > 1`, `1:20: “and” is not known; write &&`},
		{`traits.plan == "a" AND visit.count > 1`, `1:20: “and” is not known; write &&`},
		{`traits.plan == "a" or visit.count > 1`, `1:20: “or” is not known; write ||`},
		{`not (visit.count > 1)`, `1:5: there is no function not; write !(…)`},
		{`not visitor.new`, `1:1: “not” is not known; write !`},
		{`traits.plan not in ["a"]`, `1:13: “not in” is not known; write !(traits.plan in ["trial", "free"])`},
		{`traits.plan is "a"`, `1:13: “is” is not known; write == to compare, has(traits.plan) to ask whether something is known`},
		{`traits.plan like "a%"`, `1:13: “like” is not known; write contains, startsWith, endsWith or matches: page.path.contains("/billing")`},
		{`visitor.new & visit.count > 1`, `1:13: & is not known; write &&`},
		{`visitor.new | visit.count > 1`, `1:13: | is not known; write ||`},
		{`traits.plan == “trial”`, `1:16: it has a typographic quotation mark; write " or '`},
		{`{{ traits.plan }} == "trial"`, `1:1: it has {{ of a template; write the condition alone: traits.plan == "trial"`},
		{"visitor.new &&\n  traits.plan = \"ä and ö\"", `2:15: = is not known; write == to compare`},
		{`traits.plan == "and" ||`, `1:24: the condition ends too early; complete it: close what is open, and write something on both sides of every operator`},
		{`traits.plan == "trial`, `1:16: a character is out of place here; write text in quotes: "trial"; to go on after an operator see docs/conditions.md`},
		{`(visit.count > 1`, `1:17: the condition ends too early; complete it: close what is open, and write something on both sides of every operator`},
		{`visit.count > 1)`, `1:16: the condition has ended before this; take it out, or write && or || before it`},
		{`visit.cuont > 2`, `1:6: visit has no cuont; write count`},
		{`visit.utm.sorce == "a"`, `1:10: visit.utm has no sorce; write source`},
		{`events.signed_up.number > 1`, `1:17: an event has no number; write one of count, first, last`},
		{`page.whatever == ""`, `1:5: page has no whatever; write one of host, name, path, query, url`},
		{`trait.plan == "trial"`, `1:1: there is nothing called trait; write traits`},
		{`plan == "trial"`, `1:1: there is nothing called plan; write traits.plan for a trait, "plan" for text, or one of visitor, traits, page, request, visit, events, event, now`},
		{`traits.plan == trial`, `1:16: there is nothing called trial; write traits.trial for a trait, "trial" for text, or one of visitor, traits, page, request, visit, events, event, now`},
		{`traits.plan.startswith("t")`, `1:23: there is no function startswith; write traits.email.startsWith("info@")`},
		{`traits.tags.filter(t, t == "a").size() > 1`, `1:19: there is no function filter; use exists, all or exists_one: traits.tags.exists(tag, tag.startsWith("vip-"))`},
		{`startsWith(traits.plan, "t")`, `1:11: startsWith does not take anything and text; write it as in traits.email.startsWith("info@")`},
		{`traits.plan.startsWith(5)`, `1:23: startsWith does not take anything and a whole number; write it as in traits.email.startsWith("info@")`},
		{`within_last(visitor.first_seen)`, `1:12: within_last does not take a time; write it as in within_last(visitor.first_seen, "7d")`},
		{`within_last(visitor.first_seen, "7 days")`, `1:33: "7 days" is not a length of time; write a number with its unit, one of s, m, h, d (24 hours) and w (7 days), such as "7d" or "1h30m"`},
		{`within_last(visitor.first_seen, "200000d")`, `1:33: "200000d" is not a length of time; it is longer than 100 years: write a shorter one`},
		{`within_last(visitor.first_seen, traits.window)`, `1:39: a length of time is to be written in quotes; write it as in within_last(visitor.first_seen, "7d")`},
		{`segment(traits.plan)`, `1:15: the name of a segment is to be written in quotes; write it as in segment("trial-users")`},
		{`visit.count == "5"`, `1:13: == does not go with a whole number and text; write it without quotes`},
		{`visitor.new == "true"`, `1:13: == does not go with true or false and text; write it without quotes`},
		{`now > "2026-12-01"`, `1:5: > does not go with a time and text; write timestamp("2026-12-01")`},
		{`now - visit.started > "10m"`, `1:21: > does not go with a length of time and text; write duration("10m")`},
		{`version(traits.app) > "2.0"`, `1:21: > does not go with a version and text; write version("2.0")`},
		{`"orders" in page.path`, `1:10: in does not go with text and text; write page.path.contains("/billing") to look into a text`},
		{`visit.count in ["1"]`, `1:13: in does not go with a whole number and a list; write a list on the right, of values like the one on the left: traits.plan in ["trial", "free"]`},
		{`visit.count && visitor.new`, `1:6: this is a whole number, not true or false; write a comparison there, such as traits.plan == "trial"`},
		{`visit.count`, `1:6: the condition is a whole number, not true or false; compare it with something, such as traits.plan == "trial"`},
		{`traits.seats + 1`, `1:14: the condition is something calculated, not true or false; compare it with something, such as traits.plan == "trial"`},
		{`-traits.seats`, `1:1: the condition is something calculated, not true or false; compare it with something, such as traits.plan == "trial"`},
		{`"trial"`, `1:1: the condition is text, not true or false; compare it with something, such as traits.plan == "trial"`},
		{`visit.count.x > 1`, `1:12: x cannot be had of this: it has no fields; leave it out, or compare the value before the dot`},
		{`visit.count.exists(c, c > 1)`, `1:6: this is not a list that could be gone through; write traits.tags.exists(tag, tag.startsWith("vip-"))`},
		{`events.exists(e, e == "signed_up")`, `1:1: events cannot be gone through; ask for each by its name: events["signed_up"].count > 0 || events["invited"].count > 0`},
		{`traits.plan == null`, `1:16: null, unsigned numbers and bytes are not used here; to ask whether something is known write has(traits.plan); write numbers as 5 and text as "text"`},
		{`has(page)`, `1:5: page is not a value by itself; write one of its fields, such as page.host`},
		{`has(visit.utm)`, `1:10: visit.utm is not a value by itself; write one of its fields, such as visit.utm.campaign`},
		{`has({"plan": "trial"})`, `1:5: objects and maps cannot be written here; compare single values, such as traits.plan == "trial"`},
		{`event.plan == "trial"`, `1:1: event is known only to the filter of a trigger; to ask for past events write events["signed_up"].count > 0`},
		{`page.path.matches("[a-")`, "1:19: the regular expression cannot be read: missing closing ]: `[a-`; write it in RE2's syntax, https://github.com/google/re2/wiki/Syntax; a backslash is written twice in quotes, or once in r\"…\""},
		{`page.path.matches("(?=a)")`, "1:19: the regular expression cannot be read: invalid or unsupported Perl syntax: `(?=`; write it in RE2's syntax, https://github.com/google/re2/wiki/Syntax; a backslash is written twice in quotes, or once in r\"…\""},
		{`page.path.matches("(a{100}){10}")`, `1:19: the regular expression is too large; write a shorter one with smaller repetitions, or use startsWith, endsWith and contains`},
		{`page.path.matches(traits.pattern)`, `1:25: a regular expression is to be written in quotes; write it as in page.path.matches("^/orders/[0-9]+$")`},
		{`now > timestamp("tomorrow")`, `1:17: "tomorrow" is not a time; write it as timestamp("2026-12-01T09:00:00+01:00") or timestamp("2026-12-01")`},
		{`version(traits.app) > version("new")`, `1:31: "new" is not a version; write one to three numbers with dots, such as version("2.1") or version("2.1.0-beta.1")`},
		{`now.getHours("Berlin") > 9`, `1:14: there is no time zone "Berlin"; write a name of the IANA database, such as "Europe/Berlin" or "UTC"`},
		{`traits.tags.exists(a, traits.tags.exists(b, a == b))`, `1:19: the condition may take too long: it goes through a list inside a list; compare with single values, or use in: "vip" in traits.tags`},
		{`visitor.new` + strings.Repeat(` || visitor.new`, 300), `1:1: the condition is longer than 4096 characters; write parts of it as segments, and ask segment("…")`},
		{strings.Repeat(`(`, 500) + `visitor.new` + strings.Repeat(`)`, 500), `1:1: the condition is nested too deeply; write parts of it as segments, and ask segment("…")`},
	} {
		c, err := e.Compile(test.condition)
		if err == nil {
			t.Errorf("%s compiles, want %s", c.Text(), test.problem)
		} else if err.Error() != test.problem {
			t.Errorf("%s\n got %v\nwant %s", test.condition, err, test.problem)
		}
	}
}

func TestWarnings(t *testing.T) {
	e := environment(t, map[string]string{
		"plan": "string", "seats": "int", "score": "float", "beta": "bool", "created_at": "time", "tags": "list", "Job title": "string",
	})
	for _, test := range []struct{ condition, warning string }{
		{`traits.plan == "trial" && traits.seats > 5 && traits.score >= 1 && traits.beta && traits.created_at < now`, ``},
		{`traits["plan"] == "trial" || traits["Job title"] == "Engineer" || "plan" in traits`, ``},
		{`traits.seats == 5.5 || traits.seats in [1, 2] || traits.score in [1, 2] || default(traits.seats, 0) > 1`, ``},
		{`"vip" in traits.tags || traits.tags.exists(t, t == "vip") || size(traits.tags) > 1 || empty(traits.tags)`, ``},
		{`within_last(traits.created_at, "7d") || has(traits.plan) || traits[page.name] == "x"`, ``},
		{`traits.seats`, `1:7: by the declared types of traits this never holds: the condition is a whole number, not true or false; compare it with something, such as traits.plan == "trial"`},
		{`traits.seats == "5"`, `1:14: by the declared types of traits this never holds: == does not go with a whole number and text; write it without quotes`},
		{`traits["seats"] == "5"`, `1:17: by the declared types of traits this never holds: == does not go with a whole number and text; write it without quotes`},
		{`traits.beta == "true"`, `1:13: by the declared types of traits this never holds: == does not go with true or false and text; write it without quotes`},
		{`traits.beta != 1`, `1:13: by the declared types of traits this never holds: != does not go with true or false and a whole number; compare values of one type`},
		{`traits.plan > 5`, `1:13: by the declared types of traits this never holds: > does not go with text and a whole number; compare values of one type`},
		{`traits.seats.contains("5")`, `1:22: by the declared types of traits this never holds: contains does not take a whole number and text; write it as in page.path.contains("/billing")`},
		{`traits.seats in ["5"]`, `1:14: by the declared types of traits this never holds: in does not go with a whole number and a list; write a list on the right, of values like the one on the left: traits.plan in ["trial", "free"]`},
		{`traits.created_at > "2026-01-01"`, `1:19: by the declared types of traits this never holds: > does not go with a time and text; write timestamp("2026-01-01")`},
		{`traits.seats && visitor.new`, `1:7: by the declared types of traits this never holds: this is a whole number, not true or false; write a comparison there, such as traits.plan == "trial"`},
		{`traits.paln == "trial"`, `1:7: the trait paln is not declared; write traits.plan, or declare it: traits = { paln = "string" }`},
		{`has(traits.company)`, `1:11: the trait company is not declared; declare it: traits = { company = "string" }`},
		{`traits["First name"] == "Ada"`, `1:7: the trait First name is not declared; declare it: traits = { "First name" = "string" }`},
	} {
		c, err := e.Compile(test.condition)
		if err != nil {
			t.Errorf("%s: %v", test.condition, err)
			continue
		}
		var got []string
		for _, warning := range c.Warnings() {
			got = append(got, warning.Error())
		}
		if strings.Join(got, "\n") != test.warning {
			t.Errorf("%s\n got %s\nwant %s", test.condition, strings.Join(got, "\n"), test.warning)
		}
	}
	if c := compileCondition(t, `traits.paln == 5`); len(c.Warnings()) > 0 {
		t.Error("warned without declared types:", c.Warnings())
	}
}

func TestATypeThatThereIsNot(t *testing.T) {
	_, err := NewEnvironment(map[string]string{"seats": "number"})
	if want := `the trait seats is declared as "number"; write one of string, int, float, bool, time and list`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
