package client_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every example of docs/client.md runs here, in a page of its own, and does what the text around it says.
func TestTheExamplesOfTheDocumentationWork(t *testing.T) {
	text, err := os.ReadFile("../docs/client.md")
	if err != nil {
		t.Fatal(err)
	}
	const toned = `"rgb(31, 92, 74)"`
	checks := map[string]func(e *edge, b *tab){
		"Call it from any script": func(e *edge, b *tab) {
			e.wait("the identify", func() bool {
				return slices.ContainsFunc(e.events, func(one sent) bool { return one.Traits["email"] == "ada@example.com" })
			})
			e.waitPoll("a poll of ada", func(asked poll) bool { return asked.UserID == "ada" })
		},
		"Hear what happens to a message": func(e *edge, b *tab) {
			b.click(button("show-me"))
			b.click(button("ask"))
			b.await("document.title === 'Chat: welcome'")
			b.await(messages + ".length === 0")
		},
		"Your own snippet": func(e *edge, b *tab) { b.await("document.title === 'welcome'") },
		"Single-page applications": func(e *edge, b *tab) {
			b.await("seen.length")
			b.do("showRoute('/app/settings')")
			e.waitPoll("a poll of the route", func(asked poll) bool { return strings.HasSuffix(asked.Page.URL, "/app/settings") })
		},
		"Inbox": func(e *edge, b *tab) {
			e.set(func() {
				e.inbox = []letter{{MessageID: "order", DeliveryID: "delivery-of-order", SentAt: "2026-11-26T12:00:00.000Z", Type: "card", Topics: []string{"orders"}, Properties: map[string]any{"title": "Order 1001"}}}
			})
			b.await("window.cioanalytics.page")
			b.do("cioanalytics.page()")
			b.await(`document.querySelector("#orders li")?.textContent === "Order 1001"`)
			e.wait("the report", func() bool { return slices.Contains(reportsOf(e.events), "order opened") })
		},
		"Pages that a library changes": func(e *edge, b *tab) {
			b.await("seen.length")
			b.do(`history.pushState(null, "", "/orders/"); document.dispatchEvent(new Event("turbo:load"))`)
			e.waitPoll("a poll of the orders", func(asked poll) bool { return strings.HasSuffix(asked.Page.URL, "/orders/") })
		},
		"Fit the look": func(e *edge, b *tab) {
			b.await("seen.length")
			b.expect("(({ borderColor, borderRadius, fontFamily }) => [borderColor, borderRadius, fontFamily])(getComputedStyle("+dialog+"))",
				`[`+toned+`,"4px","Georgia, serif"]`)
			b.expect("getComputedStyle("+button("show-me")+").backgroundColor", toned)
		},
	}
	tested := map[string]bool{}
	heading := regexp.MustCompile(`(?m)^## (.*)$`)
	sections := heading.FindAllStringSubmatchIndex(string(text), -1)
	for i, at := range sections {
		end := len(text)
		if i+1 < len(sections) {
			end = sections[i+1][0]
		}
		name, section := string(text[at[2]:at[3]]), string(text[at[1]:end])
		for n, example := range regexp.MustCompile("(?s)```html\n(.*?)```").FindAllStringSubmatch(section, -1) {
			check, ok := checks[name]
			if !ok {
				t.Errorf("the examples of %q are not tested", name)
				continue
			}
			for place, head := range map[string]string{"before the client": example[1] + external, "after the client": blocking(external) + example[1]} {
				t.Run(fmt.Sprintf("%s %d %s", name, n+1, place), func(t *testing.T) {
					e, b := newEdge(t), newTab(t)
					e.site["writeKey"] = "example-web"
					e.pages["/"] = page(head, "")
					e.messages = always(deliver("welcome", welcome))
					b.open(e.URL)
					check(e, b)
				})
			}
			tested[name] = true
		}
	}
	if len(tested) != len(checks) {
		t.Errorf("%d sections have examples that are tested, of %d: %v", len(tested), len(checks), tested)
	}
}
