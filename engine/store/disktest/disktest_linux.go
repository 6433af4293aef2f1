package disktest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// The ways in which a disk fails.
const (
	// Full takes nothing.
	Full = "/dev/full"
	// Lost takes what is written, and says when it is to synchronise that it did not keep it.
	Lost = "/dev/null"
)

// Disk is the disk of one file that this process has open.
type Disk struct {
	t testing.TB
	// number is that by which the program knows the file, whole leads to the file itself.
	number, whole int
}

// Of finds a file that is open once.
func Of(t testing.TB, path string) *Disk {
	t.Helper()
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range open {
		if name, err := os.Readlink("/proc/self/fd/" + entry.Name()); err != nil || name != path {
			continue
		}
		d := &Disk{t: t}
		if d.number, err = strconv.Atoi(entry.Name()); err != nil {
			t.Fatal(err)
		}
		if d.whole, err = syscall.Dup(d.number); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Close(d.whole) })
		return d
	}
	t.Fatalf("%s is not open", path)
	return nil
}

// Fail lets it fail from now on: the file's number leads to a device of the system that fails so.
func (d *Disk) Fail(how string) {
	d.t.Helper()
	device, err := syscall.Open(how, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		d.t.Fatal(fmt.Errorf("opening %s: %w", how, err))
	}
	defer func() { _ = syscall.Close(device) }()
	d.lead(device)
}

// Heal lets it work again.
func (d *Disk) Heal() {
	d.t.Helper()
	d.lead(d.whole)
}

func (d *Disk) lead(to int) {
	d.t.Helper()
	if err := syscall.Dup3(to, d.number, syscall.O_CLOEXEC); err != nil {
		d.t.Fatal(err)
	}
}
