package caddymodule

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"handbill/engine"
)

func statsCommand() *cobra.Command {
	var admin adminFlags
	command := &cobra.Command{
		Use:   "stats",
		Short: "Prints how often each message was delivered, opened, clicked, dismissed, failed, and reached its goal",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var answer statistics
			if err := admin.ask(http.MethodGet, "statistics", nil, nil, &answer); err != nil {
				return err
			}
			return printStatistics(command.OutOrStdout(), answer.Messages)
		},
	}
	admin.add(command)
	return command
}

func printStatistics(out io.Writer, messages []engine.MessageStatistics) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MESSAGE\tSTATUS\tSTARTED\tDELIVERIES\tOPENED\tCLICKED\tDISMISSED\tERRORS\tCONVERTED\tSHADOW")
	for _, m := range messages {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n",
			m.Message, cmp.Or(m.Status, "gone"), m.Started, m.Deliveries, m.Opened, m.Clicked, m.Dismissed, m.Errors, m.Converted, m.Shadow)
	}
	return table.Flush()
}
