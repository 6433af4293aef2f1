package engine

import (
	"fmt"
	"strings"
	"time"

	"handbill/engine/experiment"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// met is what is remembered of a visitor and a message, whether it was shown or withheld; nil for nothing.
func (s *situation) met(message string) *visitor.MessageState {
	past := s.past()
	if past == nil {
		return nil
	}
	return past.Messages[message]
}

// bucket is the visitor's in a draw of a message: by the id under which they first had to do with it, which may be from
// before they identified, and otherwise by the id that they have.
func (s *situation) bucket(m *workspace.Message, draw experiment.Draw) int {
	switch state := s.met(m.ID); {
	case state != nil && state.Drawn != "":
		return draw.Bucket("", state.Drawn)
	case s.identity.User != "":
		return draw.Bucket("u:", s.identity.User)
	}
	return draw.Bucket("a:", s.identity.Anonymous)
}

// number is the visitor's in the draw of a member of an exclusive group.
func (s *situation) number(draw experiment.Draw) uint64 {
	if s.identity.User != "" {
		return draw.Number("u:", s.identity.User)
	}
	return draw.Number("a:", s.identity.Anonymous)
}

// variant is the message as this visitor sees it. Who has seen a variant keeps it as long as there is one of its id.
func (s *situation) variant(m *workspace.Message) *workspace.Message {
	if len(m.Variants) == 0 {
		return m
	}
	if state := s.met(m.ID); state != nil && state.Opened > 0 && state.Variant != "" {
		if seen := m.InVariant(state.Variant); seen != m {
			return seen
		}
	}
	return m.VariantOf(s.bucket(m, m.VariantDraw))
}

// heldOut says whether the visitor is in the message's holdout. Who has seen the message is not.
func (s *situation) heldOut(m *workspace.Message) bool {
	if m.Holdout == 0 {
		return false
	}
	state := s.met(m.ID)
	return (state == nil || state.Opened == 0) && s.bucket(m, m.HoldoutDraw) < m.Holdout
}

// winner is the message of an exclusive group that the visitor is in: the one that they had to do with first, or that for
// which they draw the highest number.
func (s *situation) winner(g *workspace.Group) (winner *workspace.Message, met bool) {
	var first time.Time
	for i := range g.Members {
		state := s.met(g.Members[i].Message.ID)
		if !state.Met() {
			continue
		}
		at := state.FirstOpened
		if state.Opened == 0 {
			at = state.Withheld.FirstOpened
		}
		if winner == nil || at.Before(first) {
			winner, first = g.Members[i].Message, at
		}
	}
	if winner != nil {
		return winner, true
	}
	highest := uint64(0)
	for i := range g.Members {
		if number := s.number(g.Members[i].Draw); winner == nil || number > highest {
			winner, highest = g.Members[i].Message, number
		}
	}
	return winner, false
}

func askRollout(_ *Engine, m *workspace.Message, s *situation) Reason {
	if m.Rollout >= experiment.Buckets || s.bucket(m, m.RolloutDraw) < m.Rollout {
		return ReasonNone
	}
	return ReasonRollout
}

func describeRollout(_ *Engine, m *workspace.Message, s *situation) (saw, help string) {
	if m.Rollout >= experiment.Buckets {
		return "it is rolled out to everybody", ""
	}
	bucket := s.bucket(m, m.RolloutDraw)
	saw = fmt.Sprintf("%s; roll-out is %d %%, ", bucketOf(bucket), percent(m.Rollout))
	if bucket < m.Rollout {
		return saw + "in", ""
	}
	return saw + "not in", fmt.Sprintf("set rollout = %d or more", bucket*100/experiment.Buckets+1)
}

func askExclusive(_ *Engine, m *workspace.Message, s *situation) Reason {
	g := s.snapshot.Group(m)
	if g == nil {
		return ReasonNone
	}
	if winner, _ := s.winner(g); winner.ID != m.ID {
		return ReasonExclusive
	}
	return ReasonNone
}

func describeExclusive(_ *Engine, m *workspace.Message, s *situation) (saw, help string) {
	g := s.snapshot.Group(m)
	if g == nil {
		return "it is in no exclusive group", ""
	}
	winner, met := s.winner(g)
	why := fmt.Sprintf("drawn from %d", len(g.Members))
	if met {
		why = "which they had to do with first"
	}
	saw = fmt.Sprintf("of the exclusive group %q this visitor is in %q, %s", m.Group, winner.ID, why)
	return saw, "take the message out of the group"
}

// askVariant never speaks against a message; it is there to be explained.
func askVariant(*Engine, *workspace.Message, *situation) Reason { return ReasonNone }

func describeVariant(_ *Engine, m *workspace.Message, s *situation) (saw, help string) {
	if len(m.Variants) == 0 {
		return "it has no variants", ""
	}
	var shares []string
	for _, v := range m.Variants {
		shares = append(shares, fmt.Sprintf("%s %s", v.Message.Variant, hundredths(v.Buckets)))
	}
	bucket, chosen := s.bucket(m, m.VariantDraw), s.variant(m)
	saw = fmt.Sprintf("%s of %s: variant %q", bucketOf(bucket), strings.Join(shares, ", "), chosen.Variant)
	if drawn := m.VariantOf(bucket); drawn != chosen {
		saw += fmt.Sprintf(", which they have seen before (a new visitor would see %q)", drawn.Variant)
	}
	return saw, ""
}

// askHoldout comes late: what gets here would have been shown.
func askHoldout(_ *Engine, m *workspace.Message, s *situation) Reason {
	if s.heldOut(m) {
		return ReasonHeldOut
	}
	return ReasonNone
}

func describeHoldout(_ *Engine, m *workspace.Message, s *situation) (saw, help string) {
	switch state := s.met(m.ID); {
	case m.Holdout == 0:
		return "nobody is held out", ""
	case s.heldOut(m):
		would := 0
		if state := s.state(m); state != nil {
			would = state.Opened
		}
		saw = fmt.Sprintf("%s; holdout is %d %%, held out; it would have been shown %s", bucketOf(s.bucket(m, m.HoldoutDraw)), percent(m.Holdout), times(would))
		return saw, "it is shown to others, for comparison; try it with: handbill messages send --test WHO " + m.ID
	case state != nil && state.Opened > 0:
		return fmt.Sprintf("holdout is %d %%; they have seen it before, and are not held out", percent(m.Holdout)), ""
	}
	return fmt.Sprintf("%s; holdout is %d %%, not held out", bucketOf(s.bucket(m, m.HoldoutDraw)), percent(m.Holdout)), ""
}

// bucketOf writes a bucket as people count, from 1.
func bucketOf(bucket int) string {
	return "bucket " + thousands(bucket+1) + " of " + thousands(experiment.Buckets)
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

func percent(buckets int) int { return buckets * 100 / experiment.Buckets }

// hundredths writes a number of buckets as a percentage.
func hundredths(buckets int) string {
	if buckets%100 == 0 {
		return fmt.Sprintf("%d %%", buckets/100)
	}
	return fmt.Sprintf("%.2f %%", float64(buckets)/100)
}
