package pagerule

import (
	"errors"
	"strings"
)

// pageText is a rule "contains:".
type pageText struct {
	text string
	// hostText is the text in the form that hosts have, as far as it can be a
	// host's, and empty where that is no other. It is sought in the host only.
	hostText string
	looked   detail
}

func parseText(text string) (condition, error) {
	if text == "" {
		return nil, errors.New(`the text is missing: write for example "contains:/pricing"`)
	}
	rest, fragment, hasFragment := strings.Cut(text, "#")
	rest, query, hasQuery := strings.Cut(rest, "?")
	if hasQuery || hasFragment {
		// Before these, the page's text has no slash.
		rest = strings.TrimSuffix(rest, "/")
	}
	start := normalize(rest, inPath)
	contained := &pageText{}
	var tail string
	if hasQuery {
		contained.looked |= withQuery
		tail += "?" + normalize(query, inQuery)
	}
	if hasFragment {
		contained.looked |= withFragment
		tail += "#" + normalize(fragment, inFragment)
	}
	contained.text = start + tail
	if host := hostForm(rest); host != start {
		contained.hostText = host + tail
	}
	return contained, nil
}

// hostForm writes the beginning of a text, as far as it can be a scheme and a
// host, as those are written.
func hostForm(text string) string {
	end := 0
	if scheme := strings.Index(text, "://"); scheme >= 0 {
		end = scheme + len("://")
	}
	if slash := strings.IndexByte(text[end:], '/'); slash >= 0 {
		end += slash
	} else {
		end = len(text)
	}
	host, err := asciiHost(text[:end])
	if err != nil {
		host = text[:end]
	}
	return host + normalize(text[end:], inPath)
}

func (t *pageText) match(page *Page) bool {
	if page.Name != "" {
		return false
	}
	text := page.text[t.looked]
	if t.looked == 0 {
		text = page.slashedText[0]
	}
	if strings.Contains(text, t.text) {
		return true
	}
	if bare, found := strings.CutSuffix(t.text, "/"); found && t.needsFragment() && strings.HasSuffix(text, bare) {
		return true
	}
	if t.hostText == "" {
		return false
	}
	found := strings.Index(text, t.hostText)
	return found >= 0 && found < len(page.text[0])-len(page.path.bare)
}

func (t *pageText) needsFragment() bool { return t.looked&withFragment != 0 }
