package pagerule

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	gobwas "github.com/gobwas/glob"
)

// rawAddress is the page's normalised address with the slashes that it has,
// and with its fragment or without.
func rawAddress(page *Page, fragment bool) string {
	address := strings.TrimSuffix(page.text[0], page.path.bare) + page.path.exact
	if page.query != "" {
		address += "?" + page.query
	}
	if fragment && page.fragment.exact != "" {
		address += "#" + page.fragment.exact
	}
	return address
}

func seedRules(f *testing.F, add func(rule, address, name string)) {
	for _, example := range documentedExamples(f) {
		for _, rule := range append(example.pages, example.except...) {
			add(rule, example.address, example.name)
		}
	}
}

func FuzzParse(f *testing.F) {
	seedRules(f, func(rule, _, _ string) { f.Add(rule) })
	pages := []*Page{
		mustPage(f, "https://example.com/docs/start?x=1#top", ""),
		mustPage(f, "http://[::1]:8080/", ""),
		mustPage(f, "https://example.com/", "Billing"),
	}
	f.Fuzz(func(t *testing.T, text string) {
		rule, err := Parse(text)
		if err != nil {
			if !strings.Contains(err.Error(), "page rule ") {
				t.Errorf("the error names no rule: %v", err)
			}
			return
		}
		again, err := Parse(rule.String())
		if err != nil || again.String() != rule.String() || again.NeedsFragment() != rule.NeedsFragment() {
			t.Errorf("%q parses, %q not alike: %v", text, rule, err)
		}
		for _, page := range pages {
			if rule.Match(page) != again.Match(page) {
				t.Errorf("%q and %q differ on %s", text, rule, page)
			}
		}
		Set{pages: []Rule{rule}}.JavaScript()
	})
}

func FuzzNewPage(f *testing.F) {
	seedRules(f, func(_, address, _ string) { f.Add(address) })
	for _, test := range normalisedAddresses {
		f.Add(test.address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		page, err := NewPage(address, "")
		if err != nil {
			return
		}
		again, err := NewPage(rawAddress(&page, true), "")
		if err != nil {
			t.Fatalf("%q is %s, which is no address: %v", address, &page, err)
		}
		again.URL = page.URL
		if again != page {
			t.Errorf("%q: %+v, and normalised again %+v", address, page, again)
		}
	})
}

// The oracle is the rule's form for browsers, which is made from the same
// parts but matched by another machine, on the address as it is.
func FuzzMatch(f *testing.F) {
	seedRules(f, func(rule, address, _ string) { f.Add(rule, address) })
	f.Fuzz(func(t *testing.T, text, location string) {
		rule, err := Parse(text)
		if err != nil {
			return
		}
		page, err := NewPage(location, "")
		if err != nil {
			return
		}
		if other, exists := withOtherSlash(t, &page); exists && !strings.HasPrefix(rule.String(), "equals:") {
			if rule.Match(&page) != rule.Match(other) {
				t.Errorf("%q: %s and %s differ", rule, rawAddress(&page, true), rawAddress(other, true))
			}
		}
		switch condition := rule.condition.(type) {
		case *address:
			if !condition.anyHost && !condition.host.isLiteral() && !condition.host.isEverything() && strings.HasPrefix(page.host, "[") {
				return // no wildcard is meant for IPv6
			}
		case *pageText:
		default:
			return
		}
		expression, judged := rule.condition.javaScript()
		if !judged || strings.Contains(expression, "(?!") {
			return
		}
		// RE2 has no look-ahead, and is given addresses alone.
		expression = "^" + strings.NewReplacer(anyURL, "", anyURLOrPath, "", anyOrigin, "https?://[^/?#]*").Replace(expression)
		raw := rawAddress(&page, false)
		if want := regexp.MustCompile(expression).MatchString(raw); rule.Match(&page) != want {
			t.Errorf("%q on %s is %v, but %s is %v", rule, raw, !want, expression, want)
		}
	})
}

// withOtherSlash returns the page with the path's trailing slash where it has
// none and without where it has one.
func withOtherSlash(t *testing.T, page *Page) (*Page, bool) {
	if page.path.bare == "" || strings.HasSuffix(page.path.bare, "/") {
		return nil, false
	}
	other := *page
	other.path.exact = page.path.slashed
	if page.path.exact == page.path.slashed {
		other.path.exact = page.path.bare
	}
	return mustPage(t, rawAddress(&other, true), ""), true
}

// The oracle is a library for globs, with what page rules add spelled out.
func FuzzGlob(f *testing.F) {
	f.Add("docs/*/start", "docs/start")
	f.Add("docs/*", "docs")
	f.Add("*a*b*/*/b", "/aabb//b/")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		if len(pattern) > 20 || len(path) > 40 {
			return // the oracle backtracks
		}
		pattern, path = "/"+spell(pattern, "ab/*"), "/"+spell(path, "ab/")
		if strings.HasPrefix(pattern, "//") {
			return
		}
		oracle := collapseStars(pattern)
		for strings.Contains(oracle, "/*/*") {
			oracle = strings.ReplaceAll(oracle, "/*/*", "/*")
		}
		oracle = strings.TrimSuffix(oracle, "/")
		if before, found := strings.CutSuffix(oracle, "/*"); found {
			oracle = before + "{,/*}"
		}
		oracle = strings.ReplaceAll(oracle, "/*/", "{/,/*/}")
		want := gobwas.MustCompile(oracle).Match(strings.TrimSuffix(path, "/"))
		if got := mustParse(t, pattern).Match(mustPage(t, "https://example.com"+path, "")); got != want {
			t.Errorf("%s on %s is %v, but %s is %v", pattern, path, got, oracle, want)
		}
	})
}

// spell writes any bytes with a few letters, so that rules and pages meet.
func spell(text, letters string) string {
	spelled := make([]byte, len(text))
	for i := range len(text) {
		if at := strings.IndexByte(letters, text[i]); at >= 0 {
			spelled[i] = letters[at]
		} else {
			spelled[i] = letters[int(text[i])%len(letters)]
		}
	}
	return string(spelled)
}

// The oracle is the linear matcher.
func FuzzIndex(f *testing.F) {
	var documented []Set
	for _, example := range documentedExamples(f) {
		if example.answer != "error" {
			documented = append(documented, mustCompile(f, example.pages, example.except))
		}
	}
	seedRules(f, func(rule, address, name string) { f.Add(rule, address, name) })
	f.Fuzz(func(t *testing.T, rules, address, name string) {
		page, err := NewPage(address, name)
		if err != nil {
			return
		}
		sets := slices.Clone(documented)
		for text := range strings.SplitSeq(rules, "\n") {
			if set, err := Compile([]string{text}, nil); err == nil {
				sets = append(sets, set)
			}
		}
		want := linear(sets, &page, nil)
		if got := BuildIndex(sets).Match(&page, nil); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", &page, got, want)
		}
	})
}
