package caddymodule

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"

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

func explainCommand() *cobra.Command {
	var admin adminFlags
	var query explainQuery
	command := &cobra.Command{
		Use:   "explain --url URL [PATH]",
		Short: "Says why each message is shown on a page, or not",
		Long: `
Takes the same decisions as for a browser and prints each check that a message passed or failed. With PATH, a TOML file or a
folder of them, it reads the workspace there, for a visitor who was never here; without, it asks the running server, which
also knows what --visitor has seen.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, paths []string) error {
			var answer engine.Explanation
			var err error
			if len(paths) > 0 {
				answer, err = explainOffline(command.Context(), paths[0], query)
			} else {
				err = admin.ask(http.MethodGet, "explain", query.values(), nil, &answer)
			}
			if err != nil {
				return err
			}
			return printExplanation(command.OutOrStdout(), answer)
		},
	}
	flags := command.Flags()
	flags.StringVar(&query.URL, "url", "", "The page's address, as the browser shows it")
	flags.StringVar(&query.Name, "name", "", "The page's name, where the site calls page(\"Name\")")
	flags.StringVar(&query.Visitor, "visitor", "", "An e-mail address, a user id or an anonymous id; without: somebody new")
	flags.StringVar(&query.At, "at", "", "The time to decide for, such as 2026-12-01T09:00:00Z; without: now")
	flags.StringVar(&query.Zone, "zone", "", "The visitor's IANA time zone, such as Europe/Berlin; without: not known")
	flags.StringArrayVar(&query.Headers, "header", nil, "A header of the visitor's request, such as 'Accept-Language: de' or 'User-Agent: …'; may be given several times")
	flags.StringVar(&query.Country, "country", "", "The visitor's country, such as DE; without: what a header of the configuration says")
	if err := command.MarkFlagRequired("url"); err != nil {
		panic(err) // the flag stands above
	}
	admin.add(command)
	return command
}

// values is the query as the admin API takes it.
func (q explainQuery) values() url.Values {
	values := url.Values{}
	for name, value := range map[string]string{"url": q.URL, "name": q.Name, "visitor": q.Visitor, "at": q.At, "country": q.Country, "zone": q.Zone} {
		if value != "" {
			values.Set(name, value)
		}
	}
	for _, header := range q.Headers {
		values.Add("header", header)
	}
	return values
}

func printExplanation(out io.Writer, e engine.Explanation) error {
	known := ""
	if !e.Known {
		known = ", of whom nothing is remembered"
	}
	fmt.Fprintf(out, "%s at %s, for %s%s:\n", e.Page, e.At.Local().Format(time.DateTime), e.Visitor, known)
	switch e.Level {
	case "claimed":
		fmt.Fprintln(out, "Their user id is a claim: nothing has proven it.")
	case "proven":
		fmt.Fprintln(out, "Their user id has been proven.")
	}
	if r := e.Refused; r != nil {
		fmt.Fprintf(out, "At %s a claim to be %s was refused: %s: %s\n", r.At.Local().Format(time.DateTime), r.User, r.Reason, r.Sentence)
	}
	if len(e.Messages) == 0 {
		fmt.Fprintln(out, "The workspace has no messages.")
	}
	for _, m := range e.Messages {
		verdict := "is shown"
		if !m.Due {
			verdict = "is not shown: " + string(m.Reason)
		}
		fmt.Fprintf(out, "\n%s %s (%s)\n", m.Message, verdict, m.Position)
		for _, check := range m.Checks {
			mark, help := "yes", ""
			if !check.Passed {
				mark, help = "no ", "; "+check.Help
			}
			fmt.Fprintf(out, "  %s  %-9s  %s%s\n", mark, check.Name, check.Saw, help)
		}
	}
	return nil
}
