package eventlog

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"testing"
	"time"
)

// follow reads everything behind a tail's position, a few events at a time.
func follow(t *testing.T, tail *Tail) (ids []string, damages []error, gone bool) {
	t.Helper()
	for range 10_000 {
		piece, err := tail.Read(3)
		if err != nil {
			t.Fatal(err)
		}
		if piece.Passed == 0 && !piece.Gone && len(piece.Damages) == 0 && !tail.At().Before(tail.log.End()) {
			return ids, damages, gone
		}
		if len(piece.Events) > 3 {
			t.Fatalf("%d events at once", len(piece.Events))
		}
		for _, kept := range piece.Events {
			ids = append(ids, kept.ID)
		}
		damages, gone = append(damages, piece.Damages...), gone || piece.Gone
	}
	t.Fatal("the log has no end")
	return nil, nil, false
}

func idsOf(from, to int) (ids []string) {
	for n := from; n < to; n++ {
		ids = append(ids, dismissal(n).ID)
	}
	return ids
}

func TestATailFollowsTheLogThroughItsSegments(t *testing.T) {
	l := openLog(t, t.TempDir(), Options{SegmentSize: 1 << 10})
	tail := l.Tail(Position{})
	if ids, _, gone := follow(t, tail); len(ids) != 0 || gone {
		t.Errorf("of an empty log: %v, gone %v", ids, gone)
	}
	for n := range 60 {
		appendTo(t, l, dismissal(n))
		if n%7 == 0 {
			appendTo(t, l, dismissal(1000+n))
		}
	}
	var want []string
	for n := range 60 {
		want = append(want, dismissal(n).ID)
		if n%7 == 0 {
			want = append(want, dismissal(1000+n).ID)
		}
	}
	middle := l.Tail(tail.At())
	if ids, damages, gone := follow(t, tail); !reflect.DeepEqual(ids, want) || damages != nil || gone {
		t.Errorf("read %v, %v, gone %v", ids, damages, gone)
	}
	if len(segmentFiles(t, l.Dir())) < 3 {
		t.Fatal("the log has too few segments for this test")
	}
	if behind, appended, err := middle.Count(); err != nil || behind != len(want) || appended != len(want) {
		t.Errorf("counted %d behind the beginning, of %d: %v", behind, appended, err)
	}
	piece, err := middle.Read(5)
	if err != nil || len(piece.Events) != 5 || piece.Passed != 5 || piece.Events[1].Start != piece.Events[0].Next {
		t.Fatalf("a piece of five: %+v, %v", piece, err)
	}
	if ids, _, _ := follow(t, l.Tail(piece.Events[2].Next)); !reflect.DeepEqual(ids, want[3:]) {
		t.Errorf("from the fourth on: %v", ids)
	}
	if behind, _, _ := middle.Count(); behind != len(want)-5 {
		t.Errorf("%d events behind the fifth", behind)
	}
}

func TestATailGoesOnWhereAnotherProcessEnded(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir, Options{})
	for n := range 4 {
		appendTo(t, l, dismissal(n))
	}
	id, err := l.ID()
	if err != nil || len(id) < 8 {
		t.Fatalf("id %q, %v", id, err)
	}
	piece, err := l.Tail(Position{}).Read(2)
	if err != nil || l.Close() != nil {
		t.Fatal(err)
	}
	again := openLog(t, dir, Options{})
	appendTo(t, again, dismissal(4))
	if ids, _, _ := follow(t, again.Tail(piece.Events[1].Next)); !reflect.DeepEqual(ids, idsOf(2, 5)) {
		t.Errorf("read %v", ids)
	}
	if same, err := again.ID(); err != nil || same != id {
		t.Errorf("id %q, then %q, %v", id, same, err)
	}
}

func TestWhoWaitsForTheLogToGrowIsWoken(t *testing.T) {
	l := openLog(t, t.TempDir(), Options{})
	growing := l.Grown(l.End())
	select {
	case <-growing:
		t.Fatal("woken by nothing")
	default:
	}
	appendTo(t, l, dismissal(1))
	select {
	case <-growing:
	case <-time.After(time.Minute):
		t.Fatal("not woken")
	}
	select {
	case <-l.Grown(Position{}):
	default:
		t.Error("what is there already is waited for")
	}
}

func TestATailSaysWhenWhatItWasToReadIsGone(t *testing.T) {
	l := openLog(t, t.TempDir(), Options{SegmentSize: 1 << 10, TotalSize: 4 << 10})
	appendTo(t, l, dismissal(0))
	tail := l.Tail(Position{})
	if ids, _, _ := follow(t, tail); len(ids) != 1 {
		t.Fatalf("read %v", ids)
	}
	for n := 1; n < 100; n++ {
		appendTo(t, l, dismissal(n))
	}
	ids, damages, gone := follow(t, tail)
	if !gone || damages != nil || len(ids) == 0 || len(ids) > 60 || !reflect.DeepEqual(ids, idsOf(100-len(ids), 100)) {
		t.Errorf("gone %v, damages %v, read %v", gone, damages, ids)
	}
	if ids, _, gone := follow(t, l.Tail(Position{})); gone || ids[len(ids)-1] != dismissal(99).ID {
		t.Errorf("from the oldest on: gone %v, %v", gone, ids)
	}
}

func TestATailPassesDamageOver(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir, Options{SegmentSize: 1 << 10})
	for n := range 40 {
		appendTo(t, l, dismissal(n))
	}
	first := segmentFiles(t, dir)[0]
	data, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	_, length, _ := frameAt(data[len(header):])
	whole := (len(data) - len(header)) / length
	for name, test := range map[string]struct {
		damage func([]byte) []byte
		want   []string
	}{
		"a flipped byte in the second event": {func(data []byte) []byte { data[len(header)+length+30] ^= 1; return data }, append(idsOf(0, 1), idsOf(2, 40)...)},
		"an end that is cut off":             {func(data []byte) []byte { return data[:len(data)-3] }, append(idsOf(0, whole-1), idsOf(whole, 40)...)},
		"another format":                     {func(data []byte) []byte { data[7]++; return data }, idsOf(whole, 40)},
		"nothing at all":                     {func([]byte) []byte { return nil }, idsOf(whole, 40)},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(first, test.damage(bytes.Clone(data)), 0o600); err != nil {
				t.Fatal(err)
			}
			ids, damages, gone := follow(t, l.Tail(Position{}))
			if !reflect.DeepEqual(ids, test.want) || len(damages) != 1 || !errors.Is(damages[0], ErrDamaged) || gone {
				t.Errorf("read %v, damages %v, gone %v", ids, damages, gone)
			}
		})
	}
	t.Run("a segment without some of its events, as when a person was deleted from it", func(t *testing.T) {
		shorter := append(bytes.Clone(data[:len(header)+2*length]), data[len(header)+3*length:]...)
		if err := os.WriteFile(first, shorter, 0o600); err != nil {
			t.Fatal(err)
		}
		want := append(idsOf(0, 2), idsOf(3, 40)...)
		if ids, damages, gone := follow(t, l.Tail(Position{})); !reflect.DeepEqual(ids, want) || damages != nil || gone {
			t.Errorf("read %v, damages %v, gone %v", ids, damages, gone)
		}
		behind := Position{Segment: 1, Offset: int64(len(data))} // where the segment ended before
		if ids, damages, gone := follow(t, l.Tail(behind)); !reflect.DeepEqual(ids, idsOf(whole, 40)) || damages != nil || gone {
			t.Errorf("behind it: read %v, damages %v, gone %v", ids, damages, gone)
		}
	})
}

func TestATailReadsLargeEventsToo(t *testing.T) {
	l := openLog(t, t.TempDir(), Options{})
	large := purchase()
	large.Properties = map[string]any{"note": fmt.Sprintf("%0*d", 700_000, 7)}
	appendTo(t, l, dismissal(0), large, dismissal(1))
	if ids, damages, _ := follow(t, l.Tail(Position{})); !reflect.DeepEqual(ids, []string{dismissal(0).ID, large.ID, dismissal(1).ID}) || damages != nil {
		t.Errorf("read %v, %v", ids, damages)
	}
}
