package store

import (
	"context"
	"crypto/rand"
	"errors"
	randv2 "math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// noteWriters is how many visitors' notes are written at once.
const noteWriters = 32

// lazyWriter writes what nobody waits for: notes and counts.
type lazyWriter struct {
	store *Redis
	// bucket is where the counts of this process go, so that one script raises all of a workspace.
	bucket string

	dirty   chan struct{} // has an element when something waits
	ending  chan struct{}
	stopped chan struct{}
	last    error // of the last writing; read after stopped

	journal atomic.Pointer[Journaled] // where what waits may wait; nil: nowhere
	writing sync.Mutex                // held while counts are written
	batches []*countBatch

	mu     sync.Mutex
	counts map[counter]int64
}

// countBatch are counts of a workspace that are added once, however often that is tried.
type countBatch struct {
	workspace, name string
	bucket          string // where they are added
	counts          map[counter]int64
}

func startLazyWriter(r *Redis) *lazyWriter {
	w := &lazyWriter{
		store: r, bucket: bucketName(randv2.IntN(redisBuckets)),
		dirty: make(chan struct{}, 1), ending: make(chan struct{}), stopped: make(chan struct{}), counts: map[counter]int64{},
	}
	go w.run()
	return w
}

// Note implements [Store].
func (r *Redis) Note(mutations ...Mutation) {
	if !r.closed.Load() {
		r.notes.add(mutations)
		r.lazy.soon()
	}
}

// Count implements [Store].
func (r *Redis) Count(workspace, message string, metric Metric, n int) {
	if r.closed.Load() {
		return
	}
	r.lazy.mu.Lock()
	r.lazy.counts[counter{workspace, message, metric}] += int64(n)
	r.lazy.mu.Unlock()
	r.lazy.soon()
}

// soon has what waits written within [countInterval].
func (w *lazyWriter) soon() {
	select {
	case w.dirty <- struct{}{}:
	default:
	}
}

// close writes what waits and ends the writer.
func (w *lazyWriter) close() error {
	close(w.ending)
	<-w.stopped
	return w.last
}

func (w *lazyWriter) run() {
	defer close(w.stopped)
	for {
		select {
		case <-w.ending:
			w.last = w.write()
			return
		case <-w.dirty:
		}
		select {
		case <-w.ending:
			w.last = w.write()
			return
		case <-time.After(countInterval):
		}
		if err := w.write(); err != nil {
			if w.putAside(err) {
				continue
			}
			if !errors.Is(err, ErrUnavailable) { // of which it was told when Redis was lost
				w.store.logger.Error("counts and visits could not be written; they are kept in memory and tried again", "error", err)
			}
			w.soon()
		}
	}
}

func (w *lazyWriter) write() error {
	ctx, cancel := context.WithTimeout(context.Background(), writePatience)
	defer cancel()
	return errors.Join(w.writeNotes(ctx), w.writeCounts(ctx))
}

// writeNotes writes the notes that wait, those of a visitor together.
func (w *lazyWriter) writeNotes(ctx context.Context) error {
	keys := w.store.notes.keys()
	next := make(chan Key, len(keys))
	for _, key := range keys {
		next <- key
	}
	close(next)
	var all sync.WaitGroup
	var mu sync.Mutex
	var problem error
	for range min(noteWriters, len(keys)) {
		all.Go(func() {
			for key := range next {
				if err := w.store.update(ctx, []Key{key}, nil, func(*changes) error { return nil }); err != nil {
					mu.Lock()
					problem = err
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	return problem
}

// writeCounts adds the counts that wait to those in Redis.
func (w *lazyWriter) writeCounts(ctx context.Context) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.batches = append(w.batches, w.takeCounts()...)
	for len(w.batches) > 0 {
		if err := w.writeBatch(ctx, w.batches[0], batchTime); err != nil {
			return err
		}
		w.batches = w.batches[1:]
	}
	return nil
}

// batchTime is how long Redis remembers that it has a batch of counts, of which it did not say so perhaps.
const batchTime = time.Hour

// writeBatch adds a batch of counts, unless Redis remembers that it has it.
func (w *lazyWriter) writeBatch(ctx context.Context, batch *countBatch, known time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, writePatience)
	defer cancel()
	arguments := []string{strconv.Itoa(int(known.Seconds()))}
	for name, n := range batch.counts {
		arguments = append(arguments, countField(name), strconv.FormatInt(n, 10))
	}
	keys := []string{bucketKey("counts", batch.workspace, batch.bucket), bucketKey("batch", batch.workspace, batch.bucket) + ":" + batch.name}
	err := w.store.announce(ctx, batch.workspace)
	if err == nil {
		err = countScript.Exec(ctx, w.store.client, keys, arguments).Error()
	}
	if err != nil {
		return w.store.failed("counting", Key{}, err)
	}
	return nil
}

// takeCounts are the counts that wait, in one batch for each workspace.
func (w *lazyWriter) takeCounts() []*countBatch {
	w.mu.Lock()
	counts := w.counts
	w.counts = map[counter]int64{}
	w.mu.Unlock()
	var batches []*countBatch
	byWorkspace := map[string]*countBatch{}
	for name, n := range counts {
		batch := byWorkspace[name.workspace]
		if batch == nil {
			batch = &countBatch{workspace: name.workspace, name: rand.Text(), bucket: w.bucket, counts: map[counter]int64{}}
			byWorkspace[name.workspace], batches = batch, append(batches, batch)
		}
		batch.counts[name] = n
	}
	return batches
}

// useJournal has what waits put into a journal while Redis cannot be reached.
func (w *lazyWriter) useJournal(j *Journaled) { w.journal.Store(j) }

// putAside puts what waits into the journal, where there is one and Redis cannot be reached; false when something is left.
func (w *lazyWriter) putAside(why error) bool {
	j := w.journal.Load()
	if j == nil || !errors.Is(why, ErrUnavailable) {
		return false
	}
	w.writing.Lock()
	defer w.writing.Unlock()
	w.batches = append(w.batches, w.takeCounts()...)
	for len(w.batches) > 0 {
		if !j.mayPutAside() || j.append(written{kind: entryCounts, counts: w.batches[0]}) != nil {
			return false
		}
		w.batches = w.batches[1:]
	}
	return j.putNotesAside()
}
