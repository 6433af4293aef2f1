package pagerule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// linear is the oracle of the index: every set is asked.
func linear(sets []Set, page *Page, found []int) []int {
	for i := range sets {
		if sets[i].Match(page) {
			found = append(found, i)
		}
	}
	return found
}

func mustCompile(t testing.TB, pages, except []string) Set {
	t.Helper()
	set, err := Compile(pages, except)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

var sections = []string{"pricing", "docs", "billing", "account", "blog", "orders", "support", "products", "en", "de"}

// likeLife returns sets as workspaces have them: rules of every kind, some with
// exceptions, a few for every page.
func likeLife(t testing.TB, random *rand.Rand, count int) []Set {
	t.Helper()
	sets := make([]Set, count)
	for i := range sets {
		section := sections[random.IntN(len(sections))]
		number := random.IntN(count)
		kinds := []string{
			fmt.Sprintf("https://customer-%d.example.com/*", number),
			fmt.Sprintf("https://www.example.com/%s/item-%d", section, number),
			fmt.Sprintf("https://www.example.com/*/item-%d/%s", number, section),
			fmt.Sprintf("/%s/item-%d/*", section, number),
			fmt.Sprintf("/*/item-%d*", number),
			fmt.Sprintf("https://*.example.com/%s/item-%d", section, number),
			fmt.Sprintf("/%s?item=%d", section, number),
			fmt.Sprintf("https://www.example.com/%s?*campaign=spring-%d*", section, number),
			fmt.Sprintf("contains:item-%d/", number),
			fmt.Sprintf("prefix:/%s/item-%d", section, number),
			fmt.Sprintf("equals:/%s/item-%d/", section, number),
			fmt.Sprintf("name:Item %d", number),
			fmt.Sprintf("name:%s %d*", section, number),
			fmt.Sprintf("/app#/%s/%d", section, number),
			fmt.Sprintf("regex:/item-%d/[a-z]+$", number),
		}
		pages := []string{kinds[random.IntN(len(kinds))]}
		if random.IntN(5) == 0 {
			pages = append(pages, kinds[random.IntN(len(kinds))])
		}
		var except []string
		if random.IntN(10) == 0 {
			except = []string{"/" + section + "/*", "name:" + section + "*"}
		}
		sets[i] = mustCompile(t, pages, except)
	}
	if count >= 100 {
		for i := 0; i < count; i += max(40, count/20) {
			sets[i] = mustCompile(t, []string{"*"}, nil)
		}
		sets[count/2] = mustCompile(t, []string{"*"}, []string{"/docs/*"})
		sets[count/3] = mustCompile(t, []string{"/", "/*/x", "regex:^https://[a-z]+\\.example\\.com/[a-z]{2}$"}, nil)
	}
	return sets
}

// pagesLikeLife returns pages of about 90 bytes, of which some meet the rules of likeLife.
func pagesLikeLife(t testing.TB, random *rand.Rand, rules, count int) []*Page {
	t.Helper()
	pages := make([]*Page, count)
	for i := range pages {
		section, other := sections[random.IntN(len(sections))], sections[random.IntN(len(sections))]
		number := random.IntN(5 * rules)
		address := []string{
			fmt.Sprintf("https://www.example.com/%s/item-%d?utm_source=newsletter&utm_medium=mail", section, number),
			fmt.Sprintf("https://www.example.com/%s/%s/item-%d/%s/?utm_source=newsletter", section, other, number, other),
			fmt.Sprintf("https://shop.example.com/%s/item-%d/reviews-of-other-people?page=2&sort=newest", section, number),
			fmt.Sprintf("https://customer-%d.example.com/%s/overview/of/everything?from=menu", number, section),
			fmt.Sprintf("https://www.example.com/%s?item=%d", section, number),
			fmt.Sprintf("https://www.example.com/%s?utm_source=newsletter&campaign=spring-%d&x=1", section, number),
			fmt.Sprintf("https://www.example.com/app#/%s/%d", section, number),
			"https://www.example.com/" + section,
			"https://www.example.com/",
		}[random.IntN(9)]
		name := ""
		switch random.IntN(10) {
		case 0:
			name = fmt.Sprintf("Item %d", number)
		case 1:
			name = fmt.Sprintf("%s %d history", section, number)
		}
		pages[i] = mustPage(t, address, name)
	}
	return pages
}

func TestIndexFindsWhatTheLinearMatcherFinds(t *testing.T) {
	for _, count := range []int{0, 1, 10, 100, 2000} {
		random := rand.New(rand.NewPCG(1, uint64(count)))
		sets := likeLife(t, random, count)
		index := BuildIndex(sets)
		matches := 0
		for _, page := range pagesLikeLife(t, random, max(count, 1), 200) {
			want := linear(sets, page, nil)
			if got := index.Match(page, nil); !slices.Equal(got, want) {
				t.Fatalf("%d sets, %s: %v, want %v", count, page, got, want)
			}
			matches += len(want)
		}
		if count >= 100 && matches < 200 {
			t.Errorf("%d sets: only %d matches, so the test shows little", count, matches)
		}
	}
}

// The table of the documentation has every kind of rule and corner case.
func TestIndexFindsWhatIsDocumented(t *testing.T) {
	var sets []Set
	var pages []*Page
	for _, example := range documentedExamples(t) {
		if example.answer == "error" {
			continue
		}
		sets = append(sets, mustCompile(t, example.pages, example.except))
		pages = append(pages, mustPage(t, example.address, example.name))
	}
	index := BuildIndex(sets)
	for _, page := range pages {
		want := linear(sets, page, nil)
		if got := index.Match(page, nil); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", page, got, want)
		}
	}
}

func TestIndexAppendsInOrderAndAllocatesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 0))
	// Expressions borrow from a pool, which may be empty.
	sets := slices.DeleteFunc(likeLife(t, random, 1000), func(set Set) bool {
		return slices.ContainsFunc(set.pages, func(rule Rule) bool { return strings.HasPrefix(rule.text, "regex:") })
	})
	index := BuildIndex(sets)
	pages := pagesLikeLife(t, random, 1000, 50)
	found := make([]int, 0, 2000)
	count := testing.AllocsPerRun(10, func() {
		for _, page := range pages {
			found = index.Match(page, append(found[:0], 7, 3))
			if !slices.Equal(found[:2], []int{7, 3}) || !slices.IsSorted(found[2:]) {
				t.Fatalf("%s: %v", page, found)
			}
		}
	})
	if count != 0 {
		t.Errorf("%v allocations", count)
	}
}

// A rule on the rest list costs on every page: only those that offer nothing
// to find them by may be there.
func TestIndexFilesEveryRuleThatCanBeFiled(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 0))
	index := BuildIndex(likeLife(t, random, 1000))
	if len(index.rest) > 2 {
		for _, number := range index.rest {
			t.Errorf("on the rest list: %s", index.sets[number.set].pages[number.rule])
		}
	}
}
