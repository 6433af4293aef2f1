package wire

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"handbill/engine"
	"handbill/engine/content"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// inboxHeader tells the reference client whether to draw an inbox, and ourInboxHeader our own.
const (
	inboxHeader    = "X-Cio-Inbox-Enabled"
	ourInboxHeader = "Handbill-Inbox"
)

// inboxMessage is a message in the inbox as the reference client reads it.
type inboxMessage struct {
	QueueID     string         `json:"queueId"`
	MessageID   string         `json:"messageId"`
	DeliveryID  string         `json:"deliveryId"`
	MessageType string         `json:"messageType"`
	Opened      bool           `json:"opened"`
	SentAt      string         `json:"sentAt"`
	Expiry      string         `json:"expiry,omitempty"`
	Priority    int            `json:"priority"`
	Topics      []string       `json:"topics"`
	Type        string         `json:"type"`
	Properties  map[string]any `json:"properties"`
	Test        bool           `json:"test,omitempty"`
}

// inboxTime is how times are written that a browser reads.
const inboxTime = "2006-01-02T15:04:05.000Z"

// tellInbox says whether the client is to draw an inbox; nothing is said where the workspace has none.
func (h *Handler) tellInbox(w http.ResponseWriter, ours bool) {
	if any, drawn := h.engine.Inbox(); any {
		setInbox(w, drawn, ours)
	}
}

func setInbox(w http.ResponseWriter, drawn, ours bool) {
	name := inboxHeader
	if ours {
		name = ourInboxHeader
	}
	w.Header().Set(name, strconv.FormatBool(drawn))
}

// inboxMessages writes what lies in an inbox.
func inboxMessages(messages []engine.InboxMessage) []inboxMessage {
	list := make([]inboxMessage, 0, len(messages))
	for _, in := range messages {
		m := inboxMessage{
			QueueID: in.ID, MessageID: in.Message.ID, DeliveryID: in.ID, MessageType: "inbox", Opened: in.Opened,
			SentAt: in.Arrived.UTC().Format(inboxTime), Priority: in.Message.Priority, Topics: in.Message.Inbox.Topics,
			Type: in.Message.Inbox.Type, Test: in.Test,
		}
		if !in.Until.IsZero() {
			m.Expiry = in.Until.UTC().Format(inboxTime)
		}
		m.Properties = inboxProperties(in, m.SentAt)
		list = append(list, m)
	}
	return list
}

// inboxProperties are what an inbox is given of a message: what it says, as names and texts, with what its author adds.
func inboxProperties(in engine.InboxMessage, sentAt string) map[string]any {
	properties := map[string]any{"date": sentAt}
	if len(in.Content.Steps) > 0 {
		step := &in.Content.Steps[0]
		properties["title"] = step.Title
		if text := content.Paragraphs(step.Body); len(text) > 0 {
			lines := make([]map[string]any, 0, len(text))
			joined := ""
			for i, paragraph := range text {
				lines = append(lines, map[string]any{"text": paragraph})
				if i > 0 {
					joined += "\n"
				}
				joined += paragraph
			}
			properties["text"], properties["paragraphs"] = joined, lines
		}
		if step.Image != nil {
			properties["image"], properties["imageAlt"] = step.Image.Src, step.Image.Alt
		}
		var buttons []map[string]any
		for _, button := range step.Buttons {
			buttons = append(buttons, map[string]any{"button": inboxButton(button)})
		}
		if len(buttons) > 0 {
			properties["buttons"] = buttons
		}
	}
	for name, value := range in.Message.Inbox.Properties {
		properties[name] = value
	}
	return properties
}

// inboxButton is a button as the inbox that the client draws reads it.
func inboxButton(button content.Button) map[string]any {
	made := map[string]any{"label": button.Text, "name": button.Name, "action": button.Action, "behavior": "performAction"}
	switch action, err := content.ParseAction(button.Action); {
	case err != nil:
	case action.Kind == content.OpenURL:
		made["behavior"] = "openUrl"
	case action.Kind == content.Dismiss:
		made["behavior"] = "dismiss"
	case action.Kind == content.CustomEvent:
		made["action"] = action.Argument
	}
	return made
}

// serveInboxMessage notes whether a message in the inbox was read: PATCH /api/v1/messages/QUEUE_ID.
func (h *Handler) serveInboxMessage(w http.ResponseWriter, r *http.Request, id string) {
	var sent struct {
		Opened *bool `json:"opened"`
	}
	if !read(w, r, pollBody, &sent) {
		return
	}
	if sent.Opened == nil {
		fail(w, http.StatusBadRequest, `the body does not say what changes; send {"opened": true} or {"opened": false}`)
		return
	}
	h.changeInbox(w, r, func(ctx context.Context, identity visitor.Identity) error {
		return h.engine.OpenInInbox(ctx, identity, id, *sent.Opened)
	})
}

// deleteFromInbox notes that a message in the inbox was thrown away; false where the delivery lies in no inbox.
func (h *Handler) deleteFromInbox(w http.ResponseWriter, r *http.Request, id string) bool {
	if !h.engine.InInbox(id) {
		return false
	}
	h.changeInbox(w, r, func(ctx context.Context, identity visitor.Identity) error {
		return h.engine.DeleteFromInbox(ctx, identity, id)
	})
	return true
}

func (h *Handler) changeInbox(w http.ResponseWriter, r *http.Request, change func(context.Context, visitor.Identity) error) {
	r = h.within(w, r, "", "")
	identity, _ := h.who(w, r, "")
	ctx := context.WithoutCancel(r.Context())
	err := change(ctx, identity)
	if token := userToken(r); errors.Is(err, engine.ErrRefused) && token != "" {
		// A guest's token is not marked as one here, and the browser may keep no cookie.
		if guest := (visitor.Identity{Anonymous: h.engine.DeriveAnonymous(token)}); change(ctx, guest) == nil {
			err = nil
		}
	}
	switch {
	case errors.Is(err, engine.ErrRefused):
		fail(w, http.StatusBadRequest, "%s", err)
	case err != nil:
		h.complain("a change of an inbox could not be kept", err)
		w.Header().Set("Retry-After", "10")
		fail(w, http.StatusServiceUnavailable, "the change could not be kept; send it again later")
	default:
		answer(w, http.StatusOK, map[string]any{"success": true})
	}
}

// serveBranding answers how the inbox looks: GET /api/v1/branding. Without messages that the client draws it is empty, and
// the client draws none.
func (h *Handler) serveBranding(w http.ResponseWriter, _ *http.Request) {
	snapshot := h.engine.Snapshot()
	if _, drawn := h.engine.Inbox(); !drawn {
		answer(w, http.StatusOK, map[string]any{})
		return
	}
	answer(w, http.StatusOK, brandingOf(snapshot.Theme()))
}

// serveTemplates answers how messages in the inbox are laid out, by their types: GET /api/v1/templates.
func (h *Handler) serveTemplates(w http.ResponseWriter, _ *http.Request) {
	templates := map[string]any{workspace.DefaultInboxType: inboxTemplate(inboxCard), workspace.TypeNotice: inboxTemplate(inboxNotice)}
	if snapshot := h.engine.Snapshot(); snapshot != nil {
		messages, _ := snapshot.InInbox()
		for _, m := range messages {
			if _, known := templates[m.Inbox.Type]; !known && m.Inbox.Drawn() {
				templates[m.Inbox.Type] = inboxTemplate(inboxCard)
			}
		}
	}
	answer(w, http.StatusOK, templates)
}
