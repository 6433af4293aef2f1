package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheCommittedBundleIsFresh(t *testing.T) {
	want, err := Bundle("../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../dist/client.js")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("client/dist/client.js is stale: run make generate, and commit it")
	}
}

func TestAMistakeInTheSourceNamesItsPlace(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"src/index.ts:2:": {"index.ts": "const fine = 1;\nconst broken = ;\n"},
		"src/look.css:1:": {"index.ts": "import css from \"./look.css\";\nconsole.log(css);\n", "look.css": ".modal { color: red\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "src"), 0o755); err != nil {
				t.Fatal(err)
			}
			for file, text := range files {
				if err := os.WriteFile(filepath.Join(dir, "src", file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := Bundle(dir); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("the error is %v, want one that names %s", err, name)
			}
		})
	}
}
