package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The versions that the documentation names.
const (
	xcaddyVersion = "v0.4.5"
	caddyVersion  = "v2.11.9"
)

// TestXcaddyBuildsFromACheckout runs the command of the documentation: xcaddy build --with handbill=./handbill
func TestXcaddyBuildsFromACheckout(t *testing.T) {
	parent := t.TempDir()
	copyCheckout(t, filepath.Join(parent, "handbill"))
	build := exec.Command("go", "run", "github.com/caddyserver/xcaddy/cmd/xcaddy@"+xcaddyVersion, "build", caddyVersion,
		"--with", "handbill=./handbill", "--output", "./caddy")
	build.Dir = parent
	cgo, err := exec.Command("go", "env", "CGO_ENABLED").Output()
	if err != nil {
		t.Fatal(err)
	}
	// With the go command's own settings, instead of xcaddy's, what the other tests compiled is used again.
	build.Env = append(os.Environ(), "XCADDY_GO_BUILD_FLAGS=-ldflags=-w", "CGO_ENABLED="+strings.TrimSpace(string(cgo)))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(filepath.Join(parent, "caddy"), "list-modules").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, module := range []string{"handbill", "http.handlers.handbill", "admin.api.handbill", "handbill.sources.file", "handbill.stores.bbolt", "handbill.stores.memory"} {
		if !strings.Contains("\n"+string(out), "\n"+module+"\n") {
			t.Errorf("the built Caddy lacks the module %s:\n%s", module, out)
		}
	}
	out, err = exec.Command(filepath.Join(parent, "caddy"), "messages", "check", filepath.Join(parent, "handbill/examples/messages")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "no problems") {
		t.Errorf("messages check: %v\n%s", err, out)
	}
}

// copyCheckout copies what is committed or could be: not what was built or downloaded.
func copyCheckout(t *testing.T, to string) {
	t.Helper()
	skipped := map[string]bool{".git": true, "node_modules": true, "bin": true, ".demo": true}
	err := filepath.WalkDir(checkout, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && skipped[entry.Name()] {
			return filepath.SkipDir
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		relative, err := filepath.Rel(checkout, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, relative)), 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, relative), data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}
