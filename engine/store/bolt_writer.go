package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"handbill/engine/visitor"
)

const (
	// maxBatch is how many mutations share one transaction at most.
	maxBatch = 512
	// gatherTime is how long a transaction waits at most for others that will want to share it.
	gatherTime = 2 * time.Millisecond
	// countInterval is how long a count or a note waits at most until it is written.
	countInterval = 500 * time.Millisecond
	// queueLength is how many requests may wait for the writer before callers wait to be accepted.
	queueLength = 4096
)

// request is something to be written. Either do or direct is set.
type request struct {
	// do makes changes of records; when it fails, they are dropped, and the rest of the transaction goes on.
	do func(*changes) error
	// direct changes the file itself; when it fails, the whole transaction does.
	direct func(*bbolt.Tx) error
	// mutations are pending until the request is answered.
	mutations []Mutation
	// size is how many mutations it counts for.
	size int

	answer chan error
	err    error // of do
}

// writer is the one goroutine that writes to the file. It gathers what arrives while a transaction is being synchronised
// to disk into the next one.
type writer struct {
	db      *bbolt.DB
	path    string
	place   place
	update  func(func(*bbolt.Tx) error) error // of db
	pending *pending
	writing writing
	queue   chan *request
	stopped chan struct{}
	dirty   chan struct{} // has an element when counts or notes wait
	last    error         // of writing at the end; read after stopped

	gate   sync.RWMutex // held for reading while something is put into the queue
	closed bool

	countsMu sync.Mutex
	counts   map[counter]int64
	notes    notes
}

func startWriter(db *bbolt.DB, path string, pending *pending, logger *slog.Logger) *writer {
	w := &writer{
		db: db, path: path, place: placeOf(path), update: db.Update, pending: pending, writing: writing{path: path, logger: logger},
		queue: make(chan *request, queueLength), stopped: make(chan struct{}), dirty: make(chan struct{}, 1),
		counts: map[counter]int64{}, notes: notes{pending: pending},
	}
	go w.run()
	return w
}

// write hands a request to the writer and waits until it is durable. When ctx ends before it was accepted, it is not
// made; when ctx ends later, it is.
func (w *writer) write(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.answer = make(chan error, 1)
	if err := w.accept(ctx, r); err != nil {
		return err
	}
	select {
	case err := <-r.answer:
		return err
	case <-ctx.Done():
		return fmt.Errorf("nobody waited until it was written: %w", ctx.Err())
	}
}

func (w *writer) accept(ctx context.Context, r *request) error {
	w.gate.RLock()
	defer w.gate.RUnlock()
	if w.closed {
		return ErrClosed
	}
	w.pending.add(r.mutations)
	select {
	case w.queue <- r:
		return nil
	case <-ctx.Done():
		w.pending.remove(r.mutations)
		return ctx.Err()
	}
}

// count lets a count wait for the next transaction.
func (w *writer) count(name counter, n int64) {
	w.countsMu.Lock()
	w.counts[name] += n
	w.countsMu.Unlock()
	w.soon()
}

// note lets changes wait for the next transaction. They are pending until then.
func (w *writer) note(mutations []Mutation) {
	w.gate.RLock()
	defer w.gate.RUnlock()
	if !w.closed && w.notes.add(mutations) {
		w.soon()
	}
}

// soon has what waits written within [countInterval].
func (w *writer) soon() {
	select {
	case w.dirty <- struct{}{}:
	default:
	}
}

func (w *writer) isClosed() bool {
	w.gate.RLock()
	defer w.gate.RUnlock()
	return w.closed
}

// close writes what waits and ends the writer.
func (w *writer) close() error {
	w.gate.Lock()
	w.closed = true
	w.gate.Unlock()
	close(w.queue)
	<-w.stopped
	return w.last
}

func (w *writer) run() {
	defer close(w.stopped)
	var flush <-chan time.Time // set while counts wait
	together := 0              // how many requests shared the last transaction
	for {
		select {
		case first, open := <-w.queue:
			if !open {
				w.last = w.commit(nil)
				return
			}
			batch := w.gather(first, together)
			together = len(batch)
			if err := w.commit(batch); err == nil {
				flush = nil // the counts went with it
			}
		case <-w.dirty:
			if flush == nil {
				flush = time.After(countInterval)
			}
		case <-flush:
			flush = nil
			if err := w.commit(nil); err != nil {
				flush = time.After(countInterval)
			}
		}
	}
}

// gather takes what waits into one batch. When several shared the last transaction, it waits a moment for as many: they
// are about to come back. A lone writer never waits.
func (w *writer) gather(first *request, expect int) []*request {
	batch := []*request{first}
	size := first.size
	var patience <-chan time.Time
	for size < maxBatch {
		select {
		case r, open := <-w.queue:
			if !open {
				return batch
			}
			batch, size = append(batch, r), size+r.size
			continue
		default:
		}
		if len(batch) >= expect {
			break
		}
		if patience == nil {
			timer := time.NewTimer(gatherTime)
			defer timer.Stop()
			patience = timer.C
		}
		select {
		case r, open := <-w.queue:
			if !open {
				return batch
			}
			batch, size = append(batch, r), size+r.size
		case <-patience:
			return batch
		}
	}
	return batch
}

// commit writes a batch and the counts that wait in one transaction, and answers the batch's requests.
func (w *writer) commit(batch []*request) error {
	counts, notes := w.takeCounts(), w.notes.take()
	var err error
	number := 0
	if len(batch) > 0 || len(counts) > 0 || len(notes) > 0 {
		if err = w.place.check(); err == nil {
			err = guard(w.path, func() error {
				return w.update(func(tx *bbolt.Tx) error {
					number = tx.ID()
					return fill(tx, batch, notes, counts)
				})
			})
		}
	}
	nothing := errors.Is(err, errNothing)
	if nothing {
		err = nil
	}
	if err == nil {
		w.notes.written(notes)
		if !nothing && len(batch)+len(counts)+len(notes) > 0 {
			w.writing.worked()
		}
	} else {
		if w.holds(number) {
			w.notes.written(notes)
		} else {
			w.notes.giveBack(notes)
			w.returnCounts(counts)
		}
		w.writing.failed(err)
		if !errors.Is(err, errGone) {
			err = fmt.Errorf("writing to the store %s: %w; nothing of it was kept: check the disk's space and health", w.path, err)
		}
	}
	for _, r := range batch {
		w.pending.remove(r.mutations)
		if r.err != nil {
			r.answer <- r.err
		} else {
			r.answer <- err
		}
	}
	return err
}

// holds says of a transaction that failed whether the file has it all the same: all was written, and only the last
// synchronising failed. Made again, its counts would be added twice.
func (w *writer) holds(number int) (held bool) {
	if number == 0 {
		return false
	}
	err := guard(w.path, func() error {
		return w.db.View(func(tx *bbolt.Tx) error {
			held = tx.ID() >= number
			return nil
		})
	})
	return held && err == nil
}

// errNothing ends a transaction that would change nothing: it is not worth waiting for the disk.
var errNothing = errors.New("nothing to write")

// fill makes the changes of a transaction.
func fill(tx *bbolt.Tx, batch []*request, notes [][]Mutation, counts map[counter]int64) error {
	file := &fileReader{tx: tx, seen: map[Key]*visitor.Record{}}
	all := changesOn(file)
	for _, mutations := range notes { // they were accepted before
		for _, m := range mutations {
			if own := changesOn(all); own.note(m) {
				all.absorb(own)
			}
		}
	}
	direct := false
	for _, r := range batch {
		if r.direct != nil {
			direct = true
			if err := r.direct(tx); err != nil {
				return err
			}
			continue
		}
		own := changesOn(all)
		if r.err = r.do(own); r.err == nil {
			all.absorb(own)
		}
	}
	for name, n := range counts {
		all.count(name, n)
	}
	if !direct && all.records.len() == 0 && all.counts.len() == 0 {
		return errNothing
	}
	return put(tx, file, all)
}

// put writes changes into the file, in the order of their keys, which is what bbolt likes best.
func put(tx *bbolt.Tx, file *fileReader, c *changes) error {
	state := tx.Bucket(stateBucket)
	writes := make([]write, 0, c.records.len()+c.counts.len())
	for key, r := range c.records.all() {
		more, err := recordWrites(key, file.seen[key], r)
		if err != nil {
			return err
		}
		writes = append(writes, more...)
	}
	for name, n := range c.counts.all() {
		k := countKey(name)
		if was := state.Get(k); len(was) == 8 {
			n += int64(binary.BigEndian.Uint64(was))
		}
		writes = append(writes, write{k, binary.BigEndian.AppendUint64(nil, uint64(n))})
	}
	slices.SortFunc(writes, func(a, b write) int { return bytes.Compare(a.key, b.key) })
	for _, w := range writes {
		var err error
		if w.value == nil {
			err = state.Delete(w.key)
		} else {
			err = state.Put(w.key, w.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// write is one key's new value; nil removes the key.
type write struct{ key, value []byte }

// recordWrites are the writes that the change of a record takes: the record, and its place in the index of addresses.
func recordWrites(key Key, was, is *visitor.Record) ([]write, error) {
	record := write{key: visitorKey(key)}
	if is != nil {
		var err error
		if record.value, err = visitor.Encode(is); err != nil {
			return nil, err
		}
	}
	writes := []write{record}
	before, after := email(was), email(is)
	if before == after {
		return writes, nil
	}
	if before != "" {
		writes = append(writes, write{key: emailKey(key.Workspace, before, key.Visitor)})
	}
	if after != "" {
		writes = append(writes, write{emailKey(key.Workspace, after, key.Visitor), []byte{}})
	}
	return writes, nil
}

func (w *writer) takeCounts() map[counter]int64 {
	w.countsMu.Lock()
	defer w.countsMu.Unlock()
	if len(w.counts) == 0 {
		return nil
	}
	counts := w.counts
	w.counts = map[counter]int64{}
	return counts
}

func (w *writer) returnCounts(counts map[counter]int64) {
	w.countsMu.Lock()
	defer w.countsMu.Unlock()
	for name, n := range counts {
		w.counts[name] += n
	}
}
