package workspace

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"math"
	"slices"
	"time"
)

// fingerprint stands for a message as it was written, whatever the order of
// its keys, its comments and its blanks.
type fingerprint [sha256.Size]byte

// fingerprintOf digests a message's values. The zone is what date-times
// without one of their own mean.
func fingerprintOf(values map[string]any, zone *time.Location) fingerprint {
	d := digest{sha256.New()}
	d.value(values)
	if zone != nil {
		d.value(zone.String())
	}
	return fingerprint(d.Sum(nil))
}

// generation digests all that a snapshot says, as text that can stand in JSON and in headers.
func generation(s *Snapshot) string {
	d := digest{sha256.New()}
	d.value([]any{s.Name, s.SiteID, s.WriteKey, s.InApp})
	for _, message := range s.Messages {
		d.Write(message.fingerprint[:])
	}
	return hex.EncodeToString(d.Sum(nil)[:8])
}

// digest writes decoded TOML values into a hash. Each begins with its type
// and its length, so that two different values never look the same.
type digest struct{ hash.Hash }

func (d digest) begin(kind byte, length int) {
	var head [9]byte
	head[0] = kind
	binary.BigEndian.PutUint64(head[1:], uint64(length))
	d.Write(head[:])
}

func (d digest) value(value any) {
	switch value := value.(type) {
	case string:
		d.begin('s', len(value))
		d.Write([]byte(value))
	case int64:
		d.begin('i', int(value))
	case bool:
		if value {
			d.begin('b', 1)
		} else {
			d.begin('b', 0)
		}
	case float64:
		d.begin('f', int(math.Float64bits(value)))
	case time.Time:
		d.value(moment(value))
	case map[string]any:
		d.begin('t', len(value))
		for _, name := range slices.Sorted(maps.Keys(value)) {
			d.value(name)
			d.value(value[name])
		}
	case []map[string]any:
		d.begin('l', len(value))
		for _, table := range value {
			d.value(table)
		}
	case []any:
		d.begin('l', len(value))
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
