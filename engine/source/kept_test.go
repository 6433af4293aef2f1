package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"handbill/engine/soaktest"
	"handbill/engine/workspace"
)

// keeper keeps in a folder that does not exist yet.
func keeper(t *testing.T) *Keeper {
	t.Helper()
	return KeepAt(filepath.Join(t.TempDir(), "handbill", "last-good", "shop"))
}

func TestWhatIsKeptComesBackAsItWas(t *testing.T) {
	k := keeper(t)
	if _, err := k.Last(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before anything is kept: %v", err)
	}
	first := Kept{Source: "/etc/caddy/messages", Revision: "5ca1ab1e", Tag: "\"v1\"\n\n", FetchedAt: time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC), Files: []workspace.File{
		{Name: "/etc/caddy/messages/10-sale.toml", Data: []byte(sale)},
		{Name: "/etc/caddy/messages/20-tour.toml", Data: []byte(tour)},
		{Name: "/etc/caddy/messages/vip.txt", Data: []byte("ada\n"), List: true},
	}}
	second := Kept{Source: "https://config.example.net/shop.toml", Revision: "c0ffee", FetchedAt: first.FetchedAt, SignedAt: first.FetchedAt.Add(-time.Minute), Files: []workspace.File{{Name: "https://config.example.net/shop.toml", Data: []byte(sale)}}}
	for _, kept := range []Kept{first, second} {
		if err := k.Keep(kept); err != nil {
			t.Fatal(err)
		}
		if got, err := k.Last(); err != nil || !reflect.DeepEqual(got, kept) {
			t.Errorf("kept %+v\ncame back %+v, error %v", kept, got, err)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(k.path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder has %v, error %v", entries, err)
	}
	if info, err := os.Stat(k.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file may be read by others: %v %v", info.Mode(), err)
	}
}

func TestAKeptFileThatWasCutOffOrChangedAnywhereIsNotUsed(t *testing.T) {
	k := keeper(t)
	if err := k.Keep(Kept{Source: "shop", Files: []workspace.File{{Name: "shop.toml", Data: []byte(sale)}}}); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(k.path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range whole {
		for _, damaged := range [][]byte{whole[:at], append(append(append([]byte{}, whole[:at]...), whole[at]^0x20), whole[at+1:]...)} {
			if err := os.WriteFile(k.path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			if kept, err := k.Last(); err == nil && string(kept.Files[0].Data) != sale {
				t.Fatalf("damaged at %d it gives %q", at, kept.Files[0].Data)
			} else if err != nil && !strings.Contains(err.Error(), k.path) {
				t.Fatalf("damaged at %d: %v", at, err)
			}
		}
	}
}

// replace puts a whole file in the place of another.
func replace(t *testing.T, path, text string) {
	t.Helper()
	write(t, path+".new", text)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// down is a source that is not there.
func down(t *testing.T) Source {
	t.Helper()
	return File(filepath.Join(t.TempDir(), "gone.toml"))
}

func TestAStartServesTheLastGoodWorkspaceWhenItsSourceIsNotGood(t *testing.T) {
	for _, test := range []struct {
		name, edit, problem string
	}{
		{"it is gone", "", "there is no such file"},
		{"it does not check", "[[messages]\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, path := keeper(t), filepath.Join(t.TempDir(), "messages.toml")
			write(t, path, sale)
			before := followKeeping(t, watched(path), k)
			before.Stop()
			if test.edit == "" {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			} else {
				write(t, path, test.edit)
			}
			f := followKeeping(t, watched(path), k)
			state := f.State()
			if f.shown() != "spring-sale" || !state.Kept || state.Revision != before.State().Revision || state.FetchedAt.IsZero() || state.FetchedAt.After(before.State().FetchedAt) {
				t.Errorf("it shows %s in state %+v", f.shown(), state)
			}
			if len(state.Problems) == 0 || state.FailingSince.IsZero() || !strings.Contains(state.Problems[0].Text, test.problem) {
				t.Errorf("the problems are %+v", state.Problems)
			}
			log := f.log.String()
			if !strings.Contains(log, "the last good workspace is in use") || strings.Contains(log, "no workspace is in use") {
				t.Errorf("the log says:\n%s", log)
			}
			replace(t, path, sale)
			eventually(t, "the source has it again", func() bool { state := f.State(); return !state.Kept && len(state.Problems) == 0 })
			if len(f.applied) != 1 {
				t.Errorf("the same workspace was applied %d times\n%s", len(f.applied), f.log.String())
			}
			replace(t, path, tour)
			f.eventuallyShows(t, "billing-tour")
		})
	}
}

func TestAStartDoesNotWaitForASourceThatIsSlow(t *testing.T) {
	k := keeper(t)
	if err := k.Keep(Kept{Source: "shop", Revision: "5ca1ab1e", Files: []workspace.File{{Name: "shop.toml", Data: []byte(sale)}}}); err != nil {
		t.Fatal(err)
	}
	answers := make(chan string)
	slow := scripted{
		load: func() ([]workspace.File, error) {
			return []workspace.File{{Name: "shop.toml", Data: []byte(<-answers)}}, nil
		},
		watch: func(ctx context.Context, _ func()) error { <-ctx.Done(); return nil },
	}
	began := time.Now()
	f := followKeeping(t, slow, k)
	f.eventuallyShows(t, "spring-sale")
	took := time.Since(began)
	eventually(t, "it is the last good one", func() bool { return f.State().Kept })
	soaktest.Figure(t, "source.start_with_last_good_ms", took.Milliseconds())
	if soaktest.Full() && took > time.Second { // else the machine does other things, too
		t.Errorf("the start took %s", took)
	}
	answers <- tour
	f.eventuallyShows(t, "billing-tour")
	eventually(t, "it is the source's", func() bool { return !f.State().Kept })
	eventually(t, "it is kept", func() bool {
		kept, err := k.Last()
		return err == nil && string(kept.Files[0].Data) == tour
	})
}

func TestWithoutALastGoodWorkspaceNothingIsInUse(t *testing.T) {
	k := keeper(t)
	f := followKeeping(t, down(t), k)
	if f.shown() != "nothing" || !strings.Contains(f.log.String(), "no workspace is in use: pages pass through") {
		t.Errorf("it shows %s, and the log says:\n%s", f.shown(), f.log.String())
	}
	write(t, filepath.Join(folder(t, filepath.Dir(k.path)), filepath.Base(k.path)), "half a li")
	f = followKeeping(t, down(t), k)
	if f.shown() != "nothing" || !strings.Contains(f.log.String(), "its first line cannot be read") {
		t.Errorf("it shows %s, and the log says:\n%s", f.shown(), f.log.String())
	}
}

func TestALastGoodWorkspaceOfAnotherProgramThatDoesNotCheckIsNotUsed(t *testing.T) {
	k := keeper(t)
	if err := k.Keep(Kept{Source: "shop", Revision: "5ca1ab1e", Files: []workspace.File{{Name: "shop.toml", Data: []byte(sale + "hologram = true\n")}}}); err != nil {
		t.Fatal(err)
	}
	f := followKeeping(t, down(t), k)
	if f.shown() != "nothing" || !strings.Contains(f.log.String(), "the last good workspace is no longer good") {
		t.Errorf("it shows %s, and the log says:\n%s", f.shown(), f.log.String())
	}
}

func TestAFolderThatCannotBeWrittenToChangesNothing(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a file")
	write(t, folder, "not a folder")
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, sale)
	f := followKeeping(t, watched(path), KeepAt(filepath.Join(folder, "shop")))
	if f.shown() != "spring-sale" || !strings.Contains(f.log.String(), "has nothing to begin with") {
		t.Errorf("it shows %s, and the log says:\n%s", f.shown(), f.log.String())
	}
}

func TestARevisionIsWhatSHA256SumPrints(t *testing.T) {
	one := []workspace.File{{Name: "shop.toml", Data: []byte("a\n")}}
	if got := Revision(one); got != "87428fc522803d31" {
		t.Errorf("the revision is %s", got)
	}
	two := []workspace.File{one[0], {Name: "docs.toml", Data: []byte("b\n")}}
	if Revision(two) == Revision(one) || Revision(two) == Revision([]workspace.File{two[1], two[0]}) {
		t.Error("other files have the same revision")
	}
}

func TestHowEachLookEndedIsObserved(t *testing.T) {
	k, path := keeper(t), filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, sale)
	f := followKeeping(t, watched(path), k)
	write(t, path, "[[messages]\n")
	eventually(t, "the problems are told", func() bool { return len(f.State().Problems) > 0 })
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is gone", func() bool { return strings.Contains(fmt.Sprint(f.State().Problems), "no such file") })
	f.Stop()
	seen := map[Result]bool{}
	for _, result := range f.results {
		seen[result] = true
	}
	if !seen[ResultChanged] || !seen[ResultRefused] || !seen[ResultFailed] || seen[ResultKept] {
		t.Errorf("observed %v", f.results)
	}
}
