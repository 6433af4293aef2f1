package caddymodule

import (
	"github.com/prometheus/client_golang/prometheus"

	"handbill/engine/eventlog/sink"
)

// The metrics of sinks. Their labels are the names of the configuration's sinks.
var (
	sinkDeliveredTotal = prometheus.NewCounterVec(counter("sink_delivered_total",
		"Reports and events that a sink has handed over."), []string{"sink"})
	sinkDeadTotal = prometheus.NewCounterVec(counter("sink_dead_total",
		"Reports and events that the other side of a sink refused, so that they are among the dead letters."), []string{"sink"})
	sinkLostTotal = prometheus.NewCounterVec(counter("sink_lost_total",
		"Reports and events that the log had to remove before a sink could hand them over."), []string{"sink"})
	sinkPending = prometheus.NewDesc(prometheus.BuildFQName("caddy", directive, "sink_pending"),
		"Reports and events in the log that a sink has not handed over yet.", []string{"sink"}, nil)
	sinkOldest = prometheus.NewDesc(prometheus.BuildFQName("caddy", directive, "sink_oldest_seconds"),
		"How long ago the first of them happened; 0 when nothing waits.", []string{"sink"}, nil)
)

// sinkMetrics are all of them.
func sinkMetrics() []prometheus.Collector {
	return []prometheus.Collector{sinkDeliveredTotal, sinkDeadTotal, sinkLostTotal, waitingSinks{}}
}

// waitingSinks tells what waits, when it is asked.
type waitingSinks struct{}

// Describe names the two metrics.
func (waitingSinks) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- sinkPending
	descriptions <- sinkOldest
}

// Collect asks every sink at work. In a reload two may have the same name, on two stores.
func (waitingSinks) Collect(metrics chan<- prometheus.Metric) {
	pending, oldest := map[string]int{}, map[string]float64{}
	sinks.Range(func(_, value any) bool {
		if one, ok := value.(*sinkAtWork); ok {
			if runner := one.at(); runner != nil {
				state := runner.State()
				pending[state.Name] += state.Pending
				oldest[state.Name] = max(oldest[state.Name], state.OldestSeconds)
			}
		}
		return true
	})
	for name, events := range pending {
		metrics <- prometheus.MustNewConstMetric(sinkPending, prometheus.GaugeValue, float64(events), name)
		metrics <- prometheus.MustNewConstMetric(sinkOldest, prometheus.GaugeValue, oldest[name], name)
	}
}

// sinkRecorder counts for a sink.
type sinkRecorder struct{ delivered, dead, lost prometheus.Counter }

var _ sink.Recorder = sinkRecorder{}

func newSinkRecorder(name string) sinkRecorder {
	return sinkRecorder{sinkDeliveredTotal.WithLabelValues(name), sinkDeadTotal.WithLabelValues(name), sinkLostTotal.WithLabelValues(name)}
}

// Delivered counts events that were handed over.
func (r sinkRecorder) Delivered(events int) { r.delivered.Add(float64(events)) }

// Died counts events that were refused.
func (r sinkRecorder) Died(events int) { r.dead.Add(float64(events)) }

// Lost counts events that are gone.
func (r sinkRecorder) Lost(events int) { r.lost.Add(float64(events)) }
