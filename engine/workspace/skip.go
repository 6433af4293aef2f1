package workspace

// The values of on_error: what is done about a message that is wrong.
const (
	onErrorReject = "reject"
	onErrorSkip   = "skip"
)

// Skipped is a message that is left out because it is wrong, where the workspace says on_error = "skip".
type Skipped struct {
	// ID is the message's id as it was written; empty where it has none.
	ID string
	// File and Line say where the message begins.
	File string
	Line int
	// Problems are what is wrong with it; there is at least one.
	Problems []Problem
}

// skip leaves out a message whose problems are those from a place on.
func (c *check) skip(s section, from int) {
	line, _ := s.file.position(s.offset)
	c.skipped = append(c.skipped, Skipped{ID: s.text("id"), File: s.file.name, Line: line, Problems: inOrder(c.problems[from:])})
	c.problems = c.problems[:from]
}
