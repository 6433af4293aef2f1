package visitor

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// A record is written as one byte that names the version of the format, then CBOR (RFC 8949) with integer keys, its
// entries sorted: equal records have equal bytes. A change of what the keys mean is a new version; the older ones stay
// readable. Version 2 adds groups, visits and events to what version 1 has.
const (
	version = 2
	oldest  = 1
)

// Errors of [Decode], wrapped with what was found.
var (
	// ErrVersion: a newer program wrote the record.
	ErrVersion = errors.New("the record has a version that this program does not know; a newer one wrote it, so use that")
	// ErrDamaged: the bytes are no record.
	ErrDamaged = errors.New("the record is damaged")
)

// storedRecord is version 2 of the format. Times are in milliseconds since 1970; zero is none.
type storedRecord struct {
	ID        string                    `cbor:"1,keyasint"`
	Verified  Level                     `cbor:"2,keyasint,omitempty"`
	Traits    map[string]any            `cbor:"3,keyasint,omitempty"`
	FirstSeen int64                     `cbor:"4,keyasint,omitempty"`
	LastSeen  int64                     `cbor:"5,keyasint,omitempty"`
	Messages  map[string]storedState    `cbor:"6,keyasint,omitempty"`
	Tests     []storedTest              `cbor:"7,keyasint,omitempty"`
	Groups    []string                  `cbor:"8,keyasint,omitempty"`
	Visits    *storedVisits             `cbor:"9,keyasint,omitempty"`
	Events    *storedEvents             `cbor:"10,keyasint,omitempty"`
	Campaigns map[string]storedRun      `cbor:"11,keyasint,omitempty"`
	Sent      []storedSent              `cbor:"12,keyasint,omitempty"`
	Segments  []string                  `cbor:"13,keyasint,omitempty"`
	Throttled map[string]storedShowings `cbor:"14,keyasint,omitempty"`
	Inbox     []storedInbox             `cbor:"17,keyasint,omitempty"`
	Joined    []string                  `cbor:"18,keyasint,omitempty"`
	storedShowings
}

// storedShowings are showings in as few bytes as it takes: small numbers are short in CBOR.
type storedShowings struct {
	Steps  []int64  `cbor:"20,keyasint,omitempty"` // the first showing's time, then from each to the next
	Visits []uint32 `cbor:"21,keyasint,omitempty"` // the first showing's visit, then what each changes of it (exclusive or)
}

type storedState struct {
	Opened      int      `cbor:"1,keyasint,omitempty"`
	FirstOpened int64    `cbor:"2,keyasint,omitempty"`
	LastOpened  int64    `cbor:"3,keyasint,omitempty"`
	Clicked     int      `cbor:"4,keyasint,omitempty"`
	Dismissed   int64    `cbor:"5,keyasint,omitempty"`
	Errors      int      `cbor:"6,keyasint,omitempty"`
	Recent      []uint64 `cbor:"7,keyasint,omitempty"`
	Reported    []byte   `cbor:"8,keyasint,omitempty"`
	Acted       int64    `cbor:"9,keyasint,omitempty"`
	Snoozed     int64    `cbor:"10,keyasint,omitempty"`
	Converted   int64    `cbor:"11,keyasint,omitempty"`
	// Withheld is what would have been, had the message not been held back.
	Withheld *storedState `cbor:"13,keyasint,omitempty"`
	// RunStarted, RunOpened and RunFirst are the counts in a run.
	RunStarted int64 `cbor:"15,keyasint,omitempty"`
	RunOpened  int   `cbor:"16,keyasint,omitempty"`
	RunFirst   int64 `cbor:"17,keyasint,omitempty"`
	RunEnded   int64 `cbor:"18,keyasint,omitempty"` // dismissed
	RunActed   int64 `cbor:"19,keyasint,omitempty"`
	RunExited  int64 `cbor:"24,keyasint,omitempty"`
	// Variant and Drawn are what an experiment remembers.
	Variant string `cbor:"22,keyasint,omitempty"`
	Drawn   string `cbor:"23,keyasint,omitempty"`
	// The time of a single showing is LastOpened, and not written again.
	storedShowings
}

type storedTest struct {
	Message string `cbor:"1,keyasint"`
	Until   int64  `cbor:"2,keyasint"`
	Shown   uint64 `cbor:"3,keyasint,omitempty"`
	// Data is what its templates read.
	Data    map[string]any `cbor:"4,keyasint,omitempty"`
	Variant string         `cbor:"5,keyasint,omitempty"`
}

// Encode writes a record down.
func Encode(r *Record) ([]byte, error) { return AppendEncoded(nil, r) }

// Decode reads a record that [Encode] wrote. It fails with [ErrVersion] or [ErrDamaged], and never panics, whatever the
// bytes.
func Decode(data []byte) (*Record, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrDamaged)
	}
	if data[0] < oldest || data[0] > version {
		return nil, fmt.Errorf("%w: version %d, and this program knows %d to %d", ErrVersion, data[0], oldest, version)
	}
	var stored storedRecord
	if err := decoding.Unmarshal(data[1:], &stored); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	r := &Record{
		ID: stored.ID, Verified: stored.Verified, FirstSeen: moment(stored.FirstSeen), LastSeen: moment(stored.LastSeen),
		Groups: lastGroups(stored.Groups), Visits: stored.Visits.restore(), Showings: stored.restoreShowings(), Joined: lastJoined(stored.Joined),
	}
	if stored.Verified < LevelAnonymous || stored.Verified > LevelVerified {
		return nil, fmt.Errorf("%w: level %d does not exist", ErrDamaged, stored.Verified)
	}
	if len(stored.Traits) > 0 {
		traits, ok := plain(stored.Traits)
		if !ok {
			return nil, fmt.Errorf("%w: a trait is neither text, number, true, false, null, list nor object", ErrDamaged)
		}
		r.Traits = traits.(map[string]any)
	}
	if err := stored.Events.restore(r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	for id, s := range stored.Messages {
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("%w: message %.40q: %w", ErrDamaged, id, err)
		}
		*r.state(id) = s.restore()
	}
	r.Throttled = restoreThrottled(stored.Throttled)
	for _, t := range stored.Tests {
		data, ok := plainTable(t.Data)
		if !ok {
			return nil, fmt.Errorf("%w: the data of a test is not as JSON has it", ErrDamaged)
		}
		r.Tests = append(r.Tests, Test{Message: t.Message, Variant: t.Variant, Until: moment(t.Until), Shown: t.Shown, Data: data})
	}
	if err := stored.restoreKinds(r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return r, nil
}

func (s storedState) check() error {
	switch {
	case s.Opened < 0 || s.Clicked < 0 || s.Errors < 0 || s.RunOpened < 0:
		return errors.New("a count is negative")
	case len(s.Recent) != len(s.Reported):
		return errors.New("its deliveries and what was reported of them are not as many")
	case len(s.Recent) > RecentDeliveries:
		return errors.New("it has too many deliveries")
	case s.Withheld != nil && s.Withheld.Withheld != nil:
		return errors.New("what was withheld of it was withheld")
	case s.Withheld != nil:
		return s.Withheld.check()
	}
	return nil
}

func (s storedState) restore() MessageState {
	state := MessageState{
		Opened: s.Opened, FirstOpened: moment(s.FirstOpened), LastOpened: moment(s.LastOpened),
		Clicked: s.Clicked, Dismissed: moment(s.Dismissed), Errors: s.Errors,
		Acted: moment(s.Acted), Snoozed: moment(s.Snoozed), Converted: moment(s.Converted), Variant: s.Variant, Drawn: s.Drawn,
		Run: RunCounts{
			Started: moment(s.RunStarted), Opened: s.RunOpened, FirstOpened: moment(s.RunFirst), Dismissed: moment(s.RunEnded), Acted: moment(s.RunActed),
			Exited: moment(s.RunExited),
		},
	}
	if s.Withheld != nil {
		withheld := s.Withheld.restore()
		state.Withheld = &withheld
	}
	if len(s.Steps) == 0 && s.Opened == 1 {
		s.Steps = []int64{s.LastOpened}
	}
	state.Showings = s.restoreShowings()
	if len(s.Recent) > 0 {
		state.Recent = s.Recent
		state.Reported = make([]Reports, len(s.Reported))
		for i, reports := range s.Reported {
			state.Reported[i] = Reports(reports)
		}
	}
	return state
}

func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(milliseconds int64) time.Time {
	if milliseconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milliseconds).UTC()
}

func storeTests(tests []Test) (stored []storedTest) {
	for _, t := range tests {
		stored = append(stored, storedTest{Message: t.Message, Variant: t.Variant, Until: milliseconds(t.Until), Shown: t.Shown, Data: t.Data})
	}
	return stored
}

func storeShowings(showings []Showing) storedShowings {
	var stored storedShowings
	before, visit := int64(0), uint32(0)
	for i, shown := range showings {
		at := milliseconds(shown.At)
		stored.Steps = append(stored.Steps, at-before)
		if shown.Visit != visit {
			stored.Visits = append(stored.Visits, make([]uint32, i-len(stored.Visits))...)
			stored.Visits = append(stored.Visits, shown.Visit^visit)
		}
		before, visit = at, shown.Visit
	}
	return stored
}

func (s storedShowings) restoreShowings() []Showing {
	var showings []Showing
	at, visit := int64(0), uint32(0)
	for i, step := range s.Steps {
		at += step
		if i < len(s.Visits) {
			visit ^= s.Visits[i]
		}
		showings = append(showings, Showing{At: moment(at), Visit: visit})
	}
	return lastShowings(showings)
}

// encoding and decoding are the CBOR profile of records. Text is kept byte for byte, also where it is not UTF-8: a
// visitor's id may be any bytes.
var (
	encoding = must(cbor.EncOptions{
		Sort:          cbor.SortBytewiseLexical,
		ShortestFloat: cbor.ShortestFloat16,
	}.UserBufferEncMode())
	decoding = must(cbor.DecOptions{
		DefaultMapType:  reflect.TypeFor[map[string]any](),
		DupMapKey:       cbor.DupMapKeyEnforcedAPF,
		UTF8:            cbor.UTF8DecodeInvalid,
		IndefLength:     cbor.IndefLengthForbidden,
		TagsMd:          cbor.TagsForbidden,
		MaxNestedLevels: MaxTraitDepth + 4,
	}.DecMode())
)

// must is for the two modes above: their options are constants, so a test that encodes once proves them.
func must[M any](mode M, err error) M {
	if err != nil {
		panic(err)
	}
	return mode
}
