package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"handbill/engine/leisure"
	"handbill/engine/workspace"
)

const (
	extension = ".toml"
	// maximumTotalSize is the most bytes that all files of a folder may have together.
	maximumTotalSize = 64 << 20
)

// File is a workspace on disk: a file of TOML, or a folder whose files that
// end in .toml make up the workspace, in the order of their names. Folders in
// the folder and files whose name begins with a dot are left out. The lists of
// ids that segments name are loaded and watched with them.
func File(path string) Source {
	return &files{path: path, quiet: 150 * time.Millisecond, settle: 20 * time.Millisecond, patience: 2 * time.Second, recheck: 5 * time.Second, others: make(chan struct{}, 1)}
}

type files struct {
	path string
	// quiet is how long nothing may happen before a change counts as complete,
	// and patience how long it may go on before it counts as complete anyway.
	quiet, patience time.Duration
	// settle is how long nothing may happen where the system tells that what was written is complete: others of its kind
	// may follow.
	settle time.Duration
	// complete is how the files looked when they were written to the end.
	complete atomic.Pointer[string]
	// recheck is how often files are looked at without having been told of a
	// change, because network and container file systems tell of none.
	recheck time.Duration
	// lists are the lists of ids that the files named when they were loaded last.
	lists atomic.Pointer[[]string]
	// others holds one token when lists are others than those watched.
	others chan struct{}
}

// String is the path.
func (f *files) String() string { return f.path }

// Origin is the path from the root: two processes may have started in different folders.
func (f *files) Origin() string {
	if absolute, err := filepath.Abs(f.path); err == nil {
		return absolute
	}
	return f.path
}

// Load reads the file, or the folder's files. What is being written is not
// read yet: half a file may be a workspace with half the messages.
func (f *files) Load(ctx context.Context) ([]workspace.File, error) {
	for deadline := time.Now().Add(f.patience); ; {
		before, newest := f.look()
		if known := f.complete.Load(); (known == nil || *known != before) && time.Since(newest) < f.quiet && time.Now().Before(deadline) {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(f.quiet):
			}
			if after, _ := f.look(); after != before {
				continue
			}
		}
		loaded, err := f.read(ctx)
		if after, _ := f.look(); after == before || !time.Now().Before(deadline) {
			return loaded, err
		}
	}
}

func (f *files) read(ctx context.Context) ([]workspace.File, error) {
	paths, err := tomlFiles(f.path)
	if err != nil {
		return nil, err
	}
	loaded := make([]workspace.File, 0, len(paths))
	var lists []string
	total := 0
	var work *leisure.Work // the first time, everybody waits
	if f.lists.Load() != nil {
		work = leisure.Begin()
	}
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		data, err := readFile(path, workspace.MaximumFileSize)
		if err != nil {
			return nil, err
		}
		total += len(data)
		file := workspace.File{Name: path, Data: data}
		loaded, lists = append(loaded, file), append(lists, workspace.ListsAside(work, file)...)
	}
	slices.Sort(lists)
	lists = slices.Compact(lists)
	if before := f.lists.Swap(&lists); before == nil && len(lists) > 0 || before != nil && !slices.Equal(*before, lists) {
		select {
		case f.others <- struct{}{}:
		default:
		}
	}
	for _, path := range lists {
		list := readList(path)
		total += len(list.Data)
		loaded = append(loaded, list)
	}
	if total > maximumTotalSize {
		return nil, problem(f.path, fmt.Sprintf("the files have more than the %d MiB that a workspace may have", maximumTotalSize>>20), "take messages out that have ended")
	}
	return loaded, nil
}

// readList reads a list of ids. That it cannot be read is for the segment to say that names it.
func readList(path string) workspace.File {
	file := workspace.File{Name: path, List: true}
	var wrong workspace.Problem
	data, err := readFile(path, maximumTotalSize)
	if errors.As(err, &wrong) {
		file.Problem = wrong.Text
	}
	file.Data = data
	return file
}

// named are the paths of the lists that the files loaded last have named.
func (f *files) named() []string {
	if lists := f.lists.Load(); lists != nil {
		return *lists
	}
	return nil
}

// tomlFiles are the paths of a workspace's files, in order.
func tomlFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	var paths []string
	for _, entry := range entries { // sorted by name
		file := filepath.Join(path, entry.Name())
		if info, err := os.Stat(file); isTOML(entry.Name()) && (err != nil || !info.IsDir()) {
			paths = append(paths, file)
		}
	}
	if len(paths) == 0 {
		return nil, problem(path, "the folder has no file that ends in .toml", "add one, for example messages.toml")
	}
	return paths, nil
}

// isTOML leaves out hidden files: editors keep locks and backups in them.
func isTOML(name string) bool {
	return strings.HasSuffix(name, extension) && !strings.HasPrefix(name, ".")
}

func readFile(path string, most int) ([]byte, error) {
	// Opening a pipe would wait for a writer.
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, problem(path, "it is neither a file nor a folder", "name a TOML file, or a folder of them")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	var data bytes.Buffer
	data.Grow(int(min(info.Size(), int64(most))) + bytes.MinRead)
	if _, err := data.ReadFrom(io.LimitReader(file, int64(most)+1)); err != nil {
		return nil, unreadable(path, err)
	}
	if data.Len() > most {
		return nil, problem(path, fmt.Sprintf("the file has more than the %d MiB that one may have", most>>20), "spread the messages over several files in one folder")
	}
	return data.Bytes(), nil
}

// look describes the files without reading them, and says when the last of them was written.
func (f *files) look() (description string, newest time.Time) {
	paths, err := tomlFiles(f.path)
	if err != nil {
		return err.Error(), time.Time{}
	}
	var look strings.Builder
	for _, path := range slices.Concat(paths, f.named()) {
		info, err := os.Stat(path)
		if err != nil {
			fmt.Fprintf(&look, "%s: %v\n", path, err)
			continue
		}
		fmt.Fprintf(&look, "%s: %d %v %d\n", path, info.Size(), info.Mode(), info.ModTime().UnixNano())
		if info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	return look.String(), newest
}

// unreadable says why a path could not be read, and what to do.
func unreadable(path string, err error) error {
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if link, linkErr := os.Readlink(path); linkErr == nil {
			return problem(path, fmt.Sprintf("it is a link to %s, which does not exist", link), "create that, or point the link elsewhere")
		}
		return problem(path, "there is no such file or folder", "create it, or correct the path")
	case errors.Is(err, fs.ErrPermission):
		return problem(path, "it may not be read", "give the user that Caddy runs as the right to read it")
	default:
		return problem(path, fmt.Sprintf("it cannot be read (%v)", err), "check the disk and the path")
	}
}

func problem(path, text, fix string) error {
	return workspace.Problem{File: path, Text: text, Fix: fix}
}
