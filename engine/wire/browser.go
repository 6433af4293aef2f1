package wire

import (
	"net/http"
	"slices"

	"handbill/engine"
	"handbill/engine/useragent"
)

// BrowserOf is what a request's header says of its browser, and the languages that it asks for.
func BrowserOf(header http.Header) (said engine.Browser, languages []string) {
	said.Agent = useragent.Of(header)
	said.Referrer = referrerOf(header.Get("Referer"))
	return said, languagesOf(header)
}

// browser is what a poll says of its browser. Its Referer is the page itself; what linked to that, the client says. The
// country is looked up only where a condition may ask for it.
func (h *Handler) browser(r *http.Request, referrer string) engine.Browser {
	said := engine.Browser{Agent: useragent.Of(r.Header), Referrer: referrerOf(referrer)}
	if snapshot := h.engine.Snapshot(); h.country != nil && snapshot != nil && snapshot.Asks("request") {
		said.Country = h.country(r)
	}
	return said
}

// referrerOf is an address that may be a page's referrer, or nothing.
func referrerOf(address string) string {
	if len(address) > maxPage || originOf(address) == "" {
		return ""
	}
	return address
}

// referenceLanguages are those of a poll of the reference client: what the site has told that client, before what the
// browser asks for.
func referenceLanguages(header http.Header) []string {
	return slices.Concat(header["Content-Language"], header["Accept-Language"])
}

// languagesOf are what the browser asks for. The in-app clients say theirs in Content-Language, for what sends no other.
func languagesOf(header http.Header) []string {
	if asked := header["Accept-Language"]; len(asked) > 0 && asked[0] != "" {
		return asked
	}
	return header["Content-Language"]
}
