package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"handbill/engine"
	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// maxBatch is how many events one request may hold.
const maxBatch = 500

// ingestSent is the body of the event paths: one event, or a batch of them.
type ingestSent struct {
	eventSent
	Batch batchSent `json:"batch"`
	// SentAt is what the browser's clock said when it sent them.
	SentAt string `json:"sentAt"`
	// Consent is what the page's own code said may be kept; empty when it said nothing.
	Consent string `json:"consent"`
	// Reset asks for a new anonymous id: whoever used the browser before has signed out.
	Reset bool `json:"reset"`
	// WriteKey is what server libraries name that do not authenticate.
	WriteKey string `json:"writeKey"`
}

// types are the kinds of events by the last segment of their path.
var types = map[string]string{"t": "track", "i": "identify", "p": "page", "g": "group", "a": "alias", "s": "screen"}

// rejection says which event of a batch was not taken, and why.
type rejection struct {
	Index int    `json:"index"`
	Error string `json:"error"`
}

// serveIngest takes events: POST /v1/t, i, p, g, a, s with one, /v1/b and /v1/batch with several. It answers 200 when
// all that was accepted is durable, and names what was not; 400 when nothing was accepted, 401 to a server that names a write
// key which is not the site's.
func (h *Handler) serveIngest(w http.ResponseWriter, r *http.Request) {
	var sent ingestSent
	if !readEvents(w, r, ingestBody, &sent) || !h.admitsServer(w, r, sent.WriteKey) {
		return
	}
	segment := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	events := sent.Batch
	if kind, single := types[segment]; single {
		sent.Type = kind
		events = batchSent{{eventSent: sent.eventSent}}
	}
	switch {
	case len(events) == 0:
		fail(w, http.StatusBadRequest, `the body has no events; send {"batch": [{"type": "track", …}]}`)
		return
	case len(events) > maxBatch:
		fail(w, http.StatusRequestEntityTooLarge, "the batch has %d events; send at most %d at once", len(events), maxBatch)
		return
	}
	// What has arrived is kept, also when the browser has gone to another page meanwhile and waits no more.
	r = r.WithContext(context.WithoutCancel(r.Context()))
	if fromBrowser(r) { // a server knows by itself what it may say
		r = h.within(w, r, ConsentMode(sent.Consent), "")
	}
	if sent.Reset {
		r = h.forget(w, r)
		h.remember(w, r, h.anew(r, string(events[0].AnonymousID)))
	}
	rejected, err := h.take(h.claims(w, r), events, skew(sent.SentAt, time.Now()))
	switch {
	case err != nil:
		if !errors.Is(err, store.ErrUnavailable) { // of which the store tells by itself, once
			h.complain("events could not be kept", err)
		}
		w.Header().Set("Retry-After", "10")
		fail(w, http.StatusServiceUnavailable, "the events could not be kept; send them again later")
	case len(rejected) == len(events):
		fail(w, http.StatusBadRequest, "%s", rejected[0].Error)
	case len(rejected) > 0:
		answer(w, http.StatusOK, map[string]any{"success": true, "rejected": rejected})
	default:
		answer(w, http.StatusOK, map[string]any{"success": true})
	}
}

// take hands events to the engine in their order. Neighbouring events of one visitor go together, so that a batch of
// them costs few synchronisations of the disk. err is set when something could not be made durable: the client should
// then send all of it again, and what was kept already counts once. ahead is by how much the sender's clock is ahead.
func (h *Handler) take(claims *claims, events batchSent, ahead time.Duration) (rejected []rejection, err error) {
	reject := func(index int, why error) {
		rejected = append(rejected, rejection{index, fmt.Sprintf("event %d: %s", index, why)})
	}
	r, visit := claims.r, visitOf(claims.r)
	var batch gathered
	for i, sent := range events {
		if sent.wrong != nil {
			reject(i, sent.wrong)
			continue
		}
		event := sent.eventSent
		identity, refusal := claims.whoSent(event)
		if !same(batch.identity, identity) || event.changesWho() {
			if err := h.flush(r, &batch, reject); err != nil {
				return nil, err
			}
		}
		batch.identity = identity
		if refusal != nil && (event.changesWho() || nobody(identity)) {
			reject(i, refusal)
			continue
		}
		if why, err := h.takeOne(r, &batch, i, event, visit, ahead); err != nil {
			return nil, err
		} else if why != nil {
			reject(i, why)
		}
	}
	if err := h.flush(r, &batch, reject); err != nil {
		return nil, err
	}
	slices.SortFunc(rejected, func(a, b rejection) int { return a.Index - b.Index })
	return rejected, nil
}

// gathered are neighbouring events of one visitor.
type gathered struct {
	identity         visitor.Identity
	reports          []engine.Report
	events           []eventlog.Event
	reported, logged []int // the places of each in the batch that was sent
}

// flush hands over what was gathered.
func (h *Handler) flush(r *http.Request, batch *gathered, reject func(int, error)) error {
	defer func() { *batch = gathered{} }()
	if len(batch.reports) > 0 {
		refused, err := h.engine.Report(r.Context(), batch.identity, batch.reports)
		if err != nil {
			return err
		}
		for i, why := range refused {
			if why != nil {
				reject(batch.reported[i], why)
			}
		}
	}
	err := h.engine.Track(r.Context(), batch.identity, batch.events)
	if errors.Is(err, engine.ErrRefused) {
		for _, index := range batch.logged {
			reject(index, err)
		}
		return nil
	}
	return err
}

// takeOne takes an event, or adds it to the batch. why says what is wrong with it; err that it could not be kept.
func (h *Handler) takeOne(r *http.Request, batch *gathered, index int, event eventSent, visit string, ahead time.Duration) (why, err error) {
	identity := batch.identity
	if why := h.admits(identity, event); why != nil {
		return why, nil
	}
	if event.isReport() {
		report, why := event.report(ahead)
		if why != nil {
			return why, nil
		}
		report.Visit = visit
		batch.reports, batch.reported = append(batch.reports, report), append(batch.reported, index)
		return nil, nil
	}
	kept, why := event.kept(ahead)
	if why == nil {
		why = engine.CheckEvent(kept)
	}
	if why != nil {
		return why, nil
	}
	switch event.Type {
	case "identify":
		err = h.engine.Identify(r.Context(), identity, event.Traits)
	case "alias":
		err = h.alias(r.Context(), identity, event)
	case "page":
		err = h.engine.View(r.Context(), identity, event.pageView(visit, h.voucher(r)))
	}
	if errors.Is(err, engine.ErrRefused) {
		return err, nil
	}
	if err == nil {
		batch.events, batch.logged = append(batch.events, kept), append(batch.logged, index)
	}
	return nil, err
}

// admits says what keeps an event of this visitor from being taken.
func (h *Handler) admits(identity visitor.Identity, event eventSent) error {
	switch {
	case (event.Type == "identify" || event.Type == "alias") && identity.User == "":
		return fmt.Errorf("%s needs a userId: a text of at most 256 bytes", event.Type)
	case nobody(identity):
		return errors.New("nobody is named: send userId or anonymousId, or the cookie")
	case !h.site.Anonymous && identity.User == "" && !event.isReport():
		return errors.New("anonymous visitors are switched off for this site; identify first")
	case strings.HasPrefix(identity.Anonymous, visitor.PassingPrefix) && identity.User == "" && !event.isReport():
		return errors.New("nothing is remembered of this visitor, who has not consented; identify first, or call consent() when they have")
	case len(event.Event) > maxName || len(event.Name) > maxName || len(event.MessageID) > maxIdentifier:
		return fmt.Errorf("event and name may have at most %d bytes, messageId %d", maxName, maxIdentifier)
	}
	return nil
}

// alias joins the records of two ids. The browser's own anonymous id means the browser, which the edge knows by its cookie.
// Where user ids are proven, a previous one would have to be, too: only anonymous ids are joined then.
func (h *Handler) alias(ctx context.Context, identity visitor.Identity, event eventSent) error {
	if h.site.Identity.Proofs != nil {
		if event.PreviousID != event.AnonymousID || identity.Anonymous == "" {
			identity.Anonymous = h.engine.DeriveAnonymous(string(event.PreviousID))
		}
		return h.engine.Identify(ctx, identity, nil)
	}
	if event.PreviousID == event.AnonymousID && identity.Anonymous != "" {
		return h.engine.Identify(ctx, identity, nil)
	}
	return h.engine.Alias(ctx, identity, string(event.PreviousID))
}
