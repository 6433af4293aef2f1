package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"handbill/engine/store"
	people "handbill/engine/visitor"
)

// durableVisitors is how many visitors are changed.
const durableVisitors = 10_000

// durableResult is what was acknowledged in a second, and how often the disk synchronises, by rounds.
type durableResult struct{ ours, bare, synced []float64 }

// measureDurable compares acknowledged changes of visitors by 64 writers with bare bbolt, where each writes a record of the
// same size in a transaction of its own, and with how often one writer has the disk synchronise as many bytes; in turns.
func measureDurable(ctx context.Context, rounds int) (result durableResult, err error) {
	folder, err := os.MkdirTemp("", "handbill-bench-")
	if err != nil {
		return result, err
	}
	defer os.RemoveAll(folder)
	ours, err := store.OpenBolt(filepath.Join(folder, "handbill.db"), store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return result, err
	}
	defer ours.Close()
	bare, err := bbolt.Open(filepath.Join(folder, "bare.db"), 0o600, nil)
	if err != nil {
		return result, err
	}
	defer bare.Close()
	plain, err := os.Create(filepath.Join(folder, "plain"))
	if err != nil {
		return result, err
	}
	defer plain.Close()
	record, err := exampleRecord()
	if err != nil {
		return result, err
	}

	var delivery atomic.Uint64
	change := func(n int) error {
		_, err := ours.Apply(ctx, []store.Mutation{{
			Key:    store.Key{Workspace: "default", Visitor: fmt.Sprintf("u:person-%d", n%durableVisitors)},
			Metric: store.MetricOpened,
			Change: people.Change{Kind: people.Opened, Message: "spring-sale", Delivery: delivery.Add(1), At: time.Now()},
		}})
		return err
	}
	put := func(n int) error {
		return bare.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("state"))
			if err != nil {
				return err
			}
			return bucket.Put(fmt.Appendf(nil, "u:person-%d", n%durableVisitors), []byte(record))
		})
	}
	if err := durableFill(bare, record, change); err != nil {
		return result, err
	}
	for range rounds {
		a, err := writeForATurn(change)
		if err != nil {
			return result, err
		}
		b, err := writeForATurn(put)
		if err != nil {
			return result, err
		}
		c, err := syncForATurn(plain, []byte(record))
		if err != nil {
			return result, err
		}
		result.ours, result.bare, result.synced = append(result.ours, a), append(result.bare, b), append(result.synced, c)
	}
	return result, ctx.Err()
}

// durableFill gives both sides the same visitors.
func durableFill(bare *bbolt.DB, record string, change func(int) error) error {
	err := bare.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists([]byte("state"))
		for n := 0; n < durableVisitors && err == nil; n++ {
			err = bucket.Put(fmt.Appendf(nil, "u:person-%d", n), []byte(record))
		}
		return err
	})
	if err != nil {
		return err
	}
	_, err = writeForATurn(change)
	return err
}

// syncForATurn appends to a file and synchronises it, one after the other, and says how often it did in a second.
func syncForATurn(file *os.File, data []byte) (perSecond float64, err error) {
	begun, times := time.Now(), 0
	for ; time.Since(begun) < redisTurn; times++ {
		if _, err := file.Write(data); err != nil {
			return 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, err
		}
	}
	return float64(times) / time.Since(begun).Seconds(), nil
}

func durableTable(r durableResult) string {
	var b strings.Builder
	b.WriteString("| changes of visitors in a second | bare bbolt, a transaction each | ratio | synchronisations of the disk in a second | ratio |\n|--:|--:|--:|--:|--:|\n")
	var toBare, toDisk []float64
	for i := range r.ours {
		toBare, toDisk = append(toBare, r.ours[i]/r.bare[i]), append(toDisk, r.ours[i]/r.synced[i])
	}
	fmt.Fprintf(&b, "| %.0f | %.0f | %s | %.0f | %s |\n",
		spreadOf(r.ours).median, spreadOf(r.bare).median, spreadOf(toBare), spreadOf(r.synced).median, spreadOf(toDisk))
	return b.String()
}
