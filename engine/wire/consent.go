package wire

import (
	"cmp"
	"context"
	"net/http"

	"handbill/engine/visitor"
)

// ConsentMode says what may be kept in a browser, and remembered of an anonymous visitor.
type ConsentMode string

// The modes, from the most to the least.
const (
	ConsentPersistent ConsentMode = "persistent" // cookies and storage that outlive the visit
	ConsentVisit      ConsentMode = "visit"      // what the browser forgets when it is closed
	ConsentNone       ConsentMode = "none"       // nothing: no cookie, no storage, and no record at the edge
)

// Consent says what is kept before a page's own code says something else.
type Consent struct {
	// Mode is what is kept. Default: ConsentPersistent.
	Mode ConsentMode
	// Cookie and Value name a cookie of the site's own, by which it notes that the visitor agreed: a request without it is
	// ConsentNone. No Cookie: nobody is asked.
	Cookie, Value string
	// GPC and DNT: a request that says Sec-GPC: 1 or DNT: 1 is ConsentNone.
	GPC, DNT bool
}

// consentSent are the site's rules as the client reads them.
type consentSent struct {
	Mode   ConsentMode `json:"mode"`
	Cookie string      `json:"cookie,omitempty"`
	Value  string      `json:"value,omitempty"`
	GPC    bool        `json:"gpc,omitempty"`
	DNT    bool        `json:"dnt,omitempty"`
}

// sent are the rules for the client. A script does not see the headers of requests, so to who signals the edge says the mode.
func (c Consent) sent(signals bool) consentSent {
	mode := cmp.Or(c.Mode, ConsentPersistent)
	if signals {
		mode = ConsentNone
	}
	return consentSent{Mode: mode, Cookie: c.Cookie, Value: c.Value, GPC: c.GPC, DNT: c.DNT}
}

// of is what may be kept of who sent a request. What the page's own code has said wins.
func (c Consent) of(header http.Header, said ConsentMode) ConsentMode {
	switch {
	case said == ConsentNone || said == ConsentVisit || said == ConsentPersistent:
		return said
	case c.signals(header):
		return ConsentNone
	case c.Cookie != "" && cookieOf(header, c.Cookie) != c.Value:
		return ConsentNone
	}
	return cmp.Or(c.Mode, ConsentPersistent)
}

// signals tells whether a request says by itself, and is heeded, that nothing may be kept.
func (c Consent) signals(header http.Header) bool {
	return c.GPC && header.Get("Sec-Gpc") == "1" || c.DNT && header.Get("Dnt") == "1"
}

// consented is what may be kept of a request's visitor, where it is less than everything.
type consented struct {
	mode ConsentMode
	// view names the page load, in which a visitor is known who may not be known beyond it.
	view string
}

type consentKey struct{}

func consentedIn(r *http.Request) consented {
	c, _ := r.Context().Value(consentKey{}).(consented)
	return c
}

// within is the request as far as its visitor consents: without consent the browser has not sent the edge's cookies, and is
// told to forget them.
func (h *Handler) within(w http.ResponseWriter, r *http.Request, said ConsentMode, view string) *http.Request {
	mode := h.site.Consent.of(r.Header, said)
	if mode == ConsentPersistent {
		return r
	}
	if mode == ConsentVisit && said == ConsentVisit {
		h.shorten(w, r)
	}
	if mode == ConsentNone {
		if cookieOf(r.Header, h.site.Cookie.Name) != "" {
			h.expire(w, r)
		}
		r = h.forget(w, r)
	}
	return r.WithContext(context.WithValue(r.Context(), consentKey{}, consented{mode, view}))
}

// shorten sets the edge's cookies anew, so that the browser forgets them when it is closed. Only the page's own code can say
// that they were to last longer before.
func (h *Handler) shorten(w http.ResponseWriter, r *http.Request) {
	for _, name := range []string{h.site.Cookie.Name, h.sessionCookie()} {
		if value := cookieOf(r.Header, name); value != "" {
			http.SetCookie(w, h.ownCookie(r, name, value, 0))
		}
	}
}

// passing is the id of a browser that may not be known again.
func (h *Handler) passing(alias string) string {
	return visitor.Passing(h.engine.DeriveAnonymous(cmp.Or(alias, newID())))
}
