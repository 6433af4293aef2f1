package main

import "fmt"

func tooltip() scenario {
	return scenario{id: "tooltip", title: "a tooltip beside its target", core: true, messages: `
[[messages]]
id = "invoices"
pages = ["/billing"]
display = "tooltip"
target = "#invoices"
position = "bottom"
text = "Your invoices live here now."
buttons = [{ text = "Got it", action = "dismiss" }]
`, pages: map[string]string{"/billing": `<nav style="margin:80px 200px"><a id="invoices" href="/billing/invoices">Invoices</a></nav>`},
		run: func(v *guest) {
			v.open("/billing")
			message := v.sees("Your invoices live here now.")
			message.pictured()
			at := message.settled()
			target := js[rectangle](v.tab, `(() => { const {x, y, width, height} = document.querySelector("#invoices").getBoundingClientRect(); return {x, y, width, height}; })()`)
			if at.Y < target.Y+target.Height || at.Y > target.Y+target.Height+60 || at.X > target.X+target.Width || at.X+at.Width < target.X {
				v.t.Errorf("it is at %+v, and its target at %+v", at, target)
			}
			message.click("Got it")
			v.gone("Your invoices live here now.")
			v.hears("opened invoices", "action invoices got-it dismiss", "dismissed invoices")
		}}
}

func inline() scenario {
	return scenario{id: "inline", title: "an inline message in an element of the page", messages: `
[[messages]]
id = "team-plan"
pages = ["/pricing"]
display = "inline"
target = "#offer"
text = "Five seats for the price of four."
buttons = [{ text = "No, thank you", action = "dismiss" }]
`, pages: map[string]string{"/pricing": `<p>Plans</p><div id="offer" style="width:500px"></div><p id="after">All prices with VAT.</p>`},
		run: func(v *guest) {
			v.open("/pricing")
			message := v.sees("Five seats for the price of four.")
			message.pictured()
			at := message.settled()
			place := js[rectangle](v.tab, `(() => { const {x, y, width, height} = document.querySelector("#offer").getBoundingClientRect(); return {x, y, width, height}; })()`)
			if at.X < place.X-1 || at.Y < place.Y-1 || at.X+at.Width > place.X+place.Width+1 || at.Y+at.Height > place.Y+place.Height+1 {
				v.t.Errorf("it is at %+v, not in its place at %+v", at, place)
			}
			message.click("No, thank you")
			v.gone("Five seats")
			v.hears("opened team-plan", "action team-plan no-thank-you dismiss", "dismissed team-plan")
		}}
}

// places are the six of a toast.
var places = []string{"top-left", "top", "top-right", "bottom-left", "bottom", "bottom-right"}

func toasts() scenario {
	messages := ""
	for _, place := range places {
		messages += fmt.Sprintf("\n[[messages]]\nid = \"at-%s\"\npages = [\"*\"]\ndisplay = \"toast\"\nposition = %q\nwidth = 240\ntext = \"Saved at %s.\"\n", place, place, place)
	}
	return scenario{id: "toasts", title: "toasts in all six places at once", messages: messages, run: func(v *guest) {
		v.open("/")
		width, height := js[float64](v.tab, `innerWidth`), js[float64](v.tab, `innerHeight`)
		for _, place := range places {
			v.sees("Saved at " + place + ".")
		}
		for _, place := range places {
			at := v.sees("Saved at " + place + ".").settled()
			middle := at.X + at.Width/2
			side := "-right"
			switch {
			case middle < width/2-40:
				side = "-left"
			case middle < width/2+40:
				side = ""
			}
			edge := "bottom"
			if at.Y+at.Height/2 < height/2 {
				edge = "top"
			}
			if edge+side != place {
				v.t.Errorf("the toast of %s is at %+v", place, at)
			}
		}
		v.counted("at-top", v.by("opened 1", "opened 1", ""))
	}}
}

func banners() scenario {
	return scenario{id: "banners", title: "banners at both edges, beside a modal", messages: `
[[messages]]
id = "above"
pages = ["*"]
display = "banner"
text = "Spring sale: 20 % off until Sunday."

[[messages]]
id = "below"
pages = ["*"]
display = "banner"
position = "bottom"
text = "We use cookies for the basket alone."

[[messages]]
id = "between"
pages = ["*"]
display = "modal"
width = 300
text = "Welcome back."
`, run: func(v *guest) {
		v.open("/")
		height := js[float64](v.tab, `innerHeight`)
		above, below, between := v.sees("Spring sale").settled(), v.sees("We use cookies").settled(), v.sees("Welcome back.").settled()
		if above.Y > 60 || below.Y+below.Height < height-60 || between.Y < above.Y+above.Height {
			v.t.Errorf("they are at %+v, %+v and %+v", above, between, below)
		}
	}}
}

func stepsWithDisplays() scenario {
	return scenario{id: "steps", title: "steps, each with a display of its own", core: true, messages: `
[[messages]]
id = "tour"
pages = ["/billing"]
display = "modal"

  [[messages.steps]]
  name = "welcome"
  text = "Billing has a **new** home."
  buttons = [{ name = "show-me", text = "Show me", action = "next" }]

  [[messages.steps]]
  name = "invoices"
  display = "tooltip"
  target = "#invoices"
  text = "Invoices live here."
  buttons = [{ text = "Go on", action = "next" }]

  [[messages.steps]]
  name = "end"
  display = "toast"
  position = "bottom-right"
  text = "That is all."
  buttons = [{ text = "Done", action = "dismiss" }]
`, pages: map[string]string{"/billing": `<nav style="margin:80px 200px"><a id="invoices" href="/billing/invoices">Invoices</a></nav>`},
		run: func(v *guest) {
			v.open("/billing")
			v.sees("Billing has a new home.").click("Show me")
			step := v.sees("Invoices live here.")
			target := js[rectangle](v.tab, `(() => { const {x, y, width, height} = document.querySelector("#invoices").getBoundingClientRect(); return {x, y, width, height}; })()`)
			if at := step.settled(); at.Y < target.Y || at.Y > target.Y+target.Height+60 {
				v.t.Errorf("the tooltip is at %+v, and its target at %+v", at, target)
			}
			step.click("Go on")
			last := v.sees("That is all.")
			if at := last.settled(); at.Y < js[float64](v.tab, `innerHeight`)/2 {
				v.t.Errorf("the toast is at %+v", at)
			}
			last.click("Done")
			v.gone("That is all.")
			v.hears("opened tour", "action tour show-me next", "changed tour invoices next",
				"action tour go-on next", "changed tour end next", "action tour done dismiss", "dismissed tour")
			v.counted("tour", v.by("opened 1, clicked 1, dismissed 1", "opened 1, clicked 1, dismissed 1", "opened 1, dismissed 1"))
		}}
}
