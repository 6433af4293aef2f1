// Package soaktest is what tests with figures share: how often something is done, scaled down or in full, and how a figure is
// said. `make soak` runs them in full, and writes docs/reliability.md.
package soaktest

import (
	"os"
	"testing"
)

// Full says whether tests are to run in full: with HANDBILL_SOAK=1.
func Full() bool { return os.Getenv("HANDBILL_SOAK") == "1" }

// Times is how often something is done: scaled down, or in full.
func Times(scaled, full int) int {
	if Full() {
		return full
	}
	return scaled
}

// Figure says a figure, by the name that it has in scripts/soak. A test that has failed has none.
func Figure(t testing.TB, name string, value any) {
	t.Helper()
	if t.Failed() {
		return
	}
	t.Logf("figure: %s = %v", name, value)
}
