package eventlog

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"handbill/engine/soaktest"
)

const (
	// killDir makes the test binary act as a process that appends to this log until it is killed.
	killDir = "HANDBILL_TEST_KILL"
)

func TestNothingAcknowledgedIsLostByAKill(t *testing.T) {
	options := Options{SegmentSize: 64 << 10}
	if dir := os.Getenv(killDir); dir != "" {
		appendUntilKilled(t, dir, options)
		return
	}
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(2026, 11))
	acknowledged := map[string]bool{}
	rounds := soaktest.Times(10, 100)
	var writing time.Duration
	for round := range rounds {
		ids, took := killWhileAppending(t, dir, soaktest.Times(200, 2000)+random.IntN(1500))
		for _, id := range ids {
			acknowledged[id] = true
		}
		writing += took
		l := openLog(t, dir, options) // cuts off what is half-written
		found := 0
		for _, e := range readAll(t, dir) {
			if acknowledged[e.ID] {
				found++
			}
		}
		if found != len(acknowledged) {
			t.Fatalf("round %d: %d events were acknowledged, %d of them were kept", round, len(acknowledged), found)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	soaktest.Figure(t, "log.kills", rounds)
	soaktest.Figure(t, "log.kill_acknowledged", len(acknowledged))
	soaktest.Figure(t, "log.kill_rate", int(float64(len(acknowledged))/writing.Seconds()))
	soaktest.Figure(t, "log.kill_lost", 0)
	soaktest.Figure(t, "log.kill_failed_opens", 0)
}

// killWhileAppending starts the appending process, kills it after so many acknowledgements, and returns the ids it
// acknowledged, and how long that took.
func killWhileAppending(t *testing.T, dir string, after int) (ids []string, took time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), killDir+"="+dir)
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	var first time.Time
	for lines.Scan() {
		id, isAck := strings.CutPrefix(lines.Text(), "ack ")
		if !isAck {
			t.Errorf("the appending process says %q", lines.Text())
			break
		}
		if first.IsZero() {
			first = time.Now()
		}
		if ids = append(ids, id); len(ids) == after {
			took = time.Since(first)
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, _ = io.Copy(io.Discard, output)
	_ = child.Wait() // it was killed
	if len(ids) < after {
		t.Fatalf("the appending process ended by itself after %d acknowledgements", len(ids))
	}
	return ids, took
}

func appendUntilKilled(t *testing.T, dir string, options Options) {
	l := openLog(t, dir, options)
	var output sync.Mutex
	var all sync.WaitGroup
	for w := range 32 {
		all.Go(func() {
			for n := 0; ; n++ {
				e := dismissal(n)
				e.ID = fmt.Sprintf("%d-%d-%d", os.Getpid(), w, n)
				if err := l.Append(context.Background(), e); err != nil {
					t.Error(err)
					return
				}
				output.Lock()
				fmt.Println("ack " + e.ID)
				output.Unlock()
			}
		})
	}
	all.Wait()
}
