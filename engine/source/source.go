// Package source says where a workspace comes from, and keeps up with it.
//
// A [Source] loads a workspace's files and watches them. [Follow] loads,
// compiles and hands on every version that checks, for as long as its owner
// wants; a version that does not check is reported, and the one before stays.
// Nothing that a source does or holds can stop the caller.
package source

import (
	"context"

	"handbill/engine/workspace"
)

// Source is a place that a workspace comes from. It is used by one goroutine
// that loads and one that watches.
type Source interface {
	// Load reads the workspace's files. What an author or operator can mend is
	// a [workspace.Problem].
	Load(ctx context.Context) ([]workspace.File, error)
	// Watch calls changed whenever Load may give something else than before,
	// at least once after it has begun to watch, until the context ends. It
	// returns before that only when it cannot watch.
	Watch(ctx context.Context, changed func()) error
	// String names the source in logs.
	String() string
}
