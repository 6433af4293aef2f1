package source

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"handbill/engine/workspace"
)

// aged sets when a file was written or touched last.
func aged(t *testing.T, path string, age time.Duration) {
	t.Helper()
	at := time.Now().Add(-age)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestWhatNobodyUsesAnyMoreIsRemoved(t *testing.T) {
	const day = 24 * time.Hour
	folder := t.TempDir()
	keep := func(name string, age time.Duration) *Keeper {
		k := KeepAt(filepath.Join(folder, name))
		if err := k.Keep(Kept{Source: name, Files: []workspace.File{{Name: "shop.toml", Data: []byte(sale)}}}); err != nil {
			t.Fatal(err)
		}
		aged(t, k.path, age)
		return k
	}
	keep("shop-of-last-year", 40*day)
	keep("half-written.123.new", 40*day)
	keep("in-use", 40*day)
	keep("of-another-process", 20*day)
	if err := keep("touched", 40*day).Touch(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"notes.txt", "empty"} {
		write(t, filepath.Join(folder, name), map[string]string{"notes.txt": "ours"}[name])
		aged(t, filepath.Join(folder, name), 40*day)
	}
	if err := os.Mkdir(filepath.Join(folder, "a folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	aged(t, filepath.Join(folder, "a folder"), 40*day)
	if err := os.Symlink(filepath.Join(folder, "touched"), filepath.Join(folder, "a link")); err != nil {
		t.Fatal(err)
	}

	inUse := func(path string) bool { return filepath.Base(path) == "in-use" }
	removed, err := Tidy(folder, time.Now().Add(-30*day), inUse)
	if err != nil || len(removed) != 2 {
		t.Errorf("removed %v, error %v", removed, err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if want := []string{"a folder", "a link", "empty", "in-use", "notes.txt", "of-another-process", "touched"}; !slices.Equal(left, want) {
		t.Errorf("left are %q", left)
	}
}

func TestWhereNothingIsKeptThereIsNothingToTidy(t *testing.T) {
	k := keeper(t)
	if err := k.Touch(); err != nil {
		t.Error(err)
	}
	if removed, err := Tidy(filepath.Dir(k.path), time.Now(), func(string) bool { return false }); err != nil || len(removed) > 0 {
		t.Errorf("removed %v, error %v", removed, err)
	}
}
