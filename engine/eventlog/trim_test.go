package eventlog

import (
	"errors"
	"slices"
	"testing"
)

func TestASegmentThatNobodyNeedsIsRemovedAlone(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir, Options{SegmentSize: 200, TotalSize: Unbounded})
	var segments []uint64
	for n := range 6 {
		segment, err := l.AppendPlaced(t.Context(), dismissal(n))
		if err != nil {
			t.Fatal(err)
		}
		segments = append(segments, segment)
	}
	kept := func() (ids []string) {
		for e, err := range ReadPlaced(dir) {
			if err != nil {
				t.Fatal(err)
			}
			if at := slices.Index(segments, e.Segment); at < 0 {
				t.Errorf("%s is in segment %d, and the segments are %v", e.ID, e.Segment, segments)
			}
			ids = append(ids, e.ID)
		}
		return ids
	}
	all := kept()
	if len(all) != 6 || segments[0] == segments[5] {
		t.Fatalf("there are %v in segments %v", all, segments)
	}
	middle := segments[2]
	if err := l.Remove(t.Context(), middle); err != nil {
		t.Fatal(err)
	}
	if got := kept(); slices.Contains(got, all[2]) || !slices.Contains(got, all[0]) || !slices.Contains(got, all[5]) {
		t.Errorf("without segment %d of %v there are %v", middle, segments, got)
	}
	for _, segment := range segments { // the last one included, and those that are gone
		if err := l.Remove(t.Context(), segment); err != nil {
			t.Fatal(err)
		}
	}
	if got := kept(); len(got) != 0 {
		t.Errorf("without any segment there are %v", got)
	}
	again, err := l.AppendPlaced(t.Context(), dismissal(7))
	if err != nil || slices.Contains(segments, again) {
		t.Errorf("what follows is in segment %d, error %v", again, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Remove(t.Context(), again); !errors.Is(err, ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
}
