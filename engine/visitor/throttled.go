package visitor

import (
	"maps"
	"slices"
)

// throttled notes a showing that a throttle of a group counts.
func (r *Record) throttled(id string, shown Showing) {
	if r.Throttled == nil {
		r.Throttled = make(map[string][]Showing)
	}
	r.Throttled[id] = insert(r.Throttled[id], shown)
	forgetThrottled(r.Throttled)
}

// forgetThrottled drops the throttles over the bound, those first that were used longest ago.
func forgetThrottled(throttled map[string][]Showing) {
	for len(throttled) > MaxThrottles {
		oldest := ""
		for _, id := range slices.Sorted(maps.Keys(throttled)) {
			if showings := throttled[id]; oldest == "" || order(last(showings), last(throttled[oldest])) < 0 {
				oldest = id
			}
		}
		delete(throttled, oldest)
	}
}

// last is the newest of showings; the zero showing where there is none.
func last(showings []Showing) Showing {
	if len(showings) == 0 {
		return Showing{}
	}
	return showings[len(showings)-1]
}

func cloneThrottled(throttled map[string][]Showing) map[string][]Showing {
	if throttled == nil {
		return nil
	}
	clone := make(map[string][]Showing, len(throttled))
	for id, showings := range throttled {
		clone[id] = slices.Clone(showings)
	}
	return clone
}

// uniteThrottled is what two records of one person remember of throttles.
func uniteThrottled(a, b map[string][]Showing) map[string][]Showing {
	if len(a)+len(b) == 0 {
		return nil
	}
	all := cloneThrottled(a)
	if all == nil {
		all = make(map[string][]Showing, len(b))
	}
	for id, showings := range b {
		all[id] = unite(all[id], showings)
	}
	forgetThrottled(all)
	return all
}

func storeThrottled(throttled map[string][]Showing) map[string]storedShowings {
	if len(throttled) == 0 {
		return nil
	}
	stored := make(map[string]storedShowings, len(throttled))
	for id, showings := range throttled {
		stored[id] = storeShowings(showings)
	}
	return stored
}

func restoreThrottled(stored map[string]storedShowings) map[string][]Showing {
	if len(stored) == 0 {
		return nil
	}
	throttled := make(map[string][]Showing, len(stored))
	for id, showings := range stored {
		throttled[id] = showings.restoreShowings()
	}
	forgetThrottled(throttled)
	return throttled
}
