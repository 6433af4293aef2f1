package engine

import (
	"fmt"

	"handbill/engine/workspace"
)

// holder is the message that has a place on the page.
type holder struct {
	slot    string
	message *workspace.Message
}

// take gives a message its place on the page.
func (s *situation) take(m *workspace.Message) {
	s.slots = append(s.slots, holder{s.variant(m).Slot, m})
}

// holds is the message that has a place; nil where it is free.
func (s *situation) holds(slot string) *workspace.Message {
	for _, h := range s.slots {
		if h.slot == slot {
			return h.message
		}
	}
	return nil
}

// keepSlots gives what is on screen in this page view its place, before anything else is asked.
func (e *Engine) keepSlots(messages []*workspace.Message, places []int, s *situation) {
	for _, place := range places {
		m := messages[place]
		if s.state(m).MayBeOpen() && e.present(m, s).onScreen() && e.decide(m, s, nil) == ReasonNone {
			s.take(m)
		}
	}
}

// placeTests gives the test sends in an answer their places: those on screen before all else, and where onScreen is false
// those that wait, as far as there is room.
func placeTests(deliveries []Delivery, s *situation, onScreen bool) []Delivery {
	kept := deliveries[:0]
	for _, test := range deliveries {
		switch by := s.holds(test.Message.Slot); {
		case !test.Test, test.onScreen != onScreen:
		case by == nil:
			s.slots = append(s.slots, holder{test.Message.Slot, test.Message})
		case by != test.Message:
			continue
		}
		kept = append(kept, test)
	}
	return kept
}

// askSlot lets every message pass where the client has places of its own, as the reference client, if it can show it there.
func askSlot(_ *Engine, m *workspace.Message, s *situation) Reason {
	if m.Inbox != nil {
		return ReasonNone
	}
	if s.byReference() && !placeable(s.variant(m)) {
		return ReasonSlot
	}
	if !s.oneEach {
		return ReasonNone
	}
	if by := s.holds(s.variant(m).Slot); by != nil && by != m {
		return ReasonSlot
	}
	return ReasonNone
}

func describeSlot(_ *Engine, m *workspace.Message, s *situation) (string, string) {
	if m.Inbox != nil {
		return "it takes no place on the page", ""
	}
	slot := s.variant(m).Slot
	by := s.holds(slot)
	switch {
	case !s.oneEach:
		return "the client has places of its own", ""
	case by != nil && by != m:
	case !placeable(s.variant(m)):
		return fmt.Sprintf("the slot %q is free; the reference client, which shows inline messages in their target alone, is not given it", slot), ""
	default:
		return fmt.Sprintf("the slot %q is free", slot), ""
	}
	return fmt.Sprintf("the slot %q is taken by %s", slot, by.ID), "it is shown when that is closed; or give it a lower priority, another display or another position"
}

func among(deliveries []Delivery, m *workspace.Message) bool {
	for _, d := range deliveries {
		if d.Message.ID == m.ID {
			return true
		}
	}
	return false
}
