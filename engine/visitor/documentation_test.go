package visitor

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestTheDocumentedBoundsAreReal reads the bounds that docs/state.md promises.
func TestTheDocumentedBoundsAreReal(t *testing.T) {
	data, err := os.ReadFile("../../docs/state.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(data)), " ")
	for _, promise := range []string{
		fmt.Sprintf("| traits of a visitor | %d, in %d bytes, %d levels deep |", MaxTraits, MaxTraitsSize, MaxTraitDepth),
		fmt.Sprintf("| properties of an event, traits of a group | %d, in %d bytes, %d levels deep |", MaxProperties, MaxPropertiesSize, MaxPropertyDepth),
		fmt.Sprintf("| a name inside them, in bytes | %d |", MaxTraitName),
		fmt.Sprintf("| an event's name, in bytes | %d |", MaxEventName),
		fmt.Sprintf("| a group's id, in bytes | %d |", MaxGroup),
		fmt.Sprintf("| names of events of a visitor | %d;", MaxEvents),
		fmt.Sprintf("| groups of a visitor | %d;", MaxGroups),
		fmt.Sprintf("when the last %d were, and how many on each of the last %d days; a number for each of the last %d events", RecentTimes, EventDays, RecentEvents),
		fmt.Sprintf("of the last %d: when they began", RecentVisits),
		fmt.Sprintf("each of the last %d loads of a page", RecentViews),
		fmt.Sprintf("cut to %d bytes", MaxAddress),
		fmt.Sprintf("every %d minutes that the visit goes on", int(VisitInterval.Minutes())),
		fmt.Sprintf("nothing was heard of the visitor for %d minutes", int(VisitPause.Minutes())),
	} {
		if !strings.Contains(text, promise) {
			t.Errorf("docs/state.md does not say %q", promise)
		}
	}
}
