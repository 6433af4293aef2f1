package store_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"handbill/engine/soaktest"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

const (
	// killPath makes the test binary act as a process that writes to this store until it is killed.
	killPath = "HANDBILL_TEST_KILL"
	// killWriters is how many goroutines write.
	killWriters = 128
)

func TestNothingAcknowledgedIsLostByAKill(t *testing.T) {
	if path := os.Getenv(killPath); path != "" {
		writeUntilKilled(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "handbill.db")
	random := rand.New(rand.NewPCG(2026, 11))
	acknowledged := make([]int, killWriters)
	rounds, changes := soaktest.Times(10, 100), 0
	var writing, opening time.Duration
	for round := range rounds {
		count := soaktest.Times(200, 2500) + random.IntN(1500)
		writing += killWhileWriting(t, path, count, acknowledged)
		changes += count * changesOfAWrite
		begun := time.Now()
		s := open(t, path)
		opening = max(opening, time.Since(begun))
		sum := 0
		for w := range killWriters {
			r, err := s.Load(t.Context(), writer(w))
			if err != nil {
				t.Fatal(err)
			}
			kept := 0
			if r != nil {
				kept = r.Messages["spring-sale"].Opened
			}
			// One more than was acknowledged may have been written before anybody could be told.
			if kept < acknowledged[w] || kept > acknowledged[w]+1 {
				t.Errorf("round %d, writer %d: %d changes were acknowledged, %d were kept", round, w, acknowledged[w], kept)
			}
			if read := mustLoad(t, s, reader(w, kept)); kept > 0 && (read == nil || read.Events["Article Read"] == nil) {
				t.Errorf("round %d, writer %d: the event of its last change is not there: %+v", round, w, read)
			}
			if r != nil && r.Traits["email"] != mail(w, kept) {
				t.Errorf("round %d, writer %d: its address is %v after %d changes", round, w, r.Traits["email"], kept)
			}
			if id, err := s.Find(t.Context(), "shop", "email", mail(w, kept)); err != nil || (r != nil && id != writer(w).Visitor) {
				t.Errorf("round %d, writer %d: its address finds %q, error %v", round, w, id, err)
			}
			acknowledged[w] = kept
			sum += kept
		}
		statistics, err := s.Statistics(t.Context(), "shop")
		if err != nil {
			t.Fatal(err)
		}
		if got := statistics["spring-sale"][store.MetricOpened]; got != int64(sum) {
			t.Errorf("round %d: the records have %d openings, the statistics %d", round, sum, got)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			return
		}
	}
	soaktest.Figure(t, "bbolt.kills", rounds)
	soaktest.Figure(t, "bbolt.kill_acknowledged", changes)
	soaktest.Figure(t, "bbolt.kill_rate", int(float64(changes)/writing.Seconds()))
	soaktest.Figure(t, "bbolt.kill_lost", 0)
	soaktest.Figure(t, "bbolt.kill_failed_opens", 0)
	soaktest.Figure(t, "bbolt.open_after_kill_ms", opening.Milliseconds())
}

// changesOfAWrite is how many changes of visitors one write acknowledges: an opening, an address, and a page view of another.
const changesOfAWrite = 3

// killWhileWriting starts the writing process, kills it after so many acknowledgements, and counts them by writer. It returns
// how long they took.
func killWhileWriting(t *testing.T, path string, after int, acknowledged []int) (took time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), killPath+"="+path)
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	var first time.Time
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		var w, n int
		if _, err := fmt.Sscanf(lines.Text(), "ack %d %d", &w, &n); err != nil {
			t.Errorf("the writing process says %q", lines.Text())
			break
		}
		acknowledged[w] = n
		if first.IsZero() {
			first = time.Now()
		}
		if seen++; seen == after {
			took = time.Since(first)
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, _ = io.Copy(io.Discard, output)
	_ = child.Wait() // it was killed
	if seen < after {
		t.Fatalf("the writing process ended by itself after %d acknowledgements", seen)
	}
	return took
}

func writer(w int) store.Key {
	return store.Key{Workspace: "shop", Visitor: fmt.Sprintf("u:writer-%d", w)}
}

// reader is one of the many visitors whom a writer changes once in a while.
func reader(w, n int) store.Key {
	return store.Key{Workspace: "shop", Visitor: fmt.Sprintf("a:reader-%d-%d", w, n%1000)}
}

func mail(w, n int) string { return fmt.Sprintf("writer-%d-%d@example.com", w, n) }

// writeUntilKilled changes one visitor with each writer, again and again: an opening and a new e-mail address in one
// call, and says so when it is acknowledged.
func writeUntilKilled(t *testing.T, path string) {
	s := open(t, path)
	var output sync.Mutex
	var all sync.WaitGroup
	for w := range killWriters {
		all.Go(func() {
			key := writer(w)
			r, err := s.Load(context.Background(), key)
			if err != nil {
				t.Error(err)
				return
			}
			n := 0
			if r != nil {
				n = r.Messages["spring-sale"].Opened
			}
			for {
				n++
				now := time.Now()
				_, err := s.Apply(context.Background(), []store.Mutation{
					{Key: key, Metric: store.MetricOpened, Change: visitor.Change{Kind: visitor.Opened, Message: "spring-sale", Delivery: uint64(n), At: now}},
					{Key: key, Change: visitor.Change{Kind: visitor.Identified, At: now, Traits: map[string]any{"email": mail(w, n)}}},
					{Key: reader(w, n), Change: visitor.Change{Kind: visitor.Tracked, Event: "Article Read", Key: uint32(n), At: now}},
				})
				if err != nil {
					t.Error(err)
					return
				}
				s.Note(store.Mutation{Key: reader(w, n), Change: visitor.Change{Kind: visitor.Visited, At: now, Visit: 1, Page: &visitor.PageView{View: uint32(n), Number: 1}}})
				s.Count("shop", "spring-sale", store.MetricDelivered, 1)
				output.Lock()
				fmt.Printf("ack %d %d\n", w, n)
				output.Unlock()
			}
		})
	}
	all.Wait()
}
