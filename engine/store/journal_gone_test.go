package store

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"handbill/engine/store/redistest"
	"handbill/engine/visitor"
)

// openedNow is a change that waits in a journal from now on.
func openedNow(key Key) written {
	return written{kind: entryApply, mutations: []Mutation{{Key: key, Metric: MetricOpened, Change: visitor.Change{
		Kind: visitor.Opened, Message: "spring-sale", Delivery: 1, At: time.Now(),
	}}}}
}

func TestWhoIsForgottenWhileWhatWaitsOfThemIsWrittenIsTakenBack(t *testing.T) {
	server := redistest.Start(t)
	open := func() *Redis {
		r, err := OpenRedis(t.Context(), []string{server.URL()}, RedisOptions{CacheSize: 1 << 20, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		return r
	}
	inner := open()
	j, err := WithJournal(inner, JournalOptions{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(errors.Join(err, inner.Close()))
	}
	t.Cleanup(func() { _ = j.Close() })
	has := func(key Key) bool {
		r, err := open().Load(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		return r != nil
	}
	ada, grace := Key{"shop", "u:ada"}, Key{"shop", "u:grace"}

	j.draining.Lock() // the test writes what waits, step by step
	defer j.draining.Unlock()
	for _, key := range []Key{ada, grace} {
		if err := j.append(openedNow(key)); err != nil {
			t.Fatal(err)
		}
	}
	next := j.queue.next(drainWindow, j.isReachable)
	if !j.learnWhoIsGone(next) {
		t.Fatal("it is not known who is gone")
	}
	if _, err := open().Forget(t.Context(), []Key{ada}, nil); err != nil {
		t.Fatal(err)
	}
	if did := j.drainAll(next); did != 2 || !has(ada) || !has(grace) {
		t.Fatalf("%d entries were written, of ada %t, of grace %t", did, has(ada), has(grace))
	}
	server.Pause()
	if j.takeBack() || len(j.wrote) != 2 {
		t.Errorf("though Redis says nothing it is known who was forgotten; in doubt are %v", j.wrote)
	}
	server.Continue()
	for deadline := time.Now().Add(30 * time.Second); !j.takeBack(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not become known who was forgotten")
		}
	}
	if has(ada) || !has(grace) || len(j.wrote) != 0 {
		t.Errorf("there is something of ada: %t, of grace: %t; in doubt are %v", has(ada), has(grace), j.wrote)
	}
}
