package caddymodule

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
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
	fmt.Fprintln(table, "MESSAGE\tSTATUS\tDELIVERIES\tOPENED\tCLICKED\tDISMISSED\tERRORS\tCONVERTED")
	for _, m := range messages {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\n",
			m.Message, cmp.Or(m.Status, "gone"), m.Deliveries, m.Opened, m.Clicked, m.Dismissed, m.Errors, m.Converted)
	}
	return table.Flush()
}

func sendCommand() *cobra.Command {
	var admin adminFlags
	var to string
	command := &cobra.Command{
		Use:   "send --test EMAIL_OR_ID [MESSAGE]",
		Short: "Shows a message to one person, to try it",
		Long: `
Shows a message to one person on the next page that its page rules allow, whatever its status, audience, schedule and
frequency. The showing is not counted. Without MESSAGE it is a built-in hello, which every workspace has.

The person is named by the e-mail address or the user id with which the site calls identify. An e-mail address must have been
identified before; a message to an unknown id waits for 24 hours.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			request := sendRequest{Test: true, To: to}
			if len(arguments) > 0 {
				request.Message = arguments[0]
			}
			var receipt engine.TestReceipt
			if err := admin.ask(http.MethodPost, "send", nil, request, &receipt); err != nil {
				return err
			}
			return printReceipt(command.OutOrStdout(), to, receipt)
		},
	}
	command.Flags().StringVar(&to, "test", "", "The e-mail address, user id or anonymous id of the person")
	if err := command.MarkFlagRequired("test"); err != nil {
		panic(err) // the flag stands one line above
	}
	admin.add(command)
	return command
}

func printReceipt(out io.Writer, to string, receipt engine.TestReceipt) error {
	unknown := ""
	if !receipt.Known {
		unknown = ", who has not been here yet"
	}
	_, err := fmt.Fprintf(out, "%s waits for %s (%s)%s, until %s.\nIt shows on a page that fits: %s\n",
		receipt.Message, to, receipt.Visitor, unknown, receipt.Until.Local().Format(time.DateTime), strings.Join(receipt.Pages, " or "))
	return err
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
