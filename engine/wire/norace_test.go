//go:build !race

package wire_test

// raceEnabled says whether the race detector watches the tests.
const raceEnabled = false
