package caddymodule

import (
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
	command := &cobra.Command{
		Use:   "preview MESSAGE [--url URL] [--valid 30m]",
		Short: "Prints a link that shows a message on its page, whatever its status",
		Long: `
Prints a link to a page of the site that shows one message there, a draft as well, to whoever opens it while it is valid.
Audience, schedule, frequency and page rules do not matter, and nothing is counted or remembered. The link cannot be guessed,
and ends by itself. --url names the page; without it, it is the first of the message's page rules that is one page's address.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			if page != "" {
				if address, err := url.Parse(page); err != nil || address.Host == "" {
					return fmt.Errorf("--url %s is not the whole address of a page; write for example --url https://shop.example.com/pricing", page)
				}
			}
			var preview engine.Preview
			if err := admin.ask(http.MethodPost, "preview", nil, previewRequest{arguments[0], valid}, &preview); err != nil {
				return err
			}
			return printPreview(command.OutOrStdout(), preview, page)
		},
	}
	command.Flags().StringVar(&page, "url", "", "The whole address of the page on which to look at it")
	command.Flags().StringVar(&valid, "valid", "30m", "For how long the link works, from 1m to 24h")
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
	_, err := fmt.Fprintf(out, "%s\nIt shows %s to whoever opens it, until %s. Nothing is counted.%s\n", link, preview.Message, preview.Until.Local().Format(time.DateTime), preview.Warning)
	return err
}

// previewLink is the address of a page with the preview; whole is false where the page is not known.
func previewLink(preview engine.Preview, page string) (link string, whole bool) {
	for _, rule := range preview.Pages {
		if page == "" && strings.Contains(rule, "://") && !strings.ContainsAny(rule, "*") && !strings.HasPrefix(rule, "regex:") {
			page = strings.TrimPrefix(rule, "equals:")
		}
	}
	address, err := url.Parse(page)
	if err != nil || address.Host == "" {
		return "?" + wire.PreviewParameter + "=" + preview.ID, false
	}
	query := wire.PreviewParameter + "=" + preview.ID
	if address.RawQuery != "" {
		query = address.RawQuery + "&" + query
	}
	address.RawQuery = query
	return address.String(), true
}
