package store

import (
	"context"
	"errors"
	"fmt"
	"io"

	"go.etcd.io/bbolt"
)

// Snapshotter is a store that can be copied while it is used.
type Snapshotter interface {
	// Snapshot writes a copy of the store as it is at one moment, counts of that moment included; [OpenBolt] opens it.
	Snapshot(ctx context.Context, w io.Writer) (written int64, err error)
}

// ErrNoSnapshot says that the store cannot be copied while it is used.
var ErrNoSnapshot = errors.New("the store is not in a file, and cannot be copied while it is used")

// Snapshot implements [Snapshotter].
func (b *Bolt) Snapshot(ctx context.Context, w io.Writer) (written int64, err error) {
	if err := b.writer.write(ctx, &request{do: func(*changes) error { return nil }}); err != nil { // the counts go with it
		return 0, err
	}
	err = b.view(func(tx *bbolt.Tx) (err error) {
		written, err = tx.WriteTo(untilEnded{ctx, w})
		return err
	})
	if err != nil {
		return written, fmt.Errorf("copying the store %s: %w", b.path, err)
	}
	return written, nil
}

// Snapshot implements [Snapshotter], where the store that is cached does.
func (c *Cache) Snapshot(ctx context.Context, w io.Writer) (written int64, err error) {
	if inner, ok := c.Store.(Snapshotter); ok {
		return inner.Snapshot(ctx, w)
	}
	return 0, ErrNoSnapshot
}

// untilEnded writes until a context ends.
type untilEnded struct {
	ctx context.Context
	io.Writer
}

func (u untilEnded) Write(data []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.Writer.Write(data)
}
