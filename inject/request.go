package inject

import (
	"net/http"
	"path"
	"strings"
)

// requestChange is what was changed in a request's header on its way to the
// site. The header is changed in place, because others hold on to the request,
// and given back as it was when the site has answered.
type requestChange struct {
	saved []savedHeader
	one   [1]savedHeader // most requests have one change
	// codings: Accept-Encoding was changed.
	codings bool
	asked   [1]string // the new Accept-Encoding
	copies  copies
}

type savedHeader struct {
	name   string
	values []string // nil: there was none
}

// apply changes what is asked of the site: for a page, gzip alone where the client
// takes it, and never a part of it; and whether a copy is still good in the site's own
// words. Now tells what would be inserted at present.
func (c *requestChange) apply(r *http.Request, ask AskEncoding, now func() (Insertion, bool)) {
	header := r.Header
	page := wantsPage(header)
	if page {
		c.askEncoding(header, ask)
	}
	c.translateMatch(header)
	if len(header["Range"]) > 0 {
		c.dropRange(header, page && mayBePage(r.URL.Path))
	}
	if len(header["If-None-Match"]) > 0 || len(header["If-Modified-Since"]) > 0 {
		c.judgeCopies(header, page && mayBePage(r.URL.Path), now)
	}
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
	c.asked[0] = wanted
	c.set(header, "Accept-Encoding", accepted, c.asked[:])
}

// set gives a header new values and remembers what it had.
func (c *requestChange) set(header http.Header, name string, before, values []string) {
	c.save(name, before)
	header[name] = values
}

// drop deletes a header and remembers what it had.
func (c *requestChange) drop(header http.Header, name string) {
	if before, present := header[name]; present {
		c.save(name, before)
		delete(header, name)
	}
}

func (c *requestChange) save(name string, values []string) {
	if c.saved == nil {
		c.saved = c.one[:0]
	}
	c.saved = append(c.saved, savedHeader{name, values})
}

// restore gives the header back as it was.
func (c *requestChange) restore(header http.Header) {
	for _, saved := range c.saved {
		if saved.values == nil {
			delete(header, saved.name)
		} else {
			header[saved.name] = saved.values
		}
	}
	c.saved = nil
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

// mayBePage reports whether a path can lead to a page. Files that browsers open
// or save by themselves keep their ranges and validators.
func mayBePage(urlPath string) bool {
	switch strings.ToLower(strings.TrimPrefix(path.Ext(urlPath), ".")) {
	case "7z", "apk", "avif", "bz2", "css", "csv", "deb", "dmg", "doc", "docx", "epub", "exe", "flac", "gif", "gz", "ico",
		"iso", "jpeg", "jpg", "js", "json", "m4a", "m4v", "mjs", "mkv", "mov", "mp3", "mp4", "msi", "ods", "odt", "ogg",
		"ogv", "otf", "pdf", "png", "pptx", "rar", "rpm", "svg", "tar", "tgz", "tif", "tiff", "ttf", "txt", "wasm", "wav",
		"webm", "webp", "woff", "woff2", "xls", "xlsx", "xml", "xz", "zip", "zst":
		return false
	}
	return true
}
