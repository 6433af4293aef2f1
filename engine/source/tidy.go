package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// keptMark begins every file of a [Keeper]; files with another beginning are somebody else's.
var keptMark = fmt.Sprintf(`{"handbill":%d,`, keptFormat)

// Touch notes that what is kept is in use, so that [Tidy] leaves it alone. Nothing may be kept yet.
func (k *Keeper) Touch() error {
	now := time.Now()
	if err := os.Chtimes(k.path, now, now); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("noting that the last good workspace is in use: %w", err)
	}
	return nil
}

// Tidy removes what keepers have left in a folder, whole or half written, and nobody has written or touched since a time. It
// leaves what inUse says, which is given paths, and whatever no keeper has written. Others may use the same folder.
func Tidy(folder string, since time.Time, inUse func(path string) bool) (removed []string, err error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || !info.ModTime().Before(since) || inUse(path) || !isKept(path) {
			continue
		}
		if err := os.Remove(path); err != nil {
			problems = append(problems, err)
			continue
		}
		removed = append(removed, path)
	}
	return removed, errors.Join(problems...)
}

// isKept says whether a file is one of a keeper.
func isKept(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	mark := make([]byte, len(keptMark))
	_, err = io.ReadFull(file, mark)
	return err == nil && string(mark) == keptMark
}
