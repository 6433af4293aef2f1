package caddymodule

import (
	"strings"
	"testing"
)

func TestMistakesInASourceNameTheLineAndWhatIsAllowed(t *testing.T) {
	source := func(block string) string { return global("handbill {\n\tworkspace shop {\n" + block + "\n}\n}") }
	for name, test := range map[string]struct {
		caddyfile string
		want      []string
	}{
		"a source without its kind": {
			global("handbill {\n\tworkspace shop {\n\t\tsource\n\t}\n}"),
			[]string{"source needs a name; allowed: file, http, redis", "Caddyfile:4"},
		},
		"an unknown source": {
			global("handbill {\n\tworkspace shop {\n\t\tsource git\n\t}\n}"),
			[]string{`source "git" is unknown; allowed: file, http, redis`, "Caddyfile:4"},
		},
		"a source twice": {
			global("handbill {\n\tworkspace shop {\n\t\tsource file ./a\n\t\tsource file ./b\n\t}\n}"),
			[]string{"source is given twice, first on line 4; keep one", "Caddyfile:5"},
		},
		"a URL that is not there": {
			source("source http"),
			[]string{"http needs a value, such as: http https://config.example.net/messages.toml", "Caddyfile:4"},
		},
		"a URL without its scheme": {
			source("source http config.example.net/shop.toml"),
			[]string{`"config.example.net/shop.toml" is not a URL of http or https; write it as https://config.example.net/messages.toml`, "Caddyfile:4"},
		},
		"two URLs": {
			source("source http https://a.example/shop.toml https://b.example/shop.toml"),
			[]string{`"https://b.example/shop.toml" is one too many`, "Caddyfile:4"},
		},
		"an interval without a unit": {
			source("source http https://a.example/shop.toml {\n\tinterval 30\n}"),
			[]string{`"30" is not a time span; write it as 30s`, "Caddyfile:5"},
		},
		"an interval that is too short": {
			source("source http https://a.example/shop.toml {\n\tinterval 10ms\n}"),
			[]string{"10ms cannot be the interval at which a source is asked; use 1s to 24h", "Caddyfile:5"},
		},
		"an interval that is too long": {
			source("source http https://a.example/shop.toml {\n\tinterval 7d\n}"),
			[]string{"168h0m0s cannot be the interval at which a source is asked; use 1s to 24h", "Caddyfile:5"},
		},
		"a timeout of an hour": {
			source("source http https://a.example/shop.toml {\n\ttimeout 1h\n}"),
			[]string{"1h0m0s cannot be how long a source may take to answer; use 1s to 5m", "Caddyfile:5"},
		},
		"a header without its value": {
			source("source http https://a.example/shop.toml {\n\theader Authorization\n}"),
			[]string{"header needs a name and a value, such as: header Authorization", "Caddyfile:5"},
		},
		"a header without quotes": {
			source("source http https://a.example/shop.toml {\n\theader Authorization Bearer {env.CONFIG_TOKEN}\n}"),
			[]string{`write the value in quotes: header Authorization "Bearer …"`, "Caddyfile:5"},
		},
		"a header that cannot be": {
			source("source http https://a.example/shop.toml {\n\theader Author:ization x\n}"),
			[]string{`"Author:ization" cannot be a header's name`, "Caddyfile:5"},
		},
		"a header that is empty": {
			source("source http https://a.example/shop.toml {\n\theader Authorization \"\"\n}"),
			[]string{"the header Authorization is empty", "Caddyfile:5"},
		},
		"a public key of a source that is not there": {
			source("source http https://a.example/shop.toml {\n\tpublic_key\n}"),
			[]string{"public_key needs a key, such as: public_key /etc/caddy/messages.pub", "Caddyfile:5"},
		},
		"a word that a URL has not": {
			source("source http https://a.example/shop.toml {\n\tpassword x\n}"),
			[]string{`"password" is unknown in source http; allowed: header, interval, public_key, timeout`, "Caddyfile:5"},
		},
		"a workspace in Redis without a URL": {
			source("source redis"),
			[]string{"a source in Redis needs a URL; write redis://localhost:6379", "Caddyfile:4"},
		},
		"a workspace in Redis of another scheme": {
			source("source redis https://redis.example.com"),
			[]string{`"https://redis.example.com" is not a URL of Redis`, "Caddyfile:4"},
		},
		"a key without a name": {
			source("source redis redis://localhost {\n\tkey\n}"),
			[]string{"key needs a value, such as: key handbill:workspace:shop", "Caddyfile:5"},
		},
		"a key that is empty": {
			source("source redis redis://localhost {\n\tkey \"\"\n}"),
			[]string{"the key of the workspace is empty", "Caddyfile:5"},
		},
		"a word that a workspace in Redis has not": {
			source("source redis redis://localhost {\n\tinterval 1s\n}"),
			[]string{`"interval" is unknown in source redis; allowed: key`, "Caddyfile:5"},
		},
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
		})
	}
}
