package pagerule

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Whatever comes, goes, moves and changes, an index that is updated finds what asking every set finds.
func TestAnUpdatedIndexFindsWhatAskingEverySetFinds(t *testing.T) {
	for seed := range 6 {
		random := rand.New(rand.NewPCG(uint64(seed), 7))
		count := []int{0, 3, 12, 100, 200, 400}[seed]
		spare := likeLife(t, random, count+400)
		pages := pagesLikeLife(t, random, count+400, 100)
		sets := slices.Clone(spare[:count])
		spare = spare[count:]
		index := BuildIndex(sets)
		for round := range 20 {
			var from []int
			sets, from = edit(random, sets, &spare)
			index = index.Update(sets, from)
			for _, page := range pages {
				if got, want := index.Match(page, nil), linear(sets, page, nil); !slices.Equal(got, want) {
					t.Fatalf("seed %d, round %d: on %s it finds %v, want %v", seed, round, page, got, want)
				}
			}
		}
	}
}

// edit takes sets away, adds some, and changes their order a little.
func edit(random *rand.Rand, sets []Set, spare *[]Set) (edited []Set, from []int) {
	for i, set := range sets {
		if random.IntN(50) > 0 {
			edited, from = append(edited, set), append(from, i)
		}
		if random.IntN(80) == 0 && len(*spare) > 0 {
			edited, from = append(edited, (*spare)[0]), append(from, -1)
			*spare = (*spare)[1:]
		}
	}
	if len(edited) > 1 {
		i, j := random.IntN(len(edited)), random.IntN(len(edited))
		edited[i], edited[j] = edited[j], edited[i]
		from[i], from[j] = from[j], from[i]
	}
	return edited, from
}

func TestAnIndexStaysAsItIsWhenItIsUpdated(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	sets := likeLife(t, random, 100)
	pages := pagesLikeLife(t, random, 100, 100)
	index := BuildIndex(sets)
	index.Update(sets[:50], slices.Repeat([]int{-1}, 50))
	index.Update(sets[50:60], []int{50, 51, 52, 53, 54, 55, 56, 57, 58, 59})
	for _, page := range pages {
		if got, want := index.Match(page, nil), linear(sets, page, nil); !slices.Equal(got, want) {
			t.Fatalf("on %s it finds %v, want %v", page, got, want)
		}
	}
}

func BenchmarkUpdateIndex(b *testing.B) {
	const count = 10_000
	sets := likeLife(b, rand.New(rand.NewPCG(5, 0)), count+1)
	index := BuildIndex(sets[:count])
	from := make([]int, count)
	for i := range from {
		from[i] = i
	}
	edited := slices.Clone(sets[:count])
	edited[count/2], from[count/2] = sets[count], -1
	b.ReportAllocs()
	for b.Loop() {
		index.Update(edited, from)
	}
}
