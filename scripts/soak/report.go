package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

const introduction = `# Reliability

What Handbill does when things break: killed processes, damaged files, full disks, a Redis that comes and goes, floods of visitors. Each figure is measured by a test with
real parts: real processes that are killed with SIGKILL, a real Redis, bbolt on a real disk. ` + "`make test`" + ` runs the same tests scaled down; ` + "`make soak`" + ` runs them
in full and writes this page. ` + "`SOAK_PARTS=bbolt,log make soak`" + ` runs parts of it. A figure whose test fails is not written. Rates are
lower on a machine that does other things meanwhile: its load, the number of processes that want a processor, stands beside each figure.

What the figures mean for an operator is in [State](state.md#what-survives-a-crash) and [Running many edges](many-edges.md#when-redis-is-gone).
`

// none is written where a figure was not measured.
const none = "not measured yet"

// write writes the report: always the same for the same figures.
func write(measured map[string]value) string {
	var b strings.Builder
	b.WriteString(introduction)
	for _, p := range parts {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", p.title, p.about)
		b.WriteString("| figure | bar | measured | name | when and where |\n|---|---|--:|---|---|\n")
		figures := p.figures
		for _, name := range slices.Sorted(maps.Keys(measured)) {
			if measured[name].part == p.title && !slices.ContainsFunc(p.figures, func(f figure) bool { return f.name == name }) {
				figures = append(figures, figure{name: name, means: plain(name)})
			}
		}
		for _, f := range figures {
			v := measured[f.name]
			if v.text == "" {
				v.text = none
			}
			fmt.Fprintf(&b, "| %s | %s | %s | `%s` | %s |\n", f.means, f.bar, v.text, f.name, v.measured)
		}
		fmt.Fprintf(&b, "\n```sh\nHANDBILL_SOAK=1 %s\n```\n", p.command())
	}
	return b.String()
}

// plain is what a figure means that is not in the list, as its name has it.
func plain(name string) string {
	_, after, ok := strings.Cut(name, ".")
	if !ok {
		after = name
	}
	return strings.ReplaceAll(after, "_", " ")
}

// readReport reads the figures of a report that was written before; there may be none.
func readReport(path string) (map[string]value, error) {
	measured := map[string]value{}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return measured, nil
	}
	title := ""
	for line := range strings.Lines(string(text)) {
		if text, ok := strings.CutPrefix(line, "## "); ok {
			title = strings.TrimSpace(text)
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 5 {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if name := strings.Trim(cells[3], "`"); name != cells[3] && cells[2] != none {
			measured[name] = value{cells[2], cells[4], title}
		}
	}
	return measured, err
}
