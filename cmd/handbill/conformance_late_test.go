package main

import "strings"

func lateReports() scenario {
	return scenario{id: "late", title: "reports and `identify` that arrive when the next page has asked: what was closed stays closed", messages: changingWorkspace,
		run: func(v *guest) {
			v.open("/")
			message := v.sees("days, hours and material")
			held, pass, release := v.wire.hold(v.t, "/v1/")
			message.click("Fine")
			v.gone("days, hours and material")
			until(v.t, "a report is on its way", func() bool { return held.Load() > 0 })
			pass()
			v.open("/pricing")
			v.nothing("while the edge does not know that it was closed")
			release()
			v.counted("welcome", v.by("opened 1, clicked 1, dismissed 1", "opened 1, clicked 1, dismissed 1", "opened 1, dismissed 1"))

			held, pass, release = v.wire.hold(v.t, "/v1/")
			v.identify("ines")
			if v.client.way != loaded {
				until(v.t, "identify is on its way", func() bool { return held.Load() > 0 })
			}
			pass()
			v.open("/account")
			v.sees("Our terms have changed.")
			for _, seen := range v.surfaces() {
				if strings.Contains(seen.text, "days, hours and material") {
					v.t.Error("what the guest closed is on the first page after they logged in")
				}
			}
			release()
			if v.client.way != loaded {
				v.sent("POST", "/v1/[bi]", "ines", "Inês")
			}
		}}
}

func cutPoll() scenario {
	return scenario{id: "cut", title: "a page that is left before its first poll is answered: the next page asks", messages: welcome,
		lacks: func(c client) string {
			if c.way == loaded {
				return "the in-app library alone then asks nothing for ten minutes; the edge ends that where it injects the client"
			}
			return ""
		},
		run: func(v *guest) {
			held, pass, release := v.wire.hold(v.t, "/api/v4/users")
			v.open("/")
			until(v.t, "the page asks", func() bool { return held.Load() > 0 })
			pass()
			v.open("/pricing")
			v.sees("days, hours and material")
			release()
		}}
}
