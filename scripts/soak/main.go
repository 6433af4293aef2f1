// Soak runs the tests with figures in full, and writes the figures to docs/reliability.md. SOAK_PARTS chooses parts, with commas
// between them; figures of the other parts stay as they were.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is where the figures go.
const report = "docs/reliability.md"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Getenv("SOAK_PARTS"))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, wanted string) error {
	chosen, err := partsWanted(wanted)
	if err != nil {
		return err
	}
	measured, err := readReport(report)
	if err != nil {
		return err
	}
	var problems []error
	for _, p := range chosen {
		figures, err := p.measure(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("part %s: %w", p.name, err))
		}
		for name, value := range figures {
			measured[name] = value
		}
		// After each part, so that what was measured is kept when the rest takes too long.
		if err := os.WriteFile(report, []byte(write(measured)), 0o644); err != nil {
			return err
		}
	}
	return errors.Join(problems...)
}

// partsWanted reads names with commas between them; none are all.
func partsWanted(setting string) ([]part, error) {
	if setting == "" {
		return parts, nil
	}
	var chosen []part
	var known []string
	wanted := strings.Split(setting, ",")
	for _, p := range parts {
		known = append(known, p.name)
		if slices.Contains(wanted, p.name) {
			chosen = append(chosen, p)
		}
	}
	for _, name := range wanted {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("SOAK_PARTS has no part %q; allowed, with commas between them: %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}

// value is a figure as it was measured, when and where, and by which part, named by its title.
type value struct{ text, measured, part string }

// command is how a part is run by hand.
func (p part) command() string {
	return fmt.Sprintf("go test -count=1 -timeout %s -v -run '%s' ./%s", p.timeout, p.tests, p.folder)
}

// measure runs the tests of a part, and returns the figures of those that pass.
func (p part) measure(ctx context.Context) (map[string]value, error) {
	fmt.Printf("%s: HANDBILL_SOAK=1 %s\n", p.name, p.command())
	command := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout", p.timeout, "-v", "-run", p.tests, "./"+p.folder)
	command.Env = append(os.Environ(), "HANDBILL_SOAK=1")
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := command.Start(); err != nil {
		return nil, err
	}
	figures, shown := p.listen(output)
	err = command.Wait()
	if err != nil {
		return figures, fmt.Errorf("%w\n%s", err, shown)
	}
	fmt.Printf("%s: %d figures in %s\n", p.name, len(figures), time.Since(begun).Round(time.Second))
	for _, f := range p.figures {
		if _, ok := figures[f.name]; !ok {
			err = errors.Join(err, fmt.Errorf("no test says the figure %s", f.name))
		}
	}
	return figures, err
}

var said = regexp.MustCompile(`figure: (.+?) = (.+)$`)

// listen reads what go test -v prints.
func (p part) listen(output io.Reader) (figures map[string]value, shown string) {
	figures = map[string]value{}
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	var first, last []string
	for lines.Scan() {
		if len(first) < 50 {
			first = append(first, lines.Text())
		} else {
			last = append(last[max(len(last)-50, 0):], lines.Text())
		}
		if match := said.FindStringSubmatch(lines.Text()); match != nil {
			figures[match[1]] = value{text: strings.TrimSpace(match[2]), measured: time.Now().UTC().Format(time.DateOnly) + ", " + machine(), part: p.title}
			fmt.Println("  " + match[1] + " = " + match[2])
		}
	}
	_, _ = io.Copy(io.Discard, output) // a line that is too long
	return figures, strings.Join(append(first, last...), "\n")
}

// machine is where it runs, and how much it has to do at that moment: on one that others use, rates are lower.
func machine() string {
	name := ""
	if data, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ := strings.Cut(string(data), " ")
		name = ", load " + load
	}
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if key, text, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				name += ", " + strings.Join(strings.Fields(text), " ")
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores%s", runtime.GOOS, runtime.NumCPU(), name)
}
