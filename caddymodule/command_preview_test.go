package caddymodule

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestMessagesPreviewPrintsALink(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, path, `
[[messages]]
id = "offer"
status = "draft"
pages = ["/pricing", "https://shop.example.com/pricing?tab=team"]
text = "Two months free."

[[messages]]
id = "everywhere"
pages = ["*"]
text = "Hello {{ traits.name }}"

[[messages]]
id = "nameless"
pages = ["*"]
text = "{{ traits.name }}"
`)
	_, admin, _ := startWithAdmin(t, "workspace shop "+path, "memory", application(t))
	preview := func(arguments ...string) (string, error) {
		return run(previewCommand(), append([]string{"--address", admin, "--workspace", "shop"}, arguments...)...)
	}
	for _, test := range []struct {
		name      string
		arguments []string
		want      string
	}{
		{"a message of one page", []string{"offer"}, `^https://shop\.example\.com/pricing\?tab=team&cioPreviewId=hbp-[A-Za-z0-9_-]+\nIt shows offer to whoever opens it, until 2.+\. Nothing is counted\.\n$`},
		{"on another page", []string{"offer", "--url", "http://localhost:8080/", "--valid", "2h"}, `^http://localhost:8080/\?cioPreviewId=hbp-`},
		{"a message of every page", []string{"everywhere"}, `^Add this to the address of a page: \?cioPreviewId=hbp-`},
		{"no message but all", []string{"--debug", "--url", "http://localhost:8080/pricing?tab=team"}, `^http://localhost:8080/pricing\?tab=team&handbillDebug=hbd-[A-Za-z0-9_-]+\nIt shows why messages show, or do not, to whoever opens it, until 2.+\.`},
		{"all, on any page", []string{"--debug"}, `^Add this to the address of a page: \?handbillDebug=hbd-`},
		{"a message that says nothing to a stranger", []string{"nameless", "--url", "http://localhost:8080/"}, `Warning: .*give the values a default`},
	} {
		if out, err := preview(test.arguments...); err != nil || !regexp.MustCompile(test.want).MatchString(out) {
			t.Errorf("%s: %v\n%s", test.name, err, out)
		}
	}
	for _, test := range []struct {
		name      string
		arguments []string
		want      string
	}{
		{"no message", nil, "name the message to look at, or ask why messages show with --debug"},
		{"a message, and all", []string{"offer", "--debug"}, "--debug is for all messages: leave offer away, or --debug"},
		{"all, for too long", []string{"--debug", "--valid", "2d"}, "cannot be valid for 48h; choose from 1m to 24h"},
		{"a message that is not there", []string{"ofer"}, "there is no such message"},
		{"half an address", []string{"offer", "--url", "/pricing"}, "--url /pricing is not the whole address of a page"},
		{"no length of time", []string{"offer", "--valid", "long"}, `"long" is no length of time`},
		{"too long", []string{"offer", "--valid", "2d"}, "cannot be valid for 48h; choose from 1m to 24h"},
	} {
		if out, err := preview(test.arguments...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v\n%s", test.name, err, out)
		}
	}
}
