//go:build !race

package main

// buildFlags are what the binary under test is built with beyond its place.
var buildFlags []string

// racesFound: who does not look for races finds none.
func racesFound() string { return "" }

func forgetRaces() {}
