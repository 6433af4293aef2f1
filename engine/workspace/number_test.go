package workspace

import (
	"fmt"
	"testing"
)

func TestEveryMessageHasANumberOfItsOwn(t *testing.T) {
	var ids []string
	for i := range 200_000 {
		ids = append(ids, fmt.Sprintf("message-%06d", i))
	}
	var n numbers
	n.make(ids)
	for _, id := range ids {
		if number := n.of[id]; number < 1 || number > mostNumber || n.ids[number] != id {
			t.Fatalf("%s has the number %d, which is that of %q", id, number, n.ids[number])
		}
	}
	if len(n.ids) != len(ids) {
		t.Errorf("%d numbers for %d messages", len(n.ids), len(ids))
	}
	s := good(t, "a.toml", banner+modal+"text = \"A\"\n")
	one := good(t, "a.toml", banner)
	if sale := s.Message("spring-sale"); s.Numbered(s.Number(sale)) != sale || s.Number(sale) != one.Number(one.Message("spring-sale")) || s.Numbered(7) != nil {
		t.Errorf("spring-sale has the number %d, alone %d", s.Number(sale), one.Number(one.Message("spring-sale")))
	}
}
