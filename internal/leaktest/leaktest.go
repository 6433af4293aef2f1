// Package leaktest looks for goroutines that are left when the tests of a package have ended.
package leaktest

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience bounds the wait for goroutines that are about to end: goleak itself gives them half a second, which a busy machine
// may not.
const patience = time.Minute

// Main runs the tests of a package; a goroutine that stays fails them.
func Main(m *testing.M, ignored ...goleak.Option) { os.Exit(Status(m.Run(), ignored...)) }

// Status is what a package's tests end with, given what they have ended with themselves.
func Status(status int, ignored ...goleak.Option) int {
	if status != 0 {
		return status
	}
	http.DefaultClient.CloseIdleConnections()
	err := goleak.Find(ignored...)
	for deadline := time.Now().Add(patience); err != nil && time.Now().Before(deadline); {
		err = goleak.Find(ignored...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "goroutines are left:", err)
		return 1
	}
	return 0
}
