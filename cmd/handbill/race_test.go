//go:build race

package main

import "os"

// buildFlags has the binary under test look for races where the tests do.
var buildFlags = []string{"-race"}

// A race ends the binary, so that its test fails.
func init() { _ = os.Setenv("GORACE", "halt_on_error=1") }
