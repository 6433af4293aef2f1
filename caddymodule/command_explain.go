package caddymodule

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

func explainCommand() *cobra.Command {
	var admin adminFlags
	var query explainQuery
	var asJSON bool
	command := &cobra.Command{
		Use:   "explain --url URL [PATH]",
		Short: "Says why each message is shown on a page, or not, and whether the page is injected",
		Long: `
Takes the same decisions as for a browser and prints each check that a message passed or failed. Without PATH it asks the
running server, which knows what --visitor has seen, and fetches the page from itself to see whether it gets its snippet.
With PATH, a TOML file or a folder of them, it reads the workspace there, for a visitor who was never here.

Instead of --visitor, --trait and --event make somebody up on the spot, of whom nothing is kept.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, paths []string) error {
			var answer explanation
			var err error
			if len(paths) > 0 {
				answer, err = explainOffline(command.Context(), paths[0], query)
			} else {
				err = admin.ask(http.MethodGet, "explain", query.values(), nil, &answer)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(command.OutOrStdout(), answer)
			}
			return printExplanation(command.OutOrStdout(), answer)
		},
	}
	flags := command.Flags()
	flags.StringVar(&query.URL, "url", "", "The page's address, as the browser shows it")
	flags.StringVar(&query.Name, "name", "", "The page's name, where the site calls page(\"Name\")")
	flags.StringVar(&query.Visitor, "visitor", "", "An e-mail address, a user id or an anonymous id; without: somebody new")
	flags.StringArrayVar(&query.Traits, "trait", nil, "A trait of somebody made up who has identified, such as plan=trial or seats=5; may be given several times")
	flags.StringArrayVar(&query.Events, "event", nil, `An event of somebody made up, such as signed_up or 'signed_up {"plan": "trial"}'; may be given several times`)
	flags.StringVar(&query.At, "at", "", "The time to decide for, such as 2026-12-01T09:00:00Z; without: now")
	flags.StringVar(&query.Zone, "zone", "", "The visitor's IANA time zone, such as Europe/Berlin; without: not known")
	flags.StringArrayVar(&query.Headers, "header", nil, "A header of the visitor's request, such as 'Accept-Language: de' or 'User-Agent: …'; may be given several times")
	flags.StringVar(&query.Country, "country", "", "The visitor's country, such as DE; without: what a header of the configuration says")
	flags.BoolVar(&asJSON, "json", false, "Print JSON, as the admin API answers it")
	if err := command.MarkFlagRequired("url"); err != nil {
		panic(err) // the flag stands above
	}
	admin.add(command)
	return command
}

// printJSON prints what the admin API answers, to be read by programs and by people.
func printJSON(out io.Writer, answer any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(answer)
}

func printExplanation(out io.Writer, e explanation) error {
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
	printVerdict(out, e.Workspace, e.Injection)
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

// printVerdict says whether the page gets its snippet.
func printVerdict(out io.Writer, workspace string, v pageVerdict) {
	switch v.Outcome {
	case "injected":
		fmt.Fprintf(out, "The page is injected (status %d).\n", v.Status)
	case "skipped":
		fmt.Fprintf(out, "The page is not injected: %s. %s %s\n", v.Reason, v.Saw, v.Help)
	default:
		fmt.Fprintf(out, "It is not known whether the page is injected: %s. %s %s\n", v.Reason, v.Saw, v.Help)
	}
	if v.Workspace != "" && v.Workspace != workspace {
		fmt.Fprintf(out, "It shows the messages of the workspace %s, and these are those of %s.\n", v.Workspace, workspace)
	}
}
