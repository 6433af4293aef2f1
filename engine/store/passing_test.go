package store

import (
	"fmt"
	"testing"
	"time"

	"handbill/engine/visitor"
)

func TestNothingIsWrittenAboutPassingVisitors(t *testing.T) {
	inner := NewMemory()
	defer inner.Close()
	p := WithPassing(inner)
	at := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	passing := Key{"shop", "a:" + visitor.PassingPrefix + "view-1"}
	lasting := Key{"shop", "u:ada"}
	closed := visitor.Change{Kind: visitor.Dismissed, Message: "sale", Delivery: 7, At: at}
	outcomes, err := p.Apply(t.Context(), []Mutation{
		{Key: passing, Change: closed, Metric: MetricDismissed},
		{Key: lasting, Change: closed, Metric: MetricDismissed},
		{Key: passing, Change: closed, Metric: MetricDismissed},
	})
	if err != nil || !outcomes[0].Counted || !outcomes[1].Counted || outcomes[2].Counted {
		t.Fatalf("the outcomes are %+v, error %v", outcomes, err)
	}
	if record, err := p.Load(t.Context(), passing); err != nil || record.Messages["sale"] == nil || record.Messages["sale"].Dismissed.IsZero() {
		t.Errorf("while the page is open, %+v is known, error %v", record, err)
	}
	if record, err := inner.Load(t.Context(), passing); err != nil || record != nil {
		t.Errorf("%+v was written, error %v", record, err)
	}
	if record, err := inner.Load(t.Context(), lasting); err != nil || record == nil {
		t.Errorf("of another visitor %+v was written, error %v", record, err)
	}
	if counts, err := inner.Statistics(t.Context(), "shop"); err != nil || counts["sale"][MetricDismissed] != 2 {
		t.Errorf("counted %v, error %v", counts, err)
	}
	merged, err := p.Merge(t.Context(), "shop", passing.Visitor, "u:grace", visitor.Change{Kind: visitor.Identified, At: at, Level: visitor.LevelIdentified})
	if err != nil || merged == nil || len(merged.Messages) != 0 {
		t.Errorf("identifying made %+v, error %v", merged, err)
	}
}

func TestPassingVisitorsAreHeldInBoundedRoom(t *testing.T) {
	inner := NewMemory()
	defer inner.Close()
	p := WithPassing(inner)
	for i := range passingRecords + 10 {
		p.Note(Mutation{
			Key:    Key{"shop", fmt.Sprintf("a:%s%d", visitor.PassingPrefix, i)},
			Change: visitor.Change{Kind: visitor.Dismissed, Message: "sale", Delivery: 7, At: time.Unix(1, 0)},
		})
	}
	if len(p.records) != passingRecords || len(p.order) != passingRecords {
		t.Errorf("%d are held", len(p.records))
	}
}
