package eventlog

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// storedSegment is a segment of a version, as a program of that version wrote it.
func storedSegment(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return data
}

// inStoredSegments are the events that every stored segment has; between the first two there is a hole.
func inStoredSegments() []Event { return []Event{dismissal(1), dismissal(3), purchase()} }

// TestSegmentsOfEachVersionCanBeRead keeps a segment of each version that was ever written. A change of the format adds a file
// and leaves the others.
func TestSegmentsOfEachVersionCanBeRead(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "segment-v*.hex"))
	if version := int(header[len(header)-1]); err != nil || len(files) != version {
		t.Fatalf("there are the segments %q, error %v; want one for each of %d versions", files, err, version)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(segmentPath(dir, 1), storedSegment(t, path), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, dir); !reflect.DeepEqual(got, inStoredSegments()) {
				t.Errorf("it is read as\n%+v\nwant\n%+v", got, inStoredSegments())
			}
			// A program that goes on from it appends to the log and forgets in it.
			l := openLog(t, dir, Options{})
			appendTo(t, l, dismissal(4))
			gone, err := l.Forget(t.Context(), func(e Event) bool { return e.ID == dismissal(3).ID })
			want := []Event{dismissal(1), purchase(), dismissal(4)}
			if got := readAll(t, dir); err != nil || gone != 1 || !reflect.DeepEqual(got, want) {
				t.Errorf("%d events were forgotten, error %v; then it is read as\n%+v\nwant\n%+v", gone, err, got, want)
			}
		})
	}
}

// TestASegmentIsWrittenAsItsVersionSays keeps the format from changing under the same version. Of an event with properties
// only the length is compared: they are written in no order.
func TestASegmentIsWrittenAsItsVersionSays(t *testing.T) {
	want := storedSegment(t, filepath.Join("testdata", "segment-v1.hex"))
	dir := t.TempDir()
	l := openLog(t, dir, Options{})
	forgotten := dismissal(2)
	forgotten.Visitor = "u:grace"
	appendTo(t, l, dismissal(1), forgotten, dismissal(3), purchase())
	if _, err := l.Forget(t.Context(), func(e Event) bool { return e.Visitor == "u:grace" }); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(segmentPath(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	last, err := appendFrame(nil, purchase())
	if err != nil {
		t.Fatal(err)
	}
	ordered := len(got) - len(last)
	if len(got) != len(want) || !bytes.Equal(got[:ordered], want[:ordered]) {
		t.Errorf("it is written as\n%x\nand in version 1\n%x", got, want)
	}
}
