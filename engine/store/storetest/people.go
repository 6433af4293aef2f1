package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"handbill/engine/store"
	"handbill/engine/visitor"
)

func (f *fixture) claim(tab string, at time.Time) (granted, fresh bool) {
	f.Helper()
	granted, fresh, err := f.Claim(f.Context(), store.Claim{Key: ada, Message: sale, Tab: tab, TTL: 30 * time.Second, At: at})
	if err != nil {
		f.Fatalf("Claim: %v", err)
	}
	return granted, fresh
}

func lease(f *fixture) {
	if granted, fresh := f.claim("first", november); !granted || !fresh {
		f.Errorf("the first tab: granted %t, fresh %t", granted, fresh)
	}
	if granted, fresh := f.claim("first", november.Add(time.Second)); !granted || fresh {
		f.Errorf("the same tab again: granted %t, fresh %t", granted, fresh)
	}
	if granted, fresh := f.claim("second", november.Add(time.Second)); granted || fresh {
		f.Errorf("another tab: granted %t, fresh %t", granted, fresh)
	}
	other := store.Claim{Key: grace, Message: sale, Tab: "second", TTL: time.Minute, At: november}
	if granted, _, err := f.Claim(f.Context(), other); err != nil || !granted {
		f.Errorf("another visitor: granted %t, error %v", granted, err)
	}
	other.Key, other.Message = ada, "welcome"
	if granted, _, err := f.Claim(f.Context(), other); err != nil || !granted {
		f.Errorf("another message: granted %t, error %v", granted, err)
	}
	if err := f.Release(f.Context(), ada, sale); err != nil {
		f.Fatal(err)
	}
	if granted, fresh := f.claim("second", november.Add(time.Second)); !granted || !fresh {
		f.Errorf("another tab after the release: granted %t, fresh %t", granted, fresh)
	}
	if err := f.Release(f.Context(), grace, "never-claimed"); err != nil {
		f.Errorf("releasing what nobody holds: %v", err)
	}
}

func twoTabs(f *fixture) {
	for round := range 50 {
		var granted atomic.Int32
		var tabs sync.WaitGroup
		for tab := range 8 {
			tabs.Go(func() {
				ok, _, err := f.Claim(f.Context(), store.Claim{
					Key: ada, Message: fmt.Sprintf("message-%d", round), Tab: fmt.Sprintf("tab-%d", tab), TTL: time.Minute, At: november,
				})
				if err != nil {
					f.Errorf("Claim: %v", err)
				}
				if ok {
					granted.Add(1)
				}
			})
		}
		tabs.Wait()
		if granted.Load() != 1 {
			f.Fatalf("round %d: %d tabs were granted the lease", round, granted.Load())
		}
	}
}

func leaseLapses(f *fixture) {
	f.claim("first", november)
	f.claim("first", november.Add(20*time.Second)) // renewed
	if granted, _ := f.claim("second", november.Add(40*time.Second)); granted {
		f.Error("a renewed lease lapsed early")
	}
	if granted, fresh := f.claim("second", november.Add(50*time.Second)); !granted || !fresh {
		f.Errorf("a lapsed lease: granted %t, fresh %t", granted, fresh)
	}
	if granted, _ := f.claim("first", november.Add(51*time.Second)); granted {
		f.Error("who held the lease before still holds it")
	}
}

func merge(f *fixture) {
	f.apply(report(browser, store.MetricOpened, 1, november), report(browser, store.MetricOpened, 2, november.Add(time.Minute)),
		report(browser, store.MetricDismissed, 2, november.Add(time.Minute)))
	f.apply(report(ada, store.MetricOpened, 3, november.Add(time.Hour)))
	f.identify(ada, november.Add(time.Hour), map[string]any{"plan": "trial", "seats": 3})
	merged, err := f.Merge(f.Context(), "shop", browser.Visitor, ada.Visitor,
		visitor.Change{Kind: visitor.Identified, At: november.Add(2 * time.Hour), Traits: map[string]any{"plan": "team", "email": address}})
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range []*visitor.Record{merged, f.load(ada)} {
		state := r.Messages[sale]
		if state == nil || state.Opened != 2 || !state.Dismissed.Equal(november.Add(time.Minute)) || len(state.Recent) != 3 {
			f.Errorf("state %+v", state)
		}
		if r.Traits["plan"] != "team" || r.Traits["seats"] != 3.0 || !r.FirstSeen.Equal(november) || r.Verified != visitor.LevelIdentified {
			f.Errorf("record %+v", r)
		}
	}
	if r := f.load(browser); r == nil || r.Messages[sale].Opened != 2 {
		f.Errorf("the anonymous visitor's record became %+v", r)
	}
	if f.find(address) != ada.Visitor {
		f.Error("the address is not found")
	}
	if outcome := f.apply(report(ada, store.MetricDismissed, 2, november.Add(3*time.Hour)))[0]; outcome.Counted {
		f.Error("a report of the anonymous visitor's delivery counted again for the person")
	}
}

func mergeAgain(f *fixture) {
	for delivery := range uint64(12) {
		f.apply(report(browser, store.MetricOpened, delivery+1, november.Add(time.Duration(delivery)*time.Minute)))
		f.apply(report(ada, store.MetricOpened, delivery+101, november.Add(time.Duration(delivery)*time.Second)))
	}
	var before *visitor.Record
	for round := range 3 {
		r, err := f.Merge(f.Context(), "shop", browser.Visitor, ada.Visitor,
			visitor.Change{Kind: visitor.Identified, At: november.Add(13 * time.Minute), Traits: map[string]any{"plan": "team"}})
		if err != nil {
			f.Fatal(err)
		}
		if round > 0 && !reflect.DeepEqual(before, r) {
			f.Errorf("merge %d changed\n%+v\nto\n%+v", round+1, before, r)
		}
		before = r
	}
	if stored := f.load(ada); !reflect.DeepEqual(stored, before) {
		f.Errorf("stored is\n%+v\nreturned was\n%+v", stored, before)
	}
}

func mergeNothing(f *fixture) {
	r := f.identify(ada, november, nil)
	if r == nil || r.ID != ada.Visitor || r.Verified != visitor.LevelIdentified || !r.LastSeen.Equal(november) {
		f.Errorf("record %+v", r)
	}
	r, err := f.Merge(f.Context(), "shop", "a:never-seen", grace.Visitor, visitor.Change{Kind: visitor.Identified, At: november, Level: visitor.LevelVerified})
	if err != nil || r.ID != grace.Visitor || r.Verified != visitor.LevelVerified {
		f.Errorf("record %+v, error %v", r, err)
	}
	if f.load(store.Key{Workspace: "shop", Visitor: "a:never-seen"}) != nil {
		f.Error("the anonymous visitor has a record now")
	}
	if r, err := f.Merge(f.Context(), "shop", ada.Visitor, ada.Visitor, visitor.Change{Kind: visitor.Identified, At: november}); err != nil || r.ID != ada.Visitor {
		f.Errorf("with itself: %+v, error %v", r, err)
	}
}

func traitsRefused(f *fixture) {
	f.identify(ada, november, map[string]any{"plan": "trial"})
	for name, traits := range map[string]map[string]any{
		"too large": {"biography": strings.Repeat("x", visitor.MaxTraitsSize)},
		"no JSON":   {"callback": func() {}},
	} {
		_, err := f.Merge(f.Context(), "shop", "", ada.Visitor, visitor.Change{Kind: visitor.Identified, At: november, Traits: traits})
		if !errors.Is(err, visitor.ErrTraits) {
			f.Errorf("%s: error %v", name, err)
		}
	}
	// Each of two halves fits, both together do not.
	half := map[string]any{"notes": strings.Repeat("x", visitor.MaxTraitsSize*2/3)}
	f.identify(ada, november, half)
	_, err := f.Merge(f.Context(), "shop", "", ada.Visitor,
		visitor.Change{Kind: visitor.Identified, At: november, Traits: map[string]any{"more": half["notes"]}})
	if !errors.Is(err, visitor.ErrTraits) {
		f.Errorf("together: error %v", err)
	}
	if r := f.load(ada); r.Traits["plan"] != "trial" || r.Traits["more"] != nil {
		f.Errorf("traits became %.100v", r.Traits)
	}
	f.identify(ada, november, map[string]any{"notes": nil})
	if _, kept := f.load(ada).Traits["notes"]; kept {
		f.Error("a trait set to null is still there")
	}
}

func findByEmail(f *fixture) {
	f.identify(ada, november, map[string]any{"email": "  " + address + "\n"})
	for _, spelling := range []string{"ada@example.com", "ADA@EXAMPLE.COM", " Ada@Example.com "} {
		if got := f.find(spelling); got != ada.Visitor {
			f.Errorf("%q finds %q", spelling, got)
		}
	}
	for _, other := range []string{"ada@example.co", "da@example.com", "", " ", "ada@example.com\x00", "ada"} {
		if got := f.find(other); got != "" {
			f.Errorf("%q finds %q", other, got)
		}
	}
	f.identify(grace, november, map[string]any{"email": 42})
	if got := f.find("42"); got != "" {
		f.Errorf("a number is found as an address: %q", got)
	}
}

func emailMoves(f *fixture) {
	f.identify(ada, november, map[string]any{"email": address})
	f.identify(ada, november, map[string]any{"email": "ada@work.example"})
	if f.find(address) != "" || f.find("ada@work.example") != ada.Visitor {
		f.Errorf("old address finds %q, new one %q", f.find(address), f.find("ada@work.example"))
	}
	f.apply(store.Mutation{Key: ada, Change: visitor.Change{Kind: visitor.Identified, At: november, Traits: map[string]any{"email": nil}}})
	if got := f.find("ada@work.example"); got != "" {
		f.Errorf("a removed address finds %q", got)
	}
}

func emailShared(f *fixture) {
	f.identify(ada, november, map[string]any{"email": "office@example.com"})
	f.identify(grace, november.Add(time.Hour), map[string]any{"email": "Office@example.com"})
	if got := f.find("office@example.com"); got != grace.Visitor {
		f.Errorf("found %q, and %q was here later", got, grace.Visitor)
	}
	f.identify(grace, november.Add(2*time.Hour), map[string]any{"email": "grace@example.com"})
	if got := f.find("office@example.com"); got != ada.Visitor {
		f.Errorf("found %q, and only %q still has the address", got, ada.Visitor)
	}
}

func findOther(f *fixture) {
	if _, err := f.Find(f.Context(), "shop", "plan", "trial"); err == nil || !strings.Contains(err.Error(), "email") {
		f.Errorf("error %v", err)
	}
}

func forgetting(f *fixture) {
	traits := map[string]any{"email": address, "plan": "team"}
	f.identify(ada, november, traits)
	f.identify(grace, november, traits)
	if ids, err := f.FindAll(f.Context(), "shop", "email", "ADA@example.com"); err != nil || len(ids) != 2 || !slices.Contains(ids, ada.Visitor) || !slices.Contains(ids, grace.Visitor) {
		f.Errorf("the address is that of %q, error %v", ids, err)
	}
	if ids, err := f.FindAll(f.Context(), "shop", "email", "nobody@example.com"); err != nil || len(ids) != 0 {
		f.Errorf("the address of nobody is that of %q, error %v", ids, err)
	}
	f.apply(report(browser, store.MetricOpened, 1, november))
	f.apply(report(ada, store.MetricDismissed, 1, november))
	if granted, _ := f.claim("first", november); !granted {
		f.Error("the first tab is not granted the lease")
	}
	f.Note(look(ada, 1, 1, november.Add(time.Minute))) // it waits to be written
	docs := store.Key{Workspace: "docs", Visitor: ada.Visitor}
	f.identify(docs, november, nil)

	stranger := store.Key{Workspace: "shop", Visitor: "a:never-seen"}
	if removed, err := f.Forget(f.Context(), []store.Key{browser, ada, stranger}, []string{sale}); err != nil || removed != 2 {
		f.Errorf("removed %d, error %v", removed, err)
	}
	if f.load(ada) != nil || f.load(browser) != nil {
		f.Errorf("they are still remembered: %+v", f.load(ada))
	}
	if f.find(address) != grace.Visitor || f.load(grace) == nil || f.load(docs) == nil {
		f.Error("somebody else was forgotten, too")
	}
	if got := f.statistics("shop")[sale]; got[store.MetricOpened] != 1 || got[store.MetricDismissed] != 1 {
		f.Errorf("forgetting changed the statistics to %v", got)
	}
	if granted, fresh := f.claim("second", november.Add(time.Second)); !granted || !fresh {
		f.Errorf("their lease is still held: granted %t, fresh %t", granted, fresh)
	}
	if removed, err := f.Forget(f.Context(), []store.Key{ada}, nil); err != nil || removed != 0 {
		f.Errorf("again: removed %d, error %v", removed, err)
	}
	// Who comes back begins anew.
	f.apply(report(ada, store.MetricOpened, 2, november.Add(time.Hour)))
	if r := f.load(ada); r == nil || r.Messages[sale].Opened != 1 || !r.Messages[sale].Dismissed.IsZero() || len(r.Traits) > 0 || r.Visits.PageViews > 0 {
		f.Errorf("who came back is %+v", r)
	}
	if f.Reopen != nil {
		f.Store = f.Reopen(f.T, f.Store)
		if r := f.load(ada); r == nil || len(r.Traits) > 0 || f.load(browser) != nil {
			f.Errorf("after reopening they are %+v and %+v", r, f.load(browser))
		}
	}
}

func joining(f *fixture) {
	for _, from := range []string{browser.Visitor, "a:never-seen", "", ada.Visitor} {
		if _, err := f.Merge(f.Context(), "shop", from, ada.Visitor, visitor.Change{Kind: visitor.Identified, At: november}); err != nil {
			f.Fatal(err)
		}
	}
	if got := f.load(ada).Joined; !slices.Equal(got, []string{browser.Visitor, "a:never-seen"}) {
		f.Errorf("joined are %q", got)
	}
}
