package engine

import (
	"context"
	"fmt"
	"sort"

	"handbill/engine/store"
)

// MessageStatistics are the counts of one message over all visitors, since the store was made.
type MessageStatistics struct {
	// Message is its id.
	Message string `json:"message"`
	// Status is its status in the workspace; empty when the workspace does not have it any more.
	Status string `json:"status,omitempty"`
	// Started is how often a campaign was started, or a transactional message sent.
	Started int64 `json:"started,omitempty"`
	// Deliveries is how often it was handed to a visitor; durable within a second.
	Deliveries int64 `json:"deliveries"`
	// Opened, Clicked, Dismissed and Errors are what browsers reported; each report counts once.
	Opened    int64 `json:"opened"`
	Clicked   int64 `json:"clicked"`
	Dismissed int64 `json:"dismissed"`
	Errors    int64 `json:"errors"`
	// Converted is how many visitors reached its goal after they had seen it.
	Converted int64 `json:"converted"`
	// Shadow is how often a message with the status "shadow" would have been shown.
	Shadow int64 `json:"shadow,omitempty"`
}

// Statistics returns the counts of every message of the workspace in its order, then of messages that were counted once
// and are gone.
func (e *Engine) Statistics(ctx context.Context) ([]MessageStatistics, error) {
	counts, err := e.store.Statistics(ctx, e.workspace)
	if err != nil {
		return nil, fmt.Errorf("reading statistics: %w", err)
	}
	var all []MessageStatistics
	known := map[string]bool{}
	if snapshot := e.Snapshot(); snapshot != nil {
		for _, m := range snapshot.Messages {
			known[m.ID] = true
			all = append(all, row(m.ID, string(m.Status), counts[m.ID]))
		}
	}
	var gone []string
	for id := range counts {
		if !known[id] {
			gone = append(gone, id)
		}
	}
	sort.Strings(gone)
	for _, id := range gone {
		all = append(all, row(id, "", counts[id]))
	}
	return all, nil
}

func row(id, status string, counts map[store.Metric]int64) MessageStatistics {
	return MessageStatistics{
		Message: id, Status: status,
		Deliveries: counts[store.MetricDelivered], Opened: counts[store.MetricOpened], Clicked: counts[store.MetricClicked],
		Dismissed: counts[store.MetricDismissed], Errors: counts[store.MetricError],
		Converted: counts[store.MetricConverted],
		Started:   counts[store.MetricStarted], Shadow: counts[store.MetricShadow],
	}
}
