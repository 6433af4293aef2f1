package store_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"handbill/engine/store"
	"handbill/engine/store/redistest"
	"handbill/engine/visitor"
)

const sale = "spring-sale"

var ada = store.Key{Workspace: "shop", Visitor: "u:ada"}

func opened(key store.Key, delivery uint64) store.Mutation {
	return store.Mutation{Key: key, Metric: store.MetricOpened, Change: visitor.Change{Kind: visitor.Opened, Message: sale, Delivery: delivery, At: time.Now()}}
}

func mustApply(t *testing.T, s store.Store, mutations ...store.Mutation) []store.Outcome {
	t.Helper()
	outcomes, err := s.Apply(t.Context(), mutations)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

func mustLoad(t *testing.T, s store.Store, key store.Key) *visitor.Record {
	t.Helper()
	r, err := s.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// cachedRecord makes a store know a visitor's record by heart.
func cachedRecord(t *testing.T, s *store.Redis, user string) {
	t.Helper()
	eventually(t, "the record is cached", func() bool {
		mustLoad(t, s, store.Key{Workspace: "shop", Visitor: "u:" + user})
		_, _, ok := s.Peek("shop", visitor.Identity{User: user})
		return ok
	})
}

func TestAVisitorWhoIsKnownIsNotReadFromRedis(t *testing.T) {
	server := redistest.Start(t)
	edge := openRedis(t, server.URL())
	mustApply(t, edge, opened(ada, 1))
	cachedRecord(t, edge, "ada")
	cachedRecord(t, edge, "a-stranger")
	before := server.Commands("get")
	for range 1000 {
		if r := mustLoad(t, edge, ada); r.Messages[sale].Opened != 1 {
			t.Fatalf("record %+v", r)
		}
		if _, r, ok := edge.Peek("shop", visitor.Identity{User: "a-stranger"}); !ok || r != nil {
			t.Fatalf("of a stranger it knows %+v, %t", r, ok)
		}
	}
	for delivery := range uint64(100) { // nor is one whom this edge changes
		mustApply(t, edge, opened(ada, delivery+2))
	}
	if after := server.Commands("get"); after != before {
		t.Errorf("Redis was asked %d times", after-before)
	}
}

func TestAChangeOnOneEdgeHoldsOnTheOther(t *testing.T) {
	server := redistest.Start(t)
	here, there := openRedis(t, server.URL()), openRedis(t, server.URL())
	for delivery := uint64(1); delivery <= 20; delivery++ {
		cachedRecord(t, there, "ada")
		mustApply(t, here, opened(ada, delivery))
		// Whoever then takes the lease has been told of the change.
		granted, _, err := there.Claim(t.Context(), store.Claim{Key: ada, Message: sale, Tab: "tab", TTL: time.Minute, At: time.Now()})
		if err != nil || !granted {
			t.Fatalf("the lease was not granted, error %v", err)
		}
		if r := mustLoad(t, there, ada); r.Messages[sale].Opened != int(delivery) {
			t.Fatalf("the other edge knows of %d openings of %d", r.Messages[sale].Opened, delivery)
		}
	}
	granted, _, err := here.Claim(t.Context(), store.Claim{Key: ada, Message: sale, Tab: "another", TTL: time.Minute, At: time.Now()})
	if err != nil || granted {
		t.Errorf("a lease that the other edge gave was given again, error %v", err)
	}
}

func TestEdgesThatChangeAVisitorAtOnceLoseNothing(t *testing.T) {
	server := redistest.Start(t)
	edges := []*store.Redis{openRedis(t, server.URL()), openRedis(t, server.URL()), openRedis(t, server.URL())}
	const writers, each = 4, 25
	var all sync.WaitGroup
	for e, edge := range edges {
		for w := range writers {
			all.Go(func() {
				for i := range each {
					delivery := uint64((e*writers+w)*each + i + 1)
					outcomes, err := edge.Apply(t.Context(), []store.Mutation{opened(ada, delivery)})
					if err != nil || !outcomes[0].Counted {
						t.Errorf("delivery %d: %+v, error %v", delivery, outcomes, err)
					}
				}
			})
		}
	}
	all.Wait()
	const want = 3 * writers * each
	for _, edge := range edges {
		eventually(t, "each edge knows all openings", func() bool { return mustLoad(t, edge, ada).Messages[sale].Opened == want })
	}
	statistics, err := edges[0].Statistics(t.Context(), "shop")
	if err != nil || statistics[sale][store.MetricOpened] != want {
		t.Errorf("statistics %v, error %v", statistics, err)
	}
}

func TestAnAddressThatMovesBetweenEdgesFindsWhoHasIt(t *testing.T) {
	server := redistest.Start(t)
	edges := []*store.Redis{openRedis(t, server.URL()), openRedis(t, server.URL())}
	identify := func(edge *store.Redis, address string) {
		change := visitor.Change{Kind: visitor.Identified, At: time.Now(), Traits: map[string]any{"email": address}}
		if _, err := edge.Merge(t.Context(), "shop", "", ada.Visitor, change); err != nil {
			t.Error(err)
		}
	}
	for round := range 20 {
		var both sync.WaitGroup
		both.Go(func() { identify(edges[0], fmt.Sprintf("ada-%d@example.com", round)) })
		both.Go(func() { identify(edges[1], fmt.Sprintf("ada-%d@example.com", round+1)) })
		both.Wait()
		identify(edges[round%2], fmt.Sprintf("ada-%d@example.com", round))
		for n, want := range map[int]string{round: ada.Visitor, round + 1: "", round - 1: ""} {
			address := fmt.Sprintf("ada-%d@example.com", n)
			if id, err := edges[0].Find(t.Context(), "shop", "email", address); err != nil || id != want {
				t.Errorf("round %d: %s finds %q, want %q, error %v", round, address, id, want, err)
			}
		}
	}
}

func TestRedisThatCannotBeUsedSaysWhatToDo(t *testing.T) {
	server := redistest.Start(t)
	another := redistest.Start(t)
	guarded := redistest.Start(t, "--requirepass", "quarterly-report")
	for name, test := range map[string]struct {
		urls []string
		want []string
	}{
		"nobody listens":              {[]string{"redis://127.0.0.1:1"}, []string{"redis://127.0.0.1:1", "see that Redis runs there"}},
		"a password is needed":        {[]string{guarded.URL()}, []string{"NOAUTH", "give the right user and password: redis://user:{env.REDIS_PASSWORD}@host:6379"}},
		"another password is needed":  {[]string{"redis://:wrong@" + guarded.Address}, []string{"WRONGPASS", "redis://:xxxxx@" + guarded.Address}},
		"several that are no Cluster": {[]string{server.URL(), another.URL()}, []string{"several URLs are the nodes of a Cluster; give one, or add ?master_set=NAME"}},
		"TLS where there is none":     {[]string{"rediss://" + server.Address}, []string{"redis:// where it does not"}},
		"a password with a slash":     {[]string{"redis://:a/b@localhost:6379"}, []string{"written as %25, %2F, %40"}},
		"a database with a name":      {[]string{"redis://localhost:6379/shop"}, []string{`invalid database number: "shop"`, "write redis://localhost:6379"}},
		"an old protocol":             {[]string{"redis://localhost:6379?protocol=2"}, []string{"leave out protocol"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := store.OpenRedis(t.Context(), test.urls, store.RedisOptions{CacheSize: 1 << 20})
			if err == nil {
				_ = s.Close()
				t.Fatal("it is opened")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\ndoes not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "wrong@") {
				t.Errorf("it tells the password: %v", err)
			}
		})
	}
	right := "redis://:quarterly-report@" + guarded.Address
	if r := mustLoad(t, openRedis(t, right), ada); r != nil {
		t.Errorf("with the right password: %+v", r)
	}
	if place := store.RedisPlace([]string{right}); strings.Contains(place, "quarterly") || place == store.RedisPlace([]string{"redis://:another@" + guarded.Address}) {
		t.Errorf("the place is called %s", place)
	}
}

func TestTheUserThatTheDocsMakeMayDoWhatTheStoreNeeds(t *testing.T) {
	page, err := os.ReadFile("../../docs/many-edges.md")
	if err != nil {
		t.Fatal(err)
	}
	server := redistest.Start(t)
	_, rest, _ := strings.Cut(string(page), "ACL SETUSER")
	line, _, _ := strings.Cut(rest, "\n")
	if answer := server.Say("ACL SETUSER" + strings.ReplaceAll(line, "PASSWORD", "quarterly-report")); !strings.HasPrefix(answer, "+OK") {
		t.Fatal(answer)
	}
	edge := openRedis(t, "redis://handbill:quarterly-report@"+server.Address)
	mustApply(t, edge, opened(ada, 1))
	change := visitor.Change{Kind: visitor.Identified, At: time.Now(), Traits: map[string]any{"email": "ada@example.com"}}
	if _, err := edge.Merge(t.Context(), "shop", "a:browser", ada.Visitor, change); err != nil {
		t.Error(err)
	}
	if id, err := edge.Find(t.Context(), "shop", "email", "ada@example.com"); err != nil || id != ada.Visitor {
		t.Errorf("found %q, error %v", id, err)
	}
	if _, err := edge.Statistics(t.Context(), "shop"); err != nil {
		t.Error(err)
	}
	if removed, err := edge.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil || removed != 1 {
		t.Errorf("removed %d, error %v", removed, err)
	}
}
