//go:build !race

package main

// buildFlags are what the binary under test is built with beyond its place.
var buildFlags []string
