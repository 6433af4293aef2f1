package source

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Watch tells of changes until the context ends. Files are watched through
// their folders, because editors and deployments replace files and links
// rather than write to them. After every change the watches are set up anew,
// for a link may lead elsewhere now.
func (f *files) Watch(ctx context.Context, changed func()) error {
	for {
		watching := f.setUp()
		changed()
		err := f.wait(ctx, watching)
		watching.close()
		if err != nil {
			return nil // the context has ended
		}
	}
}

// watching is a set of folders that is being watched, and how the files looked then.
type watching struct {
	watcher  *fsnotify.Watcher // nil where the system has no more watches to give
	saves    *saves
	interest interest
	look     string
}

func (w watching) close() {
	w.saves.close()
	if w.watcher != nil {
		w.watcher.Close()
	}
}

func (w watching) events() <-chan fsnotify.Event {
	if w.watcher == nil {
		return nil
	}
	return w.watcher.Events
}

func (w watching) errors() <-chan error {
	if w.watcher == nil {
		return nil
	}
	return w.watcher.Errors
}

// setUp watches all folders that matter. A folder that cannot be watched is
// covered by looking again now and then.
func (f *files) setUp() watching {
	w := watching{interest: interestIn(f.path, f.named())}
	w.look, _ = f.look()
	w.watcher, _ = fsnotify.NewWatcher()
	if w.watcher == nil {
		return w
	}
	for attempt := 0; ; attempt++ {
		for folder := range w.interest {
			_ = w.watcher.Add(folder)
		}
		// A link that was switched meanwhile leads to folders that are not watched yet.
		now := interestIn(f.path, f.named())
		if attempt == 3 || now.equal(w.interest) {
			w.saves = watchSaves(w.interest)
			return w
		}
		w.interest = now
	}
}

// wait returns when something has changed and is quiet again, or with an error when the context ends. Where the system
// tells that whatever was written was written to the end, it is quiet after a shorter time.
func (f *files) wait(ctx context.Context, w watching) error {
	recheck := time.NewTicker(f.recheck)
	defer recheck.Stop()
	change := change{unfinished: make(map[string]bool)}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case event := <-w.events():
			if w.interest.in(event.Name) {
				change.happened(f, event)
			}
		case path := <-w.saves.told():
			if w.interest.in(path) {
				change.saved(f, path)
			}
		case <-w.errors(): //nolint:errcheck // whatever it was, the answer is to look again
			// Events may be lost: look again.
			return nil
		case <-recheck.C:
			if look, _ := f.look(); change.quiet == nil && look != w.look {
				return nil
			}
		case <-f.others:
			return nil // the lists are loaded, and not watched yet
		case <-change.quiet:
			f.complete.Store(&change.complete)
			return nil
		case <-change.patience:
			return nil
		}
	}
}

// change is what happens to files between one look and the next.
type change struct {
	quiet, patience <-chan time.Time
	// unfinished are files that were written to, and not yet to the end.
	unfinished map[string]bool
	// complete is how the files looked when all was written to the end; "" while it is not.
	complete string
}

// happened takes an event of which it is not known whether more will follow.
func (c *change) happened(f *files, event fsnotify.Event) {
	if c.complete != "" {
		if look, _ := f.look(); look == c.complete {
			return // it is told twice, and late
		}
		c.complete = ""
	}
	if event.Has(fsnotify.Write) || event.Has(fsnotify.Create) {
		c.unfinished[event.Name] = true
	}
	c.wait(f.quiet, f.patience)
}

// saved takes that a file was written to the end. An empty one is most probably about to be written.
func (c *change) saved(f *files, path string) {
	delete(c.unfinished, path)
	info, err := os.Stat(path)
	if err != nil || info.Size() == 0 || len(c.unfinished) > 0 {
		c.wait(f.quiet, f.patience)
		return
	}
	c.complete, _ = f.look()
	c.wait(f.settle, f.patience)
}

func (c *change) wait(quiet, patience time.Duration) {
	c.quiet = time.After(quiet)
	if c.patience == nil {
		c.patience = time.After(patience)
	}
}

// interest says which names in which folders decide what a path means. The
// name anyTOML stands for every file that ends in .toml.
type interest map[string][]string

const anyTOML = "*" + extension

func (i interest) add(folder, name string) {
	if !slices.Contains(i[folder], name) {
		i[folder] = append(i[folder], name)
	}
}

// in reports whether an event at a path matters: at a name of interest, or at
// a watched folder itself, which was moved or deleted.
func (i interest) in(path string) bool {
	if _, watched := i[filepath.Clean(path)]; watched {
		return true
	}
	folder, name := filepath.Split(path)
	names := i[filepath.Clean(folder)]
	return slices.Contains(names, name) || slices.Contains(names, anyTOML) && isTOML(name)
}

func (i interest) equal(other interest) bool {
	if len(i) != len(other) {
		return false
	}
	for folder, names := range i {
		if !slices.Equal(names, other[folder]) {
			return false
		}
	}
	return true
}

// maximumLinks bounds the links that are followed, as the kernel does.
const maximumLinks = 40

// interestIn follows a path, the lists beside it, and every link on the way.
func interestIn(path string, lists []string) interest {
	i := make(interest)
	for _, list := range lists {
		links := 0
		i.follow(list, &links)
	}
	links := 0
	folder, exists := i.follow(path, &links)
	if !exists {
		return i
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return i // a file, or not to be read
	}
	i.add(folder, anyTOML)
	for _, entry := range entries {
		if isTOML(entry.Name()) && entry.Type()&os.ModeSymlink != 0 {
			i.follow(filepath.Join(folder, entry.Name()), &links)
		}
	}
	return i
}

// follow adds what a path depends on: in each folder on the way the name of a
// link, of what is missing, and at the end the name of the file or folder. It
// returns where the path leads.
func (i interest) follow(path string, links *int) (end string, exists bool) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", false
	}
	folder, rest := root(absolute)
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			folder = filepath.Dir(folder)
			continue
		}
		here := filepath.Join(folder, name)
		info, err := os.Lstat(here)
		isLink := err == nil && info.Mode()&os.ModeSymlink != 0
		if err != nil || isLink || len(rest) == 0 {
			i.add(folder, name)
		}
		if err != nil {
			return "", false
		}
		if !isLink {
			folder = here
			continue
		}
		target, err := os.Readlink(here)
		if *links++; err != nil || *links > maximumLinks {
			return "", false
		}
		if filepath.IsAbs(target) {
			var names []string
			folder, names = root(filepath.Clean(target))
			rest = append(names, rest...)
		} else {
			rest = append(split(target), rest...)
		}
	}
	return folder, true
}

// root parts an absolute path into its root and the names below it.
func root(absolute string) (root string, names []string) {
	root = filepath.VolumeName(absolute) + string(filepath.Separator)
	return root, split(strings.TrimPrefix(absolute, root))
}

// split returns the names of a path, without those that mean nothing.
func split(path string) []string {
	return slices.DeleteFunc(strings.Split(filepath.ToSlash(path), "/"), func(name string) bool { return name == "" || name == "." })
}
