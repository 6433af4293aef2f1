package main

func ruleOnName() scenario {
	return scenario{id: "page-name", title: "page rule on a name: `page(\"Billing\")`", messages: `
[[messages]]
id = "direct-debit"
pages = ["name:Billing"]
display = "modal"
text = "Invoices pay themselves now."
`, run: func(v *guest) {
		v.open("/account/4711")
		v.nothing("before the page has its name")
		v.call("named", "Billing")
		v.sees("Invoices pay themselves now.")
		v.hears("opened direct-debit")
	}}
}

func ruleOnURL() scenario {
	return scenario{id: "page-url", title: "page rule on a URL, with `*` and an exception", core: true, messages: `
[[messages]]
id = "yearly"
pages = ["/*/pricing/*"]
except = ["/*/pricing/internal"]
display = "modal"
text = "Two months free."
`, run: func(v *guest) {
		for _, path := range []string{"/en/prices", "/en/pricing/internal"} {
			v.open(path)
			v.nothing("on " + path)
		}
		v.open("/en/pricing/team?from=mail#monthly")
		v.sees("Two months free.")
		v.hears("opened yearly")
	}}
}

func ruleOnCanonicalLink() scenario {
	return scenario{id: "canonical", title: "page rule on the canonical link, which the analytics library takes for the page's address", messages: `
[[messages]]
id = "winter"
pages = ["/offers/winter"]
display = "modal"
text = "Warm wood for cold days."
`, head: `<link rel="canonical" href="ORIGIN/offers/winter">`,
		lacks: func(c client) string {
			switch c.way {
			case builtin:
				return "our own client is judged by the browser's address, whatever a page says of itself"
			case loaded:
				return "the site itself tells the library the page's address"
			}
			return ""
		},
		run: func(v *guest) {
			v.open("/w/1042")
			v.sees("Warm wood for cold days.")
		}}
}

func routeOfApplication() scenario {
	return scenario{id: "route", title: "a route of a single-page application, told by `page()`", messages: `
[[messages]]
id = "prefix"
pages = ["/app/settings"]
display = "banner"
position = "bottom"
text = "Choose the prefix of your invoice numbers."
`, run: func(v *guest) {
		v.open("/app/")
		v.nothing("on the first route")
		v.route("/app/settings")
		v.sees("Choose the prefix")
		v.hears("opened prefix")
	}}
}
