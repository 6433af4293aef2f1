package caddymodule

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"handbill/engine"
	"handbill/engine/proof"
	"handbill/engine/store"
	"handbill/inject"
)

// The metrics count over the life of the process. Caddy makes a new registry with every configuration, so they are made
// once and registered with each. Their labels are bounded: the workspaces of the configuration, and fixed words.
var (
	injectedTotal = prometheus.NewCounterVec(counter("injected_total",
		"Pages that a snippet was inserted into."), []string{"workspace"})
	skippedTotal = prometheus.NewCounterVec(counter("skipped_total",
		"Responses that passed without a snippet, by the reason why."), []string{"workspace", "reason"})
	pollsTotal = prometheus.NewCounterVec(counter("polls_total",
		"Polls answered, by the answer: messages, nothing, unchanged or failed."), []string{"workspace", "result"})
	pollsRepeatedTotal = prometheus.NewCounterVec(counter("polls_repeated_total",
		"Polls that were answered as the same question was before, without being decided anew."), []string{"workspace"})
	decisionsTotal = prometheus.NewCounterVec(counter("decisions_total",
		"Decisions about messages in polls, by the reason against the message; due: none."), []string{"workspace", "reason"})
	deliveriesTotal = prometheus.NewCounterVec(counter("deliveries_total",
		"Messages handed to a visitor."), []string{"workspace"})
	reportsTotal = prometheus.NewCounterVec(counter("reports_total",
		"Reports of browsers that counted, by what they report."), []string{"workspace", "metric"})
	withheldTotal = prometheus.NewCounterVec(counter("withheld_total",
		"Messages that would have been shown and were held back, by the reason why."), []string{"workspace", "reason"})
	reportsRefusedTotal = prometheus.NewCounterVec(counter("reports_refused_total",
		"Reports that were not believed."), []string{"workspace"})
	streamsOpen = prometheus.NewGaugeVec(prometheus.GaugeOpts(counter("streams_open",
		"Streams that browsers hold open.")), []string{"workspace"})
	streamsTotal = prometheus.NewCounterVec(counter("streams_total",
		"What happened to streams: opened, closed, pushed, merged, dropped or refused."), []string{"workspace", "event"})
	identityRefusedTotal = prometheus.NewCounterVec(counter("identity_refused_total",
		"Claims to be a user that were not believed, by the reason why."), []string{"workspace", "reason"})
)

func counter(name, help string) prometheus.CounterOpts {
	return prometheus.CounterOpts{Namespace: "caddy", Subsystem: directive, Name: name, Help: help}
}

// registerMetrics makes the counters visible in a configuration's registry.
func registerMetrics(registry *prometheus.Registry) error {
	for _, collector := range append(sinkMetrics(),
		injectedTotal, skippedTotal, pollsTotal, pollsRepeatedTotal, decisionsTotal, deliveriesTotal, reportsTotal, withheldTotal, reportsRefusedTotal,
		streamsOpen, streamsTotal,
		identityRefusedTotal, journals{},
		sourceLooksTotal, sourceProblems, sourceLastGood, sourceFetched, sourceChecked,
	) {
		var already prometheus.AlreadyRegisteredError
		if err := registry.Register(collector); err != nil && !errors.As(err, &already) {
			return err
		}
	}
	return nil
}

// engineRecorder counts for a workspace's engine.
type engineRecorder struct {
	streams              *prometheus.CounterVec
	streamsOpen          prometheus.Gauge
	polls                map[engine.PollResult]prometheus.Counter
	repeated             prometheus.Counter
	reports, withheld    *prometheus.CounterVec
	claims               *prometheus.CounterVec
	deliveries, refusals prometheus.Counter
	decisions            map[engine.Reason]prometheus.Counter
}

var _ engine.Recorder = engineRecorder{}

func newEngineRecorder(workspace string) engineRecorder {
	label := prometheus.Labels{"workspace": workspace}
	decisions := map[engine.Reason]prometheus.Counter{}
	for _, reason := range append(engine.Reasons(), engine.ReasonNone) {
		decisions[reason] = decisionsTotal.WithLabelValues(workspace, reason.Decision())
	}
	polls := map[engine.PollResult]prometheus.Counter{}
	for _, result := range []engine.PollResult{engine.PollMessages, engine.PollNothing, engine.PollUnchanged, engine.PollFailed} {
		polls[result] = pollsTotal.WithLabelValues(workspace, string(result))
	}
	return engineRecorder{
		decisions:  decisions,
		polls:      polls,
		repeated:   pollsRepeatedTotal.With(label),
		reports:    reportsTotal.MustCurryWith(label),
		withheld:   withheldTotal.MustCurryWith(label),
		deliveries: deliveriesTotal.With(label),
		refusals:   reportsRefusedTotal.With(label),
		streams:    streamsTotal.MustCurryWith(label), streamsOpen: streamsOpen.With(label),
		claims: identityRefusedTotal.MustCurryWith(label),
	}
}

// Polled counts a poll.
func (r engineRecorder) Polled(result engine.PollResult) {
	r.polls[result].Inc()
}

// Repeated counts a poll whose answer was remembered.
func (r engineRecorder) Repeated() { r.repeated.Inc() }

// Decided counts decisions.
func (r engineRecorder) Decided(reason engine.Reason, messages int) {
	r.decisions[reason].Add(float64(messages))
}

// Delivered counts a delivery.
func (r engineRecorder) Delivered() { r.deliveries.Inc() }

// Reported counts a report.
func (r engineRecorder) Reported(metric store.Metric) {
	r.reports.WithLabelValues(string(metric)).Inc()
}

// Withheld counts a message that was held back.
func (r engineRecorder) Withheld(metric store.Metric) {
	r.withheld.WithLabelValues(string(metric)).Inc()
}

// Refused counts a report that was not believed.
func (r engineRecorder) Refused() { r.refusals.Inc() }

// Streamed counts what happens to streams.
func (r engineRecorder) Streamed(event engine.StreamEvent) {
	r.streams.WithLabelValues(string(event)).Inc()
	switch event {
	case engine.StreamOpened:
		r.streamsOpen.Inc()
	case engine.StreamClosed:
		r.streamsOpen.Dec()
	}
}

// ClaimRefused counts a claim to be a user that was not believed.
func (r engineRecorder) ClaimRefused(reason proof.Reason) {
	r.claims.WithLabelValues(string(reason)).Inc()
}

// injectRecorder counts for a site's injector.
type injectRecorder struct {
	injected prometheus.Counter
	skipped  []prometheus.Counter // by inject.Reason
}

var _ inject.Recorder = injectRecorder{}

func newInjectRecorder(workspace string) injectRecorder {
	r := injectRecorder{injected: injectedTotal.WithLabelValues(workspace)}
	for _, reason := range append([]inject.Reason{inject.ReasonNone}, inject.Reasons()...) {
		r.skipped = append(r.skipped, skippedTotal.WithLabelValues(workspace, reason.String()))
	}
	return r
}

// Injected counts an injected page.
func (r injectRecorder) Injected() { r.injected.Inc() }

// Skipped counts a response that passed.
func (r injectRecorder) Skipped(reason inject.Reason) {
	if int(reason) < len(r.skipped) {
		r.skipped[reason].Inc()
	}
}
