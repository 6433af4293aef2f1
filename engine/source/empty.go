package source

import (
	"bytes"

	"handbill/engine/workspace"
)

// checkNotEmptied refuses files of nothing where there was something before: a disk that was full leaves such a file, and
// so does a write that broke off. To begin with an empty file is fine.
func (f *Follower) checkNotEmptied(files []workspace.File) error {
	before := f.snapshot != nil && len(f.snapshot.Messages)+len(f.snapshot.Skipped) > 0 || f.kept != nil && !blank(f.kept.Files)
	if !before || len(files) == 0 || !blank(files) {
		return nil
	}
	return problem(files[0].Name, "the file is empty, which would take every message away", "write messages; to show nothing, pause them: status = \"paused\"")
}

// blank tells whether files hold nothing at all, not even a comment.
func blank(files []workspace.File) bool {
	for _, file := range files {
		if !file.List && len(bytes.TrimSpace(file.Data)) > 0 {
			return false
		}
	}
	return true
}
