package main

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
	return scenario{id: "anonymous", title: "an anonymous visitor sees the first message, and closes it for good", core: true, messages: welcome, run: func(v *guest) {
		v.open("/")
		message := v.sees("days, hours and material")
		message.pictured()
		v.hears("opened welcome")
		message.click("Fine")
		v.gone("days, hours and material")
		v.hears("opened welcome", "action welcome fine dismiss", "dismissed welcome")
		v.counted("welcome", v.by("opened 1, clicked 1, dismissed 1", "opened 1, clicked 1, dismissed 1", "opened 1, dismissed 1"))
		v.open("/")
		v.nothing("after it was closed")
	}}
}

func identifying() scenario {
	return scenario{id: "identify", title: "`identify`: messages for people who identified, with their traits", core: true, messages: `
[[messages]]
id = "members"
audience = "identified"
pages = ["*"]
display = "modal"
text = "Good to see you again{% if traits.first_name %}, {{ traits.first_name }}{% endif %}."
`, run: func(v *guest) {
		v.open("/")
		v.nothing("before identify")
		v.identify("ines")
		v.sees("Good to see you again")
		v.hears("opened members")
		v.counted("members", v.by("opened 1", "opened 1", ""))
		// A published client polls before what it knows of the person has arrived, and shows on the next page what it was told last.
		if v.client.way == injected {
			v.await(`[localStorage, sessionStorage].some((storage) => Object.keys(storage).some((key) => key.startsWith("gist.") && storage[key].includes("again, Inês")))`)
		}
		v.open("/account")
		v.sees(v.by("Good to see you again, Inês.", "Good to see you again, Inês.", "Good to see you again."))
	}}
}

func resetting() scenario {
	return scenario{id: "reset", title: "`reset`: who comes next is somebody else", messages: `
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

func hostedSnippetStays() scenario {
	return scenario{id: "own-snippet", title: "the hosted product's snippet, left in the site's pages", core: true, messages: welcome,
		head: listeningSnippet,
		lacks: func(c client) string {
			switch c.way {
			case builtin:
				return "the snippet brings the hosted product's own client, which then keeps the page's object; take it out, or let it load ours"
			case loaded:
				return "the snippet loads the analytics library"
			}
			return ""
		},
		run: func(v *guest) {
			v.open("/")
			v.sees("days, hours and material").click("Fine")
			v.gone("days, hours and material")
			// What the site's own listener is given, which its load names.
			v.await(`(window.given || []).join(" ").startsWith("in-app:message-opened in-app:message-action") && given.includes("in-app:message-dismissed")`)
			v.sent("POST", "/v1/p")
			v.counted("welcome", "opened 1, clicked 1, dismissed 1")
		}}
}

// listeningSnippet is the snippet that the hosted product gives to a site, with a listener. It names the product's own host.
const listeningSnippet = `<script>
!function(){var i="cioanalytics",analytics=window[i]=window[i]||[];if(!analytics.initialize)if(analytics.invoked)window.console&&console.error&&console.error("Snippet included twice.");else{
analytics.invoked=!0;
analytics.methods=["trackSubmit","trackClick","trackLink","trackForm","pageview","identify","reset","group","track","ready","alias","debug","page","once","off","on","addSourceMiddleware","addIntegrationMiddleware","setAnonymousId","addDestinationMiddleware"];
analytics.factory=function(e){return function(){var t=Array.prototype.slice.call(arguments);t.unshift(e);analytics.push(t);return analytics}};
for(var e=0;e<analytics.methods.length;e++){var key=analytics.methods[e];analytics[key]=analytics.factory(key)}
analytics.load=function(key,e){var t=document.createElement("script");t.type="text/javascript";t.async=!0;t.setAttribute("data-global-customerio-analytics-key",i);t.src="https://cdp.customer.io/v1/analytics-js/snippet/"+key+"/analytics.min.js";var n=document.getElementsByTagName("script")[0];n.parentNode.insertBefore(t,n);analytics._writeKey=key;analytics._loadOptions=e};
analytics.SNIPPET_VERSION="4.15.3";
analytics.load("hosted-key",{integrations:{"Customer.io In-App Plugin":{siteId:"hosted-site",anonymousInApp:true,events:function(event){(window.given=window.given||[]).push(event.type)}}}});
analytics.page()}}();
</script>`
