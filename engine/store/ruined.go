package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// signs are what only a store's file holds: parts of its keys. A damaged one has some of them left, unless all of it is gone.
var signs = [][]byte{[]byte("\x00" + visitorKind + "\x00"), []byte("\x00" + countKind + "\x00"), []byte("\x00" + emailKind + "\x00")}

// looksLikeStore says whether a file that cannot be opened was a store once. Anything else that an operator named by mistake
// is not to be moved.
func looksLikeStore(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }() // it was only read
	const overlap = 16                  // no sign is longer
	buffer := make([]byte, 1<<20)
	kept := 0
	for {
		n, err := file.Read(buffer[kept:])
		for _, sign := range signs {
			if bytes.Contains(buffer[:kept+n], sign) {
				return true
			}
		}
		if err != nil {
			return false
		}
		filled := kept + n
		kept = copy(buffer, buffer[max(filled-overlap, 0):filled])
	}
}

// SetAside gives a store's file that is damaged beyond repair another name, so that a new one can begin, and returns that name.
func SetAside(path string) (aside string, err error) {
	name := path + ".damaged-" + time.Now().UTC().Format("20060102T150405Z")
	for n := 1; ; n++ {
		if aside = name; n > 1 {
			aside = fmt.Sprintf("%s-%d", name, n)
		}
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err := os.Rename(path, aside); err != nil {
		return "", fmt.Errorf("setting the damaged store aside: %w; let this user write there, or move it away", err)
	}
	return aside, nil
}
