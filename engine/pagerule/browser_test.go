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
// answer) a match on the path is enough.
const judge = `(vectors => vectors.flatMap(({expression, address, name}) => {
	const url = new URL(address);
	const path = url.pathname;
	url.hash = '';
	const route = name || url.href;
	const test = text => expression === '' || new RegExp(expression).test(text);
	try {
		return [
			{version: '3.21', route, matches: test(route)},
			{version: '3.26', route, matches: test(route) || test(path)},
		];
	} catch (error) {
		const problem = {route, error: String(error)};
		return [problem, problem];
	}
}))`

// askBrowser lets a real browser judge the vectors, and returns the verdicts
// of both versions for each.
func askBrowser(t *testing.T, vectors []vector) [][2]verdict {
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

	arguments, err := json.Marshal(vectors)
	if err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL)); err != nil {
		t.Fatalf("opening Chromium: %v", err)
	}
	flat, err := chromedp.Run(ctx, chromedp.Evaluate[[]verdict](judge+"("+string(arguments)+")"))
	if err != nil {
		t.Fatalf("asking Chromium: %v", err)
	}
	var verdicts [][2]verdict
	for pair := range slices.Chunk(flat, 2) {
		verdicts = append(verdicts, [2]verdict(pair))
	}
	if len(verdicts) != len(vectors) {
		t.Fatalf("%d verdicts for %d vectors", len(verdicts), len(vectors))
	}
	return verdicts
}

// TestJavaScriptDecidesAlikeInABrowser runs every documented set on every
// documented page.
func TestJavaScriptDecidesAlikeInABrowser(t *testing.T) {
	type named struct{ address, name string }
	var sets []Set
	pages := []named{}
	for _, example := range documentedExamples(t) {
		if example.answer == "error" {
			continue
		}
		set, err := Compile(example.pages, example.except)
		if err != nil {
			t.Fatal(err)
		}
		sets = append(sets, set)
		if page := (named{example.address, example.name}); !slices.Contains(pages, page) {
			pages = append(pages, page)
		}
	}
	var vectors []vector
	for _, set := range sets {
		for _, page := range pages {
			vectors = append(vectors, vector{set.JavaScript(), page.address, page.name})
		}
	}
	verdicts := askBrowser(t, vectors)
	matched := 0
	for i, vector := range vectors {
		set := sets[i/len(pages)]
		want := set.Match(mustPage(t, vector.Address, vector.Name))
		if set.NeedsFragment() {
			// Documented: the client does not know the fragment.
			want = false
		}
		for _, got := range verdicts[i] {
			if got.Error != "" {
				t.Fatalf("%v: %s", set.Pages(), got.Error)
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
	t.Logf("%d vectors, of which %d match", len(vectors), matched)
	if matched < 1000 {
		t.Errorf("only %d vectors match", matched)
	}
}
