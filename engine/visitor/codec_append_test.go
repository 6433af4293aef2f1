package visitor

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// byLibrary is how the CBOR library writes a record down.
func byLibrary(t *testing.T, r *Record) []byte {
	t.Helper()
	stored := storedRecord{
		ID: r.ID, Verified: r.Verified, Traits: r.Traits, FirstSeen: milliseconds(r.FirstSeen), LastSeen: milliseconds(r.LastSeen),
		Tests: storeTests(r.Tests), Groups: r.Groups, Visits: storeVisits(r.Visits), Events: storeEvents(r), Campaigns: storeRuns(r.Campaigns),
		Sent: storeSent(r.Sent), Segments: r.Segments, Throttled: storeThrottled(r.Throttled), Inbox: storeInbox(r.Inbox), Joined: r.Joined,
		storedShowings: storeShowings(r.Showings), Messages: map[string]storedState{},
	}
	for id, s := range r.Messages {
		stored.Messages[id] = s.store()
	}
	to := bytes.NewBuffer([]byte{version})
	if err := encoding.MarshalToBuffer(stored, to); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}

func (s *MessageState) store() storedState {
	reported := make([]byte, len(s.Reported))
	for i, reports := range s.Reported {
		reported[i] = byte(reports)
	}
	stored := storedState{
		Opened: s.Opened, FirstOpened: milliseconds(s.FirstOpened), LastOpened: milliseconds(s.LastOpened),
		Clicked: s.Clicked, Dismissed: milliseconds(s.Dismissed), Errors: s.Errors, Recent: s.Recent, Reported: reported,
		Acted: milliseconds(s.Acted), Snoozed: milliseconds(s.Snoozed), Converted: milliseconds(s.Converted), storedShowings: s.storeShowings(),
		RunStarted: milliseconds(s.Run.Started), RunOpened: s.Run.Opened, RunFirst: milliseconds(s.Run.FirstOpened),
		RunEnded: milliseconds(s.Run.Dismissed), RunActed: milliseconds(s.Run.Acted), RunExited: milliseconds(s.Run.Exited), Variant: s.Variant, Drawn: s.Drawn,
	}
	if s.Withheld != nil {
		withheld := s.Withheld.store()
		stored.Withheld = &withheld
	}
	return stored
}

func (s *MessageState) storeShowings() storedShowings {
	stored := storeShowings(s.Showings)
	if s.Opened == 1 && len(s.Showings) == 1 && s.Showings[0].At.Equal(s.LastOpened) {
		stored.Steps = nil
	}
	return stored
}

// busy is the record of somebody with much of everything.
func busy() *Record {
	r := known()
	for n := range 40 {
		at, visit := november.Add(time.Duration(n*n)*time.Minute), uint32(n/3)<<uint(n%28)
		for _, message := range []string{sale, "welcome", strings.Repeat("a-long-name-", 30), "a", "b", "zz", "\xff"} {
			r.Apply(Change{Kind: Opened, Message: message, Delivery: uint64(n) << uint(n), Visit: visit, At: at, Variant: "loud", Throttles: []string{"sales"}, Run: at, Again: at})
			r.Apply(Change{Kind: Acted, Message: message, Delivery: uint64(n) << uint(n), At: at})
		}
	}
	r.Messages["held-back"] = &MessageState{Drawn: "a:before", Withheld: &MessageState{Opened: 1, LastOpened: november, Showings: []Showing{{At: november, Visit: 7}}, Variant: Holdout}}
	r.Messages["once"] = &MessageState{Opened: 1, LastOpened: november, Showings: []Showing{{At: november.Add(time.Second)}}}
	r.Messages["all"] = &MessageState{
		Opened: 70_000, FirstOpened: november.AddDate(-100, 0, 0), Clicked: 255, Dismissed: november, Errors: 24, Acted: november, Snoozed: november, Converted: november,
		Run: RunCounts{Started: november, Opened: 1 << 40, FirstOpened: november, Dismissed: november, Acted: november, Exited: november}, Variant: "quiet", Drawn: "u:ada",
		Showings: []Showing{{At: november}, {At: november.Add(-time.Hour), Visit: 0xfedcba98}, {At: november, Visit: 0xfedcba98}, {At: november}, {At: november}},
	}
	r.Campaigns = map[string]*Run{"onboarding": {Started: november, Due: november.Add(time.Hour), Again: november.Add(time.Minute), Event: map[string]any{"plan": "team"}}}
	r.Sent = []Sent{{ID: 7, Key: "invoice-7", Message: "invoice", At: november, Until: november.Add(time.Hour), Closed: true}}
	r.Segments, r.Joined = []string{"buyers", "new"}, []string{"a:before"}
	return r
}

func TestAStructHasAsManyFieldsAsTheirCountHasRoomFor(t *testing.T) {
	for _, of := range []reflect.Type{reflect.TypeFor[storedRecord](), reflect.TypeFor[storedState]()} {
		if n := of.NumField() + 1; n >= 24 { // the showings are two
			t.Errorf("%s has %d fields; its head needs more than a byte", of, n)
		}
	}
}

func TestARecordIsWrittenAsTheLibraryWouldWriteIt(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 11))
	records := []*Record{New("u:ada"), New(""), New("a:\xff\x00\xfe"), New("u:" + strings.Repeat("ada", 200)), known(), busy()}
	for range 200 {
		records = append(records, randomRecord(random, "u:ada"))
	}
	for _, r := range records {
		if is, want := encoded(t, r), byLibrary(t, r); !bytes.Equal(is, want) {
			t.Errorf("record %+v is written\n%x, not\n%x", r, is, want)
		}
	}
	if back, err := Decode(encoded(t, busy())); err != nil || !bytes.Equal(encoded(t, back), encoded(t, busy())) {
		t.Errorf("it is read as %+v, error %v", back, err)
	}
}
