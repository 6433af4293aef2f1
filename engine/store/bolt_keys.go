package store

import (
	"bytes"
	"fmt"

	"go.etcd.io/bbolt"

	"handbill/engine/visitor"
)

// Keys in the state bucket start with the workspace's name and say what they hold; only the last part may have zero bytes:
//
//	workspace 0 "visitor" 0 visitor's id          -> record
//	workspace 0 "email" 0 address 0 visitor's id  -> nothing
//	workspace 0 "count" 0 message's id 0 metric   -> number (8 bytes, big-endian)
//
// The secrets bucket holds secrets by name, the format bucket the version of this layout.
var (
	stateBucket   = []byte("state")
	secretsBucket = []byte("secrets")
	formatBucket  = []byte("format")
	formatKey     = []byte("version")
)

// formatVersion is the version of the layout above.
const formatVersion = 1

const (
	visitorKind = "visitor"
	emailKind   = "email"
	countKind   = "count"
)

func kindPrefix(workspace, kind string, more int) []byte {
	k := make([]byte, 0, len(workspace)+len(kind)+2+more)
	k = append(append(k, workspace...), 0)
	return append(append(k, kind...), 0)
}

func visitorKey(key Key) []byte {
	return append(kindPrefix(key.Workspace, visitorKind, len(key.Visitor)), key.Visitor...)
}

func parseVisitorKey(k []byte) (Key, bool) {
	workspace, rest, _ := bytes.Cut(k, []byte{0})
	kind, id, ok := bytes.Cut(rest, []byte{0})
	if !ok || string(kind) != visitorKind {
		return Key{}, false
	}
	return Key{string(workspace), string(id)}, true
}

func emailKey(workspace, address, visitorID string) []byte {
	k := kindPrefix(workspace, emailKind, len(address)+1+len(visitorID))
	return append(append(append(k, address...), 0), visitorID...)
}

func countPrefix(workspace string) []byte { return kindPrefix(workspace, countKind, 0) }

func countKey(name counter) []byte {
	k := kindPrefix(name.workspace, countKind, len(name.message)+1+len(name.metric))
	return append(append(append(k, name.message...), 0), name.metric...)
}

// fileReader reads records as they are in the file.
type fileReader struct {
	tx *bbolt.Tx
	// seen has the records that were read, for a transaction that reads one more than once; nil: none are kept.
	seen map[Key]*visitor.Record
}

func (f *fileReader) record(key Key) (*visitor.Record, error) {
	if r, seen := f.seen[key]; seen {
		return r, nil
	}
	data := f.tx.Bucket(stateBucket).Get(visitorKey(key))
	if data == nil {
		return nil, nil
	}
	r, err := decode(key, data)
	if err == nil && f.seen != nil {
		f.seen[key] = r
	}
	return r, err
}

func decode(key Key, data []byte) (*visitor.Record, error) {
	r, err := visitor.Decode(data)
	switch {
	case err != nil:
		return nil, about(key, fmt.Errorf("%w; it is left as it is", err))
	case r.ID != key.Visitor:
		return nil, about(key, fmt.Errorf("%w: it says that it is of %.80q; it is left as it is", visitor.ErrDamaged, r.ID))
	}
	return r, nil
}
