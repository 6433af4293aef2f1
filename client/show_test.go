package client_test

import (
	"testing"
)

func TestTheModalTellsItsWholeStory(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)

	opened := `opened {"messageId":"welcome","deliveryId":"delivery-of-welcome"}`
	b.await(dialog)
	b.awaitEvents(opened)
	b.click(button("show-me"))
	action := `action {"messageId":"welcome","deliveryId":"delivery-of-welcome","actionName":"show-me","actionValue":"next"}`
	changed := `changed {"messageId":"welcome","deliveryId":"delivery-of-welcome","actionName":"first-job","actionValue":"next"}`
	b.awaitEvents(opened, action, changed)
	b.expect(shadow+`.querySelector("h2").textContent`, `"Begin with one job"`)

	b.click(button("ask"))
	asked := `action {"messageId":"welcome","deliveryId":"delivery-of-welcome","actionName":"ask","actionValue":"event:open-chat"}`
	b.awaitEvents(opened, action, changed, asked)
	b.expect("!!"+dialog, "true")

	b.click(button("done"))
	done := `action {"messageId":"welcome","deliveryId":"delivery-of-welcome","actionName":"done","actionValue":"dismiss"}`
	dismissed := `dismissed {"messageId":"welcome","deliveryId":"delivery-of-welcome"}`
	b.awaitEvents(opened, action, changed, asked, done, dismissed)
	b.expect(messages+".length", "0")

	e.waitReports("welcome opened", "welcome clicked show-me=next", "welcome changed first-job=next",
		"welcome clicked ask=event:open-chat", "welcome clicked done=dismiss", "welcome dismissed")
	ids := map[string]bool{}
	for _, event := range e.waitEvents(6) {
		ids[event.MessageID] = true
		if event.Properties["messageId"] != "welcome" || event.Type != "track" || event.Timestamp.IsZero() || event.AnonymousID == "" {
			t.Errorf("the report %+v is not whole", event)
		}
	}
	if len(ids) != 6 {
		t.Errorf("6 reports have %d ids", len(ids))
	}
}
