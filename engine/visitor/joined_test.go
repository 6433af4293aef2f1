package visitor

import (
	"fmt"
	"slices"
	"testing"
)

func TestARecordKnowsTheIDsThatJoinedIt(t *testing.T) {
	ada := New("u:ada")
	ada.Join("a:phone", nil)
	ada.Join("a:phone", New("a:phone"))
	ada.Join("u:ada", nil)
	old := New("u:ada-lovelace")
	old.Join("a:laptop", nil)
	old.Join("a:phone", nil)
	ada.Join(old.ID, old)
	if want := []string{"a:phone", "a:laptop", "u:ada-lovelace"}; !slices.Equal(ada.Joined, want) {
		t.Errorf("joined are %q, want %q", ada.Joined, want)
	}
	shared := ada.Clone()
	for n := range MaxJoined {
		ada.Join(fmt.Sprintf("a:browser-%d", n), nil)
	}
	if len(ada.Joined) != MaxJoined || ada.Joined[0] != "a:browser-0" {
		t.Errorf("%d joined, the first %q", len(ada.Joined), ada.Joined[0])
	}
	if len(shared.Joined) != 3 {
		t.Errorf("a copy became %q", shared.Joined)
	}
}
