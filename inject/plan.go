package inject

import (
	"net/http"
	"strings"
)

// plan is what the headers of a request and its response say about injecting:
// no, for a reason, or how to read the body.
type plan struct {
	reason   Reason
	coding   coding
	encoding textEncoding
	// declared: the header names the charset, so browsers need not look for it.
	declared bool
	// stopAtEscape: the text may be ISO-2022-JP.
	stopAtEscape bool
	// header is the response's, of a page.
	header survey
}

// planRequest judges a request before it is passed on.
func planRequest(r *http.Request) Reason {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return ReasonMethod
	case len(r.Header["Upgrade"]) > 0 || len(r.Header["Sec-Websocket-Key"]) > 0:
		return ReasonUpgrade
	}
	return ReasonNone
}

// planResponse judges a response to a request that planRequest lets through, by
// its header, and writes what comes of it to p. Nothing else decides: operators'
// matchers, what there is to insert and the page's policy are asked afterwards.
func planResponse(p *plan, r *http.Request, status int, header http.Header, errorPages bool) {
	if p.reason = p.readType(status, header, errorPages); p.reason != ReasonNone {
		return
	}
	p.header.take(header)
	switch mark := firstOf(p.header.mark); {
	case p.header.part:
		p.reason = ReasonPartialContent
	case isAttachment(p.header.disposition):
		p.reason = ReasonAttachment
	case hasToken(p.header.cacheControl, "no-transform"):
		p.reason = ReasonNoTransform
	case strings.EqualFold(mark, markOff):
		p.reason = ReasonOptedOutBySite
	case mark == markInjected || mark == markPlanned:
		p.reason = ReasonAlreadyInjected
	case wantsFragment(r, &p.header):
		p.reason = ReasonFragmentRequest
	default:
		p.coding, p.reason = codingOf(p.header.contentEncoding)
	}
}

// readType judges what most responses are passed by: status and type.
func (p *plan) readType(status int, header http.Header, errorPages bool) Reason {
	switch {
	case status == http.StatusNotModified:
		return ReasonNotModified
	case status == http.StatusPartialContent:
		return ReasonPartialContent
	case status != http.StatusOK && (status < 400 || !errorPages):
		return ReasonStatus
	}
	types := header["Content-Type"]
	if firstOf(types) == "" {
		return ReasonNoContentType
	}
	mediaType, charset := parseContentType(types[0])
	if mediaType != "text/html" && !strings.EqualFold(mediaType, "text/html") || !sameType(types) {
		return ReasonContentType
	}
	p.encoding, p.stopAtEscape, p.declared = asciiCompatible, true, false
	if charset != "" {
		p.encoding, p.stopAtEscape, p.declared = encodingOf(charset)
	}
	if p.encoding == otherEncoding {
		return ReasonCharset
	}
	return ReasonNone
}

// sameType reports whether repeated Content-Type lines agree.
func sameType(values []string) bool {
	for _, value := range values[1:] {
		if value != values[0] {
			return false
		}
	}
	return true
}

func first(header http.Header, name string) string { return firstOf(header[name]) }

// isAttachment reports whether a browser would save the response; unknown
// dispositions count as attachments (RFC 6266, 4.2).
func isAttachment(values []string) bool {
	for _, value := range values {
		disposition, _, _ := strings.Cut(value, ";")
		disposition = strings.TrimSpace(disposition)
		if disposition != "" && !strings.EqualFold(disposition, "inline") {
			return true
		}
	}
	return false
}

// fragmentHeaders are the request headers by which scripts say that they ask for
// a part of a page, and the values that say so ("": any).
var fragmentHeaders = []struct{ name, value string }{
	{"Hx-Request", "true"},
	{"Turbo-Frame", ""},
	{"X-Requested-With", "XMLHttpRequest"},
	{"X-Pjax", ""},
	{"X-Up-Target", ""},
	{"X-Inertia", ""},
	{"Rsc", ""},
	{"Next-Router-State-Tree", ""},
}

// wantsFragment reports whether a script asks for a part of a page, and this may
// decide about the response: no cache can give it to another request, or caches
// know of the difference. Otherwise the body alone decides, so that a cache never
// mixes both.
func wantsFragment(r *http.Request, response *survey) bool {
	own := hasToken(response.cacheControl, "no-store") || hasToken(response.cacheControl, "private") || hasToken(response.vary, "*")
	if !own && len(response.vary) == 0 {
		return false
	}
	name := fragmentHeader(r)
	return name != "" && (own || hasToken(response.vary, name))
}

// fragmentHeader returns the name of the request header by which a script says
// that it asks for a part of a page; "" where there is none.
func fragmentHeader(r *http.Request) string {
	for _, h := range fragmentHeaders {
		values := r.Header[h.name]
		if len(values) == 0 || h.value != "" && !strings.EqualFold(values[0], h.value) {
			continue
		}
		if h.name == "Hx-Request" && (len(r.Header["Hx-Boosted"]) > 0 || len(r.Header["Hx-History-Restore-Request"]) > 0) {
			continue // htmx asks for a whole page
		}
		return h.name
	}
	if destination := first(r.Header, "Sec-Fetch-Dest"); destination != "" && !isPageDestination(destination) {
		return "Sec-Fetch-Dest"
	}
	return ""
}

// isPageDestination tells documents from other fetch destinations (Fetch
// standard, Sec-Fetch-Dest).
func isPageDestination(destination string) bool {
	switch destination {
	case "document", "iframe", "frame", "fencedframe", "embed", "object":
		return true
	}
	return false
}
