package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"handbill/engine/workspace"
)

const sale = `
[[messages]]
id = "spring-sale"
display = "banner"
pages = ["*"]
text = "Spring sale: 20 % off until Sunday."
`

const tour = `
[[messages]]
id = "billing-tour"
display = "modal"
pages = ["/billing/*"]
text = "Billing has a **new** home."
`

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func folder(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

func TestLoadReadsAFileOrAFoldersFilesByName(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "20-tour.toml"), tour)
	write(t, filepath.Join(dir, "10-sale.toml"), sale)
	write(t, filepath.Join(dir, "notes.txt"), "not TOML")
	write(t, filepath.Join(dir, "10-sale.toml~"), "a backup")
	write(t, filepath.Join(dir, ".hidden.toml"), "an editor's")
	link(t, "somebody@host.1234", filepath.Join(dir, ".#10-sale.toml")) // Emacs's lock
	folder(t, filepath.Join(dir, "old.toml"))

	for _, test := range []struct {
		name string
		path string
		want []string
	}{
		{"a folder", dir, []string{"10-sale.toml", "20-tour.toml"}},
		{"a folder with a final slash", dir + "/", []string{"10-sale.toml", "20-tour.toml"}},
		{"a file", filepath.Join(dir, "20-tour.toml"), []string{"20-tour.toml"}},
		{"a file of another extension", filepath.Join(dir, "notes.txt"), []string{"notes.txt"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			files, err := File(test.path).Load(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, file := range files {
				names = append(names, filepath.Base(file.Name))
				if !filepath.IsAbs(file.Name) || len(file.Data) == 0 {
					t.Errorf("%s has %d bytes", file.Name, len(file.Data))
				}
			}
			if strings.Join(names, " ") != strings.Join(test.want, " ") {
				t.Errorf("loaded %v, want %v", names, test.want)
			}
		})
	}
}

func TestLoadSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	dir := t.TempDir()
	empty := folder(t, filepath.Join(dir, "empty"))
	large := filepath.Join(dir, "large.toml")
	write(t, large, strings.Repeat("#", workspace.MaximumFileSize+1))
	dangling := filepath.Join(dir, "dangling.toml")
	link(t, "nowhere.toml", dangling)
	round := filepath.Join(dir, "round.toml")
	link(t, "round.toml", round)
	withDangling := folder(t, filepath.Join(dir, "messages"))
	write(t, filepath.Join(withDangling, "a.toml"), sale)
	link(t, "gone.toml", filepath.Join(withDangling, "b.toml"))
	pipe := filepath.Join(dir, "pipe.toml")
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	full := folder(t, filepath.Join(dir, "full"))
	for _, name := range strings.Fields("a b c d e f g") {
		write(t, filepath.Join(full, name+".toml"), strings.Repeat("#", workspace.MaximumFileSize))
	}

	for _, test := range []struct{ name, path, file, problem, fix string }{
		{"a missing file", filepath.Join(dir, "absent.toml"), "absent.toml", "there is no such file or folder", "create it, or correct the path"},
		{"a path below a file", filepath.Join(large, "x.toml"), "x.toml", "it cannot be read (not a directory)", "check the disk and the path"},
		{"a folder without TOML", empty, "empty", "the folder has no file that ends in .toml", "add one, for example messages.toml"},
		{"a file that is too large", large, "large.toml", "the file has more than the 10 MiB that one may have", "spread the messages over several files in one folder"},
		{"files that are too large together", full, "full", "the files have more than the 64 MiB that a workspace may have", "take messages out that have ended"},
		{"a link to nothing", dangling, "dangling.toml", "it is a link to nowhere.toml, which does not exist", "create that, or point the link elsewhere"},
		{"a link to nothing in a folder", withDangling, "b.toml", "it is a link to gone.toml, which does not exist", "create that, or point the link elsewhere"},
		{"a link to itself", round, "round.toml", "it cannot be read (too many levels of symbolic links)", "check the disk and the path"},
		{"a pipe", pipe, "pipe.toml", "it is neither a file nor a folder", "name a TOML file, or a folder of them"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := File(test.path).Load(context.Background())
			var problem workspace.Problem
			if !errors.As(err, &problem) {
				t.Fatalf("the error is %v", err)
			}
			if filepath.Base(problem.File) != test.file || problem.Text != test.problem || problem.Fix != test.fix {
				t.Errorf("the problem is %q, %q, %q", filepath.Base(problem.File), problem.Text, problem.Fix)
			}
			if want := problem.File + ": " + test.problem + "; " + test.fix; err.Error() != want {
				t.Errorf("the error is %q, want %q", err, want)
			}
		})
	}
}

// A process that may read everything cannot be refused, so the refusal is
// tested on what the operating system answers.
func TestAFileThatMayNotBeReadSaysWhoNeedsTheRight(t *testing.T) {
	err := unreadable("/etc/caddy/messages.toml", &os.PathError{Op: "open", Path: "/etc/caddy/messages.toml", Err: syscall.EACCES})
	want := "/etc/caddy/messages.toml: it may not be read; give the user that Caddy runs as the right to read it"
	if err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	write(t, path, sale)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := File(path).Load(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// The clock of these tests is the bubble's: it moves only while everybody waits.
func TestAFileThatIsBeingWrittenIsReadWhenItIsWhole(t *testing.T) {
	for _, test := range []struct {
		name  string
		parts []string
		want  string
	}{
		{"emptied, then written", []string{"", sale}, sale},
		{"written message by message", []string{sale, sale + tour}, sale + tour},
		{"written as it is", []string{sale}, sale},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "messages.toml")
			synctest.Test(t, func(t *testing.T) {
				source := File(path).(*files)
				write(t, path, test.parts[0])
				go func() {
					for _, part := range test.parts[1:] {
						time.Sleep(source.quiet / 2)
						write(t, path, part)
					}
				}()
				loaded, err := source.Load(t.Context())
				if err != nil || len(loaded) != 1 || string(loaded[0].Data) != test.want {
					t.Errorf("loaded %v, error %v", loaded, err)
				}
				synctest.Wait()
			})
		})
	}
}

func TestAFileThatIsWrittenWithoutEndIsReadAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	synctest.Test(t, func(t *testing.T) {
		source := File(path).(*files)
		write(t, path, sale)
		done := make(chan struct{})
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Error(err)
				return
			}
			defer file.Close()
			for {
				select {
				case <-done:
					return
				case <-time.After(source.quiet / 2):
					if _, err := file.WriteString("# and so on\n"); err != nil {
						t.Error(err)
					}
				}
			}
		}()
		began := time.Now()
		loaded, err := source.Load(t.Context())
		if err != nil || len(loaded) != 1 || !strings.HasPrefix(string(loaded[0].Data), sale) || time.Since(began) > 2*source.patience {
			t.Errorf("after %s loaded %v, error %v", time.Since(began), loaded, err)
		}
		close(done)
		<-stopped
	})
}

const vips = `
[[segments]]
id = "vip"
ids = "vip.txt"

[[messages]]
id = "lounge"
audience = "vip"
pages = ["*"]
text = "The lounge is open."
`

func TestListsOfIDsAreLoadedBesideTheFileThatNamesThem(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.toml"), vips)
	write(t, filepath.Join(dir, "b.toml"), sale)
	loaded, err := File(dir).Load(t.Context())
	if err != nil || len(loaded) != 3 || loaded[2].Problem == "" || !loaded[2].List {
		t.Fatalf("without the list: %v, error %v", loaded, err)
	}
	if _, _, err := workspace.Compile(loaded); err == nil || !strings.Contains(err.Error(), `the list "vip.txt": there is no such file or folder`) {
		t.Errorf("a list that is missing: %v", err)
	}
	write(t, filepath.Join(dir, "vip.txt"), "ada\n")
	loaded, err = File(filepath.Join(dir, "a.toml")).Load(t.Context())
	if err != nil || len(loaded) != 2 || string(loaded[1].Data) != "ada\n" {
		t.Fatalf("with the list: %v, error %v", loaded, err)
	}
	if _, _, err := workspace.Compile(loaded); err != nil {
		t.Error(err)
	}
}
