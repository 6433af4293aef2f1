package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// update makes the test write docs/compatibility.md anew.
var update = flag.Bool("update", false, "write docs/compatibility.md by the results")

// What the table says of a run.
const (
	works  = "yes"
	failed = "no"
	// notRun: versions between the newest and the oldest are run through the core alone.
	notRun = "not run"
)

const (
	compatibilityPage = checkout + "/docs/compatibility.md"
	tableBegins       = "<!-- The table is written by: go test ./cmd/handbill -run TestConformance -update -->\n"
	tableEnds         = "<!-- end of the table -->\n"
)

// table collects the outcome of every run.
type table struct {
	lock    sync.Mutex
	clients []client
	cells   map[string]string // by scenario and client
}

func newTable(clients []client) *table { return &table{clients: clients, cells: map[string]string{}} }

func (t *table) note(s scenario, c client, outcome string) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.cells[s.id+"/"+c.id] = outcome
}

// String is the table as Markdown, with a note below it for each thing that a client lacks.
func (t *table) String() string {
	var text strings.Builder
	notes := []string{}
	text.WriteString("| |")
	for _, c := range t.clients {
		fmt.Fprintf(&text, " %s |", c.title)
	}
	text.WriteString("\n|---|" + strings.Repeat("---|", len(t.clients)) + "\n")
	for _, s := range scenarios() {
		fmt.Fprintf(&text, "| %s |", s.title)
		for _, c := range t.clients {
			cell := t.cells[s.id+"/"+c.id]
			if cell == notRun {
				cell = ""
			}
			if cell != "" && cell != works && cell != failed {
				cell = "– " + reference(&notes, cell)
			}
			fmt.Fprintf(&text, " %s |", cell)
		}
		text.WriteString("\n")
	}
	text.WriteString("\n")
	for i, note := range notes {
		fmt.Fprintf(&text, "%d. %s\n", i+1, note)
	}
	return text.String()
}

// reference is the number of a note, which is added where it is new.
func reference(notes *[]string, note string) string {
	for i, one := range *notes {
		if one == note {
			return fmt.Sprint(i + 1)
		}
	}
	*notes = append(*notes, note)
	return fmt.Sprint(len(*notes))
}

// check compares the table with the one in the docs, or writes it there. With a part of the scenarios, or with clients that
// are not pinned, there is nothing to compare.
func (t *table) check(tt *testing.T) {
	if os.Getenv(newestIn) != "" || len(t.cells) < len(t.clients)*len(scenarios()) {
		tt.Logf("the table of this run:\n%s", t)
		return
	}
	data, err := os.ReadFile(compatibilityPage)
	if err != nil {
		tt.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(data), tableBegins)
	stands, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		tt.Fatalf("%s has no place for the table, between %q and %q", compatibilityPage, tableBegins, tableEnds)
	}
	if want := "\n" + t.String() + "\n"; stands != want {
		if !*update {
			tt.Errorf("docs/compatibility.md is stale; run go test ./cmd/handbill -run TestConformance -update. The results are\n%s", t)
			return
		}
		if err := os.WriteFile(compatibilityPage, []byte(before+tableBegins+want+tableEnds+after), 0o644); err != nil {
			tt.Fatal(err)
		}
	}
}
