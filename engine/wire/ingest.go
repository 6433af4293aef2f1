package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"handbill/engine"
	"handbill/engine/eventlog"
	"handbill/engine/visitor"
)

// maxBatch is how many events one request may hold.
const maxBatch = 500

// maxName bounds an event's name and a button's name and action, in bytes.
const maxName = 1 << 10

// reportEvent is the track event that reports what happened to a delivery.
const reportEvent = "Report Delivery Event"

// ingestSent is the body of the event paths: one event, or a batch of them.
type ingestSent struct {
	eventSent
	Batch []eventSent `json:"batch"`
}

// eventSent is one event as the analytics clients send it.
type eventSent struct {
	Type        string          `json:"type"`
	MessageID   string          `json:"messageId"` // the event's own id
	UserID      string          `json:"userId"`
	AnonymousID string          `json:"anonymousId"`
	Event       string          `json:"event"`
	Name        string          `json:"name"`
	Traits      map[string]any  `json:"traits"`
	Properties  json.RawMessage `json:"properties"`
	GroupID     string          `json:"groupId"`
	PreviousID  string          `json:"previousId"`
	Timestamp   string          `json:"timestamp"`
}

// reportSent are the properties of a report.
type reportSent struct {
	DeliveryID  string `json:"deliveryId"`
	Metric      string `json:"metric"`
	ActionName  string `json:"actionName"`
	ActionValue string `json:"actionValue"`
	Reason      string `json:"reason"`
	// Step and Answers are those of a form.
	Step    string         `json:"step"`
	Answers map[string]any `json:"answers"`
}

// types are the kinds of events by the last segment of their path.
var types = map[string]string{"t": "track", "i": "identify", "p": "page", "g": "group", "a": "alias", "s": "screen"}

// rejection says which event of a batch was not taken, and why.
type rejection struct {
	Index int    `json:"index"`
	Error string `json:"error"`
}

// serveIngest takes events: POST /v1/t, i, p, g, a, s with one, /v1/b and /v1/batch with several. It answers 200 when
// all that was accepted is durable, and names what was not; 400 when nothing was accepted.
func (h *Handler) serveIngest(w http.ResponseWriter, r *http.Request) {
	var sent ingestSent
	if !read(w, r, ingestBody, &sent) {
		return
	}
	segment := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	events := sent.Batch
	if kind, single := types[segment]; single {
		sent.Type = kind
		events = []eventSent{sent.eventSent}
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
	rejected, err := h.take(r.WithContext(context.WithoutCancel(r.Context())), events)
	switch {
	case err != nil:
		h.logger.Error("events could not be kept", "workspace", h.engine.Workspace(), "error", err)
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

// take hands events to the engine in their order. Neighbouring reports of one visitor go together, so that a batch of
// them costs one synchronisation of the disk. err is set when something could not be made durable: the client should
// then send all of it again, and what was kept already counts once.
func (h *Handler) take(r *http.Request, events []eventSent) (rejected []rejection, err error) {
	reject := func(index int, why error) {
		rejected = append(rejected, rejection{index, fmt.Sprintf("event %d: %s", index, why)})
	}
	visit := visitOf(r)
	var batch reportBatch
	flush := func() error {
		refused, err := h.engine.Report(r.Context(), batch.identity, batch.reports)
		for i, why := range refused {
			if why != nil {
				reject(batch.indexes[i], why)
			}
		}
		batch = reportBatch{}
		return err
	}
	for i, event := range events {
		identity := h.whoSent(r, event.UserID, event.AnonymousID)
		if len(batch.reports) > 0 && (!same(batch.identity, identity) || !event.isReport()) {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		if event.isReport() && !nobody(identity) {
			report, why := event.report()
			if why != nil {
				reject(i, why)
				continue
			}
			report.Visit = visit
			batch.add(i, identity, report)
			continue
		}
		if why, err := h.takeOne(r, identity, event); err != nil {
			return nil, err
		} else if why != nil {
			reject(i, why)
		}
	}
	if len(batch.reports) > 0 {
		err = flush()
	}
	return rejected, err
}

// reportBatch gathers neighbouring reports of one visitor.
type reportBatch struct {
	identity visitor.Identity
	reports  []engine.Report
	indexes  []int
}

func (b *reportBatch) add(index int, identity visitor.Identity, report engine.Report) {
	b.identity = identity
	b.reports = append(b.reports, report)
	b.indexes = append(b.indexes, index)
}

// takeOne takes an event that is not a report. why says what is wrong with it; err that it could not be kept.
func (h *Handler) takeOne(r *http.Request, identity visitor.Identity, event eventSent) (why, err error) {
	if event.Type == "identify" && identity.User == "" {
		return errors.New("identify needs a userId: a text of at most 256 bytes"), nil
	}
	if nobody(identity) {
		return errors.New("nobody is named: send userId or anonymousId, or the cookie"), nil
	}
	if !h.site.Anonymous && identity.User == "" {
		return errors.New("anonymous visitors are switched off for this site; identify first"), nil
	}
	if len(event.Event) > maxName || len(event.Name) > maxName || len(event.MessageID) > maxIdentifier {
		return fmt.Errorf("event and name may have at most %d bytes, messageId %d", maxName, maxIdentifier), nil
	}
	kept := eventlog.Event{ID: event.MessageID, Type: event.Type, At: event.at(), Name: event.Event}
	switch event.Type {
	case "identify":
		if err := h.engine.Identify(r.Context(), identity, event.Traits); err != nil {
			if errors.Is(err, engine.ErrRefused) {
				return err, nil
			}
			return nil, err
		}
		kept.Properties = event.Traits
	case "track":
		if event.Event == "" {
			return errors.New("track needs the event's name in event"), nil
		}
	case "page", "screen":
		kept.Name = event.Name
	case "group":
		kept.Name, kept.Properties = event.GroupID, event.Traits
	case "alias":
		kept.Name = event.PreviousID
	default:
		return fmt.Errorf("type %q does not exist; use track, identify, page, group, alias or screen", event.Type), nil
	}
	if kept.Properties == nil {
		if why := decodeProperties(event.Properties, &kept.Properties); why != nil {
			return why, nil
		}
	}
	err = h.engine.Track(r.Context(), identity, []eventlog.Event{kept})
	if errors.Is(err, engine.ErrRefused) {
		return err, nil
	}
	return nil, err
}

func decodeProperties(raw json.RawMessage, into *map[string]any) error {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return errors.New("properties is not a JSON object")
	}
	return nil
}

func same(a, b visitor.Identity) bool { return a.User == b.User && a.Anonymous == b.Anonymous }

// nobody says whether an event names no visitor at all.
func nobody(identity visitor.Identity) bool { return identity.User == "" && identity.Anonymous == "" }

func (e eventSent) isReport() bool { return e.Type == "track" && e.Event == reportEvent }

// report reads an event that reports what happened to a delivery.
func (e eventSent) report() (engine.Report, error) {
	var sent reportSent
	if err := json.Unmarshal(e.Properties, &sent); err != nil {
		return engine.Report{}, errors.New("properties is not an object with deliveryId and metric")
	}
	if sent.DeliveryID == "" {
		return engine.Report{}, errors.New("properties.deliveryId is missing")
	}
	if len(e.MessageID) > maxIdentifier || len(sent.ActionName) > maxName || len(sent.ActionValue) > maxPage || len(sent.Reason) > maxName {
		return engine.Report{}, errors.New("messageId, actionName, actionValue or reason is too long")
	}
	return engine.Report{
		EventID: e.MessageID, DeliveryID: sent.DeliveryID, Outcome: engine.Outcome(sent.Metric),
		ActionName: sent.ActionName, ActionValue: sent.ActionValue, Reason: sent.Reason, Step: sent.Step, Answers: sent.Answers, At: e.at(),
	}, nil
}

// at is when the client says the event happened; the zero time when it does not say.
func (e eventSent) at() time.Time {
	at, err := time.Parse(time.RFC3339, e.Timestamp)
	if err != nil {
		return time.Time{}
	}
	return at
}

// serveQueueLog takes the reference client's note that a message was shown: POST /api/v1/logs/queue/QUEUE_ID.
func (h *Handler) serveQueueLog(w http.ResponseWriter, r *http.Request, id string) {
	var ignored struct{}
	if !read(w, r, pollBody, &ignored) {
		return
	}
	identity, fresh := h.who(r, "")
	if fresh && identity.User == "" && userToken(r) == "" && analyticsID(r) == "" {
		fail(w, http.StatusBadRequest, "nobody is named: send the cookie that the poll set, or the user token")
		return
	}
	refused, err := h.engine.Report(context.WithoutCancel(r.Context()), identity, []engine.Report{{DeliveryID: id, Outcome: engine.OutcomeOpened, Visit: visitOf(r)}})
	switch {
	case err != nil:
		h.logger.Error("a report could not be kept", "workspace", h.engine.Workspace(), "error", err)
		fail(w, http.StatusServiceUnavailable, "the report could not be kept; send it again later")
	case refused[0] != nil:
		fail(w, http.StatusBadRequest, "%s", refused[0])
	default:
		answer(w, http.StatusOK, map[string]any{"success": true})
	}
}
