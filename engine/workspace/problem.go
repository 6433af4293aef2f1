package workspace

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong, or looks wrong, in a workspace's files.
type Problem struct {
	// File is the file's name as it was given to Compile.
	File string
	// Line and Column count from 1; a column counts characters. Both are 0 where
	// the file as a whole cannot be had.
	Line, Column int
	// Text says what is wrong.
	Text string
	// Fix says what to do about it.
	Fix string
}

// Error returns place, problem and fix in one line: "messages.toml:12:3: …; …".
func (p Problem) Error() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s; %s", p.File, p.Text, p.Fix)
	}
	return fmt.Sprintf("%s:%d:%d: %s; %s", p.File, p.Line, p.Column, p.Text, p.Fix)
}

// Problems is the error of Compile: everything that is wrong, in the order of
// the files and their lines.
type Problems []Problem

// Error returns one line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}
