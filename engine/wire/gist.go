package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"handbill/engine"
	"handbill/engine/content"
)

// gistProperties are what the reference in-app client reads of a message.
type gistProperties struct {
	// CampaignID is missing where there is a Broadcast: the client looks whether it is there.
	CampaignID        string         `json:"campaignId,omitempty"`
	RouteRuleWeb      string         `json:"routeRuleWeb,omitempty"`
	ElementID         string         `json:"elementId,omitempty"`
	Position          string         `json:"position,omitempty"`
	TooltipPosition   string         `json:"tooltipPosition,omitempty"`
	TooltipArrowColor string         `json:"tooltipArrowColor,omitempty"`
	MessageWidth      int            `json:"messageWidth,omitempty"`
	OverlayColor      string         `json:"overlayColor,omitempty"`
	ExitClick         bool           `json:"exitClick,omitempty"`
	Persistent        bool           `json:"persistent,omitempty"`
	LivePreview       bool           `json:"livePreview,omitempty"`
	EncodedHTML       string         `json:"encodedMessageHtml,omitempty"`
	ContentID         int            `json:"contentId,omitempty"`
	TemplateID        int            `json:"templateId,omitempty"`
	Broadcast         *broadcastSent `json:"broadcast,omitempty"`
}

// broadcastSent is a message whose frequency the reference client keeps itself.
type broadcastSent struct {
	BroadcastID    string `json:"broadcastId"`
	BroadcastIDInt int    `json:"broadcastIdInt"`
	// TemplateID stands for the variant.
	TemplateID int           `json:"templateId"`
	Frequency  frequencySent `json:"frequency"`
}

type frequencySent struct {
	Count int `json:"count"`
	// Delay is in seconds.
	Delay         int  `json:"delay"`
	IgnoreDismiss bool `json:"ignoreDismiss"`
}

// rendererSent is what our page in the reference client's frame shows.
type rendererSent struct {
	Content    json.RawMessage `json:"content"`
	DeliveryID string          `json:"deliveryId"`
}

// stepSent says where one step stands.
type stepSent struct {
	StepName        string        `json:"stepName"`
	DisplaySettings placementSent `json:"displaySettings"`
}

// placementSent is a placement in the reference client's words for steps.
type placementSent struct {
	DisplayType         string `json:"displayType"`
	ModalPosition       string `json:"modalPosition,omitempty"`
	OverlayPosition     string `json:"overlayPosition,omitempty"`
	ElementSelector     string `json:"elementSelector,omitempty"`
	TooltipPosition     string `json:"tooltipPosition,omitempty"`
	TooltipArrowColor   string `json:"tooltipArrowColor,omitempty"`
	MaxWidth            int    `json:"maxWidth,omitempty"`
	OverlayColor        string `json:"overlayColor,omitempty"`
	DismissOutsideClick *bool  `json:"dismissOutsideClick,omitempty"`
}

// The widths, in pixels, of what says none.
const (
	modalWidth   = 448
	toastWidth   = 360
	tooltipWidth = 320
	// fullWidth is more than any screen has: the client makes what is wider than the window as wide as that.
	fullWidth = 100_000
)

// overlays are the client's places at the edges and in the corners of the window, and its words for them in steps.
var overlays = map[string]struct{ element, word string }{
	content.PositionTopLeft:     {"x-gist-floating-top-left", "topLeft"},
	content.PositionTop:         {"x-gist-floating-top", "topCenter"},
	content.PositionTopRight:    {"x-gist-floating-top-right", "topRight"},
	content.PositionBottomLeft:  {"x-gist-floating-bottom-left", "bottomLeft"},
	content.PositionBottom:      {"x-gist-floating-bottom", "bottomCenter"},
	content.PositionBottomRight: {"x-gist-floating-bottom-right", "bottomRight"},
}

// pushing are the client's places in the page itself, where a banner that makes room for itself stands.
var pushing = map[string]string{content.PositionTop: "x-gist-top", content.PositionBottom: "x-gist-bottom"}

// widthOf is how wide a placement is for the reference client; 0: as wide as its place.
func widthOf(p content.Placement) int {
	if p.Width > 0 {
		return p.Width
	}
	switch p.Display {
	case content.DisplayModal:
		return modalWidth
	case content.DisplayFullscreen:
		return fullWidth
	case content.DisplayToast:
		return toastWidth
	case content.DisplayTooltip:
		return tooltipWidth
	}
	return 0
}

// place says where the reference client puts a message.
func (g *gistProperties) place(p content.Placement) {
	g.MessageWidth = widthOf(p)
	switch p.Display {
	case content.DisplayBanner, content.DisplayToast:
		g.ElementID = overlays[p.Position].element
		if p.Display == content.DisplayBanner && p.Flow == content.FlowPush {
			g.ElementID = pushing[p.Position]
		}
	case content.DisplayInline:
		g.ElementID = p.Target
	case content.DisplayTooltip:
		g.ElementID, g.TooltipPosition, g.TooltipArrowColor = p.Target, p.Position, p.ArrowColor
	case content.DisplayFullscreen:
		g.Position = content.PositionTop
	default:
		g.Position, g.OverlayColor, g.ExitClick = p.Position, p.OverlayColor, p.ClosesOutside()
	}
}

// inStep is the same in the words for steps.
func inStep(p content.Placement) placementSent {
	sent := placementSent{MaxWidth: widthOf(p)}
	switch p.Display {
	case content.DisplayBanner, content.DisplayToast:
		sent.DisplayType, sent.OverlayPosition = "overlay", overlays[p.Position].word
	case content.DisplayInline:
		sent.DisplayType, sent.ElementSelector = "inline", p.Target
	case content.DisplayTooltip:
		sent.DisplayType, sent.ElementSelector, sent.TooltipPosition, sent.TooltipArrowColor = "tooltip", p.Target, p.Position, p.ArrowColor
	case content.DisplayFullscreen:
		closes := false
		sent.DisplayType, sent.ModalPosition, sent.DismissOutsideClick = "modal", content.PositionTop, &closes
	default:
		closes := p.ClosesOutside()
		sent.DisplayType, sent.ModalPosition, sent.OverlayColor, sent.DismissOutsideClick = "modal", p.Position, p.OverlayColor, &closes
	}
	return sent
}

// inSteps says where each step stands; nil for a message of one.
func inSteps(shown *content.Content) []stepSent {
	if len(shown.Steps) < 2 {
		return nil
	}
	steps := make([]stepSent, len(shown.Steps))
	for i, step := range shown.Steps {
		steps[i] = stepSent{step.Name, inStep(shown.PlacementOf(i))}
	}
	return steps
}

// forReference adds to a message what the reference client and our page in its frame read.
func (h *Handler) forReference(m *queueMessage, d engine.Delivery) error {
	shown := d.Content
	if shown == nil {
		shown = &d.Message.Content
	}
	g := &m.Properties.Gist
	g.place(shown.Placement())
	g.Persistent, g.RouteRuleWeb = d.Stays, d.Message.Pages.JavaScript()
	if d.Counted && !d.Test {
		f := d.Message.Frequency
		g.CampaignID, g.Persistent = "", d.Message.Stays
		g.Broadcast = &broadcastSent{
			BroadcastID: d.Message.ID, BroadcastIDInt: h.engine.NumberOf(d.Message), TemplateID: h.engine.TemplateOf(d.Message),
			Frequency: frequencySent{Count: f.Lifetime, Delay: int(f.MinGap.Seconds()), IgnoreDismiss: !f.StopOnDismiss},
		}
	}
	m.DisplaySettings = inSteps(shown)
	text, err := h.content(d)
	if err != nil {
		return err
	}
	m.Properties.Handbill = &rendererSent{text, d.ID}
	if len(shown.Steps) > 0 && shown.Steps[0].Frame != "" {
		g.EncodedHTML, err = h.encoded(shown.Steps[0].Frame)
	}
	return err
}

// encoded is a document of the author's own as the renderer reads it: compressed once for each snapshot.
func (h *Handler) encoded(frame string) (string, error) {
	cache := h.cache()
	if text, ok := cache.texts.Load(frame); ok {
		return text.(string), nil
	}
	document, ok := cache.snapshot.Document(frame)
	if !ok {
		return "", nil // the message is one of another snapshot, which is asked for anew
	}
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write([]byte(document)); err != nil {
		return "", fmt.Errorf("compressing a document: %w", err)
	}
	if err := writer.Close(); err != nil {
		return "", fmt.Errorf("compressing a document: %w", err)
	}
	text := base64.StdEncoding.EncodeToString(packed.Bytes())
	cache.texts.Store(frame, text)
	return text, nil
}
