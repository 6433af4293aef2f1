package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// applying counts the changes that somebody waits for.
type applying struct {
	store.Store
	changes int
}

func (s *applying) Apply(ctx context.Context, mutations []store.Mutation) ([]store.Outcome, error) {
	s.changes += len(mutations)
	return s.Store.Apply(ctx, mutations)
}

// manyCampaigns is a workspace of more campaigns than a record has room for, of which the last three may appear on /sale.
func manyCampaigns(keys string) string {
	const n = 3 * visitor.MaxCampaigns
	var text strings.Builder
	for i := range n {
		pages := fmt.Sprintf("/section-%d/*", i)
		if i >= n-3 {
			pages = "/sale"
		}
		fmt.Fprintf(&text, "[[messages]]\nid = \"c-%d\"\nkind = \"campaign\"\npages = [%q]\nfrequency = \"once\"\ntext = \"Hello\"\n%s\n", i, pages, keys)
	}
	return text.String()
}

func campaignEdge(t *testing.T, text string) (*edge, *applying) {
	t.Helper()
	memory := &applying{Store: store.NewMemory()}
	t.Cleanup(func() { _ = memory.Close() })
	return newEdgeOn(t, memory, text), memory
}

const sales = "https://shop.example.com/sale"

var lastCampaigns = []string{
	fmt.Sprint("c-", 3*visitor.MaxCampaigns-3), fmt.Sprint("c-", 3*visitor.MaxCampaigns-2), fmt.Sprint("c-", 3*visitor.MaxCampaigns-1),
}

// visits asks for the page of the sale in a visit, and lets what comes be seen.
func (e *edge) visits(visit, view string, want ...string) {
	e.t.Helper()
	answer, err := e.Poll(context.Background(), engine.PollRequest{Identity: adaKnown, Page: page(e.t, sales, ""), Tab: "tab", View: view, Visit: visit})
	if err != nil {
		e.t.Fatal(err)
	}
	if got := ids(answer); strings.Join(got, " ") != strings.Join(want, " ") {
		e.t.Errorf("%s, %s: due are %v, want %v", visit, view, got, want)
	}
	e.openAll(adaKnown, answer, visit)
}

func TestAVisitStartsMoreCampaignsThanARecordHasRoomForOnce(t *testing.T) {
	e, memory := campaignEdge(t, manyCampaigns(`trigger = { visit = "any" }`))
	e.identified(adaKnown, nil)
	memory.changes = 0
	e.visits("visit-1", "view-1", lastCampaigns...)
	if most := visitor.MaxCampaigns + 10; memory.changes > most {
		t.Errorf("the first poll and its reports made %d changes, at most %d have room", memory.changes, most)
	}
	e.visits("visit-1", "view-1", lastCampaigns...) // they are on screen
	memory.changes = 0
	for i := range 10 {
		e.now = e.now.Add(time.Minute)
		e.visits("visit-1", fmt.Sprint("view-", i+2))
	}
	e.now = e.now.Add(48 * time.Hour)
	e.visits("visit-2", "view-20")
	if memory.changes > 3 { // what was seen makes room for as many
		t.Errorf("pages on which nothing is new made %d changes", memory.changes)
	}
	for _, campaign := range lastCampaigns {
		if got := statisticsOf(t, e, campaign); got.Started != 1 || got.Opened != 1 {
			t.Errorf("%s counts %+v", campaign, got)
		}
	}
}

func TestVisitsStartCampaignsWithoutRoomAgainWhenTheyMay(t *testing.T) {
	e, memory := campaignEdge(t, manyCampaigns(`trigger = { visit = "any", reentry = "1d" }`))
	e.identified(adaKnown, nil)
	e.visits("visit-1", "view-1", lastCampaigns...)
	e.now = november.Add(2 * time.Hour)
	e.visits("visit-2", "view-2")
	e.now = november.Add(25 * time.Hour)
	e.visits("visit-3", "view-3", lastCampaigns...)
	e.visits("visit-3", "view-3", lastCampaigns...)
	memory.changes = 0
	for i := range 5 {
		e.now = e.now.Add(time.Minute)
		e.visits("visit-3", fmt.Sprint("view-", i+4))
	}
	if memory.changes > 0 {
		t.Errorf("pages on which nothing is new made %d changes", memory.changes)
	}
}

func TestAVisitThatBeganTooEarlyStartsNothingAgainAndWritesNothing(t *testing.T) {
	e, memory := campaignEdge(t, "[[messages]]\nid = \"tips\"\nkind = \"campaign\"\ntrigger = { visit = \"any\", reentry = \"1h\" }\npages = [\"*\"]\nfrequency = \"once\"\ntext = \"Tips\"\n")
	e.identified(adaKnown, nil)
	e.visits("visit-1", "view-1", "tips")
	e.now = november.Add(59 * time.Minute)
	e.visits("visit-2", "view-2")
	e.now = november.Add(70 * time.Minute)
	memory.changes = 0
	for i := range 5 {
		e.visits("visit-2", fmt.Sprint("view-", i+3))
	}
	if memory.changes > 0 {
		t.Errorf("pages of a visit that began before the campaign may start again made %d changes", memory.changes)
	}
	e.now = november.Add(3 * time.Hour)
	e.visits("visit-3", "view-20", "tips")
}

func TestAnEventStartsACampaignThatMadeRoomOnce(t *testing.T) {
	var text strings.Builder
	for i := range visitor.MaxCampaigns + 1 {
		fmt.Fprintf(&text, "[[messages]]\nid = \"c-%d\"\nkind = \"campaign\"\ntrigger = { event = \"event-%d\" }\nexit = 'traits.plan == \"paid\"'\npages = [\"/c-%d\"]\nfrequency = \"once\"\ntext = \"Hello\"\n", i, i, i)
	}
	e, _ := campaignEdge(t, text.String())
	e.identified(adaKnown, nil)
	for i := range visitor.MaxCampaigns + 1 {
		e.happens(adaKnown, fmt.Sprint("event-", i), nil)
		e.now = e.now.Add(time.Second)
	}
	first := "https://shop.example.com/c-0"
	e.report(adaKnown, engine.OutcomeOpened, e.shows(adaKnown, first, "view-1", "c-0").Deliveries[0].ID)
	e.happens(adaKnown, "event-0", nil)
	e.shows(adaKnown, first, "view-2")
	if got := statisticsOf(t, e, "c-0"); got.Started != 1 {
		t.Errorf("it counts %+v", got)
	}
	e.expectReason("ada", first, "c-0", engine.ReasonLifetime, "")
	e.identified(adaKnown, map[string]any{"plan": "paid"})
	e.identified(adaKnown, map[string]any{"plan": "free"})
	e.expectReason("ada", first, "c-0", engine.ReasonExited, "left at")
}
