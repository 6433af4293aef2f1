package caddymodule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"handbill/engine/porttest"
)

// run executes a command as from a shell, and returns what it printed.
func run(command *cobra.Command, arguments ...string) (string, error) {
	var out bytes.Buffer
	command.SetOut(&out)
	command.SetErr(&out)
	command.SilenceUsage = true
	command.SetArgs(append([]string{}, arguments...)) // none are not those of the test binary
	err := command.Execute()
	return out.String(), err
}

func TestMessagesCheckPrintsEveryProblemWithItsLine(t *testing.T) {
	good, bad := messages(t, "monday", "tuesday"), filepath.Join(t.TempDir(), "bad.toml")
	writeFile(t, bad, "[[messages]]\nid = \"a\"\ntext = \"x\"\n\n[[messages]]\nid = \"a\"\npages = [\"nowhere\"]\ntext = \"x\"\n")
	never := filepath.Join(t.TempDir(), "never.toml")
	writeFile(t, never, "[workspace]\ntraits = { seats = \"int\" }\n\n[[messages]]\nid = \"a\"\npages = [\"*\"]\ntext = \"x\"\nwhere = 'traits.seats == \"5\"'\n")
	skipped := filepath.Join(t.TempDir(), "skipped.toml")
	writeFile(t, skipped, "[workspace]\non_error = \"skip\"\n\n[[messages]]\nid = \"a\"\npages = [\"*\"]\ntext = \"x\"\n\n[[messages]]\nid = \"b\"\npages = [\"nowhere\"]\ntext = \"x\"\n")
	for name, test := range map[string]struct {
		paths []string
		fails bool
		want  []string
	}{
		"a condition that never holds": {[]string{never}, false, []string{"warning: " + never + ":8:23: ", "this never holds", "write it without quotes", "1 message, no problems"}},
		"a good file":                  {[]string{good}, false, []string{good + ": 2 messages, no problems"}},
		"a folder":                     {[]string{filepath.Dir(good)}, false, []string{"2 messages, no problems"}},
		"a bad file":                   {[]string{bad}, true, []string{"bad.toml:1:", "bad.toml:6:", "bad.toml:7:", `pages = ["*"]`}},
		"a good and a bad":             {[]string{good, bad}, true, []string{"no problems", "bad.toml:6:"}},
		"a file that is not":           {[]string{filepath.Join(t.TempDir(), "nothing.toml")}, true, []string{"nothing.toml"}},
		"a message that is left out":   {[]string{skipped}, true, []string{"skipped.toml:11:10: ", `"nowhere"`, "1 message, 1 more left out"}},
		"a folder of nothing":          {[]string{t.TempDir()}, true, []string{".toml"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := run(checkCommand(), test.paths...)
			if (err != nil) != test.fails {
				t.Errorf("error %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(out, want) {
					t.Errorf("the output lacks %q:\n%s", want, out)
				}
			}
		})
	}
}

func TestMessagesSchemaPrintsJSONThatKnowsTheKeys(t *testing.T) {
	out, err := run(schemaCommand())
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]any `json:"properties"`
	}
	if err := json.Unmarshal([]byte(out), &schema); err != nil || schema.Properties["messages"] == nil || schema.Properties["workspace"] == nil {
		t.Errorf("error %v:\n%.500s", err, out)
	}
}

func TestMessagesExplainWorksOffline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, path, `
[[messages]]
id = "sale"
pages = ["/offers/*"]
display = "banner"
text = "20 % off"

[[messages]]
id = "draft"
status = "draft"
display = "modal"
pages = ["*"]
text = "Soon"
`)
	out, err := run(explainCommand(), "--url", "https://tallowby.test/offers/glue", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sale is shown (" + path + ":2)", "yes  page", "/offers/*", "draft is not shown: not_live", "no   status"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	if out, err := run(explainCommand(), "--url", "offers", path); err == nil || !strings.Contains(err.Error(), "absolute") {
		t.Errorf("an address that is none: %v\n%s", err, out)
	}
	if _, err := run(explainCommand(), path); err == nil || !strings.Contains(err.Error(), "url") {
		t.Errorf("no address: %v", err)
	}
}

func TestMessagesSendAndStatsAskTheRunningServer(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.toml")
	writeFile(t, empty, "[workspace]\nname = \"Tallowby\"\n")
	e, admin, _ := startWithAdmin(t, "workspace shop "+messages(t, "sale")+"\nworkspace docs "+empty, "memory", application(t))
	e.dismiss("http://tallowby.test/")
	at := []string{"--address", admin, "--workspace"}

	out, err := run(statsCommand(), append(at, "shop")...)
	if err != nil || !strings.Contains(out, "MESSAGE") || fmt.Sprint(strings.Fields(strings.Split(out, "\n")[1])) != "[sale live 0 1 1 0 1 0 1 0 0 0 - -]" {
		t.Errorf("stats: %v\n%s", err, out)
	}
	out, err = run(statsCommand(), append(at, "shop", "--reasons")...)
	if err != nil || !strings.Contains(out, "DECISION") || fmt.Sprint(strings.Fields(strings.Split(out, "\n")[1])[:2]) != "[sale due]" {
		t.Errorf("stats by reason: %v\n%s", err, out)
	}
	out, err = run(statsCommand(), append(at, "shop", "--json")...)
	var answer statistics
	if err != nil || json.Unmarshal([]byte(out), &answer) != nil || len(answer.Messages) != 1 || answer.Decisions[0].Decisions["due"] == 0 {
		t.Errorf("stats as JSON: %v\n%s", err, out)
	}
	out, err = run(sendCommand(), append(at, "docs", "--test", "ines")...)
	if err != nil || !strings.Contains(out, "waits for ines (u:ines), who has not been here yet, until ") {
		t.Errorf("hello in an empty workspace: %v\n%s", err, out)
	}
	if _, err = run(sendCommand(), append(at, "shop", "--test", "ines@tallowby.test")...); err == nil || !strings.Contains(err.Error(), "identify") {
		t.Errorf("an unknown e-mail address: %v", err)
	}
	if _, err = run(sendCommand(), append(at, "shop", "--test", "ines", "sail")...); err == nil || !strings.Contains(err.Error(), "there is no such message") {
		t.Errorf("an unknown message: %v", err)
	}
	if _, err = run(sendCommand(), append(at, "shop")...); err == nil || !strings.Contains(err.Error(), "test") {
		t.Errorf("nobody to send to: %v", err)
	}
	out, err = run(explainCommand(), append(at, "shop", "--url", "http://tallowby.test/")...)
	if err != nil || !strings.Contains(out, "sale is shown") {
		t.Errorf("explain: %v\n%s", err, out)
	}
	if _, err = run(statsCommand(), "--address", admin); err == nil || !strings.Contains(err.Error(), "--workspace: docs, shop") {
		t.Errorf("several workspaces and none named: %v", err)
	}
	if _, err = run(statsCommand(), "--address", fmt.Sprintf("127.0.0.1:%d", porttest.Free(t))); err == nil || !strings.Contains(err.Error(), "is it running?") {
		t.Errorf("no server: %v", err)
	}
}

func TestCommandsFindTheAdminAPIInTheConfiguration(t *testing.T) {
	_, admin, _ := startWithAdmin(t, "workspace shop "+messages(t, "sale"), "memory", application(t))
	config := filepath.Join(t.TempDir(), "Caddyfile")
	writeFile(t, config, "{\n\tadmin "+admin+"\n}\n")
	if out, err := run(statsCommand(), "--config", config); err != nil || !strings.Contains(out, "sale") {
		t.Errorf("%v\n%s", err, out)
	}
}
