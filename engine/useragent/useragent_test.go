package useragent

import (
	"net/http"
	"strings"
	"testing"
)

const (
	chromeWindows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
	chromeAndroid = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
	chromeTablet  = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)

func TestBrowsersAreKnownByTheirUserAgent(t *testing.T) {
	for _, test := range []struct {
		name, agent string
		want        Agent
	}{
		{"Chrome on Windows", chromeWindows, Agent{Desktop, "Chrome", "Windows", false}},
		{"Chrome on a Mac", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", Agent{Desktop, "Chrome", "macOS", false}},
		{"Chrome on Linux", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", Agent{Desktop, "Chrome", "Linux", false}},
		{"Chrome on a Chromebook", "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", Agent{Desktop, "Chrome", "Chrome OS", false}},
		{"Chrome on a telephone", chromeAndroid, Agent{Mobile, "Chrome", "Android", false}},
		{"Chrome on a tablet", chromeTablet, Agent{Tablet, "Chrome", "Android", false}},
		{"Chrome on an iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1", Agent{Mobile, "Chrome", "iOS", false}},
		{"a site's own tests", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36", Agent{Desktop, "Chrome", "Linux", false}},
		{"Edge on Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0", Agent{Desktop, "Edge", "Windows", false}},
		{"Edge on Android", "Mozilla/5.0 (Linux; Android 10; HD1913) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.6778.81 Mobile Safari/537.36 EdgA/131.0.2903.48", Agent{Mobile, "Edge", "Android", false}},
		{"Edge on an iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 EdgiOS/131.0.2903.47 Mobile/15E148 Safari/605.1.15", Agent{Mobile, "Edge", "iOS", false}},
		{"Firefox on Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0", Agent{Desktop, "Firefox", "Windows", false}},
		{"Firefox on Ubuntu", "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", Agent{Desktop, "Firefox", "Linux", false}},
		{"Firefox on a telephone", "Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0", Agent{Mobile, "Firefox", "Android", false}},
		{"Firefox on a tablet", "Mozilla/5.0 (Android 13; Tablet; rv:133.0) Gecko/133.0 Firefox/133.0", Agent{Tablet, "Firefox", "Android", false}},
		{"Firefox on an iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 14_7_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/133.0 Mobile/15E148 Safari/605.1.15", Agent{Mobile, "Firefox", "iOS", false}},
		{"Safari on a Mac", "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7_1) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15", Agent{Desktop, "Safari", "macOS", false}},
		{"Safari on an iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_7_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", Agent{Mobile, "Safari", "iOS", false}},
		{"Safari on an iPad", "Mozilla/5.0 (iPad; CPU OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1", Agent{Tablet, "Safari", "iOS", false}},
		{"a page inside of an application", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/487.0]", Agent{Mobile, "Safari", "iOS", false}},
		{"Opera on Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 OPR/114.0.0.0", Agent{Desktop, "Opera", "Windows", false}},
		{"Opera Touch on an iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 16_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.1 Mobile/15E148 Safari/604.1 OPT/3.4.0", Agent{Mobile, "Opera", "iOS", false}},
		{"Samsung's browser", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36", Agent{Mobile, "Samsung Internet", "Android", false}},
		{"Yandex' browser", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 YaBrowser/24.10.0.0 Safari/537.36", Agent{Desktop, "Yandex Browser", "Windows", false}},
		{"a Kindle Fire", "Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/128.4.1 like Chrome/128.0.6613.187 Safari/537.36", Agent{Tablet, "Silk", "Android", false}},
		{"Internet Explorer on a PC with a pen", "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; Touch; Tablet PC 2.0; rv:11.0) like Gecko", Agent{Desktop, "Internet Explorer", "Windows", false}},
		{"a telephone by Cubot", "Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0.0.0 Mobile Safari/537.36", Agent{Mobile, "Chrome", "Android", false}},
		{"a television", "Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV Safari/537.36", Agent{Desktop, "Safari", "Tizen", false}},
		{"a simple telephone", "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5", Agent{Mobile, "Firefox", "KaiOS", false}},
		{"a library", "Go-http-client/1.1", Agent{}},
		{"nothing", "", Agent{}},
		{"nonsense", strings.Repeat("\x00\xffbo", 5000), Agent{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Of(http.Header{"User-Agent": {test.agent}}); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestProgramsSayThatTheyAre(t *testing.T) {
	for _, agent := range []string{
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
		"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
		"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36",
		"Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
		"Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
		"Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)",
		"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
		"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot",
		"Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)",
		"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
		"Twitterbot/1.0",
		"LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
		"Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
		"WhatsApp/2.23.20.0",
		"Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
		"Mozilla/5.0 (Linux; Android 11; moto g power (2022)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36 Chrome-Lighthouse",
		"Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
		"Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
		"W3C_Validator/1.3 http://validator.w3.org/services",
		"Screaming Frog SEO Spider/20.1",
	} {
		if !Of(http.Header{"User-Agent": {agent}}).Bot {
			t.Errorf("%s is taken for a person", agent)
		}
	}
}

func TestHintsComeBeforeTheUserAgent(t *testing.T) {
	for _, test := range []struct {
		name   string
		header http.Header
		want   Agent
	}{
		{
			"Brave, which says that it is Chrome",
			http.Header{
				"User-Agent": {chromeWindows}, "Sec-Ch-Ua": {`"Brave";v="131", "Chromium";v="131", "Not_A Brand";v="24"`},
				"Sec-Ch-Ua-Mobile": {"?0"}, "Sec-Ch-Ua-Platform": {`"Windows"`},
			},
			Agent{Desktop, "Brave", "Windows", false},
		},
		{
			"a telephone that asks for the desktop's page",
			http.Header{
				"User-Agent": {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"},
				"Sec-Ch-Ua":  {`"Google Chrome";v="131", "Chromium";v="131"`}, "Sec-Ch-Ua-Mobile": {"?0"}, "Sec-Ch-Ua-Platform": {`"Android"`},
			},
			Agent{Tablet, "Chrome", "Android", false},
		},
		{
			"a telephone",
			http.Header{"User-Agent": {chromeAndroid}, "Sec-Ch-Ua-Mobile": {"?1"}, "Sec-Ch-Ua-Platform": {`"Android"`}},
			Agent{Mobile, "Chrome", "Android", false},
		},
		{
			"hints alone",
			http.Header{"Sec-Ch-Ua": {`"Not A(Brand";v="8", "Chromium";v="132", "Microsoft Edge";v="132"`}, "Sec-Ch-Ua-Mobile": {"?0"}, "Sec-Ch-Ua-Platform": {`"macOS"`}},
			Agent{Desktop, "Edge", "macOS", false},
		},
		{
			"hints that say nothing",
			http.Header{"User-Agent": {chromeTablet}, "Sec-Ch-Ua": {`"Chromium";v="131"`}, "Sec-Ch-Ua-Mobile": {"yes"}, "Sec-Ch-Ua-Platform": {`"Unknown"`}},
			Agent{Tablet, "Chrome", "Android", false},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Of(test.header); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestWhatWasReadBeforeCostsNothing(t *testing.T) {
	header := http.Header{"User-Agent": {chromeWindows}, "Sec-Ch-Ua-Mobile": {"?0"}}
	Of(header)
	if allocated := testing.AllocsPerRun(100, func() { Of(header) }); allocated != 0 {
		t.Errorf("%v allocations", allocated)
	}
}
