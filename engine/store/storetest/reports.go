package storetest

import (
	"errors"
	"slices"
	"time"

	"handbill/engine/store"
	"handbill/engine/visitor"
)

func appliedChange(f *fixture) {
	outcome := f.apply(report(ada, store.MetricOpened, 1, november))[0]
	if !outcome.Counted || outcome.Record == nil {
		f.Fatalf("outcome %+v", outcome)
	}
	for _, r := range []*visitor.Record{outcome.Record, f.load(ada)} {
		if r == nil || r.ID != ada.Visitor || r.Messages[sale] == nil || r.Messages[sale].Opened != 1 || !r.FirstSeen.Equal(november) {
			f.Errorf("record %+v", r)
		}
	}
}

func reportsCountOnce(f *fixture) {
	// The dismissal overtakes the opening; everything is sent three times.
	for range 3 {
		for _, metric := range []store.Metric{store.MetricDismissed, store.MetricOpened, store.MetricError, store.MetricClicked} {
			f.apply(report(ada, metric, 7, november))
		}
	}
	f.apply(report(ada, store.MetricOpened, 8, november.Add(time.Hour)))
	want := map[store.Metric]int64{store.MetricOpened: 2, store.MetricClicked: 1, store.MetricDismissed: 1, store.MetricError: 1}
	got := f.statistics("shop")[sale]
	for metric, n := range want {
		if got[metric] != n {
			f.Errorf("%s is counted %d times, want %d", metric, got[metric], n)
		}
	}
	state := f.load(ada).Messages[sale]
	if state.Opened != 2 || state.Clicked != 1 || state.Errors != 1 || !state.Dismissed.Equal(november) ||
		!state.FirstOpened.Equal(november) || !state.LastOpened.Equal(november.Add(time.Hour)) {
		f.Errorf("state %+v", state)
	}
}

func allOrNone(f *fixture) {
	impossible := store.Mutation{Key: grace, Change: visitor.Change{Kind: visitor.Identified, At: november, Traits: map[string]any{"cart": make(chan int)}}}
	if _, err := f.Apply(f.Context(), []store.Mutation{report(ada, store.MetricOpened, 1, november), impossible}); !errors.Is(err, visitor.ErrTraits) {
		f.Errorf("error %v", err)
	}
	if f.load(ada) != nil || f.load(grace) != nil || len(f.statistics("shop")) != 0 {
		f.Error("a part of the call was kept")
	}
	if outcomes, err := f.Apply(f.Context(), nil); err != nil || len(outcomes) != 0 {
		f.Errorf("no changes: %v, %v", outcomes, err)
	}
}

func severalChanges(f *fixture) {
	outcomes := f.apply(
		report(ada, store.MetricOpened, 1, november),
		report(ada, store.MetricOpened, 1, november),
		report(ada, store.MetricDismissed, 1, november.Add(time.Second)),
	)
	if counted := []bool{outcomes[0].Counted, outcomes[1].Counted, outcomes[2].Counted}; !slices.Equal(counted, []bool{true, false, true}) {
		f.Errorf("counted %v", counted)
	}
	if state := f.load(ada).Messages[sale]; state.Opened != 1 || state.Dismissed.IsZero() {
		f.Errorf("state %+v", state)
	}
}

func testSend(f *fixture) {
	until := november.Add(24 * time.Hour)
	f.apply(store.Mutation{Key: grace, Change: visitor.Change{Kind: visitor.TestQueued, Message: sale, At: november, Until: until}})
	r := f.load(grace)
	if r == nil || len(r.Tests) != 1 || r.Tests[0].Message != sale || !r.Tests[0].Until.Equal(until) || !r.FirstSeen.IsZero() {
		f.Fatalf("record %+v", r)
	}
	shown := report(grace, "", 5, november)
	shown.Change.Kind, shown.Change.Test = visitor.Opened, true
	f.apply(shown)
	if r := f.load(grace); len(r.Tests) != 1 || r.Tests[0].Shown != 5 || r.Messages[sale] != nil {
		f.Errorf("shown: %+v", r)
	}
	shown.Change.Kind = visitor.Dismissed
	f.apply(shown)
	if r := f.load(grace); len(r.Tests) != 0 || r.Messages[sale] != nil {
		f.Errorf("dismissed: %+v", r)
	}
	if got := f.statistics("shop"); len(got) != 0 {
		f.Errorf("a test was counted: %v", got)
	}
}

func workspaces(f *fixture) {
	elsewhere := store.Key{Workspace: "docs", Visitor: ada.Visitor}
	f.apply(report(ada, store.MetricOpened, 1, november))
	f.identify(elsewhere, november, map[string]any{"email": address})
	if r := f.load(elsewhere); r.Messages[sale] != nil {
		f.Error("a message was remembered in another workspace")
	}
	if f.find(address) != "" {
		f.Error("an address was found in another workspace")
	}
	if got := f.statistics("docs"); len(got) != 0 {
		f.Errorf("statistics of another workspace: %v", got)
	}
	if got := f.statistics("sho"); len(got) != 0 {
		f.Errorf("statistics of a workspace whose name begins the same: %v", got)
	}
}
