package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"handbill/engine/visitor"
)

// hold keeps the writer busy until the returned function is called.
func hold(t *testing.T, b *Bolt) (release func()) {
	t.Helper()
	begun, end := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- b.writer.write(context.Background(), &request{do: func(*changes) error {
			close(begun)
			<-end
			return nil
		}})
	}()
	<-begun
	var once sync.Once
	release = func() {
		once.Do(func() {
			close(end)
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(release)
	return release
}

// transactions is the number of transactions that the file has seen.
func transactions(t *testing.T, b *Bolt) (id int) {
	t.Helper()
	if err := b.view(func(tx *bbolt.Tx) error { id = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestAChangeIsSeenBeforeItIsDurable(t *testing.T) {
	b := openBolt(t, filepath.Join(t.TempDir(), "handbill.db"), Options{})
	mustApply(t, b, opened(person(1), 1))
	release := hold(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	for _, m := range []Mutation{
		opened(person(1), 2), opened(person(2), 3),
		{Key: person(1), Change: visitor.Change{Kind: visitor.Dismissed, Message: sale, Delivery: 2, At: november}},
	} {
		go func() {
			_, err := b.Apply(ctx, []Mutation{m})
			gone <- err
		}()
	}
	for len(b.pending.of(person(1))) < 2 || len(b.pending.of(person(2))) < 1 {
		time.Sleep(time.Millisecond)
	}
	check := func(when string) {
		t.Helper()
		r, err := b.Load(t.Context(), person(1))
		if err != nil || r.Messages[sale].Opened != 2 || r.Messages[sale].Dismissed.IsZero() {
			t.Errorf("%s: error %v, record %+v", when, err, r)
		}
		if r, err := b.Load(t.Context(), person(2)); err != nil || r == nil || r.Messages[sale].Opened != 1 {
			t.Errorf("%s: error %v, record %+v", when, err, r)
		}
	}
	check("while it waits")
	cancel()
	for range 3 {
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("the caller whose context ended was told %v", err)
		}
	}
	check("when nobody waits any more")
	release()
	if _, err := b.Statistics(t.Context(), "shop"); err != nil { // waits for the writer
		t.Fatal(err)
	}
	check("when it is durable")
	for i := range b.pending.shards {
		if n := len(b.pending.shards[i].changes); n > 0 {
			t.Errorf("%d visitors have pending changes for ever", n)
		}
	}
}

func TestWhatArrivesTogetherSharesATransaction(t *testing.T) {
	b := openBolt(t, filepath.Join(t.TempDir(), "handbill.db"), Options{})
	release := hold(t, b)
	before := transactions(t, b)
	const callers = 200
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() {
			if _, err := b.Apply(context.Background(), []Mutation{opened(person(n%20), uint64(n+1))}); err != nil {
				t.Error(err)
			}
		})
	}
	for len(b.writer.queue) < callers {
		time.Sleep(time.Millisecond)
	}
	release()
	all.Wait()
	if used := transactions(t, b) - before; used > 1 {
		t.Errorf("%d changes took %d transactions", callers, used)
	}
	statistics, err := b.Statistics(t.Context(), "shop")
	if err != nil || statistics[sale][MetricOpened] != callers {
		t.Errorf("statistics %v, error %v", statistics, err)
	}
}

func TestABatchIsBounded(t *testing.T) {
	b := openBolt(t, filepath.Join(t.TempDir(), "handbill.db"), Options{})
	release := hold(t, b)
	before := transactions(t, b)
	const callers, each = 40, 32
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() {
			mutations := make([]Mutation, each)
			for i := range mutations {
				mutations[i] = opened(person(n), uint64(i+1))
			}
			if _, err := b.Apply(context.Background(), mutations); err != nil {
				t.Error(err)
			}
		})
	}
	for len(b.writer.queue) < callers {
		time.Sleep(time.Millisecond)
	}
	release()
	all.Wait()
	if used := transactions(t, b) - before; used != 3 {
		t.Errorf("%d changes took %d transactions, want 3 of at most about %d", callers*each, used, maxBatch)
	}
}

func TestWhatChangesNothingIsNotWritten(t *testing.T) {
	b := openBolt(t, filepath.Join(t.TempDir(), "handbill.db"), Options{})
	identify := func() {
		change := visitor.Change{Kind: visitor.Identified, At: november, Traits: map[string]any{"email": "ada@example.com"}}
		if _, err := b.Merge(t.Context(), "shop", "a:browser", "u:person-1", change); err != nil {
			t.Fatal(err)
		}
	}
	identify()
	mustApply(t, b, opened(person(1), 1))
	before := transactions(t, b)
	identify()
	if outcome := mustApply(t, b, opened(person(1), 1))[0]; outcome.Counted {
		t.Error("a repeat counted")
	}
	if _, err := b.Statistics(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	if used := transactions(t, b) - before; used != 0 {
		t.Errorf("repeats took %d transactions", used)
	}
}

// storedCount reads a count from the file.
func storedCount(t *testing.T, b *Bolt, name counter) (n uint64) {
	t.Helper()
	if err := b.view(func(tx *bbolt.Tx) error {
		if v := tx.Bucket(stateBucket).Get(countKey(name)); v != nil {
			n = binary.BigEndian.Uint64(v)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCountsAreDurableWithinASecond(t *testing.T) {
	path := filepath.Join(t.TempDir(), "handbill.db")
	synctest.Test(t, func(t *testing.T) {
		b := openBolt(t, path, Options{})
		name := counter{"shop", sale, MetricDelivered}
		for round := range uint64(3) {
			before := transactions(t, b)
			for range 1000 {
				b.Count("shop", sale, MetricDelivered, 1)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if got := storedCount(t, b, name); got != (round+1)*1000 {
				t.Errorf("after a second %d of %d are in the file", got, (round+1)*1000)
			}
			if used := transactions(t, b) - before; used > 2 {
				t.Errorf("1000 counts took %d transactions", used)
			}
		}
		b.Count("shop", sale, MetricDelivered, 7)
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		again := openBolt(t, path, Options{})
		if got := storedCount(t, again, name); got != 3007 {
			t.Errorf("after closing %d of 3007 are in the file", got)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestCloseWritesWhatWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "handbill.db")
	b := openBolt(t, path, Options{})
	release := hold(t, b)
	const callers = 50
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() {
			if _, err := b.Apply(context.Background(), []Mutation{opened(person(n), 1)}); err != nil {
				t.Error(err)
			}
		})
	}
	for len(b.writer.queue) < callers {
		time.Sleep(time.Millisecond)
	}
	closed := make(chan error)
	go func() { closed <- b.Close() }()
	release()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	all.Wait()
	again := openBolt(t, path, Options{})
	for n := range callers {
		if r, err := again.Load(t.Context(), person(n)); err != nil || r == nil {
			t.Errorf("person %d: record %+v, error %v", n, r, err)
		}
	}
}

func TestAFullDiskLosesNothingAndRecovers(t *testing.T) {
	const small = 1 << 20
	var log bytes.Buffer
	var mu sync.Mutex
	b := openBolt(t, filepath.Join(t.TempDir(), "handbill.db"), Options{
		maxFileSize: small, Logger: slog.New(slog.NewTextHandler(lockedWriter{&mu, &log}, nil)),
	})
	traits := func(n int) visitor.Change {
		return visitor.Change{Kind: visitor.Identified, At: november, Traits: map[string]any{"email": fmt.Sprintf("%d@example.com", n), "notes": strings.Repeat("x", 15<<10)}}
	}
	full := -1
	for n := range 200 {
		if _, err := b.Merge(t.Context(), "shop", "", person(n).Visitor, traits(n)); err != nil {
			if !strings.Contains(err.Error(), b.path) || !strings.Contains(err.Error(), "space") {
				t.Errorf("error %v", err)
			}
			full = n
			break
		}
	}
	if full < 1 {
		t.Fatalf("full at person %d", full)
	}
	b.Count("shop", sale, MetricDelivered, 5)
	b.Note(Mutation{Key: person(0), Change: visitor.Change{Kind: visitor.Visited, At: november, Page: &visitor.PageView{View: 1}}})
	if _, err := b.Apply(t.Context(), []Mutation{{Key: person(full), Change: traits(full)}}); err == nil {
		t.Error("a full disk took a record")
	}
	if r, err := b.Load(t.Context(), person(full)); err != nil || r != nil {
		t.Errorf("what could not be written is remembered: %+v, error %v", r, err)
	}
	if r, err := b.Load(t.Context(), person(full-1)); err != nil || r == nil {
		t.Errorf("what was written before: %+v, error %v", r, err)
	}
	if id, err := b.Find(t.Context(), "shop", "email", fmt.Sprintf("%d@example.com", full)); err != nil || id != "" {
		t.Errorf("found %q, error %v", id, err)
	}
	if trouble := b.Trouble(); trouble == nil || !strings.Contains(trouble.Error(), "the store cannot be written to since ") {
		t.Errorf("the trouble is: %v", trouble)
	}
	release := hold(t, b)
	b.db.MaxSize = 0 // space was made
	release()
	if _, err := b.Merge(t.Context(), "shop", "", person(full).Visitor, traits(full)); err != nil {
		t.Fatal(err)
	}
	if trouble := b.Trouble(); trouble != nil {
		t.Errorf("with space again the trouble is: %v", trouble)
	}
	mu.Lock()
	said := log.String()
	mu.Unlock()
	for _, once := range []string{"the store cannot be written to; ", "the store can be written to again"} {
		if strings.Count(said, once) != 1 {
			t.Errorf("the log says %d times %q:\n%s", strings.Count(said, once), once, said)
		}
	}
	if got := storedCount(t, b, counter{"shop", sale, MetricDelivered}); got != 5 {
		t.Errorf("%d of 5 counts survived the full disk", got)
	}
	if b.pending.of(person(0)) != nil {
		t.Error("a page view still waits after the disk had space")
	}
	if r, err := b.Load(t.Context(), person(0)); err != nil || r.Visits.PageViews != 1 {
		t.Errorf("a page view became %+v, error %v", r.Visits, err)
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	w  *bytes.Buffer
}

func (l lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func TestNotesDoNotFillTheMemoryWhileTheDiskIsFull(t *testing.T) {
	n := notes{pending: newPending()}
	noted := 0
	for view := range uint32(maxNotes + 100) {
		if n.add([]Mutation{{Key: person(int(view)), Change: visitor.Change{Kind: visitor.Visited}}}) {
			noted++
		}
	}
	if noted != maxNotes {
		t.Fatalf("%d wait, want %d", noted, maxNotes)
	}
	n.giveBack(n.take())
	if n.add([]Mutation{{Key: person(1)}}) {
		t.Error("what could not be written made room")
	}
	n.written(n.take())
	for i := range n.pending.shards {
		if left := len(n.pending.shards[i].changes); left > 0 {
			t.Errorf("%d visitors are still pending", left)
		}
	}
	if !n.add([]Mutation{{Key: person(1)}}) {
		t.Error("what was written made no room")
	}
}
