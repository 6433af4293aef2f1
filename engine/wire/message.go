package wire

import (
	"encoding/json"
	"fmt"
	"sync"

	"handbill/engine"
	"handbill/engine/workspace"
)

// queueAnswer is a poll's answer.
type queueAnswer struct {
	InAppMessages []queueMessage `json:"inAppMessages"`
	InboxMessages []inboxMessage `json:"inboxMessages"`
	Generation    string         `json:"generation,omitempty"`
	// InboxGeneration is there where inboxMessages are what lies in the inbox now, for our client; InboxStyle is how it looks.
	InboxGeneration string `json:"inboxGeneration,omitempty"`
	InboxStyle      string `json:"inboxStyle,omitempty"`
	// Refused are the messages that the site's own code asked for and does not get, and why.
	Refused map[string]engine.Reason `json:"refused,omitempty"`
}

// queueMessage is a message as the clients of the field read it; content is for ours alone.
type queueMessage struct {
	MessageID  string  `json:"messageId"`
	QueueID    string  `json:"queueId"`
	DeliveryID string  `json:"deliveryId"`
	Priority   int     `json:"priority"`
	InstanceID *string `json:"instanceId"`
	// DisplaySettings say where each step stands.
	DisplaySettings []stepSent      `json:"displaySettings,omitempty"`
	Properties      queueProperties `json:"properties"`
	Content         json.RawMessage `json:"content,omitempty"`
	// When is there instead of content for a message that our client waits with.
	When *whenSent `json:"when,omitempty"`
	Test bool      `json:"test,omitempty"`
	// Occasion is for our client alone, too.
	Occasion string `json:"occasion,omitempty"`
}

type queueProperties struct {
	Gist gistProperties `json:"gist"`
	// Handbill is for our page in the reference client's frame.
	Handbill *rendererSent `json:"handbill,omitempty"`
}

// queue writes a list of deliveries. Our client, which said its page, gets content; the reference client gets each
// message's page rule, to test it itself.
func (h *Handler) queue(answered engine.PollAnswer, ours bool) (queueAnswer, error) {
	list := queueAnswer{
		InAppMessages: make([]queueMessage, 0, len(answered.Deliveries)),
		InboxMessages: inboxMessages(answered.Inbox),
		Generation:    answered.Generation,
		Refused:       answered.Refused,

		InboxGeneration: answered.InboxGeneration,
	}
	if snapshot := h.engine.Snapshot(); snapshot != nil && answered.InboxGeneration != "" {
		list.InboxStyle = snapshot.Theme().CSS()
	}
	for _, d := range answered.Deliveries {
		m := queueMessage{
			MessageID: d.Message.ID, QueueID: d.ID, DeliveryID: d.ID, Priority: d.Message.Priority, Test: d.Test,
			Properties: queueProperties{Gist: gistProperties{CampaignID: d.ID}},
		}
		switch {
		case d.Waiting:
			m.When = waitsFor(d.Message.When)
		case ours:
			text, err := h.content(d)
			if err != nil {
				return queueAnswer{}, err
			}
			m.Content, m.Occasion = text, d.Occasion()
			m.Properties.Gist.place(d.Content.Placement())
		default:
			if err := h.forReference(&m, d); err != nil {
				return queueAnswer{}, err
			}
		}
		list.InAppMessages = append(list.InAppMessages, m)
	}
	return list, nil
}

// contents are the encoded contents of one snapshot that everybody gets, each made when it is first asked for.
type contents struct {
	snapshot *workspace.Snapshot
	texts    sync.Map // *content.Content -> json.RawMessage, and the name of a document's frame -> string
}

// cache is that of the snapshot of now.
func (h *Handler) cache() *contents {
	snapshot := h.engine.Snapshot()
	cache := h.contents.Load()
	if cache == nil || cache.snapshot != snapshot {
		cache = &contents{snapshot: snapshot}
		h.contents.Store(cache)
	}
	return cache
}

// content is what a delivery shows, encoded.
func (h *Handler) content(d engine.Delivery) (json.RawMessage, error) {
	if d.Text != nil {
		return d.Text, nil
	}
	cache := h.cache()
	if text, ok := cache.texts.Load(d.Content); ok {
		return text.(json.RawMessage), nil
	}
	text, err := json.Marshal(d.Content)
	if err != nil {
		return nil, fmt.Errorf("encoding message %s: %w", d.Message.ID, err)
	}
	cache.texts.Store(d.Content, json.RawMessage(text))
	return text, nil
}
