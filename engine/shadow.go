package engine

import (
	"fmt"

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
