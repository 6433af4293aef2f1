package inject

import (
	"net/http"

	"golang.org/x/net/http/httpguts"
)

// survey is what matters of a page's header, read in one pass, because a look-up
// for each would be what a page costs us most.
type survey struct {
	contentLength   []string
	contentEncoding []string
	disposition     []string
	cacheControl    []string
	vary            []string
	tag             []string
	lastModified    []string
	mark            []string // Handbill
	policies        policyLines

	// integrity: there are headers that vouch for the body's bytes, or offer parts.
	integrity bool
	// part: this is not the whole.
	part bool
	// trailers: some are announced.
	trailers bool
	// impatient: the site wants nothing to wait.
	impatient bool
	// size estimates how many bytes of net/http's buffer the header takes.
	size int
}

// take reads a header.
func (s *survey) take(header http.Header) {
	const statusDateConnection = len("HTTP/1.1 200 OK\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\nConnection: close\r\n\r\n")
	*s = survey{size: statusDateConnection}
	for name, values := range header {
		for _, value := range values {
			s.size += len(name) + len(value) + len(": \r\n")
		}
		switch name {
		case "Content-Length":
			s.contentLength = values
		case "Content-Encoding":
			s.contentEncoding = values
		case "Content-Disposition":
			s.disposition = values
		case "Cache-Control":
			s.cacheControl = values
		case "Vary":
			s.vary = values
		case "Etag":
			s.tag = values
		case "Last-Modified":
			s.lastModified = values
		case headerName:
			s.mark = values
		case "Content-Security-Policy":
			s.policies[0] = values
		case "Content-Security-Policy-Report-Only":
			s.policies[1] = values
		case "Accept-Ranges", "Content-Md5", "Digest", "Content-Digest", "Repr-Digest", "Signature", "Signature-Input":
			s.integrity = true
		case "Content-Range":
			s.part = len(values) > 0
		case "Trailer":
			s.trailers = true
		case "Incremental":
			s.impatient = s.impatient || len(values) > 0 && values[0] == "?1"
		case "X-Accel-Buffering":
			s.impatient = s.impatient || len(values) > 0 && values[0] == "no"
		}
	}
}

// hasToken reports whether a list in a header holds a token.
func hasToken(values []string, token string) bool {
	return len(values) > 0 && httpguts.HeaderValuesContainsToken(values, token)
}

// firstOf returns the first of a header's values; "" where there is none.
func firstOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
