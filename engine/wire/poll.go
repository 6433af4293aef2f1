package wire

import (
	"cmp"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"handbill/engine"
	"handbill/engine/pagerule"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// pollBodySent is the body of our client's poll; the reference client sends an empty object.
type pollBodySent struct {
	Page *pageSent `json:"page"`
	// Tab names the browser tab, View this load of the page.
	Tab  string `json:"tab"`
	View string `json:"view"`
	// Generation is that of the answer which the client holds.
	Generation string `json:"generation"`
	// Fired is what has happened that messages wait for.
	Fired []firedSent `json:"fired"`
	// Zone is the browser's IANA time zone.
	Zone string `json:"zone"`
	// UserID is the identified user; the reference client names it in a header.
	UserID string `json:"userId"`
	// Consent is what the page's own code said may be kept; empty when it said nothing.
	Consent string `json:"consent"`
	// Reset asks for a new anonymous id: whoever used the browser before has signed out.
	Reset bool `json:"reset"`
	// Referrer is the page that linked to this one.
	Referrer string `json:"referrer"`
	// Show are messages that buttons asked for: their ids, and for each the delivery that has the button; none where the
	// site's own code asked.
	Show map[string]string `json:"show"`
	// Inbox is the generation of the inbox that the client holds, or another text where it holds none; empty where it does not
	// want to know what lies there.
	Inbox string `json:"inbox"`
	// Stream is the ticket of the stream that reaches the client; empty when none does.
	Stream string `json:"stream"`

	// room is the page's memory.
	room pageSent
}

// noSession stands for the session of a reference client that names none.
const noSession = "no session"

// intervalHeader tells the client how many seconds to wait before it polls again on an unchanged page.
const intervalHeader = "X-Gist-Queue-Polling-Interval"

// servePoll answers what is due: POST /api/v4/users.
func (h *Handler) servePoll(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength < 0 || r.ContentLength > pollBody {
		interval(w, h.engine.PollSlow()) // a client that is told none waits ever longer, also where its body is refused
	}
	buffer := buffers.Get().(*buffer)
	if !buffer.fill(w, r, pollBody) {
		return
	}
	text := string(buffer.data)
	buffers.Put(buffer)
	sent := pollsSent.Get().(*pollBodySent)
	defer pollsSent.Put(sent)
	if *sent = (pollBodySent{}); !parsePoll(text, sent) {
		interval(w, h.engine.PollSlow())
		if *sent = (pollBodySent{}); !decode(w, []byte(text), sent) {
			return
		}
	}
	h.answerSent(w, r, sent)
}

// pollsSent are bodies whose memory is used again.
var pollsSent = sync.Pool{New: func() any { return new(pollBodySent) }}

// answerSent answers a poll.
func (h *Handler) answerSent(w http.ResponseWriter, r *http.Request, sent *pollBodySent) {
	if id := h.previewOf(r, sent); id != "" && h.answerPreview(w, r, sent, id) {
		return
	}
	r = h.within(w, r, ConsentMode(sent.Consent), clean(sent.View))
	// The reference client does not say that its user signed out: it asks as a guest from then on.
	switch {
	case sent.Reset:
		r = h.forget(w, r)
	case sent.Page == nil && first(r.Header, "X-Gist-User-Anonymous") == "true":
		h.claims(w, r).end()
	}
	identity, fresh := h.who(w, r, sent.UserID)
	if !h.site.Anonymous && identity.User == "" {
		if sent.Reset {
			h.expire(w, r)
		}
		interval(w, h.engine.PollSlow())
		h.answerPoll(w, engine.PollAnswer{}, sent.Page != nil || sent.Reset)
		return
	}
	var page *pagerule.Page
	if sent.Page != nil {
		var err error
		if page, err = h.page(r, *sent.Page); err != nil {
			interval(w, h.engine.PollSlow())
			fail(w, http.StatusBadRequest, "%s", err)
			return
		}
	}
	request := h.asked(r, sent, identity, page)
	request.Streaming = h.offerStream(w, identity, sent)
	answered, err := h.engine.Poll(r.Context(), request)
	if err != nil {
		if !errors.Is(err, store.ErrUnavailable) { // of which the store tells by itself, once
			h.complain("a poll could not be answered", err)
		}
		w.Header().Set("Retry-After", "10")
		interval(w, h.engine.PollSlow())
		fail(w, http.StatusServiceUnavailable, "what is known about this visitor cannot be read now; try again later")
		return
	}
	if fresh {
		h.remember(w, r, identity.Anonymous)
	}
	interval(w, answered.Next)
	h.tellInbox(w, page != nil)
	h.answerPoll(w, answered, page != nil)
}

// asked is what the engine is asked by a poll. Without a page it is the reference client's.
func (h *Handler) asked(r *http.Request, sent *pollBodySent, identity visitor.Identity, page *pagerule.Page) engine.PollRequest {
	request := engine.PollRequest{
		Identity: identity, Page: page, Tab: clean(sent.Tab), View: clean(sent.View), Visit: visitOf(r), Generation: sent.Generation,
		Voucher: h.voucher(r), Show: sent.Show, Browser: h.browser(r, sent.Referrer), Zone: sent.Zone, Fired: fired(sent.Fired),
		Slots: page != nil, Inbox: page == nil || sent.Inbox != "", InboxGeneration: sent.Inbox, Embeds: h.embeds(),
	}
	request.Tab = cmp.Or(request.Tab, request.Visit)
	request.View = cmp.Or(request.View, request.Tab)
	if page == nil {
		request.Languages = referenceLanguages(r.Header)
		request.View = cmp.Or(request.View, noSession)
		return request
	}
	request.Languages, request.Number = languagesOf(r.Header), sent.Page.Number
	return request
}

// visitOf is the visit that polls and reports name: an id which the client keeps until no page was open for 30 minutes.
func visitOf(r *http.Request) string {
	const name = "sessionId"
	query := r.URL.RawQuery
	for i := range len(query) {
		if c := query[i]; c == '%' || c == '+' || c == ';' {
			return clean(r.URL.Query().Get(name))
		}
	}
	for query != "" {
		var parameter string
		parameter, query, _ = strings.Cut(query, "&")
		if key, value, _ := strings.Cut(parameter, "="); key == name {
			return clean(value)
		}
	}
	return ""
}

// answerPoll writes the list. Only a client that named its page is told "nothing" or "unchanged": the reference client
// always gets its whole list.
func (h *Handler) answerPoll(w http.ResponseWriter, answered engine.PollAnswer, ours bool) {
	switch {
	case ours && answered.Unchanged:
		w.WriteHeader(http.StatusNotModified)
		return
	case ours && len(answered.Deliveries) == 0 && answered.InboxGeneration == "" && len(answered.Refused) == 0:
		w.WriteHeader(http.StatusNoContent)
		return
	}
	list, err := h.queue(answered, ours)
	if err != nil {
		h.logger.Error("a poll's answer could not be written", "workspace", h.engine.Workspace(), "error", err)
		fail(w, http.StatusInternalServerError, "the answer could not be written")
		return
	}
	answer(w, http.StatusOK, list)
}

func interval(w http.ResponseWriter, next time.Duration) {
	seconds := strconv.Itoa(max(1, int(math.Round(next.Seconds()))))
	setInRoom(w.Header(), intervalHeader, seconds)
}
