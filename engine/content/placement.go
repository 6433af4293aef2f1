package content

// The displays.
const (
	DisplayModal      = "modal"
	DisplayFullscreen = "fullscreen"
	DisplayBanner     = "banner"
	DisplayToast      = "toast"
	DisplayInline     = "inline"
	DisplayTooltip    = "tooltip"
	// DisplayInbox is no place on a page: the message lies in the inbox.
	DisplayInbox = "inbox"
)

// The positions. Which of them a display has is for package workspace to say.
const (
	PositionCenter      = "center"
	PositionTop         = "top"
	PositionBottom      = "bottom"
	PositionLeft        = "left"
	PositionRight       = "right"
	PositionTopLeft     = "top-left"
	PositionTopRight    = "top-right"
	PositionBottomLeft  = "bottom-left"
	PositionBottomRight = "bottom-right"
	PositionInside      = "inside"
	PositionReplace     = "replace"
	PositionBefore      = "before"
	PositionAfter       = "after"
	PositionPrepend     = "prepend"
	PositionAppend      = "append"
)

// What a banner does with the page.
const (
	// FlowOver lies over the page; it is the default.
	FlowOver = "over"
	// FlowPush makes room for itself.
	FlowPush = "push"
	// FlowSticky makes room and stays in sight while the page scrolls.
	FlowSticky = "sticky"
)

// Placement is where a message, or one step of it, stands on the page, and how.
type Placement struct {
	Display string `json:"display,omitempty"`
	// Position is where, of the positions that the display has; empty where it has none.
	Position string `json:"position,omitempty"`
	// Target is the CSS selector of the element at which an inline message or a tooltip stands.
	Target string `json:"target,omitempty"`
	// Flow is what a banner does with the page: FlowOver, FlowPush or FlowSticky.
	Flow string `json:"flow,omitempty"`
	// Width is in CSS pixels; 0: as its display and theme have it.
	Width int `json:"width,omitempty"`
	// OverlayColor lies between a modal and the page, ArrowColor is that of a tooltip's arrow; empty: the theme's.
	OverlayColor string `json:"overlayColor,omitempty"`
	ArrowColor   string `json:"arrowColor,omitempty"`
	// CloseOutside says whether a click beside a modal closes it; it is set for every modal.
	CloseOutside *bool `json:"closeOutside,omitempty"`
}

// ClosesOutside reports whether a click beside it closes it.
func (p Placement) ClosesOutside() bool { return p.CloseOutside != nil && *p.CloseOutside }

// Same reports whether two placements are the same.
func (p Placement) Same(other Placement) bool {
	if (p.CloseOutside == nil) != (other.CloseOutside == nil) || p.ClosesOutside() != other.ClosesOutside() {
		return false
	}
	p.CloseOutside, other.CloseOutside = nil, nil
	return p == other
}

// Placement is where the content stands with its first step.
func (c *Content) Placement() Placement {
	return Placement{
		Display: c.Display, Position: c.Position, Target: c.Target, Flow: c.Flow, Width: c.Width,
		OverlayColor: c.OverlayColor, ArrowColor: c.ArrowColor, CloseOutside: c.CloseOutside,
	}
}

// Place puts the content with its first step somewhere.
func (c *Content) Place(p Placement) {
	c.Display, c.Position, c.Target, c.Flow, c.Width = p.Display, p.Position, p.Target, p.Flow, p.Width
	c.OverlayColor, c.ArrowColor, c.CloseOutside = p.OverlayColor, p.ArrowColor, p.CloseOutside
}

// PlacementOf is where one of its steps stands.
func (c *Content) PlacementOf(step int) Placement {
	if own := c.Steps[step].Placement; own.Display != "" {
		return own
	}
	return c.Placement()
}

// placementOf is where a step stands before the template is anybody's.
func (t *Template) placementOf(step int) Placement {
	if step < len(t.Steps) && t.Steps[step].Own != nil {
		return *t.Steps[step].Own
	}
	return t.Placement
}
