package engine

import (
	"fmt"
	"strings"

	"handbill/engine/audience"
	"handbill/engine/useragent"
	"handbill/engine/workspace"
)

// Browser is what a request says of the browser that sends it. What it does not say is empty.
type Browser struct {
	// Agent is what User-Agent and Client Hints say.
	Agent useragent.Agent
	// Country is the ISO 3166-1 code of where the request comes from, in capitals.
	Country string
	// Referrer is the page that linked to the visitor's page; its JavaScript knows it as document.referrer.
	Referrer string
	// Method is the HTTP method of the page's request. Polls do not know it.
	Method string
}

// asked are the facts that conditions look at, filled when the first condition asks.
func (s *situation) asked() *audience.Facts {
	if !s.filled {
		s.facts.Reset()
		s.fill(s.facts)
		s.filled = true
	}
	return s.facts
}

func (s *situation) fill(f *audience.Facts) {
	f.Now, f.Segments = s.now, s.snapshot.Segments
	s.fillHistory(f)
	if s.record != nil {
		f.Traits = s.record.Traits
	}
	if s.page != nil {
		f.Page = audience.Page{URL: s.page.URL, Host: s.page.Host(), Path: s.page.Path(), Query: s.page.Query(), Name: s.page.Name}
	}
	f.Request = audience.Request{
		Country: s.browser.Country, Device: s.browser.Agent.Device, Browser: s.browser.Agent.Browser, OS: s.browser.Agent.OS,
		Bot: s.browser.Agent.Bot, Referrer: s.browser.Referrer, Method: s.browser.Method,
	}
	if s.snapshot.Asks("request") {
		f.Request.Languages = s.preferred()
	}
}

func askBot(_ *Engine, m *workspace.Message, s *situation) Reason {
	if s.browser.Agent.Bot && !m.ToBots {
		return ReasonBot
	}
	return ReasonNone
}

func describeBot(_ *Engine, m *workspace.Message, s *situation) (string, string) {
	switch {
	case !s.browser.Agent.Bot:
		return "the user agent does not say that it is a program", ""
	case m.ToBots:
		return `the user agent says that it is a program, and bots is "include"`, ""
	}
	return "the user agent says that it is a program", `set bots = "include" to show it to programs, too`
}

func askAudience(_ *Engine, m *workspace.Message, s *situation) Reason {
	if !m.Audience.Contains(s.asked()) {
		return ReasonAudience
	}
	return ReasonNone
}

func describeAudience(_ *Engine, m *workspace.Message, s *situation) (string, string) {
	explained := m.Audience.Explain(s.asked())
	saw := fmt.Sprintf("audience is %q", m.Audience)
	if explained.Why != "" {
		saw += ": " + explained.Why
	}
	help := "it is shown to visitors for whom this holds: " + explained.Needs
	switch m.Audience.String() {
	case audience.Identified:
		help = "the site must call identify(…) for this visitor first"
	case audience.Anonymous:
		help = "this message is for visitors who have not identified; sign out, or change its audience"
	}
	return saw, help
}

func askWhere(_ *Engine, m *workspace.Message, s *situation) Reason {
	if m.Where != nil && !m.Where.Holds(s.asked()) {
		return ReasonWhere
	}
	return ReasonNone
}

func describeWhere(_ *Engine, m *workspace.Message, s *situation) (string, string) {
	if m.Where == nil {
		return "no condition is set", ""
	}
	explained := m.Where.Explain(s.asked())
	return explained.Why, "it is shown when this holds: " + explained.Needs
}

// preferred are the languages that the browser asks for, the best first. Tags whose quality is 0 are not asked for.
func (s *situation) preferred() []string {
	tags := s.tags[:0]
	var qualities [maxLanguages]int
	for _, list := range s.languages {
		for listed := range strings.SplitSeq(list, ",") {
			tag, quality := languageRange(listed)
			if tag == "" || quality == 0 || len(tags) == maxLanguages {
				continue
			}
			// Of equal qualities the first is preferred.
			at := len(tags)
			for at > 0 && qualities[at-1] < quality {
				at--
			}
			tags = append(tags, "")
			copy(tags[at+1:], tags[at:])
			copy(qualities[at+1:], qualities[at:len(tags)-1])
			tags[at], qualities[at] = tag, quality
		}
	}
	s.tags = tags
	return tags
}

// maxLanguages bounds the languages of one request, maxTag the length of each.
const (
	maxLanguages = 20
	maxTag       = 64
)

// languageRange reads one item of Accept-Language (RFC 9110, section 12.5.4): a tag, and its quality from 0 to 1000. The
// tag is empty for "*" and for what is none.
func languageRange(listed string) (tag string, quality int) {
	tag, parameter, weighted := strings.Cut(listed, ";")
	tag, quality = strings.TrimSpace(tag), 1000
	if len(tag) > maxTag {
		return "", 0
	}
	for i := range len(tag) {
		c := tag[i]
		if isLetter := c|0x20 >= 'a' && c|0x20 <= 'z'; !isLetter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return "", 0
		}
	}
	if !weighted {
		return tag, quality
	}
	weight, found := strings.CutPrefix(strings.TrimSpace(parameter), "q=")
	whole, fraction, _ := strings.Cut(weight, ".")
	if !found || whole != "0" && whole != "1" || len(fraction) > 3 {
		return "", 0
	}
	quality = 0
	if whole == "1" {
		quality = 1000
	}
	for i, worth := 0, 100; i < len(fraction); i, worth = i+1, worth/10 {
		if fraction[i] < '0' || fraction[i] > '9' {
			return "", 0
		}
		quality += int(fraction[i]-'0') * worth
	}
	return tag, min(quality, 1000)
}
