package main

import (
	"os"
	"slices"
	"strings"
	"time"
)

func linkAction() scenario {
	return scenario{id: "link", title: "a button that leads to a page", messages: `
[[messages]]
id = "offer"
pages = ["/pricing"]
display = "modal"
text = "Two months free."
buttons = [{ name = "see-offers", text = "See offers", action = "/offers?from=modal" }]
`, run: func(v *guest) {
		v.open("/pricing")
		v.sees("Two months free.").click("See offers")
		v.await(`location.pathname + location.search === "/offers?from=modal"`)
		v.hearsAmong("opened offer", "action offer see-offers /offers?from=modal")
		v.counted("offer", v.by("opened 1, clicked 1, dismissed 1", "opened 1, clicked 1, dismissed 1", "opened 1, dismissed 1"))
	}}
}

func customAction() scenario {
	return scenario{id: "custom", title: "a button that tells the site's own code, which then closes the message", core: true, messages: `
[[messages]]
id = "support"
pages = ["*"]
display = "modal"
text = "Stuck?"
buttons = [{ name = "chat", text = "Ask us", action = "event:open-chat" }]
`, run: func(v *guest) {
		v.open("/")
		v.sees("Stuck?").click("Ask us")
		v.hears("opened support", "action support chat event:open-chat")
		if seen := v.surfaces(); len(seen) != 1 {
			v.t.Error("the message did not stay")
		}
		v.counted("support", v.by("opened 1, clicked 1", "opened 1, clicked 1", ""))
		if v.client.way != loaded {
			js[any](v.tab, `(() => { lastMessage.dismiss(); return null })()`)
			v.gone("Stuck?")
			v.hears("opened support", "action support chat event:open-chat", "dismissed support")
		}
	}}
}

func form() scenario {
	return scenario{id: "form", title: "a survey, whose answers become an event and a trait", messages: `
[[messages]]
id = "survey"
pages = ["*"]
display = "modal"
title = "One question"
fields = [{ name = "score", type = "nps", label = "How likely are you to recommend Tallowby?", required = true, trait = "nps" }]
buttons = [{ text = "Send", action = "submit" }]

[[messages]]
id = "promoters"
pages = ["*"]
where = "traits.nps >= 9"
display = "banner"
text = "Thank you for your ten."
`, settings: `traits = { nps = "int" }`,
		lacks: func(c client) string {
			if c.way == loaded {
				return "answers are sent by the analytics library"
			}
			return ""
		},
		run: func(v *guest) {
			v.open("/")
			message := v.sees("One question")
			message.click("10")
			message.click("Send")
			v.gone("One question")
			v.hearsAmong("opened survey", "action survey send submit", "dismissed survey")
			v.open("/account")
			v.sees("Thank you for your ten.")
		}}
}

func documentInSandbox() scenario {
	return scenario{id: "document", title: "a whole HTML document, as it was written for the hosted product", messages: exampleOf(checkout+"/docs/moving.md", "wheel"),
		lacks: func(c client) string {
			if c.way == builtin {
				return "our own client shows documents in a frame of its own, with the same `message`: see [`html_sandbox`](workspace.md#html_sandbox)"
			}
			return ""
		},
		run: func(v *guest) {
			v.open("/")
			message := v.sees("Your chance: 20 % off.")
			message.pictured()
			message.click("No, thank you")
			v.gone("Your chance")
			v.hearsAmong("opened wheel", "dismissed wheel")
		}}
}

// exampleOf is the example of a page of the documentation that has a message.
func exampleOf(page, message string) string {
	text, err := os.ReadFile(page)
	if err != nil {
		panic(err) // it is in the checkout
	}
	for _, block := range strings.Split(string(text), "```toml\n")[1:] {
		if example, _, _ := strings.Cut(block, "```"); strings.Contains(example, `id = "`+message+`"`) {
			return example
		}
	}
	panic(page + " has no example of " + message)
}

func documentInMessage() scenario {
	return scenario{id: "framed", title: "a document in a message that has a title, which talks to it by `postMessage`", messages: `
[[messages]]
id = "wheel"
pages = ["*"]
display = "modal"
title = "Turn the wheel"
html_sandbox = """
<!doctype html>
<meta charset="utf-8">
<p>Your chance: 20 % off.</p>
<script>
  parent.postMessage({ handbill: "resize", height: 60 }, "*");
  addEventListener("click", () => parent.postMessage({ handbill: "action", name: "use", action: "event:code" }, "*"));
</script>
"""
`, run: func(v *guest) {
		v.open("/")
		message := v.sees("Turn the wheel")
		until(v.t, "the document hears a click", func() bool { // once it has said how tall it is
			at := message.settled()
			v.press(rectangle{at.X, at.Y + at.Height*0.55, at.Width, 20})
			time.Sleep(500 * time.Millisecond)
			return slices.Contains(v.heardAtLeast(0), "action wheel use event:code")
		})
		v.hearsAmong("opened wheel", "action wheel use event:code")
	}}
}

func cannotBeDrawn() scenario {
	return scenario{id: "error", title: "a message that cannot be drawn is an error, and stops no other", messages: `
[[messages]]
id = "lost"
pages = ["*"]
priority = 1
display = "tooltip"
target = "#nowhere"
text = "Here."

[[messages]]
id = "found"
pages = ["*"]
display = "toast"
text = "We have a new address."
`, run: func(v *guest) {
		v.open("/")
		v.sees("We have a new address.")
		v.hearsAmong("error lost", "opened found")
		if opened := v.counts("lost"); strings.Contains(opened, "opened") {
			v.t.Errorf("what nobody saw is counted: %s", opened)
		}
	}}
}
