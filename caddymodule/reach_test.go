package caddymodule

import (
	"strings"
	"testing"
)

func TestTheLogSaysWhenAnEndpointCannotBeReached(t *testing.T) {
	const unreached, conflict, noEndpoint = "do not get to the directive", "are both at", "has no endpoint"
	for name, test := range map[string]struct {
		sites string
		want  string
	}{
		"in front of everything":       {"http://a.test:PORT {\n\thandbill shop\n}", ""},
		"for every host":               {":PORT {\n\thandbill shop\n}", ""},
		"narrowed by a matcher":        {"http://a.test:PORT {\n\thandbill /docs/* shop\n}", ""},
		"inside handle":                {"http://a.test:PORT {\n\thandle /api/* {\n\t\trespond \"api\"\n\t}\n\thandle {\n\t\thandbill shop\n\t}\n}", ""},
		"inside handle with a path":    {"http://a.test:PORT {\n\thandle /docs/* {\n\t\thandbill shop\n\t}\n}", unreached},
		"inside handle_path":           {"http://a.test:PORT {\n\thandle_path /docs/* {\n\t\thandbill shop\n\t}\n}", unreached},
		"inside both":                  {"http://a.test:PORT {\n\thandle {\n\t\thandle /docs/* {\n\t\t\thandbill shop\n\t\t}\n\t}\n}", unreached},
		"with a prefix below the path": {"http://a.test:PORT {\n\thandle_path /docs/* {\n\t\thandbill shop {\n\t\t\tprefix /docs/_handbill\n\t\t}\n\t}\n}", ""},
		"under several paths":          {"http://a.test:PORT {\n\t@parts path /docs/* /_handbill/*\n\thandle @parts {\n\t\thandbill shop\n\t}\n}", ""},
		"two workspaces at one prefix": {"http://a.test:PORT {\n\thandbill /docs/* docs\n\thandbill shop\n}", conflict},
		"two workspaces apart":         {"http://a.test:PORT {\n\thandbill /docs/* docs {\n\t\tprefix /_docs\n\t}\n\thandbill shop\n}", ""},
		"two workspaces on two sites":  {"http://a.test:PORT {\n\thandbill docs\n}\nhttp://b.test:PORT {\n\thandbill shop\n}", ""},
		"handle_errors with the site":  {"http://a.test:PORT {\n\thandbill shop\n\thandle_errors {\n\t\thandbill shop\n\t}\n}", ""},
		"handle_errors alone":          {"http://a.test:PORT {\n\thandle_errors {\n\t\thandbill shop\n\t}\n}", noEndpoint},
		"handle_errors of another":     {"http://a.test:PORT {\n\thandbill shop\n\thandle_errors {\n\t\thandbill docs\n\t}\n}", noEndpoint},
	} {
		t.Run(name, func(t *testing.T) {
			e := start(t, "handbill {\n\tworkspace shop "+messages(t, "sale")+"\n\tworkspace docs "+messages(t, "chapter")+"\n\tstore memory\n}", test.sites+"\n")
			log := e.logs()
			for _, problem := range []string{unreached, conflict, noEndpoint} {
				if strings.Contains(log, problem) != (problem == test.want) {
					t.Errorf("the log says %q: %t\n%s", problem, problem != test.want, log)
				}
			}
		})
	}
}
