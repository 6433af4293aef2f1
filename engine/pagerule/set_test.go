package pagerule

import (
	"errors"
	"strings"
	"testing"
)

func TestCompileNamesEveryWrongRule(t *testing.T) {
	_, err := Compile([]string{"/docs/*", "pricing"}, []string{"/checkout", "*", "regex:("})
	var wrong RuleErrors
	if !errors.As(err, &wrong) {
		t.Fatalf("the error is %#v", err)
	}
	type place struct {
		list  string
		index int
	}
	places := map[place]string{}
	for _, problem := range wrong {
		places[place{problem.List, problem.Index}] = problem.Rule
		if !strings.Contains(err.Error(), problem.Problem) {
			t.Errorf("%v does not say %s", err, problem.Problem)
		}
	}
	for at, rule := range map[place]string{{"pages", 1}: "pricing", {"except", 1}: "*", {"except", 2}: "regex:("} {
		if places[at] != rule {
			t.Errorf("%v: %q, want %q", at, places[at], rule)
		}
	}
	if len(wrong) != 3 {
		t.Errorf("%d problems, want 3: %v", len(wrong), err)
	}
	if !strings.HasPrefix(err.Error(), `pages[1] "pricing": a rule is`) {
		t.Errorf("the error does not start with the place: %v", err)
	}
}

func TestCompileAsksForPages(t *testing.T) {
	_, err := Compile(nil, []string{"/checkout"})
	if err == nil || err.Error() != `pages: it is missing: add pages = ["*"] for every page` {
		t.Errorf("the error is %v", err)
	}
}

func TestExplainNamesTheRuleThatDecided(t *testing.T) {
	set, err := Compile([]string{"/docs/*", "https://example.com/*"}, []string{"/docs/internal/*", "name:Checkout"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		address, name string
		matched       bool
		rule, reason  string
	}{
		{"https://example.com/Docs/?x=1", "", true, "https://example.com/*", `pages[1] "https://example.com/*" matches https://example.com/Docs?x=1`},
		{"http://example.com/docs", "", true, "/docs/*", `pages[0] "/docs/*" matches http://example.com/docs`},
		{"https://example.com/docs/internal", "", false, "/docs/internal/*", `except[0] "/docs/internal/*" matches https://example.com/docs/internal`},
		{"https://example.com/docs", "Checkout", false, "name:Checkout", `except[1] "name:Checkout" matches the page name "Checkout"`},
		{"https://example.com/docs", "Start", false, "", `no rule of pages matches the page name "Start": a page with a name is judged by "name:" rules and "*" alone`},
		{"http://example.com/start", "", false, "", "no rule of pages matches http://example.com/start"},
	} {
		page := mustPage(t, test.address, test.name)
		matched, rule, reason := set.Explain(page)
		if matched != test.matched || rule != test.rule || reason != test.reason {
			t.Errorf("%s %q: %v, %q, %s", test.address, test.name, matched, rule, reason)
		}
		if set.Match(page) != matched {
			t.Errorf("%s %q: Match and Explain differ", test.address, test.name)
		}
	}
}

func TestSetNeedsFragment(t *testing.T) {
	for _, test := range []struct {
		pages, except []string
		needs         bool
	}{
		{[]string{"*"}, nil, false},
		{[]string{"/docs", "/app#/billing"}, nil, true},
		{[]string{"*"}, []string{"/checkout", "contains:#/checkout"}, true},
	} {
		set, err := Compile(test.pages, test.except)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.NeedsFragment(); got != test.needs {
			t.Errorf("pages %q except %q: NeedsFragment is %v", test.pages, test.except, got)
		}
		if len(set.Pages()) != len(test.pages) || len(set.Except()) != len(test.except) {
			t.Errorf("pages %q except %q: the rules are %v and %v", test.pages, test.except, set.Pages(), set.Except())
		}
	}
}

func TestZeroSetMatchesNothing(t *testing.T) {
	if (Set{}).Match(mustPage(t, "https://example.com/", "")) {
		t.Error("the zero set matches")
	}
}

func TestJavaScript(t *testing.T) {
	for _, test := range []struct {
		pages, except []string
		want          string
	}{
		{[]string{"*"}, nil, ""},
		{[]string{"/docs", "*"}, nil, ""},
		{[]string{"*"}, []string{"name:Checkout"}, `^(?!Checkout$|(?=/))`},
		{[]string{"/docs"}, nil, `^(?:https?://[^/?#]*|(?=/))/docs/?(?:[?#]|$)`},
		{[]string{"https://example.com/docs/*"}, nil, `^https://example\.com/docs(?:/[^?#]*)?(?:[?#]|$)`},
		{[]string{"name:Billing", "/billing"}, []string{"name:A*"}, `^(?!A[\s\S]*|(?=/))(?:Billing$|(?:https?://[^/?#]*|(?=/))/billing/?(?:[?#]|$))`},
		{[]string{"/app#/billing"}, nil, `^(?!)`},
		{[]string{"*"}, []string{"/app#/checkout"}, `^(?!https?://[^/?#]*/app/?(?:[?#]|$)|(?=/)/app/?(?:[?#]|$))`},
	} {
		set, err := Compile(test.pages, test.except)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.JavaScript(); got != test.want {
			t.Errorf("pages %q except %q: %s, want %s", test.pages, test.except, got, test.want)
		}
	}
}
