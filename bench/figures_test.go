package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestRatiosAreTakenRoundByRound(t *testing.T) {
	// The machine is half as fast in the second round; the ratio does not notice.
	with := []measured{{requests: 900, elapsed: time.Second}, {requests: 450, elapsed: time.Second}, {requests: 1000, elapsed: time.Second}}
	without := []measured{{requests: 1000, elapsed: time.Second}, {requests: 500, elapsed: time.Second}, {requests: 1000, elapsed: time.Second}}
	got := ratios(with, without, measured.perSecond)
	want := spread{median: 0.9, least: 0.9, most: 1}
	for _, pair := range [][2]float64{{got.median, want.median}, {got.least, want.least}, {got.most, want.most}} {
		if math.Abs(pair[0]-pair[1]) > 1e-9 {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
}

func TestPercentileOfSortedValues(t *testing.T) {
	for _, c := range []struct {
		values []float64
		p      int
		want   float64
	}{
		{[]float64{4}, 50, 4},
		{[]float64{1, 2, 9}, 50, 2},
		{[]float64{1, 2, 4, 9}, 50, 3},
		{[]float64{1, 2, 4, 9}, 99, 9},
	} {
		if got := percentile(c.values, c.p); got != c.want {
			t.Errorf("percentile %d of %v is %v, want %v", c.p, c.values, got, c.want)
		}
	}
}

func TestProcessFiguresAreReadFromProc(t *testing.T) {
	stat := "4711 (handbill (v2) run) S 1 4711 4711 0 -1 4194560 9000 0 3 0 250 125 0 0 20 0 9 0 100 800000 9000 0\n"
	if ticks, err := processorTicks(stat); err != nil || ticks != 375 {
		t.Errorf("got %d ticks, %v; want 375", ticks, err)
	}
	if _, err := processorTicks("4711 (handbill) S 1"); err == nil {
		t.Error("a cut line is accepted")
	}
	if writes, err := writeCalls("rchar: 10\nwchar: 20\nsyscr: 3\nsyscw: 42\n"); err != nil || writes != 42 {
		t.Errorf("got %d writes, %v; want 42", writes, err)
	}
	if _, err := writeCalls("rchar: 10\n"); err == nil {
		t.Error("a missing counter is accepted")
	}
}

func TestBenchmarkLinesBecomeFunctions(t *testing.T) {
	output := "goos: linux\npkg: handbill/engine/pagerule\n" +
		"BenchmarkRule/a_glob-2   \t  854012\t      1402 ns/op\t       0 B/op\t       0 allocs/op\n" +
		"PASS\nok  \thandbill/engine/pagerule\t1.2s\n" +
		"pkg: handbill/inject\nBenchmarkScan-2   \t 100\t 300.5 ns/op\t 900 MB/s\t 16 B/op\t 1 allocs/op\n"
	want := []function{
		{"engine/pagerule Rule/a_glob", "1402", "0", "0"},
		{"inject Scan", "300.5", "16", "1"},
	}
	if got := parseBenchmarks([]byte(output)); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestOnlyTheFiguresOfThePartAreReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "performance.md")
	figures := func(part, text string) string { return fmt.Sprintf(figuresBegin, part) + "\n" + text + figuresEnd }
	content := "# Performance\n\n" + figures("pages", "old\n") + "\n\nWhy.\n\n" + figures("polls", "old\n") + "\n\nWhat it means.\n"
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"first\n", "second\n"} {
		if err := replaceFigures(path, "polls", text); err != nil {
			t.Fatal(err)
		}
	}
	want := "# Performance\n\n" + figures("pages", "old\n") + "\n\nWhy.\n\n" + figures("polls", "\nsecond\n\n") + "\n\nWhat it means.\n"
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestAReportWithoutMarkersIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "performance.md")
	if err := os.WriteFile(path, []byte("# Performance\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := replaceFigures(path, "pages", "new"); err == nil || !strings.Contains(err.Error(), "figures of pages") {
		t.Errorf("the error %v does not name the missing marker", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "# Performance\n" {
		t.Errorf("the file was changed to %q", got)
	}
}

func TestTheReportHasAPlaceForEveryPart(t *testing.T) {
	report, err := os.ReadFile("../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if begin := fmt.Sprintf(figuresBegin, p.name); !strings.Contains(string(report), begin) {
			t.Errorf("docs/performance.md lacks the line %s", begin)
		}
	}
}

func TestPartsAreChosenByName(t *testing.T) {
	names := func(chosen []part) (all []string) {
		for _, p := range chosen {
			all = append(all, p.name)
		}
		return all
	}
	for setting, want := range map[string][]string{
		"polls":       {"polls"},
		"polls,pages": {"pages", "polls"},
		"":            names(parts),
	} {
		if got, err := partsWanted(setting); err != nil || !reflect.DeepEqual(names(got), want) {
			t.Errorf("%q chooses %v, %v; want %v", setting, names(got), err, want)
		}
	}
	if _, err := partsWanted("pages,pols"); err == nil || !strings.Contains(err.Error(), `"pols"`) || !strings.Contains(err.Error(), "polls") {
		t.Errorf("the error %v does not say what is wrong and what is allowed", err)
	}
}

func TestPagesHaveTheirSize(t *testing.T) {
	for _, size := range append(pageSizes, compressedSizes...) {
		if got := len(page(size)); got != size {
			t.Errorf("a page of %d bytes has %d", size, got)
		}
	}
}
