package pagerule

import (
	"math"
	"math/bits"
	"slices"
)

// Index answers which of many sets may appear on a page, in a time that
// hardly grows with their number. It is immutable, and can be used by several
// goroutines at once.
//
// Each rule is filed under one text that every page it matches must hold: its
// whole path or name, its host, or a few characters in a row (an n-gram),
// whichever the fewest other rules hold too. A page is looked up by all that
// it holds itself, and the rules found are then matched as usual. Rules that
// offer no such text are matched on every page.
type Index struct {
	sets   []Set
	always []int          // sets for every page
	whole  map[string]run // by path without trailing slash, or by name
	hosts  map[string]run
	grams  gramTable
	found  []ruleNumber // what the runs above are parts of
	rest   []ruleNumber
	// built is how many sets the index was built with. Found and rest name these; places says where each of them is in
	// sets now, and is nil where all are where they were.
	built  int
	places []int32
	added  []ruleNumber // rules of sets that came later, by their places now
}

// ruleNumber is a rule of pages: the set's place and the rule's place in it.
type ruleNumber struct{ set, rule int32 }

// run is a part of Index.found.
type run struct{ start, end int32 }

// fewRules is the number of rules up to which matching one after the other
// is faster than looking anything up.
const fewRules = 16

// BuildIndex returns the index of the sets, which are known by their places
// in the slice from then on. The caller must not change the slice afterwards.
func BuildIndex(sets []Set) *Index {
	index := &Index{sets: sets, built: len(sets)}
	var filing filing
	for i, set := range sets {
		if slices.ContainsFunc(set.pages, Rule.isEveryPage) {
			index.always = append(index.always, i)
			continue
		}
		for j, rule := range set.pages {
			filing.add(ruleNumber{int32(i), int32(j)}, rule)
		}
	}
	if len(filing.rules) <= fewRules {
		for _, rule := range filing.rules {
			index.rest = append(index.rest, rule.number)
		}
		index.rest = slices.Compact(index.rest)
		return index
	}
	filing.file(index)
	return index
}

// Match appends to found the places of all sets that may appear on the page,
// in ascending order, each once.
func (index *Index) Match(page *Page, found []int) []int {
	start := len(found)
	found = index.check(index.rest, page, found)
	for _, number := range index.added {
		found = index.ask(number, page, found)
	}
	text, whole := page.slashedText[withQuery|withFragment], page.path.bare
	if page.Name != "" {
		text, whole = page.Name, page.Name
	} else {
		found = index.checkRun(index.hosts[page.host], page, found)
	}
	found = index.checkRun(index.whole[whole], page, found)
	for _, size := range gramSizes {
		if index.grams.sizes&(1<<size) == 0 || len(text) < size {
			continue
		}
		gram := newGram(text[:size-1])
		for i := size - 1; i < len(text); i++ {
			gram = gram.next(text[i], size)
			if index.grams.mayHold(gram) {
				found = index.checkRun(index.grams.find(gram), page, found)
			}
		}
	}
	slices.Sort(found[start:])
	found = found[:start+len(slices.Compact(found[start:]))]
	return index.mergeAlways(page, found, start)
}

// mergeAlways merges the sets for every page into those found from start on.
// These move to the end first, so that the merge never overtakes them.
func (index *Index) mergeAlways(page *Page, found []int, start int) []int {
	room := len(index.always)
	found = slices.Grow(found, room)[:len(found)+room]
	copy(found[start+room:], found[start:])
	merged, others := found[:start], found[start+room:]
	for _, i := range index.always {
		for len(others) > 0 && others[0] < i {
			merged, others = append(merged, others[0]), others[1:]
		}
		if firstMatch(index.sets[i].except, page) < 0 {
			merged = append(merged, i)
		}
	}
	return append(merged, others...)
}

func (index *Index) checkRun(of run, page *Page, found []int) []int {
	return index.check(index.found[of.start:of.end], page, found)
}

func (index *Index) check(rules []ruleNumber, page *Page, found []int) []int {
	for _, number := range rules {
		if index.places != nil {
			if number.set = index.places[number.set]; number.set == gone {
				continue
			}
		}
		found = index.ask(number, page, found)
	}
	return found
}

// ask appends the place of a rule's set if that may appear on the page.
func (index *Index) ask(number ruleNumber, page *Page, found []int) []int {
	set := &index.sets[number.set]
	if set.pages[number.rule].Match(page) && firstMatch(set.except, page) < 0 {
		found = append(found, int(number.set))
	}
	return found
}

// filing decides what each rule is filed under.
type filing struct {
	rules []filedRule
	// How many rules hold a path or name, a host, and a gram, this by its hash.
	whole, hosts map[string]int
	grams        []int
	gramBits     int
}

type filedRule struct {
	number   ruleNumber
	evidence evidence
}

// add takes a rule. One that has several kinds of evidence is filed under each.
func (f *filing) add(number ruleNumber, rule Rule) {
	for _, evidence := range rule.condition.evidence() {
		f.rules = append(f.rules, filedRule{number, evidence})
	}
}

// count counts what the rules hold.
func (f *filing) count() {
	f.whole, f.hosts = map[string]int{}, map[string]int{}
	f.gramBits = min(max(bits.Len(uint(len(f.rules)))+5, 12), 22)
	f.grams = make([]int, 1<<f.gramBits)
	for _, rule := range f.rules {
		if rule.evidence.hasWhole {
			f.whole[rule.evidence.whole]++
		}
		f.hosts[rule.evidence.host]++
		eachGram(rule.evidence.pieces, func(gram gram) { f.grams[gram.hash(f.gramBits)]++ })
	}
}

// file fills the index.
func (f *filing) file(index *Index) {
	f.count()
	byWhole, byHost, byGram := map[string][]ruleNumber{}, map[string][]ruleNumber{}, map[gram][]ruleNumber{}
	for _, rule := range f.rules {
		held := rule.evidence
		var rarest gram
		fewest := math.MaxInt
		eachGram(held.pieces, func(gram gram) {
			if count := f.grams[gram.hash(f.gramBits)]; count < fewest {
				rarest, fewest = gram, count
			}
		})
		asWhole := held.hasWhole && f.whole[held.whole] <= fewest
		if asWhole {
			fewest = f.whole[held.whole]
		}
		switch {
		case held.host != "" && f.hosts[held.host] < fewest:
			byHost[held.host] = append(byHost[held.host], rule.number)
		case asWhole:
			byWhole[held.whole] = append(byWhole[held.whole], rule.number)
		case rarest != 0:
			byGram[rarest] = append(byGram[rarest], rule.number)
		default:
			index.rest = append(index.rest, rule.number)
		}
	}
	index.whole = collect(index, byWhole)
	index.hosts = collect(index, byHost)
	index.grams = newGramTable(collect(index, byGram))
}

// collect moves lists of rules into the index.
func collect[Key comparable](index *Index, lists map[Key][]ruleNumber) map[Key]run {
	runs := make(map[Key]run, len(lists))
	for key, list := range lists {
		start := int32(len(index.found))
		index.found = append(index.found, list...)
		runs[key] = run{start, int32(len(index.found))}
	}
	return runs
}
