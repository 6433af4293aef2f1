package source

import (
	"testing"

	"go.uber.org/goleak"

	"handbill/internal/leaktest"
)

// A client of Redis that is closed may still sleep for less than a second before it sees so.
func TestMain(m *testing.M) {
	leaktest.Main(m, goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*call).DelayDo.func1"))
}
