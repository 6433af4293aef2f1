package caddymodule

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func visitorCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "visitor",
		Short: "Exports and deletes what is kept about one person",
		Args:  cobra.NoArgs,
	}
	command.AddCommand(visitorExportCommand(), visitorDeleteCommand())
	return command
}

// whom is the person that a command is about.
type whom struct {
	admin adminFlags
	email bool
}

const whomHelp = `ID is a user id, the anonymous id in the edge's cookie, or that of an analytics client; with --email it is an e-mail address. "u:"
and "a:" before an id say that it is a user's or an anonymous one. Where ID is that of several visitors, they are said, and
nothing is done.`

func (w *whom) add(command *cobra.Command) {
	command.Flags().BoolVar(&w.email, "email", false, "ID is an e-mail address, that of the trait email")
	w.admin.add(command)
}

// ask calls the admin API about the person.
func (w *whom) ask(method, id string, answer any) error {
	by := "id"
	if w.email {
		by = "email"
	}
	return w.admin.ask(method, "visitor", url.Values{by: {id}}, nil, answer)
}

func visitorExportCommand() *cobra.Command {
	var who whom
	command := &cobra.Command{
		Use:   "export ID",
		Short: "Prints everything that is kept about a person, as JSON",
		Long: `
Prints everything that is kept about a person, as one JSON document: what is remembered under each id that they were known by,
and their events in the log of the server that is asked. Where several edges share a Redis, each has a log of its own: ask each
of them, with --address.

` + whomHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			var person json.RawMessage
			if err := who.ask(http.MethodGet, arguments[0], &person); err != nil {
				return err
			}
			return printJSON(command.OutOrStdout(), person)
		},
	}
	who.add(command)
	return command
}

func visitorDeleteCommand() *cobra.Command {
	var who whom
	var asJSON bool
	command := &cobra.Command{
		Use:   "delete ID",
		Short: "Deletes everything that is kept about a person",
		Long: `
Deletes everything that is kept about a person: what is remembered under each id that they were known by, and their events in
the log; edges that share a Redis delete them from their own logs. Statistics are about nobody in particular, and stay. Who comes
back afterwards begins anew. It says what it deleted and what it cannot reach.

` + whomHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			var gone forgotten
			if err := who.ask(http.MethodDelete, arguments[0], &gone); err != nil {
				return err
			}
			if asJSON {
				return printJSON(command.OutOrStdout(), gone)
			}
			return printForgotten(command.OutOrStdout(), gone)
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "Print JSON, as the admin API answers it")
	who.add(command)
	return command
}

func printForgotten(out io.Writer, gone forgotten) error {
	edges := ""
	if gone.Edges {
		edges = "Other edges delete them from their own logs: at once, or when they are back.\n"
	}
	_, err := fmt.Fprintf(out, "Deleted %s and %s of the log, of %s.\n%sNot reached: %s.\n",
		count(gone.Records, "record"), count(gone.Events, "event"), strings.Join(gone.Visitors, ", "), edges, strings.Join(gone.Left, "; "))
	return err
}
