package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"handbill/engine/visitor"
)

var november = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

const sale = "spring-sale"

func person(n int) Key { return Key{"shop", fmt.Sprintf("u:person-%d", n)} }

func opened(key Key, delivery uint64) Mutation {
	return Mutation{Key: key, Metric: MetricOpened, Change: visitor.Change{Kind: visitor.Opened, Message: sale, Delivery: delivery, At: november}}
}

func openBolt(t *testing.T, path string, options Options) *Bolt {
	t.Helper()
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	b, err := OpenBolt(path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func mustApply(t *testing.T, s Store, mutations ...Mutation) []Outcome {
	t.Helper()
	outcomes, err := s.Apply(t.Context(), mutations)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

// overwrite puts bytes in the place of a record.
func overwrite(t *testing.T, b *Bolt, key Key, data []byte) {
	t.Helper()
	err := b.writer.write(t.Context(), &request{direct: func(tx *bbolt.Tx) error { return tx.Bucket(stateBucket).Put(visitorKey(key), data) }})
	if err != nil {
		t.Fatal(err)
	}
}

func TestARecordThatCannotBeReadConcernsOnlyItself(t *testing.T) {
	other, err := visitor.Encode(visitor.New("u:somebody-else"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"a newer version":  {[]byte{200, 1, 2, 3}, visitor.ErrVersion},
		"damaged":          {[]byte{1, 0xff, 0xff}, visitor.ErrDamaged},
		"empty":            {[]byte{}, visitor.ErrDamaged},
		"another person's": {other, visitor.ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			b := openBolt(t, filepath.Join(t.TempDir(), "handbill.db"), Options{})
			broken, sound := person(1), person(2)
			overwrite(t, b, broken, c.data)
			told := func(what string, err error) {
				t.Helper()
				if !errors.Is(err, c.want) || !strings.Contains(err.Error(), broken.Visitor) || !strings.Contains(err.Error(), "left as it is") {
					t.Errorf("%s: error %v", what, err)
				}
			}
			_, err := b.Load(t.Context(), broken)
			told("Load", err)
			_, err = b.Apply(t.Context(), []Mutation{opened(sound, 1), opened(broken, 2)})
			told("Apply", err)
			_, err = b.Merge(t.Context(), "shop", broken.Visitor, sound.Visitor, visitor.Change{Kind: visitor.Identified, At: november})
			told("Merge from it", err)
			_, err = b.Merge(t.Context(), "shop", sound.Visitor, broken.Visitor, visitor.Change{Kind: visitor.Identified, At: november})
			told("Merge into it", err)
			if r, err := b.Load(t.Context(), sound); err != nil || r != nil {
				t.Errorf("a part of the failed call was kept: %+v, error %v", r, err)
			}

			// In one transaction with others, it fails alone.
			release := hold(t, b)
			var all sync.WaitGroup
			for n := range 10 {
				all.Go(func() {
					_, err := b.Apply(context.Background(), []Mutation{opened(person(n), 7)})
					if bad := person(n) == broken; bad != (err != nil) {
						t.Errorf("person %d: error %v", n, err)
					}
				})
			}
			for len(b.writer.queue) < 10 {
				time.Sleep(time.Millisecond)
			}
			release()
			all.Wait()

			removed, err := b.Sweep(t.Context(), november.Add(time.Hour))
			told("Sweep", err)
			if removed != 9 {
				t.Errorf("Sweep removed %d", removed)
			}
			if err := b.view(func(tx *bbolt.Tx) error {
				if got := tx.Bucket(stateBucket).Get(visitorKey(broken)); !bytes.Equal(got, c.data) {
					t.Errorf("the record has become %x", got)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestSweepGoesThroughManyVisitors(t *testing.T) {
	b := openBolt(t, filepath.Join(t.TempDir(), "handbill.db"), Options{})
	const visitors = sweepChunk*2 + 100
	var mutations []Mutation
	for n := range visitors {
		m := opened(person(n), 1)
		if n%3 == 0 {
			m.Change.At = november.AddDate(-2, 0, 0)
		}
		mutations = append(mutations, m)
	}
	mustApply(t, b, mutations...)
	removed, err := b.Sweep(t.Context(), november.AddDate(-1, 0, 0))
	if err != nil || removed != (visitors+2)/3 {
		t.Errorf("removed %d, error %v", removed, err)
	}
	if removed, err := b.Sweep(t.Context(), november.AddDate(-1, 0, 0)); err != nil || removed != 0 {
		t.Errorf("swept again: removed %d, error %v", removed, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Sweep(ctx, november.Add(time.Hour)); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	for n := range visitors {
		if r, err := b.Load(t.Context(), person(n)); err != nil || (r == nil) != (n%3 == 0) {
			t.Fatalf("person %d: %+v, error %v", n, r, err)
		}
	}
}

func TestTheFileIsNoOneElsesBusiness(t *testing.T) {
	path := filepath.Join(t.TempDir(), "caddy", "handbill", "handbill.db")
	openBolt(t, path, Options{})
	for p, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(p)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, error %v, want %v", p, info.Mode().Perm(), err, want)
		}
	}
}
