package workspace

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// fingerprint stands for a message as it was written, whatever the order of
// its keys, its comments and its blanks.
type fingerprint [sha256.Size]byte

// fingerprintOf digests a message's values. The zone is what date-times
// without one of their own mean; around is what else the message depends on.
func fingerprintOf(values map[string]any, zone *time.Location, around ...any) fingerprint {
	var d digest
	d.value(values)
	if zone != nil {
		d.value(zone.String())
	}
	for _, value := range around {
		d.value(value)
	}
	return sha256.Sum256(d)
}

// generation digests all that a snapshot says, as text that can stand in JSON and in headers.
func generation(s *Snapshot, segments digest) string {
	var d digest
	d.value([]any{s.Name, s.SiteID, s.WriteKey, s.InApp, int64(s.Throttle.MinGap), int64(s.Throttle.PerVisit), int64(s.Throttle.PerDay)})
	if s.Locale != "" {
		d.value(s.Locale)
	}
	for _, t := range s.Throttles {
		d.value([]any{t.ID, int64(t.MinGap), int64(t.PerVisit), int64(t.PerDay)})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Traits)) {
		d.value([]any{name, s.Traits[name]})
	}
	d = append(d, segments...)
	d = slices.Grow(d, len(s.Messages)*len(fingerprint{}))
	for _, message := range s.Messages {
		d = append(d, message.fingerprint[:]...)
	}
	sum := sha256.Sum256(d)
	return hex.EncodeToString(sum[:8])
}

// digest collects decoded TOML values. Each begins with its type and its
// length, so that two different values never look the same.
type digest []byte

func (d *digest) begin(kind byte, length uint64) {
	*d = binary.BigEndian.AppendUint64(append(*d, kind), length)
}

func (d *digest) value(value any) {
	switch value := value.(type) {
	case string:
		d.begin('s', uint64(len(value)))
		*d = append(*d, value...)
	case int64:
		d.begin('i', uint64(value))
	case bool:
		if value {
			d.begin('b', 1)
		} else {
			d.begin('b', 0)
		}
	case float64:
		d.begin('f', math.Float64bits(value))
	case time.Time:
		d.value(moment(value))
	case map[string]any:
		d.begin('t', uint64(len(value)))
		for _, name := range slices.Sorted(maps.Keys(value)) {
			d.value(name)
			d.value(value[name])
		}
	case []map[string]any:
		d.begin('l', uint64(len(value)))
		for _, table := range value {
			d.value(table)
		}
	case []any:
		d.begin('l', uint64(len(value)))
		for _, item := range value {
			d.value(item)
		}
	default:
		d.value(fmt.Sprintf("%T %v", value, value))
	}
}

// moment writes a date-time without the machine's own zone, in which the TOML
// library keeps those that have none.
func moment(at time.Time) string {
	switch location := at.Location().String(); location {
	case locationOfLocalDateTime, locationOfLocalDate, locationOfLocalTime:
		return location + at.Format("2006-01-02T15:04:05.999999999")
	default:
		return at.UTC().Format(time.RFC3339Nano)
	}
}
