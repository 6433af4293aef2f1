package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// function is one benchmark of the project's packages, in go test's own figures.
type function struct{ name, time, bytes, allocations string }

// measureFunctions runs the packages' benchmarks.
func measureFunctions(ctx context.Context, packages ...string) ([]function, error) {
	arguments := append([]string{"test", "-run", "^$", "-bench", ".", "-benchmem", "-benchtime", "200ms"}, packages...)
	output, err := exec.CommandContext(ctx, "go", arguments...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(arguments, " "), err, output)
	}
	return parseBenchmarks(output), nil
}

// parseBenchmarks reads lines such as "BenchmarkMatch/glob-2  100  1402 ns/op  0 B/op  0 allocs/op".
func parseBenchmarks(output []byte) []function {
	var functions []function
	folder := ""
	for line := range bytes.Lines(output) {
		if name, ok := strings.CutPrefix(string(line), "pkg: "); ok {
			folder = strings.TrimPrefix(strings.TrimSpace(name), "handbill/")
			continue
		}
		fields := strings.Fields(string(line))
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(fields[0], "Benchmark")
		if dash := strings.LastIndexByte(name, '-'); dash > 0 { // the number of processors
			name = name[:dash]
		}
		f := function{name: folder + " " + name}
		for i := 2; i+1 < len(fields); i += 2 {
			switch fields[i+1] {
			case "ns/op":
				f.time = fields[i]
			case "B/op":
				f.bytes = fields[i]
			case "allocs/op":
				f.allocations = fields[i]
			}
		}
		functions = append(functions, f)
	}
	return functions
}
