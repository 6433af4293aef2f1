package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"handbill/engine/soaktest"
	"handbill/engine/store/disktest"
)

// smallDisk makes the test binary act as one that may mount a small disk: in namespaces of its own, which end with it.
const smallDisk = "HANDBILL_TEST_SMALL_DISK"

// onASmallDisk runs the test that calls it once more in a process that can mount, and says whether this is that process.
func onASmallDisk(t *testing.T) bool {
	t.Helper()
	if os.Getenv(smallDisk) != "" {
		return true
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), smallDisk+"=1")
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := child.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if _, figure, ok := strings.Cut(line, "figure: "); ok {
			t.Logf("figure: %s", strings.TrimSpace(figure))
		}
	}
	return false
}

// mountSmall is a folder on a disk of so many bytes.
func mountSmall(t *testing.T, size int) string {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	return folder
}

// fill takes all room that is left on a disk.
func fill(t *testing.T, path string) {
	t.Helper()
	ballast, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer ballast.Close()
	for block := make([]byte, 4<<10); err == nil; {
		_, err = ballast.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

func TestAFullDiskHarmsNoPageAndNeedsNoRestart(t *testing.T) {
	if !onASmallDisk(t) {
		return
	}
	folder := mountSmall(t, 4<<20)
	e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore bbolt "+filepath.Join(folder, "handbill.db")+"\n}", tallowby(application(t)))
	e.poll("http://tallowby.test/") // the visitor has the cookie from now on
	e.identify("ines", "ines@tallowby.test")
	event := func(n int) int {
		body := fmt.Sprintf(`{"type":"track","event":"Page Read","messageId":"event-%d","properties":{"text":%q}}`, n, strings.Repeat("x", 2000))
		return e.do(http.MethodPost, "http://tallowby.test/_handbill/v1/t", body, "Content-Type", "text/plain").StatusCode
	}
	pages, pageErrors, pollErrors, refused, lost := 0, 0, 0, 0, 0
	look := func() {
		pages++
		if home := e.get("http://tallowby.test/"); home.StatusCode != 200 || !home.injected() {
			pageErrors++
		}
		if poll := e.tryPoll("http://tallowby.test/", "/_handbill"); poll.StatusCode != 200 {
			pollErrors++
		}
	}
	rounds, n := soaktest.Times(3, 20), 0
	for range rounds {
		fill(t, filepath.Join(folder, "ballast"))
		for range 20 {
			n++
			switch status := event(n); status {
			case 200:
			case 503:
				refused++
			default:
				t.Errorf("on a full disk an event is answered with %d", status)
			}
			look()
		}
		if err := os.Remove(filepath.Join(folder, "ballast")); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			n++
			if event(n) != 200 {
				lost++
			}
			look()
		}
	}
	if pageErrors > 0 || pollErrors > 0 || refused == 0 || lost > 0 {
		t.Errorf("of %d pages %d failed, %d polls failed, %d events were refused while the disk was full, and %d when there was room again", pages, pageErrors, pollErrors, refused, lost)
	}
	e.identify("ines", "ines@example.com")
	soaktest.Figure(t, "full_disk.times", rounds)
	soaktest.Figure(t, "full_disk.pages", pages)
	soaktest.Figure(t, "full_disk.page_errors", pageErrors)
	soaktest.Figure(t, "full_disk.poll_errors", pollErrors)
	soaktest.Figure(t, "full_disk.events_refused_after", lost)
}

func TestAStoreThatCannotBeWrittenHarmsNoPageAndNeedsNoRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "handbill.db")
	e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore bbolt "+path+"\n}", tallowby(application(t)))
	e.poll("http://tallowby.test/") // the visitor has the cookie from now on
	e.identify("ines", "ines@tallowby.test")
	identify := func(email string) int {
		body := fmt.Sprintf(`{"type":"identify","userId":"ines","traits":{"email":%q}}`, email)
		return e.do(http.MethodPost, "http://tallowby.test/_handbill/v1/i", body, "Content-Type", "text/plain").StatusCode
	}
	disk := disktest.Of(t, path)
	for round := range 3 {
		disk.Fail(disktest.Full)
		for n := range 5 {
			if status := identify(fmt.Sprintf("ines-%d-%d@tallowby.test", round, n)); status != 503 {
				t.Errorf("while the disk fails, who is there is answered with %d", status)
			}
			if home := e.get("http://tallowby.test/"); home.StatusCode != 200 || !home.injected() {
				t.Errorf("while the disk fails a page is %s, injected: %t", home.Status, home.injected())
			}
			if poll := e.tryPoll("http://tallowby.test/", "/_handbill"); poll.StatusCode != 200 {
				t.Errorf("while the disk fails a poll is %s", poll.Status)
			}
		}
		disk.Heal()
		if status := identify(fmt.Sprintf("ines-%d@tallowby.test", round)); status != 200 {
			t.Errorf("with a healthy disk again, who is there is answered with %d", status)
		}
	}
}
