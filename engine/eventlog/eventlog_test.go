package eventlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"handbill/engine/soaktest"
	"handbill/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var november = time.Date(2026, 11, 23, 9, 30, 0, 250e6, time.UTC)

// dismissal is a report as the engine writes one.
func dismissal(n int) Event {
	return Event{
		ID: fmt.Sprintf("ajs-next-%08d", n), Type: "report", Workspace: "shop", Visitor: "u:ada", Message: "spring-sale",
		Delivery: "AQAxZ0tRr9n2", Name: "dismissed", At: november.Add(time.Duration(n) * time.Millisecond),
	}
}

// purchase is a tracked event with properties of every kind.
func purchase() Event {
	return Event{
		ID: "ajs-next-purchase", Type: "track", Workspace: "shop", Visitor: "a:browser-of-ada", Name: "Order Completed", Value: "129.90",
		Properties: map[string]any{
			"total": 129.9, "currency": "EUR", "gift": false, "coupon": nil,
			"products": []any{map[string]any{"sku": "shoe-41", "quantity": 1.0}, map[string]any{"sku": "laces", "quantity": 2.0}},
		},
		At: november,
	}
}

func openLog(t *testing.T, dir string, options Options) *Log {
	t.Helper()
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	l, err := Open(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func appendTo(t *testing.T, l *Log, events ...Event) {
	t.Helper()
	if err := l.Append(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
}

// readAll reads a log that must not be damaged.
func readAll(t *testing.T, dir string) []Event {
	t.Helper()
	events, damages := readWithDamage(t, dir)
	if len(damages) > 0 {
		t.Fatalf("the log is damaged: %v", damages)
	}
	return events
}

func readWithDamage(t *testing.T, dir string) (events []Event, damages []error) {
	t.Helper()
	for event, err := range Read(dir) {
		switch {
		case errors.Is(err, ErrDamaged):
			damages = append(damages, err)
		case err != nil:
			t.Fatal(err)
		default:
			events = append(events, event)
		}
	}
	return events, damages
}

func segmentFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestEventsComeBackInOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "handbill.events")
	l := openLog(t, dir, Options{})
	appendTo(t, l, dismissal(1), purchase())
	appendTo(t, l, dismissal(2))
	appendTo(t, l)
	want := []Event{dismissal(1), purchase(), dismissal(2)}
	if got := readAll(t, dir); !reflect.DeepEqual(got, want) {
		t.Errorf("while it is open:\n%+v\nwant\n%+v", got, want)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again := openLog(t, dir, Options{})
	appendTo(t, again, dismissal(3))
	if got := readAll(t, dir); !reflect.DeepEqual(got, append(want, dismissal(3))) {
		t.Errorf("after opening it again:\n%+v", got)
	}
	if files := segmentFiles(t, dir); len(files) != 1 {
		t.Errorf("segments %q", files)
	}
}

func TestAClosedLogSaysSo(t *testing.T) {
	l := openLog(t, t.TempDir(), Options{})
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(t.Context(), dismissal(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
}

func TestASecondProcessIsTurnedAway(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir, Options{})
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "stop the other") {
		t.Errorf("error %v", err)
	}
	appendTo(t, l, dismissal(1))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	appendTo(t, openLog(t, dir, Options{}), dismissal(2))
	if got := readAll(t, dir); len(got) != 2 {
		t.Errorf("events %+v", got)
	}
}

func TestEventsThatCannotBeWrittenAreRefused(t *testing.T) {
	deep := any("bottom")
	for range 40 {
		deep = []any{deep}
	}
	dir := t.TempDir()
	l := openLog(t, dir, Options{})
	for name, properties := range map[string]map[string]any{
		"a property that is no value": {"callback": func() {}},
		"too large":                   {"text": strings.Repeat("x", MaxEventSize)},
		"nested too deeply":           {"list": deep},
	} {
		t.Run(name, func(t *testing.T) {
			err := l.Append(t.Context(), dismissal(1), Event{ID: "bad", Type: "track", Properties: properties})
			if !errors.Is(err, ErrEvent) || !strings.Contains(err.Error(), `event 1 ("bad")`) {
				t.Errorf("error %v", err)
			}
		})
	}
	if got := readAll(t, dir); len(got) != 0 {
		t.Errorf("a part of a refused call was written: %+v", got)
	}
}

func TestManyAtOnceAreAllKept(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir, Options{SegmentSize: 8 << 10})
	const writers, each = 32, 40
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				if err := l.Append(t.Context(), dismissal(w*each+i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	last := map[int]int{} // by writer
	for _, e := range readAll(t, dir) {
		var n int
		if _, err := fmt.Sscanf(e.ID, "ajs-next-%d", &n); err != nil {
			t.Fatal(err)
		}
		if want := last[n/each]; n%each != want {
			t.Errorf("event %d of writer %d came where %d was due", n%each, n/each, want)
		}
		last[n/each]++
	}
	for w := range writers {
		if last[w] != each {
			t.Errorf("writer %d has %d events of %d", w, last[w], each)
		}
	}
	if files := segmentFiles(t, dir); len(files) < 3 {
		t.Errorf("nothing was rotated: %q", files)
	}
}

func TestTheOldestSegmentsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	const segmentSize, totalSize = 2 << 10, 10 << 10
	l := openLog(t, dir, Options{SegmentSize: segmentSize, TotalSize: totalSize})
	const events = 500
	for n := range events {
		appendTo(t, l, dismissal(n))
	}
	total := int64(0)
	for _, path := range segmentFiles(t, dir) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > totalSize+segmentSize+1<<10 || total < totalSize/2 {
		t.Errorf("the log takes %d bytes, and may take about %d", total, totalSize)
	}
	got := readAll(t, dir)
	for i, e := range got {
		if want := dismissal(events - len(got) + i); e.ID != want.ID {
			t.Fatalf("event %d is %s, want %s: the newest, without a gap", i, e.ID, want.ID)
		}
	}
}

func TestACallerWhoNoLongerWaitsLosesNothing(t *testing.T) {
	dir := t.TempDir()
	release := make(chan struct{})
	begun := make(chan struct{})
	l := openLog(t, dir, Options{create: func(path string) (file, error) {
		f, err := createFile(path)
		close(begun)
		<-release
		return f, err
	}})
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error)
	go func() { answer <- l.Append(ctx, dismissal(1)) }()
	<-begun
	cancel()
	if err := <-answer; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	close(release)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, dir); len(got) != 1 {
		t.Errorf("events %+v", got)
	}
	if err := l.Append(ctx, dismissal(2)); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

// failing is a segment's file whose disk gives out.
type failing struct {
	file
	fault *fault
}

type fault struct{ write, truncate, sync error }

func (f *failing) Write(data []byte) (int, error) {
	if f.fault.write != nil {
		n, _ := f.file.Write(data[:len(data)/2])
		return n, f.fault.write
	}
	return f.file.Write(data)
}

func (f *failing) Sync() error {
	if f.fault.sync != nil {
		return f.fault.sync
	}
	return f.file.Sync()
}

func (f *failing) Truncate(size int64) error {
	if f.fault.truncate != nil {
		return f.fault.truncate
	}
	return f.file.Truncate(size)
}

func TestADiskThatFailsLosesNothingAcknowledged(t *testing.T) {
	full, broken := errors.New("no space left on device"), errors.New("input/output error")
	for name, bad := range map[string]fault{
		"no space":                            {write: full},
		"no space, and nothing can be undone": {write: full, truncate: broken},
		"synchronising fails":                 {sync: broken},
		"everything fails":                    {write: full, truncate: broken, sync: broken},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var now fault
			l := openLog(t, dir, Options{SegmentSize: 1 << 10, create: func(path string) (file, error) {
				f, err := createFile(path)
				return &failing{f, &now}, err
			}})
			acknowledged := map[string]bool{}
			for n := range 60 {
				now = fault{}
				if n%3 == 1 {
					now = bad
				}
				err := l.Append(t.Context(), dismissal(n))
				switch {
				case err == nil:
					acknowledged[dismissal(n).ID] = true
				case n%3 != 1:
					t.Fatalf("event %d, on a healthy disk again: %v", n, err)
				case !strings.Contains(err.Error(), dir):
					t.Errorf("the error does not say where: %v", err)
				}
			}
			if len(acknowledged) != 40 {
				t.Errorf("%d events were acknowledged, want 40", len(acknowledged))
			}
			now = fault{}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			openLog(t, dir, Options{})
			events, _ := readWithDamage(t, dir)
			for _, e := range events {
				delete(acknowledged, e.ID)
			}
			if len(acknowledged) > 0 {
				t.Errorf("lost: %v", acknowledged)
			}
		})
	}
	soaktest.Figure(t, "log.failing_disk_lost", 0)
}

// written makes a log of n events and returns its one segment.
func written(t *testing.T, n int) (path string, data []byte) {
	t.Helper()
	dir := t.TempDir()
	l := openLog(t, dir, Options{})
	for i := range n {
		appendTo(t, l, dismissal(i))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path = segmentFiles(t, dir)[0]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, data
}

// reopened puts bytes in the place of a log's one segment, opens the log, appends an event, and reads it all.
func reopened(t *testing.T, data []byte) (events []Event, damages []error, warnings string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%020d%s", 1, segmentSuffix)), data, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	l, err := Open(dir, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	appendTo(t, l, Event{ID: "after"})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	events, damages = readWithDamage(t, dir)
	if len(events) == 0 || events[len(events)-1].ID != "after" {
		t.Fatalf("what was appended afterwards is not at the end: %+v", events)
	}
	return events[:len(events)-1], damages, log.String()
}

func TestATailCutOffAnywhereLosesOnlyTheTail(t *testing.T) {
	count := soaktest.Times(3, 40)
	_, data := written(t, count)
	size := (len(data) - len(header)) / count
	for cut := range len(data) {
		events, damages, warnings := reopened(t, data[:cut])
		whole := max(cut-len(header), 0) / size
		if len(events) != whole || len(damages) > 0 {
			t.Fatalf("cut at %d: %d events, want %d; damages %v", cut, len(events), whole, damages)
		}
		torn := cut > len(header) && (cut-len(header))%size > 0
		if said := strings.Contains(warnings, "half-written"); said != torn {
			t.Fatalf("cut at %d: log %q", cut, warnings)
		}
	}
	soaktest.Figure(t, "log.cut_files", len(data))
	soaktest.Figure(t, "log.cut_whole_events_lost", 0)
}

func TestAFlippedByteAnywhereLosesOnlyItsEvent(t *testing.T) {
	count := soaktest.Times(3, 40)
	_, data := written(t, count)
	size := (len(data) - len(header)) / count
	for at := len(header); at < len(data); at++ {
		hit := (at - len(header)) / size
		flipped := bytes.Clone(data)
		flipped[at] ^= 0x41
		events, damages, _ := reopened(t, flipped)
		var want []string
		for n := range count {
			if n != hit {
				want = append(want, dismissal(n).ID)
			}
		}
		var got []string
		for _, e := range events {
			got = append(got, e.ID)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("byte %d, in event %d: read %q", at, hit, got)
		}
		// Damage at the very end cannot be told from what a crash left there.
		if told := len(damages) == 1; told != (hit < count-1) {
			t.Fatalf("byte %d, in event %d: damages %v", at, hit, damages)
		}
	}
	soaktest.Figure(t, "log.flipped_files", len(data)-len(header))
	soaktest.Figure(t, "log.flipped_other_events_lost", 0)
}

func TestAnUnknownFormatIsLeftAsItIs(t *testing.T) {
	_, data := written(t, 2)
	for name, data := range map[string][]byte{
		"a newer version":     append([]byte("HBEVENT\x02"), data[len(header):]...),
		"something different": []byte("# notes of the operator\n"),
	} {
		t.Run(name, func(t *testing.T) {
			events, damages, warnings := reopened(t, data)
			if len(events) != 0 || len(damages) != 1 || !strings.Contains(warnings, "left as it is") {
				t.Errorf("events %+v, damages %v, log %q", events, damages, warnings)
			}
		})
	}
}

func TestOtherFilesInTheFolderDoNotMatter(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"README.txt", "old.events", "00000000000000000001.events.bak"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("by hand"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := openLog(t, dir, Options{})
	appendTo(t, l, dismissal(1))
	if got := readAll(t, dir); len(got) != 1 {
		t.Errorf("events %+v", got)
	}
}

func TestAFolderThatCannotBeMadeIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(path, "events"), Options{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	for _, err := range Read(filepath.Join(path, "events")) {
		if err == nil || errors.Is(err, ErrDamaged) {
			t.Errorf("reading: %v", err)
		}
	}
}

func TestReadingCanStopAnywhere(t *testing.T) {
	path, _ := written(t, 5)
	seen := 0
	for range Read(filepath.Dir(path)) {
		if seen++; seen == 2 {
			break
		}
	}
	if seen != 2 {
		t.Errorf("read %d events", seen)
	}
}

func FuzzSegment(f *testing.F) {
	frames, err := appendFrame(nil, purchase())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append([]byte(header), frames...))
	f.Add(append(append([]byte(header), frames...), frames[:len(frames)-1]...))
	f.Add([]byte(header))
	f.Add(append([]byte(header), mark...))
	added, err := appendFrame(nil, dismissal(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		read := func(data []byte) (events []Event) {
			readSegment("segment", data, true, func(e Event, err error) bool {
				if err == nil {
					events = append(events, e)
				}
				return true
			})
			return events
		}
		before := read(data)
		if !bytes.HasPrefix(data, []byte(header)) {
			if len(before) > 0 {
				t.Errorf("read %+v from a file of another format", before)
			}
			return
		}
		whole := len(header) + wholeFrames(data[len(header):])
		if nextFrame(data[whole:]) >= 0 {
			return // damaged in the middle: nothing is cut off
		}
		after := read(append(bytes.Clone(data[:whole]), added...))
		if len(after) != len(before)+1 || !reflect.DeepEqual(after[len(before)], dismissal(1)) {
			t.Errorf("%d events before cutting the tail off and appending one, %d after", len(before), len(after))
		}
	})
}

// counting counts how often a segment's file is synchronised.
type counting struct {
	file
	syncs *atomic.Int64
}

func (c *counting) Sync() error {
	c.syncs.Add(1)
	return c.file.Sync()
}

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 64, 512} {
		b.Run(fmt.Sprintf("%d writers", writers), func(b *testing.B) {
			var syncs atomic.Int64
			l, err := Open(b.TempDir(), Options{Logger: slog.New(slog.DiscardHandler), create: func(path string) (file, error) {
				f, err := createFile(path)
				return &counting{f, &syncs}, err
			}})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			e := dismissal(1)
			next := atomic.Int64{}
			var all sync.WaitGroup
			b.ResetTimer()
			for range writers {
				all.Go(func() {
					for next.Add(1) <= int64(b.N) {
						if err := l.Append(context.Background(), e); err != nil {
							b.Error(err)
						}
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(b.N)/float64(syncs.Load()), "events/sync")
		})
	}
}
