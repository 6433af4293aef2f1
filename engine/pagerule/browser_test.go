package pagerule

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/chromedp/chromedp"
)

// vector is one set on one page, as the browser is asked about it.
type vector struct {
	Expression string `json:"expression"`
	Address    string `json:"address"`
	Name       string `json:"name"`
}

// verdict is what the versions of the reference client decide.
type verdict struct {
	Route   string `json:"route"`
	Version string `json:"version"`
	Error   string `json:"error"`
	Matches bool   `json:"matches"`
}

// judge decides as the reference client does: from 3.26 on (the second
// answer) a match on the path is enough. Without page() (the third) either
// knows the path alone.
const judge = `vectors => vectors.flatMap(({expression, address, name}) => {
	const url = new URL(address);
	const path = url.pathname;
	url.hash = '';
	const route = name || url.href;
	const test = text => expression === '' || new RegExp(expression).test(text);
	try {
		return [
			{version: '3.21', route, matches: test(route)},
			{version: '3.26', route, matches: test(route) || test(path)},
			{version: 'without page()', route: path, matches: test(path)},
		];
	} catch (error) {
		const problem = {route, error: String(error)};
		return [problem, problem, problem];
	}
})`

// askBrowser calls a JavaScript function with an argument in a real browser.
func askBrowser[Answer any](t *testing.T, function string, argument any) Answer {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>Page rules</title>")
	}))
	t.Cleanup(server.Close)

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
	)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)

	text, err := json.Marshal(argument)
	if err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL)); err != nil {
		t.Fatalf("opening Chromium: %v", err)
	}
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[Answer](fmt.Sprintf("(%s)(%s)", function, text)))
	if err != nil {
		t.Fatalf("asking Chromium: %v", err)
	}
	return answer
}

// TestNewPageReadsAddressesAsABrowserDoes gives the browser's own spelling of
// every address to NewPage, which must find the same page.
func TestNewPageReadsAddressesAsABrowserDoes(t *testing.T) {
	var addresses []string
	for _, test := range normalisedAddresses {
		if utf8.ValidString(test.address) { // JavaScript has no other strings
			addresses = append(addresses, test.address)
		}
	}
	for i, spelled := range askBrowser[[]string](t, "addresses => addresses.map(address => new URL(address).href)", addresses) {
		got, want := mustPage(t, spelled, ""), mustPage(t, addresses[i], "")
		got.URL = want.URL
		if *got != *want {
			t.Errorf("%q: %s as the browser spells it (%s), else %s", addresses[i], got, spelled, want)
		}
	}
}

// moreRules are rules of a syntax that RE2 and JavaScript write differently,
// and addresses with characters that mean something in an expression.
var moreRules = []string{
	`regex:(?i)PRICING$`, `regex:\A(?P<scheme>https?)://`, `regex:/[[:alpha:]]+/[[:digit:]]{4}/\z`, `regex:\Q/a.b\E`, `regex:/(?:en|de|fr)/`,
	`regex:/(en|de)?/?docs/?$`, `regex:/docs(/|$)`, `regex:/[^/]+/[^/]+$`, `regex:\bdocs\b`, `regex:\Bocs`, `regex:/v\d+(\.\d+){1,2}/`, `regex:/o{2,}ps`,
	`regex:^https://example\.com/docs/?$`, `regex:^https://example\.com/(docs/)?start$`, `regex:/a+?b*?c??$`, `regex:\pL{9}`, `regex:\w+@\w+`,
	`regex:/[\]\-^]x`, `regex:x\x2fy`, `regex:(?s).+/start`, `regex:(?U)/d.*s$`, `regex:zebra|quagga`, `regex:[?]q=`, `regex:docs/\?q`, `regex:docs\?q`,
	`regex:[^?]+\?[^=]+=tea`, `regex:\?.*q=tea$`, `regex:/%C3%BCber`, `regex:/[(]x[)]`, `regex:[^a-z]docs`, `regex:.{60}`, `regex:\S\D\W`, `regex:$^`,
	"/a.b/*", "/(x)/$y", "/a+b", "/[x]/{y}", "/a^b", "/a%2Fb", "/100%", "/*/100%25/*", "/it's", "/~ann", "/a;b,c", "/search?q=a+b", "/search?q={x}", "/search?q=a?b",
	"contains:%", "contains:/(x)/", "contains:docs/?q=", "contains:com/?q=", "contains:.com?q=tea", "contains:HTTP", "contains:S://Example", "contains:.COM/docs/",
	"prefix:/a.", "prefix:https://", "prefix:https://example.com:8443", "equals:/docs//", "/docs//", "/docs//*", "*://*:8080/*", "http*://*", "http://*.example:*/docs",
	"https://example.com?q=tea", "https://example.com/?q=tea", "name:*ing", "name:*", "name:Größe (neu)", "name:a.b|c",
}

var morePages = []struct{ address, name string }{
	{"https://example.com/a.b/c", ""}, {"https://example.com/aXb/c", ""}, {"https://example.com/(x)/$y", ""}, {"https://example.com/%28x%29/%24y", ""},
	{"https://example.com/a+b", ""}, {"https://example.com/aab", ""}, {"https://example.com/[x]/{y}", ""}, {"https://example.com/%5Bx%5d/%7by%7D", ""},
	{"https://example.com/a^b", ""}, {"https://example.com/a%2fb", ""}, {"https://example.com/100%", ""}, {"https://example.com/a/100%25/b", ""}, {"https://example.com/a/100%/b", ""},
	{"https://example.com/it's", ""}, {"https://example.com/it%27s", ""}, {"https://example.com/%7eann", ""}, {"https://example.com/a;b,c", ""},
	{"https://example.com/search?q=a+b", ""}, {"https://example.com/search?q=%7Bx%7D", ""}, {"https://example.com/search/?q=a?b", ""},
	{"https://example.com/docs/?q=tea", ""}, {"https://example.com/docs?q=tea", ""}, {"https://example.com?q=tea", ""}, {"https://example.com/en/docs/", ""},
	{"https://example.com/docs//", ""}, {"https://example.com/docs//start", ""}, {"https://example.com/blog/2026/", ""}, {"https://example.com/api/v1.2.3/start", ""},
	{"https://example.com/ooops/über", ""}, {"http://a.b.example/docs", ""}, {"http://a.b.example:81/docs/", ""}, {"http://example.com:8080/", ""},
	{"https://example.com/", "Größe (neu)"}, {"https://example.com/", "Größe neu"}, {"https://example.com/pricing", "a.b|c"}, {"https://example.com/", "Shopping"},
}

// TestJavaScriptDecidesAlikeInABrowser runs every documented set and more on
// every documented page and more.
func TestJavaScriptDecidesAlikeInABrowser(t *testing.T) {
	var sets []Set
	pages := slices.Clone(morePages)
	for _, rule := range moreRules {
		sets = append(sets, mustCompile(t, []string{rule}, nil), mustCompile(t, []string{"*"}, []string{rule, "name:Shopping"}))
	}
	for _, example := range documentedExamples(t) {
		if example.answer == "error" {
			continue
		}
		sets = append(sets, mustCompile(t, example.pages, example.except))
		if page := (struct{ address, name string }{example.address, example.name}); !slices.Contains(pages, page) {
			pages = append(pages, page)
		}
	}
	var judged []*Page
	for _, page := range pages {
		judged = append(judged, mustPage(t, page.address, page.name))
	}
	var vectors []vector
	for _, set := range sets {
		expression := set.JavaScript()
		for _, page := range pages {
			vectors = append(vectors, vector{expression, page.address, page.name})
		}
	}
	verdicts := slices.Collect(slices.Chunk(askBrowser[[]verdict](t, judge, vectors), 3))
	if len(verdicts) != len(vectors) {
		t.Fatalf("%d verdicts for %d vectors", len(verdicts), len(vectors))
	}
	matched, bare := 0, 0
	for i, vector := range vectors {
		set := sets[i/len(pages)]
		want := set.Match(judged[i%len(pages)])
		if set.NeedsFragment() {
			// Documented: the client does not know the fragment.
			want = false
		}
		for _, got := range verdicts[i] {
			if got.Error != "" {
				t.Fatalf("%v: %s", set.Pages(), got.Error)
			}
			switch got.Version {
			case "3.26":
				// Documented: a name does not keep the path from being looked at.
				byPath := vector.Name != "" && set.Match(mustPage(t, vector.Address, ""))
				if byPath && got.Matches {
					continue
				}
			case "without page()":
				bare++
				// Who knows the path alone shows it on no page on which it must not be.
				if !got.Matches || set.Match(mustPage(t, vector.Address, "")) {
					continue
				}
			}
			if got.Matches != want {
				t.Errorf("pages %v except %v, route %q: version %s decides %v, want %v\n\t%s",
					set.Pages(), set.Except(), got.Route, got.Version, got.Matches, want, vector.Expression)
			}
		}
		if want {
			matched++
		}
	}
	t.Logf("%d vectors, of which %d match; %d bare paths", len(vectors), matched, bare)
	if matched < 1000 {
		t.Errorf("only %d vectors match", matched)
	}
}

// TestABarePathIsMatchedWhereItAloneDecides tests what the client decides for
// a site that calls no page().
func TestABarePathIsMatchedWhereItAloneDecides(t *testing.T) {
	tests := []struct {
		pages, except []string
		path          string
		want          bool
	}{
		{[]string{"*"}, nil, "/", true},
		{[]string{"*"}, []string{"/checkout/*"}, "/shoes", true},
		{[]string{"*"}, []string{"/checkout/*"}, "/checkout", false},
		{[]string{"*"}, []string{"/checkout/*"}, "/checkout/pay", false},
		{[]string{"*"}, []string{"https://shop.example.com/checkout/*"}, "/checkout/pay", false},
		{[]string{"*"}, []string{"https://shop.example.com/checkout/*"}, "/shoes", true},
		{[]string{"*"}, []string{"/app#/settings"}, "/app", false},
		{[]string{"*"}, []string{"/app#/settings"}, "/", true},
		{[]string{"*"}, []string{"/*?*preview*"}, "/docs", false},
		{[]string{"*"}, []string{"/docs?preview=1"}, "/docs", false},
		{[]string{"*"}, []string{"/docs?preview=1"}, "/pricing", true},
		{[]string{"*"}, []string{"name:Checkout"}, "/shoes", false},
		{[]string{"*"}, []string{"contains:preview"}, "/shoes", false},
		{[]string{"*"}, []string{"regex:/[0-9]+$"}, "/shoes", false},
		{[]string{"/"}, nil, "/", true},
		{[]string{"/"}, nil, "/pricing", false},
		{[]string{"/pricing"}, nil, "/pricing", true},
		{[]string{"/pricing"}, nil, "/pricing/", true},
		{[]string{"/pricing"}, nil, "/pricing/teams", false},
		{[]string{"/pricing"}, nil, "/en/pricing", false},
		{[]string{"/pricing"}, nil, "/Pricing", false},
		{[]string{"equals:/pricing/"}, nil, "/pricing", false},
		{[]string{"equals:/pricing/"}, nil, "/pricing/", true},
		{[]string{"prefix:/pricing"}, nil, "/pricing-2026", true},
		{[]string{"/docs/*"}, []string{"/docs/internal/*"}, "/docs/start", true},
		{[]string{"/docs/*"}, []string{"/docs/internal/*"}, "/docs/internal/x", false},
		{[]string{"/*/billing"}, nil, "/ui/billing", true},
		{[]string{"/*/billing"}, nil, "/billing", true},
		{[]string{"/über"}, nil, "/%C3%BCber", true},
		{[]string{"contains:pricing"}, nil, "/en/pricing/", true},
		{[]string{"contains:/en/"}, nil, "/en", true},
		{[]string{"contains:pricing?plan"}, nil, "/pricing", false},
		{[]string{"https://example.com/pricing"}, nil, "/pricing", false},
		{[]string{"https://example.com/*"}, nil, "/pricing", false},
		{[]string{"prefix:https://example.com"}, nil, "/pricing", false},
		{[]string{"/search?q=tea"}, nil, "/search", false},
		{[]string{"/search?"}, nil, "/search", false},
		{[]string{"/app#/settings"}, nil, "/app", false},
		{[]string{"regex:/orders/[0-9]+$"}, nil, "/orders/4711", false},
		{[]string{"name:Billing"}, nil, "/billing", false},
		{[]string{"name:*"}, nil, "/billing", false},
		{[]string{"name:Billing", "/billing"}, nil, "/billing", true},
		{[]string{"https://example.com/a", "/b", "name:C"}, []string{"/b/c"}, "/b", true},
	}
	var vectors []vector
	for _, test := range tests {
		vectors = append(vectors, vector{mustCompile(t, test.pages, test.except).JavaScript(), "https://example.com" + test.path, ""})
	}
	verdicts := slices.Collect(slices.Chunk(askBrowser[[]verdict](t, judge, vectors), 3))
	for i, test := range tests {
		if got := verdicts[i][2]; got.Error != "" || got.Matches != test.want {
			t.Errorf("pages %q except %q, path %s: %v %s, want %v\n\t%s", test.pages, test.except, test.path, got.Matches, got.Error, test.want, vectors[i].Expression)
		}
	}
}
