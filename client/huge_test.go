package client_test

import (
	"fmt"
	"strings"
	"testing"

	"handbill/engine/content"
)

// handbook is a text of 2 MB.
func handbook() []content.Node {
	line := strings.Repeat("Plan the whole week on one board. ", 30)
	nodes := make([]content.Node, 0, 2000)
	for i := range cap(nodes) {
		nodes = append(nodes, paragraph(fmt.Sprintf("%d. %s", i+1, line))...)
	}
	return nodes
}

// TestAHugeMessageStaysOnTheScreenAndScrolls: the edge bounds a workspace, and no text of it.
func TestAHugeMessageStaysOnTheScreenAndScrolls(t *testing.T) {
	for _, at := range []content.Placement{
		{Display: "modal", Position: "center"}, {Display: "fullscreen"}, {Display: "banner", Position: "bottom"}, {Display: "toast", Position: "top-right"},
	} {
		t.Run(at.Display, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			huge := content.Content{Steps: []content.Step{{
				Name: "handbook", Title: "The whole handbook", Body: handbook(), Buttons: []content.Button{{Name: "read", Text: "I have read it", Action: "dismiss"}},
			}}}
			huge.Place(at)
			e.messages = always(deliver("handbook", huge))
			b.open(e.URL)
			b.awaitEvents(`opened {"messageId":"handbook","deliveryId":"delivery-of-handbook"}`)
			box := shadow + `.querySelector("[part]")`
			b.expect(`(({ top, left, right, bottom }) => top >= 0 && left >= 0 && right <= innerWidth && bottom <= innerHeight)(`+box+`.getBoundingClientRect())`, "true")
			b.expect(box+".scrollHeight > 50 * innerHeight && getComputedStyle("+box+").overflowY", `"auto"`)
			b.do(button("read") + ".scrollIntoView()")
			b.click(button("read"))
			e.waitReports("handbook opened", "handbook clicked read=dismiss", "handbook dismissed")
			b.expect(messages+".length", "0")
		})
	}
}

func TestAMessageOfVeryManyStepsShowsOneAtATime(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	tour := content.Content{Display: "modal", Position: "center"}
	for i := range 2000 {
		tour.Steps = append(tour.Steps, content.Step{
			Name: fmt.Sprint("step-", i+1), Body: paragraph(strings.Repeat("One card per job. ", 50)), Buttons: []content.Button{{Name: "next", Text: "Next", Action: "next"}},
		})
	}
	e.messages = always(deliver("tour", tour))
	b.open(e.URL)
	b.await("seen.length")
	b.expect(shadow+`.querySelectorAll("section").length`, "1")
	b.do(`for (let step = 1; step <= 2000; step++) ` + button("next") + `.click()`)
	b.expect("[seen.length, seen.at(-2), seen.at(-1)]",
		`[4001,"action {\"messageId\":\"tour\",\"deliveryId\":\"delivery-of-tour\",\"actionName\":\"next\",\"actionValue\":\"next\"}",`+
			`"dismissed {\"messageId\":\"tour\",\"deliveryId\":\"delivery-of-tour\"}"]`)
	// More was told than may wait for the edge: the newest of it arrives.
	e.wait("the last report", func() bool {
		said := reportsOf(e.events)
		return len(said) > 0 && said[len(said)-1] == "tour dismissed"
	})
	b.expect(messages+".length", "0")
}
