package useragent

import "strings"

// programs are words by which programs say in User-Agent, in lower case, that they are no person's browser. Those that call
// themselves a bot, and those that name an address where they are described, need not be here.
var programs = []string{
	"crawl", "spider", "slurp", "scraper", "archiver", "archive.org", "heritrix", "feedfetcher", "feedburner", "prerender",
	// search engines' and shops' helpers
	"mediapartners-google", "apis-google", "google-inspectiontool", "googleother", "google-read-aloud", "google favicon",
	"google web preview", "google-safety", "google-site-verification", "bingpreview", "yandexmetrika", "yahoo! ", "daumoa", "naver.me",
	// language models and what reads for them
	"chatgpt-user", "claude-user", "claude-web", "anthropic-ai", "perplexity-user", "cohere-ai", "meta-externalagent", "meta-externalfetcher",
	"mistralai-user",
	// previews of links
	"facebookexternalhit", "facebookcatalog", "whatsapp/", "skypeuripreview", "embedly", "quora link preview", "pinterest/", "vkshare",
	"snap url preview", "iframely", "bitlybot", "tumblr/", "redditbot",
	// measuring, monitoring, checking
	"chrome-lighthouse", "google page speed", "pagespeed", "gtmetrix", "ptst/", "pingdom", "statuscake", "site24x7", "datadogsynthetics",
	"newrelicsynthetics", "uptime-kuma", "uptime/", "better uptime", "checkly", "w3c_validator", "w3c-checklink", "validator.nu",
	"screaming frog", "sitebulb", "nuclei", "zgrab", "masscan", "netcraft",
}

// isBot says whether a User-Agent, in lower case, says that it is a program. Automated browsers that say nothing else,
// such as a headless Chrome in a site's own tests, see what people see.
func isBot(agent string) bool {
	if callsItselfBot(agent) || strings.Contains(agent, "+http") {
		return true
	}
	for _, word := range programs {
		if strings.Contains(agent, word) {
			return true
		}
	}
	return false
}

// callsItselfBot finds a word that ends in "bot", but for the telephones of Cubot.
func callsItselfBot(agent string) bool {
	for rest := agent; ; {
		at := strings.Index(rest, "bot")
		if at < 0 {
			return false
		}
		end := at + len("bot")
		ends := end == len(rest) || rest[end] < 'a' || rest[end] > 'z'
		if ends && !strings.HasSuffix(rest[:at], "cu") {
			return true
		}
		rest = rest[end:]
	}
}
