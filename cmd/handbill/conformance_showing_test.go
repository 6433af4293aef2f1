package main

import "time"

func priorityAndOneModal() scenario {
	return scenario{id: "priority", title: "priority, and one modal at a time", core: true, messages: `
[[messages]]
id = "second"
pages = ["*"]
priority = 20
display = "modal"
text = "Your invoices have moved."
buttons = [{ text = "Fine", action = "dismiss" }]

[[messages]]
id = "first"
pages = ["*"]
priority = 10
display = "modal"
text = "We close at six today."
buttons = [{ text = "Fine", action = "dismiss" }]
`, run: func(v *guest) {
		v.open("/")
		first := v.sees("We close at six today.")
		if seen := v.surfaces(); len(seen) != 1 {
			v.t.Errorf("%d messages are on the screen", len(seen))
		}
		first.click("Fine")
		v.sees("Your invoices have moved.").click("Fine")
		v.gone("Your invoices have moved.")
		v.hears("opened first", "action first fine dismiss", "dismissed first", "opened second", "action second fine dismiss", "dismissed second")
	}}
}

func frequencyAcrossReloads() scenario {
	return scenario{id: "frequency", title: "a broadcast's frequency, across reloads: `count`, `delay`, `ignore_dismiss`", core: true, messages: `
[[messages]]
id = "sale"
pages = ["*"]
display = "modal"
frequency = { count = 2, ignore_dismiss = true }
text = "20 % off until Sunday."
buttons = [{ text = "Fine", action = "dismiss" }]

[[messages]]
id = "hint"
pages = ["*"]
display = "banner"
frequency = { count = 3, delay = "1h", ignore_dismiss = true }
text = "Press / to search."
`, run: func(v *guest) {
		v.open("/")
		v.sees("Press / to search.")
		v.sees("20 % off").click("Fine")
		if v.client.way == builtin {
			v.gone("20 % off")
			v.open("/")
			v.sees("20 % off")
			for _, seen := range v.surfaces() {
				if seen.text == "Press / to search." {
					v.t.Error("the hint is there again before an hour is over")
				}
			}
		}
		// A published client shows it once more on the same page, at once.
		v.heardTimes(2, "opened sale")
		v.open("/")
		v.nothing("once the sale was there twice, and the hint within the hour")
		v.counted("sale", v.by("opened 2, clicked 1, dismissed 1", "opened 2, clicked 1, dismissed 1", "opened 2"))
	}}
}

func persistentAtItsStep() scenario {
	return scenario{id: "persistent", title: "a persistent message is there again after a reload, at the step where it was", messages: `
[[messages]]
id = "tour"
pages = ["*"]
persistent = true
display = "modal"

  [[messages.steps]]
  name = "hello"
  title = "Welcome to Tallowby"
  buttons = [{ name = "show-me", text = "Show me", action = "next" }]

  [[messages.steps]]
  name = "job"
  title = "Begin with one job"
  buttons = [{ text = "Done", action = "dismiss" }]
`, run: func(v *guest) {
		v.open("/")
		v.sees("Welcome to Tallowby").click("Show me")
		v.sees("Begin with one job")
		v.open("/")
		message := v.sees("Begin with one job")
		message.click("Done")
		v.gone("Begin with one job")
		v.sent("POST", v.by("/v1/[tb]", "/api/v1/logs/queue/.*", "/api/v1/logs/queue/.*"))
		v.open("/")
		v.nothing("after it was dismissed")
		if v.client.way == builtin {
			v.counted("tour", "opened 2, clicked 2, dismissed 1")
		}
	}}
}

func seenOnce() scenario {
	return scenario{id: "once", title: "what is shown once does not come back", messages: `
[[messages]]
id = "notice"
pages = ["*"]
frequency = "once"
display = "modal"
text = "We have a new address."
`, run: func(v *guest) {
		v.open("/")
		v.sees("We have a new address.")
		v.counted("notice", "opened 1")
		v.open("/")
		v.nothing("after it was seen")
		v.counted("notice", "opened 1")
	}}
}

func twoTabs() scenario {
	return scenario{id: "two-tabs", title: "two tabs: a message is shown in one of them", messages: `
[[messages]]
id = "notice"
pages = ["*"]
frequency = "once"
display = "modal"
text = "We have a new address."
`, run: func(v *guest) {
		v.open("/")
		v.sees("We have a new address.")
		other := v.beside()
		other.open("/")
		other.nothing("in the second tab")
		v.counted("notice", "opened 1")
		other.expectCleanWire()
	}}
}

func seenElsewhere() scenario {
	return scenario{id: "seen-elsewhere", title: "what was seen with one client is seen for the other", messages: `
[[messages]]
id = "notice"
pages = ["*"]
audience = "identified"
frequency = "once"
display = "banner"
position = "bottom"
text = "We have a new address."

[[messages]]
id = "terms"
pages = ["*"]
audience = "identified"
priority = 200
display = "banner"
text = "Our terms have changed."
buttons = [{ text = "Fine", action = "dismiss" }]
`, run: func(v *guest) {
		v.open("/")
		v.identify("ines")
		v.sees("We have a new address.")
		v.sees("Our terms have changed.").click("Fine")
		v.gone("Our terms have changed.")
		v.counted("notice", "opened 1")
		ours := v.openOurs("/account")
		ours.call("identify", "ines")
		ours.polled(2)
		time.Sleep(300 * time.Millisecond)
		ours.nothing("of our own client")
		ours.expectCleanWire()
	}}
}
