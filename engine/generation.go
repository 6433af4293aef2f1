package engine

import (
	"encoding/binary"
	"encoding/hex"

	"handbill/engine/workspace"
)

// generation names an answer by the workspace it was taken from, the deliveries in it, and what was made for the visitor: a
// client that holds the same messages with other words is told the new ones. It says whether that is what the client holds.
func generation(snapshot *workspace.Snapshot, deliveries []Delivery, held string) (name string, unchanged bool) {
	if len(deliveries) == 0 {
		return snapshot.Generation, held == snapshot.Generation
	}
	sum := fnv1a(fnvOffset, snapshot.Generation)
	var raw [8]byte
	for i := range deliveries {
		d := &deliveries[i]
		sum = fnv1a(sum, "\x00")
		if d.Waiting {
			sum = fnv1a(sum, d.Message.ID)
			continue
		}
		binary.BigEndian.PutUint64(raw[:], d.sealed.key)
		sum = fnv1a(sum, raw[:])
		if d.Content != nil {
			sum = fnv1a(fnv1a(sum, d.Content.Lang), d.Text)
		}
	}
	binary.BigEndian.PutUint64(raw[:], sum)
	var text [2 * len(raw)]byte
	hex.Encode(text[:], raw[:])
	if held == string(text[:]) {
		return held, true
	}
	return string(text[:]), false
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// fnv1a adds text to an FNV-1a sum; unlike package hash/fnv it allocates nothing.
func fnv1a[T string | []byte](sum uint64, text T) uint64 {
	for i := range len(text) {
		sum = (sum ^ uint64(text[i])) * fnvPrime
	}
	return sum
}
