// Command bench measures what Handbill costs, against the same Caddy without it, side by side in one run.
//
// It starts real servers from the built binary on loopback: one with the directive, one without, and a second one without
// as the control. What the control differs from its twin by is the noise of the machine. Each round gives every server a
// slice of a second, in random order, and compares what they did in it: requests a second, processor time and write calls
// a request, as /proc tells them. A ratio is taken within a round, so that a machine that is busy for a while is busy for
// all three; the median over the rounds is reported.
//
// The same harness measures other servers that insert text into pages, each against its own plain proxying.
//
// The figures go to docs/performance.md, each part's between markers of its own; BENCH_PARTS chooses parts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// defaultRounds makes a whole run last about twenty minutes.
const defaultRounds = 15

func main() {
	binary := flag.String("binary", "bin/handbill", "the server to measure")
	report := flag.String("report", "docs/performance.md", "the file whose figures are replaced")
	flag.Parse()
	if err := run(*binary, *report); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(binary, report string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	rounds, err := roundsWanted(os.Getenv("BENCH_ROUNDS"))
	if err != nil {
		return err
	}
	chosen, err := partsWanted(os.Getenv("BENCH_PARTS"))
	if err != nil {
		return err
	}
	visitors, err := visitorsWanted(os.Getenv("BENCH_VISITORS"))
	if err != nil {
		return err
	}
	if _, err := exec.LookPath(binary); err != nil {
		return fmt.Errorf("%w; build it with make build", err)
	}
	folder, err := os.MkdirTemp("", "handbill-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)

	site, err := startUpstream()
	if err != nil {
		return err
	}
	defer site.Close()

	start := time.Now()
	m := measurement{servers: launcher{binary: binary, folder: folder}, upstream: site.address, rounds: rounds, visitors: visitors}
	for _, part := range chosen {
		text, err := part.measure(ctx, m)
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		text = provenance(part.name, rounds) + "\n" + text
		fmt.Printf("### %s\n\n%s\n", part.name, text)
		if err := replaceFigures(report, part.name, text); err != nil {
			return err
		}
	}
	fmt.Printf("Measured in %s, written to %s\n", time.Since(start).Round(time.Second), report)
	return nil
}

func roundsWanted(setting string) (int, error) {
	if setting == "" {
		return defaultRounds, nil
	}
	rounds, err := strconv.Atoi(setting)
	if err != nil || rounds < 1 || rounds > 1000 {
		return 0, errors.New("BENCH_ROUNDS must be a number from 1 to 1000")
	}
	return rounds, nil
}
