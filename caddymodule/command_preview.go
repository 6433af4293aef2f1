package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"handbill/engine"
	"handbill/engine/wire"
)

func previewCommand() *cobra.Command {
	var admin adminFlags
	var page, valid string
	var debug bool
	command := &cobra.Command{
		Use:   "preview (MESSAGE | --debug) [--url URL] [--valid 30m]",
		Short: "Prints a link that shows a message on its page, whatever its status; or why each message shows there, or does not",
		Long: `
Prints a link to a page of the site that shows one message there, a draft as well, to whoever opens it while it is valid.
Audience, schedule, frequency and page rules do not matter, and nothing is counted or remembered. The link cannot be guessed,
and ends by itself. --url names the page; without it, it is the first of the message's page rules that is one page's address.

With --debug the link opens the page as it is, with a panel of all messages: for each, every check that it passed or failed
for the visitor who opened the link.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			if page != "" {
				if address, err := url.Parse(page); err != nil || address.Host == "" {
					return fmt.Errorf("--url %s is not the whole address of a page; write for example --url https://shop.example.com/pricing", page)
				}
			}
			request := previewRequest{Valid: valid, Debug: debug}
			switch {
			case len(arguments) == 0 && !debug:
				return errors.New("name the message to look at, or ask why messages show with --debug")
			case len(arguments) == 1 && debug:
				return fmt.Errorf("--debug is for all messages: leave %s away, or --debug", arguments[0])
			case len(arguments) == 1:
				request.Message = arguments[0]
			}
			var preview engine.Preview
			if err := admin.ask(http.MethodPost, "preview", nil, request, &preview); err != nil {
				return err
			}
			return printPreview(command.OutOrStdout(), preview, page)
		},
	}
	command.Flags().StringVar(&page, "url", "", "The whole address of the page on which to look at it")
	command.Flags().StringVar(&valid, "valid", "30m", "For how long the link works, from 1m to 24h")
	command.Flags().BoolVar(&debug, "debug", false, "Show why each message shows on the page, or does not, instead of one message")
	admin.add(command)
	return command
}

func printPreview(out io.Writer, preview engine.Preview, page string) error {
	link, whole := previewLink(preview, page)
	if !whole {
		link = "Add this to the address of a page: " + link
	}
	if preview.Warning != "" {
		preview.Warning = "\nWarning: " + preview.Warning
	}
	shows := preview.Message
	if shows == "" {
		shows = "why messages show, or do not,"
	}
	_, err := fmt.Fprintf(out, "%s\nIt shows %s to whoever opens it, until %s. Nothing is counted.%s\n", link, shows, preview.Until.Local().Format(time.DateTime), preview.Warning)
	return err
}

// previewLink is the address of a page with the preview; whole is false where the page is not known.
func previewLink(preview engine.Preview, page string) (link string, whole bool) {
	for _, rule := range preview.Pages {
		if page == "" && strings.Contains(rule, "://") && !strings.ContainsAny(rule, "*") && !strings.HasPrefix(rule, "regex:") {
			page = strings.TrimPrefix(rule, "equals:")
		}
	}
	query := wire.PreviewParameter + "=" + preview.ID
	if preview.Message == "" {
		query = wire.DebugParameter + "=" + preview.ID
	}
	address, err := url.Parse(page)
	if err != nil || address.Host == "" {
		return "?" + query, false
	}
	if address.RawQuery != "" {
		query = address.RawQuery + "&" + query
	}
	address.RawQuery = query
	return address.String(), true
}
