package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"handbill/engine/audience"
	"handbill/engine/pagerule"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// ExplainRequest asks why messages show, or do not, for a visitor on a page at a time.
type ExplainRequest struct {
	// Page is where the visitor is.
	Page *pagerule.Page
	// Visitor is a user id, an anonymous id, an e-mail address, or empty for somebody who was never here.
	Visitor string
	// Traits and Events are what somebody made up has said and done; only without a Visitor. Whoever has traits has
	// identified. The events are now, or at At where that is earlier.
	Traits map[string]any
	Events []MadeUpEvent
	// Believed is whether a user id is enough to read what is meant for one person, as in [visitor.Identity].
	Believed bool
	// At is the time of the decision; zero means now.
	At time.Time
	// Zone is the visitor's IANA time zone, as a browser would say it; empty: not said.
	Zone string
	// Languages and Browser are what the visitor's request says, as in [PollRequest].
	Languages []string
	Browser   Browser
}

// Explanation is the answer: every message in the settled order with each check it passed and failed.
type Explanation struct {
	// Workspace and Generation name what was decided on.
	Workspace  string `json:"workspace"`
	Generation string `json:"generation"`
	// Page and At are what was asked.
	Page string    `json:"page"`
	At   time.Time `json:"at"`
	// Visitor is who was looked at, and Known whether anything is remembered about them.
	Visitor string `json:"visitor"`
	Known   bool   `json:"known"`
	// Level says how well it is known who the visitor is: "anonymous", "claimed" or "proven".
	Level string `json:"level"`
	// Refused is the last claim of the visitor, or to be the visitor, that was not believed.
	Refused *RefusedClaim `json:"refused,omitempty"`
	// Messages are all messages of the workspace; those that are left out because they are wrong come last.
	Messages []MessageExplanation `json:"messages"`
	// More is how many messages were not looked at: where a browser asks, there is an end to it.
	More int `json:"more,omitempty"`
}

// MessageExplanation says of one message whether it is due, and why.
type MessageExplanation struct {
	Message string  `json:"message"`
	Due     bool    `json:"due"`
	Reason  Reason  `json:"reason,omitempty"`
	Checks  []Check `json:"checks"`
	// Variant is the variant of an experiment that the visitor would see; empty for a message without variants.
	Variant string `json:"variant,omitempty"`
	// Position is the message's place in its file, such as "messages.toml:12".
	Position string `json:"position"`
}

// Explain takes the same decisions as [Engine.Poll], for every message and with each check written down. It takes no
// lease and counts nothing.
func (e *Engine) Explain(ctx context.Context, request ExplainRequest) (Explanation, error) {
	snapshot := e.Snapshot()
	if snapshot == nil {
		return Explanation{}, notLoaded{e.workspace}
	}
	if request.Page == nil {
		return Explanation{}, errors.New("explain needs the page's URL")
	}
	identity, record, err := e.subject(ctx, snapshot, request)
	if err != nil {
		return Explanation{}, err
	}
	identity.Believed = request.Believed
	s := &situation{
		now: request.At, identity: identity, record: record, page: request.Page, inApp: snapshot.InApp, zone: request.Zone, throttles: throttlings(snapshot, nil),
		languages: request.Languages, browser: request.Browser, snapshot: snapshot, facts: &audience.Facts{}, oneEach: true,
	}
	if s.now.IsZero() {
		s.now = e.now()
	}
	s.visit = currentVisit(record, s.now)
	s.visitNow(visitor.PageView{View: 1, Address: request.Page.URL})
	if request.madeUp() {
		e.comeAbout(s)
	}
	explanation := e.explainAll(s, len(snapshot.Messages), time.Time{})
	explanation.Known = remembered(record)
	switch {
	case request.madeUp():
		explanation.Visitor = "somebody made up"
	case request.Visitor == "":
		explanation.Visitor = "somebody new"
	}
	return explanation, nil
}

// explainAll decides on the messages in their order, at most so many, and until a time is over; the zero time never is.
func (e *Engine) explainAll(s *situation, most int, end time.Time) Explanation {
	explanation := Explanation{
		Workspace: e.workspace, Generation: s.snapshot.Generation, Page: s.page.URL, At: s.now,
		Visitor: s.identity.ID(), Known: remembered(s.record), Level: s.identity.Level.String(), Refused: e.refusals.of(s.identity),
	}
	for _, m := range s.snapshot.Messages {
		if len(explanation.Messages) >= most || !end.IsZero() && time.Now().After(end) {
			explanation.More = len(s.snapshot.Messages) - len(explanation.Messages)
			return explanation
		}
		t := &trace{}
		reason := e.decide(m, s, t)
		if reason == ReasonNone && m.Inbox == nil {
			s.handOut(m)
			s.take(m)
		}
		explanation.Messages = append(explanation.Messages, MessageExplanation{
			Message: m.ID, Due: reason == ReasonNone, Reason: reason, Checks: t.checks, Variant: s.variant(m).Variant, Position: fmt.Sprintf("%s:%d", m.File, m.Line),
		})
	}
	for _, skipped := range s.snapshot.Skipped {
		explanation.Messages = append(explanation.Messages, leftOut(skipped))
	}
	return explanation
}

// leftOut says of a message that is wrong what is wrong with it.
func leftOut(skipped workspace.Skipped) MessageExplanation {
	m := MessageExplanation{Message: skipped.ID, Reason: ReasonLeftOut, Position: fmt.Sprintf("%s:%d", skipped.File, skipped.Line)}
	if m.Message == "" {
		m.Message = "a message without an id"
	}
	for _, problem := range skipped.Problems {
		m.Checks = append(m.Checks, Check{
			Name: "workspace", Reason: ReasonLeftOut, Saw: fmt.Sprintf("%s:%d:%d: %s", problem.File, problem.Line, problem.Column, problem.Text), Help: problem.Fix,
		})
	}
	return m
}

// find looks for the visitor that an operator named.
func (e *Engine) find(ctx context.Context, name string) (visitor.Identity, *visitor.Record, error) {
	if name == "" {
		return visitor.Identity{Anonymous: "new"}, nil, nil
	}
	id, err := e.recipient(ctx, name)
	if errors.Is(err, ErrNoRecipient) {
		id, err = "u:"+name, nil
	}
	if err != nil {
		return visitor.Identity{}, nil, err
	}
	identity := visitor.Identity{Anonymous: strings.TrimPrefix(id, "a:")}
	if user, identified := strings.CutPrefix(id, "u:"); identified {
		identity = visitor.Identity{User: user, Level: visitor.LevelIdentified}
	}
	record, err := e.store.Load(ctx, store.Key{Workspace: e.workspace, Visitor: id})
	if err != nil {
		return visitor.Identity{}, nil, fmt.Errorf("reading the record of %s: %w", id, err)
	}
	if record != nil && identity.User != "" {
		identity.Level = max(identity.Level, record.Verified)
	}
	return identity, record, nil
}
