package main

import "time"

func pushed() scenario {
	return scenario{id: "stream", title: "a message to one person reaches the open tab over the stream", core: true, streams: true, messages: `
[[messages]]
id = "receipt"
kind = "transactional"
pages = ["*"]
display = "modal"
text = "{{ data.customer }} has paid."
buttons = [{ text = "Fine", action = "dismiss" }]
`, run: func(v *guest) {
		v.open("/")
		v.identify("ines")
		stream := v.sent("GET", "/api/v3/sse")
		if v.client.way != builtin {
			v.await(`localStorage.getItem("gist.web.activeSSEConnection")`)
		}
		polls := v.wire.answeredPolls()
		sent := time.Now()
		v.send(`{"to":"ines","message":"receipt","data":{"customer":"Ferro"}}`)
		message := v.sees("Ferro has paid.")
		v.t.Logf("from the send to the screen: at most %s; stream %d; %d polls meanwhile", time.Since(sent).Round(10*time.Millisecond), stream.status, v.wire.answeredPolls()-polls)
		v.hears("opened receipt")
		message.click("Fine")
		v.gone("Ferro has paid.")
		v.counted("receipt", v.by("opened 1, clicked 1, dismissed 1", "opened 1, clicked 1, dismissed 1", "opened 1"))
		v.open("/account")
		time.Sleep(time.Second) // while a stream is open, nobody polls
		if seen := v.surfaces(); len(seen) > 0 {
			v.t.Errorf("after it was closed there is %s", seen[0].text)
		}
	}}
}

func withdrawn() scenario {
	return scenario{id: "withdrawn", title: "a message that is paused does not come any more", messages: welcome, run: func(v *guest) {
		v.edit(v.t, "[[messages]]\nid = \"welcome\"\nstatus = \"paused\"\npages = [\"*\"]\ndisplay = \"modal\"\ntext = \"days, hours and material\"\n")
		until(v.t, "the message is paused", func() bool { return v.workspaceSays("paused") })
		v.open("/")
		v.nothing("of a paused message")
		v.edit(v.t, welcome)
		v.sees("days, hours and material")
	}}
}
