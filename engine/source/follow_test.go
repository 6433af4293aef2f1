package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"handbill/engine/workspace"
)

// followed is a Follower with what it applied and logged.
type followed struct {
	*Follower
	mutex   sync.Mutex
	applied []*workspace.Snapshot
	results []Result
	log     lockedBuffer
}

func follow(t *testing.T, source Source) *followed {
	t.Helper()
	return followKeeping(t, source, nil)
}

func followKeeping(t *testing.T, source Source, keeper *Keeper) *followed {
	t.Helper()
	f := &followed{}
	f.Follower = Follow(t.Context(), source, Options{
		Logger: slog.New(slog.NewJSONHandler(&f.log, nil)), Keeper: keeper,
		Apply: func(s *workspace.Snapshot) {
			f.mutex.Lock()
			defer f.mutex.Unlock()
			f.applied = append(f.applied, s)
		},
		Observe: func(result Result, _ State) {
			f.mutex.Lock()
			defer f.mutex.Unlock()
			f.results = append(f.results, result)
		},
	})
	t.Cleanup(f.Stop)
	return f
}

// shown are the ids of the messages in use.
func (f *followed) shown() string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if len(f.applied) == 0 {
		return "nothing"
	}
	var ids []string
	for _, message := range f.applied[len(f.applied)-1].Messages {
		ids = append(ids, message.ID)
	}
	return strings.Join(ids, " ")
}

func (f *followed) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	decoder := json.NewDecoder(strings.NewReader(f.log.String()))
	for decoder.More() {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

type lockedBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}

// eventually waits for a condition; the time is a bound for a hanging test alone.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

func (f *followed) eventuallyShows(t *testing.T, ids string) {
	t.Helper()
	eventually(t, "the messages are "+ids+", not "+f.shown(), func() bool { return f.shown() == ids })
}

// watched is a file source that relies on what the system tells it: without
// that, the next look would come in an hour.
func watched(path string) Source {
	f := File(path).(*files)
	f.quiet, f.recheck = 20*time.Millisecond, time.Hour
	return f
}

func TestEveryWayOfReplacingFilesIsNoticed(t *testing.T) {
	rename := func(t *testing.T, from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(t *testing.T, path string) {
		t.Helper()
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	// relink switches a link as deployments do: a new link, renamed over the old one.
	relink := func(t *testing.T, target, path string) {
		t.Helper()
		link(t, target, path+".new")
		rename(t, path+".new", path)
	}

	for _, test := range []struct {
		name string
		// arrange makes the workspace and returns its path; edit changes it from sale to tour.
		arrange func(t *testing.T, dir string) string
		edit    func(t *testing.T, dir string)
		before  string
		after   string
	}{
		{
			name: "a file is written over",
			arrange: func(t *testing.T, dir string) string {
				write(t, filepath.Join(dir, "messages.toml"), sale)
				return filepath.Join(dir, "messages.toml")
			},
			edit: func(t *testing.T, dir string) { write(t, filepath.Join(dir, "messages.toml"), tour) },
		},
		{
			name: "a file is renamed over it",
			arrange: func(t *testing.T, dir string) string {
				write(t, filepath.Join(dir, "messages.toml"), sale)
				return filepath.Join(dir, "messages.toml")
			},
			edit: func(t *testing.T, dir string) {
				write(t, filepath.Join(dir, "messages.toml.tmp"), tour)
				rename(t, filepath.Join(dir, "messages.toml.tmp"), filepath.Join(dir, "messages.toml"))
			},
		},
		{
			name: "an editor moves the file away and writes a new one",
			arrange: func(t *testing.T, dir string) string {
				write(t, filepath.Join(dir, "messages.toml"), sale)
				return filepath.Join(dir, "messages.toml")
			},
			edit: func(t *testing.T, dir string) {
				rename(t, filepath.Join(dir, "messages.toml"), filepath.Join(dir, "messages.toml~"))
				write(t, filepath.Join(dir, "messages.toml"), tour)
				remove(t, filepath.Join(dir, "messages.toml~"))
			},
		},
		{
			name: "a file is deleted and written anew",
			arrange: func(t *testing.T, dir string) string {
				write(t, filepath.Join(dir, "messages.toml"), sale)
				return filepath.Join(dir, "messages.toml")
			},
			edit: func(t *testing.T, dir string) {
				remove(t, filepath.Join(dir, "messages.toml"))
				write(t, filepath.Join(dir, "messages.toml"), tour)
			},
		},
		{
			name:    "a file appears where nothing was",
			arrange: func(_ *testing.T, dir string) string { return filepath.Join(dir, "messages.toml") },
			edit:    func(t *testing.T, dir string) { write(t, filepath.Join(dir, "messages.toml"), tour) },
			before:  "nothing",
		},
		{
			name:    "a file appears in folders that were not there",
			arrange: func(_ *testing.T, dir string) string { return filepath.Join(dir, "etc", "caddy", "messages.toml") },
			edit: func(t *testing.T, dir string) {
				write(t, filepath.Join(folder(t, filepath.Join(dir, "etc", "caddy")), "messages.toml"), tour)
			},
			before: "nothing",
		},
		{
			name:    "a folder without TOML gets its first file",
			arrange: func(t *testing.T, dir string) string { return folder(t, filepath.Join(dir, "messages")) },
			edit:    func(t *testing.T, dir string) { write(t, filepath.Join(dir, "messages", "tour.toml"), tour) },
			before:  "nothing",
		},
		{
			name: "a file is added to the folder",
			arrange: func(t *testing.T, dir string) string {
				write(t, filepath.Join(dir, "sale.toml"), sale)
				return dir
			},
			edit:  func(t *testing.T, dir string) { write(t, filepath.Join(dir, "tour.toml"), tour) },
			after: "spring-sale billing-tour",
		},
		{
			name: "a file is taken out of the folder",
			arrange: func(t *testing.T, dir string) string {
				write(t, filepath.Join(dir, "sale.toml"), sale)
				write(t, filepath.Join(dir, "tour.toml"), tour)
				return dir
			},
			edit:   func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "sale.toml")) },
			before: "spring-sale billing-tour",
		},
		{
			name: "the folder is replaced by another",
			arrange: func(t *testing.T, dir string) string {
				write(t, filepath.Join(folder(t, filepath.Join(dir, "messages")), "sale.toml"), sale)
				return filepath.Join(dir, "messages")
			},
			edit: func(t *testing.T, dir string) {
				write(t, filepath.Join(folder(t, filepath.Join(dir, "next")), "tour.toml"), tour)
				rename(t, filepath.Join(dir, "messages"), filepath.Join(dir, "before"))
				rename(t, filepath.Join(dir, "next"), filepath.Join(dir, "messages"))
			},
		},
		{
			name: "Kubernetes switches the link under a mounted file",
			arrange: func(t *testing.T, dir string) string {
				write(t, filepath.Join(folder(t, filepath.Join(dir, "..2026_11_01")), "messages.toml"), sale)
				link(t, "..2026_11_01", filepath.Join(dir, "..data"))
				link(t, "..data/messages.toml", filepath.Join(dir, "messages.toml"))
				return filepath.Join(dir, "messages.toml")
			},
			edit: func(t *testing.T, dir string) {
				write(t, filepath.Join(folder(t, filepath.Join(dir, "..2026_11_02")), "messages.toml"), tour)
				relink(t, "..2026_11_02", filepath.Join(dir, "..data"))
				remove(t, filepath.Join(dir, "..2026_11_01"))
			},
		},
		{
			name: "Kubernetes switches the link under a mounted folder",
			arrange: func(t *testing.T, dir string) string {
				write(t, filepath.Join(folder(t, filepath.Join(dir, "..2026_11_01")), "messages.toml"), sale)
				link(t, "..2026_11_01", filepath.Join(dir, "..data"))
				link(t, "..data/messages.toml", filepath.Join(dir, "messages.toml"))
				return dir
			},
			edit: func(t *testing.T, dir string) {
				write(t, filepath.Join(folder(t, filepath.Join(dir, "..2026_11_02")), "messages.toml"), tour)
				relink(t, "..2026_11_02", filepath.Join(dir, "..data"))
				remove(t, filepath.Join(dir, "..2026_11_01"))
			},
		},
		{
			name: "a deployment switches a link far up the path",
			arrange: func(t *testing.T, dir string) string {
				write(t, filepath.Join(folder(t, filepath.Join(dir, "releases", "41", "messages")), "sale.toml"), sale)
				write(t, filepath.Join(folder(t, filepath.Join(dir, "releases", "42", "messages")), "tour.toml"), tour)
				link(t, filepath.Join(dir, "releases", "41"), filepath.Join(dir, "current"))
				return filepath.Join(dir, "current", "messages")
			},
			edit: func(t *testing.T, dir string) {
				relink(t, filepath.Join(dir, "releases", "42"), filepath.Join(dir, "current"))
			},
		},
		{
			name: "the file behind a link in the folder is written",
			arrange: func(t *testing.T, dir string) string {
				write(t, filepath.Join(folder(t, filepath.Join(dir, "shared")), "all.toml"), sale)
				link(t, "../shared/all.toml", filepath.Join(folder(t, filepath.Join(dir, "messages")), "all.toml"))
				return filepath.Join(dir, "messages")
			},
			edit: func(t *testing.T, dir string) { write(t, filepath.Join(dir, "shared", "all.toml"), tour) },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before, after := "spring-sale", "billing-tour"
			if test.before != "" {
				before = test.before
			}
			if test.after != "" {
				after = test.after
			}
			dir := t.TempDir()
			f := follow(t, watched(test.arrange(t, dir)))
			f.eventuallyShows(t, before)
			test.edit(t, dir)
			f.eventuallyShows(t, after)
		})
	}
}

// longAgo makes a file one that nobody is writing.
func longAgo(t *testing.T, path string) {
	t.Helper()
	if err := os.Chtimes(path, time.Now(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsSavedIsInUseAtOnceAndWhatIsBeingWrittenIsNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, sale)
	longAgo(t, path)
	source := File(path).(*files)
	source.quiet, source.patience, source.recheck = time.Hour, time.Hour, time.Hour
	f := follow(t, source)
	f.eventuallyShows(t, "spring-sale")
	eventually(t, "it is looked at again when it is watched", func() bool { state := f.State(); return state.CheckedAt.After(state.LoadedAt) })

	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(tour); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * source.settle)
	if got := f.shown(); got != "spring-sale" {
		t.Fatalf("half a file is in use: %s", got)
	}
	if _, err := file.WriteString(sale); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	f.eventuallyShows(t, "billing-tour spring-sale")

	write(t, path+".new", tour)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	f.eventuallyShows(t, "billing-tour")
}

func TestWhereTheSystemTellsNothingFilesAreLookedAtAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, sale)
	source := File(path).(*files)
	source.recheck = 10 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	look, _ := source.look()
	deaf := watching{interest: interestIn(path, nil), look: look} // without a watcher
	write(t, path, tour)
	if err := source.wait(ctx, deaf); err != nil {
		t.Errorf("the change was not found: %v", err)
	}
}

func TestAChangeThatNeverPausesIsTakenAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, sale)
	source := &files{path: path, quiet: time.Hour, patience: 10 * time.Millisecond, recheck: time.Hour}
	watching := source.setUp()
	defer watching.close()
	write(t, path, tour)
	if err := source.wait(t.Context(), watching); err != nil {
		t.Errorf("the change was not taken: %v", err)
	}
}

func TestABadEditKeepsTheLastGoodWorkspace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, sale)
	f := follow(t, watched(path))
	good := f.State()
	if good.Generation == "" || good.LoadedAt.IsZero() || len(good.Problems) != 0 {
		t.Fatalf("the first state is %+v", good)
	}

	write(t, path, sale+"priority = \"high\"\n[[messages]]\nid = \"spring-sale\"\n")
	eventually(t, "the problems are told", func() bool { return len(f.State().Problems) > 0 })
	bad := f.State()
	if bad.Generation != good.Generation || bad.LoadedAt != good.LoadedAt || f.shown() != "spring-sale" {
		t.Errorf("the state is %+v and shows %s", bad, f.shown())
	}
	var told []map[string]any
	for _, line := range f.lines(t) {
		if line["level"] == "ERROR" {
			told = append(told, line)
		}
	}
	if len(told) != len(bad.Problems) {
		t.Fatalf("%d problems are logged of %d", len(told), len(bad.Problems))
	}
	for i, line := range told {
		problem := bad.Problems[i]
		if line["file"] != path || line["line"] != float64(problem.Line) || line["problem"] != problem.Text || line["fix"] != problem.Fix || problem.Line < 7 || problem.Fix == "" {
			t.Errorf("logged: %v, known: %+v", line, problem)
		}
	}
	if last := f.lines(t); last[len(last)-1]["msg"] != "the workspace from before stays in use until the problems are mended" {
		t.Errorf("the last line is %v", last[len(last)-1])
	}

	write(t, path, tour)
	f.eventuallyShows(t, "billing-tour")
	eventually(t, "the problems are gone", func() bool { return len(f.State().Problems) == 0 })
}

func TestAMessageThatIsLeftOutIsLoggedAndTheOthersAreInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, "[workspace]\non_error = \"skip\"\n"+sale+tour+"prority = 1\n")
	f := follow(t, watched(path))
	f.eventuallyShows(t, "spring-sale")
	if state := f.State(); len(state.Problems) > 0 {
		t.Errorf("the state is %+v", state)
	}
	if logged := f.log.String(); !strings.Contains(logged, "a message is left out") || !strings.Contains(logged, "prority") {
		t.Errorf("the log says:\n%s", logged)
	}
}

func TestAMissingFileKeepsTheLastGoodWorkspace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, sale)
	f := follow(t, watched(path))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the problem is told", func() bool { return len(f.State().Problems) == 1 })
	if problem := f.State().Problems[0]; problem.Text != "there is no such file or folder" || f.shown() != "spring-sale" {
		t.Errorf("the problem is %+v, shown is %s", problem, f.shown())
	}
	// What comes back is what was there: good again.
	write(t, path, sale)
	eventually(t, "the problem is gone", func() bool { return len(f.State().Problems) == 0 })
}

func TestAStartWithABadWorkspaceShowsNothingUntilItIsMended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, "[[messages]\n")
	f := follow(t, watched(path))
	if state := f.State(); state.Generation != "" || len(state.Problems) != 1 || state.Problems[0].Line != 1 || f.shown() != "nothing" {
		t.Fatalf("the state is %+v and shows %s", state, f.shown())
	}
	if lines := f.lines(t); lines[len(lines)-1]["msg"] != "no workspace is in use: pages pass through untouched until the problems are mended" {
		t.Errorf("the last line is %v", lines[len(lines)-1])
	}
	write(t, path, tour)
	f.eventuallyShows(t, "billing-tour")
}

func TestWarningsAreToldAndDoNotRefuse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, sale+"end = 2020-01-01T00:00:00Z\n")
	f := follow(t, watched(path))
	if state := f.State(); len(state.Warnings) != 1 || state.Warnings[0].Line != 7 || f.shown() != "spring-sale" {
		t.Errorf("the state is %+v and shows %s", state, f.shown())
	}
	if !strings.Contains(f.log.String(), `"level":"WARN"`) {
		t.Errorf("the log is %s", f.log.String())
	}
}

// scripted is a source whose answers a test gives.
type scripted struct {
	load  func() ([]workspace.File, error)
	watch func(ctx context.Context, changed func()) error
}

func (s scripted) Load(context.Context) ([]workspace.File, error) { return s.load() }
func (s scripted) Watch(ctx context.Context, changed func()) error {
	return s.watch(ctx, changed)
}
func (scripted) String() string { return "scripted" }

func TestTheSameContentIsCompiledOnceAndTheSameFailureToldOnce(t *testing.T) {
	answers := make(chan error)
	answered := make(chan struct{})
	var changed func()
	watching := make(chan struct{})
	source := scripted{
		load: func() ([]workspace.File, error) {
			err := <-answers
			defer func() { answered <- struct{}{} }()
			return []workspace.File{{Name: "messages.toml", Data: []byte(sale)}}, err
		},
		watch: func(ctx context.Context, c func()) error {
			changed = c
			close(watching)
			<-ctx.Done()
			return nil
		},
	}
	down := errors.New("connection refused")
	go func() { answers <- nil; <-answered }()
	f := follow(t, source)
	<-watching
	for _, err := range []error{nil, nil, down, down, down} {
		changed()
		answers <- err
		<-answered
	}
	eventually(t, "the failure is told", func() bool { return len(f.State().Problems) == 1 })
	f.Stop()
	if len(f.applied) != 1 {
		t.Errorf("applied %d times", len(f.applied))
	}
	if told := strings.Count(f.log.String(), "connection refused"); told != 1 {
		t.Errorf("told %d times:\n%s", told, f.log.String())
	}
}

func TestALongListOfProblemsIsCutInTheLogAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, strings.Repeat("[[messages]]\n", 30))
	f := follow(t, watched(path))
	problems := len(f.State().Problems)
	if problems < 90 {
		t.Fatalf("%d problems", problems)
	}
	if lines := f.lines(t); len(lines) != maximumLogged+2 || lines[maximumLogged]["more"] != float64(problems-maximumLogged) {
		t.Errorf("%d lines for %d problems", len(lines), problems)
	}
}

func TestStopWaitsAndMayBeCalledAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, sale)
	f := follow(t, watched(path))
	f.Stop()
	f.Stop()
	write(t, path, tour)
	if f.shown() != "spring-sale" {
		t.Errorf("after Stop it shows %s", f.shown())
	}
}

func TestAContextThatEndedStopsFollowing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, sale)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f := Follow(ctx, File(path), Options{Logger: slog.New(slog.DiscardHandler), Apply: func(*workspace.Snapshot) { t.Error("applied") }})
	f.Stop()
	if state := f.State(); state.Generation != "" {
		t.Errorf("the state is %+v", state)
	}
}

func TestAFaultOfOursIsAProblemAndNotTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, sale)
	f := newFollower(File(path), Options{Logger: slog.New(slog.DiscardHandler)})
	f.compileFrom = func(*workspace.Snapshot, []workspace.File) (*workspace.Snapshot, []workspace.Problem, error) {
		panic("index out of range")
	}
	f.take(t.Context(), f.load(t.Context()))
	if state := f.State(); len(state.Problems) != 1 || state.Problems[0].Text != "compiling it failed: index out of range" {
		t.Errorf("the state is %+v", state)
	}
}

func TestAListOfIDsIsWatchedAsTheFileThatNamesItIs(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "messages.toml"), vips)
	f := follow(t, watched(filepath.Join(dir, "messages.toml")))
	if problems := f.State().Problems; len(problems) != 1 || !strings.Contains(problems[0].Text, `"vip.txt"`) {
		t.Fatalf("without the list: %v", problems)
	}
	write(t, filepath.Join(dir, "vip.txt"), "ada\n")
	f.eventuallyShows(t, "lounge")
	generation := f.State().Generation
	write(t, filepath.Join(dir, "vip.txt"), "ada\ngrace\n")
	eventually(t, "the longer list is in use", func() bool { return f.State().Generation != generation })
	if err := os.Remove(filepath.Join(dir, "vip.txt")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the missing list is told", func() bool { return len(f.State().Problems) == 1 })
	if f.shown() != "lounge" {
		t.Error("a missing list takes the messages away")
	}
}
