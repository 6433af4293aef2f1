package engine

import (
	"context"
	"fmt"
	"slices"
	"sort"

	"handbill/engine/experiment"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// Counts are what was counted of a message, or of a variant of one, over all visitors, since the store was made.
type Counts struct {
	// Deliveries is how often it was handed to a visitor; durable within a second.
	Deliveries int64 `json:"deliveries"`
	// Opened, Clicked, Dismissed and Errors are what browsers reported; each report counts once.
	Opened    int64 `json:"opened"`
	Clicked   int64 `json:"clicked"`
	Dismissed int64 `json:"dismissed"`
	Errors    int64 `json:"errors"`
	// Viewers is how many visitors saw it, Clickers how many of them used a button.
	Viewers  int64 `json:"viewers"`
	Clickers int64 `json:"clickers"`
	// Converted is how many visitors reached its goal after they had seen it.
	Converted int64 `json:"converted"`
	// ClickRate and ConversionRate are the part of its viewers who did that, with an interval of 95 % confidence by Wilson's
	// method; there are none as long as it has no viewers. A message without a goal has no conversion rate.
	ClickRate      *experiment.Rate `json:"clickRate,omitempty"`
	ConversionRate *experiment.Rate `json:"conversionRate,omitempty"`
	// Difference is by how much the conversion rate is above that of the variant or holdout that it names, with an interval
	// of 95 % confidence by Newcombe's method.
	Difference *experiment.Change `json:"difference,omitempty"`
}

// MessageStatistics are the counts of one message.
type MessageStatistics struct {
	// Message is its id.
	Message string `json:"message"`
	// Status is its status in the workspace; empty when the workspace does not have it any more.
	Status string `json:"status,omitempty"`
	// Started is how often a campaign was started, or a transactional message sent.
	Started int64 `json:"started,omitempty"`
	// Counts are those of the whole message.
	Counts
	// Shadow is how often a message with the status "shadow" would have been shown.
	Shadow int64 `json:"shadow,omitempty"`
	// HeldOut is how often it would have been shown to somebody of its holdout.
	HeldOut int64 `json:"heldOut,omitempty"`
	// Variants are its variants in their order, then those that were counted once and are gone.
	Variants []VariantStatistics `json:"variants,omitempty"`
	// Holdout are the visitors who were held out; nil while there were none.
	Holdout *HoldoutStatistics `json:"holdout,omitempty"`
}

// VariantStatistics are the counts of one variant.
type VariantStatistics struct {
	// Variant is its id; that of what was shown while the message had no variants is empty.
	Variant string `json:"variant"`
	Counts
}

// HoldoutStatistics are those of the visitors from whom a holdout withheld a message.
type HoldoutStatistics struct {
	// Visitors is how many would have seen it, Converted how many of them reached its goal all the same.
	Visitors  int64 `json:"visitors"`
	Converted int64 `json:"converted"`
	// ConversionRate is as in [Counts].
	ConversionRate *experiment.Rate `json:"conversionRate,omitempty"`
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
			all = append(all, row(m.ID, m, counts[m.ID]))
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
		all = append(all, row(id, nil, counts[id]))
	}
	return all, nil
}

// row are the statistics of a message; m is nil where the workspace does not have it any more.
func row(id string, m *workspace.Message, counts map[store.Metric]int64) MessageStatistics {
	parts, whole := map[string]map[store.Metric]int64{}, map[store.Metric]int64{}
	for metric, n := range counts {
		counted, variant := metric.Variant()
		if parts[variant] == nil {
			parts[variant] = map[store.Metric]int64{}
		}
		parts[variant][counted] += n
		whole[counted] += n
	}
	goal := m == nil || m.Goal != nil
	made := MessageStatistics{
		Message: id, Counts: countsOf(whole, goal),
		Started: whole[store.MetricStarted], Shadow: whole[store.MetricShadow], HeldOut: whole[store.MetricHeldOut],
	}
	if m != nil {
		made.Status = string(m.Status)
	}
	if seen := whole[store.MetricHeldOutViewers]; seen > 0 {
		made.Holdout = &HoldoutStatistics{Visitors: seen, Converted: whole[store.MetricHeldOutConverted]}
		if goal {
			made.Holdout.ConversionRate = experiment.Share(made.Holdout.Converted, seen)
			made.Difference = experiment.Difference(made.ConversionRate, made.Holdout.ConversionRate, visitor.Holdout)
		}
	}
	made.Variants = variantRows(m, parts, goal)
	return made
}

// variantRows are the rows of variants: those that the message has, then others that were counted.
func variantRows(m *workspace.Message, parts map[string]map[store.Metric]int64, goal bool) []VariantStatistics {
	var order []string
	if m != nil {
		for _, v := range m.Variants {
			order = append(order, v.Message.Variant)
		}
	}
	var gone []string
	for variant := range parts {
		if variant != "" && !slices.Contains(order, variant) {
			gone = append(gone, variant)
		}
	}
	sort.Strings(gone)
	order = append(order, gone...)
	if len(order) == 0 {
		return nil
	}
	if before := parts[""]; before[store.MetricOpened]+before[store.MetricDelivered] > 0 {
		order = append(order, "")
	}
	var rows []VariantStatistics
	control := countsOf(parts[workspace.Control], goal)
	for _, variant := range order {
		made := VariantStatistics{Variant: variant, Counts: countsOf(parts[variant], goal)}
		if variant != workspace.Control && variant != "" {
			made.Difference = experiment.Difference(made.ConversionRate, control.ConversionRate, workspace.Control)
		}
		rows = append(rows, made)
	}
	return rows
}

func countsOf(counts map[store.Metric]int64, goal bool) Counts {
	made := Counts{
		Deliveries: counts[store.MetricDelivered], Opened: counts[store.MetricOpened], Clicked: counts[store.MetricClicked],
		Dismissed: counts[store.MetricDismissed], Errors: counts[store.MetricError],
		Viewers: counts[store.MetricViewers], Clickers: counts[store.MetricClickers], Converted: counts[store.MetricConverted],
	}
	made.ClickRate = experiment.Share(made.Clickers, made.Viewers)
	if goal {
		made.ConversionRate = experiment.Share(made.Converted, made.Viewers)
	}
	return made
}
