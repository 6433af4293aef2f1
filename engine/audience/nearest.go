package audience

import (
	"iter"
	"slices"
	"strings"
)

// Nearest is the candidate that a misspelt word most probably means, or "" where none is close: one letter in three may be
// wrong, and capitals do not count.
func Nearest(word string, candidates iter.Seq[string]) string {
	if len(word) > 40 {
		return ""
	}
	best, allowed := "", min(max(1, len(word)/3), len(word)-1)
	for _, candidate := range slices.Sorted(candidates) {
		if strings.EqualFold(word, candidate) {
			return candidate
		}
		if d := distance(word, candidate); d <= allowed {
			best, allowed = candidate, d-1
		}
	}
	return best
}

// distance is how many letters have to be added, dropped or changed to turn one word into the other, or two
// neighbours swapped (optimal string alignment).
func distance(from, to string) int {
	a, b := []rune(from), []rune(to)
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range b {
		rows[0][j+1] = j + 1
	}
	for i := range a {
		for j := range b {
			change := rows[i][j]
			if a[i] != b[j] {
				change++
			}
			cost := min(change, rows[i][j+1]+1, rows[i+1][j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				cost = min(cost, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = cost
		}
	}
	return rows[len(a)][len(b)]
}
