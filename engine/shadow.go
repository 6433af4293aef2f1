package engine

import (
	"context"
	"fmt"

	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// askShadow comes last: a message in the shadow that gets here would have been shown.
func askShadow(_ *Engine, m *workspace.Message, _ *situation) Reason {
	if m.Status == workspace.StatusShadow {
		return ReasonShadow
	}
	return ReasonNone
}

func describeShadow(_ *Engine, m *workspace.Message, s *situation) (string, string) {
	if m.Status != workspace.StatusShadow {
		return "it is not held back", ""
	}
	would := 0
	if state := s.state(m); state != nil {
		would = state.Opened
	}
	return fmt.Sprintf(`status is "shadow"; it would have been shown to this visitor %s`, times(would)), `set status = "live"`
}

// withhold counts that a message would have come on screen: once for each page view, and under the message's own
// frequency as if it had. Of a visitor about whom nothing is remembered, that is remembered as long as their arrival is. The
// reference client tests page rules itself, so of it nobody knows.
func (e *Engine) withhold(ctx context.Context, m *workspace.Message, s *situation, metric store.Metric) error {
	if s.page == nil || e.present(m, s).onScreen() {
		return nil
	}
	of := s.occasion(m)
	d := e.sealer.seal(s.marks().visitor(), s.marks().view, m.ID, of, false)
	change := visitor.Change{
		Kind: visitor.Withheld, Message: m.ID, Delivery: d.key, Visit: s.visit, At: s.now, Run: of.run, Sent: of.sent, View: d.view,
	}
	if s.record == nil {
		arrival, counted := e.arrivals.withhold(s.identity.ID(), change)
		if counted {
			e.store.Count(e.workspace, m.ID, metric, 1)
			e.recorder.Withheld(metric)
			s.arrival, s.seen, s.filled, s.asking = arrival, s.seen[:0], false, nil
		}
		return nil
	}
	outcomes, err := e.store.Apply(ctx, []store.Mutation{{Key: e.keyOf(s), Metric: metric, Change: change}})
	if err != nil {
		return fmt.Errorf("counting that message %s was withheld: %w", m.ID, err)
	}
	if outcomes[0].Counted {
		e.recorder.Withheld(metric)
	}
	s.remember(outcomes[0].Record)
	return nil
}
