package wire

import (
	"fmt"
	"hash/maphash"
	"net/http"
	"strings"
	"sync/atomic"

	"handbill/engine"
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
	own := h.origin(r)
	if !sameOrigin(claimed, own) {
		return nil, fmt.Errorf("page.url is on %s, but this endpoint serves pages of %s", claimed, own)
	}
	address := sent.URL
	if referer := refererOn(r, own); referer != "" {
		address = referer
		if _, fragment, has := strings.Cut(sent.URL, "#"); has {
			address += "#" + fragment
		}
	}
	return h.pages.page(withoutDebug(address), sent.Name)
}

// withoutDebug is an address without the debug link that it holds: the page is shown as it is.
func withoutDebug(address string) string {
	const begins = DebugParameter + "=" + engine.DebugPrefix
	start := strings.Index(address, begins)
	if start <= 0 {
		return address
	}
	before, after := address[:start], address[start:]
	end := strings.IndexAny(after, "&#")
	if end < 0 {
		end = len(after)
	}
	after = after[end:]
	if strings.HasPrefix(after, "&") {
		return before + after[1:]
	}
	return strings.TrimRight(before, "?&") + after
}

// pages are the pages that visitors were on lately, so that the address of one where many are is taken apart once. Each has
// a place, which others may take; long addresses have none.
type pages struct {
	seed   maphash.Seed
	places [1024]atomic.Pointer[pagerule.Page]
}

// longestKept is how long an address and a name may be that are kept, in bytes.
const longestKept = 256

func (p *pages) page(address, name string) (*pagerule.Page, error) {
	if len(address) > longestKept || len(name) > longestKept {
		page, err := pagerule.NewPage(address, name)
		if err != nil {
			return nil, err
		}
		return &page, nil
	}
	sum := maphash.String(p.seed, address) ^ maphash.String(p.seed, name)<<1
	place := &p.places[sum%uint64(len(p.places))]
	if known := place.Load(); known != nil && known.URL == address && known.Name == name {
		return known, nil
	}
	// They are parts of larger texts that need not be kept.
	page, err := pagerule.NewPage(strings.Clone(address), strings.Clone(name))
	if err != nil {
		return nil, err
	}
	place.Store(&page)
	return &page, nil
}

// refererOn is the Referer where it says a page of this site: one trimmed to its origin by a policy does not.
func refererOn(r *http.Request, own string) string {
	address, _, _ := strings.Cut(first(r.Header, "Referer"), "#")
	origin := originOf(address)
	if origin == "" || !sameOrigin(origin, own) {
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
