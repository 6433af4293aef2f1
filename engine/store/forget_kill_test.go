package store_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"handbill/engine/soaktest"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// forgetPath makes the test binary act as a process that forgets visitors of this store until it is killed.
const forgetPath = "HANDBILL_TEST_FORGET"

func patient(n int) store.Key {
	return store.Key{Workspace: "shop", Visitor: fmt.Sprintf("u:patient-%d", n)}
}

func TestAKillWhileVisitorsAreForgottenLeavesNobodyHalfForgotten(t *testing.T) {
	const people = 400
	if path := os.Getenv(forgetPath); path != "" {
		s := open(t, path)
		for n := range people {
			if _, err := s.Forget(t.Context(), []store.Key{patient(n)}, nil); err != nil {
				t.Error(err)
				return
			}
			fmt.Println("forgotten", n)
		}
		return
	}
	random := rand.New(rand.NewPCG(2026, 11))
	kills := soaktest.Times(5, 50)
	for round := range kills {
		path := filepath.Join(t.TempDir(), "handbill.db")
		s := open(t, path)
		var mutations []store.Mutation
		for n := range people {
			mutations = append(mutations, opened(patient(n), uint64(n+1)), store.Mutation{Key: patient(n), Change: visitor.Change{
				Kind: visitor.Identified, At: time.Now(), Traits: map[string]any{"email": mail(n, 0)},
			}})
		}
		mustApply(t, s, mutations...)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		forgotten := forgetUntilKilled(t, path, 1+random.IntN(people/2))
		s = open(t, path)
		gone := 0
		for n := range people {
			r := mustLoad(t, s, patient(n))
			found, err := s.FindAll(t.Context(), "shop", "email", mail(n, 0))
			if err != nil || (r == nil) != (len(found) == 0) {
				t.Errorf("round %d: visitor %d has the record %+v and is found as %q, error %v", round, n, r, found, err)
			}
			if r == nil {
				gone++
			}
		}
		// One more than was acknowledged may have been forgotten before anybody could be told.
		if gone < forgotten || gone > forgotten+1 {
			t.Errorf("round %d: %d were said to be forgotten, and %d are", round, forgotten, gone)
		}
		if counts, err := s.Statistics(t.Context(), "shop"); err != nil || counts[sale][store.MetricOpened] != people {
			t.Errorf("round %d: the statistics are %v, error %v", round, counts, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	soaktest.Figure(t, "bbolt.forget_kills", kills)
	soaktest.Figure(t, "bbolt.forget_kill_half_forgotten", 0)
}

// forgetUntilKilled starts the forgetting process, kills it when it has forgotten so many, and returns how many it said.
func forgetUntilKilled(t *testing.T, path string, after int) (forgotten int) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), forgetPath+"="+path)
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for {
		var n int
		if _, err := fmt.Fscanf(output, "forgotten %d\n", &n); err != nil {
			break
		}
		if forgotten = n + 1; forgotten == after {
			_ = child.Process.Kill()
		}
	}
	_ = child.Wait() // it was killed
	if forgotten < after {
		t.Fatalf("the forgetting process ended by itself after %d", forgotten)
	}
	return forgotten
}
