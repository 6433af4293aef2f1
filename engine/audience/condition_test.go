package audience

import (
	"strings"
	"testing"
	"time"
)

// history are tracked events, by name and in order of time.
type history map[string][]time.Time

func (h history) Event(name string) Event {
	times := h[name]
	if len(times) == 0 {
		return Event{}
	}
	return Event{len(times), times[0], times[len(times)-1]}
}

func (h history) CountSince(name string, since time.Time) int {
	count := 0
	for _, at := range h[name] {
		if !at.Before(since) {
			count++
		}
	}
	return count
}

func (h history) CountTurns(name string, since time.Time) time.Time {
	for _, at := range h[name] {
		if !at.Before(since) {
			return at
		}
	}
	return time.Time{}
}

var noon = time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)

func daysAgo(days float64) time.Time {
	return noon.Add(-time.Duration(days * 24 * float64(time.Hour)))
}

// ada is a visitor like many: on a trial for two days, on her third visit.
func ada() *Facts {
	return &Facts{
		Visitor: Visitor{
			User: "ada@example.com", Anonymous: "browser-1", Identified: true,
			FirstSeen: daysAgo(40), LastSeen: daysAgo(0.5), Groups: []string{"acme"},
		},
		Traits: map[string]any{
			"plan": "trial", "seats": 5.0, "quota": 0.85, "beta": true, "first_name": "Ada", "email": "ada@example.com",
			"nickname": "", "tags": []any{"vip-gold", "newsletter"}, "address": map[string]any{"city": "Berlin"},
			"created_at": "2026-12-01T12:00:00Z", "trial_ends_at": float64(noon.Add(48 * time.Hour).Unix()),
			"app_version": "2.10.0", "account": "1234", "nothing": nil, "Job title": "Engineer", "visits": []any{},
		},
		Page: Page{
			URL: "https://app.example.com/orders/42?ref=mail&q=caf%C3%A9+au+lait#top", Host: "app.example.com", Path: "/orders/42",
			Query: "ref=mail&q=caf%C3%A9+au+lait", Name: "Order",
		},
		Request: Request{Country: "DE", Languages: []string{"de-AT", "en"}, Device: "desktop", Browser: "Firefox", Method: "GET"},
		Visit: Visit{
			Count: 3, PageViews: 7, LandingPage: "https://app.example.com/pricing", Referrer: "https://news.example.org/",
			UTM: UTM{Source: "newsletter", Campaign: "winter"}, Started: noon.Add(-20 * time.Minute),
		},
		Events: history{
			"signed_up":       {daysAgo(2)},
			"Order Completed": {daysAgo(30), daysAgo(6), daysAgo(1)},
		},
		Event: map[string]any{"plan": "trial", "total": 49.9},
		Now:   noon,
	}
}

func environment(t testing.TB, types map[string]string) *Environment {
	t.Helper()
	e, err := NewEnvironment(types)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func compileCondition(t testing.TB, text string) *Condition {
	t.Helper()
	c, err := environment(t, nil).CompileTrigger(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return c
}

// Every operator of attributes that products of this kind have.
func TestOperators(t *testing.T) {
	for _, test := range []struct {
		sentence, condition string
		holds               bool
	}{
		{"the plan is trial", `traits.plan == "trial"`, true},
		{"the plan is pro", `traits.plan == "pro"`, false},
		{"texts are compared with case", `traits.plan == "Trial"`, false},
		{"the plan is not pro", `traits.plan != "pro"`, true},
		{"the plan is not trial", `traits.plan != "trial"`, false},
		{"the plan is one of a list", `traits.plan in ["free", "trial"]`, true},
		{"the plan is none of a list", `traits.plan in ["free", "pro"]`, false},
		{"the plan is not in a list", `!(traits.plan in ["free", "pro"])`, true},
		{"the plan is one of a long list", `traits.plan in ["a", "b", "c", "d", "e", "f", "g", "h", "trial"]`, true},
		{"the plan is none of a long list", `traits.plan in ["a", "b", "c", "d", "e", "f", "g", "h", "i"]`, false},
		{"seats are one of a list of numbers", `traits.seats in [1, 5, 10]`, true},
		{"a value is one of a list of facts", `"trial" in [traits.first_name, traits.plan]`, true},
		{"a list holds a tag", `"newsletter" in traits.tags`, true},
		{"a list does not hold a tag", `"internal" in traits.tags`, false},
		{"a group", `"acme" in visitor.groups`, true},
		{"the e-mail address contains a text", `traits.email.contains("@example")`, true},
		{"the e-mail address does not contain a text", `!traits.email.contains("@gmail")`, true},
		{"a text contains another without case", `traits.first_name.lowerAscii().contains("ad")`, true},
		{"the e-mail address starts with a text", `traits.email.startsWith("ada@")`, true},
		{"the e-mail address ends with a text", `traits.email.endsWith("@example.com")`, true},
		{"the path matches an expression", `page.path.matches("^/orders/[0-9]+$")`, true},
		{"the path does not match an expression", `!page.path.matches("^/billing")`, true},
		{"an expression without case", `traits.plan.matches("(?i)^TRIAL$")`, true},
		{"more than four seats", `traits.seats > 4`, true},
		{"more than five seats", `traits.seats > 5`, false},
		{"five seats or more", `traits.seats >= 5`, true},
		{"less than six seats", `traits.seats < 6`, true},
		{"five seats or less", `traits.seats <= 5`, true},
		{"exactly five seats", `traits.seats == 5`, true},
		{"a quota above 0.8", `traits.quota > 0.8`, true},
		{"a trait is true", `traits.beta`, true},
		{"a trait is not true", `!traits.beta`, false},
		{"a trait equals true", `traits.beta == true`, true},
		{"a trait exists", `has(traits.plan)`, true},
		{"a trait does not exist", `!has(traits.company)`, true},
		{"a trait that is null does not exist", `has(traits.nothing)`, false},
		{"a trait with a blank in its name exists", `has(traits["Job title"])`, true},
		{"a trait is empty", `empty(traits.nickname)`, true},
		{"a trait that is missing is empty", `empty(traits.company)`, true},
		{"a list is empty", `empty(traits.visits)`, true},
		{"a trait is not empty", `!empty(traits.first_name)`, true},
		{"a version is new enough", `version(traits.app_version) >= version("2.9")`, true},
		{"a version is not", `version(traits.app_version) >= version("2.11")`, false},
		{"a pre-release comes before its release", `version("2.0.0-beta.2") < version("2.0.0")`, true},
		{"pre-releases are in order", `version("2.0.0-beta.11") > version("2.0.0-beta.2")`, true},
		{"a version with a v and a build", `version("v2.10+linux") == version("2.10.0")`, true},
		{"a text within the last while", `within_last(traits.created_at, "3d")`, true},
		{"a text not within the last while", `within_last(traits.created_at, "1d")`, false},
		{"seconds since 1970 within the next while", `within_next(traits.trial_ends_at, "3d")`, true},
		{"seconds since 1970 not within the next while", `within_next(traits.trial_ends_at, "1d")`, false},
		{"what lies ahead is not within the last while", `within_last(traits.trial_ends_at, "3d")`, false},
		{"seen for the first time long ago", `older_than(visitor.first_seen, "30d")`, true},
		{"not seen for the first time that long ago", `older_than(visitor.first_seen, "6w")`, false},
		{"a nested trait", `traits.address.city == "Berlin"`, true},
		{"an item of a list", `traits.tags[1] == "newsletter"`, true},
		{"some item of a list", `traits.tags.exists(tag, tag.startsWith("vip-"))`, true},
		{"every item of a list", `traits.tags.all(tag, size(tag) > 3)`, true},
		{"exactly one item of a list", `traits.tags.exists_one(tag, tag.contains("-"))`, true},
		{"the size of a list", `size(traits.tags) == 2`, true},
		{"arithmetic with numbers of both kinds", `traits.seats * 2 + 1 > 10.5`, true},
		{"a division of whole numbers from traits keeps the fraction", `traits.seats / 2 == 2.5`, true},
		{"one of two", `traits.plan == "pro" || visit.count >= 3`, true},
		{"both of two", `traits.plan == "trial" && visit.count >= 3`, true},
		{"a choice", `traits.beta ? visit.count > 2 : visit.count > 9`, true},
		{"a condition over several lines", "traits.plan == \"trial\" &&\n  visit.count >= 2", true},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			c := compileCondition(t, test.condition)
			if got := c.Holds(ada()); got != test.holds {
				t.Errorf("%s is %t: %s", test.condition, got, c.Explain(ada()).Why)
			}
		})
	}
}

func TestFacts(t *testing.T) {
	for _, condition := range []string{
		`visitor.id == "ada@example.com"`, `visitor.identified && !visitor.anonymous && !visitor.verified && !visitor.new`,
		`within_last(visitor.last_seen, "1d")`, `page.url.endsWith("#top")`, `page.host == "app.example.com"`, `page.name == "Order"`,
		`page.query.contains("ref=")`, `page.parameter("ref") == "mail"`, `page.parameter("q") == "café au lait"`, `!has(page.parameter("utm_source"))`,
		`request.country == "DE"`, `request.language == "de-AT"`, `"en" in request.languages`, `request.speaks("de")`, `request.speaks("DE-at")`,
		`!request.speaks("fr") && !request.speaks("d")`, `request.device == "desktop"`, `request.browser == "Firefox"`, `!has(request.os)`,
		`!request.bot`, `request.method == "GET"`, `request.referrer == ""`, `visit.count == 3`, `visit.page_views > 5`,
		`visit.landing_page.endsWith("/pricing")`, `visit.referrer.contains("news.")`, `visit.utm.source == "newsletter"`,
		`visit.utm.medium == ""`, `visit.utm.medium != "cpc"`, `now - visit.started > duration("10m")`,
		`events.signed_up.count == 1`, `events["Order Completed"].count == 3`, `within_last(events["Order Completed"].last, "2d")`,
		`older_than(events["Order Completed"].first, "4w")`, `event_count("Order Completed", "7d") == 2`, `event_count("Order Completed") == 3`,
		`has(events.signed_up) && "signed_up" in events`, `!has(events.invited) && !("invited" in events)`,
		`events.invited.count == 0 && event_count("invited", "7d") == 0 && !has(events.invited.last)`,
		`event.plan == "trial" && event.total > 49`, `now >= timestamp("2026-12-01T09:00:00+01:00")`, `now > timestamp("2026-12-03")`,
		`now.getHours() == 12 && now.getHours("Europe/Berlin") == 13`, `now.getDayOfWeek() == 4 && now.getDate() == 3 && now.getMonth() == 11`,
	} {
		if c := compileCondition(t, condition); !c.Holds(ada()) {
			t.Errorf("%s does not hold: %s", condition, c.Explain(ada()).Why)
		}
	}
}

// What is not known is not an error, and makes no comparison true.
func TestWhatIsMissingHoldsInNoComparison(t *testing.T) {
	for condition, holds := range map[string]bool{
		`traits.company == "Acme"`:                            false,
		`traits.company != "Acme"`:                            false,
		`!(traits.company == "Acme")`:                         false,
		`!(traits.company != "Acme")`:                         false,
		`traits.company in ["Acme"]`:                          false,
		`!(traits.company in ["Acme"])`:                       false,
		`traits.company > 5`:                                  false,
		`!traits.company.contains("A")`:                       false,
		`traits.company`:                                      false,
		`!traits.company`:                                     false,
		`traits.company.name.first == "A"`:                    false,
		`has(traits.company.name.first)`:                      false,
		`!has(traits.company.name.first)`:                     true,
		`traits.company == "Acme" || traits.plan == "trial"`:  true,
		`traits.plan == "trial" || traits.company == "Acme"`:  true,
		`!(traits.company == "Acme" && traits.plan == "pro")`: true,
		`traits.company == "Acme" && traits.plan == "trial"`:  false,
		`default(traits.company, "none") == "none"`:           true,
		`default(traits.plan, "none") == "trial"`:             true,
		`default(traits.company, "none") != "Acme"`:           true,
		`!has(traits.company) || traits.company != "Acme"`:    true,
		`traits.company ? true : true`:                        false,
		`traits.tags[2] == "x"`:                               false,
		`traits.tags[-1] == "x"`:                              false,
		`traits.company.all(c, true)`:                         false,
		`request.os != "iOS"`:                                 false,
		`"" in events`:                                        false,
	} {
		if c := compileCondition(t, condition); c.Holds(ada()) != holds {
			t.Errorf("%s is %t: %s", condition, !holds, c.Explain(ada()).Why)
		}
	}
}

// Nor are types that do not go together, or results that there are not.
func TestWhatCannotBeDecidedDoesNotHold(t *testing.T) {
	for _, comparison := range []string{
		`traits.seats == "5"`, `traits.seats != "5"`, `traits.account == 1234`, `traits.account != 1234`, `traits.beta == "true"`, `traits.plan > 5`,
		`traits.seats in ["5"]`, `traits.seats.contains("5")`, `traits.tags == "vip-gold"`, `traits.address == traits.address`,
		`traits.seats / 0 > 1`, `traits.seats % 0 == 0`, `visit.count / 0 > 1`, `visit.count % (visit.count - 3) == 0`, `0.0 / 0.0 != 1`,
		`9223372036854775807 + visit.count > 0`, `visit.count * 9223372036854775807 > 0`, `-9223372036854775808 - visit.count < 0`,
		`version(traits.plan) > version("1")`, `timestamp(traits.plan) < now`, `within_last(traits.plan, "7d")`, `int(traits.plan) > 0`,
		`traits.plan.matches("a") && traits.seats.matches("a")`, `duration(traits.plan) > duration("1s")`, `traits.plan.all(c, true)`,
		`events[traits.company].count == 0`, `events[traits.seats].count == 0`, `traits.company in events`,
		`event_count(traits.company) == 0`, `size(traits.seats) > 0`, `request.speaks(traits.company)`, `page.parameter(traits.company) == ""`, `traits.plan.x.y in [1]`,
		`timestamp("9999-12-31") + duration("7d") > now`, `now + traits.plan > now`, `-traits.plan < 0`, `double(traits.plan) > 0`, `string(traits.tags) == ""`,
		`bool(traits.plan)`, `traits.seats.lowerAscii() == ""`, `timestamp("9999-12-31") - timestamp("0002-01-01") > duration("1s")`, `int(1e300) > 0`,
		`timestamp(traits.seats * 1e300) > now`, `[traits.company] == ["Acme"]`, `"Acme" in [traits.company, "Acme"]`, `(traits.seats ? 1 : 2) == 1`, `traits.seats && true`,
		`traits.seats || false`, `traits.tags == [traits.company]`, `traits.plan.getHours() == 1`, `version(traits.tags) > version("1")`,
		`traits.plan[0] == "t"`, `traits.plan.x == "t"`, `traits.tags["x"] == 1`, `traits["plan"]["x"] == 1`, `traits[traits.seats] == 1`,
	} {
		for _, condition := range []string{comparison, `!(` + comparison + `)`} {
			if c := compileCondition(t, condition); c.Holds(ada()) {
				t.Errorf("%s holds: %s", condition, c.Explain(ada()).Why)
			}
		}
	}
}

func TestConversions(t *testing.T) {
	for _, condition := range []string{
		`int(traits.account) == 1234`, `double(traits.account) > 1233.5`, `string(traits.seats) == "5"`, `string(traits.quota) == "0.85"`,
		`string(traits.beta) == "true"`, `bool("true")`, `int(traits.quota) == 0`, `int(now) == 1796299200`, `string(now) == "2026-12-03T12:00:00Z"`,
		`timestamp(1796299200) == now`, `timestamp(1796299200000) == now`, `traits.created_at < now`, `now > traits.created_at`,
		`duration("1d") == duration("24h")`, `now - duration("2d") == traits.created_at`, `"a" + "b" == "ab"`, `-traits.seats < 0`, `-(visit.count) == -3`,
		`visit.count / 2 == 1`, `7 % 4 == 3`, `5 == 5.0`, `5 < 5.5`, `9007199254740993 > 9007199254740992.0`, `traits.plan.trim().size() == 5`,
		`timestamp("2026-12-02") + duration("36h") == now`, `duration("36h") + timestamp("2026-12-02") == now`, `now - duration("36h") == timestamp("2026-12-02")`,
		`duration("1d") - duration("12h") == duration("12h")`, `duration("1d") + duration("1w") == duration("8d")`, `duration(duration("1m")) == duration("60s")`,
		`bool(traits.beta)`, `!bool("false")`, `int(timestamp("1970-01-02")) == 86400`, `double(visit.count) == 3.0`, `string(visit.count) == "3"`,
		`string("a") == "a"`, `-5 * 2 == -10`, `-7 / 2 == -3`, `visit.count - 4 == -1`, `5.5 % 2 == 1.5`, `2 / 0.5 == 4.0`, `timestamp(now) == now`,
		`size(traits.address) == 1`, `traits.tags.size() == 2`, `"city" in traits.address`, `!("street" in traits.address)`, `traits.address["city"] == "Berlin"`,
		`traits["pl" + "an"] == "trial"`, `traits.address.all(name, name == "city")`, `events["signed" + "_up"].count == 1`,
		`version(2.1) == version("2.1")`, `traits.app_version == version("2.10")`, `traits.tags == ["vip-gold", "newsletter"]`,
	} {
		if c := compileCondition(t, condition); !c.Holds(ada()) {
			t.Errorf("%s does not hold: %s", condition, c.Explain(ada()).Why)
		}
	}
}

func TestWhatAConditionUses(t *testing.T) {
	c := compileCondition(t, `has(traits.plan) && within_last(events.signed_up.last, "7d") && (segment("vip") || segment("staff") || segment("vip"))`)
	for variable, used := range map[string]bool{"traits": true, "events": true, "now": true, "page": false, "visit": false, "event": false} {
		if c.Uses(variable) != used {
			t.Errorf("uses %s: %t", variable, !used)
		}
	}
	if got := strings.Join(c.Segments(), " "); got != "vip staff" {
		t.Error(got)
	}
}
