// Package useragent reads what a browser says of itself: Client Hints, where it sends them, and its User-Agent.
//
// It tells what messages are targeted by, kind of device, browser, operating system, and whether the visitor is a program,
// and nothing more. Reading is a table of words in the order in which they must be looked for, because browsers name each
// other: Edge says that it is Chrome, which says that it is Safari. Browsers send the same text on every request, so what was
// read is remembered in a table of constant size.
package useragent

import (
	"hash/maphash"
	"net/http"
	"strings"
	"sync/atomic"
)

// Kinds of devices.
const (
	Desktop = "desktop"
	Mobile  = "mobile"
	Tablet  = "tablet"
)

// Agent is what a browser says of itself. What it does not say is empty.
type Agent struct {
	// Device is Desktop, Mobile or Tablet.
	Device string
	// Browser is a name such as "Chrome", "Edge", "Firefox" or "Safari".
	Browser string
	// OS is a name such as "Android", "iOS", "macOS" or "Windows".
	OS string
	// Bot: it says that it is a program and not a person's browser, such as a search engine or a monitor.
	Bot bool
}

// sent are the headers that tell, as they were sent.
type sent struct{ agent, brands, mobile, platform string }

// longest is how much of a header is read, in bytes.
const longest = 512

// Of reads the headers of a request.
func Of(header http.Header) Agent {
	return known(sent{
		agent: first(header, "User-Agent"), brands: first(header, "Sec-Ch-Ua"),
		mobile: first(header, "Sec-Ch-Ua-Mobile"), platform: first(header, "Sec-Ch-Ua-Platform"),
	})
}

// first is like header.Get for a name in its canonical form.
func first(header http.Header, name string) string {
	values := header[name]
	if len(values) == 0 {
		return ""
	}
	return values[0][:min(len(values[0]), longest)]
}

// read remembers an answer.
type read struct {
	sent  sent
	agent Agent
}

// reads are the last answers: one for each place, which others may take.
var (
	reads [1024]atomic.Pointer[read]
	seed  = maphash.MakeSeed()
)

func known(s sent) Agent {
	sum := maphash.String(seed, s.agent) ^ maphash.String(seed, s.brands)<<1 ^ maphash.String(seed, s.platform)<<2 ^ uint64(len(s.mobile))<<3
	place := &reads[sum%uint64(len(reads))]
	if before := place.Load(); before != nil && before.sent == s {
		return before.agent
	}
	agent := parse(s)
	// The headers are parts of larger texts that need not be kept.
	kept := sent{strings.Clone(s.agent), strings.Clone(s.brands), strings.Clone(s.mobile), strings.Clone(s.platform)}
	place.Store(&read{kept, agent})
	return agent
}

func parse(s sent) Agent {
	a := Agent{Bot: isBot(strings.ToLower(s.agent))}
	a.Browser, a.OS = find(browsers, s.agent), find(systems, s.agent)
	a.Device = device(s.agent, a.OS)
	// What hints say is more exact: browsers have frozen their User-Agent, and lie in it.
	if brand := brandOf(s.brands); brand != "" {
		a.Browser = brand
	}
	platform := strings.Trim(s.platform, `" `)
	if name := platforms[platform]; name != "" {
		a.OS = name
	}
	switch {
	case s.mobile == "?1":
		a.Device = Mobile
	case s.mobile == "?0" && platform == "Android":
		a.Device = Tablet
	case s.mobile == "?0" && a.Device != Tablet:
		a.Device = Desktop
	}
	return a
}

// named is a word of User-Agent, and what it stands for.
type named struct{ word, name string }

// find is what the first of the words that is there stands for.
func find(table []named, agent string) string {
	for _, entry := range table {
		if strings.Contains(agent, entry.word) {
			return entry.name
		}
	}
	return ""
}

// browsers are in the order in which they must be looked for.
var browsers = []named{
	{"EdgiOS/", "Edge"},
	{"EdgA/", "Edge"},
	{"Edg/", "Edge"},
	{"Edge/", "Edge"},
	{"OPR/", "Opera"},
	{"OPiOS/", "Opera"},
	{"OPT/", "Opera"},
	{"OPX/", "Opera"},
	{"Opera", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"YaBrowser/", "Yandex Browser"},
	{"Vivaldi/", "Vivaldi"},
	{"UCBrowser/", "UC Browser"},
	{"MiuiBrowser/", "Mi Browser"},
	{"HuaweiBrowser/", "Huawei Browser"},
	{"Silk/", "Silk"},
	{"DuckDuckGo/", "DuckDuckGo"},
	{"Ddg/", "DuckDuckGo"},
	{"FxiOS/", "Firefox"},
	{"Focus/", "Firefox"},
	{"Firefox/", "Firefox"},
	{"CriOS/", "Chrome"},
	{"Chrome/", "Chrome"},
	{"Chromium/", "Chrome"},
	{"MSIE ", "Internet Explorer"},
	{"Trident/", "Internet Explorer"},
	{"Safari/", "Safari"},
	{"iPhone; ", "Safari"}, // inside of other applications
	{"iPad; ", "Safari"},
}

// systems are in the order in which they must be looked for.
var systems = []named{
	{"Windows Phone", "Windows Phone"},
	{"Windows", "Windows"},
	{"OpenHarmony", "HarmonyOS"},
	{"HarmonyOS", "HarmonyOS"},
	{"KAIOS/", "KaiOS"},
	{"Tizen", "Tizen"},
	{"Web0S", "webOS"},
	{"Android", "Android"},
	{"iPhone", "iOS"},
	{"iPad", "iOS"},
	{"iPod", "iOS"},
	{"CrOS ", "Chrome OS"},
	{"Macintosh", "macOS"},
	{"FreeBSD", "FreeBSD"},
	{"OpenBSD", "OpenBSD"},
	{"Linux", "Linux"},
	{"X11;", "Linux"},
}

// device is the kind of device. Android's convention is that phones say "Mobile", and tablets do not.
func device(agent, system string) string {
	says := func(word string) bool { return strings.Contains(agent, word) }
	switch system {
	case "":
		return ""
	case "Windows", "macOS", "Linux", "Chrome OS", "FreeBSD", "OpenBSD", "webOS":
		return Desktop
	case "iOS":
		if says("iPad") {
			return Tablet
		}
		return Mobile
	}
	switch {
	case says("Tablet"):
		return Tablet
	case says("Mobile"), system == "Windows Phone", system == "KaiOS":
		return Mobile
	case system == "Android", system == "HarmonyOS":
		return Tablet
	}
	return Desktop
}

// brands are the browsers of Sec-CH-UA. All of them say "Chromium" as well.
var brands = []named{
	{`"Microsoft Edge"`, "Edge"},
	{`"Opera"`, "Opera"},
	{`"Opera GX"`, "Opera"},
	{`"Samsung Internet"`, "Samsung Internet"},
	{`"Brave"`, "Brave"},
	{`"Vivaldi"`, "Vivaldi"},
	{`"YaBrowser"`, "Yandex Browser"},
	{`"DuckDuckGo"`, "DuckDuckGo"},
	{`"Google Chrome"`, "Chrome"},
	{`"HeadlessChrome"`, "Chrome"},
}

func brandOf(hint string) string {
	if hint == "" {
		return ""
	}
	return find(brands, hint)
}

// platforms are the names of Sec-CH-UA-Platform.
var platforms = map[string]string{
	"Android": "Android", "Chrome OS": "Chrome OS", "Chromium OS": "Chrome OS", "iOS": "iOS", "Linux": "Linux",
	"macOS": "macOS", "Windows": "Windows",
}
