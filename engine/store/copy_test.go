package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"handbill/engine/store"
	"handbill/engine/store/redistest"
	"handbill/engine/visitor"
)

func TestCopyingAFileIntoRedisLosesNothing(t *testing.T) {
	const visitors = 1300
	file := open(t, filepath.Join(t.TempDir(), "handbill.db"))
	key := func(n int) store.Key {
		return store.Key{Workspace: []string{"shop", "docs"}[n%2], Visitor: fmt.Sprintf("u:visitor-%d", n)}
	}
	var mutations []store.Mutation
	for n := range visitors {
		m := opened(key(n), uint64(n+1))
		mutations = append(mutations, m, store.Mutation{Key: m.Key, Change: visitor.Change{
			Kind: visitor.Identified, At: time.Now(), Traits: map[string]any{"email": fmt.Sprintf("visitor-%d@example.com", n), "seats": float64(n)},
		}})
	}
	for part := range slices.Chunk(mutations, 500) {
		mustApply(t, file, part...)
	}
	file.Count("shop", sale, store.MetricDelivered, 7)
	mustApply(t, file, store.Mutation{Key: store.Key{Workspace: "shop", Visitor: "u:waiting"}, Change: visitor.Change{
		Kind: visitor.TestQueued, Message: sale, At: time.Now(), Until: time.Now().Add(24 * time.Hour),
	}})
	secret, err := file.Secret(t.Context(), "delivery")
	if err != nil {
		t.Fatal(err)
	}
	statistics := map[string]map[string]map[store.Metric]int64{}
	for _, workspace := range []string{"shop", "docs"} {
		if statistics[workspace], err = file.Statistics(t.Context(), workspace); err != nil {
			t.Fatal(err)
		}
	}

	server := redistest.Start(t)
	to := openRedis(t, server.URL())
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt()
	if _, err := store.Copy(interrupted, file, to); err == nil {
		t.Error("an interrupted copy is a success")
	}
	copied, err := store.Copy(t.Context(), file, to)
	if want := (store.Copied{Visitors: visitors + 1, Counts: 3, Secrets: 1}); err != nil || copied != want {
		t.Fatalf("copied %+v, want %+v, error %v", copied, want, err)
	}
	if _, err := store.Copy(t.Context(), file, to); err == nil || !strings.Contains(err.Error(), "give an empty database") {
		t.Errorf("copying over what is there: %v", err)
	}

	edge := openRedis(t, server.URL())
	for n := range visitors {
		was, is := mustLoad(t, file, key(n)), mustLoad(t, edge, key(n))
		if !reflect.DeepEqual(was, is) {
			t.Fatalf("%s became %+v", key(n).Visitor, is)
		}
	}
	for _, n := range []int{0, 7, visitors - 1} {
		if id, err := edge.Find(t.Context(), key(n).Workspace, "email", fmt.Sprintf("visitor-%d@example.com", n)); err != nil || id != key(n).Visitor {
			t.Errorf("visitor %d is found as %q, error %v", n, id, err)
		}
	}
	for workspace, want := range statistics {
		if got, err := edge.Statistics(t.Context(), workspace); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("the statistics of %s became %v, want %v, error %v", workspace, got, want, err)
		}
	}
	if got, err := edge.Secret(t.Context(), "delivery"); err != nil || !slices.Equal(got, secret) {
		t.Errorf("the secret is another one, error %v", err)
	}
	copyBack(t, file, edge, key, visitors, statistics, secret)
	// What was copied is an ordinary store: repeats count once, and who was not here for long is forgotten.
	if mustApply(t, edge, opened(key(3), 4))[0].Counted {
		t.Error("a repeat counted")
	}
	if removed, err := edge.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil || removed != visitors {
		t.Errorf("forgotten: %d, error %v", removed, err)
	}
}

// copyBack copies what is in Redis into a file, and compares that with the file that it came from.
func copyBack(t *testing.T, file store.Store, from *store.Redis, key func(int) store.Key, visitors int, statistics map[string]map[string]map[store.Metric]int64, secret []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "back.db")
	copied, err := store.CopyFromRedis(t.Context(), from, path)
	if want := (store.Copied{Visitors: visitors + 1, Counts: 3, Secrets: 1}); err != nil || copied != want {
		t.Fatalf("copied back %+v, want %+v, error %v", copied, want, err)
	}
	if _, err := store.CopyFromRedis(t.Context(), from, path); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("copying over a file: %v", err)
	}
	back := open(t, path)
	for n := range visitors {
		if was, is := mustLoad(t, file, key(n)), mustLoad(t, back, key(n)); !reflect.DeepEqual(was, is) {
			t.Fatalf("%s came back as %+v", key(n).Visitor, is)
		}
	}
	if id, err := back.Find(t.Context(), key(7).Workspace, "email", "visitor-7@example.com"); err != nil || id != key(7).Visitor {
		t.Errorf("visitor 7 is found as %q, error %v", id, err)
	}
	for workspace, want := range statistics {
		if got, err := back.Statistics(t.Context(), workspace); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("the statistics of %s came back as %v, want %v, error %v", workspace, got, want, err)
		}
	}
	if got, err := back.Secret(t.Context(), "delivery"); err != nil || !slices.Equal(got, secret) {
		t.Errorf("the secret came back as another one, error %v", err)
	}
}

func TestACopyOfAClusterHasWhatIsOnEachOfItsNodes(t *testing.T) {
	from := openRedis(t, redistest.StartCluster(t).URLs()...)
	for n := range 40 {
		mustApply(t, from, opened(store.Key{Workspace: "shop", Visitor: fmt.Sprintf("u:visitor-%d", n)}, uint64(n+1)))
	}
	if _, err := from.Secret(t.Context(), "delivery"); err != nil {
		t.Fatal(err)
	}
	copied, err := store.CopyFromRedis(t.Context(), from, filepath.Join(t.TempDir(), "back.db"))
	if want := (store.Copied{Visitors: 40, Counts: 1, Secrets: 1}); err != nil || copied != want {
		t.Errorf("copied %+v, want %+v, error %v", copied, want, err)
	}
}

func TestThereIsNothingToCopyInAnEmptyRedis(t *testing.T) {
	path := filepath.Join(t.TempDir(), "back.db")
	from := openRedis(t, redistest.Start(t).URL())
	if _, err := store.CopyFromRedis(t.Context(), from, path); err == nil || !strings.Contains(err.Error(), "has nothing of Handbill's") {
		t.Errorf("copying nothing: %v", err)
	}
	if left, err := filepath.Glob(path + "*"); err != nil || len(left) > 0 {
		t.Errorf("left are %v, error %v", left, err)
	}
}
