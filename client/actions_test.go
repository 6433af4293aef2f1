package client_test

import (
	"testing"

	"handbill/engine/content"
)

// tour is a modal of three steps whose first one has buttons.
func tour(buttons ...content.Button) content.Content {
	return asking(content.Step{Name: "one", Title: "One", Buttons: buttons},
		content.Step{Name: "two", Title: "Two", Buttons: []content.Button{{Name: "back", Text: "Back", Action: "back"}, {Name: "three", Text: "Three", Action: "goto:three"}}},
		content.Step{Name: "three", Title: "Three", Buttons: []content.Button{{Name: "back", Text: "Back", Action: "back"}, {Name: "set", Text: "Weekly", Action: "set:mail=weekly"}}})
}

func TestButtonsLeadThroughSteps(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = always(deliver("m", tour(content.Button{Name: "set", Text: "Daily", Action: "set:mail=daily"}, content.Button{Name: "three", Text: "Three", Action: "goto:three"})))
	b.open(e.URL)
	b.await("seen.length")
	want := []string{"m opened"}
	for _, c := range []struct{ press, action, comes string }{
		{"set", "set:mail=daily", "two"}, {"three", "goto:three", "three"}, {"back", "back", "two"}, {"back", "back", "one"}, {"three", "goto:three", "three"}, {"back", "back", "one"},
		{"three", "goto:three", "three"},
	} {
		b.click(button(c.press))
		b.await(shadow + `.querySelector('[data-step="` + c.comes + `"]')`)
		want = append(want, "m clicked "+c.press+"="+c.action, "m changed "+c.comes+"="+c.action)
	}
	b.click(button("set"))
	e.waitReports(append(want, "m clicked set=set:mail=weekly", "m dismissed")...)
}

func TestAButtonCopiesAText(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = always(deliver("m", tour(content.Button{Name: "code", Text: "Copy the code", Action: "copy:SPRING: 20 %"})))
	e.pages["/"] = page(external+`<script>navigator.clipboard.writeText = async (text) => { window.copied = text }</script>`, "")
	b.open(e.URL)
	b.await("seen.length")
	b.click(button("code"))
	b.await("window.copied")
	b.expect("copied", `"SPRING: 20 %"`)
	b.await(button("code") + `.matches("[data-done]")`)
	e.waitReports("m opened", "m clicked code=copy:SPRING: 20 %")
	b.expect("!!"+dialog, "true")
}

func TestSnoozeClosesAndIsReportedWithItsLength(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = always(deliver("m", tour(content.Button{Name: "later", Text: "Later", Action: "snooze:24h"})))
	b.open(e.URL)
	b.await("seen.length")
	b.click(button("later"))
	e.waitReports("m opened", "m clicked later=snooze:24h", "m dismissed")
	b.expect(messages+".length", "0")
}

func TestAButtonShowsAnotherMessageUntilThatIsClosed(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = func(asked poll) []message {
		if asked.Show["welcome"] == "delivery-of-m" {
			return []message{deliver("welcome", welcome)}
		}
		return []message{deliver("m", tour(content.Button{Name: "more", Text: "More", Action: "show:welcome"}))}
	}
	b.open(e.URL)
	b.await("seen.length")
	b.click(button("more"))
	b.await(shadow + `.querySelector("h2")?.textContent === "Welcome to Tallowby"`)
	b.js("cioanalytics.page()")
	e.waitPoll("a poll that still asks", func(asked poll) bool { return len(e.polls) > 2 && asked.Show["welcome"] != "" })
	b.click(closing)
	e.waitReports("m opened", "m clicked more=show:welcome", "m dismissed", "welcome opened", "welcome dismissed")
	b.js("cioanalytics.page()")
	e.waitPoll("a poll that asks for nothing", func(asked poll) bool { return len(asked.Show) == 0 })
}
