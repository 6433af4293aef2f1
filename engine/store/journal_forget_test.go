package store_test

import (
	"errors"
	"testing"
	"time"

	"handbill/engine/store"
	"handbill/engine/store/redistest"
	"handbill/engine/visitor"
)

// cutOff loses everything between an edge and Redis, and waits until the edge has noticed.
func cutOff(t *testing.T, proxy *redistest.Proxy, edge store.Store) {
	t.Helper()
	proxy.Cut()
	eventually(t, "the edge has noticed", func() bool {
		_, _, err := edge.Claim(t.Context(), store.Claim{Key: ada, Message: sale, Tab: "tab", TTL: time.Minute, At: time.Now()})
		return errors.Is(err, store.ErrUnavailable)
	})
}

// signedUp is a change that nobody waits for.
func signedUp(key store.Key, n uint32) store.Mutation {
	return store.Mutation{Key: key, Change: visitor.Change{Kind: visitor.Tracked, Event: "signed_up", Key: n, At: time.Now()}}
}

func TestAnEdgeThatWasCutOffBringsNobodyBackWhoWasForgottenMeanwhile(t *testing.T) {
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server)
	near, far := openJournal(t, t.TempDir(), 0, server.URL()), openJournal(t, t.TempDir(), 0, proxy.URL())
	grace, alan, browser := store.Key{Workspace: "shop", Visitor: "u:grace"}, store.Key{Workspace: "shop", Visitor: "u:alan"}, store.Key{Workspace: "shop", Visitor: "a:browser"}
	everybody := []store.Key{ada, grace, alan, browser}
	for _, key := range everybody {
		mustApply(t, far, opened(key, 1))
	}
	cutOff(t, proxy, far)
	for _, key := range everybody {
		mustApply(t, far, opened(key, 2))
		far.Note(signedUp(key, 1))
	}
	mustApply(t, far, opened(ada, 3), opened(grace, 3)) // together
	identify(t, far, browser.Visitor, ada, map[string]any{"email": "ada@example.com"})
	if n, err := near.Forget(t.Context(), []store.Key{ada, alan, browser}, nil); err != nil || n != 3 {
		t.Fatalf("%d are forgotten, error %v", n, err)
	}
	time.Sleep(2 * time.Millisecond) // times are known to the millisecond
	mustApply(t, far, opened(alan, 3))
	mustApply(t, near, opened(grace, 4))
	proxy.Heal()
	empty(t, far)
	if err := far.Close(); err != nil { // which writes what was noted
		t.Fatal(err)
	}
	fresh := openRedis(t, server.URL())
	for _, gone := range []store.Key{ada, browser} {
		if r := mustLoad(t, fresh, gone); r != nil {
			t.Errorf("%s was forgotten, and there is %+v", gone.Visitor, r)
		}
	}
	if r := mustLoad(t, fresh, alan); r == nil || r.Messages[sale].Opened != 1 || len(r.Events) != 0 {
		t.Errorf("who was forgotten and came back has %+v", r)
	}
	if r := mustLoad(t, fresh, grace); r == nil || r.Messages[sale].Opened != 4 || r.Events["signed_up"] == nil {
		t.Errorf("who was not forgotten has %+v", r)
	}
	if found, err := fresh.Find(t.Context(), "shop", "email", "ada@example.com"); err != nil || len(found) != 0 {
		t.Errorf("by the address there is found %v, error %v", found, err)
	}
}

func TestWhatAnEdgeWithoutAJournalNotedOfSomebodyForgottenMeanwhileIsDropped(t *testing.T) {
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server)
	near, far := openRedis(t, server.URL()), openFleeting(t, proxy.URL())
	grace := store.Key{Workspace: "shop", Visitor: "u:grace"}
	mustApply(t, far, opened(ada, 1), opened(grace, 1))
	cutOff(t, proxy, far)
	far.Note(signedUp(ada, 1), signedUp(grace, 1))
	if _, err := near.Forget(t.Context(), []store.Key{ada}, nil); err != nil {
		t.Fatal(err)
	}
	proxy.Heal()
	eventually(t, "the edge reaches Redis again", func() bool { return far.Trouble() == nil })
	if err := far.Close(); err != nil { // which writes what was noted
		t.Fatal(err)
	}
	fresh := openRedis(t, server.URL())
	if r := mustLoad(t, fresh, ada); r != nil {
		t.Errorf("she was forgotten, and there is %+v", r)
	}
	if r := mustLoad(t, fresh, grace); r == nil || r.Events["signed_up"] == nil {
		t.Errorf("of the other there is %+v", r)
	}
}
