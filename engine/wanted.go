package engine

import (
	"slices"

	"handbill/engine/content"
	"handbill/engine/workspace"
)

// maxWanted bounds how many messages one poll can ask for.
const maxWanted = 8

// wantedBy are the messages that the visitor asked for: each request names the message and, where it was by a button of
// another one, the delivery whose button it was. What no button of that delivery shows is not asked for. Without a
// delivery the page's own code asked.
func (e *Engine) wantedBy(snapshot *workspace.Snapshot, request PollRequest) []*workspace.Message {
	var wanted []*workspace.Message
	for id, by := range request.Show {
		m := snapshot.Message(id)
		if m == nil || len(wanted) == maxWanted {
			continue
		}
		if by == "" { // the page itself asked
			wanted = append(wanted, m)
			continue
		}
		d, _, err := e.believe(request.Identity, Report{DeliveryID: by, Outcome: OutcomeClicked})
		if err != nil {
			continue
		}
		if from := snapshot.Message(d.message); from != nil && from.InVariant(d.of.variant).HasAction(content.ShowMessage, id) {
			wanted = append(wanted, m)
		}
	}
	slices.SortFunc(wanted, func(a, b *workspace.Message) int {
		return slices.Index(snapshot.Messages, a) - slices.Index(snapshot.Messages, b)
	})
	return wanted
}

// isWanted says whether the visitor asked for a message: then neither page rules, nor its frequency, nor the throttle keep
// it back.
func (s *situation) isWanted(m *workspace.Message) bool {
	return len(s.wanted) > 0 && slices.Contains(s.wanted, m)
}
