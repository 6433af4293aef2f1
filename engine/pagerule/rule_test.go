package pagerule

import (
	"errors"
	"strings"
	"testing"
)

func mustPage(t testing.TB, address, name string) *Page {
	t.Helper()
	page, err := NewPage(address, name)
	if err != nil {
		t.Fatal(err)
	}
	return &page
}

func mustParse(t testing.TB, text string) Rule {
	t.Helper()
	rule, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return rule
}

func TestParseSaysWhatToWriteInstead(t *testing.T) {
	for _, test := range []struct{ rule, says string }{
		{"", `write "*" for every page`},
		{"  ", `write "*" for every page`},
		{"pricing", `write "/pricing" or "contains:pricing"`},
		{"pricing/teams", `write "/pricing/teams" or "contains:pricing/teams"`},
		{"*pricing*", `write "/pricing" or "contains:pricing"`},
		{"*/billing", `write "/*/billing"`},
		{"example.com/pricing", `write "https://example.com/pricing" or "contains:example.com/pricing"`},
		{"*.example.com/*", `write "https://*.example.com/*"`},
		{"localhost:8080/start", `write "https://localhost:8080/start"`},
		{"//example.com/start", `write "http*://example.com/start"`},
		{"https:/example.com", `write "https://example.com"`},
		{"http:example.com", `write "http://example.com"`},
		{"ftp://example.com/", `write "https://"`},
		{"://example.com/", "a rule is"},
		{"!/checkout", `write "/checkout" in except`},
		{"Name:Billing", `write "name:Billing"`},
		{"glob:/docs/**", `there is no "glob:"`},
		{"the pricing page", "a rule is"},
		{"/pricing, /teams", "write one rule per entry"},
		{"/pricing\n/teams", "write one rule per entry"},
		{`/docs\start`, `write "/"`},
		{`/docs/\*`, `"*" needs no escape`},
		{"/docs/./start", "as the browser then shows it"},
		{"/docs/*/..", "as the browser then shows it"},
		{"/docs/%2e%2e/start", "as the browser then shows it"},
		{"https:///pricing", "the host is missing"},
		{"https://", "the host is missing"},
		{"https://:8080/", "the host is missing"},
		{"https://ann@example.com/", "user name"},
		{"https://example.com:http/", `the port "http"`},
		{"https://example.com:99999/", `the port "99999"`},
		{"https://exa mple.com/", "holds a space"},
		{"https://exa<mple.com/", `no host can hold`},
		{"https://*exa<mple.com/", `no host can hold`},
		{"http://[::1/", "IPv6"},
		{"http://[::1%25eth0]/", "IPv6"},
		{"https://*bücher.example/", "write that part whole"},
		{"name:", "the name is missing"},
		{"contains:", "the text is missing"},
		{"regex:", "the expression is missing"},
		{"equals:", "a rule is"},
		{"equals:pricing", `write "/pricing"`},
		{"equals:https://*.example.com/", "write the rule without that word"},
		{"prefix:pricing", `write "/pricing"`},
		{"prefix:https://*.example.com", "write the rule without that word"},
		{"regex:(docs", "missing closing )"},
		{`regex:(?=docs)`, "RE2"},
		{"regex:(a)\\1", "RE2"},
		{"regex:/über", "write %C3%BC"},
		{"regex:^/orders/[0-9]+$", `write "regex:^https?://[^/]+/orders/[0-9]+$"`},
		{`regex:^\/orders$`, "no address begins with"},
		{"regex:" + strings.Repeat("a", 513), "longer than 512 bytes"},
		{"/" + strings.Repeat("a", 2048), "longer than 2048 bytes"},
	} {
		rule, err := Parse(test.rule)
		if err == nil {
			t.Errorf("Parse(%.40q) = %v, want an error", test.rule, rule)
			continue
		}
		var wrong *RuleError
		if !errors.As(err, &wrong) || wrong.Rule != strings.TrimSpace(test.rule) {
			t.Errorf("Parse(%.40q): the error does not name the rule: %#v", test.rule, err)
		}
		if !strings.Contains(err.Error(), test.says) {
			t.Errorf("Parse(%.40q): %v\n\twant it to say %s", test.rule, err, test.says)
		}
	}
}

func TestWarnings(t *testing.T) {
	for _, test := range []struct{ rule, says string }{
		{"/Pricing", "capitals"},
		{"https://Example.com/pricing", ""},
		{"https://Example.com/Pricing", "capitals"},
		{"/search?Q=tea", "capitals"},
		{"contains:Pricing", "capitals"},
		{"name:Billing", ""},
		{`regex:\S+/Pricing`, ""},
		{"contains:/docs/*/start", `"*" stands for itself after contains:`},
		{"equals:/docs/*", `"*" stands for itself after equals:`},
		{"name:Billing*", ""},
		{"contains:utm_source=mail", `write "/*?*utm_source=mail*"`},
		{"contains:?utm_source=mail", ""},
		{"https://example.com*", `add "/" after it`},
		{"prefix:https://example.com", `add "/" after it`},
		{"prefix:https://example.com/", ""},
		{"https://example.*", ""},
		{"https://*", ""},
		{"http://localhost:*", ""},
		{"equals:https://example.com", ""},
		{"/users/:id/orders", `":id" stands for itself`},
		{"/users/{id}", `"{id}" stands for itself`},
		{"/docs/*", ""},
	} {
		said := strings.Join(mustParse(t, test.rule).Warnings(), "; ")
		if test.says == "" && said != "" || !strings.Contains(said, test.says) {
			t.Errorf("%s warns %q, want %q", test.rule, said, test.says)
		}
	}
}

func TestRuleNeedsFragment(t *testing.T) {
	for rule, needs := range map[string]bool{
		"*":                     false,
		"/app":                  false,
		"/app?x=1":              false,
		"/app#/billing":         true,
		"/app#":                 true,
		"equals:/app#/billing":  true,
		"contains:#/billing":    true,
		"contains:/billing":     false,
		"regex:#/billing$":      true,
		"regex:[^#]+/billing$":  false,
		"regex:.*/billing":      false,
		"name:Billing #1":       false,
		"https://example.com/#": true,
	} {
		if got := mustParse(t, rule).NeedsFragment(); got != needs {
			t.Errorf("%s: NeedsFragment is %v, want %v", rule, got, needs)
		}
	}
	if (Rule{}).NeedsFragment() {
		t.Error("the zero rule needs the fragment")
	}
}

func TestRuleStringIsTheRuleAsWritten(t *testing.T) {
	for _, text := range []string{"*", "/docs/**", "HTTPS://Example.com/", "name: Billing", `regex:^https?://[^/]+/docs$`} {
		if got := mustParse(t, " "+text+"\t").String(); got != text {
			t.Errorf("String is %q, want %q", got, text)
		}
	}
}

func TestZeroRuleMatchesNothing(t *testing.T) {
	if (Rule{}).Match(mustPage(t, "https://example.com/", "")) {
		t.Error("the zero rule matches")
	}
}

// What a pattern can blow up on others, a long text of one letter, stays linear.
func TestMatchIsLinear(t *testing.T) {
	path := "/" + strings.Repeat("a", 1<<16)
	page := mustPage(t, "https://example.com"+path, "")
	for _, text := range []string{
		"/" + strings.Repeat("a*", 1000) + "b",
		"/" + strings.Repeat("*a", 1000) + "*b",
		"regex:(a+)+$b",
		"regex:(a[a-z]*)*b",
		"contains:" + strings.Repeat("a", 1000) + "b",
	} {
		if mustParse(t, text).Match(page) {
			t.Errorf("%.20s matches", text)
		}
	}
}

// Expressions are left out: they borrow from a pool, which may be empty.
func TestMatchAllocatesNothing(t *testing.T) {
	page := mustPage(t, "https://example.com/ui/v2/billing/?utm_source=mail&plan=pro#invoices", "")
	named := mustPage(t, page.URL, "Billing")
	for _, text := range []string{
		"*", "/*/billing", "https://*.example.com/*?*plan=*", "https://example.com/*#invoices",
		"equals:/ui/v2/billing/", "prefix:/ui", "contains:Example.com/ui", "name:Bill*",
	} {
		rule := mustParse(t, text)
		if count := testing.AllocsPerRun(100, func() { rule.Match(page); rule.Match(named) }); count != 0 {
			t.Errorf("%s: %v allocations a match", text, count)
		}
	}
}
