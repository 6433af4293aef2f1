package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"handbill/engine"
)

// sendFlags are what "messages send" is told.
type sendFlags struct {
	admin                       adminFlags
	test, to, data, key, cancel string
	variant                     string
}

func sendCommand() *cobra.Command {
	var flags sendFlags
	command := &cobra.Command{
		Use:   "send MESSAGE --to PERSON [--data JSON] [--key KEY]",
		Short: "Sends a transactional message to one person, or tries any message",
		Long: `
Sends a message whose kind is transactional to one person, named by the user id or the e-mail address with which the site
calls identify. It shows once, on the next page that its page rules allow. Its texts read --data, a JSON object, as
{{ data.order }}. What is sent to the same person with the same --key is sent once. --cancel KEY calls back what has not been
shown.

With --test instead of --to, any message is shown to one person to try it, whatever its kind, status, audience, schedule and
frequency, and is not counted. Without MESSAGE it is a built-in hello, which every workspace has. The person may also be named
by an anonymous id; a test for an unknown id waits for 24 hours. Texts read --data as {{ data.order }} and {{ event.order }}.
--variant chooses one of the variants of the message's experiment.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			message := ""
			if len(arguments) > 0 {
				message = arguments[0]
			}
			return flags.run(command.OutOrStdout(), message)
		},
	}
	command.Flags().StringVar(&flags.to, "to", "", "The user id or e-mail address of the person")
	command.Flags().StringVar(&flags.test, "test", "", "Instead of --to, to try a message: an e-mail address, user id or anonymous id")
	command.Flags().StringVar(&flags.variant, "variant", "", "With --test: the variant of the message to try")
	command.Flags().StringVar(&flags.data, "data", "", "What the message's texts read, as a JSON object")
	command.Flags().StringVar(&flags.key, "key", "", "What makes a repeat harmless; without: one is made")
	command.Flags().StringVar(&flags.cancel, "cancel", "", "The key of what is to be called back from the person in --to")
	flags.admin.add(command)
	return command
}

func (f *sendFlags) run(out io.Writer, message string) error {
	request := sendRequest{Test: f.test != "", To: f.to + f.test, Message: message, Variant: f.variant, Key: f.key}
	if f.data != "" {
		if err := json.Unmarshal([]byte(f.data), &request.Data); err != nil || request.Data == nil {
			return fmt.Errorf(`--data %s is not a JSON object; write for example --data '{"order": "1001"}'`, f.data)
		}
	}
	switch {
	case f.to != "" && f.test != "":
		return errors.New("give either --to, to send a transactional message, or --test, to try any message")
	case request.To == "":
		return errors.New("say to whom: --to with a user id or an e-mail address, or --test to try a message")
	case f.variant != "" && f.test == "":
		return errors.New("--variant goes with --test: everybody else is shown the variant that they are in")
	case f.cancel != "":
		return f.callBack(out, message)
	case f.test != "":
		var receipt engine.TestReceipt
		if err := f.admin.ask(http.MethodPost, "send", nil, request, &receipt); err != nil {
			return err
		}
		return printTestReceipt(out, f.test, receipt)
	case message == "":
		return errors.New("say which message to send: messages send MESSAGE --to PERSON")
	}
	var receipt engine.Receipt
	if err := f.admin.ask(http.MethodPost, "send", nil, request, &receipt); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s waits for %s (%s), until %s. Its key is %s\n",
		receipt.Message, f.to, receipt.Visitor, receipt.Until.Local().Format(time.DateTime), receipt.Key)
	return err
}

// callBack cancels what was sent with a key.
func (f *sendFlags) callBack(out io.Writer, message string) error {
	if message != "" || f.to == "" {
		return errors.New("call back by person and key alone: messages send --cancel KEY --to PERSON")
	}
	var receipt engine.Receipt
	if err := f.admin.ask(http.MethodDelete, "send", url.Values{"to": {f.to}, "key": {f.cancel}}, nil, &receipt); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s is called back: %s (%s) does not see it.\n", receipt.Message, f.to, receipt.Visitor)
	return err
}

func printTestReceipt(out io.Writer, to string, receipt engine.TestReceipt) error {
	unknown := ""
	if !receipt.Known {
		unknown = ", who has not been here yet"
	}
	where := "It lies in the inbox."
	if len(receipt.Pages) > 0 {
		where = "It shows on a page that fits: " + strings.Join(receipt.Pages, " or ")
	}
	_, err := fmt.Fprintf(out, "%s waits for %s (%s)%s, until %s.\n%s\n", receipt.Message, to, receipt.Visitor, unknown, receipt.Until.Local().Format(time.DateTime), where)
	return err
}
