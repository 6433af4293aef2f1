package eventlog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"reflect"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// A segment is a header, then frames. A frame is
//
//	mark (2 bytes) | length of the event (4) | checksum of length and event (4) | event
//
// with little-endian numbers, CRC-32C (RFC 3720, appendix B.4) as the checksum, and the event in CBOR (RFC 8949) with integer
// keys. The mark lets a reader find the next whole frame behind damage. An event of zero bytes alone, which no CBOR map is, is
// a hole: it was removed, and readers pass over it. The header's last byte is the version of all this.
const (
	header    = "HBEVENT\x01"
	frameHead = 2 + 4 + 4
)

var (
	mark       = []byte{0xA7, 0x1E}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// storedEvent is an event as it is written. The time is in milliseconds since 1970.
type storedEvent struct {
	ID         string         `cbor:"1,keyasint,omitempty"`
	Type       string         `cbor:"2,keyasint,omitempty"`
	Workspace  string         `cbor:"3,keyasint,omitempty"`
	Visitor    string         `cbor:"4,keyasint,omitempty"`
	Message    string         `cbor:"5,keyasint,omitempty"`
	Delivery   string         `cbor:"6,keyasint,omitempty"`
	Name       string         `cbor:"7,keyasint,omitempty"`
	Value      string         `cbor:"8,keyasint,omitempty"`
	Properties map[string]any `cbor:"9,keyasint,omitempty"`
	At         int64          `cbor:"10,keyasint,omitempty"`
}

// appendFrame appends an event's frame to frames.
func appendFrame(frames []byte, e Event) ([]byte, error) {
	stored := storedEvent{
		ID: e.ID, Type: e.Type, Workspace: e.Workspace, Visitor: e.Visitor, Message: e.Message, Delivery: e.Delivery,
		Name: e.Name, Value: e.Value, Properties: e.Properties,
	}
	if !e.At.IsZero() {
		stored.At = e.At.UnixMilli()
	}
	body, err := encoding.Marshal(stored)
	if err != nil {
		return nil, fmt.Errorf("its properties cannot be written: %w", err)
	}
	if len(body) > MaxEventSize {
		return nil, fmt.Errorf("it takes %d bytes; use at most %d", len(body), MaxEventSize)
	}
	if err := decoding.Wellformed(body); err != nil {
		return nil, fmt.Errorf("its properties could not be read back: %w; make them flatter or shorter", err)
	}
	start := len(frames)
	frames = append(frames, mark...)
	frames = binary.LittleEndian.AppendUint32(frames, uint32(len(body)))
	frames = binary.LittleEndian.AppendUint32(frames, checksum(frames[start+2:start+6], body))
	return append(frames, body...), nil
}

func checksum(length, body []byte) uint32 {
	return crc32.Update(crc32.Checksum(length, castagnoli), castagnoli, body)
}

// frameAt reads the frame at the start of data: its event, still encoded, and the frame's whole length. It is false when
// no whole frame stands there.
func frameAt(data []byte) (body []byte, length int, whole bool) {
	if len(data) < frameHead || !bytes.HasPrefix(data, mark) {
		return nil, 0, false
	}
	size := binary.LittleEndian.Uint32(data[2:6])
	if size > MaxEventSize || int(size) > len(data)-frameHead {
		return nil, 0, false
	}
	body = data[frameHead : frameHead+int(size)]
	if checksum(data[2:6], body) != binary.LittleEndian.Uint32(data[6:10]) {
		return nil, 0, false
	}
	return body, frameHead + int(size), true
}

// isHole says whether what a frame holds is an event that was removed.
func isHole(body []byte) bool { return len(body) > 0 && body[0] == 0 }

// nextFrame finds the first whole frame in data; -1 when there is none.
func nextFrame(data []byte) int {
	for from := 0; ; from++ {
		at := bytes.Index(data[from:], mark)
		if at < 0 {
			return -1
		}
		from += at
		if _, _, whole := frameAt(data[from:]); whole {
			return from
		}
	}
}

// wholeFrames is how many bytes at the start of data are whole frames.
func wholeFrames(data []byte) int {
	at := 0
	for {
		_, length, whole := frameAt(data[at:])
		if !whole {
			return at
		}
		at += length
	}
}

func decodeEvent(body []byte) (Event, error) {
	var stored storedEvent
	if err := decoding.Unmarshal(body, &stored); err != nil {
		return Event{}, err
	}
	e := Event{
		ID: stored.ID, Type: stored.Type, Workspace: stored.Workspace, Visitor: stored.Visitor, Message: stored.Message,
		Delivery: stored.Delivery, Name: stored.Name, Value: stored.Value, Properties: stored.Properties,
	}
	if stored.At != 0 {
		e.At = time.UnixMilli(stored.At).UTC()
	}
	return e, nil
}

// encoding and decoding are the CBOR profile of events. Text is kept byte for byte, also where it is not UTF-8.
var (
	encoding = must(cbor.EncOptions{ShortestFloat: cbor.ShortestFloat16}.EncMode())
	decoding = must(cbor.DecOptions{
		DefaultMapType: reflect.TypeFor[map[string]any](),
		UTF8:           cbor.UTF8DecodeInvalid,
		TagsMd:         cbor.TagsForbidden,
	}.DecMode())
)

// must is for the two modes above: their options are constants, so a test that encodes once proves them.
func must[M any](mode M, err error) M {
	if err != nil {
		panic(err)
	}
	return mode
}
