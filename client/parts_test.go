package client_test

import "testing"

func TestAPartThatCannotBeHadIsDoneWithout(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Failed to load resource")
	e.site["spaRoutes"], e.missing = true, []string{".js"}
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.awaitEvents(`opened {"messageId":"welcome","deliveryId":"delivery-of-welcome"}`)
	b.await(`performance.getEntriesByType("resource").some(({ name }) => name.includes("/parts/routes-"))`)
	b.do(`history.pushState(null, "", "/jobs/"); cioanalytics.page()`)
	e.waitPolls(2)
}

func TestAMessageWhoseLookCannotBeHadIsAnErrorAndComesWithTheNextPage(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Failed to load resource")
	e.missing = []string{".css"}
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.awaitEvents(`error {"messageId":"welcome","deliveryId":"delivery-of-welcome","reason":"content"}`)
	e.mu.Lock()
	e.missing = nil
	e.mu.Unlock()
	b.open(e.URL)
	b.awaitEvents(`opened {"messageId":"welcome","deliveryId":"delivery-of-welcome"}`)
}
