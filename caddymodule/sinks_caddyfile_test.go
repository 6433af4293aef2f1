package caddymodule

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

func TestMistakesInASinkNameTheLineAndWhatIsAllowed(t *testing.T) {
	sink := func(text string) string { return global("handbill ./shop {\n\tsink " + text + "\n}") }
	for name, test := range map[string]struct {
		caddyfile string
		want      []string
	}{
		"a sink of nothing":              {sink(""), []string{"sink needs a name; allowed: cdp, file, redis, webhook", "Caddyfile:3"}},
		"a sink that does not exist":     {sink("kafka localhost:9092"), []string{`sink "kafka" is unknown; allowed: cdp, file, redis, webhook`, "Caddyfile:3"}},
		"a sink in memory":               {global("handbill ./shop {\n\tstore memory\n\tsink file ./events.ndjson\n}"), []string{"store memory has none; use store bbolt or store redis", "Caddyfile:"}},
		"a file without its path":        {sink("file"), []string{"sink file needs a value, such as: sink file /var/log/caddy/handbill.ndjson", "Caddyfile:3"}},
		"a file with two paths":          {sink("file a.ndjson b.ndjson"), []string{`"b.ndjson" is one too many`, "Caddyfile:3"}},
		"a file with an unknown word":    {sink("file a.ndjson {\n\t\tformat csv\n\t}"), []string{`"format" is unknown in sink file; allowed: events, mode, name, start, workspace`, "Caddyfile:4"}},
		"a file that nobody may read":    {sink("file a.ndjson {\n\t\tmode 0044\n\t}"), []string{`"0044" cannot be a file's mode`, "such as 0640", "Caddyfile:4"}},
		"a mode that is no number":       {sink("file a.ndjson {\n\t\tmode rw\n\t}"), []string{`"rw" cannot be a file's mode`, "Caddyfile:4"}},
		"a webhook without its URL":      {sink("webhook {\n\t\tsecret {env.HOOK_SECRET}\n\t}"), []string{"sink webhook needs a value, such as: sink webhook https://hooks.example.net/in", "Caddyfile:3"}},
		"a webhook that is no URL":       {sink("webhook hooks.example.net/in"), []string{"is not a URL that can be posted to; write it as https://hooks.example.net/in", "Caddyfile:3"}},
		"a webhook to a fragment":        {sink("webhook https://hooks.example.net/in#a"), []string{"has a fragment", "Caddyfile:3"}},
		"a secret without its value":     {sink("webhook https://hooks.example.net/in {\n\t\tsecret\n\t}"), []string{"secret needs a value, such as: secret {env.HOOK_SECRET}", "Caddyfile:4"}},
		"a secret that can be guessed":   {sink("webhook https://hooks.example.net/in {\n\t\tsecret letmein\n\t}"), []string{"secret has 7 bytes, so that it could be guessed; use 24 or more", "Caddyfile:4"}},
		"a secret that is no base64":     {sink("webhook https://hooks.example.net/in {\n\t\tsecret whsec_%%%\n\t}"), []string{"something else than base64 behind whsec_", "Caddyfile:4"}},
		"three secrets":                  {sink("webhook https://hooks.example.net/in {\n\t\tsecret {env.A} {env.B} {env.C}\n\t}"), []string{"and 3 are given", "Caddyfile:4"}},
		"a header without its value":     {sink("webhook https://hooks.example.net/in {\n\t\theader Authorization\n\t}"), []string{"header takes a name and a value, such as: header Authorization", "Caddyfile:4"}},
		"a header that cannot be":        {sink("webhook https://hooks.example.net/in {\n\t\theader \"X Tenant\" tallowby\n\t}"), []string{`"X Tenant" cannot be a header's name`, "Caddyfile:4"}},
		"a header that is ours":          {sink("webhook https://hooks.example.net/in {\n\t\theader Webhook-Id 1\n\t}"), []string{"the header Webhook-Id is set by Handbill itself", "Caddyfile:4"}},
		"a batch that is no number":      {sink("webhook https://hooks.example.net/in {\n\t\tbatch_size many\n\t}"), []string{`batch_size cannot be "many"; write a whole number, such as: batch_size 100`, "Caddyfile:4"}},
		"a batch of nothing":             {sink("webhook https://hooks.example.net/in {\n\t\tbatch_size 0\n\t}"), []string{"batch_size cannot be 0; use 1 to 5000", "Caddyfile:4"}},
		"a batch of an hour":             {sink("webhook https://hooks.example.net/in {\n\t\tbatch_wait 1h\n\t}"), []string{"1h0m0s cannot be how long events are gathered; use more than 0s and at most 1m0s", "Caddyfile:4"}},
		"a timeout of nothing":           {sink("webhook https://hooks.example.net/in {\n\t\ttimeout 0s\n\t}"), []string{"0s cannot be how long an answer may take; use 100ms to 5m0s", "Caddyfile:4"}},
		"tries without end":              {sink("webhook https://hooks.example.net/in {\n\t\ttries 1000\n\t}"), []string{"tries cannot be 1000; use 1 to 100", "Caddyfile:4"}},
		"a webhook with a word of a CDP": {sink("webhook https://hooks.example.net/in {\n\t\twrite_key x\n\t}"), []string{`"write_key" is unknown in sink webhook; allowed: batch_size, batch_wait, events, header, name, secret, start, timeout, tries, workspace`, "Caddyfile:4"}},
		"a CDP without its URL":          {sink("cdp"), []string{"sink cdp needs a value, such as: sink cdp https://cdp.customer.io", "Caddyfile:3"}},
		"a CDP without its key":          {sink("cdp https://cdp.customer.io"), []string{"sink cdp on line 3 needs the write key of a source; write: sink cdp https://cdp.customer.io { write_key {env.CDP_WRITE_KEY} }"}},
		"a key without its value":        {sink("cdp https://cdp.customer.io {\n\t\twrite_key\n\t}"), []string{"write_key needs a value, such as: write_key {env.CDP_WRITE_KEY}", "Caddyfile:4"}},
		"a CDP with an unknown word":     {sink("cdp https://cdp.customer.io {\n\t\tkey x\n\t}"), []string{`"key" is unknown in sink cdp; allowed: batch_wait, events, name, start, timeout, tries, workspace, write_key`, "Caddyfile:4"}},
		"a Redis without its URL":        {sink("redis"), []string{"a sink in Redis needs a URL", "Caddyfile:3"}},
		"a Redis that is no URL":         {sink("redis localhost"), []string{"is not a URL of Redis", "Caddyfile:3"}},
		"a stream without its key":       {sink("redis redis://localhost {\n\t\tstream\n\t}"), []string{"stream needs a value, such as: stream handbill:events", "Caddyfile:4"}},
		"a stream with blanks":           {sink("redis redis://localhost {\n\t\tstream \"our events\"\n\t}"), []string{`"our events" cannot be a stream's key`, "Caddyfile:4"}},
		"a stream of no length":          {sink("redis redis://localhost {\n\t\tmax_length none\n\t}"), []string{`max_length cannot be "none"; write a whole number`, "Caddyfile:4"}},
		"a stream with an unknown word":  {sink("redis redis://localhost {\n\t\tmaxlen 3\n\t}"), []string{`"maxlen" is unknown in sink redis; allowed: events, max_length, name, start, stream, workspace`, "Caddyfile:4"}},
		"a name that cannot be":          {sink("file a.ndjson {\n\t\tname \"Our Events\"\n\t}"), []string{`"Our Events" cannot be a sink's name`, "Caddyfile:4"}},
		"two sinks of one name":          {global("handbill ./shop {\n\tsink file a.ndjson\n\tsink file b.ndjson\n}"), []string{"two sinks are called file; give one of them another name: sink file … { name file-2 }", "Caddyfile:4"}},
		"a kind that does not exist":     {sink("file a.ndjson {\n\t\tevents report click\n\t}"), []string{`events cannot be "click"; allowed: report, track, identify, page, screen, group, alias`, "Caddyfile:4"}},
		"no kinds":                       {sink("file a.ndjson {\n\t\tevents\n\t}"), []string{"events needs a value, such as: events report track", "Caddyfile:4"}},
		"a workspace that cannot be":     {sink("file a.ndjson {\n\t\tworkspace Shop\n\t}"), []string{`"Shop" cannot be a workspace's name`, "Caddyfile:4"}},
		"a workspace that is not there":  {global("handbill {\n\tworkspace shop ./shop\n\tsink file a.ndjson {\n\t\tworkspace blog\n\t}\n}"), []string{"the sink file, which ends on line 6, is for the workspace blog, which does not exist; there is: shop"}},
		"a start of yesterday":           {sink("file a.ndjson {\n\t\tstart yesterday\n\t}"), []string{`start cannot be "yesterday"; allowed: now, oldest`, "Caddyfile:4"}},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := adapt(test.caddyfile)
			if err == nil {
				t.Fatalf("adapted without an error:\n%s", config)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q:\n%v", want, err)
				}
			}
			if strings.Contains(err.Error(), "letmein") {
				t.Errorf("the error repeats the secret: %v", err)
			}
		})
	}
}

func TestMistakesInTheJSONOfASinkAreErrorsOfTheConfiguration(t *testing.T) {
	for name, test := range map[string]struct{ sinks, store, want string }{
		"a secret that is not there":     {`"webhook": {"module": "webhook", "url": "https://hooks.example.net", "secrets": ["{env.HANDBILL_TEST_NOT_SET}"]}`, "bbolt", "secret is empty"},
		"a URL that is not there":        {`"webhook": {"module": "webhook", "url": "{env.HANDBILL_TEST_NOT_SET}"}`, "bbolt", "is not a URL that can be posted to"},
		"a batch that is too large":      {`"webhook": {"module": "webhook", "url": "https://hooks.example.net", "batch_size": 9999}`, "bbolt", "batch_size cannot be 9999"},
		"tries that are too many":        {`"webhook": {"module": "webhook", "url": "https://hooks.example.net", "tries": -1}`, "bbolt", "tries cannot be -1"},
		"a timeout that is too long":     {`"webhook": {"module": "webhook", "url": "https://hooks.example.net", "timeout": "1h"}`, "bbolt", "1h0m0s cannot be how long an answer may take"},
		"a header that is ours":          {`"webhook": {"module": "webhook", "url": "https://hooks.example.net", "header": {"Content-Type": ["text/plain"]}}`, "bbolt", "is set by Handbill itself"},
		"a header of two lines":          {`"webhook": {"module": "webhook", "url": "https://hooks.example.net", "header": {"X-Tenant": ["a\nb"]}}`, "bbolt", "use one line"},
		"a write key that is not there":  {`"cdp": {"module": "cdp", "url": "https://cdp.customer.io", "write_key": "{env.HANDBILL_TEST_NOT_SET}"}`, "bbolt", "sink cdp needs a write_key"},
		"a batch that waits for an hour": {`"cdp": {"module": "cdp", "url": "https://cdp.customer.io", "write_key": "k", "batch_wait": "1h"}`, "bbolt", "1h0m0s cannot be how long events are gathered"},
		"a file without its path":        {`"file": {"module": "file"}`, "bbolt", "sink file needs a path"},
		"a mode that is no number":       {`"file": {"module": "file", "path": "a", "mode": "rw"}`, "bbolt", `"rw" cannot be a file's mode`},
		"a Redis without its URL":        {`"redis": {"module": "redis"}`, "bbolt", "a sink in Redis needs a URL"},
		"a length below nothing":         {`"redis": {"module": "redis", "urls": ["redis://localhost"], "max_length": -5}`, "bbolt", "max_length cannot be -5"},
		"a name that cannot be":          {`"Our Events": {"module": "file", "path": "a"}`, "bbolt", `"Our Events" cannot be a sink's name`},
		"a kind that does not exist":     {`"file": {"module": "file", "path": "a", "events": ["click"]}`, "bbolt", `events cannot be "click"`},
		"a start of yesterday":           {`"file": {"module": "file", "path": "a", "start": "yesterday"}`, "bbolt", `start cannot be "yesterday"`},
		"a workspace that is not there":  {`"file": {"module": "file", "path": "a", "workspaces": ["blog"]}`, "bbolt", "the sink file is for the workspace blog, which does not exist; there is: shop"},
		"a store without a log":          {`"file": {"module": "file", "path": "a"}`, "memory", "store memory has none"},
	} {
		t.Run(name, func(t *testing.T) {
			var config caddy.Config
			text := `{"admin": {"disabled": true}, "apps": {"handbill": {"workspaces": {"shop": {"source": {"module": "file", "path": "./shop.toml"}}},
				"store": {"module": "` + test.store + `"}, "sinks": {` + test.sinks + `}}}}`
			if err := json.Unmarshal([]byte(text), &config); err != nil {
				t.Fatal(err)
			}
			if err := caddy.Validate(&config); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error does not say %q: %v", test.want, err)
			}
		})
	}
}
