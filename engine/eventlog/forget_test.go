package eventlog

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"handbill/engine/soaktest"
)

// of makes an event of a visitor that names them in its properties, too.
func of(name string, n int) Event {
	return Event{
		ID: fmt.Sprintf("%s-%d", name, n), Type: "track", Workspace: "shop", Visitor: "u:" + name, Name: "Order Completed",
		Properties: map[string]any{"email": name + "@example.com"}, At: november.Add(time.Duration(n) * time.Second),
	}
}

func isOf(name string) func(Event) bool {
	return func(e Event) bool { return e.Visitor == "u:"+name }
}

// contents is what all files of a log hold, one after the other.
func contents(t *testing.T, dir string) []byte {
	t.Helper()
	var all []byte
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return all
}

func TestWhatIsForgottenIsGoneAndTheRestKeepsItsPlace(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir, Options{SegmentSize: 4 << 10})
	var want []Event
	for n := range 200 {
		appendTo(t, l, of("ada", n), of("grace", n))
		want = append(want, of("grace", n))
	}
	before := segmentFiles(t, dir)
	was := contents(t, dir)
	if len(before) < 3 {
		t.Fatalf("one segment proves little: %q", before)
	}
	times := map[string]time.Time{}
	for _, path := range before {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		times[path] = info.ModTime()
	}
	if removed, err := l.Forget(t.Context(), isOf("ada")); err != nil || removed != 200 {
		t.Fatalf("removed %d, error %v", removed, err)
	}
	is := contents(t, dir)
	if bytes.Contains(is, []byte("ada")) {
		t.Error("something of hers is still in the files")
	}
	if len(is) != len(was) {
		t.Errorf("the files had %d bytes and have %d", len(was), len(is))
	}
	frame, err := appendFrame(nil, of("grace", 117))
	if err != nil {
		t.Fatal(err)
	}
	if at := bytes.Index(was, frame); at < 0 || at != bytes.Index(is, frame) {
		t.Errorf("an event of somebody else was moved from %d", at)
	}
	for path, before := range times {
		if info, err := os.Stat(path); err != nil || !info.ModTime().Equal(before) {
			t.Errorf("%s looks as if it had just been written to, error %v", path, err)
		}
	}
	appendTo(t, l, of("grace", 200)) // the end is as it was
	want = append(want, of("grace", 200))
	if got := readAll(t, dir); !reflect.DeepEqual(got, want) {
		t.Errorf("%d events are left, want %d", len(got), len(want))
	}
	if removed, err := l.Forget(t.Context(), isOf("ada")); err != nil || removed != 0 {
		t.Errorf("again: removed %d, error %v", removed, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Forget(t.Context(), isOf("grace")); !errors.Is(err, ErrClosed) {
		t.Errorf("of a closed log: %v", err)
	}
	openLog(t, dir, Options{})
	if got := readAll(t, dir); !reflect.DeepEqual(got, want) {
		t.Errorf("%d events are left after opening it again, want %d", len(got), len(want))
	}
}

func TestForgettingGoesOnWhereACrashInterruptedIt(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir, Options{})
	for n := range 3 {
		appendTo(t, l, of("grace", n), of("ada", n))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := segmentFiles(t, dir)[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	offsets, err := find(path, isOf("ada"))
	if err != nil || len(offsets) != 3 {
		t.Fatalf("her events stand at %v, error %v", offsets, err)
	}
	if err := makeHoles(path, offsets); err != nil {
		t.Fatal(err)
	}
	done, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The intent as it stands on disk while the segment is overwritten.
	intent := intentOf(t, dir, offsets)
	for cut := range whole {
		broken := append(bytes.Clone(done[:cut]), whole[cut:]...)
		fresh := t.TempDir()
		for name, data := range map[string][]byte{filepath.Base(path): broken, intentName: intent} {
			if err := os.WriteFile(filepath.Join(fresh, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l := openLog(t, fresh, Options{})
		if got := readAll(t, fresh); len(got) != 3 || got[0].Visitor != "u:grace" || got[2].ID != "grace-2" {
			t.Fatalf("overwritten up to byte %d: %+v", cut, got)
		}
		if _, err := os.Stat(filepath.Join(fresh, intentName)); !os.IsNotExist(err) {
			t.Fatalf("overwritten up to byte %d: what was to be done is still noted", cut)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for cut := range intent { // nothing was overwritten yet
		fresh := t.TempDir()
		for name, data := range map[string][]byte{filepath.Base(path): whole, intentName: intent[:cut]} {
			if err := os.WriteFile(filepath.Join(fresh, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l := openLog(t, fresh, Options{})
		if got := readAll(t, fresh); len(got) != 6 {
			t.Fatalf("written down up to byte %d: %d events", cut, len(got))
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// intentOf is what is written down before events of segment 1 are overwritten.
func intentOf(t *testing.T, dir string, offsets []int64) []byte {
	t.Helper()
	// A segment that cannot be overwritten leaves what was to be done.
	folder := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := forgetIn(dir, segment{path: folder, number: 1}, offsets); err == nil {
		t.Fatal("a folder was overwritten")
	}
	intent, err := os.ReadFile(filepath.Join(dir, intentName))
	if err != nil {
		t.Fatal(err)
	}
	return intent
}

func TestForgettingWhileEventsComeLosesNone(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir, Options{SegmentSize: 16 << 10})
	const writers, each = 8, 60
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range each {
				appendTo(t, l, of("grace", w*each+n), of("ada", w*each+n))
			}
		})
	}
	for range 10 {
		if _, err := l.Forget(t.Context(), isOf("ada")); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	if _, err := l.Forget(t.Context(), isOf("ada")); err != nil {
		t.Error(err)
	}
	got := readAll(t, dir)
	if len(got) != writers*each || slices.ContainsFunc(got, isOf("ada")) {
		t.Errorf("%d events are left, want %d", len(got), writers*each)
	}
}

// forgetDir makes the test binary act as a process that forgets in this log until it is killed.
const forgetDir = "HANDBILL_TEST_FORGET"

func TestAKillWhileForgettingLeavesNothingHalfDone(t *testing.T) {
	options := Options{SegmentSize: 256 << 10}
	if dir := os.Getenv(forgetDir); dir != "" {
		l := openLog(t, dir, options)
		fmt.Println("begun")
		for { // one after the other, so that a kill comes between any two
			for n := range 100 {
				if _, err := l.Forget(t.Context(), isOf(fmt.Sprintf("visitor-%d", n))); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}
	dir := t.TempDir()
	l := openLog(t, dir, options)
	kept := 0
	for n := range 100 {
		var some []Event
		for i := range 50 {
			some = append(some, of(fmt.Sprintf("visitor-%d", n), i), of("grace", n*50+i))
			kept++
		}
		appendTo(t, l, some...)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(2026, 11))
	for round := range soaktest.Times(10, 100) {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		child.Env = append(os.Environ(), forgetDir+"="+dir)
		output, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := output.Read(make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.IntN(30_000)) * time.Microsecond)
		_ = child.Process.Kill()
		_ = child.Wait() // it was killed
		l := openLog(t, dir, options)
		got := map[string]int{}
		for _, e := range readAll(t, dir) {
			got[e.Visitor]++
		}
		if got["u:grace"] != kept {
			t.Fatalf("round %d: %d events of somebody else are left of %d", round, got["u:grace"], kept)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	soaktest.Figure(t, "log.forget_kills", soaktest.Times(10, 100))
	soaktest.Figure(t, "log.forget_kill_others_lost", 0)
}

func TestTheLogGrowsNoOlderThanItMay(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir, Options{SegmentSize: 1 << 10})
	for n := range 40 {
		appendTo(t, l, of("ada", n))
	}
	files := segmentFiles(t, dir)
	old := time.Now().AddDate(0, -2, 0)
	for _, path := range files[:2] {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	month := time.Now().AddDate(0, -1, 0)
	if removed, err := l.Sweep(t.Context(), month); err != nil || removed != 2 {
		t.Errorf("removed %d, error %v", removed, err)
	}
	if got := segmentFiles(t, dir); !slices.Equal(got, files[2:]) {
		t.Errorf("left are %q of %q", got, files)
	}
	// All of it is old: what begins now has a number of its own.
	if removed, err := l.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil || removed != len(files)-2 {
		t.Errorf("removed %d, error %v", removed, err)
	}
	if got := segmentFiles(t, dir); len(got) != 1 || got[0] <= files[len(files)-1] {
		t.Errorf("left is %q after %q", got, files)
	}
	appendTo(t, l, of("grace", 1))
	if got := readAll(t, dir); len(got) != 1 || got[0].ID != "grace-1" {
		t.Errorf("then: %+v", got)
	}
}

func TestALogWithLittleToWriteIsPartedByDays(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir, Options{})
	yesterday := of("ada", 1)
	yesterday.At = time.Now().Add(-longestSegment - time.Minute)
	appendTo(t, l, yesterday)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openLog(t, dir, Options{})
	if removed, err := l.Sweep(t.Context(), time.Now().AddDate(0, -1, 0)); err != nil || removed != 0 {
		t.Errorf("removed %d, error %v", removed, err)
	}
	appendTo(t, l, of("ada", 2))
	if got := segmentFiles(t, dir); len(got) != 2 {
		t.Errorf("what came a day later stands in the same segment: %q", got)
	}
	if got := readAll(t, dir); len(got) != 2 || strings.Compare(got[0].ID, got[1].ID) >= 0 {
		t.Errorf("events %+v", got)
	}
}
