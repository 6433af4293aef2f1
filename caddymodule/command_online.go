package caddymodule

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"handbill/engine"
	"handbill/engine/experiment"
)

func statsCommand() *cobra.Command {
	var admin adminFlags
	var asJSON, reasons bool
	command := &cobra.Command{
		Use:   "stats",
		Short: "Prints how often each message was delivered, opened, clicked, dismissed, failed, and reached its goal",
		Long: `
Prints how often each message was delivered, opened, clicked, dismissed, failed, and reached its goal. With --reasons it
prints instead how polls decided about each message since the server began to serve the workspace: how often it was due, and
for which reasons it was not.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var answer statistics
			if err := admin.ask(http.MethodGet, "statistics", nil, nil, &answer); err != nil {
				return err
			}
			switch out := command.OutOrStdout(); {
			case asJSON:
				return printJSON(out, answer)
			case reasons:
				return printDecisions(out, answer.Decisions)
			default:
				return printStatistics(out, answer.Messages)
			}
		},
	}
	command.Flags().BoolVar(&reasons, "reasons", false, "Print how often each message was due, and for which reasons it was not")
	command.Flags().BoolVar(&asJSON, "json", false, "Print JSON, as the admin API answers it")
	admin.add(command)
	return command
}

// printDecisions prints a line for each message and reason, the most frequent first.
func printDecisions(out io.Writer, messages []engine.MessageDecisions) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MESSAGE\tDECISION\tPOLLS\tSHARE")
	for _, m := range messages {
		all := int64(0)
		for _, n := range m.Decisions {
			all += n
		}
		for _, decision := range slices.SortedFunc(maps.Keys(m.Decisions), func(a, b string) int {
			return cmp.Or(cmp.Compare(m.Decisions[b], m.Decisions[a]), cmp.Compare(a, b))
		}) {
			n := m.Decisions[decision]
			fmt.Fprintf(table, "%s\t%s\t%d\t%.1f %%\n", m.Message, decision, n, 100*float64(n)/float64(all))
		}
	}
	return table.Flush()
}

func printStatistics(out io.Writer, messages []engine.MessageStatistics) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MESSAGE\tSTATUS\tSTARTED\tDELIVERIES\tOPENED\tCLICKED\tDISMISSED\tERRORS\tVIEWERS\tCONVERTED\tSHADOW\tHELD OUT\tCONVERSION\tDIFFERENCE")
	row := func(name, status, started string, c engine.Counts, shadow, heldOut string) {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\n",
			name, status, started, c.Deliveries, c.Opened, c.Clicked, c.Dismissed, c.Errors, c.Viewers, c.Converted, shadow, heldOut, rateText(c.ConversionRate), changeText(c.Difference))
	}
	for _, m := range messages {
		row(m.Message, cmp.Or(m.Status, "gone"), fmt.Sprint(m.Started), m.Counts, fmt.Sprint(m.Shadow), fmt.Sprint(m.HeldOut))
		for _, v := range m.Variants {
			row("  "+cmp.Or(v.Variant, "before variants"), "", "", v.Counts, "", "")
		}
		if h := m.Holdout; h != nil {
			fmt.Fprintf(table, "  holdout\t\t\t\t\t\t\t\t%d\t%d\t\t%d\t%s\t\n", h.Visitors, h.Converted, m.HeldOut, rateText(h.ConversionRate))
		}
	}
	return table.Flush()
}

// rateText writes a rate in percent, with the bounds of its interval.
func rateText(r *experiment.Rate) string {
	if r == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*r.Value, 100*r.Low, 100*r.High)
}

// changeText writes a difference in percentage points, with the bounds of its interval.
func changeText(c *experiment.Change) string {
	if c == nil {
		return "-"
	}
	return fmt.Sprintf("%+.1f (%+.1f to %+.1f) from %s", 100*c.Value, 100*c.Low, 100*c.High, c.Against)
}
