package sink

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/store/redistest"
)

// page is docs/sinks.md.
func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/sinks.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// examples are the code blocks of the page in a language.
func examples(t *testing.T, language string) (all []string) {
	t.Helper()
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(page(t), -1) {
		all = append(all, strings.TrimSuffix(match[1], "\n"))
	}
	return all
}

// strictly decodes JSON that has nothing which is not known.
func strictly(t *testing.T, text string, into any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Errorf("%s: %v", text, err)
	}
}

func TestTheEventOfThePageIsOneAndEachOfItsNamesIsExplained(t *testing.T) {
	all := examples(t, "json")
	var record Record
	strictly(t, all[0], &record)
	if again, err := encode(record); err != nil || string(again) != all[0] {
		t.Errorf("written again it is\n%s, %v", again, err)
	}
	var letter deadLetter
	strictly(t, all[1], &letter)
	text := page(t)
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Record]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !regexp.MustCompile("(?m)^\\|[^|]*`" + name + "`[^|]*\\|").MatchString(text) {
			t.Errorf("%s is not explained", name)
		}
	}
	for _, kind := range Types {
		if !strings.Contains(text, "`"+kind+"`") {
			t.Errorf("the kind %s is not named", kind)
		}
	}
}

func TestThePageHasTheNamesOfReportsAndTheDefaults(t *testing.T) {
	text := page(t)
	for outcome, name := range reportNames {
		if row := fmt.Sprintf("| report `%s` | `track` \"%s\" |", outcome, name); !strings.Contains(text, row) {
			t.Errorf("the page does not have: %s", row)
		}
	}
	for _, row := range []string{
		fmt.Sprintf(`\| .batch_size. .*1 MiB.*\| .%d. \|`, DefaultBatchSize), fmt.Sprintf(`\| .batch_wait. .*\| .%s. \|`, DefaultBatchWait),
		fmt.Sprintf(`\| .timeout. .*\| .%s. \|`, DefaultTimeout), fmt.Sprintf(`\| .tries. .*\| .%d. \|`, DefaultTries),
		fmt.Sprintf(`\| .stream. .*\| .%s. \|`, DefaultStream), fmt.Sprintf(`\| .max_length. .*\| .%d. \|`, DefaultMaxLength),
		fmt.Sprintf(`text of at least %d bytes`, leastSecret), fmt.Sprintf(`at most %d\s*events and 500 KB`, cdpEvents),
		fmt.Sprintf(`more than %d MiB is put aside`, defaultDeadSize>>20),
	} {
		if !regexp.MustCompile(row).MatchString(text) {
			t.Errorf("the page does not say %s", row)
		}
	}
	if webhookBytes != 1<<20 || cdpItem != 32_000 || firstWait != 250*time.Millisecond || longestWait != time.Minute {
		t.Error("the page has other bounds")
	}
}

// sh runs a command of the page.
func sh(t *testing.T, command string, environment ...string) string {
	t.Helper()
	shell := exec.CommandContext(t.Context(), "sh", "-c", command)
	shell.Env = append(os.Environ(), environment...)
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestTheCommandsOfThePageDoWhatItSays(t *testing.T) {
	commands := map[string]string{}
	for _, command := range examples(t, "sh") {
		name, _, _ := strings.Cut(command, " ")
		commands[name] = command
	}

	made := sh(t, regexp.MustCompile("`(echo whsec_[^`]*)`").FindStringSubmatch(page(t))[1])
	if err := CheckWebhookSecret(made); err != nil || !strings.HasPrefix(made, secretPrefix) {
		t.Errorf("a secret that is made is %q: %v", made, err)
	}
	const secret, body = "a secret of more than 24 bytes", `{"type":"handbill.events"}`
	target, err := Webhook(WebhookOptions{URL: "https://hooks.example.net/in", Secrets: []string{secret}})
	if err != nil {
		t.Fatal(err)
	}
	want := target.(*webhook).sign("msg_1.1764000001.", []byte(body))
	if got := "v1," + sh(t, commands["printf"], "WEBHOOK_ID=msg_1", "WEBHOOK_TIMESTAMP=1764000001", "BODY="+body, "SECRET="+secret); got != want {
		t.Errorf("by hand the signature is %s, and it is %s", got, want)
	}
	if raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(want, "v1,")); err != nil || len(raw) != 32 {
		t.Errorf("the signature has %d bytes, %v", len(raw), err)
	}

	l, path, server := openLog(t, t.TempDir(), eventlog.Options{}), filepath.Join(t.TempDir(), "handbill.ndjson"), redistest.Start(t)
	write(t, l, 0, 12)
	toFile, _, _ := run(t, l, Options{Name: "file", Target: File(path, 0o600), FromOldest: true})
	toRedis, _, _ := run(t, l, Options{Name: "redis", Target: useRedis(t, server, "shop:events", 0), FromOldest: true})
	until(t, "all arrived", func() bool { return toFile.State().Pending == 0 && toRedis.State().Pending == 0 })
	if out := sh(t, strings.ReplaceAll(commands["grep"], "/var/log/caddy/handbill.ndjson", path)); out != "12" {
		t.Errorf("%s counts %s", commands["grep"], out)
	}
	_, port, _ := strings.Cut(server.Address, ":")
	if out := sh(t, strings.Replace(commands["redis-cli"], "redis-cli", "redis-cli -p "+port, 1)); strings.Count(out, `"type":"report"`) != 10 {
		t.Errorf("%s prints %s", commands["redis-cli"], out)
	}
}
