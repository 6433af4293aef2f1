package engine

import (
	"slices"

	"handbill/engine/content"
	"handbill/engine/workspace"
)

// maxWanted bounds how many messages one poll can ask for.
const maxWanted = 8

// wantedBy are the messages that the visitor asked for by a button of another one, where the request names the message and
// the delivery whose button it was, and those that the site's own code calls for, where it names none. What no button of a
// delivery to this visitor shows is not asked for.
func (e *Engine) wantedBy(snapshot *workspace.Snapshot, request PollRequest) (wanted, called []*workspace.Message) {
	for id, by := range request.Show {
		m := snapshot.Message(id)
		if m == nil || len(wanted) == maxWanted {
			continue
		}
		if by == "" {
			if m.Inbox == nil {
				wanted, called = append(wanted, m), append(called, m)
			}
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
	return wanted, called
}

// isCalled says whether the site's own code called for a message: then its page rules hold, and its frequency, the throttle
// and what it waits for do not.
func (s *situation) isCalled(m *workspace.Message) bool {
	return len(s.called) > 0 && slices.Contains(s.called, m)
}

// refused says why messages that the site's own code called for are not handed out, by their ids. One that is handed out to
// another tab has no reason against it. Nobody is told whether a message exists that is not live.
func (e *Engine) refused(snapshot *workspace.Snapshot, request PollRequest, s *situation, deliveries []Delivery) map[string]Reason {
	var refused map[string]Reason
	for id, by := range request.Show {
		m := snapshot.Message(id)
		if by != "" || m != nil && among(deliveries, m) {
			continue
		}
		reason := ReasonNotLive
		if m != nil && s.isCalled(m) {
			if reason = e.decide(m, s, nil); reason == ReasonNone {
				reason = ReasonElsewhere
			}
		}
		if refused == nil {
			refused = map[string]Reason{}
		}
		if len(refused) < maxWanted {
			refused[id] = reason
		}
	}
	return refused
}

// ReasonElsewhere is told of a message that the site's own code called for: nothing speaks against it, and another tab of the
// visitor has it.
const ReasonElsewhere Reason = "elsewhere"

// isWanted says whether the visitor asked for a message, or the site's own code did: then neither page rules, but for those of
// isCalled, nor its frequency, nor the throttle keep it back.
func (s *situation) isWanted(m *workspace.Message) bool {
	return len(s.wanted) > 0 && slices.Contains(s.wanted, m)
}
