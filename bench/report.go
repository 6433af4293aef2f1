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

// The figures of a part stand between these lines of the report.
const (
	figuresBegin = "<!-- figures of %s: written by make bench -->"
	figuresEnd   = "<!-- end of figures -->"
)

// provenance tells the command that measured a part, when and on what.
func provenance(part string, rounds int) string {
	return fmt.Sprintf("`BENCH_PARTS=%s BENCH_ROUNDS=%d make bench`, %s, %s, %s/%s, %d processors%s\n",
		part, rounds, time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processorName())
}

func pagesTable(results []pageResult) string {
	var b strings.Builder
	comparisonHeader(&b, "page")
	for _, p := range results {
		p.row(&b, byteSize(p.size))
	}
	return b.String()
}

func peersTable(results []peerResult) string {
	var b strings.Builder
	comparisonHeader(&b, "server and page")
	for _, p := range results {
		p.row(&b, p.name)
	}
	return b.String()
}

func pollsTable(results []pollResult, taken memoryResult) string {
	var b strings.Builder
	comparisonHeader(&b, "poll")
	for _, p := range results {
		p.row(&b, p.name)
	}
	b.WriteString("\n| poll | answered from memory |\n|---|--:|\n")
	for _, p := range results {
		fmt.Fprintf(&b, "| %s | %.1f %% |\n", p.name, 100*p.repeated)
	}
	memoryTable(&b, taken)
	return b.String()
}

func compressedTable(results []compressedResult) string {
	var b strings.Builder
	comparisonHeader(&b, "page")
	for _, p := range results {
		p.row(&b, p.name)
	}
	b.WriteString("\n| page | CPU/request untouched | patched | decoded and encoded | requests/s, patched to decoded and encoded |\n|---|--:|--:|--:|--:|\n")
	for _, p := range results {
		fmt.Fprintf(&b, "| %s | %.0f µs | %.0f µs | %.0f µs | %s |\n", p.name,
			each(p.without, measured.microseconds).median, each(p.with, measured.microseconds).median,
			each(p.transcoded, measured.microseconds).median, ratios(p.with, p.transcoded, measured.perSecond))
	}
	return b.String()
}

func firstByteTable(results []firstByteResult) string {
	var b strings.Builder
	b.WriteString("| page | server | p50 | p99 |\n|---|---|--:|--:|\n")
	for _, page := range results {
		for _, lane := range []struct {
			name  string
			times []float64
		}{{"with Handbill", page.with}, {"without", page.without}, {"control", page.control}} {
			fmt.Fprintf(&b, "| %s | %s | %.2f ms | %.2f ms |\n", page.name, lane.name, percentile(lane.times, 50), percentile(lane.times, 99))
		}
	}
	return b.String()
}

func functionsTable(results []function) string {
	var b strings.Builder
	b.WriteString("| benchmark | ns | bytes | allocations |\n|---|--:|--:|--:|\n")
	for _, f := range results {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.name, f.time, f.bytes, f.allocations)
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
		return fmt.Sprintf("%.3g MB", float64(size)/1e6)
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

// replaceFigures puts a part's text between its markers in the file at path.
func replaceFigures(path, part, text string) error {
	begin := fmt.Sprintf(figuresBegin, part)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; it must exist and hold the lines %s and %s", err, begin, figuresEnd)
	}
	if err != nil {
		return err
	}
	before, rest, foundBegin := bytes.Cut(content, []byte(begin))
	_, after, foundEnd := bytes.Cut(rest, []byte(figuresEnd))
	if !foundBegin || !foundEnd {
		return fmt.Errorf("%s must hold the lines %s and %s", path, begin, figuresEnd)
	}
	var fresh bytes.Buffer
	fmt.Fprintf(&fresh, "%s%s\n\n%s\n%s%s", before, begin, text, figuresEnd, after)
	return os.WriteFile(path, fresh.Bytes(), 0o644)
}
