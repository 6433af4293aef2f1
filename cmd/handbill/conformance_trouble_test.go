package main

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

func strictPolicy() scenario {
	return scenario{id: "nonce", title: "a strict policy: nonce and `strict-dynamic`", messages: welcome,
		policy: func(client) string {
			return "script-src 'nonce-NONCE' 'strict-dynamic'; object-src 'none'; base-uri 'none'"
		},
		run: showsAndCloses}
}

func ownPolicy() scenario {
	return scenario{id: "self", title: "a policy of `default-src 'self'`; published clients need `style-src 'unsafe-inline'`", messages: welcome,
		policy: func(c client) string {
			switch c.way {
			case injected:
				return "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"
			case loaded:
				return "default-src 'self'; img-src 'self' data:; script-src 'self' 'nonce-NONCE'; style-src 'self' 'unsafe-inline'"
			}
			return "default-src 'self'; img-src 'self' data:"
		},
		run: showsAndCloses}
}

func showsAndCloses(v *guest) {
	v.open("/")
	message := v.sees("days, hours and material")
	message.pictured()
	message.click("Fine")
	v.gone("days, hours and material")
	v.hears("opened welcome", "action welcome fine dismiss", "dismissed welcome")
}

func slowEdge() scenario {
	return scenario{id: "slow", title: "an edge that takes three seconds for each answer of its endpoint", messages: welcome, run: func(v *guest) {
		v.wire.suffer(delayed(3*time.Second, "/_handbill/api/"))
		v.open("/")
		v.sees("days, hours and material")
		if !js[bool](v.tab, `performance.getEntriesByType("navigation")[0].loadEventEnd <
			Math.min(...performance.getEntriesByType("resource").filter(({name}) => name.includes("/_handbill/api/")).map(({responseEnd}) => responseEnd))`) {
			v.t.Error("the page waited for the edge's first answer")
		}
		v.wire.suffer(nil)
		v.hears("opened welcome")
	}}
}

func failingEdge() scenario {
	draft := strings.Replace(welcome, `pages =`, "status = \"draft\"\npages =", 1)
	return scenario{id: "failing", title: "an edge that fails for a while, and is back", messages: draft,
		fails: []string{"the server responded with a status of 502"},
		run: func(v *guest) {
			v.open("/")
			v.nothing("of a draft")
			v.wire.suffer(failing(http.StatusBadGateway, "/_handbill/"))
			v.edit(v.t, welcome)
			until(v.t, "a poll has failed", func() bool {
				return slices.ContainsFunc(v.wire.matching("POST", ".*/api/v4/users"), func(e crossing) bool { return e.broken })
			})
			if seen := v.surfaces(); len(seen) > 0 {
				v.t.Errorf("there is a message without an answer: %s", seen[0].text)
			}
			v.wire.suffer(nil)
			v.sees("days, hours and material").click("Fine")
			v.gone("days, hours and material")
			v.hears("opened welcome", "action welcome fine dismiss", "dismissed welcome")
		}}
}

func settingsNeverFail() scenario {
	return scenario{id: "broken", title: "a broken edit of the workspace: the last good one goes on, and settings never fail", messages: welcome,
		run: func(v *guest) {
			v.edit(v.t, "[[messages]]\nid = \n")
			until(v.t, "the edit is read", func() bool { return v.workspaceSays("value") })
			v.open("/")
			v.sees("days, hours and material")
			if v.client.way == injected {
				settings := v.sent("GET", "/v1/projects/tallowby-web/settings")
				for _, word := range []string{"Customer.io Data Pipelines", "Customer.io In-App Plugin", "apiHost", "__edge"} {
					if !strings.Contains(string(settings.said), word) {
						v.t.Errorf("the settings lack %s: %s", word, settings.said)
					}
				}
			}
		}}
}

func inAppOff() scenario {
	return scenario{id: "in-app-off", title: "in-app messaging switched off: no message, events go on", messages: welcome, settings: "in_app = false",
		lacks: func(c client) string {
			if c.way == loaded {
				return "the in-app library alone sends no events"
			}
			return ""
		},
		run: func(v *guest) {
			v.open("/")
			v.call("identify", "ines")
			v.sent("POST", v.by("/v1/[ib]", "/v1/i", ""), "ines")
			if v.client.way == injected {
				v.sent("POST", "/v1/p")
			}
			if seen := v.surfaces(); len(seen) > 0 {
				v.t.Errorf("there is a message: %s", seen[0].text)
			}
		}}
}
