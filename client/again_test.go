package client_test

import (
	"net/http"
	"sync/atomic"
	"testing"
)

// sent is one of the times that a message was sent.
func sentAt(delivery, occasion string) message {
	m := deliver("invoice-paid", offer("top"))
	m.DeliveryID, m.Occasion = "delivery-of-"+delivery, occasion
	return m
}

func TestAMessageThatIsSentAgainShowsAgainWithinOnePoll(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = always(sentAt("first", "a1"))
	b.open(e.URL)
	b.await("seen.length === 1")
	e.set(func() { e.messages = always(sentAt("second", "a2")) })
	b.click(closing)
	b.await("seen.length === 3")
	b.expect("!!"+banner, "true")
	e.waitReports("first opened", "first dismissed", "second opened")
}

func TestAMessageThatIsSentAgainWhileItIsOnScreenTakesItsPlace(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = always(sentAt("first", "a1"))
	b.open(e.URL)
	b.await("seen.length === 1")
	e.set(func() { e.messages = always(sentAt("second", "a2")) })
	b.do("cioanalytics.page()")
	b.await("seen.length === 2")
	b.expect(messages+".length", "1")
	e.waitReports("first opened", "second opened")
}

func TestAClosedMessageStaysAwayWhenTheVisitorIdentifies(t *testing.T) {
	for _, occasion := range []string{"", "a1"} {
		t.Run("occasion "+occasion, func(t *testing.T) {
			e, b := newEdge(t), newTab(t, "Failed to load resource")
			// The edge does not hear of the dismissal before it is asked again: it knows a visitor of another name, and lists the message.
			e.messages = func(asked poll) []message {
				list := []message{sentAt("to "+asked.UserID, occasion)}
				if asked.UserID != "" {
					list = append(list, deliver("for-customers", offer("bottom")))
				}
				return list
			}
			var deaf atomic.Bool
			e.refuse = func(w http.ResponseWriter, r *http.Request) bool {
				if deaf.Load() && r.URL.Path != "/_handbill"+pollPath {
					w.WriteHeader(http.StatusServiceUnavailable)
					return true
				}
				return false
			}
			b.open(e.URL)
			b.await("seen.length === 1")
			e.waitReports("to  opened")
			deaf.Store(true)
			b.click(closing)
			b.await("seen.length === 2")
			b.do("cioanalytics.identify('ines')")
			b.await("seen.length === 3")
			b.expect("["+messages+`.length, seen[2].includes("for-customers")]`, "[1,true]")
		})
	}
}
