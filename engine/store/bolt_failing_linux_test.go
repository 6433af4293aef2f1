package store

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"handbill/engine/store/disktest"
	"handbill/engine/visitor"
)

func TestAFileThatCannotBeWrittenLosesNothingAcknowledged(t *testing.T) {
	for name, how := range map[string]string{
		"nothing is taken": disktest.Full,
		"what is taken is not kept, which is told when it is synchronised": disktest.Lost,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "handbill.db")
			b := openBolt(t, path, Options{})
			makeRoom(t, b)
			disk := disktest.Of(t, path)
			acknowledged := map[Key]bool{}
			for n := range 60 {
				key, bad := person(n), n%3 == 1
				if bad {
					between(t, b, func() { disk.Fail(how) })
					b.Count("shop", sale, MetricDelivered, 1)
					b.Note(Mutation{Key: person(0), Change: visitor.Change{Kind: visitor.Visited, At: november.Add(time.Duration(n) * time.Hour), Page: &visitor.PageView{View: uint32(n)}}})
				}
				_, err := b.Apply(t.Context(), []Mutation{opened(key, uint64(n+1))})
				between(t, b, disk.Heal)
				switch {
				case bad && (err == nil || !strings.Contains(err.Error(), path)):
					t.Errorf("write %d, while the disk fails: %v", n, err)
				case !bad && err != nil:
					t.Fatalf("write %d, on a healthy disk again: %v", n, err)
				}
				acknowledged[key] = err == nil
				if r, err := b.Load(t.Context(), key); err != nil || (r != nil) != acknowledged[key] {
					t.Errorf("of write %d is remembered %+v, error %v", n, r, err)
				}
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			keptOnDisk(t, path, acknowledged)
		})
	}
}

// between does something while no transaction is under way: a disk that fails for half of one is healed with what it lost.
func between(t *testing.T, b *Bolt, do func()) {
	t.Helper()
	tx, err := b.db.Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	do()
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

// makeRoom gives a file pages that are free, so that it need not grow: a device has no size.
func makeRoom(t *testing.T, b *Bolt) {
	t.Helper()
	var mutations []Mutation
	var keys []Key
	for n := range 400 {
		key := Key{"shop", fmt.Sprintf("a:passer-by-%d", n)}
		keys = append(keys, key)
		mutations = append(mutations, Mutation{Key: key, Change: visitor.Change{
			Kind: visitor.Identified, At: november, Traits: map[string]any{"notes": strings.Repeat("x", 1<<10)},
		}})
	}
	if _, err := b.Apply(t.Context(), mutations); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Forget(t.Context(), keys, nil); err != nil {
		t.Fatal(err)
	}
}

// keptOnDisk looks into the file after a restart.
func keptOnDisk(t *testing.T, path string, acknowledged map[Key]bool) {
	t.Helper()
	b := openBolt(t, path, Options{})
	for key, was := range acknowledged {
		r, err := b.Load(t.Context(), key)
		if err != nil || (r != nil && r.Messages[sale] != nil) != was {
			t.Errorf("%s was acknowledged: %t, and the file has %+v, error %v", key.Visitor, was, r, err)
		}
	}
	if r, err := b.Load(t.Context(), person(0)); err != nil || r.Visits.PageViews != 20 {
		t.Errorf("of 20 page views that were noted while the disk failed the file has %+v, error %v", r.Visits, err)
	}
	if n := storedCount(t, b, counter{"shop", sale, MetricDelivered}); n != 20 {
		t.Errorf("%d of 20 counts survived", n)
	}
	if n := storedCount(t, b, counter{"shop", sale, MetricOpened}); n != 40 {
		t.Errorf("%d openings are counted, and 40 were acknowledged", n)
	}
	err := b.db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("the file is damaged: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
