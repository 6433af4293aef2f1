package engine

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"handbill/engine/content"
	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// told is what a visitor said about themselves with a message: by the answers to its fields, or by a button that sets a
// trait. The browser says only what was pressed and answered; which trait that may change stands in the workspace.
type told struct {
	traits map[string]any
	// event is the name of the event that the answers become; empty where there are none.
	event   string
	step    string
	answers map[string]any
}

// told reads what a report says of its visitor. It is an error where answers do not fit the form that was asked.
func (e *Engine) told(d delivery, report Report) (told, error) {
	if report.Outcome != OutcomeClicked {
		return told{}, nil
	}
	snapshot := e.Snapshot()
	if snapshot == nil {
		return told{}, nil
	}
	m := snapshot.Message(d.message)
	if m != nil {
		m = m.InVariant(d.of.variant)
	}
	if m == nil || m.Localized == nil {
		return told{}, nil // it is gone since; the click counts all the same
	}
	if trait, value, ok := m.Localized.Sets(report.ActionValue); ok {
		return told{traits: map[string]any{trait: value}}, nil
	}
	action, err := content.ParseAction(report.ActionValue)
	if err != nil || action.Kind != content.Submit {
		return told{}, nil
	}
	if report.Step == "" && report.Answers == nil {
		return told{}, nil // a click that the reference client counts; the answers come in a report of their own
	}
	fields := m.Localized.Fields(report.Step)
	if len(fields) == 0 {
		return told{}, fmt.Errorf("message %s has no form in the step %.40q", d.message, report.Step)
	}
	answers, err := content.Answers(fields, report.Answers)
	if err != nil {
		return told{}, errors.New(err.Error())
	}
	made := told{event: m.FormEvent, step: report.Step, answers: answers, traits: map[string]any{}}
	for _, field := range fields {
		if value, answered := answers[field.Name]; answered && field.Trait != "" {
			made.traits[field.Trait] = value
		}
	}
	return made, nil
}

// mutation sets the traits; false where none are to be set. A test send sets none.
func (t told) mutation(key store.Key, d delivery, now time.Time) (store.Mutation, bool) {
	change := visitor.Change{Kind: visitor.Told, At: now, Traits: t.traits}
	return store.Mutation{Key: key, Change: change}, len(t.traits) > 0 && !d.test
}

// logged is the event of the answers, beside that of the report.
func (t told) logged(reported eventlog.Event, report Report) eventlog.Event {
	properties := map[string]any{"message": reported.Message, "step": t.step, "answers": maps.Clone(t.answers)}
	if test, ok := reported.Properties["test"]; ok {
		properties["test"] = test
	}
	reported.ID, reported.Type, reported.Name, reported.Properties = report.EventID+":form", "track", t.event, properties
	return reported
}
