//go:build race

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// buildFlags has the binary under test look for races where the tests do.
var buildFlags = []string{"-race"}

// raceFolder is where processes of the binary write the races that they find.
var raceFolder = func() string {
	folder, err := os.MkdirTemp("", "handbill-races-")
	if err != nil {
		panic(err)
	}
	// A race ends the process, so that what waits for its answer fails at once.
	if err := os.Setenv("GORACE", "halt_on_error=1 log_path="+filepath.Join(folder, "race")); err != nil {
		panic(err)
	}
	return folder
}()

// racesFound are the reports of the races that processes of the binary have found since it was last asked.
func racesFound() string {
	files, _ := filepath.Glob(filepath.Join(raceFolder, "race.*")) // the pattern is well formed
	var reports strings.Builder
	for _, file := range files {
		report, err := os.ReadFile(file)
		if err != nil {
			fmt.Fprintln(&reports, err)
		}
		reports.Write(report)
		_ = os.Remove(file)
	}
	return reports.String()
}

func forgetRaces() { _ = os.RemoveAll(raceFolder) }
