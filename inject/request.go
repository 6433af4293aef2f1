package inject

import (
	"net/http"
	"strings"
)

// requestHeaders are the headers that a request may lose or have changed on its
// way to the site.
var requestHeaders = [...]string{"Accept-Encoding", "Range", "If-Range"}

// requestChange is what was changed in a request's header. The header is changed
// in place, because others hold on to the request, and restored when the site has
// answered.
type requestChange struct {
	saved   [len(requestHeaders)][]string
	changed [len(requestHeaders)]bool
	// codings: Accept-Encoding was changed.
	codings bool
	value   [1]string
}

// apply changes what is asked of the site: for a page, gzip alone where the
// client takes it, and never a part of it.
func (c *requestChange) apply(header http.Header, ask AskEncoding) {
	if !wantsPage(header) {
		return
	}
	c.askEncoding(header, ask)
	c.set(header, 1, nil)
	c.set(header, 2, nil)
}

func (c *requestChange) askEncoding(header http.Header, ask AskEncoding) {
	accepted := header["Accept-Encoding"]
	if len(accepted) == 0 {
		return
	}
	wanted := "identity"
	if ask == AskGzip && acceptsGzip(accepted) {
		wanted = "gzip"
	}
	if len(accepted) == 1 && accepted[0] == wanted {
		return
	}
	c.codings = true
	c.value[0] = wanted
	c.set(header, 0, c.value[:])
}

// set replaces a header, or deletes it, and remembers what it was.
func (c *requestChange) set(header http.Header, i int, values []string) {
	before, present := header[requestHeaders[i]]
	if !present {
		return
	}
	c.saved[i], c.changed[i] = before, true
	if values == nil {
		delete(header, requestHeaders[i])
		return
	}
	header[requestHeaders[i]] = values
}

// restore gives the header back as it was.
func (c *requestChange) restore(header http.Header) {
	for i, changed := range c.changed {
		if changed {
			header[requestHeaders[i]] = c.saved[i]
		}
	}
}

// wantsPage tells requests for pages from those for a page's parts. Browsers say
// so in Sec-Fetch-Dest; where they do not, and for pages that scripts load, it is
// told by what they accept.
func wantsPage(header http.Header) bool {
	switch first(header, "Sec-Fetch-Dest") {
	case "document", "iframe", "frame", "fencedframe":
		return true
	}
	for _, value := range header["Accept"] {
		if strings.Contains(value, "text/html") {
			return true
		}
	}
	return false
}
