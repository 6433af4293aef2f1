package main

// scenarios are all that the suite runs, in the table's order.
func scenarios() []scenario {
	return []scenario{
		anonymousFirstMessage(),
		identifying(),
		resetting(),
	}
}

const welcome = `
[[messages]]
id = "welcome"
pages = ["*"]
display = "modal"
title = "Welcome to Tallowby"
text = "One card per job: **days, hours and material**."
buttons = [{ name = "fine", text = "Fine", action = "dismiss" }]
`

func anonymousFirstMessage() scenario {
	return scenario{id: "anonymous", title: "an anonymous visitor sees the first message", core: true, messages: welcome, run: func(v *guest) {
		v.open("/")
		message := v.sees("days, hours and material")
		message.pictured()
		v.hears("opened welcome")
		message.click("Fine")
		v.gone("days, hours and material")
		v.hearsClosed("welcome", "action welcome fine dismiss")
		v.countedOnce("welcome")
		v.open("/")
		v.nothing("after it was closed")
	}}
}

func identifying() scenario {
	return scenario{id: "identify", title: "identify: messages for people who identified", core: true, messages: `
[[messages]]
id = "members"
audience = "identified"
pages = ["*"]
display = "modal"
text = "Good to see you again."
`, run: func(v *guest) {
		v.open("/")
		v.nothing("before identify")
		v.identify("ines")
		v.sees("Good to see you again.")
		v.hears("opened members")
	}}
}

func resetting() scenario {
	return scenario{id: "reset", title: "reset: who comes next is somebody else", messages: `
[[messages]]
id = "members"
audience = "identified"
pages = ["/account"]
display = "modal"
text = "Good to see you again."

[[messages]]
id = "guests"
audience = "anonymous"
pages = ["/"]
display = "banner"
text = "Try it for a month."
`, run: func(v *guest) {
		v.open("/account")
		v.identify("ines")
		v.sees("Good to see you again.")
		v.call("reset")
		v.open("/account")
		v.nothing("after reset")
		v.open("/")
		v.sees("Try it for a month.")
	}}
}
