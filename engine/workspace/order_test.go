package workspace

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestTheOrderIsThatOfAStableSort(t *testing.T) {
	starts := []time.Time{
		{}, time.Date(2026, 12, 1, 9, 0, 0, 0, time.FixedZone("", 3600)), time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC),
		time.Date(2026, 12, 1, 8, 0, 0, 1, time.UTC), time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		messages := make([]*Message, random.IntN(200))
		for i := range messages {
			messages[i] = &Message{ID: fmt.Sprint("m-", i), Priority: random.IntN(5) - 2, Start: starts[random.IntN(len(starts))]}
		}
		want := slices.Clone(messages)
		slices.SortStableFunc(want, func(a, b *Message) int {
			return cmp.Or(cmp.Compare(a.Priority, b.Priority), a.Start.Compare(b.Start))
		})
		if sortMessages(messages); !slices.Equal(messages, want) {
			t.Fatalf("%d messages come in another order", len(messages))
		}
	}
}
