package client_test

import (
	"os"
	"regexp"
	"testing"

	"handbill/engine/content"
	"handbill/engine/workspace"
)

// Every example of docs/displays.md is shown here as its author wrote it, in what its display stands in.
func TestTheExamplesOfDisplaysAreShown(t *testing.T) {
	text, err := os.ReadFile("../docs/displays.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllSubmatch(text, -1)
	if len(examples) < 8 {
		t.Fatalf("%d examples", len(examples))
	}
	for _, example := range examples {
		file := workspace.File{Name: "messages.toml", Data: append([]byte("[workspace]\nsite_id = \"tallowby\"\nwrite_key = \"tallowby-web\"\n\n"), example[1]...)}
		snapshot, _, err := workspace.Compile([]workspace.File{file})
		if err != nil {
			t.Fatalf("%s\n%v", example[1], err)
		}
		for _, m := range snapshot.Messages {
			t.Run(m.ID, func(t *testing.T) {
				e, b := newEdge(t), newTab(t)
				e.pages["/"] = page(external, accountPage+`<div id="news"></div><button id="export">Export</button><button id="report">Report</button>`)
				e.messages = always(deliver(m.ID, m.Content))
				b.open(e.URL)
				if m.Content.Beacon {
					b.await(frame("beacon"))
					b.do(frame("beacon") + ".click()")
				}
				b.awaitEvents(`opened {"messageId":"` + m.ID + `","deliveryId":"delivery-of-` + m.ID + `"}`)
				for i, step := range m.Content.Steps {
					at := m.Content.PlacementOf(i)
					b.await(frame(at.Display) + `?.querySelector("[data-step=` + step.Name + `]")`)
					if at.Display == content.DisplayTooltip {
						b.expect(frame("tooltip")+`.matches(":popover-open")`, "true")
					}
					b.do("for (const next of " + shadow + `.querySelectorAll("fieldset label:first-of-type input, [value=next], [value=submit]")) next.click()`)
				}
			})
		}
	}
}
