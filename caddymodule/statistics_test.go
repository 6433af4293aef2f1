package caddymodule

import (
	"strings"
	"testing"

	"handbill/engine"
	"handbill/engine/experiment"
)

func TestTheTableOfAnExperimentHasARowForEachPart(t *testing.T) {
	control, short, held := experiment.Share(24, 225), experiment.Share(30, 225), experiment.Share(3, 50)
	whole := experiment.Share(54, 450)
	var table strings.Builder
	err := printStatistics(&table, []engine.MessageStatistics{{
		Message: "sale", Status: "live", HeldOut: 61,
		Counts: engine.Counts{Deliveries: 500, Opened: 480, Viewers: 450, Converted: 54, ConversionRate: whole, Difference: experiment.Difference(whole, held, "holdout")},
		Variants: []engine.VariantStatistics{
			{Variant: "control", Counts: engine.Counts{Deliveries: 250, Viewers: 225, Converted: 24, ConversionRate: control}},
			{Variant: "short", Counts: engine.Counts{Deliveries: 250, Viewers: 225, Converted: 30, ConversionRate: short, Difference: experiment.Difference(short, control, "control")}},
		},
		Holdout: &engine.HoldoutStatistics{Visitors: 50, Converted: 3, ConversionRate: held},
	}})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(table.String(), "\n")
	for i, want := range []string{
		"MESSAGE STATUS STARTED DELIVERIES OPENED CLICKED DISMISSED ERRORS VIEWERS CONVERTED SHADOW HELD OUT CONVERSION DIFFERENCE",
		"sale live 0 500 480 0 0 0 450 54 0 61 12.0 % (9.3 to 15.3) +6.0 (-4.6 to +11.2) from holdout",
		"control 250 0 0 0 0 225 24 10.7 % (7.3 to 15.4) -",
		"short 250 0 0 0 0 225 30 13.3 % (9.5 to 18.4) +2.7 (-3.4 to +8.8) from control",
		"holdout 50 3 61 6.0 % (2.1 to 16.2)",
	} {
		if got := strings.Join(strings.Fields(lines[i]), " "); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}
