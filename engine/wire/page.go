package wire

import (
	"fmt"
	"net/http"
	"strings"

	"handbill/engine/pagerule"
)

// pageSent is the page that our client's poll names.
type pageSent struct {
	// URL is the browser's address, with query and fragment.
	URL string `json:"url"`
	// Name is what the site called the page; it then stands instead of the URL.
	Name string `json:"name"`
	// Number says which page of its load it is, from 1.
	Number int `json:"number"`
}

// maxPage bounds a page's URL and name, in bytes.
const maxPage = 8 << 10

// page says where a poll's visitor is. The address that the browser itself sends as Referer is preferred where it has a
// path: page code cannot change it. Only the fragment, which no Referer has, then comes from the client.
func (h *Handler) page(r *http.Request, sent pageSent) (*pagerule.Page, error) {
	if len(sent.URL) > maxPage || len(sent.Name) > maxPage {
		return nil, fmt.Errorf("page.url and page.name may have at most %d bytes", maxPage)
	}
	claimed := originOf(sent.URL)
	if claimed == "" {
		return nil, fmt.Errorf("page.url %q is not an absolute URL; send location.href", sent.URL)
	}
	if own := h.origin(r); !sameOrigin(claimed, own) {
		return nil, fmt.Errorf("page.url is on %s, but this endpoint serves pages of %s", claimed, own)
	}
	address := sent.URL
	if referer := h.referer(r); referer != "" {
		address = referer
		if _, fragment, has := strings.Cut(sent.URL, "#"); has {
			address += "#" + fragment
		}
	}
	page, err := pagerule.NewPage(address, sent.Name)
	if err != nil {
		return nil, err
	}
	return &page, nil
}

// referer is the Referer where it says a page of this site: one trimmed to its origin by a policy does not.
func (h *Handler) referer(r *http.Request) string {
	address, _, _ := strings.Cut(r.Header.Get("Referer"), "#")
	origin := originOf(address)
	if origin == "" || !sameOrigin(origin, h.origin(r)) {
		return ""
	}
	if rest := address[len(origin):]; rest == "" || rest == "/" {
		return ""
	}
	return address
}

// originOf is the scheme and host of an address; empty when it has none. It takes every address that a browser shows,
// also with the wrong percent-encoding that package url refuses.
func originOf(address string) string {
	start := strings.Index(address, "://")
	if start <= 0 {
		return ""
	}
	start += len("://")
	host := address[start:]
	if end := strings.IndexAny(host, "/?#\\"); end >= 0 {
		host = host[:end]
	}
	if host == "" || strings.Contains(host, "@") {
		return ""
	}
	return address[:start+len(host)]
}
