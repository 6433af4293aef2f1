package wire

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"handbill/engine/proof"
	"handbill/engine/visitor"
)

// maxIdentifier bounds what is taken as an id from outside, in bytes.
const maxIdentifier = 256

// analyticsCookie is where the analytics clients keep the anonymous id; an alias of the visitor.
const analyticsCookie = "ajs_anonymous_id"

// who says who a poll comes from. fresh is true when the browser has no valid cookie yet; the identity then holds the id
// that its cookie should get. Where it says a user id and is not believed, the answer's header says why.
func (h *Handler) who(w http.ResponseWriter, r *http.Request, userID string) (identity visitor.Identity, fresh bool) {
	guest := ""
	if token := userToken(r); token != "" {
		if first(r.Header, "X-Gist-User-Anonymous") == "true" {
			guest = token
		} else if userID == "" {
			userID = token
		}
	}
	if identity.Anonymous = h.cookie(r); identity.Anonymous == "" {
		fresh = true
		if given := consentedIn(r); given.mode == ConsentNone {
			identity.Anonymous = h.passing(cmp.Or(given.view, analyticsID(r), guest, visitOf(r)))
		} else if alias := cmp.Or(analyticsID(r), guest); alias != "" {
			identity.Anonymous = h.engine.DeriveAnonymous(alias)
		} else {
			identity.Anonymous = newID()
		}
	}
	if userID != "" {
		identity, _ = h.claims(w, r).claim(identity, userID, proof.Given{}, false)
	}
	return identity, fresh
}

// browserSent says which browser an event comes from: by its cookie, or, from a server library, by the id in the event.
func (h *Handler) browserSent(r *http.Request, anonymousID string) visitor.Identity {
	identity := visitor.Identity{Anonymous: h.cookie(r)}
	if identity.Anonymous == "" {
		if alias := cmp.Or(clean(anonymousID), analyticsID(r)); alias != "" && consentedIn(r).mode == ConsentNone {
			identity.Anonymous = h.passing(alias)
		} else if alias != "" {
			identity.Anonymous = h.engine.DeriveAnonymous(alias)
		}
	}
	return identity
}

// cookie is the visitor's id in the edge's cookie; empty when there is none that the edge could have made.
func (h *Handler) cookie(r *http.Request) string {
	id, _, _ := strings.Cut(cookieOf(r.Header, h.site.Cookie.Name), ".")
	if len(id) != idLength {
		return ""
	}
	var raw [16]byte
	if n, err := base64.RawURLEncoding.Decode(raw[:], []byte(id)); err != nil || n != len(raw) {
		return ""
	}
	return id
}

// idLength is the length of an id in the edge's cookie: 128 bits in base64.
const idLength = 22

// cookieOf is the value of a request's cookie, like [http.Request.Cookie] without its memory; empty when there is none.
func cookieOf(header http.Header, name string) string {
	for _, line := range header["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			got, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
			if strings.Trim(got, " \t") != name {
				continue
			}
			if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
				value = value[1 : len(value)-1]
			}
			if !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r >= 0x7f || r == '"' || r == '\\' }) {
				return value
			}
		}
	}
	return ""
}

// voucher is what stands behind the id in the edge's cookie, and proves when it was issued.
func (h *Handler) voucher(r *http.Request) string {
	_, voucher, _ := strings.Cut(cookieOf(r.Header, h.site.Cookie.Name), ".")
	return voucher
}

// remember sets the visitor's cookie, as far as they consent.
func (h *Handler) remember(w http.ResponseWriter, r *http.Request, id string) {
	if consentedIn(r).mode != ConsentNone {
		http.SetCookie(w, h.ownCookie(r, h.site.Cookie.Name, id+"."+h.engine.Voucher(id), int(h.site.Cookie.MaxAge.Seconds())))
	}
}

// expire removes the visitor's cookie.
func (h *Handler) expire(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, h.ownCookie(r, h.site.Cookie.Name, "", -1))
}

// ownCookie is a cookie of the edge's own, which no script can read; one of the visit where the visitor consents to no more.
func (h *Handler) ownCookie(r *http.Request, name, value string, maxAge int) *http.Cookie {
	if maxAge > 0 && consentedIn(r).mode == ConsentVisit {
		maxAge = 0
	}
	return &http.Cookie{
		Name: name, Value: value, Domain: h.site.Cookie.Domain, Path: "/", MaxAge: maxAge, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(h.origin(r), "https://"),
	}
}

// forget is the request as if the browser had not sent the edge's cookies; the browser forgets what it has proven.
func (h *Handler) forget(w http.ResponseWriter, r *http.Request) *http.Request {
	h.claims(w, r).end()
	forgetful := r.Clone(r.Context())
	forgetful.Header.Del("Cookie")
	for _, c := range r.Cookies() {
		if c.Name != h.site.Cookie.Name && c.Name != h.sessionCookie() {
			forgetful.AddCookie(c)
		}
	}
	return forgetful
}

// anew is the id of a browser without the cookie whose events name an anonymous id.
func (h *Handler) anew(r *http.Request, anonymousID string) string {
	return cmp.Or(h.browserSent(r, anonymousID).Anonymous, newID())
}

// newID is a new visitor's id: 128 random bits.
func newID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// tokenHeader is in which the reference client names its user.
const tokenHeader = "X-Gist-Encoded-User-Token"

// userToken reads the reference client's user token: base64 of bytes that are Latin-1, because the browser's btoa takes
// code units. An unreadable one counts as none.
func userToken(r *http.Request) string {
	return latin1(first(r.Header, tokenHeader))
}

// latin1 reads base64 of Latin-1; an unreadable one is nothing.
func latin1(encoded string) string {
	if encoded == "" {
		return ""
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) == 0 {
		return ""
	}
	text := make([]rune, len(raw))
	for i, b := range raw {
		text[i] = rune(b)
	}
	return clean(string(text))
}

// analyticsID reads the analytics clients' anonymous id; they write it as a JSON string, in older versions bare.
func analyticsID(r *http.Request) string {
	c, err := r.Cookie(analyticsCookie)
	if err != nil {
		return ""
	}
	value, err := url.QueryUnescape(c.Value)
	if err != nil {
		return ""
	}
	return clean(strings.Trim(value, `"`))
}

// clean returns an id from outside that may be stored, or nothing.
func clean(id string) string {
	if len(id) > maxIdentifier {
		return ""
	}
	plain := true
	for i := range len(id) {
		if c := id[i]; c < ' ' || c == 0x7f {
			return ""
		} else if c >= utf8.RuneSelf {
			plain = false
		}
	}
	if !plain && !utf8.ValidString(id) {
		return ""
	}
	return strings.TrimSpace(id)
}
