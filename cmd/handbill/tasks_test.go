package main

import (
	"encoding/json"
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
	Thread float64         `json:"tdur"` // microseconds of the processor
	Args   json.RawMessage `json:"args"`
}

// tasksOf opens a page, waits until something is true in it and a moment longer, and returns how long the processor worked
// at each task of its main thread. Other programs on the machine make tasks longer by the clock, but hardly by this.
func tasksOf(t *testing.T, address, reached string) []time.Duration {
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
	pid, tid := 0, 0
	for _, event := range events {
		if event.Name == "ParseHTML" && strings.Contains(string(event.Args), address) {
			pid, tid = event.PID, event.TID
		}
	}
	var tasks []time.Duration
	for _, event := range events {
		if event.Name == "RunTask" && event.PID == pid && event.TID == tid {
			tasks = append(tasks, time.Duration(event.Thread)*time.Microsecond)
		}
	}
	if len(tasks) == 0 {
		t.Fatalf("the browser's trace of %s has no tasks, of %d events", address, len(events))
	}
	return tasks
}

// TestTasksOnASlowMachineArePrinted prints how long the main thread's tasks take on a machine that is four times slower: on a
// page of the example site with each display, and on the page without Handbill. It judges nothing: docs/performance.md does,
// of a machine that has nothing else to do.
func TestTasksOnASlowMachineArePrinted(t *testing.T) {
	s := gallery(t, "")
	sum := func(tasks []time.Duration) (longest, all time.Duration) {
		for _, task := range tasks {
			longest, all = max(longest, slowdown*task), all+slowdown*task
		}
		return longest.Round(time.Millisecond), all.Round(time.Millisecond)
	}
	longest, all := sum(tasksOf(t, "http://"+s.site+"/gallery/", "document.readyState === 'complete'"))
	t.Logf("%-12s longest task %6s, all tasks %7s", "without", longest, all)
	for _, c := range galleryShows[:10] {
		longest, all := sum(tasksOf(t, "http://"+s.edge+"/gallery/?show="+c.show, in(c.shown)))
		t.Logf("%-12s longest task %6s, all tasks %7s", c.show, longest, all)
	}
}
