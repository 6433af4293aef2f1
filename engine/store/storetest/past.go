package storetest

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"handbill/engine/store"
	"handbill/engine/visitor"
)

// look is a page view: the load of a page in a visit.
func look(key store.Key, visit, view uint32, at time.Time) store.Mutation {
	return store.Mutation{Key: key, Change: visitor.Change{
		Kind: visitor.Visited, Visit: visit, At: at, Page: &visitor.PageView{View: view, Address: "https://shop.example.com/offers"},
	}}
}

func event(key store.Key, id uint32, at time.Time) store.Mutation {
	return store.Mutation{Key: key, Change: visitor.Change{Kind: visitor.Tracked, Event: "signed_up", Key: id, At: at}}
}

func group(key store.Key, id string) store.Mutation {
	return store.Mutation{Key: key, Change: visitor.Change{Kind: visitor.Grouped, Group: id, At: november}}
}

func notedView(f *fixture) {
	f.Note()
	for view := range uint32(5) {
		f.Note(look(ada, 1, view+1, november.Add(time.Duration(view)*time.Minute)))
		if r := f.load(ada); r == nil || r.Visits.Count != 1 || r.Visits.PageViews != int(view)+1 {
			f.Fatalf("after %d page views the record is %+v", view+1, r)
		}
	}
	f.Note(look(ada, 1, 5, november.Add(5*time.Minute)), look(ada, 2, 6, november.Add(time.Hour)), look(grace, 3, 7, november))
	if r := f.load(ada); r.Visits.Count != 2 || r.Visits.PageViews != 6 || r.Visits.Recent[0].LandingPage != "https://shop.example.com/offers" {
		f.Errorf("visits are %+v", r.Visits)
	}
	// A change that is waited for comes on top of what was noted.
	if r := f.apply(report(ada, store.MetricOpened, 1, november))[0].Record; r.Visits.PageViews != 6 || r.Messages[sale].Opened != 1 {
		f.Errorf("with a report it is %+v", r)
	}
	var all sync.WaitGroup
	for visit := range uint32(8) {
		all.Go(func() {
			for view := range uint32(20) {
				f.Note(look(grace, 10+visit, 100*visit+view+10, november.Add(time.Minute)))
				f.load(grace)
			}
		})
	}
	all.Wait()
	// Who reads while they are written may see them twice where they are more than a record remembers.
	counted := 0
	for deadline := time.Now().Add(time.Minute); counted != 161 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		counted = f.load(grace).Visits.PageViews
	}
	if counted != 161 {
		f.Errorf("of 161 page views %d were counted", counted)
	}
}

func notedWrongly(f *fixture) {
	f.Note(event(ada, 1, november), look(store.Key{Workspace: "shop"}, 1, 1, november), group(ada, strings.Repeat("x", visitor.MaxGroup+1)), look(ada, 1, 1, november))
	if r := f.load(ada); r.Visits.PageViews != 1 || len(r.Groups) != 0 || r.Events["signed_up"].Count != 1 {
		f.Errorf("the record is %+v", r)
	}
	f.apply(report(grace, store.MetricOpened, 1, november))
	if r := f.load(ada); r.Visits.PageViews != 1 {
		f.Errorf("later the record is %+v", r)
	}
}

func trackedEvents(f *fixture) {
	for range 2 {
		for id := range uint32(3) {
			f.apply(event(ada, id+1, november.Add(time.Duration(id)*time.Hour)))
		}
	}
	got := f.load(ada).Events["signed_up"]
	if got.Count != 3 || !got.First.Equal(november) || !got.Last.Equal(november.Add(2*time.Hour)) || got.CountSince(november.Add(time.Minute)) != 2 {
		f.Errorf("remembered is %+v", got)
	}
	wrong := event(ada, 9, november)
	wrong.Change.Event = strings.Repeat("x", visitor.MaxEventName+1)
	if _, err := f.Apply(f.Context(), []store.Mutation{wrong}); !errors.Is(err, visitor.ErrEvent) {
		f.Errorf("a long name: %v", err)
	}
}

func groups(f *fixture) {
	f.apply(group(ada, "acme"), group(ada, "umbrella"))
	f.apply(group(ada, "acme"))
	if got := f.load(ada).Groups; !slices.Equal(got, []string{"umbrella", "acme"}) {
		f.Errorf("groups %q", got)
	}
}

func mergePast(f *fixture) {
	f.Note(look(browser, 1, 1, november), look(browser, 1, 2, november))
	f.apply(event(browser, 1, november), event(browser, 2, november.Add(time.Minute)), group(browser, "acme"))
	f.Note(look(ada, 2, 3, november.Add(-24*time.Hour)))
	f.apply(event(ada, 3, november.Add(-time.Hour)), group(ada, "umbrella"))
	for range 2 {
		r, err := f.Merge(f.Context(), "shop", browser.Visitor, ada.Visitor, visitor.Change{Kind: visitor.Identified, At: november})
		if err != nil {
			f.Fatal(err)
		}
		if r.Visits.Count != 2 || r.Visits.PageViews != 2 || r.Events["signed_up"].Count != 3 || !slices.Equal(r.Groups, []string{"acme", "umbrella"}) {
			f.Errorf("merged, it is %+v", r)
		}
	}
	if outcome := f.apply(event(ada, 2, november))[0]; outcome.Counted {
		f.Error("an event of the anonymous visitor that is sent again counted for the person")
	}
}
