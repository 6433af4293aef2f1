package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"time"
)

// The figures stand between these lines of the report.
const (
	figuresBegin = "<!-- figures: written by make bench -->"
	figuresEnd   = "<!-- end of figures -->"
)

// figures are the results of one run.
type figures struct {
	rounds     int
	pages      []pageResult
	polls      []pollResult
	firstBytes firstByteResult
	functions  []function
}

func (f figures) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "`BENCH_ROUNDS=%d make bench`, %s, %s, %s/%s, %d processors%s\n",
		f.rounds, time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processorName())

	b.WriteString("\n### Pages\n\n")
	comparisonHeader(&b, "page")
	for _, p := range f.pages {
		p.row(&b, byteSize(p.size))
	}
	b.WriteString("\n### Polls\n\n")
	comparisonHeader(&b, "poll")
	for _, p := range f.polls {
		p.row(&b, p.name)
	}
	b.WriteString("\n### First part of a streamed page\n\n")
	b.WriteString("| server | p50 | p99 |\n|---|--:|--:|\n")
	for _, lane := range []struct {
		name  string
		times []float64
	}{{"with Handbill", f.firstBytes.with}, {"without", f.firstBytes.without}, {"control", f.firstBytes.control}} {
		fmt.Fprintf(&b, "| %s | %.2f ms | %.2f ms |\n", lane.name, percentile(lane.times, 50), percentile(lane.times, 99))
	}
	b.WriteString("\n### Functions\n\n")
	b.WriteString("| benchmark | ns | bytes | allocations |\n|---|--:|--:|--:|\n")
	for _, fn := range f.functions {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", fn.name, fn.time, fn.bytes, fn.allocations)
	}
	return b.String()
}

func comparisonHeader(b *strings.Builder, first string) {
	fmt.Fprintf(b, "| %s | requests/s without | ratio with | ratio control | CPU/request without | ratio with | ratio control | write calls/request without | with |\n", first)
	b.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
}

func (c comparison) row(b *strings.Builder, name string) {
	fmt.Fprintf(b, "| %s | %.0f | %s | %s | %.0f µs | %s | %s | %.2f | %.2f |\n", name,
		each(c.without, measured.perSecond).median,
		ratios(c.with, c.without, measured.perSecond), ratios(c.control, c.without, measured.perSecond),
		each(c.without, measured.microseconds).median,
		ratios(c.with, c.without, measured.processor), ratios(c.control, c.without, measured.processor),
		each(c.without, measured.writeCalls).median, each(c.with, measured.writeCalls).median)
}

func (s spread) String() string {
	return fmt.Sprintf("**%.3f** [%.2f–%.2f]", s.median, s.least, s.most)
}

func byteSize(size int) string {
	if size >= 1_000_000 {
		return fmt.Sprintf("%d MB", size/1_000_000)
	}
	return fmt.Sprintf("%d KB", size/1000)
}

// processorName is the model as Linux names it, after a comma; empty where it does not.
func processorName() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return ", " + strings.TrimSpace(value)
		}
	}
	return ""
}

// replaceFigures puts the text between the markers of the file at path.
func replaceFigures(path, text string) error {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; it must exist and hold the lines %s and %s", err, figuresBegin, figuresEnd)
	}
	if err != nil {
		return err
	}
	before, rest, foundBegin := bytes.Cut(content, []byte(figuresBegin))
	_, after, foundEnd := bytes.Cut(rest, []byte(figuresEnd))
	if !foundBegin || !foundEnd {
		return fmt.Errorf("%s must hold the lines %s and %s", path, figuresBegin, figuresEnd)
	}
	var fresh bytes.Buffer
	fmt.Fprintf(&fresh, "%s%s\n\n%s\n%s%s", before, figuresBegin, text, figuresEnd, after)
	return os.WriteFile(path, fresh.Bytes(), 0o644)
}
