package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"handbill/engine"
)

// contentEvent is the event by which the reference client reports what happened to messages whose frequency it keeps itself.
const contentEvent = "Report Content Event"

// contentSent are the properties of such a report.
type contentSent struct {
	ActionType string `json:"actionType"`
	// ContentID is the message's number, or its id where the client was given no number.
	ContentID   json.RawMessage `json:"contentId"`
	TemplateID  json.RawMessage `json:"templateId"`
	ActionName  string          `json:"actionName"`
	ActionValue string          `json:"actionValue"`
}

// contentOutcomes are what its action types mean.
var contentOutcomes = map[string]engine.Outcome{"viewed_content": engine.OutcomeOpened, "clicked_content": engine.OutcomeClicked}

// contentReport reads an event that reports on a message, not on a delivery.
func (e eventSent) contentReport(ahead time.Duration) (engine.Report, error) {
	var sent contentSent
	if err := json.Unmarshal(e.Properties, &sent); err != nil {
		return engine.Report{}, errors.New("properties is not an object with contentId and actionType")
	}
	outcome, known := contentOutcomes[sent.ActionType]
	switch {
	case !known:
		return engine.Report{}, fmt.Errorf("actionType %.40q does not exist; use viewed_content or clicked_content", sent.ActionType)
	case len(e.MessageID) > maxIdentifier || len(sent.ActionName) > maxName || len(sent.ActionValue) > maxPage:
		return engine.Report{}, errors.New("messageId, actionName or actionValue is too long")
	}
	about := &engine.ContentReport{Number: numberIn(sent.ContentID), Template: numberIn(sent.TemplateID)}
	if about.Number == 0 {
		_ = json.Unmarshal(sent.ContentID, &about.Message) // what is no text names no message
	}
	return engine.Report{
		EventID: e.MessageID, Content: about, Outcome: outcome,
		ActionName: sent.ActionName, ActionValue: ownAction(sent.ActionValue), At: e.at(ahead),
	}, nil
}

// numberIn is a small whole number, written as one or as a text; 0 for anything else.
func numberIn(raw json.RawMessage) int {
	number, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 32)
	if err != nil || number < 0 {
		return 0
	}
	return int(number)
}

// ownAction is an action in our words where the reference client says it in its own.
func ownAction(value string) string {
	rest, theirs := strings.CutPrefix(value, "gist://")
	if !theirs {
		return value
	}
	word, query, _ := strings.Cut(rest, "?")
	switch strings.TrimSuffix(word, "/") {
	case "close":
		return "dismiss"
	case "loadPage":
		if _, address, found := strings.Cut(query, "url="); found {
			return address
		}
	case "snooze":
		const usual, most = 60, 30 * 24 * 60 // minutes, as the client has it
		minutes := usual
		if values, err := url.ParseQuery(query); err == nil {
			if asked, err := strconv.Atoi(values.Get("showIn")); err == nil && asked > 0 {
				minutes = min(asked, most)
			}
		}
		return fmt.Sprintf("snooze:%dm", minutes)
	}
	return value
}

// serveQueueLog takes the reference client's note that a message was shown or, of one that stays, closed: POST
// /api/v1/logs/queue/QUEUE_ID. The client only logs what it is answered: a note that cannot be believed is answered like
// any other, and counts nothing. Beside the analytics client, which leaves its cookie, it also sends events.
func (h *Handler) serveQueueLog(w http.ResponseWriter, r *http.Request, id string) {
	var ignored struct{}
	if !read(w, r, pollBody, &ignored) {
		return
	}
	if h.deleteFromInbox(w, r, id) {
		return
	}
	r = h.within(w, r, "", "")
	identity, fresh := h.who(w, r, "")
	if fresh && identity.User == "" && userToken(r) == "" && analyticsID(r) == "" {
		notCounted(w, "nobody is named: send the cookie that the poll set, or the user token")
		return
	}
	refused, err := h.engine.LogView(context.WithoutCancel(r.Context()), identity, id, visitOf(r), analyticsID(r) != "")
	switch {
	case err != nil:
		h.complain("a report could not be kept", err)
		w.Header().Set("Retry-After", "10")
		fail(w, http.StatusServiceUnavailable, "the report could not be kept; send it again later")
	case refused != nil:
		notCounted(w, refused.Error())
	default:
		answer(w, http.StatusOK, map[string]any{"success": true})
	}
}

// serveMessageLog takes the note that a page has shown a message by its id, which is no delivery: POST
// /api/v1/logs/message/ID.
func (h *Handler) serveMessageLog(w http.ResponseWriter, r *http.Request) {
	var ignored struct{}
	if read(w, r, pollBody, &ignored) {
		notCounted(w, "a message that the page shows by itself is no delivery")
	}
}

func notCounted(w http.ResponseWriter, why string) {
	answer(w, http.StatusOK, map[string]any{"success": true, "counted": false, "reason": why})
}
