package visitor

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// recordWriter writes a record down byte for byte as the CBOR library writes a [storedRecord]; a test compares the two. What
// changes with every report is written here without a detour through reflection, the rest by the library.
type recordWriter struct {
	data    []byte
	problem error
}

// The major types of CBOR.
const (
	majorNumber   = 0 << 5
	majorNegative = 1 << 5
	majorBytes    = 2 << 5
	majorText     = 3 << 5
	majorList     = 4 << 5
	majorMap      = 5 << 5
)

// head begins a value of a major type.
func (w *recordWriter) head(major byte, n uint64) {
	switch {
	case n < 24:
		w.data = append(w.data, major|byte(n))
	case n < 1<<8:
		w.data = append(w.data, major|24, byte(n))
	case n < 1<<16:
		w.data = binary.BigEndian.AppendUint16(append(w.data, major|25), uint16(n))
	case n < 1<<32:
		w.data = binary.BigEndian.AppendUint32(append(w.data, major|26), uint32(n))
	default:
		w.data = binary.BigEndian.AppendUint64(append(w.data, major|27), n)
	}
}

func (w *recordWriter) number(n int64) {
	if n < 0 {
		w.head(majorNegative, uint64(-1-n))
		return
	}
	w.head(majorNumber, uint64(n))
}

func (w *recordWriter) text(text string) {
	w.head(majorText, uint64(len(text)))
	w.data = append(w.data, text...)
}

// fields begins the fields of a struct; there are fewer than 24. It returns the place where they are counted.
func (w *recordWriter) fields() (place int) {
	w.data = append(w.data, majorMap)
	return len(w.data) - 1
}

// field begins a field; those of a struct come in the order of their keys.
func (w *recordWriter) field(place int, key byte) {
	w.data[place]++
	w.head(majorNumber, uint64(key))
}

// numberField writes a field, which is left out where it is zero.
func (w *recordWriter) numberField(place int, key byte, n int64) {
	if n != 0 {
		w.field(place, key)
		w.number(n)
	}
}

// textField writes a field, which is left out where it is empty.
func (w *recordWriter) textField(place int, key byte, text string) {
	if text != "" {
		w.field(place, key)
		w.text(text)
	}
}

// textsField writes a field, which is left out where it is empty.
func (w *recordWriter) textsField(place int, key byte, texts []string) {
	if len(texts) == 0 {
		return
	}
	w.field(place, key)
	w.head(majorList, uint64(len(texts)))
	for _, text := range texts {
		w.text(text)
	}
}

// otherField has the library write a field.
func (w *recordWriter) otherField(place int, key byte, value any) {
	w.field(place, key)
	to := bytes.NewBuffer(w.data)
	if err := encoding.MarshalToBuffer(value, to); err != nil {
		w.problem = err
	}
	w.data = to.Bytes()
}

// AppendEncoded writes a record down behind data.
func AppendEncoded(data []byte, r *Record) ([]byte, error) {
	w := recordWriter{data: append(data, version)}
	at := w.fields()
	w.field(at, 1)
	w.text(r.ID)
	w.numberField(at, 2, int64(r.Verified))
	if len(r.Traits) > 0 {
		w.otherField(at, 3, r.Traits)
	}
	w.numberField(at, 4, milliseconds(r.FirstSeen))
	w.numberField(at, 5, milliseconds(r.LastSeen))
	w.messages(at, r.Messages)
	if len(r.Tests) > 0 {
		w.otherField(at, 7, storeTests(r.Tests))
	}
	w.textsField(at, 8, r.Groups)
	if visits := storeVisits(r.Visits); visits != nil {
		w.otherField(at, 9, visits)
	}
	if events := storeEvents(r); events != nil {
		w.otherField(at, 10, events)
	}
	if len(r.Campaigns) > 0 {
		w.otherField(at, 11, storeRuns(r.Campaigns))
	}
	if len(r.Sent) > 0 {
		w.otherField(at, 12, storeSent(r.Sent))
	}
	w.textsField(at, 13, r.Segments)
	if len(r.Throttled) > 0 {
		w.otherField(at, 14, storeThrottled(r.Throttled))
	}
	if len(r.Inbox) > 0 {
		w.otherField(at, 17, storeInbox(r.Inbox))
	}
	w.textsField(at, 18, r.Joined)
	w.showings(at, r.Showings, true)
	if w.problem != nil {
		return nil, fmt.Errorf("encoding the record of visitor %s: %w", r.ID, w.problem)
	}
	return w.data, nil
}

// messages writes the field of the messages' states, in the order that CBOR wants: short ids first.
func (w *recordWriter) messages(place int, messages map[string]*MessageState) {
	if len(messages) == 0 {
		return
	}
	w.field(place, 6)
	w.head(majorMap, uint64(len(messages)))
	var few [16]string
	ids := few[:0]
	for id := range messages {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	for _, id := range ids {
		w.text(id)
		w.state(messages[id])
	}
}

// state writes a message's state.
func (w *recordWriter) state(s *MessageState) {
	at := w.fields()
	w.numberField(at, 1, int64(s.Opened))
	w.numberField(at, 2, milliseconds(s.FirstOpened))
	w.numberField(at, 3, milliseconds(s.LastOpened))
	w.numberField(at, 4, int64(s.Clicked))
	w.numberField(at, 5, milliseconds(s.Dismissed))
	w.numberField(at, 6, int64(s.Errors))
	w.deliveries(at, s)
	w.numberField(at, 9, milliseconds(s.Acted))
	w.numberField(at, 10, milliseconds(s.Snoozed))
	w.numberField(at, 11, milliseconds(s.Converted))
	if s.Withheld != nil {
		w.field(at, 13)
		w.state(s.Withheld)
	}
	w.numberField(at, 15, milliseconds(s.Run.Started))
	w.numberField(at, 16, int64(s.Run.Opened))
	w.numberField(at, 17, milliseconds(s.Run.FirstOpened))
	w.numberField(at, 18, milliseconds(s.Run.Dismissed))
	w.numberField(at, 19, milliseconds(s.Run.Acted))
	// The time of a single showing is that of the last opening, and not written again.
	w.showings(at, s.Showings, s.Opened != 1 || len(s.Showings) != 1 || !s.Showings[0].At.Equal(s.LastOpened))
	w.textField(at, 22, s.Variant)
	w.textField(at, 23, s.Drawn)
	w.numberField(at, 24, milliseconds(s.Run.Exited))
}

// deliveries writes the fields of what was reported of which.
func (w *recordWriter) deliveries(place int, s *MessageState) {
	if len(s.Recent) > 0 {
		w.field(place, 7)
		w.head(majorList, uint64(len(s.Recent)))
		for _, delivery := range s.Recent {
			w.head(majorNumber, delivery)
		}
	}
	if len(s.Reported) > 0 {
		w.field(place, 8)
		w.head(majorBytes, uint64(len(s.Reported)))
		for _, reports := range s.Reported {
			w.data = append(w.data, byte(reports))
		}
	}
}

// showings writes the fields of [storedShowings], the first perhaps not.
func (w *recordWriter) showings(place int, showings []Showing, times bool) {
	if len(showings) == 0 {
		return
	}
	if times {
		w.field(place, 20)
		w.head(majorList, uint64(len(showings)))
		before := int64(0)
		for i := range showings {
			at := milliseconds(showings[i].At)
			w.number(at - before)
			before = at
		}
	}
	visits, visit := 0, uint32(0)
	for i := range showings {
		if showings[i].Visit != visit {
			visits, visit = i+1, showings[i].Visit
		}
	}
	if visits == 0 {
		return
	}
	w.field(place, 21)
	w.head(majorList, uint64(visits))
	visit = 0
	for _, shown := range showings[:visits] {
		w.head(majorNumber, uint64(shown.Visit^visit))
		visit = shown.Visit
	}
}
