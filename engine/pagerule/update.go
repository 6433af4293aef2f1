package pagerule

import "slices"

// manyNew is the number of rules beside the index's own from which on building
// it anew is worth its time: until then they are matched one after the other.
const manyNew = 4 * fewRules

// Update returns the index of other sets, of which most are those of this
// index. From says of each set which place it had before, or is negative for
// one that is new. It costs a fraction of [BuildIndex]; this index stays as it
// is. The caller must not change the slices afterwards.
func (index *Index) Update(sets []Set, from []int) *Index {
	filed := make([]int32, len(index.sets)) // by place before: the place that it was built with
	for i := range filed {
		filed[i] = gone
	}
	for built := range index.built {
		if before := index.place(int32(built)); before != gone {
			filed[before] = int32(built)
		}
	}
	updated := *index
	updated.sets, updated.always, updated.added = sets, nil, nil
	updated.places = make([]int32, index.built)
	for built := range updated.places {
		updated.places[built] = gone
	}
	for i, set := range sets {
		built := int32(gone)
		if from[i] >= 0 {
			built = filed[from[i]]
		}
		switch {
		case slices.ContainsFunc(set.pages, Rule.isEveryPage):
			updated.always = append(updated.always, i)
		case built != gone && updated.places[built] == gone:
			updated.places[built] = int32(i)
		default:
			for j := range set.pages {
				updated.added = append(updated.added, ruleNumber{int32(i), int32(j)})
			}
		}
	}
	if len(updated.added) > manyNew || index.built > 2*len(sets)+fewRules {
		return BuildIndex(sets)
	}
	return &updated
}

// gone is the place of a set that the index was built with and that is not there any more.
const gone = -1

// place is where the set now is that was at a place when the index was built.
func (index *Index) place(built int32) int32 {
	if index.places == nil {
		return built
	}
	return index.places[built]
}

// Same reports whether two sets are one, compiled once.
func (s Set) Same(other Set) bool { return same(s.pages, other.pages) && same(s.except, other.except) }

func same(a, b []Rule) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
