package audience

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestWhy(t *testing.T) {
	segments := compileSegments(t, sources...)
	for _, test := range []struct{ condition, why string }{
		{`traits.plan == "pro"`, `traits.plan == "pro" does not hold (traits.plan is "trial")`},
		{`traits.plan == "trial"`, `traits.plan == "trial" holds (traits.plan is "trial")`},
		{`traits.company != "Acme"`, `traits.company != "Acme" does not hold (traits.company is missing)`},
		{`traits.seats == "5"`, `traits.seats == "5" does not hold (traits.seats is 5, which cannot be decided: the types do not go together, or there is no result)`},
		{`traits.plan == "trial" && visit.count >= 5 && !visitor.new`, `visit.count >= 5 does not hold (visit.count is 3)`},
		{`traits.plan == "trial" && traits.company == "Acme"`, `traits.company == "Acme" does not hold (traits.company is missing)`},
		{`traits.plan == "pro" && traits.company == "Acme"`, `traits.plan == "pro" does not hold (traits.plan is "trial")`},
		{`traits.plan == "trial" && visit.count > 2`, `traits.plan == "trial" holds (traits.plan is "trial"); visit.count > 2 holds (visit.count is 3)`},
		{`traits.plan == "pro" || visit.count > 5`, `traits.plan == "pro" does not hold (traits.plan is "trial"); visit.count > 5 does not hold (visit.count is 3)`},
		{`visitor.new || visit.count > 2 || traits.beta`, `visit.count > 2 holds (visit.count is 3)`},
		{`!(visit.count > 2)`, `!(visit.count > 2) does not hold: visit.count > 2 holds (visit.count is 3)`},
		{`visitor.new`, `visitor.new does not hold`},
		{`traits.company`, `traits.company does not hold (traits.company is missing)`},
		{`has(events.invited)`, `has(events.invited) does not hold (events.invited is an event that happened 0 times)`},
		{`event_count("Order Completed", "7d") > 5`, `event_count("Order Completed", "7d") > 5 does not hold (event_count("Order Completed", "7d") is 2)`},
		{`within_last(traits.created_at, "1d")`, `within_last(traits.created_at, "1d") does not hold (traits.created_at is "2026-12-01T12:00:00Z")`},
		{`request.speaks("fr")`, `request.speaks("fr") does not hold (request.languages is ["de-AT", "en"])`},
		{`traits.tags.exists(tag, tag == "staff")`, `traits.tags.exists(tag, tag == "staff") does not hold (traits.tags is ["vip-gold", "newsletter"])`},
		{`traits["Job title"] in ["CEO", traits.plan]`, `traits["Job title"] in ["CEO", traits.plan] does not hold (traits["Job title"] is "Engineer", traits.plan is "trial")`},
		{`page.parameter("ref") == "ad"`, `page.parameter("ref") == "ad" does not hold (page.parameter("ref") is "mail")`},
		{`segment("staff")`, `the visitor is not in the segment "staff", a list of 3 ids`},
		{`segment("active-trial")`, `the visitor is in the segment "active-trial" (the visitor is in the segment "trial-users" (traits.plan == "trial" holds (traits.plan is "trial"); visit.count >= 2 holds (visit.count is 3)); !segment("staff") holds: the visitor is not in the segment "staff", a list of 3 ids)`},
		{`segment("unknown")`, `there is no segment "unknown"`},
	} {
		f := ada()
		f.Segments = segments
		explanation := compileCondition(t, test.condition).Explain(f)
		if explanation.Why != test.why {
			t.Errorf("%s\n got %s\nwant %s", test.condition, explanation.Why, test.why)
		}
		if explanation.Holds != compileCondition(t, test.condition).Holds(f) {
			t.Errorf("%s is explained otherwise than decided", test.condition)
		}
	}
}

func TestChecks(t *testing.T) {
	f := ada()
	f.Traits["bio"] = strings.Repeat("ä", 100)
	f.Traits["numbers"] = []any{1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0}
	explanation := compileCondition(t, `(visitor.new || traits.company == "Acme") && !(traits.bio == "x") && 8 in traits.numbers && traits.address.city == "Berlin"`).Explain(f)
	if want := `(visitor.new || traits.company == "Acme") && 8 in traits.numbers`; explanation.Needs != want {
		t.Errorf("it needs %s, not %s", want, explanation.Needs)
	}
	explanation.Why, explanation.Needs = "", ""
	got, err := json.MarshalIndent(explanation, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
 "holds": false,
 "why": "",
 "checks": [
  {
   "text": "visitor.new",
   "result": "false",
   "saw": [
    {
     "name": "visitor.new",
     "value": "false"
    }
   ]
  },
  {
   "text": "traits.company == \"Acme\"",
   "result": "undecided",
   "saw": [
    {
     "name": "traits.company",
     "value": "missing"
    }
   ]
  },
  {
   "text": "traits.bio == \"x\"",
   "result": "false",
   "saw": [
    {
     "name": "traits.bio",
     "value": "\"` + strings.Repeat("ä", 80) + `\"…"
    }
   ]
  },
  {
   "text": "8 in traits.numbers",
   "result": "false",
   "saw": [
    {
     "name": "traits.numbers",
     "value": "[1, 2, 3, 4, 5, 2 more]"
    }
   ]
  },
  {
   "text": "traits.address.city == \"Berlin\"",
   "result": "true",
   "saw": [
    {
     "name": "traits.address.city",
     "value": "\"Berlin\""
    }
   ]
  }
 ]
}`
	if string(got) != want {
		t.Errorf("got %s", got)
	}
}

func TestWhyOfAudiences(t *testing.T) {
	segments := compileSegments(t, sources...)
	for names, why := range map[string]string{
		"anyone":                 "anyone belongs to it",
		"anonymous":              "the visitor is identified",
		"identified !staff":      "the visitor is identified",
		"staff anonymous":        `the visitor is not in the segment "staff", a list of 3 ids; the visitor is identified`,
		"anyone !trial-users":    `excluded: the visitor is in the segment "trial-users" (traits.plan == "trial" holds (traits.plan is "trial"); visit.count >= 2 holds (visit.count is 3))`,
		"staff !identified":      "excluded: the visitor is identified",
		"trial-users identified": `the visitor is in the segment "trial-users" (traits.plan == "trial" holds (traits.plan is "trial"); visit.count >= 2 holds (visit.count is 3)); the visitor is identified`,
	} {
		f := ada()
		f.Segments = segments
		a, err := NewAudience(strings.Fields(names))
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Explain(f).Why; got != why {
			t.Errorf("%s\n got %s\nwant %s", names, got, why)
		}
	}
}

func TestWhatWouldHaveToHold(t *testing.T) {
	for condition, needs := range map[string]string{
		`traits.plan == "trial"`:                                   "",
		`traits.plan == "pro"`:                                     `traits.plan == "pro"`,
		`traits.plan == "trial" && traits.seats > 100`:             `traits.seats > 100`,
		`traits.plan == "pro" || traits.company == "Acme"`:         `traits.plan == "pro" || traits.company == "Acme"`,
		`!(traits.plan == "trial")`:                                `!(traits.plan == "trial")`,
		`(visitor.new || traits.fax == 1) && traits.seats > 100`:   `(visitor.new || traits.fax == 1) && traits.seats > 100`,
		`visitor.new && traits.plan == "trial" && traits.fax == 1`: `visitor.new && traits.fax == 1`,
	} {
		if got := compileCondition(t, condition).Explain(ada()).Needs; got != needs {
			t.Errorf("%s needs %q, not %q", condition, got, needs)
		}
	}
	segments := compileSegments(t, sources...)
	for names, needs := range map[string]string{
		"identified": "", "anonymous": "visitor.anonymous", "staff anonymous": `segment("staff") || visitor.anonymous`,
		"anyone !trial-users": `!segment("trial-users")`,
	} {
		f := ada()
		f.Segments = segments
		a, err := NewAudience(strings.Fields(names))
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Explain(f).Needs; got != needs {
			t.Errorf("%s needs %q, not %q", names, got, needs)
		}
	}
}
