package store_test

import (
	"fmt"
	"testing"
	"time"

	"handbill/engine/store"
	"handbill/engine/store/redistest"
	"handbill/engine/store/storetest"
	"handbill/engine/visitor"
)

func TestRedisCluster(t *testing.T) {
	cluster := redistest.StartCluster(t)
	storetest.Run(t, storetest.Subject{
		Open: func(t *testing.T) store.Store {
			cluster.Flush()
			return openRedis(t, cluster.URLs()...)
		},
		Reopen: func(t *testing.T, s store.Store) store.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return openRedis(t, cluster.URLs()...)
		},
	})
	t.Run("a change on one edge holds on the other", func(t *testing.T) {
		cluster.Flush()
		here, there := openRedis(t, cluster.URLs()...), openRedis(t, cluster.URLs()...)
		for n := range 30 { // they live on all nodes
			user := fmt.Sprint("visitor-", n)
			key := store.Key{Workspace: "shop", Visitor: "u:" + user}
			cachedRecord(t, there, user)
			mustApply(t, here, opened(key, 1))
			if granted, _, err := there.Claim(t.Context(), store.Claim{Key: key, Message: sale, Tab: "tab", TTL: time.Minute, At: time.Now()}); err != nil || !granted {
				t.Fatalf("the lease was not granted, error %v", err)
			}
			if r := mustLoad(t, there, key); r == nil || r.Messages[sale].Opened != 1 {
				t.Errorf("of %s the other edge knows %+v", user, r)
			}
		}
	})
	t.Run("a replica takes over from a master that is gone", func(t *testing.T) {
		cluster.Flush()
		edge := openFleeting(t, cluster.URLs()...)
		var gone *redistest.Server
		for _, node := range cluster.Nodes {
			if node.Holds("handbill:record:shop:{" + bucketOfAda + "}:u:ada") {
				gone = node
			}
		}
		takesOver(t, edge, func() { cluster.Lose(gone) })
	})
}

// bucketOfAda is where Ada's record lies. It must never change: every edge, and every version, looks for it there.
const bucketOfAda = "fe"

func TestRedisWithSentinels(t *testing.T) {
	watched := redistest.StartWatched(t)
	takesOver(t, openFleeting(t, watched.URLs()...), watched.Lose)
	watched.AwaitTakeover(t)
	// Who comes now finds the new master, with what the old one had.
	if r := mustLoad(t, openRedis(t, watched.URLs()...), ada); r.Messages[sale].Opened != 6 {
		t.Errorf("it has %+v", r.Messages[sale])
	}
}

// takesOver loses the server that has Ada's record, and sees that she is answered again.
func takesOver(t *testing.T, edge *store.Redis, lose func()) {
	t.Helper()
	for delivery := range uint64(5) {
		mustApply(t, edge, opened(ada, delivery+1))
	}
	edge.Note(store.Mutation{Key: ada, Change: visitor.Change{Kind: visitor.Tracked, Event: "signed_up", Key: 1, At: time.Now()}})
	if _, err := edge.Statistics(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	lose()
	began := time.Now()
	eventually(t, "her openings are counted again", func() bool {
		_, err := edge.Apply(t.Context(), []store.Mutation{opened(ada, 6)})
		return err == nil
	})
	t.Logf("the replica had taken over after %s", time.Since(began).Round(10*time.Millisecond))
	eventually(t, "all is well", func() bool { return edge.Trouble() == nil })
	r := mustLoad(t, edge, ada)
	if r.Messages[sale].Opened != 6 || r.Events["signed_up"].Count != 1 {
		t.Errorf("what is left is %+v", r)
	}
	statistics, err := edge.Statistics(t.Context(), "shop")
	if err != nil || statistics[sale][store.MetricOpened] != 6 {
		t.Errorf("statistics %v, error %v", statistics, err)
	}
}
