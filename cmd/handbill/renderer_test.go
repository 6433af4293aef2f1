package main

import (
	"testing"
)

func TestTheReferenceClientShowsOurMessageInOurRenderer(t *testing.T) {
	s := rendererSite(t, `
[[messages]]
id = "offer"
pages = ["/pricing"]
display = "modal"

[[messages.steps]]
name = "why"
title = "Two months free"
text = "Pay by the **year**, and two months are free. [How it works](/docs/yearly?a=1&b=2#how)"
image = { src = "/board.svg", alt = "The board", width = 640, height = 240 }
buttons = [{ text = "Next", action = "next" }, { text = "Tell the site", action = "event:wants-yearly" }, { text = "Later", action = "dismiss" }]

[[messages.steps]]
name = "how"
title = "In one minute"
text = "Your data stays where it is."
buttons = [{ text = "Back", action = "back" }, { text = "See the prices", action = "/pricing/yearly?from=message" }]
`)
	b := newVisitor(t)
	b.screen(1000, 800)
	b.open("http://" + s.edge + "/pricing")
	b.hears("shown offer")
	f := b.frame()
	f.await(in("h2") + `.textContent === "Two months free"`)
	b.await(`document.querySelector("iframe[id^=gist]").title === "Two months free"`)
	b.press("[value='event:wants-yearly']")
	b.hears("shown offer", "tell-the-site=event:wants-yearly")
	b.press("[value='next']")
	f.await(in("h2") + `.textContent === "In one minute"`)
	b.await(`document.querySelector("iframe[id^=gist]").title === "In one minute"`)
	b.press("[value='back']")
	b.press("[value='next']")
	b.press("[value^='/pricing']")
	b.await(`location.pathname === "/pricing/yearly"`)
	b.await(`typeof heard === "function"`)
	b.hears("shown offer", "tell-the-site=event:wants-yearly", "next=next", "back=back", "next=next",
		"see-the-prices=/pricing/yearly?from=message", "see-the-prices=gist://loadPage?url=/pricing/yearly?from=message", "see-the-prices=gist://close", "dismissed offer")
}
