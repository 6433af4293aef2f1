package store

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"handbill/engine/visitor"
)

const (
	benchWriters  = 64
	benchVisitors = 10_000
)

// BenchmarkDurableUpdates compares acknowledged updates of visitors by 64 writers with bare bbolt, one transaction each,
// in turns in one run.
func BenchmarkDurableUpdates(b *testing.B) {
	dir := b.TempDir()
	s, err := OpenBolt(filepath.Join(dir, "handbill.db"), Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	bare, err := bbolt.Open(filepath.Join(dir, "bare.db"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = bare.Close() }()
	r := visitor.New(person(1).Visitor)
	r.Apply(opened(person(1), 1).Change)
	value, err := visitor.Encode(r)
	if err != nil {
		b.Fatal(err)
	}
	fillBoth(b, s, bare, value)

	var delivery atomic.Uint64
	ours := func(n int) error {
		_, err := s.Apply(context.Background(), []Mutation{opened(person(n%benchVisitors), delivery.Add(1))})
		return err
	}
	theirs := func(n int) error {
		return bare.Update(func(tx *bbolt.Tx) error {
			return tx.Bucket(stateBucket).Put(visitorKey(person(n%benchVisitors)), value)
		})
	}
	const turn = 2000
	var oursTook, theirsTook time.Duration
	n := 0
	for b.Loop() {
		theirsTook += together(b, n, turn/10, theirs) * 10 // they are slow: a tenth will do
		oursTook += together(b, n, turn, ours)
		n += turn
	}
	b.ReportMetric(float64(n)/oursTook.Seconds(), "updates/s")
	b.ReportMetric(float64(n)/theirsTook.Seconds(), "bare-updates/s")
	b.ReportMetric(theirsTook.Seconds()/oursTook.Seconds(), "ratio")
}

// fillBoth gives both files the same visitors.
func fillBoth(b *testing.B, s *Bolt, bare *bbolt.DB, value []byte) {
	b.Helper()
	for from := 0; from < benchVisitors; from += maxBatch {
		var mutations []Mutation
		for n := from; n < min(from+maxBatch, benchVisitors); n++ {
			mutations = append(mutations, opened(person(n), 1))
		}
		if _, err := s.Apply(context.Background(), mutations); err != nil {
			b.Fatal(err)
		}
		if err := bare.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists(stateBucket)
			if err != nil {
				return err
			}
			for _, m := range mutations {
				if err := bucket.Put(visitorKey(m.Key), value); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
}

// together does something so many times with 64 goroutines, and says how long it took.
func together(b *testing.B, from, times int, do func(int) error) time.Duration {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	begun := time.Now()
	for range benchWriters {
		all.Go(func() {
			for {
				n := int(next.Add(1))
				if n > times {
					return
				}
				if err := do(from + n*7919); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(begun)
}

// BenchmarkLoad reads a visitor's record: from the cache, and from the file.
func BenchmarkLoad(b *testing.B) {
	s, err := OpenBolt(filepath.Join(b.TempDir(), "handbill.db"), Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	inner := &watched{Store: s}
	c, err := Cached(inner, 64<<20)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	const visitors = 1000
	var mutations []Mutation
	for n := range visitors {
		mutations = append(mutations, opened(person(n), 1))
	}
	if _, err := c.Apply(context.Background(), mutations); err != nil {
		b.Fatal(err)
	}
	for name, from := range map[string]Store{"cached": c, "file": inner} {
		b.Run(name, func(b *testing.B) {
			for n := range visitors {
				mustLoad(b, from, person(n))
			}
			c.records.Wait()
			keys := make([]Key, visitors)
			for n := range keys {
				keys[n] = person(n)
			}
			inner.loads.Store(0)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				mustLoad(b, from, keys[n%visitors])
				n++
			}
			b.ReportMetric(float64(inner.loads.Load())/float64(b.N), "store-reads/op")
		})
	}
}

// BenchmarkOpen opens a file with many visitors.
func BenchmarkOpen(b *testing.B) {
	const visitors = 200_000
	path := filepath.Join(b.TempDir(), "handbill.db")
	s, err := OpenBolt(path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for from := 0; from < visitors; from += 20_000 {
		var mutations []Mutation
		for n := range 20_000 {
			mutations = append(mutations, opened(Key{"shop", fmt.Sprintf("a:%08x", uint32((from+n)*2654435761))}, 1))
		}
		if _, err := s.Apply(context.Background(), mutations); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for range b.N {
		s, err := OpenBolt(path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		mustLoad(b, s, person(1))
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(visitors, "visitors")
}
