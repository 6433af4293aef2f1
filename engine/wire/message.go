package wire

import (
	"encoding/json"
	"fmt"
	"sync"

	"handbill/engine"
	"handbill/engine/content"
	"handbill/engine/workspace"
)

// queueAnswer is a poll's answer.
type queueAnswer struct {
	InAppMessages []queueMessage    `json:"inAppMessages"`
	InboxMessages []json.RawMessage `json:"inboxMessages"`
	Generation    string            `json:"generation,omitempty"`
}

// queueMessage is a message as the clients of the field read it; content is for ours alone.
type queueMessage struct {
	MessageID  string          `json:"messageId"`
	QueueID    string          `json:"queueId"`
	DeliveryID string          `json:"deliveryId"`
	Priority   int             `json:"priority"`
	InstanceID *string         `json:"instanceId"`
	Properties queueProperties `json:"properties"`
	Content    json.RawMessage `json:"content,omitempty"`
	// When is there instead of content for a message that our client waits with.
	When *whenSent `json:"when,omitempty"`
	Test bool      `json:"test,omitempty"`
}

type queueProperties struct {
	Gist gistProperties `json:"gist"`
	// Handbill is what our renderer in the reference client's frame draws.
	Handbill *handbillProperties `json:"handbill,omitempty"`
}

// handbillProperties are what our renderer reads of a message: the reference client gives it all properties.
type handbillProperties struct {
	Content    json.RawMessage `json:"content"`
	DeliveryID string          `json:"deliveryId"`
}

// gistProperties are what the reference in-app client reads of a message.
type gistProperties struct {
	CampaignID   string `json:"campaignId"`
	RouteRuleWeb string `json:"routeRuleWeb,omitempty"`
	ElementID    string `json:"elementId,omitempty"`
	Position     string `json:"position,omitempty"`
	ExitClick    bool   `json:"exitClick,omitempty"`
}

// queue writes a list of deliveries. Our client, which said its page, gets content; the reference client gets each
// message's page rule, to test it itself.
func (h *Handler) queue(answered engine.PollAnswer, ours bool) (queueAnswer, error) {
	list := queueAnswer{
		InAppMessages: make([]queueMessage, 0, len(answered.Deliveries)),
		InboxMessages: []json.RawMessage{},
		Generation:    answered.Generation,
	}
	for _, d := range answered.Deliveries {
		m := queueMessage{
			MessageID: d.Message.ID, QueueID: d.ID, DeliveryID: d.ID, Priority: d.Message.Priority, Test: d.Test,
			Properties: queueProperties{Gist: gist(d)},
		}
		switch {
		case d.Waiting:
			m.When = waitsFor(d.Message.When)
		case ours:
			text, err := h.content(d)
			if err != nil {
				return queueAnswer{}, err
			}
			m.Content = text
		default:
			text, err := h.content(d)
			if err != nil {
				return queueAnswer{}, err
			}
			m.Properties.Handbill = &handbillProperties{Content: text, DeliveryID: d.ID}
			m.Properties.Gist.RouteRuleWeb = d.Message.Pages.JavaScript()
		}
		list.InAppMessages = append(list.InAppMessages, m)
	}
	return list, nil
}

// gist says where the reference client puts a message.
func gist(d engine.Delivery) gistProperties {
	properties := gistProperties{CampaignID: d.ID}
	shown := d.Message.Content
	switch {
	case shown.Display == content.DisplayBanner && shown.Position == content.PositionBottom:
		properties.ElementID = "x-gist-floating-bottom"
	case shown.Display == content.DisplayBanner:
		properties.ElementID = "x-gist-floating-top"
	default:
		properties.Position, properties.ExitClick = shown.Position, true
	}
	return properties
}

// contents are the encoded contents of one snapshot that everybody gets, each made when it is first asked for.
type contents struct {
	snapshot *workspace.Snapshot
	texts    sync.Map // *content.Content -> json.RawMessage
}

// content is what a delivery shows, encoded.
func (h *Handler) content(d engine.Delivery) (json.RawMessage, error) {
	if d.Text != nil {
		return d.Text, nil
	}
	snapshot := h.engine.Snapshot()
	cache := h.contents.Load()
	if cache == nil || cache.snapshot != snapshot {
		cache = &contents{snapshot: snapshot}
		h.contents.Store(cache)
	}
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
