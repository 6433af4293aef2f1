package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"handbill/engine/visitor"
)

func TestNothingIsAcknowledgedOnceTheFileIsTakenAway(t *testing.T) {
	for _, test := range []struct {
		name string
		take func(path, aside string) error
		want string
	}{
		{"moved", os.Rename, "was removed or moved while it was in use"},
		{"replaced by a backup", func(path, aside string) error {
			if err := os.Rename(path, aside); err != nil {
				return err
			}
			return os.WriteFile(path, []byte("a backup"), 0o600)
		}, "was replaced by another one while it was in use"},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			path, aside := filepath.Join(folder, "handbill.db"), filepath.Join(folder, "aside.db")
			b := openBolt(t, path, Options{})
			if _, err := b.Apply(t.Context(), []Mutation{opened(person(1), 1)}); err != nil || b.Trouble() != nil {
				t.Fatal(err, b.Trouble())
			}
			if err := test.take(path, aside); err != nil {
				t.Fatal(err)
			}
			if err := b.Trouble(); err == nil || !strings.Contains(err.Error(), path+" "+test.want) || !strings.Contains(err.Error(), "put the file back, or restart Caddy") {
				t.Errorf("before anything is written: %v", err)
			}
			b.Count("shop", sale, MetricDelivered, 1)
			if _, err := b.Apply(t.Context(), []Mutation{opened(person(2), 2)}); !errors.Is(err, errGone) {
				t.Errorf("a write to the file that was taken away: %v", err)
			}
			if err := b.Trouble(); !errors.Is(err, errGone) {
				t.Errorf("after a write: %v", err)
			}
			if r, err := b.Load(t.Context(), person(1)); err != nil || r == nil {
				t.Errorf("who was there before: %+v, error %v", r, err)
			}
			if err := os.Rename(aside, path); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Apply(t.Context(), []Mutation{opened(person(2), 2)}); err != nil || b.Trouble() != nil {
				t.Errorf("with the file in its place again: %v, %v", err, b.Trouble())
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			b = openBolt(t, path, Options{})
			if n := storedCount(t, b, counter{"shop", sale, MetricDelivered}); n != 1 {
				t.Errorf("the count that waited is %d", n)
			}
			if r, err := b.Load(t.Context(), person(2)); err != nil || r == nil {
				t.Errorf("who came back: %+v, error %v", r, err)
			}
		})
	}
}

// The file has all of a transaction whose last synchronising failed: only what a crash of the machine would leave is not known.
func TestWhatIsInTheFileThoughItsLastSyncFailedIsNotAddedTwice(t *testing.T) {
	b := openBolt(t, filepath.Join(t.TempDir(), "handbill.db"), Options{})
	between(t, b, func() {
		b.writer.update = func(fill func(*bbolt.Tx) error) error {
			err := b.db.Update(fill)
			if err == nil {
				err = syscall.EIO
			}
			return err
		}
	})
	b.Count("shop", sale, MetricDelivered, 3)
	b.Note(Mutation{Key: person(0), Change: visitor.Change{Kind: visitor.Visited, At: november, Page: &visitor.PageView{View: 1}}})
	report := []Mutation{opened(person(1), 1)}
	if _, err := b.Apply(t.Context(), report); !errors.Is(err, syscall.EIO) {
		t.Fatalf("what may be gone after a power cut is acknowledged: %v", err)
	}
	between(t, b, func() { b.writer.update = b.db.Update })
	if _, err := b.Apply(t.Context(), report); err != nil { // as browsers do
		t.Fatal(err)
	}
	for metric, want := range map[Metric]int64{MetricDelivered: 3, MetricOpened: 1} {
		if all, err := b.Statistics(t.Context(), "shop"); err != nil || all[sale][metric] != want {
			t.Errorf("%s is %d, want %d (%v)", metric, all[sale][metric], want, err)
		}
	}
	if r, err := b.Load(t.Context(), person(0)); err != nil || r == nil || r.Visits.PageViews != 1 {
		t.Errorf("of one page view there is %+v, error %v", r, err)
	}
}
