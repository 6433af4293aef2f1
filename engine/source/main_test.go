package source

import (
	"fmt"
	"os"
	"testing"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/goleak"

	"handbill/internal/leaktest"
)

// A client of Redis that is closed may still sleep for less than a second before it sees so.
func TestMain(m *testing.M) {
	if watcher, err := fsnotify.NewWatcher(); err != nil {
		fmt.Fprintln(os.Stderr, "this system has no more watches to give, so tests that rely on them fail; raise fs.inotify.max_user_instances:", err)
	} else {
		_ = watcher.Close()
	}
	leaktest.Main(m, goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*call).DelayDo.func1"))
}
