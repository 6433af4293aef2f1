package workspace

// nearest returns the candidate that a misspelt word most probably means, or
// "" where none is close: one letter in three may be wrong.
func nearest(word string, candidates []string) string {
	best, allowed := "", max(1, len(word)/3)
	if len(word) > 40 {
		return ""
	}
	for _, candidate := range candidates {
		if d := distance(word, candidate); d <= allowed {
			best, allowed = candidate, d-1
		}
	}
	return best
}

// distance is the number of letters to add, drop, change or swap with their
// neighbour to turn one word into the other (optimal string alignment).
func distance(from, to string) int {
	a, b := []rune(from), []rune(to)
	before := make([]int, len(b)+1)
	above := make([]int, len(b)+1)
	current := make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			current[j] = min(above[j]+1, current[j-1]+1, above[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, above, current = above, current, before
	}
	return above[len(b)]
}
