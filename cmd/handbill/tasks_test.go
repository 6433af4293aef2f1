package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
)

// slowdown is how much slower than this machine the one is whose tasks are told of.
const slowdown = 4

// traced is an event of the browser's own trace.
type traced struct {
	Name   string          `json:"name"`
	PID    int             `json:"pid"`
	TID    int             `json:"tid"`
	At     float64         `json:"ts"`   // microseconds, as are the others
	Clock  float64         `json:"dur"`  // by the clock
	Thread float64         `json:"tdur"` // of the processor
	Args   json.RawMessage `json:"args"`
}

// load is what the processor had to do for a page, on its main thread and on the slow machine.
type load struct {
	longest, ours, all time.Duration // the longest task, the longest in which a script of ours ran, and all of them
}

// loadOf opens a page, waits until something is true in it and a moment longer, and returns how long the processor worked.
// Other programs on the machine make tasks longer by the clock, but less so by this.
func loadOf(t *testing.T, address, reached string) load {
	t.Helper()
	b := newVisitor(t)
	b.open("about:blank")
	var events []traced
	done := make(chan struct{})
	collect := func(event any) {
		switch event := event.(type) {
		case *tracing.EventDataCollected:
			for _, value := range event.Value {
				var one traced
				if json.Unmarshal(value, &one) == nil {
					events = append(events, one)
				}
			}
		case *tracing.EventTracingComplete:
			close(done)
		}
	}
	if err := chromedp.Listen(b.ctx, collect); err != nil {
		t.Fatal(err)
	}
	config := &tracing.TraceConfig{IncludedCategories: []string{"devtools.timeline", "disabled-by-default-devtools.timeline"}, ExcludedCategories: []string{"*"}}
	if _, err := chromedp.Call(b.ctx, tracing.Start, tracing.StartParams{TraceConfig: config}); err != nil {
		t.Fatal(err)
	}
	b.open(address)
	b.await(reached)
	time.Sleep(500 * time.Millisecond)
	if _, err := chromedp.Call(b.ctx, tracing.End, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	<-done
	page := slices.IndexFunc(events, func(event traced) bool {
		return event.Name == "ParseHTML" && strings.Contains(string(event.Args), address)
	})
	if page < 0 {
		t.Fatalf("the browser's trace has %d events, but not that it read %s", len(events), address)
	}
	pid, tid := events[page].PID, events[page].TID
	events = slices.DeleteFunc(events, func(event traced) bool { return event.PID != pid || event.TID != tid })
	var found load
	for _, task := range events {
		if task.Name != "RunTask" {
			continue
		}
		took := slowdown * time.Duration(task.Thread) * time.Microsecond
		found.all, found.longest = found.all+took, max(found.longest, took)
		if slices.ContainsFunc(events, func(event traced) bool {
			return event.At >= task.At && event.At < task.At+task.Clock && strings.Contains(string(event.Args), "/_handbill/") && event.Thread > 0
		}) {
			found.ours = max(found.ours, took)
		}
	}
	return found
}

// TestTasksOnASlowMachineArePrinted prints how long the main thread's tasks take on a machine that is four times slower: on a
// page of the example site with each display, and on the page without Handbill. It judges nothing, for that depends on the
// machine and on what else it does; docs/performance.md has figures.
func TestTasksOnASlowMachineArePrinted(t *testing.T) {
	s := gallery(t, "")
	print := func(name string, found load) {
		t.Logf("%-12s longest task %3d ms, longest of ours %3d ms, all tasks %4d ms", name, found.longest.Milliseconds(), found.ours.Milliseconds(), found.all.Milliseconds())
	}
	print("without", loadOf(t, "http://"+s.site+"/gallery/", "document.readyState === 'complete'"))
	for _, c := range galleryShows[:10] {
		print(c.show, loadOf(t, "http://"+s.edge+"/gallery/?show="+c.show, in(c.shown)))
	}
}
