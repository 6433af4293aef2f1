package pagerule

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

var benchmarkRules = []string{
	"*", "/docs/*", "/*/billing", "https://example.com/ui/v2/billing", "https://*.example.com/*?*plan=*",
	"equals:/ui/v2/billing", "prefix:/ui", "contains:billing", "name:Billing", `regex:/v[0-9]+/billing$`,
}

// One rule on one page.
func BenchmarkRule(b *testing.B) {
	page := mustPage(b, "https://example.com/ui/v2/billing/?utm_source=newsletter&utm_medium=mail&plan=pro", "")
	for _, text := range benchmarkRules {
		rule := mustParse(b, text)
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rule.Match(page)
			}
		})
	}
}

func BenchmarkNewPage(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewPage("https://example.com/ui/v2/billing/?utm_source=newsletter&utm_medium=mail&plan=pro", ""); err != nil {
			b.Fatal(err)
		}
	}
}

// The index against asking every set, a page at a time.
func BenchmarkIndex(b *testing.B) {
	for _, count := range []int{10, 100, 1_000, 10_000, 100_000} {
		random := rand.New(rand.NewPCG(4, uint64(count)))
		sets := likeLife(b, random, count)
		pages := pagesLikeLife(b, random, count, 400)
		index := BuildIndex(sets)
		for name, match := range map[string]func(*Page, []int) []int{
			"index":  index.Match,
			"linear": func(page *Page, found []int) []int { return linear(sets, page, found) },
		} {
			b.Run(fmt.Sprintf("%s/rules=%d", name, count), func(b *testing.B) {
				b.ReportAllocs()
				found := make([]int, 0, count)
				next := 0
				for b.Loop() {
					found = match(pages[next%len(pages)], found[:0])
					next++
				}
			})
		}
	}
}

func BenchmarkBuildIndex(b *testing.B) {
	for _, count := range []int{10_000, 100_000} {
		sets := likeLife(b, rand.New(rand.NewPCG(5, 0)), count)
		b.Run(fmt.Sprintf("rules=%d", count), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				BuildIndex(sets)
			}
		})
	}
}
