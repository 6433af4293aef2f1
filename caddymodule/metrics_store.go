package caddymodule

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"handbill/engine/store"
)

// journals tells of the journals of the open stores, when it is asked.
type journals struct{}

func journalMetric(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName("caddy", directive, "store_journal_"+name), help, append([]string{"store"}, labels...), nil)
}

var (
	journalWaiting = journalMetric("waiting",
		"Changes of visitors that wait in the journal, because the store cannot be reached.")
	journalBytes = journalMetric("bytes",
		"What the journal has on disk.")
	journalLimit = journalMetric("limit_bytes",
		"What the journal may have on disk.")
	journalOldest = journalMetric("oldest_seconds",
		"How long the oldest change in the journal has been waiting; 0: none waits.")
	journalEntries = journalMetric("entries_total",
		"What became of changes for the journal: taken, written (to the store), refused (no room, or no disk) or lost (they could not be made any more).", "event")
)

// Describe names the metrics.
func (journals) Describe(descriptions chan<- *prometheus.Desc) {
	for _, one := range []*prometheus.Desc{journalWaiting, journalBytes, journalLimit, journalOldest, journalEntries} {
		descriptions <- one
	}
}

// Collect asks the journals.
func (journals) Collect(metrics chan<- prometheus.Metric) {
	storages.Range(func(_, value any) bool {
		opened, ok := value.(*storage)
		if !ok {
			return true
		}
		waiter, ok := opened.inUse().(store.Waiter)
		if !ok {
			return true
		}
		state := waiter.Journal()
		gauge := func(of *prometheus.Desc, n float64) {
			metrics <- prometheus.MustNewConstMetric(of, prometheus.GaugeValue, n, opened.place)
		}
		gauge(journalWaiting, float64(state.Waiting))
		gauge(journalBytes, float64(state.Bytes))
		gauge(journalLimit, float64(state.Limit))
		oldest := 0.0
		if !state.Oldest.IsZero() {
			oldest = max(time.Since(state.Oldest).Seconds(), 0)
		}
		gauge(journalOldest, oldest)
		for event, n := range map[string]uint64{"taken": state.Taken, "written": state.Written, "refused": state.Refused, "lost": state.Lost} {
			metrics <- prometheus.MustNewConstMetric(journalEntries, prometheus.CounterValue, float64(n), opened.place, event)
		}
		return true
	})
}
