package store

import (
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"

	"handbill/engine/eventlog"
	"handbill/engine/visitor"
)

// The kinds of entries of a journal, as they stand in the type of the log's events.
const (
	entryApply  = "apply"
	entryMerge  = "merge"
	entryCounts = "counts"
	entryForget = "forget"
)

// entry is something that waits in a journal.
type entry struct {
	kind string
	// journal and number tell it from every other: numbers grow in one run of a journal, and journal names the run.
	journal, number uint64
	// segment is the part of the log that holds it, size the bytes that it takes there, about.
	segment uint64
	size    int64
	at      time.Time
	// keys are the visitors whom it changes, each once; of a merge the one who is joined into, and from is the other.
	keys []Key
	from string
	// body is what it changes, as it is in the log.
	body string
	// done: it is in Redis, or nothing is left of it to be written there.
	done bool
}

// storedEntry is an entry as it is in the log.
type storedEntry struct {
	Journal   uint64          `cbor:"1,keyasint"`
	Number    uint64          `cbor:"2,keyasint"`
	Mutations []entryMutation `cbor:"3,keyasint,omitempty"`
	From      string          `cbor:"4,keyasint,omitempty"`
	Counts    []entryCount    `cbor:"5,keyasint,omitempty"`
	Batch     string          `cbor:"6,keyasint,omitempty"` // the name of the counts, which are added once
	Bucket    string          `cbor:"7,keyasint,omitempty"` // where they are added
}

type entryMutation struct {
	Workspace string `cbor:"1,keyasint"`
	Visitor   string `cbor:"2,keyasint"`
	Change    []byte `cbor:"3,keyasint,omitempty"`
	Metric    Metric `cbor:"4,keyasint,omitempty"`
	First     Metric `cbor:"5,keyasint,omitempty"`
}

type entryCount struct {
	Workspace string `cbor:"1,keyasint"`
	Message   string `cbor:"2,keyasint,omitempty"`
	Metric    Metric `cbor:"3,keyasint"`
	N         int64  `cbor:"4,keyasint"`
}

// entryDecoding reads entries. Text is kept byte for byte: a visitor's id may be any bytes.
var entryDecoding = func() cbor.DecMode {
	mode, err := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid, TagsMd: cbor.TagsForbidden}.DecMode()
	if err != nil {
		panic(err) // the options are constants, so a test that decodes once proves them
	}
	return mode
}()

// written is what an entry says, before it has its number.
type written struct {
	kind      string
	mutations []Mutation
	from      string
	counts    *countBatch
	// at is since when it waits; the zero time: it came now.
	at time.Time
}

// encode makes the log's event of an entry.
func (w written) encode(journal, number uint64) (eventlog.Event, *entry, error) {
	stored := storedEntry{Journal: journal, Number: number, From: w.from}
	e := &entry{kind: w.kind, journal: journal, number: number, at: w.at, from: w.from}
	for _, m := range w.mutations {
		one := entryMutation{Workspace: m.Key.Workspace, Visitor: m.Key.Visitor, Metric: m.Metric, First: m.First}
		if w.kind != entryForget {
			data, err := visitor.EncodeChange(m.Change)
			if err != nil {
				return eventlog.Event{}, nil, about(m.Key, err)
			}
			one.Change = data
		}
		stored.Mutations = append(stored.Mutations, one)
		e.addKey(m.Key)
	}
	if w.counts != nil {
		stored.Batch, stored.Bucket = w.counts.name, w.counts.bucket
		for name, n := range w.counts.counts {
			stored.Counts = append(stored.Counts, entryCount{name.workspace, name.message, name.metric, n})
		}
	}
	body, err := cbor.Marshal(stored)
	if err != nil {
		return eventlog.Event{}, nil, fmt.Errorf("encoding an entry of the journal: %w", err)
	}
	e.body = string(body)
	e.size = entrySize(body)
	return eventlog.Event{Type: w.kind, Value: e.body, At: w.at}, e, nil
}

// entrySize is about how many bytes an entry takes in the log.
func entrySize[T string | []byte](body T) int64 { return int64(len(body)) + 40 }

func (e *entry) addKey(key Key) {
	for _, known := range e.keys {
		if known == key {
			return
		}
	}
	e.keys = append(e.keys, key)
}

// decodeEntry reads an entry from the log.
func decodeEntry(event eventlog.Placed) (*entry, error) {
	e := &entry{kind: event.Type, segment: event.Segment, size: entrySize(event.Value), at: event.At, body: event.Value}
	stored, err := e.stored()
	if err != nil {
		return nil, err
	}
	e.journal, e.number, e.from = stored.Journal, stored.Number, stored.From
	for _, m := range stored.Mutations {
		e.addKey(Key{m.Workspace, m.Visitor})
	}
	switch e.kind {
	case entryApply, entryMerge, entryForget:
		if len(e.keys) == 0 {
			return nil, fmt.Errorf("%w: it changes nobody", visitor.ErrDamaged)
		}
	case entryCounts:
	default:
		return nil, fmt.Errorf("%w: it is of the kind %.20q; a newer program wrote it", visitor.ErrVersion, e.kind)
	}
	return e, nil
}

func (e *entry) stored() (storedEntry, error) {
	var stored storedEntry
	if err := entryDecoding.Unmarshal([]byte(e.body), &stored); err != nil {
		return storedEntry{}, fmt.Errorf("%w: %w", visitor.ErrDamaged, err)
	}
	return stored, nil
}

// mutations are the changes of an entry.
func (e *entry) mutations() ([]Mutation, error) {
	stored, err := e.stored()
	if err != nil {
		return nil, err
	}
	mutations := make([]Mutation, 0, len(stored.Mutations))
	for _, m := range stored.Mutations {
		change, err := visitor.DecodeChange(m.Change)
		if err != nil {
			return nil, err
		}
		mutations = append(mutations, Mutation{Key: Key{m.Workspace, m.Visitor}, Change: change, Metric: m.Metric, First: m.First})
	}
	return mutations, nil
}

// batch are the counts of an entry: those of one workspace.
func (e *entry) batch() (*countBatch, error) {
	stored, err := e.stored()
	if err != nil {
		return nil, err
	}
	batch := &countBatch{name: stored.Batch, bucket: stored.Bucket, counts: map[counter]int64{}}
	for _, c := range stored.Counts {
		batch.workspace = c.Workspace
		batch.counts[counter{c.Workspace, c.Message, c.Metric}] = c.N
	}
	return batch, nil
}
