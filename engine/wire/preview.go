package wire

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"handbill/engine"
	"handbill/engine/content"
)

// PreviewParameter is the parameter of a page's address that names a preview; the reference client's own.
const PreviewParameter = "cioPreviewId"

// encodedPrefix is how the ids of previews begin as the reference client sends them, in base64.
const encodedPrefix = "aGJwL"

// Bounds of what is changed in a preview.
const (
	previewBody = 32 << 10
	mostSteps   = 50
	longestPart = 1000
)

// previewOf is the preview that a poll asks for; empty where it asks for none. The reference client names it in place of its
// user; ours has it in the address of its page.
func (h *Handler) previewOf(r *http.Request, sent *pollBodySent) string {
	if sent.Page == nil {
		if strings.HasPrefix(first(r.Header, tokenHeader), encodedPrefix) {
			return userToken(r)
		}
		return ""
	}
	if !strings.Contains(sent.Page.URL, PreviewParameter+"="+engine.PreviewPrefix) {
		return ""
	}
	address, err := url.Parse(sent.Page.URL)
	if err != nil {
		return ""
	}
	return address.Query().Get(PreviewParameter)
}

// answerPreview answers a poll of a preview; false where there is none of this id.
func (h *Handler) answerPreview(w http.ResponseWriter, r *http.Request, sent *pollBodySent, id string) bool {
	if _, made, _ := h.engine.OpenPreview(id); !made {
		return false
	}
	request := engine.PollRequest{Languages: languagesOf(r.Header), Browser: h.browser(r, sent.Referrer), Generation: sent.Generation, Zone: sent.Zone}
	if sent.Page != nil {
		var err error
		if request.Page, err = h.page(r, *sent.Page); err != nil {
			fail(w, http.StatusBadRequest, "%s", err)
			return true
		}
	}
	answered := h.engine.PollPreview(request, id)
	interval(w, answered.Next)
	if len(answered.Inbox) > 0 {
		setInbox(w, true, request.Page != nil)
	}
	if request.Page != nil {
		// An edit changes the generation, and the message with it.
		if answered.InboxGeneration = id + answered.Generation; sent.Inbox == "" || sent.Inbox == answered.InboxGeneration {
			answered.Inbox, answered.InboxGeneration = nil, ""
		} else {
			answered.Unchanged = false
		}
		h.answerPoll(w, answered, true)
		return true
	}
	list, err := h.previewed(answered, id)
	if err != nil {
		h.logger.Error("a preview could not be written", "workspace", h.engine.Workspace(), "error", err)
		fail(w, http.StatusInternalServerError, "the answer could not be written")
		return true
	}
	answer(w, http.StatusOK, list)
	return true
}

// previewed is the list of a preview for the reference client: on every page, until it is closed, and where who looks at it
// has put it.
func (h *Handler) previewed(answered engine.PollAnswer, id string) (queueAnswer, error) {
	var changes []stepSent
	if text := h.engine.PreviewChanges(id); text != nil {
		_ = json.Unmarshal(text, &changes) // it was read before
	}
	for i := range answered.Deliveries {
		d := &answered.Deliveries[i]
		d.Stays = true
		if len(changes) > 0 {
			if err := moved(d, changes); err != nil {
				return queueAnswer{}, err
			}
		}
	}
	list, err := h.queue(answered, false)
	for i := range list.InAppMessages {
		m := &list.InAppMessages[i]
		m.Properties.Gist.RouteRuleWeb, m.Properties.Gist.LivePreview = "", true
		if len(m.DisplaySettings) == 0 {
			shown := answered.Deliveries[i].Content
			m.DisplaySettings = []stepSent{{shown.Steps[0].Name, inStep(shown.PlacementOf(0))}}
		}
	}
	return list, err
}

// moved puts the steps of a message where somebody who looks at it wants them.
func moved(d *engine.Delivery, changes []stepSent) error {
	shown := *d.Content
	shown.Steps = slices.Clone(shown.Steps)
	for i := range shown.Steps {
		step := &shown.Steps[i]
		step.Placement = d.Content.PlacementOf(i)
		if at := slices.IndexFunc(changes, func(c stepSent) bool { return c.StepName == step.Name }); at >= 0 {
			step.Placement = changes[at].DisplaySettings.placement()
		}
	}
	shown.Place(shown.Steps[0].Placement)
	text, err := json.Marshal(&shown)
	d.Content, d.Text = &shown, text
	return err
}

// placement is where a step stands that the reference client's words for steps place.
func (s placementSent) placement() content.Placement {
	p := content.Placement{Width: s.MaxWidth}
	switch s.DisplayType {
	case "overlay":
		p.Display, p.Position = content.DisplayToast, content.PositionTop
		for position, place := range overlays {
			if place.word == s.OverlayPosition {
				p.Position = position
			}
		}
	case "inline":
		p.Display, p.Position, p.Target = content.DisplayInline, content.PositionInside, s.ElementSelector
	case "tooltip":
		p.Display, p.Position, p.Target, p.ArrowColor = content.DisplayTooltip, s.TooltipPosition, s.ElementSelector, s.TooltipArrowColor
	default:
		p.Display, p.Position, p.OverlayColor, p.CloseOutside = content.DisplayModal, s.ModalPosition, s.OverlayColor, s.DismissOutsideClick
	}
	return p
}

// servePreview takes what is changed in a preview, and its end: POST and DELETE /api/v1/preview/ID.
func (h *Handler) servePreview(w http.ResponseWriter, r *http.Request, id string) {
	if r.Method == http.MethodDelete {
		if !h.engine.EndPreview(id) {
			fail(w, http.StatusNotFound, "there is no such preview; make one with: handbill messages preview MESSAGE")
			return
		}
		answer(w, http.StatusOK, map[string]any{"success": true})
		return
	}
	var changes []stepSent
	if !read(w, r, previewBody, &changes) {
		return
	}
	if len(changes) > mostSteps || slices.ContainsFunc(changes, func(c stepSent) bool { return !c.bounded() }) {
		fail(w, http.StatusBadRequest, "the steps are more than %d, or what is said of one is too long or no colour", mostSteps)
		return
	}
	text, err := json.Marshal(changes)
	if err != nil || !h.engine.ChangePreview(id, text) {
		fail(w, http.StatusNotFound, "there is no such preview, or it has ended; make one with: handbill messages preview MESSAGE")
		return
	}
	answer(w, http.StatusOK, map[string]any{"success": true})
}

// bounded says whether what is said of a step can be kept.
func (s stepSent) bounded() bool {
	d := &s.DisplaySettings
	for _, text := range []string{s.StepName, d.DisplayType, d.ModalPosition, d.OverlayPosition, d.ElementSelector, d.TooltipPosition} {
		if len(text) > longestPart {
			return false
		}
	}
	for _, colour := range []string{d.OverlayColor, d.TooltipArrowColor} {
		if colour != "" && content.CheckColour(colour) != nil {
			return false
		}
	}
	return d.MaxWidth >= 0
}
