package caddymodule

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestMessagesSendSendsToOnePersonAndCallsBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, path, "[[messages]]\nid = \"receipt\"\nkind = \"transactional\"\npages = [\"*\"]\ntext = \"Thank you for order {{ data.order }}.\"\n")
	_, admin, _ := startWithAdmin(t, "workspace shop "+path, "memory", application(t))
	send := func(arguments ...string) (string, error) {
		return run(sendCommand(), append([]string{"--address", admin, "--workspace", "shop"}, arguments...)...)
	}
	for _, test := range []struct {
		name      string
		arguments []string
		want      string
	}{
		{"a message with data and a key", []string{"receipt", "--to", "ines", "--data", `{"order": "1001"}`, "--key", "order-1001"}, "receipt waits for ines (u:ines), until "},
		{"the same again", []string{"receipt", "--to", "ines", "--key", "order-1001"}, "Its key is order-1001"},
		{"calling it back", []string{"--to", "ines", "--cancel", "order-1001"}, "receipt is called back: ines (u:ines) does not see it."},
		{"a test with sample data", []string{"receipt", "--test", "ines", "--data", `{"order": "1001"}`}, "It shows on a page that fits: *"},
	} {
		if out, err := send(test.arguments...); err != nil || !strings.Contains(out, test.want) {
			t.Errorf("%s: %v\n%s", test.name, err, out)
		}
	}
	for _, test := range []struct {
		name      string
		arguments []string
		want      string
	}{
		{"nobody", []string{"receipt"}, "say to whom: --to"},
		{"both ways to say whom", []string{"receipt", "--to", "ines", "--test", "ines"}, "either --to"},
		{"no message", []string{"--to", "ines"}, "say which message to send"},
		{"data that is a list", []string{"receipt", "--to", "ines", "--data", "[1]"}, "--data [1] is not a JSON object"},
		{"data that is null", []string{"receipt", "--to", "ines", "--data", "null"}, "is not a JSON object"},
		{"a variant of what is no test", []string{"receipt", "--to", "ines", "--variant", "loud"}, "--variant goes with --test"},
		{"a variant that the message does not have", []string{"receipt", "--test", "ines", "--variant", "loud"}, `message receipt has no variant "loud"; it has none`},
		{"calling back without a person", []string{"--test", "ines", "--cancel", "order-1001"}, "call back by person and key alone"},
		{"calling back what was never sent", []string{"--to", "ines", "--cancel", "order-7"}, "nothing was sent to this person with this key"},
	} {
		if out, err := send(test.arguments...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v\n%s", test.name, err, out)
		}
	}
}
