package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheCommittedFilesAreFresh(t *testing.T) {
	want, err := Bundle("../..")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	dist := os.DirFS("../../dist")
	err = fs.WalkDir(dist, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		found++
		got, err := fs.ReadFile(dist, name)
		if err == nil && !bytes.Equal(got, want[name]) {
			t.Errorf("client/dist/%s is stale: run make generate, and commit it", name)
		}
		return err
	})
	if err != nil || found != len(want) {
		t.Errorf("client/dist has %d files, want %d, error %v", found, len(want), err)
	}
}

// write makes a client's folder of its sources.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for file, text := range files {
		path := filepath.Join(dir, "src", filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAMistakeInTheSourceNamesItsPlace(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"src/index.ts:2:":      {"index.ts": "const fine = 1;\nconst broken = ;\n"},
		"src/look.css:1:":      {"index.ts": "import css from \"./look.css\";\nconsole.log(css);\n", "look.css": ".modal { color: red\n"},
		"src/parts/tour.ts:1:": {"index.ts": "console.log(1);\n", "parts/tour.ts": "export const broken = ;\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Bundle(write(t, files)); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("the error is %v, want one that names %s", err, name)
			}
		})
	}
}

func TestPartsThatHaveNoSourceAnyMoreAreTakenAway(t *testing.T) {
	dir := write(t, map[string]string{"index.ts": "console.log(1);\n", "parts/tour.ts": "export const a = 1;\n", "parts/old.ts": "export const b = 1;\n"})
	if err := build(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "src", "parts", "old.ts")); err != nil {
		t.Fatal(err)
	}
	if err := build(dir); err != nil {
		t.Fatal(err)
	}
	parts, err := filepath.Glob(filepath.Join(dir, "dist", "parts", "*"))
	if err != nil || len(parts) != 1 || filepath.Base(parts[0]) != "tour.js" {
		t.Errorf("the parts are %q, error %v", parts, err)
	}
}
