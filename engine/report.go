package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// Outcome is what a browser says happened to a delivery.
type Outcome string

// The outcomes, as they stand in a report's "metric".
const (
	OutcomeOpened    Outcome = "opened"
	OutcomeClicked   Outcome = "clicked"
	OutcomeDismissed Outcome = "dismissed"
	OutcomeError     Outcome = "error"
	OutcomeChanged   Outcome = "changed"
	// OutcomeUnopened is for messages in the inbox alone: the visitor wants to find one as if they had not read it.
	OutcomeUnopened Outcome = "unopened"
)

// Report is one thing that happened to a delivery.
type Report struct {
	// EventID is unique to the event. It stands in the log; what counts once is the delivery and its outcome.
	EventID string
	// DeliveryID is the id of the delivery, as a poll's answer had it.
	DeliveryID string
	// Content names a message in place of a delivery; nil: DeliveryID does.
	Content *ContentReport
	// Outcome is what happened.
	Outcome Outcome
	// Visit names the visit in which it happened, as in [PollRequest]; empty when the client does not say.
	Visit string
	// ActionName and ActionValue are the button's name and action (clicked), or the name of the step that came up (changed).
	ActionName, ActionValue string
	// Step is the step whose form was filled in, and Answers are what was said, by the fields' names (clicked).
	Step    string
	Answers map[string]any
	// Reason says what went wrong (error).
	Reason string
	// visit stands for the visit of a showing.
	visit uint32
	// At is when it happened, as the browser says; the zero time means now. It is only logged: decisions use the edge's clock.
	At time.Time
}

// ErrRefused is wrapped by the errors of reports that are not believed (a delivery that this workspace did not make, one
// that belongs to another visitor, or an outcome that does not exist), and of traits and events that cannot be kept.
// Sending them again does not help.
var ErrRefused = errors.New("refused")

// Report takes what happened to deliveries. When it returns without an error, every report that was not refused is
// durable. refused has one error for each report that was not believed, nil for the others.
func (e *Engine) Report(ctx context.Context, identity visitor.Identity, reports []Report) (refused []error, err error) {
	now := e.now()
	refused = make([]error, len(reports))
	var (
		mutations []store.Mutation
		events    []eventlog.Event
		counted   []counted
		changed   string // whose inbox has
	)
	for i, report := range reports {
		d, owner, err := e.believe(identity, report)
		if errors.Is(err, errPreview) {
			continue
		}
		if err != nil {
			refused[i] = fmt.Errorf("%w: %w", ErrRefused, err)
			e.recorder.Refused()
			continue
		}
		told, err := e.told(d, report)
		if err != nil {
			refused[i] = fmt.Errorf("%w: %w", ErrRefused, err)
			e.recorder.Refused()
			continue
		}
		report.visit = e.visitIn(ctx, identity, d, report, now)
		mutations, counted = e.mutate(mutations, counted, identity, owner, d, report, now)
		events = append(events, e.event(owner, d, report, now))
		if kind, ok := inboxKinds[report.Outcome]; ok && d.view == inboxView {
			mutations, changed = e.inboxMutations(mutations, identity, owner, d, kind, now), owner
		}
		if mutation, ok := told.mutation(e.key(identity), d, now); ok {
			mutations = append(mutations, mutation)
		}
		if told.event != "" {
			events = append(events, told.logged(events[len(events)-1], report))
		}
	}
	if len(events) == 0 {
		return refused, nil
	}
	// The answers to a form are an event, which starts campaigns as a tracked one does.
	started, err := e.withStarts(ctx, identity, nil, events, now)
	if err == nil {
		err = e.keep(ctx, append(mutations, started...), counted, events)
	}
	if err != nil {
		return refused, err
	}
	if changed != "" {
		e.pushInbox(identity, changed)
	}
	return refused, e.happened(ctx, identity, now)
}

// counted is what follows from a mutation that counted.
type counted struct {
	at      int // index of the mutation
	metric  store.Metric
	release *store.Key // the lease to give back
	also    []string   // leases of throttles to give back with it
	message string
}

// believe checks that a report speaks of a delivery which was made here and handed to this visitor, and says under which
// id the visitor received it: before or after identifying.
func (e *Engine) believe(identity visitor.Identity, report Report) (delivery, string, error) {
	if _, known := metrics[report.Outcome]; !known && report.Outcome != OutcomeChanged && report.Outcome != OutcomeUnopened {
		return delivery{}, "", fmt.Errorf("metric %q does not exist; use opened, clicked, dismissed, error or changed", report.Outcome)
	}
	if report.Content != nil {
		return e.believeContent(identity, report)
	}
	d, err := e.sealer.open(report.DeliveryID)
	if err != nil {
		return delivery{}, "", err
	}
	if d.view == previewView {
		return d, "", errPreview
	}
	if report.Outcome == OutcomeUnopened && d.view != inboxView {
		return delivery{}, "", errNotInInbox
	}
	for _, id := range candidates(identity) {
		if hash64(id) == d.visitor {
			return d, id, nil
		}
	}
	return delivery{}, "", errors.New("deliveryId belongs to another visitor")
}

// errPreview is what is said of reports of a preview: they are taken, and nothing follows from them.
var errPreview = errors.New("it is a preview")

// candidates are the ids under which a visitor may have received a delivery.
func candidates(identity visitor.Identity) []string {
	var ids []string
	if identity.User != "" {
		ids = append(ids, "u:"+identity.User)
	}
	if identity.Anonymous != "" {
		ids = append(ids, "a:"+identity.Anonymous)
	}
	return ids
}

// metrics are the statistics that outcomes raise; changed raises none.
var metrics = map[Outcome]store.Metric{
	OutcomeOpened:    store.MetricOpened,
	OutcomeClicked:   store.MetricClicked,
	OutcomeDismissed: store.MetricDismissed,
	OutcomeError:     store.MetricError,
}

// firsts are the statistics that outcomes raise once for each visitor.
var firsts = map[Outcome]store.Metric{OutcomeOpened: store.MetricViewers, OutcomeClicked: store.MetricClickers}

var kinds = map[Outcome]visitor.ChangeKind{
	OutcomeOpened:    visitor.Opened,
	OutcomeClicked:   visitor.Clicked,
	OutcomeDismissed: visitor.Dismissed,
	OutcomeError:     visitor.Failed,
}

// mutate adds what a report changes: the record of the visitor who received the delivery, and, where that visitor has
// identified since, the person's own record, without counting twice.
func (e *Engine) mutate(mutations []store.Mutation, after []counted, identity visitor.Identity, owner string, d delivery, report Report, now time.Time) ([]store.Mutation, []counted) {
	kind, known := kinds[report.Outcome]
	if !known {
		return mutations, after
	}
	change := visitor.Change{Kind: kind, Message: d.message, Delivery: d.key, At: now, Test: d.test, Run: d.of.run, Sent: d.of.sent, View: d.view, Variant: d.of.variant}
	key := store.Key{Workspace: e.workspace, Visitor: owner}
	if kind == visitor.Opened && !d.test {
		change.Visit = report.visit
		mutations = e.makeReal(mutations, key, d, change) // it has started before it came on screen
	}
	mutation := store.Mutation{Key: key, Change: change}
	follow := counted{at: len(mutations), message: d.message}
	if !d.test {
		follow.metric = metrics[report.Outcome]
		mutation.Metric = follow.metric.In(d.of.variant)
		if first := firsts[report.Outcome]; first != "" {
			mutation.First = first.In(d.of.variant)
		}
	}
	if kind == visitor.Opened && !d.test {
		change.IgnoresThrottle, change.Throttles, follow.also = e.throttlingOf(d.message)
		mutation.Change, follow.release = change, &key
	}
	mutations, after = append(mutations, mutation), append(after, follow)
	changes := []visitor.Change{change}
	if report.leadsOn() && !d.test {
		change.Kind = visitor.Acted
		mutations, changes = append(mutations, store.Mutation{Key: key, Change: change}), append(changes, change)
	}
	if rest := snooze(report.ActionValue); rest > 0 && kind == visitor.Clicked && !d.test {
		change.Kind, change.Until = visitor.Snoozed, now.Add(rest)
		mutations, changes = append(mutations, store.Mutation{Key: key, Change: change}), append(changes, change)
	}
	if current := identity.ID(); current != owner {
		for _, change := range changes {
			mutations = append(mutations, store.Mutation{Key: store.Key{Workspace: e.workspace, Visitor: current}, Change: change})
		}
	}
	return mutations, after
}

func (e *Engine) event(owner string, d delivery, report Report, now time.Time) eventlog.Event {
	event := eventlog.Event{
		ID: report.EventID, Type: "report", Workspace: e.workspace, Visitor: owner, Message: d.message, Delivery: d.id,
		Name: string(report.Outcome), At: now,
	}
	properties := map[string]any{}
	for name, value := range map[string]string{
		"actionName": report.ActionName, "actionValue": report.ActionValue, "reason": report.Reason, "variant": d.of.variant,
	} {
		if value != "" {
			properties[name] = value
		}
	}
	if d.test {
		properties["test"] = true
	}
	if !report.At.IsZero() {
		properties["reportedAt"] = report.At.UTC().Format(time.RFC3339Nano)
	}
	if len(properties) > 0 {
		event.Properties = properties
	}
	return event
}

// keep makes a batch durable: the log first, so that what was counted can always be found in it.
func (e *Engine) keep(ctx context.Context, mutations []store.Mutation, after []counted, events []eventlog.Event) error {
	if e.events != nil {
		if err := e.events.Append(ctx, events...); err != nil {
			return fmt.Errorf("keeping reports: %w", err)
		}
	}
	if len(mutations) == 0 {
		return nil
	}
	outcomes, err := e.store.Apply(ctx, mutations)
	if err != nil {
		return fmt.Errorf("counting reports: %w", err)
	}
	for _, follow := range after {
		// A repeat has nothing to give back: the lease of today is that of a newer delivery.
		if follow.release != nil && outcomes[follow.at].Counted {
			err := e.store.Release(ctx, *follow.release, follow.message)
			for _, lease := range follow.also {
				err = errors.Join(err, e.store.Release(ctx, *follow.release, lease))
			}
			if err != nil {
				e.logger.Warn("a lease was not given back; it lapses by itself", "message", follow.message, "error", err)
			}
		}
		if outcomes[follow.at].Counted && follow.metric != "" {
			e.recorder.Reported(follow.metric)
		}
	}
	return nil
}
