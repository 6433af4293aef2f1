package client_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"handbill/engine/content"
)

func TestStrictPoliciesAllowEverythingTheClientDoes(t *testing.T) {
	const nonce = ` nonce="bm90LWEtc2VjcmV0"`
	withNonce := func(markup string) string { return strings.ReplaceAll(markup, "<script", "<script"+nonce) }
	for _, c := range []struct{ name, policy, head string }{
		{"nonce and strict-dynamic", "script-src 'nonce-bm90LWEtc2VjcmV0' 'strict-dynamic'; style-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'", external},
		{"everything from self", "default-src 'none'; script-src 'nonce-bm90LWEtc2VjcmV0'; style-src 'none'; style-src-attr 'none'; connect-src 'self'; img-src 'self' data:; require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'", external},
		{"scripts from self by their path", "script-src 'self' '" + hashOf(recorder) + "'; style-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'", external},
		{"the site's own snippet", "script-src 'nonce-bm90LWEtc2VjcmV0' 'strict-dynamic'; style-src 'self'", withOwn(`{ anonymousInApp: true }`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.headers["Content-Security-Policy"], e.site["spaRoutes"] = c.policy, true
			e.pages["/"] = withNonce(page(c.head, ""))
			e.messages = always(deliver("welcome", welcome), deliver("yearly-offer", offer("bottom")))
			b.open(e.URL)
			b.await("seen.length === 2")
			// The sheet holds: the card is as wide as it says, and stands in the middle.
			b.expect(`(() => {
  const card = `+messages+`.map((host) => host.shadowRoot.querySelector("dialog")).find(Boolean);
  const { left, right, width } = card.getBoundingClientRect();
  return [width, left === innerWidth - right, getComputedStyle(card).borderRadius];
})()`, `[448,true,"14px"]`)
			b.do(messages + `.map((host) => host.shadowRoot.querySelector("dialog .close")).find(Boolean).click()`)
			e.waitReports("yearly-offer opened", "welcome opened", "welcome dismissed")
			// What is loaded later may run, too.
			b.await(`performance.getEntriesByType("resource").some(({ name }) => name.includes("/parts/routes-"))`)
			b.do(`history.pushState(null, "", "/jobs/")`)
			e.waitPoll("a poll of the route", func(asked poll) bool { return strings.HasSuffix(asked.Page.URL, "/jobs/") })
		})
	}
}

// hashOf is how a policy names an inline script.
func hashOf(script string) string {
	text := strings.TrimSuffix(strings.TrimPrefix(script, "<script>"), "</script>")
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// notePolicy notes what the browser tells the page of its policies, and what the client says on the console's lowest level.
const notePolicy = `<script>
  window.refused = [];
  addEventListener("securitypolicyviolation", ({ blockedURI }) => refused.push(blockedURI));
  const say = console.debug;
  console.debug = (text) => { if (text.startsWith("Handbill")) window.said = text; else say(text); };
</script>`

func TestAPolicyInThePageThatForbidsOurCallsIsHeeded(t *testing.T) {
	for policy, forbids := range map[string]bool{
		"connect-src 'none'":                                true,
		"default-src 'none'; script-src 'unsafe-inline'":    true,
		"connect-src https://api.example.net wss://*.x.net": true,
		"img-src *; CONNECT-SRC 'NONE'":                     true,
		"connect-src":                                       true,
		"connect-src 'self'":                                false,
		"default-src 'none'; img-src *; connect-src *":      false,
		"connect-src http:":                                 false,
		"connect-src https://api.example.net 'self'":        false,
		"connect-src 127.0.0.1:*":                           false,
		"connect-src http://127.0.0.1:*/_handbill/":         false,
		"script-src 'unsafe-inline'":                        false,
	} {
		t.Run(policy, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(notePolicy+external+`<meta http-equiv="Content-Security-Policy" content="`+policy+`">`, "")
			e.messages = always(deliver("welcome", welcome))
			b.open(e.URL)
			if forbids {
				b.await("window.said")
				b.js(`cioanalytics.track("Order Completed")`)
				b.expect("[seen.length, refused.length, said.includes('connect-src')]", "[0,0,true]")
				b.expect(`performance.getEntriesByType("resource").filter(({ name }) => name.includes("/v4/") || name.includes("/v1/")).length`, "0")
				return
			}
			b.await("seen.length === 1")
			e.waitReports("welcome opened")
			b.expect("[refused.length, window.said]", "[0,null]")
		})
	}
}

func TestACallThatTheBrowserRefusesIsTheLast(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Content Security Policy")
	// It looks as if it were for us, and is for another port.
	e.pages["/"] = page(notePolicy+external+`<meta http-equiv="Content-Security-Policy" content="connect-src 127.0.0.1:1">`, "")
	b.open(e.URL)
	b.await("refused.length === 1")
	b.js(`cioanalytics.track("Order Completed")`)
	b.js(`cioanalytics.page("Billing")`)
	b.expect("refused.length", "1")
}

func TestTheStylesOfASiteDoNotReachAMessage(t *testing.T) {
	const hostile = `<style>
  html { font-size: 40px; }
  * { all: unset; color: red !important; font: 50px fantasy; }
  body > *, handbill-message { display: none; opacity: 0; visibility: hidden; transform: scale(0); filter: blur(9px); }
  dialog, section, button { position: static; width: 3000px; }
</style>`
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(hostile+external, "")
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await("seen.length")
	b.expect(`(({ color, fontSize, visibility, opacity }) => [color, fontSize, visibility, opacity])(getComputedStyle(`+dialog+`))`,
		`["rgb(24, 25, 27)","16px","visible","1"]`)
	b.expect(dialog+".offsetWidth", "448")
}

func TestAThemeIsHowAMessageLooks(t *testing.T) {
	themed := welcome
	themed.Style = content.Theme{
		Background: content.Colour{Light: "#fff4ce", Dark: "#10211c"}, Text: content.Colour{Light: "#3b2f00", Dark: "#eef5f2"},
		Accent: content.Colour{Light: "#1f5c4a", Dark: "#7fd1b4"}, AccentText: content.Colour{Light: "#ffffff", Dark: "#10211c"},
		Radius: "4px", Width: "30em", Font: "Georgia, serif",
	}.CSS()
	for _, c := range []struct{ scheme, want string }{
		{"light", `["rgb(255, 244, 206)","rgb(59, 47, 0)","rgb(31, 92, 74)","rgb(255, 255, 255)","4px","480px","Georgia, serif"]`},
		{"dark", `["rgb(16, 33, 28)","rgb(238, 245, 242)","rgb(127, 209, 180)","rgb(16, 33, 28)","4px","480px","Georgia, serif"]`},
	} {
		e, b := newEdge(t), newTab(t)
		b.media("prefers-color-scheme", c.scheme)
		e.headers["Content-Security-Policy"] = "style-src 'none'; style-src-attr 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
		e.messages = always(deliver("welcome", themed))
		b.open(e.URL)
		b.await(dialog)
		b.expect(`(() => {
  const card = getComputedStyle(`+dialog+`), first = getComputedStyle(`+button("show-me")+`);
  return [card.backgroundColor, card.color, first.backgroundColor, first.color, card.borderRadius, card.width, card.fontFamily.replaceAll('"', "")];
})()`, c.want)
	}
}

// The colours of what we show, in the light and in the dark.
const lightSurface, darkSurface = `"rgb(255, 255, 255)"`, `"rgb(27, 28, 31)"`

// askingFor is the site's own snippet, which asks for colours; darkPage says that the page is dark.
func askingFor(scheme string) string {
	return withOwn(`{ siteId: "tallowby", anonymousInApp: true, colorScheme: "` + scheme + `" }`)
}

const darkPage = `<style>:root { color-scheme: dark }</style>`

// schemes are pages and systems, and which colours follow.
var schemes = []struct{ name, head, system, want string }{
	{"a page that says nothing, a light system", external, "light", lightSurface},
	{"a page that says nothing, a dark system", external, "dark", darkSurface},
	{"a page of both, a dark system", `<style>:root { color-scheme: light dark }</style>` + external, "dark", darkSurface},
	{"a light page, a dark system", `<style>:root { color-scheme: light }</style>` + external, "dark", lightSurface},
	{"a dark page, a light system", darkPage + external, "light", darkSurface},
	{"light ones asked for on a dark page, a dark system", darkPage + askingFor("default"), "dark", lightSurface},
	{"the system's asked for on a dark page, a light system", darkPage + askingFor("system"), "light", lightSurface},
	{"the system's asked for, a dark system", askingFor("system"), "dark", darkSurface},
	{"the page's asked for on a dark page, a light system", darkPage + askingFor("auto"), "light", darkSurface},
	{"the page's asked for where it says nothing, a dark system", askingFor("auto"), "dark", darkSurface},
}

func TestTheSchemeOfThePageIsFollowed(t *testing.T) {
	for _, c := range schemes {
		t.Run(c.name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			b.media("prefers-color-scheme", c.system)
			e.pages["/"] = page(c.head, "")
			e.messages = always(deliver("welcome", welcome))
			b.open(e.URL)
			b.await(dialog)
			b.expect("getComputedStyle("+dialog+").backgroundColor", c.want)
		})
	}
}

func TestMessagesMoveOnlyForThoseWhoLikeIt(t *testing.T) {
	for _, c := range []struct{ preference, want string }{{"reduce", `"0s"`}, {"no-preference", `"0.2s, 0.2s"`}} {
		e, b := newEdge(t), newTab(t)
		b.media("prefers-reduced-motion", c.preference)
		e.messages = always(deliver("welcome", welcome))
		b.open(e.URL)
		b.await(dialog)
		b.expect("getComputedStyle("+dialog+").transitionDuration", c.want)
	}
}

func TestPagesFromRightToLeftAreMirrored(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = strings.Replace(page(external, ""), "<html", `<html dir="rtl"`, 1)
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await(dialog)
	b.expect("(([button, frame]) => button.x - frame.x < frame.right - button.right)(["+closing+", "+dialog+"].map((part) => part.getBoundingClientRect()))", "true")
}

func TestEverythingFitsOnASmallPhone(t *testing.T) {
	for _, shown := range []message{deliver("welcome", welcome), deliver("yearly-offer", offer("top"))} {
		e, b := newEdge(t), newTab(t)
		b.run(chromedp.EmulateViewport(320, 480, chromedp.EmulateMobile))
		e.messages = always(shown)
		b.open(e.URL)
		b.await("seen.length")
		b.expect(`(() => {
  const frame = `+shadow+`.querySelector(".modal, .banner");
  const { left, right, top, bottom } = frame.getBoundingClientRect();
  return [left >= 0 && right <= 320 && top >= 0 && bottom <= 480, frame.scrollWidth <= frame.clientWidth, document.documentElement.scrollWidth <= 320];
})()`, "[true,true,true]")
	}
}
