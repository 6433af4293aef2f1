//go:build race

package main

// buildFlags has the binary under test look for races where the tests do.
var buildFlags = []string{"-race"}
