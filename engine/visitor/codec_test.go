package visitor

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// known is the record of a visitor with everything that a record can hold.
func known() *Record {
	r := knownToVersion1()
	r.Groups = []string{"acme", "umbrella"}
	r.Visits = Visits{Count: 7, PageViews: 31, Recent: []Visit{
		{
			Number: 0xfedcba98, Started: november, Last: november.Add(20 * time.Minute), Before: november.Add(-48 * time.Hour), PageViews: 4,
			LandingPage: "https://shop.example.com/offers?utm_source=mail", Referrer: "https://news.example.org/",
			UTM: UTM{Source: "mail", Medium: "newsletter", Campaign: "winter", Term: "boots", Content: "top"},
		},
		{Started: november.Add(time.Hour), Last: november.Add(time.Hour)},
	}, Views: []View{{Key: 0xfedcba98, Pages: 3}, {Key: 5, Pages: 1}}}
	r.Events = map[string]*Event{
		"signed_up": {Count: 1, First: november, Last: november, Times: []int64{november.UnixMilli()}},
		"Cart Viewed": {
			Count: 40, First: november.AddDate(0, -6, 0), Last: november.Add(time.Second), Times: []int64{november.UnixMilli(), november.UnixMilli() + 1000},
			Days: []Day{{dayOf(november.UnixMilli()) - 2, 30}, {dayOf(november.UnixMilli()), 2}},
		},
	}
	r.Tracked = []uint32{1, 0xfedcba98}
	return r
}

// knownToVersion1 is the same record with what version 1 of the format could hold.
func knownToVersion1() *Record {
	return &Record{
		ID: "u:ada", Verified: LevelVerified,
		Traits: map[string]any{
			"email": "ada@example.com", "seats": 12.0, "ratio": 0.1, "admin": true,
			"tags": []any{"early", nil, false}, "address": map[string]any{"city": "Ulm", "zip": 89073.0},
		},
		FirstSeen: november, LastSeen: november.Add(72*time.Hour + 5*time.Millisecond),
		Messages: map[string]*MessageState{
			sale: {
				Opened: 3, FirstOpened: november, LastOpened: november.Add(time.Hour), Clicked: 1, Dismissed: november.Add(2 * time.Hour), Errors: 1,
				Recent:   []uint64{0x1234, 0xfedcba9876543210},
				Reported: []Reports{ReportedOpened | ReportedClicked, ReportedOpened | ReportedDismissed | ReportedError},
			},
			"welcome": {},
		},
		Tests: []Test{{Message: "hello", Until: november.Add(24 * time.Hour)}, {Message: sale, Until: november.Add(25 * time.Hour), Shown: 99}},
	}
}

func encoded(t *testing.T, r *Record) []byte {
	t.Helper()
	data, err := Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRecordsComeBackAsTheyWere(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	records := []*Record{New("u:ada"), New(""), New("a:\xff\x00\xfe"), known()}
	for range 200 {
		records = append(records, randomRecord(random, "u:ada"))
	}
	for _, r := range records {
		if len(r.Tests) == 0 {
			r.Tests = nil
		}
		data := encoded(t, r)
		back, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, r) {
			t.Errorf("decoded\n%+v\nwas\n%+v", back, r)
		}
		if again := encoded(t, back); !bytes.Equal(again, data) {
			t.Errorf("equal records have different bytes:\n%x\n%x", data, again)
		}
	}
}

// TestRecordsOfEachVersionCanBeRead keeps a record of each version that was ever written. A change of the format adds a
// file and leaves the others.
func TestRecordsOfEachVersionCanBeRead(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "record-v*.hex"))
	if err != nil || len(files) != version {
		t.Fatalf("there are the records %q, error %v; want one for each of %d versions", files, err, version)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		want := known()
		if strings.HasSuffix(path, "-v1.hex") {
			want = knownToVersion1()
		}
		r, err := Decode(data)
		if err != nil || !reflect.DeepEqual(r, want) {
			t.Errorf("%s: %v\n%+v", path, err, r)
		}
	}
}

func TestARecordIsSmall(t *testing.T) {
	r := New("a:MFRGGZDFMZTWQ2LKNNWG23TPOA")
	for _, message := range []string{"spring-sale", "billing-tour", "welcome"} {
		r.Apply(Change{Kind: Opened, Message: message, Delivery: 0xfedcba9876543210, Visit: 0xfedcba98, At: november})
		r.Apply(Change{Kind: Dismissed, Message: message, Delivery: 0xfedcba9876543210, At: november})
	}
	if size := len(encoded(t, r)); size > 288 {
		t.Errorf("a visitor who dismissed three messages takes %d bytes", size)
	}
	r = New("a:MFRGGZDFMZTWQ2LKNNWG23TPOA")
	r.Apply(Change{Kind: Visited, Visit: 0xfedcba98, At: november, Page: &PageView{View: 0xfedcba98, Address: "https://shop.example.com/offers", Referrer: "https://news.example.org/"}})
	r.Apply(Change{Kind: Tracked, Event: "signed_up", Key: 0xfedcba98, At: november})
	if size := len(encoded(t, r)); size > 224 {
		t.Errorf("a visitor who came once and signed up takes %d bytes", size)
	}
}

func TestBytesThatAreNoRecord(t *testing.T) {
	good := encoded(t, known())
	for name, c := range map[string]struct {
		data []byte
		want error
		says string
	}{
		"nothing":                     {nil, ErrDamaged, "empty"},
		"a newer version":             {append([]byte{version + 1}, good[1:]...), ErrVersion, "newer one wrote it"},
		"version zero":                {make([]byte, 100), ErrVersion, "version 0"},
		"only a version":              {good[:1], ErrDamaged, ""},
		"cut off":                     {good[:len(good)-1], ErrDamaged, ""},
		"something behind it":         {append(bytes.Clone(good), 0), ErrDamaged, ""},
		"no map":                      {[]byte{version, 0x01}, ErrDamaged, ""},
		"a level that is none":        {[]byte{version, 0xa2, 0x01, 0x60, 0x02, 0x07}, ErrDamaged, "level 7"},
		"a trait that is bytes":       {[]byte{version, 0xa2, 0x01, 0x60, 0x03, 0xa1, 0x61, 'x', 0x41, 0x00}, ErrDamaged, "trait"},
		"a negative count":            {[]byte{version, 0xa2, 0x01, 0x60, 0x06, 0xa1, 0x61, 'm', 0xa1, 0x01, 0x20}, ErrDamaged, "negative"},
		"deliveries without report":   {[]byte{version, 0xa2, 0x01, 0x60, 0x06, 0xa1, 0x61, 'm', 0xa1, 0x07, 0x81, 0x05}, ErrDamaged, "not as many"},
		"a negative count of events":  {[]byte{version, 0xa2, 0x01, 0x60, 0x0a, 0xa1, 0x01, 0xa1, 0x61, 'e', 0xa1, 0x01, 0x20}, ErrDamaged, `event "e"`},
		"a negative count of one day": {[]byte{version, 0xa2, 0x01, 0x60, 0x0a, 0xa1, 0x01, 0xa1, 0x61, 'e', 0xa1, 0x05, 0x82, 0x01, 0x20}, ErrDamaged, `event "e"`},
		"too many deliveries": {append([]byte{version, 0xa2, 0x01, 0x60, 0x06, 0xa1, 0x61, 'm', 0xa2, 0x07, 0x89, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x08, 0x49},
			make([]byte, 9)...), ErrDamaged, "too many"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Decode(c.data)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || r != nil {
				t.Errorf("record %+v, error %v", r, err)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, r := range []*Record{New("u:ada"), known()} {
		data, err := Encode(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Decode(data)
		if err != nil {
			return
		}
		first := encoded(t, r)
		if other := byLibrary(t, r); !bytes.Equal(first, other) {
			t.Errorf("the library writes it otherwise:\n%x\n%x", first, other)
		}
		back, err := Decode(first)
		if err != nil {
			t.Fatalf("a record that was read cannot be read again: %v", err)
		}
		if second := encoded(t, back); !bytes.Equal(first, second) {
			t.Errorf("written, read and written again it differs:\n%x\n%x", first, second)
		}
		// What was read can be worked with.
		r.Apply(report(Opened, 1, november))
		Merge(r, back)
		r.Stale(november)
	})
}

func BenchmarkEncode(b *testing.B) {
	r := known()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Encode(r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	data, err := Encode(known())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}

func TestATestKeepsItsVariant(t *testing.T) {
	r := New("u:ada")
	r.Apply(Change{Kind: TestQueued, Message: sale, Variant: "loud", At: november, Until: november.Add(time.Hour)})
	text, err := Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	if read, err := Decode(text); err != nil || len(read.Tests) != 1 || read.Tests[0].Variant != "loud" {
		t.Errorf("%+v, %v", read, err)
	}
}
