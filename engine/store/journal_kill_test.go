package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"handbill/engine/soaktest"
	"handbill/engine/store"
	"handbill/engine/store/redistest"
	"handbill/engine/visitor"
)

// killJournal makes the test binary act as an edge that writes until it is killed: to the Redis at a URL, with the journal in
// a folder.
const killJournal = "HANDBILL_TEST_KILL_JOURNAL"

func TestNothingAcknowledgedIsLostWhenAnEdgeIsKilledWhileRedisIsGone(t *testing.T) {
	if place := os.Getenv(killJournal); place != "" {
		url, folder, _ := strings.Cut(place, " ")
		writeToJournal(t, url, folder)
		return
	}
	server := redistest.Start(t)
	folder := filepath.Join(t.TempDir(), "journal")
	acknowledged := make([]int, killWriters)
	rounds := soaktest.Times(6, 100)
	all := 0
	for round := range rounds {
		all += killWithJournal(t, server, folder, round, acknowledged)
		edge := openJournal(t, folder, 0, server.URL())
		empty(t, edge)
		sum := 0
		for w := range killWriters {
			kept, r := 0, mustLoad(t, edge, writer(w))
			if r != nil {
				kept = r.Messages[sale].Opened
			}
			// One more than was acknowledged may have been kept before anybody could be told.
			if kept < acknowledged[w] || kept > acknowledged[w]+1 {
				t.Errorf("round %d, writer %d: %d changes were acknowledged, %d were kept", round, w, acknowledged[w], kept)
			}
			if r != nil && r.Traits["email"] != mail(w, kept) {
				t.Errorf("round %d, writer %d: its address is %v after %d changes", round, w, r.Traits["email"], kept)
			}
			acknowledged[w] = kept
			sum += kept
		}
		statistics, err := edge.Statistics(t.Context(), "shop")
		if err != nil || statistics[sale][store.MetricOpened] != int64(sum) {
			t.Errorf("round %d: the records have %d openings, the statistics %v, error %v", round, sum, statistics[sale], err)
		}
		if err := edge.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			return
		}
	}
	soaktest.Figure(t, "journal.kills", rounds)
	soaktest.Figure(t, "journal.kill_acknowledged", all)
	soaktest.Figure(t, "journal.kill_lost", 0)
}

// killWithJournal runs an edge, takes Redis away from it, and kills it: while Redis is gone, or a moment after it is back.
func killWithJournal(t *testing.T, server *redistest.Server, folder string, round int, acknowledged []int) (seen int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), killJournal+"="+server.URL()+" "+folder)
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	const lost, found = 200, 800
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		var w, n int
		if _, err := fmt.Sscanf(lines.Text(), "ack %d %d", &w, &n); err != nil {
			t.Fatalf("the edge says %q", lines.Text())
		}
		acknowledged[w] = n
		switch seen++; {
		case seen == lost:
			server.Kill()
		case seen == found && round%2 == 1:
			server.Restart()
		case seen == found+1+100*(round%5):
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait() // it was killed
	if seen <= found {
		t.Fatalf("the edge ended by itself after %d acknowledgements", seen)
	}
	if round%2 == 0 {
		server.Restart()
	}
	return seen
}

// writeToJournal changes one visitor with each writer, as writeUntilKilled does, through a store with a journal.
func writeToJournal(t *testing.T, url, folder string) {
	redis, err := store.OpenRedis(t.Context(), []string{url}, store.RedisOptions{CacheSize: 1 << 20, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.WithJournal(redis, store.JournalOptions{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	var counts [killWriters]int
	for w := range counts { // before Redis is taken away
		if r := mustLoad(t, s, writer(w)); r != nil {
			counts[w] = r.Messages[sale].Opened
		}
	}
	var output sync.Mutex
	var all sync.WaitGroup
	for w, n := range counts {
		all.Go(func() {
			for {
				n++
				now := time.Now()
				_, err := s.Apply(context.Background(), []store.Mutation{
					{Key: writer(w), Metric: store.MetricOpened, Change: visitor.Change{Kind: visitor.Opened, Message: sale, Delivery: uint64(n), At: now}},
					{Key: writer(w), Change: visitor.Change{Kind: visitor.Identified, At: now, Traits: map[string]any{"email": mail(w, n)}}},
				})
				if errors.Is(err, store.ErrUnavailable) {
					n--
					time.Sleep(5 * time.Millisecond) // the journal is full; it is sent again
					continue
				}
				if err != nil {
					output.Lock()
					defer output.Unlock()
					fmt.Println(err)
					return
				}
				output.Lock()
				fmt.Printf("ack %d %d\n", w, n)
				output.Unlock()
			}
		})
	}
	all.Wait()
}
