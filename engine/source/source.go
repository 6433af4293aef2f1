// Package source says where a workspace comes from, and keeps up with it.
//
// A [Source] loads a workspace's files and watches them: [File], [HTTP], [Redis], or one of somebody else's. [Follow] loads,
// compiles and hands on every version that checks, for as long as its owner wants; a version that does not check is reported,
// and the one before stays. The last good version also stays on disk, in a [Keeper], for a start at which the source is gone.
// Nothing that a source does or holds can stop the caller.
package source

import (
	"context"
	"time"

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
	// String names the source in logs. It holds no secret.
	String() string
}

// Origin is what some sources offer: what they read, the same in every process, and another where the content may be another.
// It may hold secrets. Without it, a source's String stands for it.
type Origin interface{ Origin() string }

// Resumer is a source over a network that knows by a tag whether it holds something new: it need not send what is on disk
// already.
type Resumer interface {
	// Tag names what was loaded last; "" when it has no name.
	Tag() string
	// Resume says, before the first Load, what a process before this one has loaded, and its tag.
	Resume(files []workspace.File, tag string)
}

// Signed is a source whose content may be signed with a time. What was signed before what was good last is not taken.
type Signed interface {
	// Signed is when what was loaded last was signed; zero where that is not known.
	Signed() time.Time
	// Again lets the next Load read what was loaded last once more: it may have been signed anew, without any other change.
	Again()
}

// Closer is a source that holds something open. It is closed when nobody follows it any more.
type Closer interface{ Close() }
