// Package storetest is the conformance suite of package store: what every implementation must do, whatever it keeps its
// records in. An implementation's test calls [Run].
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"handbill/engine/store"
	"handbill/engine/visitor"
)

// Subject is an implementation under test.
type Subject struct {
	// Open makes an empty store. The suite closes it.
	Open func(t *testing.T) store.Store
	// Reopen closes a store that Open or Reopen made, and opens it again with what it kept. Nil: it keeps nothing.
	Reopen func(t *testing.T, s store.Store) store.Store
}

// Run tests an implementation.
func Run(t *testing.T, subject Subject) {
	for _, c := range []struct {
		name string
		test func(*fixture)
	}{
		{"nothing is remembered of a stranger", stranger},
		{"an applied change is seen at once", appliedChange},
		{"each report counts once, in any order", reportsCountOnce},
		{"all changes of one call are made or none", allOrNone},
		{"one call may change a visitor several times", severalChanges},
		{"a page view that is noted is seen at once", notedView},
		{"events count once, also when they are sent again", trackedEvents},
		{"groups are remembered", groups},
		{"what lies in the inbox is remembered, each message once", inbox},
		{"merging joins inboxes", mergeInboxes},
		{"merging joins visits, groups and events", mergePast},
		{"what cannot be noted is left out alone", notedWrongly},
		{"a test send waits for an unknown visitor", testSend},
		{"workspaces are strangers to each other", workspaces},
		{"a lease is granted to one tab", lease},
		{"two tabs that ask at once: one is granted", twoTabs},
		{"a lease lapses", leaseLapses},
		{"merging joins an anonymous visitor into a person", merge},
		{"merging the same again changes nothing", mergeAgain},
		{"merging with nothing to join identifies", mergeNothing},
		{"traits that do not fit are refused", traitsRefused},
		{"a visitor is found by e-mail address", findByEmail},
		{"a changed e-mail address moves", emailMoves},
		{"an e-mail address of several visitors finds the last seen", emailShared},
		{"only e-mail addresses can be searched", findOther},
		{"counts add up", counts},
		{"a secret stays the same", secret},
		{"merging remembers which ids joined", joining},
		{"who is to be forgotten is forgotten, and nobody else", forgetting},
		{"sweeping forgets who was not here lately", sweep},
		{"names that cannot be keys are refused", badNames},
		{"many at once lose nothing", manyAtOnce},
		{"records that were returned never change", immutable},
		{"a closed store says so", closed},
		{"a context that has ended writes nothing", endedContext},
		{"what was acknowledged is there after reopening", reopening},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fixture{T: t, Subject: subject, Store: subject.Open(t)}
			t.Cleanup(func() { _ = f.Close() })
			c.test(f)
		})
	}
}

// november is when the suite's visitors come by.
var november = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

const (
	sale    = "spring-sale"
	address = "Ada@Example.com"
)

var (
	browser = store.Key{Workspace: "shop", Visitor: "a:browser-of-ada"}
	ada     = store.Key{Workspace: "shop", Visitor: "u:ada"}
	grace   = store.Key{Workspace: "shop", Visitor: "u:grace"}
)

type fixture struct {
	*testing.T
	Subject
	store.Store
}

func (f *fixture) load(key store.Key) *visitor.Record {
	f.Helper()
	r, err := f.Load(f.Context(), key)
	if err != nil {
		f.Fatalf("Load %s: %v", key.Visitor, err)
	}
	return r
}

func (f *fixture) apply(mutations ...store.Mutation) []store.Outcome {
	f.Helper()
	outcomes, err := f.Apply(f.Context(), mutations)
	if err != nil {
		f.Fatalf("Apply: %v", err)
	}
	if len(outcomes) != len(mutations) {
		f.Fatalf("%d mutations have %d outcomes", len(mutations), len(outcomes))
	}
	return outcomes
}

func (f *fixture) identify(key store.Key, at time.Time, traits map[string]any) *visitor.Record {
	f.Helper()
	r, err := f.Merge(f.Context(), key.Workspace, "", key.Visitor, visitor.Change{Kind: visitor.Identified, At: at, Traits: traits})
	if err != nil {
		f.Fatalf("Merge: %v", err)
	}
	return r
}

func (f *fixture) find(value string) string {
	f.Helper()
	id, err := f.Find(f.Context(), "shop", "email", value)
	if err != nil {
		f.Fatalf("Find %q: %v", value, err)
	}
	return id
}

func (f *fixture) statistics(workspace string) map[string]map[store.Metric]int64 {
	f.Helper()
	statistics, err := f.Statistics(f.Context(), workspace)
	if err != nil {
		f.Fatalf("Statistics: %v", err)
	}
	return statistics
}

var kinds = map[store.Metric]visitor.ChangeKind{
	store.MetricOpened: visitor.Opened, store.MetricClicked: visitor.Clicked,
	store.MetricDismissed: visitor.Dismissed, store.MetricError: visitor.Failed,
}

// report is what a browser says of a delivery of the sale.
func report(key store.Key, metric store.Metric, delivery uint64, at time.Time) store.Mutation {
	return store.Mutation{Key: key, Metric: metric, Change: visitor.Change{Kind: kinds[metric], Message: sale, Delivery: delivery, At: at}}
}

func stranger(f *fixture) {
	if r := f.load(ada); r != nil {
		f.Errorf("a stranger has the record %+v", r)
	}
	if got := f.statistics("shop"); len(got) != 0 {
		f.Errorf("an empty store has the statistics %v", got)
	}
}

func counts(f *fixture) {
	f.Count("shop", sale, store.MetricDelivered, 2)
	f.apply(report(ada, store.MetricOpened, 1, november))
	f.Count("shop", sale, store.MetricDelivered, 1)
	f.Count("shop", "welcome", store.MetricDelivered, 5)
	got := f.statistics("shop")
	if got[sale][store.MetricDelivered] != 3 || got[sale][store.MetricOpened] != 1 || got["welcome"][store.MetricDelivered] != 5 {
		f.Errorf("statistics %v", got)
	}
}

func secret(f *fixture) {
	first, err := f.Secret(f.Context(), "delivery")
	if err != nil || len(first) != 32 {
		f.Fatalf("secret of %d bytes, error %v", len(first), err)
	}
	again, err := f.Secret(f.Context(), "delivery")
	if err != nil || !slices.Equal(first, again) {
		f.Errorf("asked again, it is another one, error %v", err)
	}
	other, err := f.Secret(f.Context(), "consent")
	if err != nil || slices.Equal(first, other) {
		f.Errorf("another name has the same secret, error %v", err)
	}
	again[0]++
	if now, _ := f.Secret(f.Context(), "delivery"); !slices.Equal(first, now) {
		f.Error("changing what was returned changed the secret")
	}
}

func sweep(f *fixture) {
	old := november.AddDate(-2, 0, 0)
	f.apply(report(ada, store.MetricOpened, 1, old))
	f.identify(grace, november, map[string]any{"email": "grace@example.com"})
	f.identify(store.Key{Workspace: "docs", Visitor: "u:linus"}, old, nil)
	waiting := store.Key{Workspace: "shop", Visitor: "u:margaret"}
	f.apply(store.Mutation{Key: waiting, Change: visitor.Change{Kind: visitor.TestQueued, Message: sale, At: november, Until: november.Add(24 * time.Hour)}})
	forgotten := store.Key{Workspace: "shop", Visitor: "u:alan"}
	f.identify(forgotten, old, map[string]any{"email": "alan@example.com"})

	removed, err := f.Sweep(f.Context(), november.AddDate(-1, 0, 0))
	if err != nil || removed != 3 {
		f.Errorf("removed %d, error %v", removed, err)
	}
	for _, key := range []store.Key{ada, {Workspace: "docs", Visitor: "u:linus"}, forgotten} {
		if f.load(key) != nil {
			f.Errorf("%s is still remembered", key.Visitor)
		}
	}
	if f.load(grace) == nil || f.load(waiting) == nil {
		f.Error("somebody who was here lately, or is waited for, was forgotten")
	}
	if f.find("alan@example.com") != "" || f.find("grace@example.com") != grace.Visitor {
		f.Error("addresses do not fit who is remembered")
	}
	if got := f.statistics("shop")[sale][store.MetricOpened]; got != 1 {
		f.Errorf("sweeping changed the statistics: opened %d", got)
	}
}

func badNames(f *fixture) {
	long := string(make([]byte, 2000))
	for name, key := range map[string]store.Key{
		"no workspace":               {Visitor: "u:ada"},
		"a zero byte in a workspace": {Workspace: "sh\x00op", Visitor: "u:ada"},
		"no visitor":                 {Workspace: "shop"},
		"a long visitor":             {Workspace: "shop", Visitor: long},
		"a long workspace":           {Workspace: long, Visitor: "u:ada"},
	} {
		if _, err := f.Load(f.Context(), key); err == nil {
			f.Errorf("Load takes %s", name)
		}
		if _, err := f.Apply(f.Context(), []store.Mutation{report(key, store.MetricOpened, 1, november)}); err == nil {
			f.Errorf("Apply takes %s", name)
		}
		if _, _, err := f.Claim(f.Context(), store.Claim{Key: key, Message: sale, Tab: "t", TTL: time.Minute, At: november}); err == nil {
			f.Errorf("Claim takes %s", name)
		}
		if _, err := f.Merge(f.Context(), key.Workspace, "a:x", key.Visitor, visitor.Change{Kind: visitor.Identified, At: november}); err == nil {
			f.Errorf("Merge takes %s", name)
		}
	}
	strange := store.Key{Workspace: "shop", Visitor: "u:\xff\x00weird \U0001F986"}
	f.apply(report(strange, store.MetricOpened, 1, november))
	if r := f.load(strange); r == nil || r.ID != strange.Visitor {
		f.Errorf("an id of arbitrary bytes is kept as %+v", r)
	}
	mutation := report(ada, store.MetricOpened, 1, november)
	mutation.Change.Message = long
	if _, err := f.Apply(f.Context(), []store.Mutation{mutation}); err == nil {
		f.Error("Apply takes a long message id")
	}
}

func manyAtOnce(f *fixture) {
	const visitors, each = 16, 25
	var all sync.WaitGroup
	for v := range visitors {
		all.Go(func() {
			key := store.Key{Workspace: "shop", Visitor: fmt.Sprintf("a:browser-%d", v%4)}
			for i := range each {
				delivery := uint64(v*each + i + 1)
				outcomes, err := f.Apply(f.Context(), []store.Mutation{report(key, store.MetricOpened, delivery, november)})
				if err != nil || !outcomes[0].Counted {
					f.Errorf("delivery %d: %v, error %v", delivery, outcomes, err)
				}
				f.Count("shop", sale, store.MetricDelivered, 1)
			}
		})
	}
	all.Wait()
	got := f.statistics("shop")[sale]
	if got[store.MetricOpened] != visitors*each || got[store.MetricDelivered] != visitors*each {
		f.Errorf("statistics %v, want %d each", got, visitors*each)
	}
	sum := 0
	for v := range 4 {
		sum += f.load(store.Key{Workspace: "shop", Visitor: fmt.Sprintf("a:browser-%d", v)}).Messages[sale].Opened
	}
	if sum != visitors*each {
		f.Errorf("records have %d openings, want %d", sum, visitors*each)
	}
}

func immutable(f *fixture) {
	f.identify(ada, november, map[string]any{"plan": "trial"})
	first := f.apply(report(ada, store.MetricOpened, 1, november))[0].Record
	f.apply(report(ada, store.MetricOpened, 2, november.Add(time.Minute)))
	f.identify(ada, november, map[string]any{"plan": "team"})
	if first.Messages[sale].Opened != 1 || len(first.Messages[sale].Recent) != 1 || first.Traits["plan"] != "trial" {
		f.Errorf("a record that was returned has become %+v", first)
	}
	traits := map[string]any{"seats": []any{1.0}}
	f.identify(ada, november, traits)
	traits["seats"].([]any)[0] = 2.0
	if got := f.load(ada).Traits["seats"].([]any)[0]; got != 1.0 {
		f.Errorf("changing what was given changed what is kept: %v", got)
	}
}

func closed(f *fixture) {
	if err := f.Close(); err != nil {
		f.Fatal(err)
	}
	ctx := f.Context()
	_, load := f.Load(ctx, ada)
	_, apply := f.Apply(ctx, []store.Mutation{report(ada, store.MetricOpened, 1, november)})
	_, _, claim := f.Claim(ctx, store.Claim{Key: ada, Message: sale, Tab: "t", TTL: time.Minute, At: november})
	release := f.Release(ctx, ada, sale)
	_, merge := f.Merge(ctx, "shop", "", ada.Visitor, visitor.Change{Kind: visitor.Identified, At: november})
	_, find := f.Find(ctx, "shop", "email", address)
	_, statistics := f.Statistics(ctx, "shop")
	_, secret := f.Secret(ctx, "delivery")
	_, all := f.FindAll(ctx, "shop", "email", address)
	_, forget := f.Forget(ctx, []store.Key{ada}, nil)
	_, sweep := f.Sweep(ctx, november)
	f.Count("shop", sale, store.MetricDelivered, 1)
	f.Note(look(ada, 1, 1, november))
	for name, err := range map[string]error{
		"Load": load, "Apply": apply, "Claim": claim, "Release": release, "Merge": merge,
		"Find": find, "Statistics": statistics, "Secret": secret, "Sweep": sweep, "FindAll": all, "Forget": forget,
	} {
		if !errors.Is(err, store.ErrClosed) {
			f.Errorf("%s on a closed store: %v", name, err)
		}
	}
	if err := f.Close(); err != nil {
		f.Errorf("closing again: %v", err)
	}
}

func endedContext(f *fixture) {
	ended, end := context.WithCancel(f.Context())
	end()
	if _, err := f.Apply(ended, []store.Mutation{report(ada, store.MetricOpened, 1, november)}); !errors.Is(err, context.Canceled) {
		f.Errorf("Apply: %v", err)
	}
	if _, err := f.Merge(ended, "shop", "", ada.Visitor, visitor.Change{Kind: visitor.Identified, At: november}); !errors.Is(err, context.Canceled) {
		f.Errorf("Merge: %v", err)
	}
	if r := f.load(ada); r != nil {
		f.Errorf("something was written: %+v", r)
	}
}

func reopening(f *fixture) {
	if f.Reopen == nil {
		return
	}
	f.apply(report(ada, store.MetricDismissed, 1, november))
	f.identify(grace, november, map[string]any{"email": address, "seats": 12, "tags": []any{"early", nil, true}})
	f.Count("shop", sale, store.MetricDelivered, 3)
	f.Note(look(grace, 1, 1, november), look(browser, 2, 1, november))
	f.apply(event(grace, 1, november))
	f.Note(look(grace, 1, 2, november.Add(time.Minute)))
	secret, err := f.Secret(f.Context(), "delivery")
	if err != nil {
		f.Fatal(err)
	}
	f.Store = f.Reopen(f.T, f.Store)
	if r := f.load(ada); r == nil || !r.Messages[sale].Dismissed.Equal(november) {
		f.Errorf("the dismissal became %+v", r)
	}
	r := f.load(grace)
	if r == nil || r.Traits["seats"] != 12.0 || len(r.Traits["tags"].([]any)) != 3 || r.Verified != visitor.LevelIdentified {
		f.Errorf("the person became %+v", r)
	}
	if r.Visits.Count != 1 || r.Visits.PageViews != 2 || r.Events["signed_up"].Count != 1 || f.load(browser).Visits.PageViews != 1 {
		f.Errorf("visits became %+v, events %+v", r.Visits, r.Events)
	}
	if f.find(address) != grace.Visitor {
		f.Error("the address is not found")
	}
	got := f.statistics("shop")[sale]
	if got[store.MetricDelivered] != 3 || got[store.MetricDismissed] != 1 {
		f.Errorf("statistics %v", got)
	}
	if again, err := f.Secret(f.Context(), "delivery"); err != nil || !slices.Equal(secret, again) {
		f.Errorf("the secret is another one, error %v", err)
	}
	if outcome := f.apply(report(ada, store.MetricDismissed, 1, november))[0]; outcome.Counted {
		f.Error("a repeat counted")
	}
}
