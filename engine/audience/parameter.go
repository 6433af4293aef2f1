package audience

import (
	"net/url"
	"strings"
)

// parameter reads a parameter of the page's query; the first one where a name is repeated. Parameters that cannot be
// decoded are missing.
type parameter struct{ name node }

func (n *parameter) value(f *Facts) value {
	name := n.name.value(f)
	if name.kind != text || !f.spend(len(f.Page.Query)/256) {
		return value{}
	}
	for pair := range strings.SplitSeq(f.Page.Query, "&") {
		key, content, _ := strings.Cut(pair, "=")
		if key, ok := unescape(key); !ok || key != name.text {
			continue
		}
		if content, ok := unescape(content); ok {
			return ofText(content)
		}
		return value{}
	}
	return value{}
}

func unescape(s string) (string, bool) {
	if !strings.ContainsAny(s, "%+") {
		return s, true
	}
	s, err := url.QueryUnescape(s)
	return s, err == nil
}
