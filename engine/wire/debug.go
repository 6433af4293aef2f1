package wire

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"handbill/engine"
)

// DebugParameter is the parameter of a page's address that names a debug link.
const DebugParameter = "handbillDebug"

// inspectTime is how long it may take to find out whether a page has its snippet.
const inspectTime = 5 * time.Second

// debugAnswer says why each message shows to this browser on its page, or does not.
type debugAnswer struct {
	engine.Explanation
	// Until is when the link ends.
	Until time.Time `json:"until"`
	// Injection says whether the page got its snippet; missing where nobody can tell.
	Injection any `json:"injection,omitempty"`
	// Notes are what stands in the way of all messages.
	Notes []string `json:"notes,omitempty"`
}

// serveDebug answers the overlay of a debug link: POST /api/v1/debug. The body is that of a poll, and the address of its
// page holds the link's id. Who asks is told of themselves alone; nothing is counted, handed out or remembered.
func (h *Handler) serveDebug(w http.ResponseWriter, r *http.Request) {
	var sent pollBodySent
	if !read(w, r, pollBody, &sent) {
		return
	}
	if sent.Page == nil {
		fail(w, http.StatusBadRequest, "the body does not name the page; send what a poll sends")
		return
	}
	address, err := url.Parse(sent.Page.URL)
	if err != nil {
		fail(w, http.StatusBadRequest, "page.url cannot be read; send location.href")
		return
	}
	until, open := h.engine.OpenDebugLink(address.Query().Get(DebugParameter))
	if !open {
		fail(w, http.StatusForbidden, "this link has ended, or was not made here; make one with: handbill messages preview --debug")
		return
	}
	page, err := h.page(r, *sent.Page)
	if err != nil {
		fail(w, http.StatusBadRequest, "%s", err)
		return
	}
	r = h.within(w, r, ConsentMode(sent.Consent), clean(sent.View))
	if sent.Reset {
		r = h.forget(w, r)
	}
	identity, fresh := h.who(w, r, sent.UserID)
	switch {
	case !sent.Reset:
		w.Header().Del("Set-Cookie") // polls keep what the browser is known by
	case fresh && h.site.Anonymous:
		h.remember(w, r, identity.Anonymous)
	default:
		h.expire(w, r)
	}
	visit := visitOf(r)
	request := engine.PollRequest{
		Identity: identity, Page: page, Tab: clean(sent.Tab), View: clean(sent.View), Visit: visit, Languages: languagesOf(r.Header), Show: sent.Show,
		Browser: h.browser(r, sent.Referrer), Zone: sent.Zone, Fired: fired(sent.Fired), Slots: true, Embeds: h.embeds(), Number: sent.Page.Number,
	}
	explained, err := h.engine.ExplainPoll(r.Context(), request)
	if err != nil {
		h.logger.Warn("a debug overlay could not be answered", "workspace", h.engine.Workspace(), "error", err)
		fail(w, http.StatusServiceUnavailable, "the decisions cannot be looked at now: %s", err)
		return
	}
	answered := debugAnswer{Explanation: explained, Until: until, Notes: h.notes(sent.UserID, identity.User, consentedIn(r).mode)}
	if h.inspect != nil {
		ctx, cancel := context.WithTimeout(r.Context(), inspectTime)
		defer cancel()
		answered.Injection = h.inspect(ctx, address, ownHeader(r))
	}
	answer(w, http.StatusOK, answered)
}

// notes are what stands in the way of all messages.
func (h *Handler) notes(claimed, user string, mode ConsentMode) []string {
	var notes []string
	if !h.site.Anonymous && user == "" {
		notes = append(notes, "This site gives messages to those who have identified alone (anonymous off).")
	}
	if claimed != "" && user == "" {
		notes = append(notes, "The page says that the visitor is "+claimed+", and is not believed.")
	}
	if mode == ConsentNone {
		notes = append(notes, "Nothing is kept of this visitor, who has not consented: each page is their first.")
	}
	return notes
}

// ownHeader is what a browser says of itself when it asks for a page.
func ownHeader(r *http.Request) http.Header {
	header := http.Header{}
	for _, name := range []string{"User-Agent", "Accept-Language", "Cookie"} {
		if values := r.Header[name]; len(values) > 0 {
			header[name] = values
		}
	}
	return header
}
