package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// scriptPlace is where the script stands in the renderer's page.
const scriptPlace = "/* the script */"

// renderer builds the page that the reference client shows our messages in: one file with its script in it, so that no
// policy and no cache come between them. It is nil for a client without src/renderer.
func renderer(root string) ([]byte, error) {
	folder := filepath.Join(root, "src", "renderer")
	page, err := os.ReadFile(filepath.Join(folder, "page.html"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the renderer's page: %w", err)
	}
	script, err := bundle(root, filepath.Join(folder, "index.ts"), api.BuildOptions{
		Format: api.FormatIIFE,
		// The parts find what is theirs beside themselves; here they stand in the page.
		Define: map[string]string{"import.meta.url": "location.href"},
	})
	if err != nil {
		return nil, err
	}
	if bytes.Count(page, []byte(scriptPlace)) != 1 {
		return nil, fmt.Errorf("the renderer's page needs one place for its script: %s", scriptPlace)
	}
	return bytes.Replace(page, []byte(scriptPlace), bytes.TrimSpace(script), 1), nil
}
