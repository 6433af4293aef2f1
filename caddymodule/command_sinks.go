package caddymodule

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"handbill/engine/eventlog/sink"
)

func sinksCommand() *cobra.Command {
	var admin adminFlags
	var asJSON bool
	command := &cobra.Command{
		Use:   "sinks",
		Short: "Prints what waits for each sink, how old it is, and what keeps it from being handed over",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var answer sinksAnswer
			if err := admin.askServer(http.MethodGet, sinksPath, &answer); err != nil {
				return err
			}
			if asJSON {
				return printJSON(command.OutOrStdout(), answer)
			}
			return printSinks(command.OutOrStdout(), answer.Sinks)
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "Print JSON, as the admin API answers it")
	admin.addServer(command)
	command.AddCommand(replayCommand())
	return command
}

func replayCommand() *cobra.Command {
	var admin adminFlags
	command := &cobra.Command{
		Use:   "replay SINK",
		Short: "Hands a sink's dead letters over anew",
		Long: `
Hands a sink's dead letters over anew: what its other side has refused, for as long as that was wrong. What is refused again is
among the dead letters again.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			var answer replayed
			if err := admin.askServer(http.MethodPost, sinksPath+"/"+url.PathEscape(arguments[0])+"/replay", &answer); err != nil {
				return err
			}
			_, err := fmt.Fprintf(command.OutOrStdout(), "The sink %s hands over %s anew.\n", answer.Sink, counted(answer.Letters, "dead letter"))
			return err
		},
	}
	admin.addServer(command)
	return command
}

// counted writes how many there are of something.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func printSinks(out io.Writer, states []sink.State) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SINK\tTARGET\tPENDING\tOLDEST\tDELIVERED\tDEAD LETTERS\tLOST\tPROBLEM")
	for _, s := range states {
		oldest := "-"
		if s.OldestSeconds > 0 {
			oldest = (time.Duration(s.OldestSeconds) * time.Second).String()
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%d\t%d\t%d\t%s\n", s.Name, s.Target, s.Pending, oldest, s.Delivered, s.DeadLetters, s.Lost, cmp.Or(s.Problem, "-"))
	}
	return table.Flush()
}

// addServer adds the flags that say which running server a command asks.
func (f *adminFlags) addServer(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.address, "address", "", "The address of the admin API, if not that of the configuration")
	flags.StringVarP(&f.config, "config", "c", "", "The configuration file that names the admin API's address")
	flags.StringVarP(&f.adapter, "adapter", "a", "", "The adapter to read the configuration with")
}

// askServer calls a path that belongs to no workspace.
func (f *adminFlags) askServer(method, call string, answer any) error {
	address, err := caddycmd.DetermineAdminAPIAddress(f.address, nil, f.config, f.adapter)
	if err != nil {
		return err
	}
	return askAdmin(address, method, adminPath+call, nil, answer)
}
