package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"go.etcd.io/bbolt"
)

// compactChunk is how many bytes are copied in one transaction.
const compactChunk = 1 << 20

// CopyToFile copies everything in a file into a new one, without the room that what was removed has left. The new file is there
// whole or not at all. Nobody else may change the first meanwhile.
func CopyToFile(ctx context.Context, from *Bolt, path string) (Copied, error) {
	err := makeWhole(path, func(unfinished string) error {
		to, err := bbolt.Open(unfinished, 0o600, &bbolt.Options{Timeout: lockTimeout, NoStatistics: true})
		if err != nil {
			return fmt.Errorf("making the copy %s: %w; let this user write there", unfinished, err)
		}
		err = guard(from.path, func() error { return bbolt.Compact(to, from.db, compactChunk) })
		return errors.Join(err, to.Close())
	})
	if err != nil {
		return Copied{}, fmt.Errorf("copying %s: %w", from.path, err)
	}
	return from.count(ctx)
}

// makeWhole has a copy made that is there whole or not at all: under another name until it is.
func makeWhole(path string, copyTo func(unfinished string) error) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s is there already, and a copy would overwrite it; name a file that is not there", path), err)
	}
	unfinished := path + ".copying"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("removing what an interrupted copy has left: %w", err)
	}
	err := copyTo(unfinished)
	if err == nil {
		err = os.Rename(unfinished, path)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(unfinished))
	}
	return nil
}

// count says what is in a file.
func (b *Bolt) count(ctx context.Context) (Copied, error) {
	var c Copied
	for _, bucket := range [][]byte{secretsBucket, stateBucket} {
		for next := []byte(nil); ; {
			entries, more, err := b.entries(bucket, next)
			if err != nil {
				return c, err
			}
			for _, entry := range entries {
				c.add(string(bucket) == string(secretsBucket), entry)
			}
			if next = more; next == nil {
				break
			}
			if err := ctx.Err(); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// add counts an entry.
func (c *Copied) add(secret bool, entry write) {
	key, visitor := parseVisitorKey(entry.key)
	_, rest, _ := bytes.Cut(entry.key, []byte{0})
	kind, _, _ := bytes.Cut(rest, []byte{0})
	switch {
	case secret:
		c.Secrets++
	case visitor:
		c.Visitors++
		if _, err := decode(key, entry.value); err != nil {
			c.Unreadable++
		}
	case string(kind) == countKind:
		c.Counts++
	}
}
